"""The page of a stack and the answers behind it: a text of others changes its own text and nothing else, anywhere."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from suimon.freshness.expected import FileState
from suimon.freshness.figures import SPANS, Share
from suimon.incidents.about import About
from suimon.incidents.incident import ByPerson
from suimon.incidents.kinds import Kind, Severity
from suimon.status.overview import Held, overview
from suimon.status.page import page
from tests.unit.incidents.foreign_texts import HOSTILE, PLAIN
from tests.unit.status.sample import NOW, expected, incident

if TYPE_CHECKING:
    from suimon.contract.file import Language

LONG = "長い<b>" * 40_000
MOST_OF_A_NAME = 255  # of what contracts name; keys, notes and errors are others' and have no end
MARKUP = {
    "an attribute ends": "\" onmouseover=alert(1) x='",
    "an attribute without quotes": "x onfocus=alert(1) autofocus",
    "a tag in capitals": "<ScRiPt/**/>alert(1)</sCrIpT >",
    "a tag that is not closed": "<img src=x onerror=alert(1)//",
    "the end of a style sheet": "</style><style>*{display:none}</style>",
    "the end of a title": "</title></head><body onload=alert(1)>",
    "a comment": "--><!-- --!><![CDATA[<b>]]><?php ?>",
    "a rule of CSS": "} * {background:url(//evil.example)} /*",
    "an expression of CSS": "expression(alert(1)) @import url(evil.css); \\3c script\\3e",
    "entities": "&lt;script&gt; &#60;b&#62; &#x3c;i&#x3e; &amp;lt; &bogus;",
    "full width": "＜script＞alert(1)＜/script＞",
    "a base and a refresh": "<base href=//evil.example><meta http-equiv=refresh content=0>",
    "a form": "<form action=//evil.example><input name=q><button>",
    "a template": "{{7*7}} ${7*7} {% x %} <%= x %> `x`",
    "an iframe in an attribute": "<iframe srcdoc='&lt;script&gt;'>",
    "a shell": "'; rm -rf ~; echo '$(id)`id`",
    "overrides": "a\u202eb\u2066c\u2069\u200f\u061c",
    "tags of Unicode": "a\U000e0041\U000e0042b",
    "interlinear": "a\ufff9b\ufffac\ufffb",
    "nothing": "",
    "blanks": " \t\u00a0 ",
    "long": LONG,
}
EVERY = {**HOSTILE, **MARKUP}
LANGUAGES = ("en", "ja")


class Skeleton(HTMLParser):
    """The tags of a page with their attributes, without what stands between them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.others = list[object](), list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def skeleton(html: str) -> Skeleton:
    found = Skeleton()
    found.feed(html)
    found.close()
    return found


def written(text: str, language: Language, kind: Kind = Kind.REJECTED) -> str:
    """Return a page whose every text of others is this one: datasets, keys, subjects, notes, owners, warnings."""
    by = ByPerson(text, NOW, text, NOW)
    name = text[:MOST_OF_A_NAME]
    about = About(dataset=name, partition=name, key=text, drop_id=name, dag_id=name, table=name)
    opened = incident(kind, text, about, Severity.ERROR)
    found = overview(
        [replace(expected(text, 1, FileState.HELD, 1, text), key=text), expected(text, 2, FileState.LOADED_LATE, 7)],
        [opened, replace(opened, acknowledged=by), replace(opened, snoozed=by), replace(opened, body=text)],
        [Held(text, NOW, NOW)],
        [text],
        [text, text],
        [text],
        {text: tuple(Share(1, 1) for _ in SPANS)},
    )
    return page(found, "suimon-prod", NOW, language, "index.ja.html")


def as_typed(tags: list[object]) -> list[object]:
    """Leave out the spans of a command's words: a text has as many as it has words."""
    return [tag for tag in tags if tag not in ("span", ("span", ()))]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", EVERY)
def test_a_text_of_others_makes_no_tag_and_no_attribute(name: str, language: Language) -> None:
    found, like = skeleton(written(EVERY[name], language)), skeleton(written(PLAIN, language))
    assert as_typed(found.tags) == as_typed(like.tags)
    assert found.others == like.others


@pytest.mark.parametrize("kind", list(Kind))
def test_of_whatever_kind_the_incident_is(kind: Kind) -> None:
    like = as_typed(skeleton(written(PLAIN, "en", kind)).tags)
    for text in ("</code></article><script>x</script>", "'\"><svg onload=x>", "a\u202eb"):
        assert as_typed(skeleton(written(text, "en", kind)).tags) == like


@pytest.mark.parametrize("name", EVERY)
def test_what_is_read_stands_in_its_order_on_its_line_and_has_an_end(name: str) -> None:
    html = written(EVERY[name], "en")
    assert len(html) < 100_000
    for text in skeleton(html).texts:
        line = text.strip("\n")
        assert line.replace("\u3000", "").isprintable() or ":root" in line, ascii(line)
        assert not any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in line), ascii(line)


@pytest.mark.parametrize("name", EVERY)
def test_nothing_but_the_page_in_the_other_language_is_linked(name: str) -> None:
    html = written(EVERY[name], "ja")
    assert re.findall(r'(?:href|src|action)="?([^">]*)', re.sub(r"&[a-z#0-9]+;", "", _outside_texts(html))) == [
        "index.ja.html"
    ]


def _outside_texts(html: str) -> str:
    return "".join(re.findall(r"<[^>]*>", html))

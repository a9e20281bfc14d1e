"""What the codes say, in both languages; docs/error-codes.md is the list of cases, and is held to what is said."""

import json
import re
import string
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from suimon.check.verdict import Code
from suimon.contract.file import METRICS, Metric
from suimon.drops.foreign_text import one_line
from suimon.report.messages import LANGS, Lang, meaning, metric_name, remedy, say, threshold
from suimon.report.words import Words
from suimon.report.words_en import WORDS as ENGLISH
from suimon.report.words_ja import WORDS as JAPANESE

PAGE = (Path(__file__).parents[3] / "docs" / "error-codes.md").read_text(encoding="utf-8")
SECTION = re.compile(
    r"^### (?P<code>\S+)\n\n(?P<meaning>.+)\n\n- Input: .+\n(?P<shapes>(?:- `{.*\n)+)- Correct: (?P<remedy>.+)$",
    re.MULTILINE,
)
SHAPE = re.compile(r"^- `(?P<details>{.*?})` (?P<said>.+)$", re.MULTILINE)


class Case(NamedTuple):
    code: Code
    details: dict[str, Any]
    said: str


SECTIONS = {Code(found["code"]): found for found in SECTION.finditer(PAGE)}
CASES = [
    Case(code, json.loads(shape["details"]), shape["said"])
    for code, section in SECTIONS.items()
    for shape in SHAPE.finditer(section["shapes"])
]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.details}")
each_lang = pytest.mark.parametrize("lang", LANGS)


def test_the_page_has_every_code_in_the_order_of_the_code() -> None:
    assert list(SECTIONS) == list(Code)


@pytest.mark.parametrize("code", Code)
def test_the_page_tells_meaning_and_remedy_of_a_code(code: Code) -> None:
    assert SECTIONS[code]["meaning"] == f"{meaning(code)} · {meaning(code, 'ja')}"
    assert SECTIONS[code]["remedy"] == f"{remedy(code)} · {remedy(code, 'ja')}"


@each_case
def test_the_page_tells_what_a_code_says(case: Case) -> None:
    assert case.said == f"{say(case.code, case.details)} · {say(case.code, case.details, 'ja')}"


@each_case
@each_lang
def test_every_detail_is_told(case: Case, lang: Lang) -> None:
    said = say(case.code, case.details, lang)
    for name, value in case.details.items():
        if (name, value) == ("unit", "rows") or (name == "decimal" and case.details["scale"] == 0):
            continue
        other = "rows" if name == "unit" else value + 7 if isinstance(value, int) else f"{value}7"
        assert say(case.code, case.details | {name: other}, lang) != said, name


@pytest.mark.parametrize("words", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_every_sentence_of_the_catalogue_is_in_a_case(words: dict[Code, Words]) -> None:
    assert list(words) == list(Code)
    lang: Lang = "en" if words is ENGLISH else "ja"
    for code, word in words.items():
        shapes = [case.details for case in CASES if case.code is code]
        assert len({say(code, details, lang) for details in shapes}) >= len(word.say)


def test_both_languages_tell_the_same_details() -> None:
    fields = {
        lang: {(code, kind): _fields(said) for code, word in words.items() for kind, said in word.say.items()}
        for lang, words in (("en", ENGLISH), ("ja", JAPANESE))
    }
    assert fields["en"] == fields["ja"]


@each_lang
@pytest.mark.parametrize("code", Code)
def test_every_text_is_one_line_in_its_language(code: Code, lang: Lang) -> None:
    for text in (meaning(code, lang), remedy(code, lang)):
        assert text.strip() == text
        assert text.isprintable()
        assert (re.search("[ぁ-ん]", text) is not None) == (lang == "ja")
    assert remedy(code, lang)[-1] in ".。"


@each_lang
@pytest.mark.parametrize("code", Code)
def test_a_rule_whose_cells_share_no_detail_is_told_all_the_same(code: Code, lang: Lang) -> None:
    assert say(code, {}, lang) in {meaning(code, lang), (ENGLISH if lang == "en" else JAPANESE)[code].say.get("")}
    assert "{" not in say(code, {}, lang)


@each_lang
@each_case
def test_what_a_contract_writes_stays_on_one_line(case: Case, lang: Lang) -> None:
    nasty = "a\r\n\tb {0} {x} %s \u202e\x1b[31m \ud800"
    kinds = {"kind", "limit", "metric", "type"}
    details = {
        name: value if isinstance(value, int) or name in kinds else nasty for name, value in case.details.items()
    }
    said = say(case.code, details, lang)
    assert said.replace("\u3000", "").isprintable()
    said.encode()


def test_dates_are_shown_as_people_write_them() -> None:
    said = say(Code.TYPE_ERROR, {"type": "timestamp", "format": "%d.%m.%Y %H:%M:%S.%f %z 100%%"})
    assert said == "is not a real time written DD.MM.YYYY hh:mm:ss.ssssss ±hh:mm 100%"


def test_long_contract_terms_are_cut() -> None:
    said = say(Code.ALLOWED_VALUES_ERROR, {"allowed": ", ".join(map(str, range(1000)))})
    assert len(said) < 400
    assert said.endswith("…")


@pytest.mark.parametrize(
    ("text", "unit", "english", "japanese"),
    [
        ("exactly 3", "rows", "exactly 3", "ちょうど 3"),
        ("anything but 0", "rows", "anything but 0", "0 以外"),
        ("more than 1 percent", "percent", "more than 1 %", "1 % 超"),
        ("less than 1 or more than 5", "rows", "less than 1 or more than 5", "1 未満または 5 超"),
        ("as agreed", "rows", "as agreed", "as agreed"),
    ],
)
def test_thresholds_are_told_in_both_languages(text: str, unit: Any, english: str, japanese: str) -> None:
    metric = Metric("rowCount", text=text, unit=unit)
    assert (threshold(metric), threshold(metric, "ja")) == (english, japanese)


def test_every_metric_has_a_name_in_both_languages() -> None:
    assert len({metric_name(name, lang) for name in METRICS for lang in LANGS}) == 2 * len(METRICS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n b\t\tc", "a b c"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202egnp", "\\u202egnp"),
        ("山田\u3000花子", "山田\u3000花子"),
    ],
)
def test_one_line_shows_what_does_not_print(text: str, shown: str) -> None:
    assert one_line(text) == shown


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}

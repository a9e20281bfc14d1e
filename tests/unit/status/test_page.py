"""The page of a stack: nothing in it obeys what others wrote, and it is what the docs show."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from suimon.contract.file import LANGUAGES, Language
from suimon.freshness.expected import FileState
from suimon.incidents.about import About
from suimon.incidents.kinds import Kind, Severity
from suimon.status.overview import LETTERS, Held, overview
from suimon.status.page import MOST_CARDS, OPEN_CARDS, amount, content, page, span
from tests.unit.status.sample import FILE, NOW, dates, expected, incident, incidents, sample, sample_page

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' \u202e`rm -rf`"
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


class Tags(HTMLParser):
    """The tags of a page, what stands in them, and its text."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str]] = {}
        self.words: list[str] = []
        self.feed(written)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_in_the_docs_is_the_page(language: Language) -> None:
    name = "status.html" if language == "en" else "status.ja.html"
    assert FILE.with_name(name).read_text(encoding="utf-8") == sample_page(language)


def test_nothing_of_a_page_runs_or_loads_whatever_keys_and_texts_are() -> None:
    about = About(dataset=HOSTILE, partition=HOSTILE, drop_id=HOSTILE)
    found = overview(
        [expected(HOSTILE, 1, FileState.MISSING, 1)],
        [
            incident(Kind.REJECTED, HOSTILE, about, Severity.ERROR),
            incident(Kind.UNEXPLAINED, HOSTILE, about, Severity.ERROR),
        ],
        [Held(HOSTILE, NOW, NOW)],
        [HOSTILE],
        [HOSTILE + "2"],
        [HOSTILE],
        {},
    )
    seen, plain = Tags(page(found, HOSTILE, NOW, "en")), Tags(sample_page())
    assert set(seen.tags) <= set(plain.tags)
    assert seen.attributes.keys() <= plain.attributes.keys()
    assert not {"src", "href", "style", "onerror", "onclick"} & seen.attributes.keys()
    assert "\u202e" not in "".join(seen.words)
    assert "<script>alert(1)</script>" in "".join(seen.words)


def test_a_page_names_no_person_and_shows_no_message_of_an_incident() -> None:
    assert "ann" not in re.findall(r"\w+", sample_page())
    assert "a personal value" not in sample_page()


def test_every_state_stands_in_the_legend_beside_its_letter() -> None:
    legend = sample_page().partition('class="legend')[2]
    for letter in LETTERS.values():
        assert f">{letter.replace('>', '&gt;')}</span>" in legend


def test_each_incident_ends_with_what_to_do_next() -> None:
    written = sample_page()
    for one in incidents():
        assert f"docs/runbook.md#{one.kind}" in written
    assert written.count('class="fix"') == len(incidents())
    command = "suimon replay shipments --from 2026-11-19 --to 2026-11-19 --stack suimon-prod"
    assert command in "".join(Tags(written).words)


def test_a_japanese_page_has_japanese_headings_and_an_english_one_none() -> None:
    def headings(language: Language) -> list[str]:
        return re.findall(r"<h[12]>(.*?)</h[12]>", sample_page(language))

    assert all(_JAPANESE.search(one) for one in headings("ja"))
    assert not any(_JAPANESE.search(one) for one in headings("en"))
    assert len(headings("ja")) == len(headings("en")) == 8


def test_a_grid_of_weeks_months_and_hours_has_labels_of_its_own() -> None:
    written = sample_page()
    assert '<th scope="col">W47<br>2026</th>' in written
    assert '<th scope="col">11<br>2026</th>' in written
    assert '<th scope="row">clicks 11/19</th>' in written
    assert written.count('<th scope="col">23</th>') == 1


def test_what_a_page_says_stays_the_same_while_nothing_changes() -> None:
    later = NOW + timedelta(minutes=10)
    assert content(sample(), "s", NOW, "en") == content(sample(), "s", later, "en")
    assert page(sample(), "s", NOW, "en") != page(sample(), "s", later, "en")
    fewer = replace(sample(), incidents=())
    assert content(fewer, "s", NOW, "en") != content(sample(), "s", NOW, "en")


def test_a_page_of_five_hundred_datasets_is_bounded() -> None:
    many = [replace(one, dataset=f"{one.dataset}_{number:03}") for number in range(63) for one in dates()]
    expected, names = sorted(many, key=lambda one: one.dataset), sorted({one.dataset for one in many})
    found = overview(expected, incidents() * 200, [], names, [], [], {})
    assert len(found.rows) == 504
    assert len(page(found, "suimon-prod", NOW, "ja").encode()) < 1_000_000


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0m"), (59, "59m"), (60, "1h"), (47 * 60 + 59, "47h"), (48 * 60, "2d"), (100_000, "69d")]
)
def test_a_time_is_written_in_its_largest_unit(minutes: int, text: str) -> None:
    assert span(timedelta(minutes=minutes)) == text


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (None, ""),
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (1_290, "1.2k"),
        (88_210, "88k"),
        (1_204_331, "1.2M"),
        (3 * 10**9, "3G"),
    ],
)
def test_rows_are_written_in_four_characters(rows: int | None, text: str) -> None:
    assert amount(rows) == text


def test_of_many_incidents_the_first_stand_open_before_the_dates_and_the_others_are_unfolded() -> None:
    of_each = [
        incident(Kind.MISSING_FILE, f"late {number}", About(dataset=f"d{number}"), Severity.ERROR)
        for number in range(OPEN_CARDS + 3)
    ]
    found = overview(dates(), of_each, [], ["sales"], [], [], {})
    shown, folded = page(found, "suimon-prod", NOW, "en").split("<details>")
    assert shown.count("<article") == OPEN_CARDS
    assert f"{len(found.incidents) - OPEN_CARDS} more open incidents" in folded
    assert folded.index("</details>") < folded.index("Files by business date")
    assert "<details>" not in sample_page()


def test_a_long_outage_is_one_card_that_says_how_many_are_like_it() -> None:
    abouts = [About(dataset="sales", partition=f"2026-11-{day:02}") for day in range(1, 31)]
    days = [incident(Kind.MISSING_FILE, "never came", about, Severity.ERROR) for about in abouts]
    other = incident(Kind.RUN_FAILED, "failed", replace(abouts[0], drop_id="d"), Severity.ERROR)
    written = page(overview(dates(), [*days, other], [], ["sales"], [], [], {}), "suimon-prod", NOW, "en")
    assert written.count("<article") == 2
    assert "and 29 more like it: <code><span>suimon</span> <span>incidents</span> <span>--kind</span>" in written


def test_of_sorts_without_end_the_worst_are_shown_and_the_rest_is_counted_after_they_were_put_together() -> None:
    of_each = [About(dataset=f"d{number:03}", partition=day) for number in range(MOST_CARDS + 2) for day in DAYS]
    opened = [incident(Kind.MISSING_FILE, "never came", about, Severity.ERROR) for about in of_each]
    written = page(overview(dates(), opened, [], ["sales"], [], [], {}), "suimon-prod", NOW, "en")
    assert written.count("<article") == MOST_CARDS
    assert f"and {2 * len(DAYS)} more: suimon incidents --all --stack suimon-prod" in written
    assert f"{(MOST_CARDS - OPEN_CARDS) * len(DAYS):,} more open incidents" in written
    assert f"<b>{len(opened):,}</b>" in written


DAYS = [f"2026-11-{day:02}" for day in range(1, 31)]


def test_a_command_breaks_between_its_words_alone() -> None:
    assert "<code><span>suimon</span> <span>release</span> <span>returns</span> <span>--stack</span>" in sample_page()


def test_datasets_without_any_date_yet_are_named_and_have_no_empty_grid() -> None:
    written = page(overview([], [], [], ["stock", "catalogue"], [], [], {}), "suimon-prod", NOW, "en")
    assert "No date is due yet: catalogue, stock" in written
    assert 'class="grid"' not in written
    assert written.count("<tr>") == len(re.findall(r"(?:<td.*?</td>){5}</tr>", written)) + 1  # and the heads

"""The page for people without tools: whatever stands in a file, it is shown and never obeyed."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from suimon.check.verdict import MASK, BadCell, Code, Details, Measurement, RuleCount, Verdict
from suimon.contract.file import Column, FileFormat, Metric
from suimon.contract.model import Contract
from suimon.report import page as report_page
from suimon.report.messages import LANGS, Lang, meaning, remedy
from suimon.report.page import page

INTEGER: Details = {"type": "integer", "bits": 32}
SALES = Contract(
    "sales", "1.2.0", "sales_fact", file=FileFormat(delimiter="\t"), columns=(Column("quantity", "integer"),)
)
ABOUT = {"file": "sales_data.csv", "partition": "2026-11-20", "drop_id": "1f0c22ab"}
EVERYTHING = Verdict(
    accepted=False,
    rows=5000,
    bad_cells=tuple(BadCell(code, 3, 2, "quantity", "12a") for code in Code),
    counts=tuple(RuleCount(code, "quantity", number) for number, code in enumerate(Code, 1)),
    measurements=(
        Measurement(Metric("rowCount", text="at least 1"), 5000, "100.0000", kept=True),
        Measurement(
            Metric("nullValues", ("quantity",), unit="percent", text="at most 1 percent"), 60, "1.2", kept=False
        ),
        Measurement(
            Metric("duplicateValues", ("quantity",), severity="warning", text="exactly 0"), 1, "0.02", kept=False
        ),
    ),
)
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</code></td></table></main><h1>Accepted</h1>",
    "<!--",
    "&lt;b&gt;",
    '=HYPERLINK("https://example.org","x")',
    "\u202etxt.exe",
    "\x00\x1b[2J\r\n\x7f",
    "\ud800\udc80",
    "javascript:alert(1)",
]

each_lang = pytest.mark.parametrize("lang", LANGS)


class Reader(HTMLParser):
    """What a browser would take for tags, and for text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.said: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "rect", "path"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def text(self) -> str:
        return "".join(self.said)


def verdict_of(*cells: BadCell, rows: int = 100, more: int = 0) -> Verdict:
    counts = {(cell.code, cell.column): cell for cell in cells}
    return Verdict(
        accepted=False,
        rows=rows,
        bad_cells=cells,
        counts=tuple(RuleCount(code, column, len(cells) + more) for code, column in counts),
        truncated=bool(more),
    )


@each_lang
def test_the_page_loads_nothing_and_runs_nothing(lang: Lang) -> None:
    read = Reader(page(EVERYTHING, SALES, ABOUT, lang))
    assert not read.open
    assert not {"script", "img", "link", "iframe", "object", "form", "a:href"} & set(read.tags)
    for name, value in read.attributes:
        assert name not in {"src", "style", "action", "srcset"}
        assert not name.startswith("on")
        assert name != "href" or (value or "").startswith("#")


def test_only_the_page_s_own_style_sheet_is_allowed() -> None:
    text = page(EVERYTHING, SALES, ABOUT)
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text
    assert "url(" not in style
    assert "@import" not in style


@each_lang
@pytest.mark.parametrize("value", NASTY)
def test_whatever_stands_in_a_file_is_text(value: str, lang: Lang) -> None:
    cell = BadCell(Code.TYPE_ERROR, 3, 2, f"c{value}", value, INTEGER)
    tame = BadCell(Code.TYPE_ERROR, 3, 2, "c", "v", INTEGER)
    text = page(verdict_of(cell), replace(SALES, dataset=value), {"file": value, value: value}, lang)
    plain = page(verdict_of(tame), SALES, {"file": "f", "x": "y"}, lang)
    text.encode()
    allowed = {"\n"}
    assert not [c for c in text if not c.isprintable() and c not in allowed]
    without_escapes = re.sub('<span class="escape">(.*?)</span>', r"\1", text)
    assert Reader(without_escapes).tags == Reader(plain).tags


def test_a_pasted_value_is_no_formula() -> None:
    read = Reader(page(verdict_of(BadCell(Code.TYPE_ERROR, 3, 2, "quantity", "=1+1", INTEGER)), SALES, ABOUT))
    assert "=1+1" in read.text
    assert all(not said.startswith("=") or read.said[place - 1].endswith("“") for place, said in enumerate(read.said))


@each_lang
def test_every_rule_is_explained(lang: Lang) -> None:
    text = Reader(page(EVERYTHING, SALES, ABOUT, lang)).text
    for code in Code:
        assert meaning(code, lang) in text
        assert remedy(code, lang) in text
        assert str(code) in text


@each_lang
def test_the_page_says_which_file_it_is(lang: Lang) -> None:
    text = Reader(page(EVERYTHING, SALES, ABOUT, lang)).text
    for value in (*ABOUT.values(), "sales 1.2.0", "CSV, UTF-8", {"en": "tab", "ja": "タブ"}[lang]):
        assert value in text


@pytest.mark.parametrize(
    ("verdict", "english", "japanese"),
    [
        (EVERYTHING, "Rejected: this file was not loaded", "不合格: このファイルは取り込まれていません"),
        (Verdict(accepted=True, rows=9), "All 9 records are as the contract says.", "合格"),
        (Verdict(accepted=True, rows=9, set_aside=2), "7 of 9 records accepted, 2 set aside.", "除外したレコード"),
    ],
)
def test_the_verdict_stands_on_top_in_words(verdict: Verdict, english: str, japanese: str) -> None:
    assert english in page(verdict, SALES, ABOUT)
    assert japanese in page(verdict, SALES, ABOUT, "ja")


def test_the_strip_has_a_mark_where_the_bad_records_lie() -> None:
    cells = [BadCell(Code.TYPE_ERROR, 0, record, "quantity", "x", INTEGER) for record in (1, 2, 50_000, 99_999)]
    text = page(verdict_of(*cells, rows=100_000), SALES, ABOUT)
    assert re.findall("<title>record ([^<]*)</title>", text) == ["1–625: 2", "49,376–50,000: 1", "99,376–100,000: 1"]


@pytest.mark.parametrize(("rows", "record", "line"), [(1, 1, 2), (3, 9, 9), (160, 160, 161), (161, 161, 162)])
def test_a_place_past_the_last_record_stays_in_the_strip(rows: int, record: int, line: int) -> None:
    text = page(verdict_of(BadCell(Code.BLANK_ROW, line, record), rows=rows), SALES, ABOUT)
    ((x, width),) = re.findall(r'<rect class="fill" x="([0-9.]+)" y="[0-9.]+" width="([0-9.]+)"', text)
    assert 0 <= float(x) < 1600
    assert float(width) >= 4


def test_a_line_is_not_taken_for_a_record_in_the_strip() -> None:
    assert 'class="strip"' not in page(verdict_of(BadCell(Code.BLANK_ROW, 9)), SALES, ABOUT)


def test_faults_of_the_file_have_no_strip_and_no_example() -> None:
    text = page(verdict_of(BadCell(Code.EMPTY_FILE), rows=0), SALES, ABOUT)
    assert 'class="strip"' not in text
    assert text.count("<table>") == 1


def test_the_examples_of_a_condition_are_its_own() -> None:
    cells = [
        BadCell(Code.CONDITION_ERROR, n, n, None, f"value{n}", {"name": f"c{n}", "text": "a < b"}) for n in range(1, 3)
    ]
    counts = tuple(RuleCount(cell.code, None, 1, cell.details) for cell in cells)
    text = page(replace(verdict_of(*cells), counts=counts), SALES, ABOUT)
    first, second = re.findall("<article.*?</article>", text, re.DOTALL)
    assert "value1" in first
    assert "value2" not in first
    assert "value2" in second


def test_a_long_list_is_cut_and_says_so() -> None:
    cells = [BadCell(Code.TYPE_ERROR, n + 1, n, "quantity", "x", INTEGER) for n in range(1, report_page.MAX_CELLS + 50)]
    text = Reader(page(verdict_of(*cells, rows=1000, more=1000), SALES, ABOUT)).text
    assert f"The first 200 of {len(cells) + 1000:,} faults" in text
    assert f"The first {len(cells):,} faults are listed" in text


def test_many_rules_are_cut_and_the_most_broken_ones_stay() -> None:
    counts = tuple(RuleCount(Code.TYPE_ERROR, f"column{n}", n, INTEGER) for n in range(99, 0, -1))
    text = page(Verdict(accepted=False, rows=1000, counts=counts), SALES, ABOUT)
    assert text.count("<article") == report_page.MAX_RULES
    assert "column99" in text
    assert "And 39 more broken rules." in text


def test_masked_values_and_what_was_not_judged_are_explained() -> None:
    personal = replace(SALES, columns=(Column("who", "string", personal=True),))
    cells = (BadCell(Code.PATTERN_ERROR, 3, 2, "who", MASK), BadCell(Code.UNTERMINATED_QUOTE, 4, 3))
    text = page(verdict_of(*cells), personal, ABOUT)
    assert "*** stands for personal data" in text
    assert "could not be read to its end" in text
    assert "personal data" not in page(verdict_of(*cells), SALES, ABOUT)


def test_metrics_say_whether_they_are_kept() -> None:
    text = Reader(page(EVERYTHING, SALES, ABOUT)).text
    for words in ("Records", "Empty cells", "60 (1.2 %)", "at most 1 %", "kept", "not kept", "warning"):
        assert words in text


def test_a_file_with_warnings_only_is_not_green() -> None:
    warned = Verdict(accepted=True, rows=9, measurements=EVERYTHING.measurements[2:])
    text = page(warned, SALES, ABOUT)
    assert "Accepted, with warnings" in text
    assert 'class="card verdict warn"' in text
    assert "as the contract says" not in text


def test_columns_are_named_as_the_header_calls_them() -> None:
    labelled = replace(SALES, columns=(Column("quantity", "integer", label="数量<"),))
    text = page(verdict_of(BadCell(Code.TYPE_ERROR, 3, 2, "quantity", "x", INTEGER)), labelled, ABOUT)
    assert text.count('数量&lt; <span class="alias">(quantity)</span>') == 3


@pytest.mark.parametrize(("about", "told"), [(ABOUT, False), ({"file": "f", "partition": ""}, True)])
def test_a_business_date_that_was_not_checked_is_told(about: dict[str, str], told: bool) -> None:  # noqa: FBT001
    dated = replace(SALES, columns=(Column("day", "date", partition="ds"),))
    assert ("Not checked: the business date." in page(Verdict(accepted=True, rows=9), dated, about)) == told
    assert "Not checked" not in page(Verdict(accepted=True, rows=9), SALES, about)


def test_faults_that_were_only_counted_are_told_so() -> None:
    counts = (RuleCount(Code.TYPE_ERROR, "quantity", 7, INTEGER),)
    text = page(Verdict(accepted=False, rows=9, counts=counts, truncated=True), SALES, ABOUT)
    assert "none is listed with its place" in text
    assert "first 0" not in text


def test_the_remedy_names_the_encoding() -> None:
    cell = BadCell(Code.ENCODING_ERROR, 3, 2, "quantity", "x", {"byte": "0xE9", "encoding": "cp932"})
    counts = (RuleCount(Code.ENCODING_ERROR, "quantity", 1, {"encoding": "cp932"}),)
    text = Reader(page(replace(verdict_of(cell), counts=counts), SALES, ABOUT)).text
    assert "Save the whole file as CP932 (Windows' Shift_JIS)." in text

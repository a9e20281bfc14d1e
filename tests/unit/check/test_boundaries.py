"""The checker's decisions one by one, at the edges where one more or one less makes a difference."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from suimon.check import segments
from suimon.check.duckdb_input import Sheet, copy_of, sheet_of
from suimon.check.grammar import Grammar
from suimon.check.header import read_head
from suimon.check.rules_as_sql import Key, rules_for
from suimon.check.segments import Cutter, Segment
from suimon.check.structure import Run, first_record, scan
from suimon.check.tally import Tally, fault_of, measure
from suimon.check.trailer import judge_trailer
from suimon.check.verdict import BadCell, Code, Measurement, RuleCount, Verdict, shared, shown
from suimon.contract.file import Column, Condition, FileFormat, Metric, Tolerance, Trailer
from suimon.contract.model import Contract

ABC = (Column("a", "string"), Column("b", "string"), Column("c", "integer", bits=32))
THREE = (0, 1, 2)


def contract(*columns: Column, **dialect: Any) -> Contract:
    return Contract("x", "1", "x", file=FileFormat(**dialect), columns=columns or ABC)


def grammar(width: int = 3, **dialect: Any) -> Grammar:
    return Grammar(FileFormat(**dialect), width)


# Measurements


@pytest.mark.parametrize(
    ("metric", "kept"),
    [
        (Metric("nullValues", ("a",)), (0, 1, 2, 3, 4)),
        (Metric("nullValues", ("a",), minimum="1"), (1, 2, 3, 4)),
        (Metric("nullValues", ("a",), minimum="1", minimum_open=True), (2, 3, 4)),
        (Metric("nullValues", ("a",), maximum="3"), (0, 1, 2, 3)),
        (Metric("nullValues", ("a",), maximum="3", maximum_open=True), (0, 1, 2)),
        (Metric("nullValues", ("a",), minimum="1", maximum="3"), (1, 2, 3)),
        (Metric("nullValues", ("a",), minimum="1", maximum="3", minimum_open=True, maximum_open=True), (2,)),
        (Metric("nullValues", ("a",), minimum="1", maximum="3", negated=True), (0, 4)),
        (Metric("nullValues", ("a",), minimum="25", maximum="75", unit="percent"), (1, 2, 3)),
        (Metric("nullValues", ("a",), minimum="25", maximum="75", unit="percent", negated=True), (0, 4)),
    ],
)
def test_a_metric_is_kept_from_bound_to_bound(metric: Metric, kept: tuple[int, ...]) -> None:
    assert tuple(value for value in range(5) if measure((metric,), {0: value}, 4)[0].kept) == kept


def test_percents_are_of_all_records_and_rounded_half_up() -> None:
    metric = Metric("nullValues", ("a",))
    values = ((1, 3), (2, 3), (1, 1), (0, 0), (1, 1_600_000), (1, 2_000_001))
    percents = [measure((metric,), {0: value}, rows)[0].percent for value, rows in values]
    assert percents == ["33.3333", "66.6667", "100.0000", "0.0000", "0.0001", "0.0000"]


def test_measurements_come_in_the_contracts_order_and_only_of_what_was_measured() -> None:
    metrics = tuple(Metric("nullValues", (name,), maximum="1") for name in "abc")
    assert measure(metrics, {2: 1, 0: 2}, 4) == (
        Measurement(metrics[0], 2, "50.0000", kept=False),
        Measurement(metrics[2], 1, "25.0000", kept=True),
    )


def test_the_fault_of_a_measurement_says_all_that_words_need() -> None:
    rows = Measurement(Metric("rowCount", minimum="5", text="at least 5"), 4, "100.0000", kept=False)
    assert fault_of(rows, 4) == BadCell(Code.ROW_COUNT_ERROR, details={"rows": 4, "threshold": "at least 5"})
    metric = Metric("duplicateValues", ("a", "b"), unit="percent", text="at most 1 percent")
    assert fault_of(Measurement(metric, 3, "30.0000", kept=False), 10) == BadCell(
        Code.QUALITY_ERROR,
        column="a, b",
        details={
            "metric": "duplicateValues",
            "value": 3,
            "percent": "30.0000",
            "unit": "percent",
            "threshold": "at most 1 percent",
        },
    )


# Lists and counts


def test_a_list_has_room_for_just_its_limit() -> None:
    tally = Tally(3, tuple("abc"))
    tally.list(BadCell(Code.TYPE_ERROR, line, line - 1, "c") for line in (2, 3))
    assert tally.room == 1
    tally.list(BadCell(Code.TYPE_ERROR, line, line - 1, "c") for line in (4, 5))
    assert (tally.room, [cell.line for cell in tally.first()]) == (0, [2, 3, 4])
    tally.add([BadCell(Code.ROW_COUNT_ERROR)])
    assert tally.room == 0
    assert [cell.line for cell in tally.first()] == [None, 2, 3]


def test_the_order_is_that_of_the_file_and_within_a_record_that_of_the_columns() -> None:
    tally = Tally(10, tuple("abc"))
    whole = BadCell(Code.CONDITION_ERROR, 2, 1)
    key = BadCell(Code.PRIMARY_KEY_ERROR, 2, 1, "b, a")
    third, first = BadCell(Code.TYPE_ERROR, 2, 1, "c"), BadCell(Code.TYPE_ERROR, 2, 1, "a")
    labels = [BadCell(Code.MISSING_LABEL, 1, None, name) for name in "cba"]
    tally.insert([whole, third, key, first, *labels])
    assert tally.first() == (*labels, first, key, third, whole)


def test_only_a_fault_without_record_is_beyond_records() -> None:
    tally = Tally(10)
    tally.add([BadCell(Code.TYPE_ERROR, 2, 1, "c")])
    assert not tally.beyond_records
    tally.add([BadCell(Code.BLANK_ROW, 3)])
    tally.add([BadCell(Code.TYPE_ERROR, 4, 2, "c")])
    assert tally.beyond_records


def test_what_cells_of_a_rule_share_is_counted_together() -> None:
    tally = Tally(0)
    for number in (4, 5):
        tally.add([BadCell(Code.EXTRA_CELL, number, number, details={"cells": number, "expected": 3})])
    tally.count(Code.MINIMUM_ERROR, "c", {"minimum": "1"}, 5)
    tally.count(Code.MAXIMUM_ERROR, "c", {"maximum": "1"}, 0)
    assert tally.counts() == (
        RuleCount(Code.MINIMUM_ERROR, "c", 5, {"minimum": "1"}),
        RuleCount(Code.EXTRA_CELL, None, 2, {"expected": 3}),
    )
    assert shared({"first": 1, "b": 2, "a": 1, "byte": "0x00", "kind": "after"}) == (("a", 1), ("b", 2))


def test_a_verdict_counts_what_goes_on() -> None:
    counts = (RuleCount(Code.TYPE_ERROR, "c", 2), RuleCount(Code.BLANK_ROW, None, 3))
    assert Verdict(False, 9, counts=counts, set_aside=2).accepted_rows == 0  # noqa: FBT003
    assert Verdict(True, 9, counts=counts, set_aside=2).accepted_rows == 7  # noqa: FBT003
    assert Verdict(False, 9, counts=counts).bad_cell_count == 5  # noqa: FBT003


def test_a_warning_is_what_is_not_kept_and_only_warns() -> None:
    error, warns = Metric("nullValues", ("a",)), Metric("nullValues", ("a",), severity="warning")
    told = tuple(Measurement(metric, 1, "", kept=kept) for metric in (error, warns) for kept in (True, False))
    assert Verdict(True, 1, measurements=told).warnings == (told[3],)  # noqa: FBT003


def test_a_value_is_shown_up_to_a_hundred_characters() -> None:
    assert [shown("水" * length, personal=False) for length in (100, 101)] == ["水" * 100, "水" * 99 + "…"]
    assert shown("\udcff", personal=False) == "\\xff"
    assert shown("secret", personal=True) == "***"


# The trailer


def trailer_faults(line: bytes | None, rows: int = 2, total: object = 5, **dialect: Any) -> list[BadCell]:
    trailer = Trailer("T", count=2, sums=(("c", 3),))
    sums = {} if total is None else {"c": total}
    made = contract(**dialect)
    return list(judge_trailer(line, 9, trailer, made, grammar(**dialect), rows, sums))


COUNT = BadCell(Code.TRAILER_COUNT_ERROR, 9, details={"rows": 2})
SUM = BadCell(Code.TRAILER_SUM_ERROR, 9, column="c", details={"sum": "5"})


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        (b"T,2,5\n", []),
        (b'"T","002","+5.00"', []),
        (b"T,2,5,more\r\n", []),
        (b"T,3,5\n", [(COUNT, "3")]),
        (b"T,,5\n", [(COUNT, "")]),
        (b"T,2.0,5\n", [(COUNT, "2.0")]),
        (b"T,2," + b"5" * 101, [(SUM, "5" * 99 + "…")]),
        (b"T,2\n", [(SUM, "")]),
        (b"T\n", [(COUNT, ""), (SUM, "")]),
        (b"T,2,-5\n", [(SUM, "-5")]),
        (b"T,2,5.\n", [(SUM, "5.")]),
        (b"T,2,5e0\n", [(SUM, "5e0")]),
    ],
)
def test_a_trailer_says_what_the_records_say(line: bytes, faults: list[tuple[BadCell, str]]) -> None:
    told = trailer_faults(line)
    assert [(cell.code, cell.line, cell.column, cell.value, cell.details) for cell in told] == [
        (cell.code, cell.line, cell.column, value, cell.details) for cell, value in faults
    ]


@pytest.mark.parametrize("line", [None, b'T,"2"x,5\n', b'T,2,x"5\n'])
def test_what_is_broken_is_no_trailer(line: bytes | None) -> None:
    assert trailer_faults(line) == [BadCell(Code.MISSING_TRAILER, 9, details={"marker": "T"})]


def test_a_sum_that_is_not_known_is_not_compared() -> None:
    assert trailer_faults(b"T,2,99\n", total=None) == []


def test_a_sum_is_written_with_the_contracts_separator() -> None:
    half: dict[str, Any] = {"delimiter": ";", "decimal": ",", "total": Decimal("1.5")}
    assert trailer_faults(b"T;2;1,5\n", **half) == []
    assert [cell.value for cell in trailer_faults(b"T;2;1.5\n", **half)] == ["1.5"]


def test_a_personal_sum_is_masked_on_both_sides() -> None:
    made = contract(*ABC[:2], Column("c", "integer", bits=32, personal=True))
    told = list(judge_trailer(b"T,7", 9, Trailer("T", sums=(("c", 2),)), made, grammar(), 1, {"c": 5}))
    assert [(cell.value, cell.details) for cell in told] == [("***", {"sum": "***"})]


# The header


def head_faults(text: bytes, **dialect: Any) -> list[tuple[Any, ...]]:
    made = contract(**dialect)
    assert made.file
    head = read_head(iter([text]), made, made.file)
    return [
        (head.places, head.lines),
        *((one.code, one.line, one.column, one.value, one.details) for one in head.faults),
    ]


def test_a_good_header_has_every_column_in_its_place() -> None:
    assert head_faults(b"a,b,c\n1") == [((0, 1, 2), 1)]
    assert head_faults(b'x\n\n"a",b,c\n', skip_lines=2) == [((0, 1, 2), 3)]
    assert head_faults(b"#x\na,b,c\n", comment="#") == [((0, 1, 2), 2)]
    assert head_faults(b"C,A,B\n", header_order="free", header_case="ignore") == [((2, 0, 1), 1)]
    assert head_faults(b"a,z,b,c\n", extra_columns="ignore") == [((0, None, 1, 2), 1)]
    assert head_faults(b"1,2,3\n", header=False) == [((0, 1, 2), 0)]


def test_every_fault_of_a_header_is_at_its_label() -> None:
    assert head_faults(b'b,"a\n",a\n') == [
        ((1, None, 0), 2),
        (Code.MISSING_LABEL, 1, "c", None, {"label": "c"}),
        (Code.EXTRA_LABEL, 1, None, "a\n", {"place": 2}),
        (Code.MISPLACED_LABEL, 2, "a", None, {"place": 3, "after": ""}),
        (Code.MISPLACED_LABEL, 1, "b", None, {"place": 1, "after": "a"}),
    ]
    assert head_faults(b"a,b,c,b\n") == [
        ((0, None, 2, None), 1),
        (Code.DUPLICATE_LABEL, 1, "b", None, {"place": 4, "first": 2}),
    ]
    assert head_faults(b"\xef\xbb\xbfa,b,c\n") == [((0, 1, 2), 1), (Code.BYTE_ORDER_MARK, 1, None, None, {})]


def test_what_is_no_header_is_not_shown() -> None:
    none = (Code.MISSING_HEADER, 1, None, None, {"labels": "a, b, c"})
    assert head_faults(b"1,2,\xff\n") == [
        ((None, None, None), 1),
        (Code.ENCODING_ERROR, 1, None, None, {"byte": "0xFF", "encoding": "utf-8"}),
        none,
    ]


def test_a_mark_before_what_is_no_header_is_told_too() -> None:
    assert [fault[0] for fault in head_faults(b"\xef\xbb\xbf1,\0,3\n")[1:]] == [
        Code.BYTE_ORDER_MARK,
        Code.NULL_BYTE,
        Code.MISSING_HEADER,
    ]


def test_behind_a_header_that_never_ends_there_is_nothing() -> None:
    made = contract()
    assert made.file
    head = read_head(iter([b'a,b,"c\n1,2,3\n']), made, made.file)
    assert ([fault.code for fault in head.faults], list(head.body)[:1]) == (
        [Code.UNTERMINATED_QUOTE],
        [],
    )


# Rules


def test_the_rules_of_a_column_carry_what_words_need() -> None:
    columns = (
        Column("a", "string", min_length=2, max_length=4, pattern="^x$", allowed=("x", "y"), required=True),
        Column("b", "decimal", precision=5, scale=2, minimum="1", maximum="2"),
        Column("c", "timestamp", format="%Y-%m-%d %H:%M:%S", partition=True),
        Column("d", "integer", bits=64),
        Column("e", "boolean", true_words=("yes", "1"), false_words=("no",)),
        Column("f", "date"),
    )
    rules = rules_for(contract(*columns, decimal=","), "2026-11-20", range(6))
    assert [(rule.code, rule.columns, rule.details) for rule in rules.rules] == [
        (Code.REQUIRED_ERROR, (0,), {}),
        (Code.MIN_LENGTH_ERROR, (0,), {"length": 2}),
        (Code.MAX_LENGTH_ERROR, (0,), {"length": 4}),
        (Code.PATTERN_ERROR, (0,), {"pattern": "^x$"}),
        (Code.ALLOWED_VALUES_ERROR, (0,), {"allowed": "x, y"}),
        (Code.TYPE_ERROR, (1,), {"type": "decimal", "precision": 5, "scale": 2, "decimal": ","}),
        (Code.MINIMUM_ERROR, (1,), {"minimum": "1"}),
        (Code.MAXIMUM_ERROR, (1,), {"maximum": "2"}),
        (Code.TYPE_ERROR, (2,), {"type": "timestamp", "format": "%Y-%m-%d %H:%M:%S"}),
        (Code.PARTITION_ERROR, (2,), {"partition": "2026-11-20"}),
        (Code.TYPE_ERROR, (3,), {"type": "integer", "bits": 64}),
        (Code.TYPE_ERROR, (4,), {"type": "boolean", "words": "yes, 1, no"}),
        (Code.TYPE_ERROR, (5,), {"type": "date", "format": "%Y-%m-%d"}),
    ]


def test_metrics_are_rules_on_cells_but_for_records_and_repetitions() -> None:
    metrics = (
        Metric("rowCount"),
        Metric("duplicateValues", ("a", "b")),
        Metric("nullValues", ("b",)),
        Metric("nullValues", ("absent",)),
    )
    rules = rules_for(replace(contract(*ABC[:2]), metrics=metrics), None, (0, 1))
    assert [(rule.columns, rule.metric) for rule in rules.rules] == [((1,), 2)]
    assert rules.keys == (Key(Code.QUALITY_ERROR, (0, 1), 1),)


def test_a_long_list_of_allowed_values_is_cut_to_two_hundred_characters() -> None:
    for last, text in (("y" * 98, "x" * 100 + ", " + "y" * 98), ("y" * 99, "x" * 100 + ", " + "y" * 97 + "…")):
        [rule] = rules_for(contract(Column("a", "string", allowed=("x" * 100, last))), None, [0]).rules
        assert rule.details == {"allowed": text}


def test_a_date_is_held_against_the_partition_however_it_is_written(check: Callable[..., Verdict]) -> None:
    made = contract(Column("a", "date", format="%d.%m.%Y", partition=True))
    verdict = check("a\n20.11.2026\n21.11.2026\n", made, "2026-11-20")
    assert [(cell.code, cell.record, cell.value) for cell in verdict.bad_cells] == [
        (Code.PARTITION_ERROR, 2, "21.11.2026")
    ]


@pytest.mark.parametrize(("most", "aside"), [(0, 0), (1, 0), (2, 2), (3, 2)])
def test_as_many_bad_records_as_are_tolerated_are_set_aside(
    check: Callable[..., Verdict], most: int, aside: int
) -> None:
    tolerant = replace(contract(), tolerance=Tolerance(max_rows=most))
    verdict = check("a,b,c\n1,2,3\n1,2,x\n1,2\n4,5,6\n", tolerant, None)
    assert (verdict.bad_records, verdict.set_aside, verdict.accepted) == (2, aside, aside > 0)


def test_a_broken_condition_tells_what_it_read(check: Callable[..., Verdict]) -> None:
    condition = Condition("order", "t0 <= t1", ("a", "b"), "a <= b")
    columns = (Column("a", "integer", bits=32), Column("b", "integer", bits=32, personal=True))
    verdict = check("a,b\n1,2\n3,2\n", replace(contract(*columns), conditions=(condition,)), None)
    details = {"name": "order", "text": "a <= b"}
    assert verdict.bad_cells == (BadCell(Code.CONDITION_ERROR, 3, 2, None, "a=***, b=***", details),)
    assert verdict.counts == (RuleCount(Code.CONDITION_ERROR, None, 1, details),)


@pytest.mark.parametrize("limit", [0, 1, 9])
def test_what_is_only_counted_is_counted_by_column(check: Callable[..., Verdict], limit: int) -> None:
    verdict = check(b"a,b,c\n1,\0,3\n1,\0,3\n\0,2,3\n\n1\n2\n", contract(), None, limit=limit)
    assert {(count.code, count.column): count.cells for count in verdict.counts} == {
        (Code.NULL_BYTE, "a"): 1,
        (Code.NULL_BYTE, "b"): 2,
        (Code.MISSING_CELL, None): 2,
        (Code.BLANK_ROW, None): 1,
    }


# Records


def told(text: bytes, *, last: bool = True, width: int = 3, **dialect: Any) -> list[tuple[Any, ...]]:
    found = scan(grammar(width, **dialect), text, last=last, keep=True)
    return [(one.code, one.line, one.record, one.cell, one.value, one.details) for one in found.faults]


@pytest.mark.parametrize(
    ("text", "dialect", "fault"),
    [
        (b'1,"2"x,3', {}, (Code.QUOTE_ERROR, 1, 1, None, None, {"kind": "after"})),
        (b'1,x"2",3', {}, (Code.QUOTE_ERROR, 1, 1, None, None, {"kind": "inside"})),
        (b"1,2\r,3\n", {}, (Code.LINE_ENDING_ERROR, 1, 1, None, None, {"found": "CR", "wanted": "LF or CRLF"})),
        (
            b"1,2,3\r\n",
            {"line_ending": "lf"},
            (Code.LINE_ENDING_ERROR, 1, 1, None, None, {"found": "CRLF", "wanted": "LF"}),
        ),
        (
            b"1,2,3\n",
            {"line_ending": "crlf"},
            (Code.LINE_ENDING_ERROR, 1, 1, None, None, {"found": "LF", "wanted": "CRLF"}),
        ),
        (b'1,2,"3\n4', {}, (Code.UNTERMINATED_QUOTE, 1, 1, None, None, {"bytes": 0})),
        (b"1,2\n", {}, (Code.MISSING_CELL, 1, 1, None, None, {"cells": 2, "expected": 3})),
        (b"1,2,3,4\n", {}, (Code.EXTRA_CELL, 1, 1, None, None, {"cells": 4, "expected": 3})),
        (b"\r\n", {}, (Code.BLANK_ROW, 1, None, None, None, {})),
        (b'"\n",\0,3\n', {}, (Code.NULL_BYTE, 2, 1, 1, "\0", {})),
        (b"1,2,x\xff", {}, (Code.ENCODING_ERROR, 1, 1, 2, "x\udcff", {"byte": "0xFF", "encoding": "utf-8"})),
        (b"\xff,\xfe\n", {}, (Code.ENCODING_ERROR, 1, 1, None, None, {"byte": "0xFF", "encoding": "utf-8"})),
    ],
)
def test_a_fault_is_named_with_its_place(text: bytes, dialect: dict[str, Any], fault: tuple[Any, ...]) -> None:
    assert fault in told(text, **dialect)
    below = told(b'#"\n"\n",b,c\r\n' + text, **dialect | {"comment": "#"}) if "line_ending" not in dialect else []
    assert not below or below[-1][1:3] == (fault[1] + 3, fault[2] and fault[2] + 1) or fault[0] is Code.ENCODING_ERROR


def test_good_and_broken_records_are_numbered_through() -> None:
    text = b'a,b,c\n#no\n"d\n",e,f\n\n1\nx"y,2\n4,5,6'
    found = scan(grammar(comment="#"), text, last=True, numbers=True, keep=True)
    assert found.runs == [Run(0, 6, 1, 1, 1), Run(10, 19, 2, 3, 1), Run(28, 33, 5, 8, 1)]
    assert [(one.start, one.end, one.record, one.line) for one in found.broken] == [(20, 22, 3, 6), (22, 28, 4, 7)]
    assert (found.records, found.end, found.stopped, list(found.bad)) == (5, len(text), False, [3, 4])


@pytest.mark.parametrize(
    "text",
    [
        b"1,2\n" * 3 + b"1,\0\n" + b"1,2\n" * 2 + b"1,\xff\n" + b'"\n",2\n' * 2 + b"a,b,c\n4\n",
        b"\n" * 3 + b"a,b,c\n" + b"\n" * 2 + b'x"\n1,2,3,4\n1,2,"\n",4\n"\n',
        b"1,2\r\n1,2\r\n1,2\n\r\n\r\n\na,b,c\r\n",
    ],
)
@pytest.mark.parametrize("room", range(6))
def test_faults_that_are_only_counted_change_nothing_else(text: bytes, room: int) -> None:
    whole = scan(grammar(), text, last=True, numbers=True)
    counted = scan(grammar(), text, last=True, numbers=True, room=room)
    assert counted.faults == whole.faults[:room]
    assert counted.unlisted == Counter((one.code, one.cell, shared(one.details)) for one in whole.faults[room:])
    assert (counted.runs, counted.bad, counted.records) == (whole.runs, whole.bad, whole.records)
    assert (counted.end, counted.stopped) == (whole.end, whole.stopped)


def test_an_open_quote_waits_for_the_next_piece() -> None:
    found = scan(grammar(), b'a,b,c\n1,"2\n', last=False)
    assert (found.end, found.records, found.faults, found.stopped) == (6, 1, [], False)
    found = scan(grammar(), b'a,b,c\n1,"2\n', last=True)
    assert (found.end, found.records, found.stopped) == (11, 2, True)


def test_a_first_record_is_read_whatever_its_width() -> None:
    assert first_record(grammar(), b'a,"b\n"\nrest', last=True) == (("a", "b\n"), [], 7)
    cells, faults, end = first_record(grammar(), b"\nrest", last=True)
    assert (cells, [one.code for one in faults], end) == (("",), [Code.BLANK_ROW], 1)
    cells, faults, end = first_record(grammar(), b'a"\nrest', last=True)
    assert (cells, [one.code for one in faults], end) == ((), [Code.QUOTE_ERROR], 3)


# Segments and sheets


def cut(text: bytes, folder: Path, *, size: int, chunk: int = 5, **dialect: Any) -> Iterator[tuple[Segment, bytes]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "SEGMENT_BYTES", size)
        chunks = [text[start : start + chunk] for start in range(0, len(text), chunk)]
        cutter = Cutter(chunks, grammar(**dialect), folder)
        while segment := cutter.next():
            yield segment, segment.text()


def test_a_segment_ends_with_a_line_outside_quotes(tmp_path: Path) -> None:
    text = b'1,2,3\n"a\nb",5,6\n7,8,9'
    pieces = list(cut(text, tmp_path, size=12, chunk=100))
    assert [piece for _, piece in pieces] == [b"1,2,3\n", b'"a\nb",5,6\n', b"7,8,9"]
    assert [segment.last for segment, _ in pieces] == [False, False, True]
    assert [segment.ended for segment, _ in pieces] == [True, True, False]
    assert b"".join(piece for _, piece in cut(text, tmp_path, size=1, chunk=3)) == text


@pytest.mark.parametrize("last", [b"T", b"T\n", b"T,1,2\r\n", b'"T"'])
def test_the_last_line_is_kept_apart_as_trailer(tmp_path: Path, last: bytes) -> None:
    cutter = Cutter([b"1,2,3\n", last], grammar(trailer=Trailer("T")), tmp_path)
    segment = cutter.next()
    assert segment
    assert (segment.text(), cutter.next(), cutter.trailer) == (b"1,2,3\n", None, last)


@pytest.mark.parametrize("text", [b'1,2,3\n"a\nb\nc",5,6\n', b'1,2,3\n"a\n"",5",6\n'])
def test_a_cut_goes_back_over_every_line_within_quotes(tmp_path: Path, text: bytes) -> None:
    first, *_ = cut(text, tmp_path, size=12, chunk=100)
    assert first[1] == b"1,2,3\n"


def test_a_sheet_knows_the_figures_of_its_bytes(tmp_path: Path) -> None:
    [(segment, text)] = cut(b'1,"2",3\r\n"4\r\n",5,6\r\n', tmp_path, size=1000, chunk=1)
    made = sheet_of(segment, FileFormat(), THREE)
    assert made
    assert (made.size, made.newlines, made.quotes, made.plain_bytes) == (len(text), 3, 4, len(text) - 4)
    assert (made.ending, made.unended, segment.ended, segment.last) == (b"\r\n", False, True, True)
    assert made.path.read_bytes() == b"h,h,h\r\n" + text


@pytest.mark.parametrize(
    ("text", "dialect", "plain"),
    [
        (b"1,2,3\n", {}, True),
        (b"1,2,3\r\n4,5,6\r\n", {}, True),
        (b"1,2,3", {"line_ending": "crlf"}, True),
        (b"1,2,3\n4,5,6\r\n", {}, False),
        (b"1,2,3\r\n4,5,6\n", {}, False),
        (b"1,2,\r3\n", {}, False),
        (b"1,2,3\r\n", {"line_ending": "lf"}, False),
        (b"1,2,3\n", {"line_ending": "crlf"}, False),
        (b"1,2,3\r\n", {"line_ending": "crlf"}, True),
        (b"1,2,3\n", {"line_ending": "lf"}, True),
        (b"1,\0,3\n", {}, False),
        (b"#\n1,2,3\n", {"comment": "#"}, False),
        (b"1,2,3\n#\n", {"comment": "#"}, False),
        (b"1,#,3\n", {"comment": "#"}, True),
        (b"1,\\,3\n", {"escape": "\\"}, False),
        (b"1,\\,3\n", {}, True),
        (b'1,"2",3\n', {}, True),
        (b'1,""",3\n', {}, False),
    ],
)
def test_only_what_duckdb_reads_as_it_stands_goes_before_it(
    tmp_path: Path, text: bytes, dialect: dict[str, Any], *, plain: bool
) -> None:
    [(segment, _)] = cut(text, tmp_path, size=1000, chunk=1000, **dialect)
    assert (sheet_of(segment, FileFormat(**dialect), THREE) is not None) == plain


def sheet(text: bytes, folder: Path, **dialect: Any) -> tuple[Sheet, bytes]:
    [(segment, _)] = cut(text, folder, size=1000, chunk=1000, **dialect)
    made = grammar(**dialect)
    copy = copy_of(segment, text, scan(made, text, last=True), made, THREE)
    return copy, copy.path.read_bytes()


def test_a_copy_holds_the_good_records_and_where_they_stood(tmp_path: Path) -> None:
    copy, written = sheet(b'1,2,3\r\n\n"a\r\nb","c""",4\r\n5\n6,7,8', tmp_path)
    assert written == b'h,h,h\n1,2,3\n"a\r\nb","c""",4\n6,7,8'
    numbers = copy.numbering
    assert (numbers.own_record, numbers.own_line) == ([1, 2, 3], [1, 2, 4])
    assert (numbers.record, numbers.line) == ([1, 2, 4], [1, 3, 6])
    assert (copy.rows, copy.unended, copy.newlines, copy.ending) == (3, True, 3, b"\n")
    after = numbers.after(10, 100)
    assert (after.own_record, after.own_line, after.record, after.line) == (
        [1, 2, 3],
        [1, 2, 4],
        [11, 12, 14],
        [101, 103, 106],
    )


def test_escapes_are_written_anew_as_doubled_quotes(tmp_path: Path) -> None:
    _, written = sheet(b'1,"a\\"b\\\\",c\\d\n2,"",x\n', tmp_path, escape="\\")
    assert written == b'h,h,h\n1,"a""b\\",c\\d\n2,"",x\n'

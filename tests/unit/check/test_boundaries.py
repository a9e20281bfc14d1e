"""The checker's decisions one by one, at the edges where one more or one less makes a difference."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from suimon.check.header import read_head
from suimon.check.rules_as_sql import Key, rules_for
from suimon.check.tally import Tally, fault_of, measure
from suimon.check.trailer import judge_trailer
from suimon.check.verdict import BadCell, Code, Measurement, RuleCount, Verdict, shared, shown
from suimon.contract.file import Column, Condition, Metric, Tolerance, Trailer
from tests.unit.check.three_columns import ABC, contract, grammar

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


@pytest.mark.parametrize("header", ["\ufeffa,b,c\n", '"\ufeffa",b,c\n'])
def test_a_byte_order_mark_below_skipped_lines_is_told_as_one(header: str) -> None:
    """Seen nowhere, it would stand in a label that looks like the one that is missing."""
    [_, fault] = head_faults(b"x\n" + header.encode(), skip_lines=1)
    assert fault == (Code.BYTE_ORDER_MARK, 2, None, None, {})


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
        Column("c", "timestamp", format="%Y-%m-%d %H:%M:%S", partition="ds"),
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
    made = contract(Column("a", "date", format="%d.%m.%Y", partition="ds"))
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

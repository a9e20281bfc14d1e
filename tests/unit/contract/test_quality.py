"""Quality metrics: what is counted, its threshold, and how people read it."""

from collections.abc import Callable
from typing import Any

import pytest

from suimon.contract.file import Column, Metric, Tolerance
from suimon.contract.model import Contract

Draft = Callable[..., str]
Reads = Callable[[str], Contract]
Refused = Callable[[str], list[str]]

COLUMN = "name: a, logicalType: string, quality: [{{{}}}]"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("mustBe: 3", Metric("rowCount", minimum="3", maximum="3", text="exactly 3")),
        ("mustNotBe: 3", Metric("rowCount", minimum="3", maximum="3", negated=True, text="anything but 3")),
        ("mustBeGreaterThan: 3", Metric("rowCount", minimum="3", minimum_open=True, text="more than 3")),
        ("mustBeGreaterOrEqualTo: 3", Metric("rowCount", minimum="3", text="at least 3")),
        ("mustBeLessThan: 3.0", Metric("rowCount", maximum="3", maximum_open=True, text="less than 3")),
        ("mustBeLessOrEqualTo: 3", Metric("rowCount", maximum="3", text="at most 3")),
        ("mustBeBetween: [3, 500]", Metric("rowCount", minimum="3", maximum="500", text="from 3 to 500")),
        (
            "mustNotBeBetween: [3, 5]",
            Metric("rowCount", minimum="3", maximum="5", negated=True, text="less than 3 or more than 5"),
        ),
        (
            "mustBeGreaterThan: 100, type: library, severity: warning, unit: rows",
            Metric("rowCount", minimum="100", minimum_open=True, severity="warning", text="more than 100"),
        ),
    ],
)
def test_records_are_counted_against_a_threshold(draft: Draft, reads: Reads, said: str, read: Metric) -> None:
    contract = reads(draft(quality=f"{{metric: rowCount, {said}}}"))
    assert contract.metrics == (read,)
    assert Contract.from_json(contract.to_json()) == contract


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (
            "metric: nullValues, unit: percent, mustBeLessOrEqualTo: 0.50, severity: warning",
            Metric("nullValues", ("a",), maximum="0.5", unit="percent", severity="warning", text="at most 0.5 percent"),
        ),
        (
            "metric: missingValues, arguments: {missingValues: [null, '', N/A]}, mustBe: 0",
            Metric("missingValues", ("a",), minimum="0", maximum="0", values=("", "N/A"), text="exactly 0"),
        ),
        (
            "metric: invalidValues, arguments: {validValues: [A, B], pattern: ^.$}, mustBeLessThan: 10",
            Metric(
                "invalidValues",
                ("a",),
                maximum="10",
                maximum_open=True,
                values=("A", "B"),
                pattern="^.$",
                text="less than 10",
            ),
        ),
        (
            "metric: duplicateValues, mustBeBetween: [0, 100], unit: percent",
            Metric("duplicateValues", ("a",), minimum="0", maximum="100", unit="percent", text="from 0 to 100 percent"),
        ),
    ],
)
def test_cells_of_a_column_are_counted_at_its_property(draft: Draft, reads: Reads, said: str, read: Metric) -> None:
    contract = reads(draft(COLUMN.format(said)))
    assert contract.metrics == (read,)
    assert Contract.from_json(contract.to_json()) == contract


def test_combinations_are_counted_at_the_schema(draft: Draft, reads: Reads) -> None:
    quality = "{metric: duplicateValues, arguments: {properties: [code, day]}, mustBe: 0}"
    assert reads(draft(quality=quality)).metrics == (
        Metric("duplicateValues", ("code", "day"), minimum="0", maximum="0", text="exactly 0"),
    )


def test_valid_values_of_whole_numbers_are_numbers(draft: Draft, reads: Reads) -> None:
    said = "metric: invalidValues, arguments: {validValues: [1, 2]}, mustBeLessThan: 9"
    (metric,) = reads(draft(f"name: a, logicalType: integer, quality: [{{{said}}}]")).metrics
    assert metric.values == ("1", "2")


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("metric: nullValues, mustBe: 0", {"required": True}),
        ("metric: duplicateValues, mustBeLessOrEqualTo: 0", {"unique": True}),
        ("metric: invalidValues, arguments: {validValues: [A, B]}, mustBe: 0", {"allowed": ("A", "B")}),
        ("metric: invalidValues, arguments: {pattern: ^A$}, mustBe: 0, unit: percent", {"pattern": "^A$"}),
    ],
)
def test_a_metric_that_lets_no_cell_pass_is_a_rule_on_every_cell(
    draft: Draft, reads: Reads, said: str, rule: dict[str, Any]
) -> None:
    contract = reads(draft(f"name: a, logicalType: string, quality: [{{{said}}}]"))
    (column,) = (column for column in contract.columns if column.name == "a")
    assert (column, contract.metrics) == (Column("a", "string", **rule), ())


@pytest.mark.parametrize(
    "said",
    [
        "metric: nullValues, mustBe: 0, severity: warning",
        "metric: nullValues, mustNotBe: 0",
        "metric: nullValues, mustBeLessOrEqualTo: 1",
        "metric: missingValues, arguments: {missingValues: [N/A]}, mustBe: 0",
        "metric: invalidValues, arguments: {validValues: [A], pattern: ^A$}, mustBe: 0",
    ],
)
def test_any_other_metric_only_counts(draft: Draft, reads: Reads, said: str) -> None:
    contract = reads(draft(f"name: a, logicalType: string, quality: [{{{said}}}]"))
    assert len(contract.metrics) == 1
    assert Column("a", "string") in contract.columns


@pytest.mark.parametrize(
    ("said", "path", "problem"),
    [
        ("metric: rowCount", "", "needs a threshold: one of mustBe, mustNotBe, mustBeGreaterThan, "),
        ("metric: rowCount, mustBe: 3, mustBeLessThan: 9", "mustBeLessThan", "stands beside mustBe; write an entry of"),
        ("metric: rowCount, mustBe: 1.5", "mustBe", "must be a whole number of at least 0, is 1.5"),
        ("metric: rowCount, mustBe: -1", "mustBe", "must be a whole number of at least 0, is -1"),
        ("metric: rowCount, mustBe: many", "mustBe", "must be a whole number of at least 0, is 'many'"),
        ("metric: rowCount, mustBe: true", "mustBe", "must be a whole number of at least 0, is True"),
        ("metric: rowCount, mustBe: [1]", "mustBe", "must be a whole number of at least 0, is [1]"),
        ("metric: rowCount, mustBeLessThan: 0", "mustBeLessThan", "no file can keep it"),
        ("metric: rowCount, mustBeBetween: [5, 3]", "mustBeBetween", "must be two numbers, the smaller one first"),
        ("metric: rowCount, mustBeBetween: [3, 3]", "mustBeBetween", "must be two numbers, the smaller one first"),
        ("metric: rowCount, mustBeBetween: [3, x]", "mustBeBetween[1]", "must be a whole number"),
        ("metric: rowCount, mustBe: 1, unit: bytes", "unit", "must be one of rows, percent, is 'bytes'"),
        ("metric: rowCount, mustBe: 1, unit: percent", "unit", "the records are always 100 percent of the records"),
        ("metric: rowCount, mustBe: 1, severity: info", "severity", "must be one of error, warning, is 'info'"),
        ("metric: rowCount, mustBe: 1, type: sql", "type", "'sql' is not enforced; write type: library with a metric"),
        ("metric: rowCount, mustBe: 1, type: text", "type", "'text' is not enforced; write type: library with a metr"),
        ("metric: rowCount, mustBe: 1, engine: soda", "engine", "engine is not enforced for type: library; remove it"),
        ("metric: rowCount, mustBe: 1, query: q", "query", "is not enforced by any part of Suimon; write a condition"),
        ("metric: rowCount, mustBe: 1, scheduler: cron", "scheduler", "is not enforced by any part of Suimon; remove"),
        ("metric: rowCount, mustBe: 1, method: x", "method", "is not enforced by any part of Suimon; remove it"),
        ("metric: freshness, mustBe: 1", "metric", "must be one of rowCount, nullValues, missingValues, "),
        ("rule: rowCount, mustBe: 1", "", "metric is missing; add it"),
        ("mustBe: 1", "", "metric is missing; add it"),
        ("metric: rowCount, mustBe: 1, arguments: {pattern: ^a$}", "arguments.pattern", "pattern is not enforced for"),
        ("metric: rowCount, mustBe: 1, arguments: {colour: x}", "arguments.colour", "is not enforced by any part of"),
        ("metric: rowCount, mustBe: 1, arguments: x", "arguments", "must be a mapping"),
        ("metric: nullValues, mustBe: 0", "", "nullValues counts cells of one column; move it to the quality of a pro"),
        ("metric: duplicateValues, mustBe: 0", "", "duplicateValues needs arguments.properties here"),
        ("metric: duplicateValues, mustBe: 0, arguments: {properties: []}", "arguments.properties", "must be a list w"),
        (
            "metric: duplicateValues, mustBe: 0, arguments: {properties: [x]}",
            "arguments.properties[0]",
            "'x' is no col",
        ),
    ],
)
def test_a_metric_of_the_schema_that_cannot_be_kept_is_refused_at_its_line(
    draft: Draft, refused: Refused, said: str, path: str, problem: str
) -> None:
    text = draft(quality=f"{{{said}}}")
    line = 1 + text[: text.index("    quality:")].count("\n")
    where = f"schema[0].quality[0].{path}".rstrip(".")
    told = refused(text)
    assert any(one.startswith(f"{line}: {where}: {problem}") for one in told), told


@pytest.mark.parametrize(
    ("said", "path", "problem"),
    [
        ("metric: rowCount, mustBe: 1", "", "rowCount counts records; move it to the quality of the schema"),
        ("metric: nullValues, mustBe: 101, unit: percent", "mustBe", "must be a number from 0 to 100, is 101"),
        ("metric: nullValues, mustBeGreaterThan: 100, unit: percent", "mustBeGreaterThan", "no file can keep it"),
        ("metric: nullValues, mustNotBeBetween: [0, 100], unit: percent", "mustNotBeBetween", "no file can keep it"),
        ("metric: missingValues, mustBe: 0", "", "missingValues needs arguments.missingValues"),
        ("metric: missingValues, mustBe: 0, arguments: {missingValues: [null]}", "arguments.missingValues", "missingV"),
        (
            "metric: missingValues, mustBe: 0, arguments: {missingValues: [0]}",
            "arguments.missingValues[0]",
            "must be a",
        ),
        ("metric: invalidValues, mustBe: 0", "", "invalidValues needs arguments: validValues, pattern or both"),
        ("metric: invalidValues, mustBe: 0, arguments: {validValues: A}", "arguments.validValues", "must be a list wi"),
        (
            "metric: invalidValues, mustBe: 0, arguments: {validValues: ['']}",
            "arguments.validValues[0]",
            "'' is one of",
        ),
        ("metric: invalidValues, mustBe: 0, arguments: {pattern: (}", "arguments.pattern", "must start with ^ and end"),
        ("metric: invalidValues, mustBe: 0, arguments: {pattern: ^($}", "arguments.pattern", "is no RE2 expression"),
        (
            "metric: duplicateValues, mustBe: 0, arguments: {properties: [a]}",
            "arguments.properties",
            "is not enforced ",
        ),
    ],
)
def test_a_metric_of_a_property_that_cannot_be_kept_is_refused_at_its_line(
    draft: Draft, refused: Refused, said: str, path: str, problem: str
) -> None:
    text = draft(COLUMN.format(said))
    line = 1 + text[: text.index("name: a,")].count("\n")
    where = f"schema[0].properties[0].quality[0].{path}".rstrip(".")
    told = refused(text)
    assert any(one.startswith(f"{line}: {where}: {problem}") for one in told), told


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("{maxRows: 10}", Tolerance(max_rows=10)),
        ("{maxPercent: 0.10}", Tolerance(max_percent="0.1")),
        ("{maxRows: 10, maxPercent: 100}", Tolerance(10, "100")),
    ],
)
def test_a_tolerance_is_rows_or_a_share_or_both(draft: Draft, reads: Reads, said: str, read: Tolerance) -> None:
    contract = reads(draft(custom=f"property: tolerance, value: {said}"))
    assert contract.tolerance == read
    assert Contract.from_json(contract.to_json()) == contract


@pytest.mark.parametrize(
    ("said", "path", "problem"),
    [
        ("{}", "", "needs maxRows, maxPercent or both"),
        ("{maxRows: 0}", ".maxRows", "must be a whole number of at least 1, is 0"),
        ("{maxPercent: 0}", ".maxPercent", "must be a number above 0 and of at most 100, is 0"),
        ("{maxPercent: 101}", ".maxPercent", "must be a number above 0 and of at most 100, is 101"),
        ("{maxPercent: '1'}", ".maxPercent", "must be a number above 0 and of at most 100, is '1'"),
        ("{maxCells: 1}", ".maxCells", "is not enforced by any part of Suimon; remove it"),
        ("5", "", "must be a mapping, is 5"),
    ],
)
def test_a_tolerance_that_means_nothing_is_refused(
    draft: Draft, refused: Refused, said: str, path: str, problem: str
) -> None:
    text = draft(custom=f"property: tolerance, value: {said}")
    line = 1 + text[: text.index("tolerance")].count("\n")
    told = refused(text)
    assert any(one.startswith(f"{line}: customProperties[3].value{path}: {problem}") for one in told), told


def test_more_keys_than_a_check_has_memory_for_are_refused(draft: Draft, reads: Reads, refused: Refused) -> None:
    options = "logicalType: string, logicalTypeOptions: {maxLength: 9}"
    columns = [f"name: c{place}, {options}, unique: true" for place in range(9)]
    assert sum(column.unique for column in reads(draft(*columns[:8])).columns) == 8
    (problem,) = refused(draft(*columns))
    assert "9 columns or combinations are to be unique, more than 8" in problem
    both = "{metric: duplicateValues, mustBe: 0, arguments: {properties: [c0, c1]}}"
    (problem,) = refused(draft(*columns[:8], quality=both))
    assert "9 columns or combinations" in problem

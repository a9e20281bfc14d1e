"""Who mistypes one thing is told of that one thing, and not of what would follow from what stood in for it."""

from collections.abc import Callable

import pytest

from tests.unit.contract.conftest import DIALECT

Draft = Callable[..., str]
Refused = Callable[[str], list[str]]


@pytest.mark.parametrize(
    "column",
    [
        "name: a, logicalType: string, quality: [{metric: nullvalues, mustBe: 0}]",
        "name: a, logicalType: string, quality: [{metric: nullValues, unit: percents, mustBe: 1.5}]",
        "name: a, logicalType: int, logicalTypeOptions: {format: i64, minimum: 1}, enum: [{value: 1}]",
        "name: a, logicalType: int, quality: [{metric: invalidValues, arguments: {validValues: [1]}, mustBe: 0}]",
        (
            "name: a, logicalType: bool, "
            "customProperties: [{property: trueWords, value: [y]}, {property: falseWords, value: [n]}]"
        ),
        "name: a, logicalType: number, physicalType: decimal, logicalTypeOptions: {minimum: 0.5}",
        "name: a, logicalType: timestamp, logicalTypeOptions: {minimum: '2026-01-01T00:00:00Z'}",
        "name: a, logicalType: timestamp, logicalTypeOptions: {format: YYYY, minimum: '2026-01-01T00:00:00Z'}",
        "name: a, logicalType: integer, logicalTypeOptions: {format: int64, minimum: 5000000000}",
        "name: a, logicalType: string, logicalTypeOptions: {minLength: 5, maxLength: many}",
        "name: a, logicalType: string, required: 1, primaryKey: true",
        "name: a, logicalType: string, primaryKey: 1, primaryKeyPosition: 1",
        "name: a, logicalType: string, primaryKey: true, primaryKeyPosition: first",
    ],
)
def test_a_mistake_in_a_column_is_one_problem(draft: Draft, refused: Refused, column: str) -> None:
    assert len(told := refused(draft(column))) == 1, told


@pytest.mark.parametrize(
    "dialect",
    [
        DIALECT.replace("header: true", "header: 1, headerOrder: free"),
        DIALECT.replace("quote: '\"'", "quote: quotes"),
        f"{DIALECT}, compression: gz, maxRatio: 5",
        DIALECT.replace("delimiter: ','", "delimiter: .") + ", decimal: comma",
        f"{DIALECT}, trailer: {{marker: E, count: x, sums: [{{column: pieces, cell: 2}}]}}",
        f"{DIALECT}, trailer: {{marker: E, count: 2, sums: [{{column: pieces, cell: x}}]}}",
    ],
)
def test_a_mistake_in_a_dialect_is_one_problem(draft: Draft, refused: Refused, dialect: str) -> None:
    assert len(told := refused(draft(dialect=dialect))) == 1, told


def test_a_condition_is_not_held_to_a_type_that_nobody_wrote(draft: Draft, refused: Refused) -> None:
    condition = "{type: custom, engine: suimon, name: n, implementation: a > 0}"
    assert len(told := refused(draft("name: a, logicalType: int", quality=condition))) == 1, told


def test_a_deadline_that_is_no_text_is_one_problem(draft: Draft, refused: Refused) -> None:
    arrival = "property: arrival, value: {daysAfter: 1, deadline: 600, timeZone: Asia/Tokyo, lookbackDays: 5}"
    assert len(told := refused(draft(custom=arrival))) == 1, told

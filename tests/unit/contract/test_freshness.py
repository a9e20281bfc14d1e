"""How old a table may be: the clauses, and what of them would watch nothing."""

from __future__ import annotations

import json
from datetime import date, time
from typing import TYPE_CHECKING

import pytest

from suimon.contract.model import Contract
from suimon.contract.table_freshness import Age, OpenHours, TableFreshness

if TYPE_CHECKING:
    from collections.abc import Callable

WATCHED = """\
apiVersion: v3.1.0
kind: DataContract
version: "1"
schema:
  - name: events
    physicalName: mart.events
    properties:
      - {name: at, logicalType: timestamp}
      - {name: day, logicalType: date}
      - {name: kind, logicalType: string}
      - {name: pieces, logicalType: integer}
customProperties:
  - property: freshness
    value: {%s}
"""
HOURS = "column: at, errorAfter: {count: 12, period: h}"
DAYS = "column: day, errorAfter: {count: 2, period: d}"


def freshness(contract: Contract) -> TableFreshness:
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract
    assert contract.freshness
    return contract.freshness


def test_a_table_of_another_schema_without_a_dag_is_watched(reads: Callable[[str], Contract]) -> None:
    more = f"{HOURS}, warnAfter: {{count: 30, period: minutes}}"
    assert freshness(reads(WATCHED % more)) == TableFreshness(
        "mart.events", "at", Age(12, "h"), warn_after=Age(30, "min")
    )


def test_open_days_and_hours_are_declared_beside_it(reads: Callable[[str], Contract]) -> None:
    more = f'{HOURS}, weekdays: [mon], closures: [2026-11-23], timeZone: Asia/Tokyo, openFrom: "08:00"'
    found = freshness(reads(WATCHED % more))
    assert found.hours == OpenHours("Asia/Tokyo", time(8))
    assert found.calendar
    assert [found.calendar.is_open(date(2026, 11, day)) for day in (16, 17, 23)] == [True, False, False]


def test_the_word_of_odcs_counts_hours_and_minutes_too(
    draft: Callable[..., str], reads: Callable[[str], Contract]
) -> None:
    for unit, age in (("h", Age(3, "h")), ("min", Age(3, "min")), ("day", Age(3))):
        sla = f"{{property: freshness, value: 3, unit: {unit}, element: goods.at}}"
        assert freshness(reads(f"{draft()}\nslaProperties: [{sla}]\n")) == TableFreshness("goods", "at", age)


@pytest.mark.parametrize(
    ("condition", "sql"),
    [
        ("kind = 'x'", "kind = 'x'"),
        ("KIND = 'it''s' and pieces between 1 and 3", "kind = 'it''s' AND pieces BETWEEN 1 AND 3"),
        ('"Kind" is not null', "NOT kind IS NULL"),
        ("kind in ('a', 'b') or at >= date '2026-01-01'", "kind IN ('a', 'b') OR at >= CAST('2026-01-01' AS DATE)"),
        ("kind = 'x' -- ; DROP TABLE events", "kind = 'x'"),
    ],
)
def test_a_filter_is_written_anew_from_the_grammar_of_conditions(
    condition: str, sql: str, reads: Callable[[str], Contract]
) -> None:
    assert freshness(reads(WATCHED % f"{HOURS}, filter: {json.dumps(condition)}")).where == sql


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("kind = 'x'; DROP TABLE events", "must be one condition"),
        ("kind = (SELECT 1)", "may not stand in a condition"),
        ("pg_sleep(60) = 1", "may not stand in a condition"),
        ("kind = 'x' OR 1 / pieces = 1", "may not stand in a filter"),
        ("pieces % 2 = 0", "may not stand in a filter"),
        ("day = {ds}", "may not stand in a filter: a table is of no one date"),
        ("kind = 'x\\' OR 1=1 --'", "has a backslash"),
        ("kind = 'x\ty'", "has a backslash or a control character"),
        ("1 = 1", "reads no column: all rows would count, or none"),
        ("other = 1", "is no column"),
        ("mart.events.kind = 'x'", "is no column"),
        ("pieces = 'many'", "cannot be evaluated"),
        ("pieces + 1", "is no condition"),
        ("kind = '" + "x" * 400 + "'", "of at most 400 characters"),
        ("(" * 150 + "kind = 'x'" + ")" * 150, ""),
    ],
)
def test_a_filter_that_is_more_than_a_condition_is_refused(
    given: str, what: str, refused: Callable[[str], list[str]]
) -> None:
    (problem,) = refused(WATCHED % f"{HOURS}, filter: {json.dumps(given)}")
    assert "customProperties[0].value.filter: " in problem
    assert what in problem


@pytest.mark.parametrize(
    ("more", "where", "what"),
    [
        ("column: at", "value", "errorAfter is missing"),
        ("errorAfter: {count: 1, period: d}", "value", "column is missing"),
        (HOURS.replace("12", "0"), "errorAfter.count", "must be a whole number of at least 1"),
        (HOURS.replace("12", "2401"), "errorAfter.count", "must be at most 2400"),
        (HOURS.replace("period: h", "period: m"), "errorAfter.period", "write min, h or d"),
        (f"{HOURS}, warnAfter: {{count: 720, period: min}}", "warnAfter", "is not sooner than errorAfter"),
        (f"{HOURS}, warnAfter: {{count: 1, period: d}}", "warnAfter", "write both in days, or neither"),
        (HOURS.replace("at,", "day,"), "column", "is a date, which has no hours"),
        (HOURS.replace("at,", "pieces,"), "column", "is no date or timestamp"),
        (HOURS.replace("at,", "when,"), "column", "is no column here"),
        (f'{DAYS}, timeZone: Asia/Tokyo, openFrom: "08:00"', "openFrom", "counts hours, and errorAfter counts days"),
        (f'{HOURS}, openFrom: "08:00"', "value", "timeZone is missing"),
        (f'{HOURS}, timeZone: Mars, openFrom: "08:00"', "timeZone", "is no time zone"),
        (f'{HOURS}, timeZone: UTC, openFrom: "8:00"', "openFrom", "must be HH:MM"),
        (f'{HOURS}, timeZone: UTC, openFrom: "08:00", openUntil: "08:00"', "openUntil", "no hour would be open"),
        (f"{HOURS}, weekdays: []", "weekdays", "must be a list of mon, tue"),
        (f"{HOURS}, maxAge: 3", "maxAge", "is not enforced by any part of Suimon"),
    ],
)
def test_a_freshness_that_would_watch_nothing_is_refused(
    more: str, where: str, what: str, refused: Callable[[str], list[str]]
) -> None:
    (problem,) = refused(WATCHED % more)
    assert f"customProperties[0].value{'' if where == 'value' else f'.{where}'}: " in problem
    assert what in problem


def test_freshness_stands_in_one_place(refused: Callable[[str], list[str]]) -> None:
    sla = "{property: freshness, value: 3, unit: h, element: events.at}"
    (problem,) = refused(f"{WATCHED % HOURS}\nslaProperties: [{sla}]\n")
    assert "a second freshness is not enforced; keep one" in problem


@pytest.mark.parametrize("name", ["a.b.c", ".events", "mart.", "mart.Events", "order.events"])
def test_a_name_of_a_table_that_needs_quotes_is_refused(name: str, refused: Callable[[str], list[str]]) -> None:
    problems = refused((WATCHED % HOURS).replace("mart.events", f'"{name}"'))
    assert all("schema[0].physicalName: " in problem for problem in problems)

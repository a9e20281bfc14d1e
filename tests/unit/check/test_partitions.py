"""A record is held against the partition in its file's key, whatever the unit and the column: by kernel and by SQL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from suimon.check.verdict import Code
from suimon.contract.file import Column, Condition
from tests.unit.check.three_columns import contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.check.verdict import Verdict

DAY = Column("c", "date", format="%Y-%m-%d", required=True)
AT = Column("c", "timestamp", format="%Y-%m-%dT%H:%M:%S%z", required=True)
HOUR = Column("c", "integer", required=True)
STORE = Column("c", "string", required=True)
CASES = [
    ("ds", DAY, "2026-11-20T13", ["2026-11-20"], ["2026-11-21", "2026-11-19"]),
    ("hour", HOUR, "2026-11-20T13", ["13", "+13"], ["1", "12", "14", "-13"]),
    ("hour", HOUR, "2026-11-20T00", ["0", "00"], ["1", "24", "-1"]),
    (
        "hour",
        AT,
        "2026-11-20T13",
        ["2026-11-20T13:00:00+09:00", "2026-11-20T13:59:59Z"],
        ["2026-11-20T14:00:00Z", "2026-11-19T13:00:00Z", "2026-11-20T12:59:59+09:00"],
    ),
    ("month", DAY, "2026-02", ["2026-02-01", "2026-02-28"], ["2026-01-31", "2026-03-01", "2025-02-10"]),
    ("month", AT, "2026-02", ["2026-02-28T23:59:59-05:00"], ["2026-03-01T00:00:00+09:00", "2026-01-31T23:00:00Z"]),
    ("week", DAY, "2026-W53", ["2026-12-28", "2027-01-03"], ["2026-12-27", "2027-01-04"]),
    ("ds", DAY, "2026-11-20/store=S01", ["2026-11-20"], ["2026-11-21"]),
    ("store", STORE, "2026-11-20/store=S01", ["S01"], ["S02", "s01", "S011", "S0"]),
    ("store", STORE, "all/store=S01", ["S01"], ["S02"]),
]


@pytest.mark.parametrize(("role", "column", "partition", "good", "bad"), CASES)
def test_what_is_of_another_partition_is_bad(
    check: Callable[..., Verdict], role: str, column: Column, partition: str, good: list[str], bad: list[str]
) -> None:
    made = contract(replace(column, partition=role), Column("n", "integer"))
    text = "c,n\n" + "".join(f"{cell},1\n" for cell in [*good, *bad])
    found = [(cell.code, cell.record) for cell in check(text, made, partition).bad_cells]
    assert found == [(Code.PARTITION_ERROR, len(good) + number) for number in range(1, len(bad) + 1)]
    assert check(text, made, None).bad_cells == ()


def test_bounds_of_a_month_leave_the_bounds_of_its_column_as_they_are(check: Callable[..., Verdict]) -> None:
    made = contract(replace(DAY, partition="month", minimum="2026-02-10", maximum="2026-05-01"))
    found = [
        (cell.code, cell.record) for cell in check("c\n2026-02-09\n2026-02-10\n2026-03-01\n", made, "2026-02").bad_cells
    ]
    assert found == [(Code.MINIMUM_ERROR, 1), (Code.PARTITION_ERROR, 3)]


def test_the_day_of_an_hour_is_the_date_in_conditions(check: Callable[..., Verdict]) -> None:
    sql = "t0 = CAST('{ds}' AS DATE)"
    made = replace(contract(DAY), conditions=(Condition("of the day", sql, ("c",), "c = {ds}"),))
    [cell] = check("c\n2026-11-20\n2026-11-21\n", made, "2026-11-20T13").bad_cells
    assert (cell.code, cell.record) == (Code.CONDITION_ERROR, 2)

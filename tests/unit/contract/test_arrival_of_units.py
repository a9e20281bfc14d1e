"""When files of hours, weeks and months are due, and what says nothing of them."""

from __future__ import annotations

import json
from datetime import time
from typing import TYPE_CHECKING

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.model import Contract
from suimon.contract.odcs.arrival import MOST_AWAITED
from suimon.contract.partition import Unit

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = (
    "name: day, logicalType: date, required: true",
    "name: store, logicalType: string, required: true, logicalTypeOptions: {maxLength: 8}",
    "name: at, logicalType: timestamp, required: true, logicalTypeOptions: {format: 'yyyy-MM-dd HH:mm:ss'}",
)
KEYS = {
    Unit.DAY: ("g/{ds}.csv", "day"),
    Unit.HOUR: ("g/{ds}/{hour}.csv", "at"),
    Unit.WEEK: ("g/{week}.csv", "{week: at}"),
    Unit.MONTH: ("g/{month}.csv", "day"),
}
BY_THE_CLOCK = "minutesAfter: 20, timeZone: Asia/Tokyo, lookbackDays: 3"
BY_THE_WALL = 'daysAfter: 1, deadline: "06:00", timeZone: Asia/Tokyo, lookbackDays: 5'
RIGHT = {Unit.DAY: BY_THE_WALL, Unit.HOUR: BY_THE_CLOCK, Unit.WEEK: BY_THE_WALL, Unit.MONTH: BY_THE_WALL}
CLAUSES = {
    "minutesAfter": "20",
    "daysAfter": "1",
    "deadline": '"06:00"',
    "cron": '"0 6 * * *"',
    "weekdays": "[mon]",
    "monthDays": "[1]",
    "businessDays": "[1]",
    "holidays": "JP",
    "closures": "[2026-11-21]",
    "whenClosed": "next",
    "window": '{from: "01:00", until: "09:00", outside: hold}',
}
OF_HOURS = ("daysAfter", "deadline", "cron", "monthDays", "businessDays", "whenClosed", "window")
OF_LONGER = ("weekdays", "monthDays", "businessDays", "holidays", "closures", "whenClosed")


def contract_of(draft: Callable[..., str], unit: Unit, arrival: str, stores: int = 0) -> str:
    key, column = KEYS[unit]
    custom = [f"property: arrival, value: {{{arrival}}}", f"property: partition, value: {column}"]
    if stores:
        key, holds = (
            key.replace(".csv", "/{store}.csv"),
            f"{{{'ds' if unit is Unit.DAY else 'hour'}: {column}, store: store}}",
        )
        names = ", ".join(f"S{number}" for number in range(stores))
        custom[1:] = [f"property: partition, value: {holds}", f"property: parts, value: {{store: [{names}]}}"]
    return draft(*COLUMNS, custom="}\n  - {".join(custom)).replace("goods/{ds}.csv", key)


def test_a_file_of_an_hour_is_due_minutes_after_its_end(
    draft: Callable[..., str], reads: Callable[[str], Contract]
) -> None:
    contract = reads(contract_of(draft, Unit.HOUR, f"{BY_THE_CLOCK}, graceMinutes: 4319"))
    assert contract.arrival == Arrival(
        0, time(), "Asia/Tokyo", 3, grace_minutes=4_319, unit=Unit.HOUR, minutes_after=20
    )
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract


@pytest.mark.parametrize(
    ("arrival", "bounds"),
    [
        ("minutesAfter: 0, timeZone: UTC, lookbackDays: 1, graceMinutes: 1", (0, 1, 1)),
        ("minutesAfter: 10080, timeZone: UTC, lookbackDays: 31", (10_080, 31, 0)),
    ],
)
def test_a_file_of_an_hour_may_take_a_week_and_is_looked_for_over_a_month(
    arrival: str, bounds: tuple[int, int, int], draft: Callable[..., str], reads: Callable[[str], Contract]
) -> None:
    found = reads(contract_of(draft, Unit.HOUR, arrival)).arrival
    assert found
    assert (found.minutes_after, found.lookback_days, found.grace_minutes) == bounds


@pytest.mark.parametrize(
    ("arrival", "says"),
    [
        (BY_THE_CLOCK.replace("20", "10081"), ".minutesAfter: must be at most 10080, is 10081"),
        (BY_THE_CLOCK.replace("3", "32"), ".lookbackDays: must be at most 31, is 32"),
        (BY_THE_CLOCK.replace("3", "0"), ".lookbackDays: must be a whole number of at least 1, is 0"),
        (f"{BY_THE_CLOCK}, graceMinutes: 0", ".graceMinutes: must be a whole number of at least 1, is 0"),
        (
            f"{BY_THE_CLOCK}, graceMinutes: 4320",
            ".graceMinutes: ends after lookbackDays: no file would ever be missing",
        ),
        ("timeZone: UTC, lookbackDays: 1", ": minutesAfter is missing; add it"),
        ("minutesAfter: 20, timeZone: UTC, graceMinutes: 9999", ": lookbackDays is missing; add it"),
    ],
)
def test_what_no_file_of_an_hour_can_keep_to_is_refused(
    arrival: str, says: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    [problem] = refused(contract_of(draft, Unit.HOUR, arrival))
    assert problem.endswith(says)


@pytest.mark.parametrize(
    ("unit", "key", "says"),
    [
        (Unit.DAY, "minutesAfter", "of a day; write daysAfter and deadline"),
        *((Unit.HOUR, key, "of an hour; write minutesAfter") for key in OF_HOURS),
        *(
            (unit, key, f"of {each}; {instead}")
            for unit, each in ((Unit.WEEK, "a week"), (Unit.MONTH, "a month"))
            for keys, instead in (
                (("minutesAfter", "cron"), "write daysAfter and deadline, counted from its last day"),
                (OF_LONGER, "each has a file from firstDate to lastDate"),
            )
            for key in keys
        ),
    ],
)
def test_what_says_nothing_of_files_of_a_unit_is_refused_with_what_to_write(
    unit: Unit, key: str, says: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    problems = refused(contract_of(draft, unit, f"{RIGHT[unit]}, {key}: {CLAUSES[key]}"))
    assert any(problem.endswith(f".{key}: {key} says nothing of files {says}") for problem in problems)


@pytest.mark.parametrize(
    ("unit", "days", "stores", "count"),
    [(Unit.DAY, 100, 10, 1_000), (Unit.DAY, 101, 10, 1_010), (Unit.HOUR, 31, 1, 744), (Unit.HOUR, 21, 2, 1_008)],
)
def test_more_files_than_a_round_can_look_for_are_refused(
    unit: Unit,
    days: int,
    stores: int,
    count: int,
    draft: Callable[..., str],
    reads: Callable[[str], Contract],
    refused: Callable[[str], list[str]],
) -> None:
    arrival = (
        RIGHT[unit]
        .replace("lookbackDays: 5", f"lookbackDays: {days}")
        .replace("lookbackDays: 3", f"lookbackDays: {days}")
    )
    text = contract_of(draft, unit, arrival, stores)
    if count <= MOST_AWAITED:
        found = reads(text).arrival
        assert found
        assert found.lookback_days == days
    else:
        [problem] = refused(text)
        assert problem.endswith(
            f".lookbackDays: looks for {count:,} files, each a question to the ledger in every round; "
            f"at most {MOST_AWAITED:,}: look back over fewer days"
        )

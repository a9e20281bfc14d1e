"""When files of hours, weeks, months and stores are due, and what is missed of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.calendar import Calendar
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.partition import Part, Unit, partition_of
from suimon.freshness.expected import Facts, FileState, due_days, newest_due, state_of
from suimon.freshness.figures import MOST_READ, figures_of
from suimon.freshness.forecast import MOST_OF_ONE, forecast, warnings
from suimon.freshness.late_or_missing import judge_arrival, partitions_to_check
from suimon.incidents.kinds import Kind

HOURLY = Arrival(0, time(), "Asia/Tokyo", 1, unit=Unit.HOUR, minutes_after=20)
MONTHLY = Arrival(3, time(9), "Asia/Tokyo", 40, unit=Unit.MONTH)
WEEKLY = Arrival(1, time(9), "Asia/Tokyo", 10, unit=Unit.WEEK)
STORES = (Part("store", ("S01", "S02")),)
# 13:20 in Tokyo: the hour from 12 to 13 is due right now.
NOON = datetime(2026, 11, 20, 4, 20, tzinfo=UTC)


def contract(pattern: str, arrival: Arrival, parts: tuple[Part, ...] = ()) -> Contract:
    return Contract("sales", "1", "sales", key_pattern=KeyPattern(pattern, parts), arrival=arrival)


HOURS = contract("s/{ds}/{hour}.csv", HOURLY)


@pytest.mark.parametrize(
    ("arrival", "partition", "due"),
    [
        (HOURLY, "2026-11-20T12", datetime(2026, 11, 20, 4, 20, tzinfo=UTC)),
        (HOURLY, "2026-11-20T23", datetime(2026, 11, 20, 15, 20, tzinfo=UTC)),
        (MONTHLY, "2026-11", datetime(2026, 12, 3, 0, tzinfo=UTC)),
        (MONTHLY, "2026-02", datetime(2026, 3, 3, 0, tzinfo=UTC)),
        (WEEKLY, "2026-W47", datetime(2026, 11, 23, 0, tzinfo=UTC)),
        (replace(HOURLY, time_zone="America/New_York"), "2026-11-01T01", datetime(2026, 11, 1, 6, 20, tzinfo=UTC)),
    ],
)
def test_a_file_is_due_after_the_end_of_its_time(arrival: Arrival, partition: str, due: datetime) -> None:
    assert arrival.deadline_of(partition_of(partition)) == due


def test_every_hour_of_a_day_is_due_and_none_that_is_not_over() -> None:
    due = [str(of) for of in due_days(HOURLY, NOON)]
    assert (len(due), due[0], due[-1]) == (24, "2026-11-19T13", "2026-11-20T12")
    assert str(due_days(HOURLY, NOON - timedelta(seconds=1))[-1]) == "2026-11-20T11"
    assert str(newest_due(HOURLY, NOON)) == "2026-11-20T12"


def test_the_hour_that_summer_time_skips_has_no_file() -> None:
    york = replace(HOURLY, time_zone="America/New_York")
    due = [str(of) for of in due_days(york, datetime(2026, 3, 8, 12, tzinfo=UTC))]
    assert "2026-03-08T01" in due
    assert "2026-03-08T02" not in due
    assert "2026-03-08T03" in due
    assert len(due) == len(set(due))


def test_hours_of_closed_days_have_no_file() -> None:
    weekdays = replace(HOURLY, calendar=Calendar(weekdays=frozenset(range(5))))
    sunday = datetime(2026, 11, 22, 3, tzinfo=UTC)
    assert due_days(weekdays, sunday) == []
    assert str(newest_due(weekdays, sunday)) == "2026-11-20T23"


@pytest.mark.parametrize(
    ("arrival", "now", "due"),
    [
        (MONTHLY, datetime(2026, 12, 3, tzinfo=UTC), ["2026-10", "2026-11"]),
        (MONTHLY, datetime(2026, 12, 2, 23, 59, tzinfo=UTC), ["2026-10"]),
        (WEEKLY, datetime(2026, 11, 23, tzinfo=UTC), ["2026-W46", "2026-W47"]),
        (replace(MONTHLY, calendar=Calendar(first=date(2026, 11, 15))), datetime(2026, 12, 9, tzinfo=UTC), ["2026-11"]),
        (replace(MONTHLY, calendar=Calendar(last=date(2026, 10, 31))), datetime(2026, 12, 9, tzinfo=UTC), ["2026-10"]),
    ],
)
def test_weeks_and_months_are_due_by_their_last_day(arrival: Arrival, now: datetime, due: list[str]) -> None:
    assert [str(of) for of in due_days(arrival, now)] == due


def test_each_store_is_missed_by_itself() -> None:
    daily = contract("s/{ds}/{store}.csv", Arrival(0, time(9), "Asia/Tokyo", 1), STORES)
    now = datetime(2026, 11, 20, 1, tzinfo=UTC)
    checked = [partition for _, partition in partitions_to_check(Contracts((daily,)), [], now)]
    assert checked == ["2026-11-20/store=S02", "2026-11-20/store=S01"]
    check = judge_arrival(daily, checked[0], Facts(), now)
    assert check.problem
    assert (check.problem.kind, check.problem.about.partition) == (Kind.MISSING_FILE, "2026-11-20/store=S02")
    assert "s/2026-11-20/S02.csv" in str(check.problem.body)


def test_an_hour_is_late_and_missing_like_a_day() -> None:
    graced = replace(HOURS, arrival=replace(HOURLY, grace_minutes=10))
    hour = partition_of("2026-11-20T12")
    states = [state_of(graced, hour, Facts(), NOON + timedelta(minutes=minutes)) for minutes in (-1, 0, 10)]
    assert states == [FileState.NOT_DUE, FileState.LATE, FileState.MISSING]


def test_the_forecast_names_every_hour_and_its_key() -> None:
    found = forecast(Contracts((HOURS,)), lambda *_: Facts(), NOON, back=0, ahead=1)
    assert [(one.partition, one.key) for one in found[:2]] == [
        ("2026-11-20T12", "s/2026-11-20/12.csv"),
        ("2026-11-20T13", "s/2026-11-20/13.csv"),
    ]
    assert (len(found), found[0].day) == (25, "2026-11-20")


def test_more_hours_than_can_be_read_leave_a_share_unknown_and_are_said_to_be_left_out() -> None:
    asked: list[str] = []

    def facts(_dataset: str, partition: str) -> Facts:
        asked.append(partition)
        return Facts()

    found = figures_of(HOURS, facts, None, NOON)
    assert (len(asked), asked[-1], found.shares) == (MOST_READ, "2026-11-20T12", ())
    shown = forecast(Contracts((HOURS,)), lambda *_: Facts(), NOON, back=30, ahead=1)
    assert (len(shown), shown[-1].partition) == (MOST_OF_ONE, "2026-11-21T12")
    [told] = warnings(Contracts((HOURS,)), NOON, ahead=1, back=30)
    assert "the 400 nearest to now are shown, 345 others are left out" in told
    assert warnings(Contracts((HOURS,)), NOON, ahead=1, back=1) == []

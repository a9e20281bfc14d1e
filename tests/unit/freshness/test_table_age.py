"""How old a newest value is: by the clock, in open hours, over changes of summer time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from suimon.contract.calendar import EVERY_DAY, Calendar
from suimon.contract.model import Contract
from suimon.contract.table_freshness import Age, OpenHours, TableFreshness
from suimon.freshness.stale_tables import RETRY, Answer, checks, judge_answer, must_ask
from suimon.freshness.table_age import age_of, open_time
from suimon.incidents.kinds import Severity
from suimon.warehouse.table_state import TableState

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday, 18:00 in Tokyo
TABLE = TableFreshness("events", "at", Age(12, "h"), warn_after=Age(90, "min"))
WEEKDAYS = Calendar(weekdays=frozenset(range(5)))
OFFICE = OpenHours("Asia/Tokyo", time(8), time(20))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def state(age: timedelta, table: TableFreshness = TABLE, calendar: Calendar = EVERY_DAY) -> TableState:
    return judge_answer(table, Answer(asked_at=NOW, newest=NOW - age, rows=1), calendar, NOW)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(), TableState.FRESH),
        (90 * MINUTE, TableState.FRESH),
        (91 * MINUTE - timedelta(seconds=1), TableState.FRESH),
        (91 * MINUTE, TableState.AGING),
        (12 * HOUR, TableState.AGING),
        (12 * HOUR + MINUTE, TableState.STALE),
        (-10 * MINUTE, TableState.FRESH),
        (-10 * MINUTE - timedelta(seconds=1), TableState.FUTURE),
        (-9 * HOUR, TableState.FUTURE),  # a time on Tokyo's wall in a column of UTC
    ],
)
def test_hours_and_minutes_count_by_the_clock(age: timedelta, expected: TableState) -> None:
    assert state(age) is expected


def test_without_a_warning_a_table_is_fresh_until_it_is_stale() -> None:
    table = replace(TABLE, warn_after=None)
    assert [state(12 * HOUR, table), state(13 * HOUR, table)] == [TableState.FRESH, TableState.STALE]


def test_days_are_warned_of_from_midnight_to_midnight() -> None:
    table = TableFreshness("events", "day", Age(3), warn_after=Age(1))
    found = [state(timedelta(days=days), table) for days in range(5)]
    aging = TableState.AGING
    assert found == [TableState.FRESH, TableState.FRESH, aging, aging, TableState.STALE]


def test_closed_days_and_hours_do_not_count() -> None:
    # Friday 19:00 in Tokyo: an hour of Friday, and ten of Monday.
    friday = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert open_time(friday, NOW, WEEKDAYS, OFFICE) == 11 * HOUR
    assert open_time(friday, NOW, WEEKDAYS, OpenHours("Asia/Tokyo")) == 23 * HOUR
    assert open_time(friday, NOW, EVERY_DAY, OpenHours("Asia/Tokyo")) == NOW - friday
    office = replace(TABLE, hours=OFFICE)
    assert state(NOW - friday, office, WEEKDAYS) is TableState.AGING
    assert state(NOW - friday, office) is TableState.STALE


def test_a_moment_outside_the_open_hours_is_as_old_as_the_next_opening() -> None:
    night = datetime(2026, 11, 22, 13, tzinfo=UTC)  # 22:00 of Sunday in Tokyo
    assert open_time(night, NOW, EVERY_DAY, OFFICE) == 10 * HOUR
    assert open_time(night, night + 10 * HOUR, EVERY_DAY, OFFICE) == timedelta()


@pytest.mark.parametrize(("day", "hours"), [("2027-03-14", 23), ("2027-11-07", 25), ("2027-03-15", 24)])
def test_a_day_on_which_summer_time_changes_has_the_hours_that_it_has(day: str, hours: int) -> None:
    begin = datetime.fromisoformat(f"{day}T00:00:00-{'04' if day in ('2027-11-07', '2027-03-15') else '05'}:00")
    zone = OpenHours("America/New_York")
    assert open_time(begin, begin + 40 * HOUR, EVERY_DAY, zone) == 40 * HOUR
    only = Calendar(weekdays=frozenset({begin.weekday()}))
    assert open_time(begin, begin + 40 * HOUR, only, zone) == hours * HOUR


def test_what_is_older_than_a_thousand_days_counts_in_full() -> None:
    closed = Calendar(weekdays=frozenset())
    day = timedelta(days=1)
    assert age_of(TABLE, NOW - 1000 * day, closed, NOW).counted == 0
    assert age_of(TABLE, NOW - 1000 * day - MINUTE, closed, NOW).counted == 1000 * 24 * 60 + 1


def test_an_aging_table_is_warned_of_and_a_stale_one_is_an_error_of_the_same_incident() -> None:
    contract = Contract("events", "1", "events", freshness=TABLE)
    found = {}
    for age in (2 * HOUR, 13 * HOUR):
        [_, check] = checks(contract, Answer(asked_at=NOW, newest=NOW - age, rows=1), "there", NOW, is_behind=False)
        assert check.problem
        found[check.problem.fingerprint] = check.problem.how_bad
        assert str(check.incident_id) == "stale-table:events"
    assert found == {"aging": Severity.WARNING, "stale": Severity.ERROR}


@pytest.mark.parametrize(
    ("newest", "asked", "expected"),
    [
        (2 * HOUR, 50 * MINUTE, True),  # it was fresh when it was asked
        (3 * HOUR, 50 * MINUTE, False),  # it was aging already
        (3 * HOUR, RETRY, True),
        (12 * HOUR + 10 * MINUTE, 20 * MINUTE, True),  # it was aging, and is stale now: is it?
    ],
)
def test_a_table_is_asked_before_a_worse_state_is_told(newest: timedelta, asked: timedelta, *, expected: bool) -> None:
    contract = Contract("events", "1", "events", freshness=TABLE)
    known = Answer(asked_at=NOW - asked, newest=NOW - newest, rows=1)
    assert must_ask(contract, known, None, NOW, timedelta(days=1)) is expected

"""A file's volume beside comparable days."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from suimon.contract.calendar import Calendar
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Arrival, Contract
from suimon.contract.volume import Bound, Measure, Volume
from suimon.drops.states import State
from suimon.drops.volume import Amount, comparable_days, compare
from tests.unit.drop_records import drop_record

SALES = Contract("sales", "1", "sales", key_pattern=KeyPattern("sales/{ds}.csv"))
HALF = Volume((Bound(Measure.ROWS, "few", 50),), 3)
MONDAY = date(2026, 11, 23)  # a public holiday in Japan


def days_before(contract: Contract, day: date, needed: int = 3) -> list[date]:
    return list(comparable_days(contract, day, needed))


def test_weekdays_are_compared_with_weekdays_and_weekends_with_weekends() -> None:
    assert [day.day for day in days_before(SALES, MONDAY)[:6]] == [20, 19, 18, 17, 16, 13]
    assert [day.day for day in days_before(SALES, date(2026, 11, 22))[:3]] == [21, 15, 14]


def test_a_date_without_a_file_is_no_comparable_day() -> None:
    closed = Calendar(closed=frozenset({date(2026, 11, 19)}))
    arrival = Arrival(1, time(6), "Asia/Tokyo", 5, calendar=closed)
    contract = Contract("sales", "1", "sales", key_pattern=KeyPattern("sales/{ds}.csv"), arrival=arrival)
    assert [day.day for day in days_before(contract, MONDAY)[:2]] == [20, 18]


def test_no_more_than_three_times_the_days_that_are_needed_are_looked_at() -> None:
    assert len(days_before(SALES, MONDAY, 5)) == 15
    assert days_before(SALES, date(1, 1, 2)) == [date(1, 1, 1)]


def rows(*numbers: int) -> list[Amount]:
    return [Amount(number, 10 * number) for number in numbers]


@pytest.mark.parametrize(("found", "breaks"), [(500, False), (499, True), (0, True), (1_000_000, False)])
def test_a_bound_is_to_one_side_and_includes_itself(found: int, *, breaks: bool) -> None:
    compared = compare(HALF, Amount(found, 1), rows(1_000, 1_000, 1_000))
    assert bool(compared.breaches) is breaks


def test_one_odd_day_does_not_move_the_median() -> None:
    assert not compare(HALF, Amount(500, 1), rows(1_000, 1_000_000, 900)).breaches
    assert compare(HALF, Amount(499, 1), rows(1_000, 0, 1_100)).breaches


def test_much_is_a_bound_of_its_own() -> None:
    most = Volume((Bound(Measure.BYTES, "many", 300),), 3)
    assert not compare(most, Amount(1, 3_000), rows(100, 100, 100)).breaches
    [bound] = compare(most, Amount(1, 3_001), rows(100, 100, 100)).breaches
    assert bound.measure is Measure.BYTES


def test_too_little_history_is_a_state_and_says_nothing_of_the_file() -> None:
    compared = compare(HALF, Amount(0, 0), rows(1_000, 1_000))
    assert (compared.is_known, compared.breaches) == (False, ())
    assert str(compared) == "not enough history: 2 of 3 comparable days"


def test_the_state_of_a_volume_is_told_in_numbers() -> None:
    assert str(compare(HALF, Amount(1_200, 1), rows(1_000, 1_100, 1_050))) == (
        "usual: rows 1,200, median 1,050; 3 comparable days"
    )
    unusual = compare(HALF, Amount(12, 1), rows(1_000, 1_100, 1_050))
    assert str(unusual).startswith("unusual: rows 12, median 1,050")
    assert unusual.details(unusual.breaches[0])["percent"] == "1"


def test_a_median_of_nothing_has_no_percentage() -> None:
    assert not compare(HALF, Amount(0, 1), rows(0, 0, 0)).breaches


def test_a_day_has_what_its_last_loaded_write_has() -> None:
    first = drop_record(State.SUPERSEDED, rows=10)
    loaded = drop_record(State.LOADED, version="v2", rows=20)
    later = drop_record(State.REJECTED, version="v3", rows=0)
    assert Amount.loaded([first, loaded, later]) == Amount(20, 10)
    assert Amount.loaded([first, later]) is None


def test_days_before_the_calendar_begins_are_no_history() -> None:
    assert days_before(SALES, MONDAY)[-1] > MONDAY - timedelta(days=30)

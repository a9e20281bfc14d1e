"""The state of an expected file, and which dates are due or make a table fresh."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.calendar import Calendar
from suimon.contract.dates import Window
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract
from suimon.contract.partition import Partition
from suimon.contract.set_rule import SetRule
from suimon.drops.drop import Drop, DropRecord
from suimon.drops.hold import Hold
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.freshness.expected import (
    Facts,
    FileState,
    days_that_make_fresh,
    missing_from,
    newest_due,
    not_corrected,
    state_of,
)

TOKYO = Arrival(1, time(6), "Asia/Tokyo", 5, grace_minutes=30)
SALES = Contract("sales", "1", "sales_fact", key_pattern=KeyPattern("sales/{ds}/sales.csv"), arrival=TOKYO)
DAY = Partition.of_day(date(2026, 11, 20))  # a Friday
DUE = datetime(2026, 11, 20, 21, tzinfo=UTC)  # 06:00 of the 21st in Tokyo
SECOND = timedelta(seconds=1)
GRACE = timedelta(minutes=30)
NOTHING = Facts()
HOLD = Hold(dataset="sales", reason="closing", who="ann", since=DUE - GRACE)


def on(year: int, month: int, day: int) -> Partition:
    return Partition.of_day(date(year, month, day))


def drop(state: State, number: int = 1, *, at: datetime = DUE - SECOND, key: str = "") -> DropRecord:
    written = Drop("raw", key or "sales/2026-11-20/sales.csv", f"v{number}", "etag", 10, f"0{number}")
    loaded = at if state is State.LOADED else None
    return DropRecord(written, Match("sales", "2026-11-20"), state, 1, at, at, loaded_at=loaded)


def came(*drops: DropRecord, held: bool = False) -> FileState | None:
    return state_of(SALES, DAY, Facts(drops=drops, hold=HOLD if held else None), DUE)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (DUE - SECOND, FileState.NOT_DUE),
        (DUE, FileState.LATE),
        (DUE + GRACE - SECOND, FileState.LATE),
        (DUE + GRACE, FileState.MISSING),
    ],
)
def test_a_file_that_has_not_come_is_late_at_its_deadline_and_missing_after_the_grace(
    now: datetime, state: FileState
) -> None:
    assert state_of(SALES, DAY, NOTHING, now) is state


def test_without_grace_a_file_is_missing_at_its_deadline() -> None:
    strict = replace(SALES, arrival=replace(TOKYO, grace_minutes=0))
    assert state_of(strict, DAY, NOTHING, DUE) is FileState.MISSING


@pytest.mark.parametrize("now", [DUE - SECOND, DUE + GRACE])
def test_a_file_that_will_not_come_is_waived_at_any_time(now: datetime) -> None:
    assert state_of(SALES, DAY, Facts(waived="a strike"), now) is FileState.WAIVED


def test_a_date_that_its_calendar_closes_is_no_expected_file() -> None:
    weekdays = replace(SALES, arrival=replace(TOKYO, calendar=Calendar(weekdays=frozenset(range(5)))))
    assert state_of(weekdays, on(2026, 11, 21), NOTHING, DUE + timedelta(days=9)) is None
    assert state_of(weekdays, on(2026, 11, 20), NOTHING, DUE + timedelta(days=9)) is FileState.MISSING


def test_a_dataset_without_deadlines_expects_nothing_and_knows_what_has_come() -> None:
    free = replace(SALES, arrival=None)
    assert state_of(free, DAY, NOTHING, DUE) is None
    assert state_of(free, DAY, Facts(drops=[drop(State.LOADED, at=DUE + 9 * GRACE)]), DUE) is FileState.LOADED


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (State.RECEIVED, FileState.LOADING),
        (State.VALIDATING, FileState.LOADING),
        (State.ACCEPTED, FileState.LOADING),
        (State.TRIGGERED, FileState.LOADING),
        (State.UNMATCHED, FileState.LOADING),
        (State.REJECTED, FileState.REJECTED),
        (State.GONE, FileState.REJECTED),
        (State.FAILED, FileState.NOT_LOADED),
        (State.CLOSED, FileState.NOT_LOADED),
        (State.SUPERSEDED, FileState.NOT_LOADED),
        (State.DUPLICATE, FileState.NOT_LOADED),
        (State.LOADED, FileState.LOADED),
    ],
)
def test_what_has_come_has_the_state_of_its_drop_whatever_a_person_said(state: State, found: FileState) -> None:
    assert came(drop(state)) is found
    assert state_of(SALES, DAY, Facts(drops=[drop(state)], waived="a strike"), DUE) is found


@pytest.mark.parametrize("state", [State.REJECTED, State.GONE, State.FAILED, State.CLOSED, State.RETRACTED])
def test_of_what_came_to_nothing_a_person_may_say_that_nothing_else_will_come(state: State) -> None:
    for_nothing = drop(state)
    said = for_nothing.updated_at + GRACE
    assert state_of(SALES, DAY, Facts(drops=[for_nothing], waived="gone", waived_at=said), DUE) is FileState.WAIVED
    again = drop(state, at=said + GRACE)
    found = state_of(SALES, DAY, Facts(drops=[for_nothing, again], waived="gone", waived_at=said), DUE)
    assert found in (FileState.REJECTED, FileState.NOT_LOADED)


@pytest.mark.parametrize("state", [State.LOADED, State.ACCEPTED, State.TRIGGERED])
def test_what_is_loaded_or_on_its_way_is_so_whatever_a_person_says(state: State) -> None:
    came_in = drop(state)
    facts = Facts(drops=[came_in], waived="gone", waived_at=came_in.updated_at + GRACE)
    assert state_of(SALES, DAY, facts, DUE) is came(came_in)


def test_every_state_of_a_drop_has_a_place() -> None:
    assert {came(drop(state)) for state in State} <= set(FileState)


def test_a_file_is_loaded_late_once_it_would_have_been_missing() -> None:
    assert came(drop(State.LOADED, at=DUE + GRACE - SECOND)) is FileState.LOADED
    assert came(drop(State.LOADED, at=DUE + GRACE)) is FileState.LOADED_LATE


def test_a_replay_makes_no_file_late_that_was_loaded_in_time() -> None:
    again = replace(drop(State.LOADED, at=DUE + timedelta(days=30)), loaded_at=DUE - SECOND, attempt=2)
    assert came(again) is FileState.LOADED


def test_what_is_loaded_stands_in_the_table_until_its_correction_is() -> None:
    assert came(drop(State.LOADED, 1), drop(State.REJECTED, 2)) is FileState.LOADED
    assert came(drop(State.LOADED, 1), drop(State.TRIGGERED, 2)) is FileState.LOADED
    assert came(drop(State.LOADED, 1), drop(State.LOADED, 2, at=DUE + 2 * GRACE)) is FileState.LOADED


def test_a_correction_on_its_way_is_loading_and_the_last_verdict_counts() -> None:
    assert came(drop(State.REJECTED, 1), drop(State.VALIDATING, 2)) is FileState.LOADING
    assert came(drop(State.REJECTED, 1), drop(State.FAILED, 2)) is FileState.NOT_LOADED
    assert came(drop(State.FAILED, 1), drop(State.REJECTED, 2)) is FileState.REJECTED
    assert came(drop(State.REJECTED, 1), drop(State.DUPLICATE, 2)) is FileState.REJECTED


def test_what_waits_in_a_dataset_that_is_held_is_held_and_what_ended_is_not() -> None:
    assert came(drop(State.ACCEPTED), held=True) is FileState.HELD
    assert came(drop(State.ACCEPTED), drop(State.RECEIVED, 2), held=True) is FileState.HELD
    assert came(drop(State.RECEIVED), held=True) is FileState.LOADING
    assert came(drop(State.TRIGGERED), drop(State.ACCEPTED, 2), held=True) is FileState.LOADING
    assert came(drop(State.LOADED), held=True) is FileState.LOADED
    assert came(drop(State.REJECTED), held=True) is FileState.REJECTED


def test_a_shard_is_not_its_set() -> None:
    rule = SetRule(2, None, None, reload=False, complete_within_minutes=60)
    orders = replace(SALES, key_pattern=KeyPattern("sales/{ds}/{shard}.csv"), set_rule=rule)
    shard = drop(State.LOADED, 1, key="sales/2026-11-20/a.csv")
    whole = drop(State.LOADED, 2, key="sales/2026-11-20/{shard}.csv")
    assert state_of(orders, DAY, Facts(drops=[shard]), DUE) is FileState.NOT_LOADED
    assert state_of(orders, DAY, Facts(drops=[shard, whole]), DUE) is FileState.LOADED
    waiting = drop(State.ACCEPTED, 3, key="sales/2026-11-20/b.csv")
    assert state_of(orders, DAY, Facts(drops=[shard, waiting]), DUE) is FileState.LOADING


def test_the_newest_due_date_is_the_last_whose_grace_is_over() -> None:
    assert newest_due(TOKYO, DUE + GRACE - SECOND) == on(2026, 11, 19)
    assert newest_due(TOKYO, DUE + GRACE) == DAY


def test_the_newest_due_date_of_a_feed_of_months_lies_far_back() -> None:
    monthly = replace(TOKYO, calendar=Calendar(month_days=(29,)))
    assert newest_due(monthly, datetime(2027, 3, 29, tzinfo=UTC)) == on(2027, 1, 29)
    leap = replace(TOKYO, calendar=Calendar(month_days=(29,), first=date(2024, 2, 29), last=date(2024, 2, 29)))
    assert newest_due(leap, datetime(2026, 5, 8, tzinfo=UTC)) == on(2024, 2, 29)
    assert newest_due(leap, datetime(2026, 5, 11, tzinfo=UTC)) is None


def test_a_dataset_that_has_not_begun_has_no_due_date() -> None:
    new = replace(TOKYO, calendar=Calendar(first=date(2026, 11, 20)))
    assert newest_due(new, DUE) is None
    assert days_that_make_fresh(new, 1, DUE) == []


def test_one_of_the_dates_that_were_due_within_the_age_must_be_loaded() -> None:
    now = DUE + GRACE
    assert days_that_make_fresh(TOKYO, 1, now) == [on(2026, 11, 19), DAY]
    assert days_that_make_fresh(TOKYO, 1, now - SECOND) == [on(2026, 11, 18), on(2026, 11, 19)]
    assert days_that_make_fresh(TOKYO, 2, now) == [on(2026, 11, 18), on(2026, 11, 19), DAY]


def test_closed_days_give_the_files_before_them_more_time() -> None:
    weekdays = replace(TOKYO, calendar=Calendar(weekdays=frozenset(range(5))))
    monday = datetime(2026, 11, 23, 3, tzinfo=UTC)  # the newest due is Friday's
    assert days_that_make_fresh(weekdays, 1, monday) == [on(2026, 11, 20)]
    sunday = monday - timedelta(days=1)
    assert days_that_make_fresh(weekdays, 1, sunday) == [on(2026, 11, 18), on(2026, 11, 19), on(2026, 11, 20)]


def test_the_grace_begins_at_the_deadline_on_the_wall() -> None:
    spring = replace(TOKYO, deadline=time(2, 30), time_zone="America/New_York")
    assert missing_from(spring, on(2026, 3, 7)) == datetime(2026, 3, 8, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ((State.LOADED,), None),
        ((State.REJECTED, State.LOADED), None),
        ((State.LOADED, State.REJECTED), State.REJECTED),
        ((State.LOADED, State.FAILED), State.FAILED),
        ((State.LOADED, State.REJECTED, State.DUPLICATE), State.REJECTED),
        ((State.LOADED, State.REJECTED, State.LOADED), None),
        ((State.LOADED, State.REJECTED, State.CLOSED), None),
        ((State.LOADED, State.TRIGGERED), None),
        ((State.REJECTED,), None),
    ],
)
def test_a_loaded_date_is_not_corrected_where_what_was_sent_last_came_to_nothing(
    states: tuple[State, ...], found: State | None
) -> None:
    drops = [drop(state, number) for number, state in enumerate(states)]
    assert not_corrected(SALES, Facts(drops=drops)) is found


def test_a_file_that_waits_for_its_window_is_held_until_it_opens() -> None:
    window = Window(time(12), time(13))
    assert SALES.arrival
    contract = replace(SALES, arrival=replace(SALES.arrival, window=window))
    came = drop(State.ACCEPTED)
    facts, opens = Facts(drops=[came]), window.next_opening(came.received_at, SALES.arrival.time_zone)
    assert not window.has(came.received_at, SALES.arrival.time_zone)
    states = [state_of(contract, DAY, facts, opens + late) for late in (-SECOND, timedelta())]
    assert states == [FileState.HELD, FileState.LOADING]
    released = replace(HOLD, since=came.received_at, released_at=came.received_at + SECOND)
    assert state_of(contract, DAY, replace(facts, hold=released), opens - SECOND) is FileState.LOADING

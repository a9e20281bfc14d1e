"""What a hold keeps from running, what has waited for it, and for how long it excuses a table that is behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.dates import Outside, Window
from suimon.contract.model import Contract
from suimon.drops.drop import Retraction
from suimon.drops.hold import (
    CATCHING_UP,
    WINDOW,
    Hold,
    hold_as_recorded,
    hold_on,
    is_held,
    outlasted,
    waits_since,
)
from suimon.drops.states import State
from tests.unit.drop_records import HOUR, MINUTE, NOON, drop_record

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.drop import DropRecord

ACCEPTED = drop_record(State.ACCEPTED)
OPEN = Hold(dataset="sales", reason="the month is being closed", who="ann", since=NOON - HOUR)
UNTIL_NOON = replace(OPEN, until=NOON)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("record", "hold", "held"),
    [
        (ACCEPTED, OPEN, True),
        (ACCEPTED, replace(OPEN, until=NOON + MINUTE), True),
        (ACCEPTED, UNTIL_NOON, False),
        (ACCEPTED, None, False),
        (drop_record(State.RECEIVED), OPEN, False),
    ],
)
def test_an_accepted_file_of_a_held_dataset_is_held_and_nothing_else(
    record: DropRecord, hold: Hold | None, *, held: bool
) -> None:
    assert is_held(record, hold, NOON) is held


def test_a_hold_excuses_the_table_until_an_hour_after_its_end() -> None:
    assert OPEN.excuses(NOON + 1000 * HOUR)
    assert UNTIL_NOON.excuses(NOON + CATCHING_UP - MOMENT)
    assert not UNTIL_NOON.excuses(NOON + CATCHING_UP)


def test_a_file_waits_for_something_else_from_the_end_of_its_hold_on() -> None:
    before = drop_record(State.ACCEPTED, since=NOON - MINUTE)
    after = drop_record(State.ACCEPTED, since=NOON + MINUTE)
    assert waits_since(before, UNTIL_NOON) == NOON
    assert waits_since(after, UNTIL_NOON) == NOON + MINUTE
    assert waits_since(before, OPEN) == waits_since(before, None) == NOON - MINUTE
    assert waits_since(drop_record(State.TRIGGERED, since=NOON - MINUTE), UNTIL_NOON) == NOON - MINUTE


def test_a_file_that_was_accepted_before_the_end_has_waited_for_the_hold() -> None:
    assert outlasted(drop_record(State.ACCEPTED, since=NOON - MOMENT), UNTIL_NOON)
    assert not outlasted(ACCEPTED, UNTIL_NOON)
    assert not outlasted(ACCEPTED, OPEN)
    assert not outlasted(ACCEPTED, None)


# ---------------------------------------------------------------- windows

NIGHT = Window(time(1), time(9))  # in Tokyo, where it is 21:00 at NOON: it opens at 16:00 in UTC
DUE = Arrival(1, time(6), "Asia/Tokyo", 5, window=NIGHT)
SALES = Contract("sales", "1", "sales", arrival=DUE)
OPENS = NOON + 4 * HOUR


def test_what_comes_outside_its_window_is_held_until_it_opens() -> None:
    hold = hold_on(ACCEPTED, SALES, None)
    assert hold
    assert (hold.since, hold.until, is_held(ACCEPTED, hold, OPENS - MOMENT)) == (NOON, OPENS, True)
    assert not is_held(ACCEPTED, hold, OPENS)
    assert "01:00 to 09:00 Asia/Tokyo" in hold.reason
    assert hold.who == WINDOW


@pytest.mark.parametrize(
    "record",
    [
        drop_record(State.ACCEPTED, since=OPENS),
        replace(ACCEPTED, attempt=2),
        replace(ACCEPTED, retraction=Retraction("wrong", 1, "0A", "another", "data.csv", 5)),
    ],
    ids=["it came within", "a replay", "a retraction"],
)
def test_what_came_within_its_window_and_what_a_person_wants_now_is_not_held(record: DropRecord) -> None:
    assert hold_on(record, SALES, None) is None


@pytest.mark.parametrize("outside", [Outside.REJECT, Outside.ACCEPT])
def test_a_window_that_does_not_hold_keeps_nothing_from_running(outside: Outside) -> None:
    contract = replace(SALES, arrival=replace(DUE, window=replace(NIGHT, outside=outside)))
    assert hold_on(ACCEPTED, contract, OPEN) is OPEN
    assert hold_on(ACCEPTED, None, OPEN) is OPEN


@pytest.mark.parametrize(
    ("hold", "until"),
    [
        (OPEN, None),
        (replace(OPEN, until=OPENS), OPENS),
        (replace(OPEN, until=OPENS - MOMENT), OPENS),
        (replace(OPEN, until=OPENS + HOUR), OPENS + HOUR),
        (replace(OPEN, released_at=NOON - MOMENT), OPENS),  # before it came
    ],
)
def test_of_a_hold_and_a_window_that_counts_which_ends_later(hold: Hold, until: datetime | None) -> None:
    found = hold_on(ACCEPTED, SALES, hold)
    assert found
    assert found.ends_at == until


def test_a_person_who_releases_it_after_it_came_opens_its_window_too() -> None:
    released = replace(OPEN, released_at=NOON)
    assert hold_on(ACCEPTED, SALES, released) is released


def test_people_see_the_hold_that_ends_later_of_a_window_as_it_was_recorded_and_of_the_dataset() -> None:
    recorded = replace(ACCEPTED, opens_at=OPENS)
    longer = replace(OPEN, until=OPENS + HOUR)
    assert hold_as_recorded(ACCEPTED, OPEN) is OPEN
    assert hold_as_recorded(recorded, longer) is longer
    found = hold_as_recorded(recorded, UNTIL_NOON)
    assert found
    assert (found.dataset, found.who, found.until, found.reason) == (
        "sales",
        WINDOW,
        OPENS,
        "it came outside its window",
    )

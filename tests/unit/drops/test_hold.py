"""What a hold keeps from running, what has waited for it, and for how long it excuses a table that is behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.drops.hold import CATCHING_UP, Hold, is_held, outlasted, waits_since
from suimon.drops.states import State
from tests.unit.drop_records import HOUR, MINUTE, NOON, drop_record

if TYPE_CHECKING:
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

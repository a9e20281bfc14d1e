"""What the gate does next with a drop, by the state that it is in. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.drops.states import STATES, Awaits

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.drop import DropRecord


class Step(StrEnum):
    """What to do with a drop that an event, a redelivery or a replay brings up."""

    CHECK = "check"  # claim it and read it
    TRIGGER = "trigger"  # it is accepted, its run may not be there yet
    WAIT = "wait"  # somebody checks it under a lease that has not expired
    NOTHING = "nothing"  # it waits for others, or is at an end


_STEPS = {Awaits.CHECK: Step.CHECK, Awaits.RUN: Step.TRIGGER}


def next_step(record: DropRecord, now: datetime) -> Step:
    """Choose by the drop's state; a lease that has expired belonged to a function that crashed."""
    meaning = STATES[record.state]
    if meaning.leased and record.is_leased(now):
        return Step.WAIT
    return _STEPS.get(meaning.awaits, Step.NOTHING)

"""What the gate does next with a drop, by the state that it is in and what others do to it. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.drops.hold import outlasted
from suimon.drops.states import STATES, Awaits, Counts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold


class Step(StrEnum):
    """What to do with a drop that an event, a redelivery or a replay brings up."""

    CHECK = "check"  # claim it and read it
    TRIGGER = "trigger"  # it is accepted, its run may not be there yet
    WAIT = "wait"  # somebody checks it under a lease that has not expired
    NOTHING = "nothing"  # it waits for others, or is at an end


class Start(StrEnum):
    """What to do with an accepted drop that has a run of its own."""

    RUN = "run"  # start its run
    HOLD = "hold"  # leave it: the sweep resumes it when the hold of its dataset has ended
    SUPERSEDE = "supersede"  # end it: while it was held, a later write of its slot was accepted


_STEPS = {Awaits.CHECK: Step.CHECK, Awaits.RUN: Step.TRIGGER}


def next_step(record: DropRecord, now: datetime) -> Step:
    """Choose by the drop's state; a lease that has expired belonged to a function that crashed."""
    meaning = STATES[record.state]
    if meaning.leased and record.is_leased(now):
        return Step.WAIT
    return _STEPS.get(meaning.awaits, Step.NOTHING)


def next_start(record: DropRecord, hold: Hold | None, newer: Iterable[DropRecord], now: datetime) -> Start:
    """Choose by the last hold of the drop's dataset; `newer`: the later writes of its slot.

    Of all that a hold has kept back, the last write of each partition is loaded alone. A later one that is still being
    checked, or has come to nothing, takes nobody's place.
    """
    if hold and hold.is_in_force(now):
        return Start.HOLD
    if outlasted(record, hold) and any(other.counts is Counts.IN_FORCE for other in newer):
        return Start.SUPERSEDE
    return Start.RUN

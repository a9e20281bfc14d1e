"""What the gate does next with a drop, by the state that it is in. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.drops.states import State

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.drop import DropRecord


class Step(StrEnum):
    """What to do with a drop that an event, a redelivery or a replay brings up."""

    CHECK = "check"  # claim it and read it
    TRIGGER = "trigger"  # it is accepted, its run may not be there yet
    WAIT = "wait"  # somebody checks it under a lease that still runs
    NOTHING = "nothing"  # it is on its way or at its end


def next_step(record: DropRecord, now: datetime) -> Step:
    """Choose by the drop's state; a lease that has run out belonged to a function that was terminated."""
    match record.state:
        case State.RECEIVED:
            return Step.CHECK
        case State.VALIDATING:
            return Step.WAIT if record.is_leased(now) else Step.CHECK
        case State.ACCEPTED:
            return Step.TRIGGER
        case _:
            return Step.NOTHING

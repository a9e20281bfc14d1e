"""What the gate does next with a drop: decisions only, no clock, no AWS."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.drop import DropRecord, State, written_after

if TYPE_CHECKING:
    from collections.abc import Iterable


class Step(StrEnum):
    """What to do with a drop that an event, a redelivery or a replay brings up."""

    CHECK = "check"  # claim it and read it
    TRIGGER = "trigger"  # it is accepted, its run may not be there yet
    WAIT = "wait"  # somebody holds it under a lease that still runs
    NOTHING = "nothing"  # it is on its way or at its end


def next_step(record: DropRecord, now: datetime) -> Step:
    """Choose by where the drop stands; a lease that has run out belonged to a function that was killed."""
    match record.state:
        case State.RECEIVED:
            return Step.CHECK
        case State.VALIDATING:
            return Step.CHECK if datetime.fromisoformat(record.lease_until) < now else Step.WAIT
        case State.ACCEPTED:
            return Step.TRIGGER
        case _:
            return Step.NOTHING


# Writes that never came to the table, and so cannot make a later write of the same bytes superfluous.
_WITHOUT_EFFECT = frozenset({State.REJECTED, State.FAILED, State.SUPERSEDED, State.DUPLICATE})


def fate(record: DropRecord, partition: Iterable[DropRecord]) -> State | None:
    """Tell whether other writes of the key have settled this drop: SUPERSEDED, DUPLICATE, or None: it must be checked.

    A later write of other bytes supersedes it, whatever the verdict on that one: upstream has taken these bytes back.
    A later duplicate does not: it was passed over because of this very drop, or of one with the same bytes.
    The same bytes as the write in force before it are a duplicate; as a refused or failed one they are a new try.
    """
    others = [other for other in partition if other.id != record.id and other.drop.key == record.drop.key]
    if any(written_after(other, record) for other in others if other.state is not State.DUPLICATE):
        return State.SUPERSEDED
    in_force = [other for other in others if other.state not in _WITHOUT_EFFECT and written_after(record, other)]
    newest = None
    for other in in_force:
        if newest is None or written_after(other, newest):
            newest = other
    if newest and (newest.drop.etag, newest.drop.size) == (record.drop.etag, record.drop.size):
        return State.DUPLICATE
    return None

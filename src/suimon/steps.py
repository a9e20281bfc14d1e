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


# Settled by another write, so they say nothing of their own about what the table holds.
_SETTLED = frozenset({State.SUPERSEDED, State.DUPLICATE})
# Writes that never came to the table, and so cannot make a later write of the same bytes superfluous.
_WITHOUT_EFFECT = frozenset({State.REJECTED, State.FAILED})


def fate(record: DropRecord, partition: Iterable[DropRecord]) -> State | None:
    """Tell whether other writes of the key have settled this drop: SUPERSEDED, DUPLICATE, or None: it must be checked.

    The newest write, whatever became of it, is what the upstream system wants: if it has other bytes, this drop is
    superseded. The same bytes as the write before, if that one is in force, are a duplicate; as a refused or failed
    one they are a new try.
    """
    others = [other for other in partition if other.id != record.id and other.drop.key == record.drop.key]
    newest = latest(other for other in others if written_after(other, record))
    if newest and not same_bytes(newest, record):
        return State.SUPERSEDED
    before = latest(other for other in others if other.state not in _SETTLED and written_after(record, other))
    if before and before.state not in _WITHOUT_EFFECT and same_bytes(before, record):
        return State.DUPLICATE
    return None


def latest(records: Iterable[DropRecord]) -> DropRecord | None:
    """Choose the last write; None of none."""
    last: DropRecord | None = None
    for record in records:
        if last is None or written_after(record, last):
            last = record
    return last


def same_bytes(one: DropRecord, other: DropRecord) -> bool:
    """Whether two drops hold the same content, as far as S3 tells."""
    return (one.drop.etag, one.drop.size) == (other.drop.etag, other.drop.size)

"""What the gate does next with a drop: decisions only, no clock, no AWS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.drops.drop import DropRecord, State, written_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
_WITHOUT_EFFECT = frozenset({State.REJECTED, State.FAILED, State.SUPERSEDED})
_IN_FORCE = frozenset({State.ACCEPTED, State.TRIGGERED, State.LOADED})


@dataclass(frozen=True)
class Fate:
    """What other writes of the key make of a drop: an end (`repeats`: the write with the same bytes), or a wait."""

    state: State | None = None
    repeats: str = ""
    waits_for: str = ""


def fate(record: DropRecord, newer: Sequence[DropRecord], before: DropRecord | None) -> Fate:
    """Tell whether other writes of the key have settled this drop; an empty Fate: it must be checked.

    newer: every later write; before: the one just before, or what that one was a duplicate of. The newest write,
    whatever became of it, is what the upstream system wants: if it has other bytes, this drop is superseded. The same
    bytes as the write before, if that one came to anything, are a duplicate; as a refused, failed or superseded one
    they are a new try.

    Two writes of the same bytes at once: the later one yields, if it sees the earlier. It may not have, when it was
    claimed before the earlier was entered; so the earlier one waits until a later one under check has settled:

        the earlier                              the later
                                                 claims, sees no other write
        entered, claims
        sees the later one under check: waits
                                                 accepted
        sees it accepted: a duplicate of it

    And only the newest write supersedes. Of X, Y and X again, Y may be entered last of all, when the second X is a
    duplicate of the first already: were the first superseded by Y, and Y by the second, nobody would load X.
    """
    if is_outdated(record, newer):
        return Fate(State.SUPERSEDED)
    same = [other for other in newer if same_bytes(other, record)]
    for other in same:
        if other.state in _IN_FORCE:
            return Fate(State.DUPLICATE, repeats=other.id)
    if before and before.state not in _WITHOUT_EFFECT and same_bytes(before, record):
        return Fate(State.DUPLICATE, repeats=before.id)
    return Fate(waits_for=next((other.id for other in same if other.state is State.VALIDATING), ""))


def is_outdated(record: DropRecord, newer: Iterable[DropRecord]) -> bool:
    """Whether the newest write of the key has other bytes."""
    newest = latest(newer)
    return newest is not None and not same_bytes(newest, record)


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

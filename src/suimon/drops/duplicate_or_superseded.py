"""Which of several writes of one slot counts: duplicate, superseded, or to be checked. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.drop import DropRecord, written_after
from suimon.drops.states import Counts, State
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


@dataclass(frozen=True)
class Precedence:
    """What other writes of the slot leave of a drop.

    state: the end that they make for it; None if it must be checked. repeats: of a DUPLICATE, the drop id of the write
    with the same bytes. by: of a SUPERSEDED drop, the drop id of the write that counts instead. waits_for: the drop id
    of a write that must settle first.
    """

    state: State | None = None
    repeats: str | None = None
    by: str | None = None
    waits_for: str | None = None


def precedence_of(record: DropRecord, newer: Sequence[DropRecord], before: DropRecord | None) -> Precedence:
    """Decide whether other writes of the slot have settled this drop; an empty Precedence: it must be checked.

    newer: every later write; before: the one just before, or what that one was a duplicate of. The newest write,
    whatever became of it, is what the upstream system wants: if it has other bytes, this drop is superseded. The same
    bytes as the write before, if that one came to anything, are a duplicate; as a refused, failed, superseded
    or retracted one they are a new try.

    Two writes of the same bytes at once: the later one yields, if it sees the earlier. It may not have, when it was
    claimed before the earlier was entered; so the earlier one waits until a later one under check has settled:

        the earlier                              the later
                                                 claims, sees no other write
        entered, claims
        sees the later one under check: waits    (mark: waits-for-the-later-write)
                                                 accepted
        sees it accepted: a duplicate of it      (mark: later-write-is-in-force)

    And only the newest write supersedes. Of X, Y and X again, Y may be entered last of all, when the second X is a
    duplicate of the first already: were the first superseded by Y, and Y by the second, nobody would load X.
    """
    if by := outdated_by(record, newer):
        return Precedence(State.SUPERSEDED, by=by.id)
    same = [other for other in newer if same_bytes(other, record)]
    for other in same:
        if other.counts is Counts.IN_FORCE:  # mark: later-write-is-in-force
            return Precedence(State.DUPLICATE, repeats=other.id)
    if before and before.counts is not Counts.NEVER and same_bytes(before, record):
        return Precedence(State.DUPLICATE, repeats=before.id)
    return Precedence(waits_for=next((other.id for other in same if other.state is State.VALIDATING), None))


def outdated_by(record: DropRecord, newer: Iterable[DropRecord]) -> DropRecord | None:
    """Return the newest write of the slot if it has other bytes."""
    newest = latest(newer)
    return newest if newest and not same_bytes(newest, record) else None


def latest(records: Iterable[DropRecord]) -> DropRecord | None:
    """Choose the last write; None of none."""
    last: DropRecord | None = None
    for record in records:
        if last is None or written_after(record, last):
            last = record
    return last


def same_bytes(one: DropRecord, other: DropRecord) -> bool:
    """Whether two drops hold the same content, by their hashes or as far as S3 tells.

    The same bytes have another ETag in other parts, and under SSE-KMS with every write.
    """
    if one.sha256 and other.sha256:
        return one.sha256 == other.sha256
    return (one.drop.etag, one.drop.size) == (other.drop.etag, other.drop.size)


def repeated_by(record: DropRecord, newer: Sequence[DropRecord], before: DropRecord | None) -> str | None:
    """Return the write in force whose bytes this drop has, now that its hash is known; None if there is none."""
    for other in (*newer, *([before] if before else [])):
        if other.counts is Counts.IN_FORCE and other.sha256 == record.sha256:
            return other.id
    return None


def may_become_same(record: DropRecord, before: DropRecord | None, now: datetime) -> bool:
    """Whether the write before is being checked and may turn out to have the bytes of this drop, whose hash is known.

    the earlier                              the later, under another ETag
    has no newer write: is accepted next
                                             entered, checked, sees the earlier under check: waits
    accepted, its hash is recorded           (mark: waits-for-the-earlier-write)
                                             sees it accepted: a duplicate of it
    """
    if before is None or before.state is not State.VALIDATING or not before.is_leased(now):
        return False
    return before.drop.size == record.drop.size and not same_bytes(before, record)

"""The shards of a set follow it along its moves."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from suimon.drops import sets
from suimon.drops.drop import Membership
from suimon.drops.states import State, Why, way
from suimon.ledger.drops import Ledger, LostClaimError

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.drop import DropRecord


def follow(ledger: Ledger, record: DropRecord, now: datetime, *others: str) -> None:
    """Move the members of a set to where the set is; those that are there already stay, so a repetition does no harm.

    others: drop ids of parts that say themselves that they went on with it.
    """
    whole = ledger.sets.get(record.dataset, record.partition)
    for drop_id in sorted(sets.followers(record, whole, *others)):
        _bring(ledger, ledger.get(drop_id), record, now)


def _bring(ledger: Ledger, member: DropRecord | None, record: DropRecord, now: datetime) -> None:
    while member and (states := way(member.state, record.state, Why.RUN, Why.SET)):
        try:
            member = ledger.move(member, states[0], now, membership=Membership(record.id))
        except LostClaimError:  # another function moves it, too
            member = ledger.get(member.id)
    if member and member.state is State.ACCEPTED and record.state is State.CLOSED:
        # Whoever closed the set closed what belongs to it, also a manifest or marker that comes later.
        with suppress(LostClaimError):
            ledger.move(member, State.CLOSED, now, closed=record.closed or "")

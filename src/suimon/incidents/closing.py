"""Closing the incidents of files: they are compared with the writes that the ledger knows, and recover or stay open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.drops.states import State
from suimon.incidents.recovery import recovery_by_writes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord
    from suimon.incidents.kinds import IncidentId
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Ledger


def close_recovered(
    incidents: IncidentStore, ledger: Ledger, ids: Sequence[IncidentId], now: datetime
) -> list[IncidentId]:
    """Close those of some incidents that have recovered by the writes of their keys; return their ids.

    Called by whoever has loaded a write, by whoever has reported one and finds a later one, and by the sweep: a check
    may take longer than a newer file needs for all its way.

        the older file                          the newer one
        its check begins
                                                is loaded; nothing is open that it could close
        is rejected and reported
        the newer one is found loaded           (mark: newer-file-was-faster)
    """
    opened = [one for one in incidents.read(ids) if one.is_open]
    decided = [recovery_by_writes(one, _writes_since(ledger, one.about.drop_id)) for one in opened]
    recoveries = [one for one in decided if one]
    return incidents.recover(recoveries, now) if recoveries else []  # mark: newer-file-was-faster


def _writes_since(ledger: Ledger, drop_id: str) -> list[DropRecord]:
    """Read a drop and all later writes of its key, in their order, duplicates in the state of what they repeat."""
    reported = ledger.get(drop_id)
    if reported is None:
        return []
    writes = [reported, *ledger.newer_writes(reported.drop)]
    originals = ledger.get_many({one.duplicate_of for one in writes if one.duplicate_of})
    return [
        replace(one, state=original.state, accepted=original.accepted)
        if one.state is State.DUPLICATE and one.duplicate_of and (original := originals.get(one.duplicate_of))
        else one
        for one in writes
    ]

"""UNMATCHED drops that a new contract matches: they are assigned to it and sent to the gate."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from suimon.drops.states import State
from suimon.incidents.incident import EXAMPLES
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.sweep.findings import Finding
from suimon.sweep.plans.unmatched_drops import plan, recoveries, resume_search

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.drops.drop import DropRecord
    from suimon.incidents.lifecycle import IncidentStore
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.checkpoints import Checkpoints
    from suimon.sweep.plans.unmatched_drops import Matched

UNMATCHED = "unmatched drop"
# A new contract may match many old drops; the next round continues.
MATCHED_AT_MOST = 500
SEARCH = "contracts"  # the checkpoint's name


def assign_unmatched(
    *,
    ledger: Ledger,
    contracts: Contracts,
    queue: IntakeQueue,
    incidents: IncidentStore,
    checkpoints: Checkpoints,
    now: datetime,
) -> Finding:
    """Assign drops that came before their contract, if the patterns have changed since this was last finished."""
    search = resume_search(checkpoints.get(SEARCH), contracts, now)
    if search is None:
        return Finding(UNMATCHED)
    records = list(islice(ledger.in_state(State.UNMATCHED, now, search.behind), MATCHED_AT_MOST))
    planned = plan(search, records, contracts, now)
    assigned = _assign(ledger, planned.matches, now)
    queue.resume([record.id for record in assigned])
    incidents.report_all((), recoveries(assigned, planned), now)
    checkpoints.put(SEARCH, planned.search.to_checkpoint() if planned.search else {"done": search.patterns})
    examples = tuple(record.drop.key for record in assigned[:EXAMPLES])
    return Finding(UNMATCHED, len(records), len(assigned), len(assigned), examples=examples)


def _assign(ledger: Ledger, matches: Iterable[Matched], now: datetime) -> list[DropRecord]:
    assigned = []
    for one in matches:
        with suppress(LostClaimError):  # a late delivery of the event was first
            assigned.append(ledger.move(one.record, State.RECEIVED, now, match=one.match))
    return assigned

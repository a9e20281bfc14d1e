"""UNMATCHED drops that a new contract matches: they are assigned to it and sent to the gate."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from suimon.drops.states import State
from suimon.incidents.incident import EXAMPLES
from suimon.incidents.leaving_out import leave_out
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.sweep.findings import Finding
from suimon.sweep.plans.unmatched_drops import plan, recoveries, resume_search, search_of
from suimon.sweep.resuming import resume

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.drops.drop import DropRecord
    from suimon.incidents.store import IncidentStore
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.checkpoints import Checkpoints
    from suimon.ledger.unreadable_items import Unusable
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
    unusable: Unusable,
    now: datetime,
) -> Finding:
    """Assign drops that came before their contract, if the patterns have changed since this was last finished."""
    try:
        search = search_of(checkpoints.get(SEARCH), contracts, now)
    except ValueError as error:
        unusable.add(f"checkpoint#{SEARCH}", f"it is begun again: {error}")
        search = resume_search({}, contracts, now)
    if search is None:
        return Finding(UNMATCHED)
    records = list(islice(ledger.in_state(State.UNMATCHED, now, search.behind), MATCHED_AT_MOST))
    planned = plan(search, records, contracts, now)
    assigned = _assign(ledger, planned.matches, unusable, now)
    resume(ledger, queue, assigned)
    incidents.report_all((), recoveries(assigned, planned), now)
    checkpoints.put(SEARCH, planned.search.to_checkpoint() if planned.search else {"done": search.patterns})
    examples = tuple(record.drop.key for record in assigned[:EXAMPLES])
    return Finding(UNMATCHED, len(records), len(assigned), len(assigned), examples=examples)


def _assign(ledger: Ledger, matches: Iterable[Matched], unusable: Unusable, now: datetime) -> list[DropRecord]:
    assigned = []
    for one in matches:
        # A lost claim: a late delivery of the event was first.
        with leave_out(unusable, f"drop#{one.record.id}"), suppress(LostClaimError):
            assigned.append(ledger.move(one.record, State.RECEIVED, now, match=one.match))
    return assigned

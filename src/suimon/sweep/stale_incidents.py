"""Incidents that outlived their cause: whoever should have closed them crashed, or looked before they were open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.hold import hold_on, is_held
from suimon.drops.states import State
from suimon.incidents.incident import of_kind
from suimon.incidents.leaving_out import leave_out
from suimon.incidents.lifecycle import lapsed
from suimon.incidents.recovery import (
    OF_CAUSES,
    OF_WRITES,
    close_recovered,
    recoveries_by_waiting,
    recoveries_without_contract,
)
from suimon.sweep.findings import Finding
from suimon.sweep.oldest_drops import read_oldest
from suimon.sweep.plans.set_parts import contract_of, is_orphan, may_wait
from suimon.sweep.turns import in_turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.incidents.incident import Incident
    from suimon.incidents.kinds import IncidentId
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Ledger
    from suimon.ledger.unreadable_items import Unusable

STALE = "stale incident"
# Three reads each. Nobody may ever correct the oldest ones, so each round looks at the next.
LOOKED_AT_MOST = 200


def close_stale(
    *,
    ledger: Ledger,
    contracts: Contracts,
    incidents: IncidentStore,
    opened: Sequence[Incident],
    unusable: Unusable,
    now: datetime,
) -> Finding:
    """Close the open incidents that have recovered without anybody closing them, and those that have lapsed."""
    of_writes = in_turn(of_kind(opened, *OF_WRITES), LOOKED_AT_MOST, now)
    closed: list[IncidentId] = []
    for one in of_writes:
        with leave_out(unusable, f"incident#{one.id}"):
            closed += close_recovered(incidents, ledger, [one.id], now)
    datasets = {one.dataset for one in contracts.all}
    closed += incidents.recover(recoveries_without_contract(opened, datasets), now)
    closed += _close_causes(ledger, contracts, incidents, opened, now)
    closed += [one.id for one in lapsed(opened, now) if one.id not in closed and incidents.lapse(one, now)]
    return Finding(STALE, checked=len(opened), detected=len(closed), repaired=len(closed))


def _close_causes(
    ledger: Ledger, contracts: Contracts, incidents: IncidentStore, opened: Sequence[Incident], now: datetime
) -> list[IncidentId]:
    if not of_kind(opened, *OF_CAUSES):
        return []
    accepted = read_oldest(ledger, State.ACCEPTED, now, lambda one: not may_wait(one, contracts))
    if not accepted.all_read:
        return []
    holds = ledger.holds.of_all(record.dataset for record in accepted.records)
    waiting = [
        record
        for record in accepted.records
        if not (may_wait(record, contracts) or is_orphan(record, contracts))
        and not is_held(record, hold_on(record, contract_of(record, contracts), holds.get(record.dataset)), now)
    ]
    dags = {one.dataset: one.dag_id or "" for one in contracts.all}
    return incidents.recover(recoveries_by_waiting(opened, waiting, dags, now), now)

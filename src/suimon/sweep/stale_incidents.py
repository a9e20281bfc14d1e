"""Incidents that outlived their cause: what should have closed them crashed, or came too early to see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.states import State
from suimon.incidents.incident import of_kind
from suimon.incidents.kinds import Kind
from suimon.mwaa.cause import Cause
from suimon.sweep.oldest_drops import read_oldest
from suimon.sweep.plans.set_parts import may_wait
from suimon.sweep.plans.stale_incidents import file_recovery, trigger_recoveries
from suimon.sweep.publishing import publish
from suimon.sweep.turns import in_turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.incidents.incident import Incident
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Ledger

# Three reads each. Nobody may ever correct the oldest ones, so each round looks at the next.
LOOKED_AT_MOST = 200


def close_file_incidents(
    *, ledger: Ledger, incidents: IncidentStore, opened: Sequence[Incident], now: datetime
) -> None:
    """Close incidents of files that were rejected or not loaded, if they or later writes of their key are loaded.

    A check may take longer than everything that happens to a newer file:

        the older file                          the newer one
        its check begins
                                                is loaded; no incident is open that it could close
        is rejected and reported
        the sweep sees the newer one loaded     (mark: newer-file-was-faster)
    """
    for reported in in_turn(of_kind(opened, Kind.REJECTED, Kind.RUN_FAILED), LOOKED_AT_MOST, now):
        incident = incidents.known(reported.id)
        blamed = ledger.get(incident.about.drop_id) if incident else None
        if incident and blamed and (recovery := file_recovery(incident, [blamed, *ledger.newer_writes(blamed.drop)])):
            publish(incidents, (), [recovery], now)  # mark: newer-file-was-faster


def close_trigger_incidents(
    *, ledger: Ledger, contracts: Contracts, incidents: IncidentStore, opened: Sequence[Incident], now: datetime
) -> None:
    """Close incidents of runs that could not be started, if no file waits for one any more.

    The gate does so itself, right after the run has started; unless it crashes there.
    """
    reported = of_kind(opened, *map(Kind, Cause))
    if not reported:
        return
    accepted = read_oldest(ledger, State.ACCEPTED, now, lambda one: not may_wait(one, contracts))
    if accepted.all_read:
        publish(incidents, (), trigger_recoveries(reported, accepted.records, contracts), now)

"""Incidents that outlived their cause: whoever should have closed them died, or came too early to know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.states import State
from suimon.incidents.incident import of_kind
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.airflow import trigger_incidents
from suimon.mwaa.cause import Cause
from suimon.sweep.oldest_drops import read_oldest
from suimon.sweep.plans.set_parts import may_wait
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


def close_file_incidents(ledger: Ledger, incidents: IncidentStore, opened: Sequence[Incident], now: datetime) -> None:
    """Close what was told of a file that was rejected or not loaded, when it is loaded or a later write of its key is.

    A check may take longer than a newer file needs for all its way:

        the older file                          the newer one
        its check begins
                                                is loaded; nothing is open that it could close
        is rejected, people are told
    """
    reported = of_kind(opened, Kind.REJECTED, Kind.RUN_FAILED)
    for one in in_turn(reported, LOOKED_AT_MOST, now):
        incident = incidents.known(one.id)
        blamed = ledger.get(incident.about.drop_id) if incident else None
        if blamed is None:
            continue
        loaded = next((one for one in (blamed, *ledger.newer_writes(blamed.drop)) if one.state is State.LOADED), None)
        if loaded:
            incidents.recover(one.id, now, f"{loaded.drop.key} is loaded ({loaded.rows:,} rows).")


def close_trigger_incidents(
    ledger: Ledger, contracts: Contracts, incidents: IncidentStore, opened: Sequence[Incident], now: datetime
) -> None:
    """Close what was told of runs that could not be started, when no file waits for one any longer.

    The gate does so itself, right after the run has started; unless it dies there.
    """
    reported = of_kind(opened, *map(Kind, Cause))
    if not reported:
        return
    accepted = read_oldest(ledger, State.ACCEPTED, now, lambda one: not may_wait(one, contracts))
    if not accepted.all_read:
        return
    dags = {one.dataset: one.dag_id or "" for one in contracts.all}
    waiting = [record for record in accepted.records if not may_wait(record, contracts)]
    environments = {one.about.environment for one in reported}
    concerned = {
        incident_id
        for environment in environments
        for record in waiting
        for incident_id in trigger_incidents(environment, dags.get(record.dataset, ""), record)
    }
    for incident in reported:
        if incident.id not in concerned:
            incidents.recover(incident.id, now, "No file waits for its run any longer.")

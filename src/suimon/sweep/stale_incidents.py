"""Incidents that outlived their cause: whoever should have closed them died, or came too early to know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.states import State
from suimon.mwaa.cause import OF_DAG, OF_DROP, Cause
from suimon.sweep.oldest_drops import read_oldest
from suimon.sweep.plans.set_parts import may_wait
from suimon.sweep.turns import in_turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.incidents.store import IncidentDesk
    from suimon.ledger.drops import Ledger

# Three reads each. Nobody may ever correct the oldest ones, so each round looks at the next.
LOOKED_AT_MOST = 200


def close_file_incidents(ledger: Ledger, desk: IncidentDesk, opened: Sequence[str], now: datetime) -> None:
    """Close what was told of a file that was rejected or not loaded, when it is loaded or a later write of its key is.

    A check may take longer than a newer file needs for all its way:

        the older file                          the newer one
        its check begins
                                                is loaded; nothing is open that it could close
        is rejected, people are told
    """
    told = [one for one in opened if one.partition(":")[0] in {"rejected", "run-failed"}]
    for incident_id in in_turn(told, LOOKED_AT_MOST, now):
        incident = desk.known(incident_id)
        blamed = ledger.get(incident.fingerprint.partition(".")[0]) if incident else None  # a run id
        if blamed is None:
            continue
        loaded = next((one for one in (blamed, *ledger.newer_writes(blamed.drop)) if one.state is State.LOADED), None)
        if loaded:
            desk.recover(incident_id, now, f"{loaded.drop.key} is loaded ({loaded.rows:,} rows).")


def close_trigger_incidents(
    ledger: Ledger, contracts: Contracts, desk: IncidentDesk, opened: Sequence[str], now: datetime
) -> None:
    """Close what was told of runs that could not be started, when no file waits for one any longer.

    The gate does so itself, right after the run has started; unless it dies there.
    """
    told = [one for one in opened if one.partition(":")[0] in set(Cause)]
    if not told:
        return
    accepted = read_oldest(ledger, State.ACCEPTED, now, lambda one: not may_wait(one, contracts))
    if not accepted.all_read:
        return
    dags = {one.dataset: one.dag_id for one in contracts.all}
    waiting = [record for record in accepted.records if not may_wait(record, contracts)]
    for incident_id in told:
        cause, about = incident_id.split(":", 1)
        if cause in OF_DROP:
            concerned = [record for record in waiting if about.rpartition(":")[2] == record.id]
        elif cause in OF_DAG:
            concerned = [record for record in waiting if about == dags.get(record.dataset)]
        else:
            concerned = waiting
        if not concerned:
            desk.recover(incident_id, now, "No file waits for its run any longer.")

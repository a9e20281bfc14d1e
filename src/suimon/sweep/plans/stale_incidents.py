"""Which incidents have outlived their cause. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.states import State
from suimon.incidents.incident import Recovery
from suimon.incidents.messages.airflow import trigger_incidents
from suimon.sweep.plans.set_parts import contract_of, may_wait

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from suimon.contract.model import Contracts
    from suimon.drops.drop import DropRecord
    from suimon.incidents.incident import Incident


def file_recovery(incident: Incident, writes: Iterable[DropRecord]) -> Recovery | None:
    """Return the recovery of an incident about a file, if the file or a later write of its key is loaded.

    writes: the file that the incident is about, and the later writes of its key.
    """
    loaded = next((write for write in writes if write.state is State.LOADED), None)
    return Recovery(incident.id, f"{loaded.drop.key} is loaded ({loaded.rows:,} rows).") if loaded else None


def trigger_recoveries(
    reported: Sequence[Incident], accepted: Iterable[DropRecord], contracts: Contracts
) -> list[Recovery]:
    """Return the recoveries of incidents about runs that could not be started, where no file waits for one any more.

    accepted: all ACCEPTED drops. A part of a set waits for the others, not for a run.
    """
    waiting = [(record, contract_of(record, contracts)) for record in accepted if not may_wait(record, contracts)]
    environments = {incident.about.environment for incident in reported}
    concerned = {
        incident_id
        for record, contract in waiting
        for environment in environments
        for incident_id in trigger_incidents(environment, (contract.dag_id if contract else None) or "", record)
    }
    return [
        Recovery(incident.id, "No file waits for its run any more.")
        for incident in reported
        if incident.id not in concerned
    ]

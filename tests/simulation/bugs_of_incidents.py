"""Mistakes that people make with what they say of problems, as those in bugs.py are made with files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.incidents import recovery
from suimon.incidents.incident import Recovery
from suimon.incidents.lifecycle import IncidentStore
from suimon.incidents.recovery import recovery_by_writes
from suimon.sweep import stale_incidents
from tests.simulation.bug import Bug

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.drops.drop import DropRecord
    from suimon.incidents.incident import Incident
    from suimon.incidents.kinds import IncidentId


def _when_overwritten(incident: Incident, writes: Sequence[DropRecord]) -> Recovery | None:
    found = recovery_by_writes(incident, writes)
    return Recovery(incident.id, "It has come again.", incident.revision) if len(writes) > 1 else found


def _nothing_lapses(*_args: Any) -> list[Incident]:
    return []


def _recover_none(*_args: Any, **_more: Any) -> list[IncidentId]:
    return []


BUGS_OF_INCIDENTS = (
    Bug(
        "no-recovery",
        "nobody says that a problem is over",
        ("no_incident_outlives_its_cause",),
        ((IncidentStore, "recover", _recover_none),),
    ),
    Bug(
        "recovered-when-overwritten",
        "a bad file is said to have recovered as soon as a newer one comes",
        ("recoveries_are_true",),
        ((recovery, "recovery_by_writes", _when_overwritten),),
    ),
    Bug(
        "remarks-for-ever",
        "what nobody has to do anything about stays open",
        ("remarks_end_by_themselves",),
        ((stale_incidents, "lapsed", _nothing_lapses),),
    ),
)

"""Mistakes that people make with what they say of problems, as those in bugs.py are made with files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.incidents import recovery, store
from suimon.incidents.grouping import Group, once_told
from suimon.incidents.incident import Notice, Recovery, Told
from suimon.incidents.kinds import Kind
from suimon.incidents.recovery import recovery_by_writes
from suimon.incidents.store import IncidentStore
from suimon.sweep import stale_incidents
from tests.simulation.bug import Bug

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord
    from suimon.incidents.incident import Incident, Problem
    from suimon.incidents.kinds import IncidentId


def _when_overwritten(incident: Incident, writes: Sequence[DropRecord]) -> Recovery | None:
    found = recovery_by_writes(incident, writes)
    return Recovery(incident.id, "It has come again.", incident.revision) if len(writes) > 1 else found


def _nothing_lapses(*_args: Any) -> list[Incident]:
    return []


def _recover_none(*_args: Any, **_more: Any) -> list[IncidentId]:
    return []


def _held(problem: Problem, *_args: Any) -> Told:
    """Treat every bad file as one of too many."""
    return Told.HELD if problem.kind is Kind.REJECTED else Told.ALONE


def _told_none(*_args: Any) -> int:
    return 0


def _marked_first(self: IncidentStore, notices: Sequence[tuple[Notice, Group]], standing: Any, now: datetime) -> int:
    for notice, group in notices:
        for one in group.incidents:
            self._write(once_told(one, group, standing, now))
        self._publish(notice, now)
    return len(notices)


BUGS_OF_INCIDENTS = (
    Bug(
        "held-for-ever",
        "what is held back to be told together never is",
        ("nothing_stays_held",),
        ((store, "how_to_tell", _held), (IncidentStore, "tell_held", _told_none)),
    ),
    Bug(
        "marked-before-told",
        "what is held is marked as told before the message is published",
        ("every_problem_is_published",),
        ((store, "how_to_tell", _held), (IncidentStore, "_publish_each", _marked_first)),
    ),
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

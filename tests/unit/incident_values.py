"""Incidents as the ledger knows them, for tests of decisions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from suimon.incidents.incident import Incident, Stage

if TYPE_CHECKING:
    from suimon.incidents.about import About
    from suimon.incidents.incident import Problem
    from suimon.incidents.kinds import Kind

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def incident(kind: Kind, about: About, **changes: Any) -> Incident:
    """Return an open incident."""
    values = {"stage": Stage.OPEN, "fingerprint": "", "subject": "", "opened_at": NOON, "updated_at": NOON, **changes}
    return Incident(kind, about, **values)


def incident_of(problem: Problem, **changes: Any) -> Incident:
    """Return the open incident of a problem that was reported."""
    reported = {"fingerprint": problem.fingerprint, "subject": problem.subject}
    return incident(problem.kind, problem.about, **reported | changes)

"""What a part of the sweep reports to people, and what it says has recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from suimon.incidents.incident import Problem, Recovery
    from suimon.incidents.store import IncidentDesk


def publish(desk: IncidentDesk, problems: Iterable[Problem], recoveries: Iterable[Recovery], now: datetime) -> None:
    """Report problems, then recoveries; what people know already is not published again."""
    for problem in problems:
        desk.report(problem, now)
    for recovery in recoveries:
        desk.recover(recovery.incident_id, now, recovery.note)

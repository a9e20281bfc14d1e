"""What a part of the sweep reports to people, and what it says has recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from suimon.incidents.incident import Problem, Recovery
    from suimon.incidents.store import IncidentStore


def publish(
    incidents: IncidentStore, problems: Iterable[Problem], recoveries: Iterable[Recovery], now: datetime
) -> None:
    """Report problems, then recoveries; what people know already is not published again."""
    for problem in problems:
        incidents.report(problem, now)
    incidents.recover(list(recoveries), now)

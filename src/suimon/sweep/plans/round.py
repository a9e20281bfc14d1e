"""What is reported of a round as a whole. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.incidents.incident import gone
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.recoveries import ALL_IS_ACCOUNTED_FOR, SWEEP_WORKS
from suimon.incidents.messages.sweep import sweep_failed, unexplained_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.incidents.incident import Incident, Problem, Recovery
    from suimon.sweep.findings import Findings


def verdict(findings: Findings, opened: Sequence[Incident]) -> tuple[list[Problem], list[Recovery]]:
    """Return what to report of a round as a whole, and which of the open incidents about rounds have recovered."""
    problems = [sweep_failed(failure.part, failure.reason) for failure in findings.failures]
    recoveries = gone(opened, Kind.SWEEP_FAILED, SWEEP_WORKS, still=problems)
    left = {part.kind: (part.unexplained, part.examples) for part in findings.parts if part.unexplained}
    if left:
        problems.append(unexplained_left(left))
    elif not findings.failures:
        recoveries += gone(opened, Kind.UNEXPLAINED, ALL_IS_ACCOUNTED_FOR)
    return problems, recoveries

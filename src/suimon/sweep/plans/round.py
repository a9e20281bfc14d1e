"""What is reported of a round as a whole. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.incidents.incident import gone
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.recoveries import ALL_CAN_BE_USED, ALL_IS_ACCOUNTED_FOR, SWEEP_WORKS
from suimon.incidents.messages.sweep import left_out, sweep_failed, unexplained_left

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suimon.incidents.incident import Incident, Problem, Recovery
    from suimon.sweep.findings import Findings


def verdict(
    findings: Findings, unusable: Mapping[str, str], opened: Sequence[Incident]
) -> tuple[list[Problem], list[Recovery]]:
    """Return what to report of a round as a whole, and which of the open incidents about rounds have recovered.

    unusable: by name, why something was left out.
    """
    problems = [sweep_failed(failure.part, failure.reason) for failure in findings.failures]
    recoveries = gone(opened, Kind.SWEEP_FAILED, SWEEP_WORKS, still=problems)
    left = {part.kind: (part.unexplained, part.examples) for part in findings.parts if part.unexplained}
    if left:
        problems.append(unexplained_left(left))
    elif not findings.failures:
        recoveries += gone(opened, Kind.UNEXPLAINED, ALL_IS_ACCOUNTED_FOR)
    if unusable:
        problems.append(left_out(unusable))
    elif not findings.failures:
        recoveries += gone(opened, Kind.UNUSABLE, ALL_CAN_BE_USED)
    return problems, recoveries

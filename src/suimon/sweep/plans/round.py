"""What is reported of a round as a whole. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.incidents.incident import gone
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.recoveries import ALL_CAN_BE_USED, ALL_IS_ACCOUNTED_FOR, SWEEP_WORKS
from suimon.incidents.messages.sweep import left_out, sweep_failed, unexplained_left

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from suimon.incidents.incident import Incident, Problem, Recovery
    from suimon.sweep.findings import Failure, Findings

# What a round does before the sweep, and behind it, when all that is wrong has been reported.
DEADLINES = "deadlines and tables"
SUBSCRIPTIONS, SOURCES, FIGURES, PAGES = "subscriptions", "sources.json", "figures", "pages"
BESIDE_THE_SWEEP = frozenset({DEADLINES, SUBSCRIPTIONS, SOURCES, FIGURES, PAGES})


def verdict(
    findings: Findings, unusable: Mapping[str, str], opened: Sequence[Incident], *, watched: bool
) -> tuple[list[Problem], list[Recovery]]:
    """Return what to report of a round as a whole, and which of the open incidents about rounds have recovered.

    unusable: by name, why something was left out. watched: whether deadlines and tables were checked as well.
    """
    problems = [sweep_failed(failure.part, failure.reason) for failure in findings.failures]
    ours = [one for one in opened if one.about.part not in BESIDE_THE_SWEEP]
    recoveries = gone(ours, Kind.SWEEP_FAILED, SWEEP_WORKS, still=problems)
    left = {part.kind: (part.unexplained, part.examples) for part in findings.parts if part.unexplained}
    if left:
        problems.append(unexplained_left(left))
    elif not findings.failures:
        recoveries += gone(opened, Kind.UNEXPLAINED, ALL_IS_ACCOUNTED_FOR)
    if unusable:
        problems.append(left_out(unusable))
    elif watched and not findings.failures:
        recoveries += gone(opened, Kind.UNUSABLE, ALL_CAN_BE_USED)
    return problems, recoveries


def verdict_of(
    parts: Collection[str], failures: Sequence[Failure], opened: Sequence[Incident]
) -> tuple[list[Problem], list[Recovery]]:
    """Return what to report of parts beside the sweep, and which open incidents about those parts have recovered."""
    problems = [sweep_failed(failure.part, failure.reason) for failure in failures]
    theirs = [one for one in opened if one.about.part in parts]
    return problems, gone(theirs, Kind.SWEEP_FAILED, SWEEP_WORKS, still=problems)

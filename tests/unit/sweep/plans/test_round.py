"""What a round reports of itself, from what its parts detected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.incidents.about import About
from suimon.incidents.incident import Problem, Recovery
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.recoveries import ALL_CAN_BE_USED, ALL_IS_ACCOUNTED_FOR, SWEEP_WORKS
from suimon.sweep.findings import Failure, Finding, Findings
from suimon.sweep.plans.round import verdict, verdict_of
from tests.unit.incident_values import incident

if TYPE_CHECKING:
    from collections.abc import Iterable

    from suimon.incidents.incident import Incident

FAILED = Findings(failures=(Failure("runs", "AccessDenied: no"),))
LEFT = Findings((Finding("lost event", checked=9, detected=5, repaired=2, reported=1, examples=("key",)),))


def test_unexplained_is_what_was_detected_neither_repaired_nor_under_an_incident() -> None:
    findings = Findings((Finding("a", 9, 5, 2, 1), Finding("b", 1, 1, 1)))
    assert findings.unexplained == 2
    assert findings.of("c") == Finding("c")
    assert (findings.of("a") + Finding("a", 1, 1, 1)).unexplained == 2


def opened(kind: Kind, *parts: str) -> list[Incident]:
    abouts = [About(part=part) for part in parts] or [About()]
    return [incident(kind, about) for about in abouts]


def names(found: Iterable[Problem | Recovery]) -> list[str]:
    return [str(one.id if isinstance(one, Problem) else one.incident_id) for one in found]


def test_a_part_that_fails_is_reported_until_it_works() -> None:
    assert names(verdict(FAILED, {}, [], watched=True)[0]) == ["sweep-failed:runs"]
    incidents = opened(Kind.SWEEP_FAILED, "stuck drops", "runs", "dead letters")
    over = names(verdict(FAILED, {}, incidents, watched=True)[1])
    assert over == ["sweep-failed:stuck drops", "sweep-failed:dead letters"]


def test_a_part_beside_the_sweep_has_recovered_when_it_works_and_not_when_others_do() -> None:
    incidents = opened(Kind.SWEEP_FAILED, "pages", "figures", "runs")
    assert names(verdict(Findings(), {}, incidents, watched=True)[1]) == ["sweep-failed:runs"]
    problems, recoveries = verdict_of({"pages", "figures"}, [Failure("pages", "KeyError")], incidents)
    assert (names(problems), names(recoveries)) == (["sweep-failed:pages"], ["sweep-failed:figures"])


def test_what_is_left_unexplained_is_reported_until_a_whole_round_explains_everything() -> None:
    reported = opened(Kind.UNEXPLAINED)
    problems, recoveries = verdict(LEFT, {}, reported, watched=True)
    assert (names(problems), recoveries) == (["unexplained"], [])
    assert "2 x lost event, among them key" in problems[0].body
    assert verdict(FAILED, {}, reported, watched=True)[1] == []  # what failed may have left something, too
    assert names(verdict(Findings(), {}, reported, watched=True)[1]) == ["unexplained"]


def test_what_is_left_out_is_reported_until_a_whole_round_leaves_out_nothing() -> None:
    problems, _ = verdict(Findings(), {"drop#1": "KeyError"}, [], watched=True)
    assert names(problems) == ["unusable"]
    assert "drop#1\n    KeyError" in problems[0].body
    assert verdict(FAILED, {}, opened(Kind.UNUSABLE), watched=True)[1] == []
    assert verdict(Findings(), {}, opened(Kind.UNUSABLE), watched=False)[1] == []  # a round of the sweep alone
    assert names(verdict(Findings(), {}, opened(Kind.UNUSABLE), watched=True)[1]) == ["unusable"]


def test_a_recovery_says_what_is_well_again() -> None:
    incidents = [*opened(Kind.SWEEP_FAILED, "runs"), *opened(Kind.UNEXPLAINED), *opened(Kind.UNUSABLE)]
    notes = [recovery.note for recovery in verdict(Findings(), {}, incidents, watched=True)[1]]
    assert notes == [SWEEP_WORKS, ALL_IS_ACCOUNTED_FOR, ALL_CAN_BE_USED]

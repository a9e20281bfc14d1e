"""Incidents in virtual time: the code breaks no promise, and each seeded mistake breaks its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.incidents import grouping, reminders, store
from suimon.incidents.grouping import groups_standing, once_told
from suimon.incidents.incident import Event, Incident, Told
from suimon.incidents.inhibition import INHIBITIONS
from suimon.incidents.lifecycle import news_of
from suimon.incidents.reminders import is_due
from suimon.incidents.store import IncidentStore
from suimon.incidents.telling_less_often import PACED, Streaks
from tests.simulation.bug import Bug, switched_on
from tests.simulation.bugs import mark_then_send
from tests.simulation.incident_life import Life

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from suimon.incidents.grouping import Group, ToldGroup
    from suimon.incidents.incident import Notice, Problem
    from suimon.incidents.kinds import IncidentId

SCHEDULES = 60
# Where a mistake shows that shows in one of some hundred schedules; the code itself has been through 1,500 of them.
RARE = {"group-forgets-in-a-crash": (239, 383, 371, 439)}


@pytest.mark.parametrize("seed", [*range(SCHEDULES), *(seed for seeds in RARE.values() for seed in seeds)])
def test_incidents_keep_their_promises(seed: int) -> None:
    assert not Life(seed).live().broken


def test_half_of_the_schedules_have_crashes_and_a_schedule_is_the_same_every_time() -> None:
    lives = [Life(seed).live() for seed in range(10)]
    assert {bool(one.crashes) for one in lives if one.seed % 2 == 0} == {False}
    assert any(one.crashes for one in lives)
    first, again = Life(3).live(), Life(3).live()
    assert [one.subject for one in first.sns.letters] == [one.subject for one in again.sns.letters]


def _mark_first(self: IncidentStore, notices: Sequence[tuple[Notice, Group]], standing: Any, now: datetime) -> int:
    for notice, group in notices:
        for one in group.incidents:
            self._write(once_told(one, group, standing, now))
        self._publish(notice, now)
    return 0


def _silent_when_snoozed(problem: Problem, known: Incident | None) -> Event | None:
    return None if known and known.snoozed and known.is_open else news_of(problem, known)


def _closed_is_recovered(problem: Problem, known: Incident | None) -> Event | None:
    return Event.OPENED if known and not known.is_open else news_of(problem, known)


def _never(*_: Any) -> None:
    return None


_recover = IncidentStore._recover


def _recover_in_silence(self: IncidentStore, incident: Incident, now: datetime, note: str) -> bool:
    return self._end(incident, now) if incident.acknowledged else _recover(self, incident, now, note)


def _told_and_not_marked(incident: Incident, group: Group, standing: Any, now: datetime) -> Incident:
    return replace(once_told(incident, group, standing, now), told=incident.told)


def _end_groups_early(self: IncidentStore, groups: Sequence[Group], _opened: Sequence[Incident], now: datetime) -> Any:
    return _end_groups(self, groups, [], now)


_end_groups = IncidentStore._end_groups


def _only_told_together(
    kept: Collection[ToldGroup], told: Collection[Group], opened: Sequence[Incident]
) -> dict[IncidentId, ToldGroup]:
    """Take for members those of whom people have heard in no other way since."""
    return groups_standing(kept, told, [one for one in opened if one.told is Told.TOGETHER])


def _none_joins(
    _kept: Collection[ToldGroup], told: Collection[Group], opened: Sequence[Incident]
) -> dict[IncidentId, ToldGroup]:
    return groups_standing((), told, opened)


def _muted_by_the_next(one: Incident, standing: Sequence[Incident], now: datetime) -> bool:
    return _is_due(replace(one, opened_at=now) if one.told is Told.MUTED else one, standing, now)


def _every_round(one: Incident, zone: str, now: datetime) -> bool:
    return is_due(replace(one, told_at=now - timedelta(days=9)), zone, now)


def _snooze_has_no_end(one: Incident, standing: Sequence[Incident], now: datetime) -> bool:
    return not one.snoozed and _is_due(one, standing, now)


_is_due = grouping._is_due

TOLD, TRUE = ("every_problem_is_told",), ("recoveries_are_true",)
BUGS = (
    Bug(
        "recorded-before-told",
        "a problem is recorded, then published",
        TOLD,
        ((IncidentStore, "report", mark_then_send),),
    ),
    Bug(
        "group-marked-first",
        "a group is marked, then published",
        TOLD,
        ((IncidentStore, "_publish_each", _mark_first),),
    ),
    Bug(
        "held-for-ever",
        "what is held is never told",
        TOLD,
        ((store, "held", lambda *_: []),),
    ),
    Bug(
        "streak-for-ever",
        "once a streak is told, nobody hears that there is more of it",
        TOLD,
        ((Streaks, "must_wait", lambda _self, one, _now: one.told in PACED and one.snoozed is None),),
    ),
    Bug(
        "muted-for-ever",
        "what was muted is told by nobody once its cause is over",
        TOLD,
        ((grouping, "inhibition_of", lambda *_: (INHIBITIONS[0], None)),),
    ),
    Bug(
        "snooze-hides-worse",
        "a snooze hides what is worse",
        TOLD,
        ((store, "news_of", _silent_when_snoozed),),
    ),
    Bug(
        "closed-comes-back",
        "what a person closed is told in the next round",
        ("closed_is_closed",),
        ((store, "news_of", _closed_is_recovered),),
    ),
    Bug(
        "recovery-held-back",
        "of what somebody is at no recovery is sent",
        ("recoveries_are_sent",),
        ((IncidentStore, "_recover", _recover_in_silence),),
    ),
    Bug(
        "told-each-round",
        "what is told is not marked",
        ("nothing_is_told_twice",),
        ((store, "once_told", _told_and_not_marked),),
    ),
    Bug(
        "group-ends-early",
        "a group is over in the round after it was told",
        TRUE,
        ((IncidentStore, "_end_groups", _end_groups_early),),
    ),
    Bug(
        "group-ends-with-its-last-word",
        "a group is over when each of it was told alone since",
        TRUE,
        ((store, "groups_standing", _only_told_together),),
    ),
    Bug(
        "group-forgets-in-a-crash",
        "a group whose function crashed before it was recorded is over",
        TRUE,
        ((store, "groups_standing", _none_joins),),
    ),
    Bug(
        "muted-by-the-next-one",
        "a problem is muted for as long as one cause follows another",
        ("nothing_is_muted_for_long",),
        ((grouping, "_is_due", _muted_by_the_next),),
    ),
    Bug(
        "reminded-each-round",
        "people are reminded in each round",
        ("reminders_are_no_storm",),
        ((reminders, "is_due", _every_round),),
    ),
    Bug(
        "never-reminded",
        "nobody is reminded",
        ("errors_are_repeated",),
        ((store, "due_reminders", lambda *_: {}),),
    ),
    Bug(
        "no-recovery",
        "nothing recovers",
        ("nothing_outlives_its_cause",),
        ((IncidentStore, "recover", _never),),
    ),
    Bug(
        "snoozed-is-told",
        "a change is told in a snooze",
        ("snoozed_is_silent",),
        ((Incident, "is_snoozed", lambda *_: False),),
    ),
)


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_seeded_mistake_is_found(bug: Bug) -> None:
    wanted = set(bug.breaks)
    with switched_on(bug):
        assert any(wanted <= Life(seed).live().broken for seed in (*RARE.get(bug.name, ()), *range(SCHEDULES))), (
            bug.what
        )

"""Many incidents at once: the first ones are told one by one, the others together. Pure, but for a counter.

    report, report, …              up to `most` of a streak: an e-mail each
    report                         one more: recorded as open and held, no e-mail
    the next round of the sweep    one e-mail about all that are held; they are told

Of what goes on and on the next rounds tell more and more seldom (`telling_less_often`).

The record of what is held comes before the e-mail, and what is told is marked after it. So a crash in between reports
some twice, and omits none.

A group is over when none of its members is open any longer, however each was told since: one that got worse, or came
again, has a message of its own and keeps its group open all the same. What is told or waits while a group stands may
have been told in it:

    publish the group: 2 incidents
    -- crash --
    the next round: one has recovered; the other is told alone, muted again, or waits
    nothing is recorded as told in the group, and yet it is not over   (mark: told-before-a-crash)
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from suimon.incidents.about import About
from suimon.incidents.incident import HELD_BACK, TOLD_ALONE, Event, Incident, Problem, Told
from suimon.incidents.inhibition import EXPLAINS_FOR, inhibition_of
from suimon.incidents.kinds import KINDS, IncidentId, Kind, Severity
from suimon.incidents.telling_less_often import STREAK, WINDOW, Streaks
from suimon.ledger.items import moment, stamp
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from suimon.ledger.checkpoints import Checkpoints

# Of all datasets in an hour: when everything breaks, what breaks next is no news by itself.
MOST_OF_A_KIND = 30
# A sender who sends bad files for one partition again and again hears of so many tries at once.
TRIES_TOLD = 5
# Groups of a kind with a message each in one round; when there are more datasets, they share one.
MOST_GROUPS = 2


@dataclass(frozen=True)
class Group:
    """Incidents of a kind that are told in one message, the worst first; `event`: of the only one."""

    id: IncidentId
    incidents: tuple[Incident, ...]

    @property
    def event(self) -> Event:
        """What a message about this group says has happened."""
        if len(self.incidents) > 1:
            return Event.GROUPED
        match self.incidents[0]:
            case Incident(told=Told.WORSE):
                return Event.WORSENED
            case Incident(told=Told.AGAIN) | Incident(told=Told.HELD, told_at=datetime()):
                return Event.CHANGED
            case Incident(told=Told.HELD | Told.MUTED):
                return Event.OPENED
        return Event.REMINDED

    @property
    def severity(self) -> Severity:
        """That of the worst."""
        return self.incidents[0].severity

    @property
    def dataset(self) -> str:
        """The dataset whose group it is; empty: of all."""
        return self.id.parts[0] if self.id.parts else ""


@dataclass(frozen=True)
class ToldGroup:
    """A group that people have heard of, and whose end they will hear. concerns: all of whom it has had a member."""

    kind: Kind
    dataset: str
    concerns: tuple[About, ...] = ()

    @property
    def id(self) -> IncidentId:
        """The id of its messages."""
        return _named(self.kind, self.dataset)

    def has(self, one: Incident) -> bool:
        """Whether an incident was told in it."""
        return one.kind is self.kind and self.dataset in one.groups

    def takes(self, one: Incident) -> bool:
        """Whether an incident that is told while it stands joins it."""
        return one.kind is self.kind and self.dataset in {"", one.about.dataset}

    def to_text(self) -> str:
        """Write it as a text, for a checkpoint."""
        concerns = [[one.dataset, one.dag_id, one.table] for one in self.concerns]
        return json.dumps([self.kind, self.dataset, concerns], ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> ToldGroup | None:
        """Read what `to_text` wrote; None of anything else: its members, while they are open, make it again."""
        try:
            kind, dataset, concerns = json.loads(text)
            found = (About(dataset=of, dag_id=dag, table=table) for of, dag, table in concerns)
            return cls(Kind(kind), str(dataset), tuple(found))
        except (ValueError, TypeError):
            return None


def groups_standing(
    kept: Collection[ToldGroup], told: Iterable[Group], opened: Iterable[Incident]
) -> dict[IncidentId, ToldGroup]:
    """Return the groups that are not over: those that are told or joined now, and those that may have an open member.

    kept: those of the round before.
    """
    concerns = defaultdict[tuple[Kind, str], dict[About, None]](dict)
    told_now = [(one, group) for group in told for one in group.incidents]
    waiting = [one for one in opened if one.told in HELD_BACK]
    members = [(one, dataset) for one in opened for dataset in one.groups]
    members += [(one, group.dataset) for one, group in told_now if len(group.incidents) > 1]
    for one in (*waiting, *(one for one, _ in told_now)):
        members += [(one, group.dataset) for group in kept if group.takes(one)]  # mark: told-before-a-crash
    for one, dataset in members:
        concerns[one.kind, dataset][_whom(one.about)] = None
    before = {(one.kind, one.dataset): one.concerns for one in kept}
    groups = [ToldGroup(*name, tuple(dict.fromkeys((*before.get(name, ()), *now)))) for name, now in concerns.items()]
    return {group.id: group for group in groups}


def _whom(about: About) -> About:
    return About(dataset=about.dataset, dag_id=about.dag_id, table=about.table)


def how_to_tell(
    problem: Problem, known: Incident | None, event: Event, checkpoints: Checkpoints, now: datetime
) -> Told:
    """Return how news of a problem is told. What is new or worse counts among those of its kind."""
    before = known if known and known.is_open else None
    if before and event is Event.CHANGED:
        return _change_of(problem, before, now)
    if before and before.told in {Told.HELD, Told.MUTED}:
        return before.told
    if not _is_one_too_many(problem, checkpoints, now):
        return Told.ALONE
    return Told.WORSE if before and before.told in TOLD_ALONE else Told.HELD


def _change_of(problem: Problem, before: Incident, now: datetime) -> Told:
    """Return how it is told that a known problem is another: a later try, another file."""
    since = now - before.updated_at
    if before.told in HELD_BACK:
        return before.told
    if before.told is Told.TOGETHER:
        return Told.HELD
    repeats = bool(problem.content) and problem.content == before.content
    often = before.revision >= TRIES_TOLD and since < STREAK
    return Told.AGAIN if before.is_snoozed(now) or repeats or often else Told.ALONE


def _is_one_too_many(problem: Problem, checkpoints: Checkpoints, now: datetime) -> bool:
    """Count one more, of its group's streak and of its kind in an hour; return whether there are too many of either."""
    group = group_of(problem.kind, problem.about)
    too_many = _count(f"streak:{group}", checkpoints, now, STREAK, is_streak=True) >= KINDS[problem.kind].grouping.most
    if not group.parts:
        return too_many
    return _count(f"kind:{group.kind}", checkpoints, now, WINDOW, is_streak=False) >= MOST_OF_A_KIND or too_many


def _count(name: str, checkpoints: Checkpoints, now: datetime, within: timedelta, *, is_streak: bool) -> int:
    """Count one more and return how many there were before it. Two at once may count as one.

    within: after so long it begins anew; with `is_streak`, after so long without one.
    """
    try:
        kept = checkpoints.get(name)
        since, count = moment(kept["since"]), int(kept["count"])
    except (KeyError, ValueError):
        since, count = now, 0
    if not timedelta() <= now - since < within:
        since, count = now, 0
    checkpoints.put(name, {"since": stamp(now if is_streak else since), "count": str(count + 1)})
    return count


def group_of(kind: Kind, about: About) -> IncidentId:
    """Return the id under which incidents of a kind are counted together."""
    return IncidentId(kind, tuple(getattr(about, name) for name in KINDS[kind].grouping.by))


def held(standing: Collection[Incident], now: datetime) -> list[Group]:
    """Return what people have to hear of now, in groups, the worst first.

    A group of each dataset, with all of it that waits once one has waited long enough; of a kind with more than
    MOST_GROUPS of them, one group of all.
    """
    streaks = Streaks(standing)
    by_kind = defaultdict[Kind, dict[str, list[Incident]]](lambda: defaultdict(list))
    for one in standing:
        if _is_due(one, standing, now):
            by_kind[one.kind][one.about.dataset].append(one)
    groups = []
    for kind, of_all in by_kind.items():
        by_dataset = {
            dataset: ones for dataset, ones in of_all.items() if not all(streaks.must_wait(one, now) for one in ones)
        }
        if len(by_dataset) > MOST_GROUPS:
            groups.append(
                Group(IncidentId(kind, ()), worst_first([one for ones in by_dataset.values() for one in ones]))
            )
        else:
            groups += [Group(_named(kind, dataset), worst_first(ones)) for dataset, ones in by_dataset.items()]
    return sorted(groups, key=lambda group: (group.severity is Severity.WARNING, str(group.id)))


def _named(kind: Kind, dataset: str) -> IncidentId:
    return IncidentId(kind, (dataset,) if dataset else ())


def _is_due(one: Incident, standing: Collection[Incident], now: datetime) -> bool:
    if not one.is_open or one.is_snoozed(now):
        return False
    if one.told is Told.MUTED:  # causes that follow each other mute it no longer than one would
        return now - one.opened_at >= EXPLAINS_FOR or inhibition_of(one.kind, one.about, standing, now) is None
    return one.told in HELD_BACK or one.snoozed is not None


def worst_first(incidents: Sequence[Incident]) -> tuple[Incident, ...]:
    """Sort incidents: errors before warnings, the newest date before older ones, what is open longest first."""
    by_age = sorted(incidents, key=lambda one: one.opened_at)
    by_date = sorted(by_age, key=lambda one: one.about.partition, reverse=True)
    return tuple(sorted(by_date, key=lambda one: one.severity is Severity.WARNING))


def once_told(incident: Incident, group: Group, standing: Iterable[ToldGroup], now: datetime) -> Incident:
    """Return an incident once the message about its group is published; with others, it recovers with them.

    standing: the groups that are not over, this one among them if it is one of many.
    """
    is_one = len(group.incidents) == 1
    return replace(
        incident,
        told=Told.ALONE if is_one or incident.told in TOLD_ALONE else Told.TOGETHER,
        groups=tuple(sorted({*incident.groups, *(one.dataset for one in standing if one.takes(incident))})),
        told_at=now,
        snoozed=None,
        muted_by="",
        revision=incident.revision + 1,
    )

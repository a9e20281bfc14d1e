"""The life of an incident: what is news, what lasts too long, what ends by itself. Pure.

    nothing ──report──▶ open ──recover──▶ recovered ──report──▶ open, again
                         │ ▲
          a person closes│ │worse, or again
                         ▼ │
                        closed ──recover──▶ recovered, and nobody hears of it

An open one may be acknowledged (somebody is at it) or snoozed (nobody wants to hear of it until then): both end when it
gets worse, and neither holds back its recovery.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.incidents.incident import Event, Incident, Notice, Problem, Stage, Told
from suimon.incidents.kinds import KINDS, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

# Of one that a person has closed: when its file, partition or run is none that anybody reports again.
CLOSED_LAPSES = timedelta(days=90)


def news_of(problem: Problem, known: Incident | None) -> Event | None:
    """Return what is new about a problem for people: it is there, or worse, or another; None when they know of it.

    One that a person has closed is opened again by the same two: when it is worse, or has happened again.
    """
    if known is None or not known.stands:
        return Event.OPENED
    if problem.how_bad.is_worse_than(known.severity):
        return Event.WORSENED
    return Event.CHANGED if known.fingerprint != problem.fingerprint else None


def reported(problem: Problem, known: Incident | None, told: Told, now: datetime, muted_by: str = "") -> Incident:
    """Return the incident once a problem is reported."""
    before = known if known and known.is_open else None
    worse = before is not None and problem.how_bad.is_worse_than(before.severity)
    kept = before if not worse else None
    return Incident(
        kind=problem.kind,
        about=problem.about,
        stage=Stage.OPEN,
        fingerprint=problem.fingerprint,
        subject=problem.subject,
        opened_at=before.opened_at if before else now,
        updated_at=now,
        revision=_next(known),
        told=told,
        severity=before.severity if before and before.severity.is_worse_than(problem.how_bad) else problem.how_bad,
        body=problem.body,
        content=problem.content,
        told_at=now if told is Told.ALONE else kept.told_at if kept else None,
        acknowledged=kept.acknowledged if kept else None,
        snoozed=kept.snoozed if kept else None,
        muted_by=muted_by if told is Told.MUTED else "",
        groups=known.groups if known and known.stands else (),
    )


def suspected(problem: Problem, known: Incident | None, now: datetime) -> Incident:
    """Return the incident of a problem that was seen and may pass by itself."""
    return replace(reported(problem, None, Told.HELD, now), stage=Stage.SUSPECTED, revision=_next(known))


def recovered(incident: Incident, now: datetime) -> Incident:
    """Return an incident that has recovered."""
    return replace(incident, stage=Stage.RECOVERED, updated_at=now, revision=incident.revision + 1)


def escalated(opened: Iterable[Incident], now: datetime) -> list[Incident]:
    """Return the warnings that have lasted so long that they are errors, as they are from now on.

    People hear of them in the same round, together.
    """
    return [
        replace(
            one,
            severity=Severity.ERROR,
            told=one.told if one.told in {Told.HELD, Told.MUTED} else Told.WORSE,
            told_at=None,
            acknowledged=None,
            snoozed=None,
            revision=one.revision + 1,
        )
        for one in opened
        if one.is_open
        and one.severity is Severity.WARNING
        and (after := KINDS[one.kind].escalates) is not None
        and now - one.opened_at >= after
    ]


def lapsed(standing: Iterable[Incident], now: datetime) -> list[Incident]:
    """Return the incidents that end by themselves.

    Of the open ones, those after which nothing has to follow, some time after the last report. Of those that a person
    has closed, those of which no round ever finds that they are over.
    """
    return [one for one in standing if _has_lapsed(one, now)]


def _has_lapsed(one: Incident, now: datetime) -> bool:
    definition = KINDS[one.kind]
    if one.stage is Stage.CLOSED:
        return definition.is_of_one_thing and one.closed is not None and now - one.closed.at >= CLOSED_LAPSES
    return one.is_open and definition.lapses is not None and now - one.updated_at >= definition.lapses


def notice_of(problem: Problem, event: Event) -> Notice:
    """Return what is published of a problem."""
    return Notice(event, problem.id, problem.kind, problem.how_bad, problem.about, problem.subject, problem.body)


def notice_about(incident: Incident, event: Event, subject: str, body: str) -> Notice:
    """Return what is published of an incident."""
    return Notice(event, incident.id, incident.kind, incident.severity, incident.about, subject, body, (incident,))


def _next(known: Incident | None) -> int:
    return known.revision + 1 if known else 1

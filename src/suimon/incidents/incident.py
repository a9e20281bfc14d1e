"""A problem as it is now, and an incident as the ledger knows it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.incidents.kinds import About, IncidentId, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


@dataclass(frozen=True)
class Problem:
    """What is wrong now, in words for the person who gets the e-mail.

    subject: one line. body: what happened, where, what to do. fingerprint: people are alerted again when it changes.
    """

    kind: Kind
    about: About
    subject: str
    body: str
    fingerprint: str

    @property
    def id(self) -> IncidentId:
        """The id of its incident."""
        return IncidentId.of(self.kind, self.about)


class Stage(StrEnum):
    """Where an incident stands: its text in the ledger's `state`, so that the index of states finds it."""

    SUSPECTED = "INCIDENT_SUSPECTED"  # seen and not reported yet: it may pass by itself
    OPEN = "INCIDENT_OPEN"
    RECOVERED = "INCIDENT_RECOVERED"


class Told(StrEnum):
    """How people heard of an incident, as it stands in the ledger."""

    ALONE = "alone"
    HELD = "held"  # not yet: with others of its kind, in the next round of the sweep
    TOGETHER = "together"  # with others of its kind; it recovers without a message of its own
    AGAIN = "again"  # alone before; what is new is held


@dataclass(frozen=True)
class Incident:
    """What the ledger knows of a problem; `revision` counts its writes."""

    kind: Kind
    about: About
    stage: Stage
    fingerprint: str
    subject: str
    opened_at: datetime
    updated_at: datetime
    revision: int = 1
    told: Told = Told.ALONE

    @property
    def id(self) -> IncidentId:
        """Its id."""
        return IncidentId.of(self.kind, self.about)

    @property
    def is_open(self) -> bool:
        """Whether people have heard of it, or soon will, and not that it has recovered."""
        return self.stage is Stage.OPEN


@dataclass(frozen=True)
class Recovery:
    """An incident whose problem has recovered.

    note: how, for people. revision: of the incident when that was found; None where it does not matter what was
    reported meanwhile.
    """

    incident_id: IncidentId
    note: str = ""
    revision: int | None = None


def is_news(problem: Problem, known: Incident | None) -> bool:
    """Whether people have to be alerted: for the first time, since it has changed, or since it had recovered."""
    return known is None or not known.is_open or known.fingerprint != problem.fingerprint


def of_kind(opened: Iterable[Incident], *kinds: Kind) -> list[Incident]:
    """Return the incidents of some kinds."""
    return [one for one in opened if one.kind in kinds]


def gone(opened: Iterable[Incident], kind: Kind, note: str = "", still: Iterable[Problem] = ()) -> list[Recovery]:
    """Return the recoveries of a kind, of which everything was looked at and only some problems are still there."""
    ids = {problem.id for problem in still}
    return [Recovery(one.id, note) for one in of_kind(opened, kind) if one.id not in ids]


EXAMPLES = 10  # named in a finding or an e-mail; the rest is counted


def listed(lines: Sequence[str], most: int = EXAMPLES) -> str:
    """Write the first lines of a list in an e-mail, and how many more there are."""
    more = [f"and {len(lines) - most:,} more"] if len(lines) > most else []
    return "\n".join(f"  {line}" for line in [*lines[:most], *more])

"""A problem as it is now, and an incident as the ledger knows it. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from suimon.incidents.kinds import KINDS, IncidentId, Kind, Severity
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from suimon.incidents.about import About


class Text(NamedTuple):
    """What people read, in one language."""

    subject: str
    body: str


@dataclass(frozen=True)
class Problem:
    """What is wrong now, in words for the person who gets the e-mail: each a `Bilingual`.

    subject: one line. body: what happened, where, what to do. fingerprint: people are alerted again when it changes.
    severity: by default, its kind's; one that is worse than it was reported is a worsening. content: what is wrong,
    whatever it is wrong with: the same bad file that comes again is no more than a repetition.
    """

    kind: Kind
    about: About
    subject: str
    body: str
    fingerprint: str
    severity: Severity | None = None
    content: str = ""

    @property
    def id(self) -> IncidentId:
        """The id of its incident."""
        return IncidentId.of(self.kind, self.about)

    @property
    def how_bad(self) -> Severity:
        """Its severity."""
        return self.severity or KINDS[self.kind].severity


class Stage(StrEnum):
    """Where an incident stands: its text in the ledger's `state`, so that the index of states finds it."""

    SUSPECTED = "INCIDENT_SUSPECTED"  # seen and not reported yet: it may pass by itself
    OPEN = "INCIDENT_OPEN"
    CLOSED = "INCIDENT_CLOSED"  # by a person; its cause may still stand
    RECOVERED = "INCIDENT_RECOVERED"


class Told(StrEnum):
    """How people heard of an incident, as it stands in the ledger."""

    ALONE = "alone"
    HELD = "held"  # not yet: in the next round of the sweep, with others of its kind if there are
    MUTED = "muted"  # not yet: something else that is open explains it
    TOGETHER = "together"  # with others of its kind; it recovers without a message of its own
    AGAIN = "again"  # alone before; what is new is held, for an hour at most
    WORSE = "worse"  # alone before; that it is worse is held for the next round


HELD_BACK = frozenset({Told.HELD, Told.MUTED, Told.AGAIN, Told.WORSE})
TOLD_ALONE = frozenset({Told.ALONE, Told.AGAIN, Told.WORSE})


class Standing(StrEnum):
    """What a person sees of an incident's state."""

    SUSPECTED = "suspected"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    RECOVERED = "recovered"


@dataclass(frozen=True)
class ByPerson:
    """What a person did to an incident. `until`: when a snooze ends."""

    who: str
    at: datetime
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Incident:
    """What the ledger knows of a problem; `revision` counts its writes.

    updated_at: when it was last reported, or changed. told_at: when people last heard of it, as bad as it is; None:
    they have not. acknowledged, snoozed, closed: by whom, and why. muted_by: the id of the incident that explains it,
    as of the report. groups: in which messages about many of its kind it was: by the dataset of the group, "" for one
    of all datasets.
    """

    kind: Kind
    about: About
    stage: Stage
    fingerprint: str
    subject: str
    opened_at: datetime
    updated_at: datetime
    revision: int = 1
    told: Told = Told.ALONE
    severity: Severity = Severity.ERROR
    body: str = ""
    content: str = ""
    told_at: datetime | None = None
    acknowledged: ByPerson | None = None
    snoozed: ByPerson | None = None
    closed: ByPerson | None = None
    muted_by: str = ""
    groups: tuple[str, ...] = ()

    @property
    def id(self) -> IncidentId:
        """Its id."""
        return IncidentId.of(self.kind, self.about)

    @property
    def is_open(self) -> bool:
        """Whether people have heard of it, or soon will, and not that it has recovered."""
        return self.stage is Stage.OPEN

    @property
    def stands(self) -> bool:
        """Whether it has not recovered: open, or closed by a person though its cause may stand."""
        return self.stage in {Stage.OPEN, Stage.CLOSED}

    def is_snoozed(self, now: datetime) -> bool:
        """Whether nobody wants to hear of it now, unless it gets worse or recovers."""
        return self.is_open and self.snoozed is not None and self.snoozed.until is not None and now < self.snoozed.until

    def standing(self, now: datetime) -> Standing:
        """Return the state that a person sees."""
        if self.stage is not Stage.OPEN:
            return Standing(self.stage.removeprefix("INCIDENT_").lower())
        if self.is_snoozed(now):
            return Standing.SNOOZED
        return Standing.ACKNOWLEDGED if self.acknowledged else Standing.OPEN


class Event(StrEnum):
    """What a notice says has happened to an incident."""

    OPENED = "opened"
    CHANGED = "changed"
    WORSENED = "worsened"  # from a warning to an error
    REMINDED = "reminded"
    GROUPED = "grouped"  # many at once
    RECOVERED = "recovered"
    REOPENED = "reopened"  # it was reported again while its recovery was published
    CLOSED = "closed"  # by a person, or by itself: a cause may stand


@dataclass(frozen=True)
class Notice:
    """What is published, of one incident or of many.

    id: of the incident, or of the group. incidents: what it is about as the ledger has it, for a group or a reminder.
    concerns: whom it concerns, where that is not what `about` or `incidents` say: of a group that is over.
    """

    event: Event
    id: IncidentId
    kind: Kind
    severity: Severity
    about: About
    subject: str
    body: str
    incidents: tuple[Incident, ...] = ()
    concerns: tuple[About, ...] = ()


@dataclass(frozen=True)
class Recovery:
    """An incident whose problem has recovered.

    note: how, for people. revision: of the incident when that was found; None where it does not matter what was
    reported meanwhile.
    """

    incident_id: IncidentId
    note: str = ""
    revision: int | None = None


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
    return _listed(lines, most, "and {:,} more")


def listed_in_japanese(lines: Sequence[str], most: int = EXAMPLES) -> str:
    """Write the same in Japanese."""
    return _listed(lines, most, "ほか {:,} 件")


def _listed(lines: Sequence[str], most: int, rest: str) -> str:
    more = [rest.format(len(lines) - most)] if len(lines) > most else []
    return "\n".join(f"  {line}" for line in [*lines[:most], *more])

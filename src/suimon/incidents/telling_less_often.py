"""What goes on and on: how often people hear that there is more of it. Pure.

Each hour that a dead sender misses is an incident of its own, and each bad file of one that sends them all day. Those
of a kind and a sender that follow each other, while they are open, are a streak. The first is told at once. Then there
is silence for as long as the streak had lasted at its last message, and for STREAK at most:

    08:00  the file of 07 is missing: told
    09:00  one more: told                              the streak has lasted for an hour
    10:00  one more: told                              ... for two
    12:00  two more: told                              ... for four
    16:00  four more: told, and so every eight hours

Once all are over, the next one is news again. An error does not wait because warnings were told.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from suimon.incidents.incident import Told
from suimon.incidents.kinds import KINDS, IncidentId, Severity
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from suimon.incidents.incident import Incident

# The longest silence. A feed of three files a day or fewer has no streaks: each of its files is told at once.
STREAK = timedelta(hours=8)
# A try of what was told is told no sooner than this after the last one.
WINDOW = timedelta(hours=1)

# What is muted is told once nothing explains it, and what was snoozed when that is over.
PACED = frozenset({Told.HELD, Told.AGAIN, Told.WORSE})


@dataclass
class _Streak:
    """Incidents of one sender that follow each other within STREAK.

    first: when the first one was opened, newest: the last one. told: when people last heard of one of each severity.
    """

    first: datetime
    newest: datetime
    told: dict[Severity, datetime] = field(default_factory=dict)

    def add(self, one: Incident) -> None:
        """Take in one that was opened after those before it."""
        self.newest = one.opened_at
        if one.told_at:
            self.told[one.severity] = max(one.told_at, self.told.get(one.severity, one.told_at))


class Streaks:
    """The streaks among the open incidents."""

    def __init__(self, opened: Iterable[Incident]) -> None:
        """Sort the open ones of some incidents into streaks, by sender and by when they were opened."""
        last = dict[tuple[str, ...], _Streak]()
        self._of = dict[IncidentId, _Streak]()
        for one in sorted(opened, key=lambda one: one.opened_at):
            if one.is_open:
                sender = _sender_of(one)
                if sender not in last or one.opened_at - last[sender].newest >= STREAK:
                    last[sender] = _Streak(one.opened_at, one.opened_at)
                last[sender].add(one)
                self._of[one.id] = last[sender]

    def must_wait(self, one: Incident, now: datetime) -> bool:
        """Whether what is held back of an open incident is not told yet, for people know of its streak."""
        if one.snoozed or one.told not in PACED:
            return False
        if one.told is Told.AGAIN and one.told_at:
            return now - one.told_at < max(WINDOW, _silence(one.opened_at, one.told_at))
        if now - (one.told_at or one.opened_at) >= STREAK:
            return False
        streak = self._of[one.id]
        told = [at for severity, at in streak.told.items() if not one.severity.is_worse_than(severity)]
        return bool(told) and now - max(told) < _silence(streak.first, max(told))


def _silence(first: datetime, last: datetime) -> timedelta:
    """Return how long nobody hears more, after a message at `last` of what began at `first`."""
    return min(last - first, STREAK)


def _sender_of(one: Incident) -> tuple[str, ...]:
    """Return what incidents of one sender have in common: all that they are about, but for file, date and run."""
    about = one.about
    # Of 2026-11-20T13/store=S01, store=S01.
    place = about.partition.partition("/")[2]
    return one.kind, about.dataset, place, *(getattr(about, name) for name in KINDS[one.kind].lasting)

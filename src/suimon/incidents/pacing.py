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

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.incidents.incident import Told
from suimon.incidents.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from suimon.incidents.incident import Incident

# The longest silence. A feed of three files a day or fewer has no streaks: each of its files is told at once.
STREAK = timedelta(hours=8)
# A try of what was told is told no sooner than this after the last one.
WINDOW = timedelta(hours=1)

# What is muted is told once nothing explains it, and what was snoozed when that is over.
PACED = frozenset({Told.HELD, Told.AGAIN, Told.WORSE})


class Streaks:
    """The streaks among the open incidents."""

    def __init__(self, opened: Iterable[Incident]) -> None:
        """Sort the open ones of some incidents by kind and sender, and by when they were opened."""
        self._of: dict[tuple[str, ...], list[Incident]] = defaultdict(list)
        for one in sorted(opened, key=lambda one: one.opened_at):
            if one.is_open:
                self._of[_sender_of(one)].append(one)

    def must_wait(self, one: Incident, now: datetime) -> bool:
        """Whether what is held back of an incident is not told yet, for people know that there is such a streak."""
        if one.snoozed or one.told not in PACED:
            return False
        if one.told is Told.AGAIN and one.told_at:
            return now - one.told_at < max(WINDOW, _silence(one.opened_at, one.told_at))
        if now - (one.told_at or one.opened_at) >= STREAK:
            return False
        streak = self._streak(one)
        told = [each.told_at for each in streak if each.told_at and not one.severity.is_worse_than(each.severity)]
        return bool(told) and now - max(told) < _silence(streak[0].opened_at, max(told))

    def _streak(self, one: Incident) -> list[Incident]:
        """Return those before and after it that follow each other within STREAK, oldest first."""
        streak: list[Incident] = []
        for each in self._of[_sender_of(one)]:
            if streak and each.opened_at - streak[-1].opened_at >= STREAK:
                if one.opened_at < each.opened_at:
                    break
                streak = []
            streak.append(each)
        return streak


def _silence(first: datetime, last: datetime) -> timedelta:
    """Return how long nobody hears more, after a message at `last` of what began at `first`."""
    return min(last - first, STREAK)


def _sender_of(one: Incident) -> tuple[str, ...]:
    """Return what incidents of one sender have in common: all that they are about, but for file, date and run."""
    about = one.about
    # Of 2026-11-20T13/store=S01, store=S01.
    place = about.partition.partition("/")[2]
    return one.kind, about.dataset, place, *(getattr(about, name) for name in KINDS[one.kind].lasting)

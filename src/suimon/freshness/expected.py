"""The state of an expected file: one pure function of contract, ledger and time.

    not yet due ── deadline ──▶ late ── grace ──▶ missing          nothing of it has come
                                                                   or a person has said that nothing will: waived
    loading (or held) ──▶ loaded, loaded late                      something has come
                     └──▶ arrived and rejected, arrived and not loaded

What has come decides over what a person has said, and what is loaded over what came later: until the correction is
loaded too, its rows stand in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suimon.contract.model import Role
from suimon.drops.hold import hold_on, is_held
from suimon.drops.states import AT_AN_END, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from suimon.contract.model import Arrival, Contract
    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold

# How far back the last date with a file is looked for: over the longest that a calendar may have none.
FURTHEST_BACK_DAYS = 800


class FileState(StrEnum):
    """How an expected file is; the text is what people read."""

    NOT_DUE = "not yet due"
    LATE = "late"
    MISSING = "missing"
    REJECTED = "arrived and rejected"
    NOT_LOADED = "arrived and not loaded"
    HELD = "held"
    LOADING = "loading"
    LOADED = "loaded"
    LOADED_LATE = "loaded late"
    WAIVED = "waived"


# What a table may be called fresh after.
SETTLED = frozenset({FileState.LOADED, FileState.LOADED_LATE, FileState.WAIVED})


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a date of a dataset.

    drops: of its partition, oldest write first. waived: why a person has said that it has no file; empty: nobody has.
    hold: the last one of its dataset; while it is in force, what is accepted waits and no run starts.
    """

    drops: Sequence[DropRecord] = ()
    waived: str = ""
    hold: Hold | None = None


def deadline_of(arrival: Arrival, day: date) -> datetime:
    """Return the moment, in UTC, by which the file of a business date has to be there.

    The deadline is a time on the wall in the contract's zone. One that the change to summer time skips falls as much
    later as the clock jumps; one that comes twice in autumn counts the first time.
    """
    wall = datetime.combine(day + timedelta(days=arrival.days_after), arrival.deadline, ZoneInfo(arrival.time_zone))
    return wall.astimezone(UTC)


def missing_from(arrival: Arrival, day: date) -> datetime:
    """Return the moment, in UTC, from which a file that has not come is missing: when the grace is over."""
    return deadline_of(arrival, day) + timedelta(minutes=arrival.grace_minutes)


def state_of(contract: Contract, day: date, facts: Facts, now: datetime) -> FileState | None:
    """Return the state of a date's file; None where the contract expects none and nothing has come."""
    if facts.drops:
        return _arrived(contract, day, facts, now)
    if facts.waived:
        return FileState.WAIVED
    arrival = contract.arrival
    if arrival is None or not arrival.calendar.expects(day):
        return None
    if now < deadline_of(arrival, day):
        return FileState.NOT_DUE
    return FileState.LATE if now < missing_from(arrival, day) else FileState.MISSING


def _arrived(contract: Contract, day: date, facts: Facts, now: datetime) -> FileState:
    if loaded := [drop.loaded_at or drop.updated_at for drop in loaded_wholes(contract, facts)]:
        in_time = contract.arrival is None or min(loaded) < missing_from(contract.arrival, day)
        return FileState.LOADED if in_time else FileState.LOADED_LATE
    on_their_way = {drop.state for drop in facts.drops} - AT_AN_END
    if State.TRIGGERED not in on_their_way and held_by(contract, facts, now):
        return FileState.HELD
    if on_their_way:
        return FileState.LOADING
    last = next((drop.state for drop in reversed(facts.drops) if drop.state in _VERDICTS), None)
    return FileState.REJECTED if last in _REFUSED else FileState.NOT_LOADED


def held_by(contract: Contract, facts: Facts, now: datetime) -> Hold | None:
    """Return the hold that an accepted file of a date waits for: its dataset's, or its window's; None if none does."""
    wholes = _wholes(contract, facts)
    for drop in reversed(facts.drops):
        hold = hold_on(drop, contract if drop in wholes else None, facts.hold)
        if is_held(drop, hold, now):
            return hold
    return None


def loaded_wholes(contract: Contract, facts: Facts) -> list[DropRecord]:
    """Return what of a date is loaded, oldest write first."""
    return [drop for drop in _wholes(contract, facts) if drop.state is State.LOADED]


def _wholes(contract: Contract, facts: Facts) -> list[DropRecord]:
    """Return the files and sets of a date: of a dataset of sets the sets are loaded, a part alone waits for others."""
    return [drop for drop in facts.drops if contract.role_of(drop.drop.key) in (Role.FILE, Role.SET)]


_REFUSED = (State.REJECTED, State.GONE)
# What a write that others have overtaken ended with says nothing of the date.
_VERDICTS = (*_REFUSED, State.FAILED, State.CLOSED, State.RETRACTED)


def not_corrected(contract: Contract, facts: Facts) -> State | None:
    """Return how the last file after the newest loaded one ended, if it came to nothing; else None.

    The date is loaded, and yet the table lacks what was sent last. What a person has closed or retracted
    lacks nothing.
    """
    wholes = _wholes(contract, facts)
    newest = next((place for place, drop in enumerate(reversed(wholes)) if drop.state is State.LOADED), None)
    later = wholes[len(wholes) - newest :] if newest is not None else []
    last = next((drop.state for drop in reversed(later) if drop.state in _VERDICTS), None)
    return None if last in (State.CLOSED, State.RETRACTED) else last


def due_days(arrival: Arrival, now: datetime) -> list[date]:
    """Return the dates with a file whose deadline came less than `lookback_days` times 24 hours ago, oldest first."""
    return due_within(arrival, now, arrival.lookback_days)


def due_within(arrival: Arrival, now: datetime, days: int) -> list[date]:
    """Return the dates with a file whose deadline came less than so many times 24 hours ago, oldest first."""
    window = timedelta(days=days)
    # A day more than that: one whose deadline is at midnight is looked for by rounds of the day after, too.
    found = _back_from_due(arrival, now, days + 1)
    return [day for day in found if timedelta() <= now - deadline_of(arrival, day) < window][::-1]


def newest_due(arrival: Arrival, now: datetime) -> date | None:
    """Return the newest date whose file is missing by now unless it has come; None if there is none."""
    days = _back_from_due(arrival, now, FURTHEST_BACK_DAYS)
    return next((day for day in days if missing_from(arrival, day) <= now), None)


def _back_from_due(arrival: Arrival, now: datetime, most: int) -> Iterator[date]:
    """Yield the dates with a file whose deadline falls on today's date or earlier ones, newest first."""
    newest = now.astimezone(ZoneInfo(arrival.time_zone)).date() - timedelta(days=arrival.days_after)
    for back in range(min(most, newest.toordinal() - 1)):
        if arrival.calendar.expects(day := newest - timedelta(days=back)):
            yield day


def days_that_make_fresh(arrival: Arrival, max_age_days: int, now: datetime) -> list[date]:
    """Return the dates of which one must be loaded for the table to be fresh, oldest first.

    They begin with the newest that was due `max_age_days` open days ago: fresh is the newest partition that was due,
    loaded, and a date far back that is loaded again freshens nothing.
    """
    today = now.astimezone(UTC).date()
    back, opened = 0, 0
    while opened < max_age_days and back < FURTHEST_BACK_DAYS:
        opened += arrival.calendar.is_open(today - timedelta(days=back))
        back += 1
    oldest, newest = newest_due(arrival, now - timedelta(days=back)), newest_due(arrival, now)
    if oldest is None or newest is None:
        return []
    days = (oldest + timedelta(days=step) for step in range((newest - oldest).days + 1))
    return [day for day in days if arrival.calendar.expects(day)]

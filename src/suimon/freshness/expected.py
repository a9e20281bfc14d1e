"""The state of an expected file: one pure function of contract, ledger and time.

    not yet due ── deadline ──▶ late ── grace ──▶ missing          nothing of it has come
                                                                   or a person has said that nothing will: waived
    loading (or held) ──▶ loaded, loaded late                      something has come
                     └──▶ arrived and rejected, arrived and not loaded
                              └─ since then a person has said that nothing else will come: waived

What comes decides over what a person has said before, and what is loaded over what came later: until the correction is
loaded too, its rows stand in the table.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.contract.model import Role
from suimon.drops.hold import hold_on, is_held
from suimon.drops.states import AT_AN_END, State
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from suimon.contract.arrival import Arrival
    from suimon.contract.model import Contract
    from suimon.contract.partition import Partition
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

    drops: of its partition, oldest write first. waived: why a person has said that it has no file, or no other; empty:
    nobody has. waived_at: when.
    hold: the last one of its dataset; while it is in force, what is accepted waits and no run starts.
    """

    drops: Sequence[DropRecord] = ()
    waived: str = ""
    waived_at: datetime | None = None
    hold: Hold | None = None


def deadline_of(arrival: Arrival, of: Partition) -> datetime:
    """Return the moment, in UTC, by which the file of a partition has to be there."""
    return arrival.deadline_of(of)


def missing_from(arrival: Arrival, of: Partition) -> datetime:
    """Return the moment, in UTC, from which a file that has not come is missing: when the grace is over."""
    return deadline_of(arrival, of) + timedelta(minutes=arrival.grace_minutes)


def state_of(contract: Contract, of: Partition, facts: Facts, now: datetime) -> FileState | None:
    """Return the state of a partition's file; None where the contract expects none and nothing has come."""
    if facts.drops:
        return _arrived(contract, of, facts, now)
    if facts.waived:
        return FileState.WAIVED
    arrival = contract.arrival
    if arrival is None or not arrival.expects(of):
        return None
    if now < deadline_of(arrival, of):
        return FileState.NOT_DUE
    return FileState.LATE if now < missing_from(arrival, of) else FileState.MISSING


def _arrived(contract: Contract, of: Partition, facts: Facts, now: datetime) -> FileState:
    if loaded := [drop.loaded_at or drop.updated_at for drop in loaded_wholes(contract, facts)]:
        in_time = contract.arrival is None or min(loaded) < missing_from(contract.arrival, of)
        return FileState.LOADED if in_time else FileState.LOADED_LATE
    on_their_way = {drop.state for drop in facts.drops} - AT_AN_END
    if State.TRIGGERED not in on_their_way and held_by(contract, facts, now):
        return FileState.HELD
    if on_their_way:
        return FileState.LOADING
    if facts.waived and facts.waived_at and all(drop.updated_at <= facts.waived_at for drop in facts.drops):
        return FileState.WAIVED
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


def due_days(arrival: Arrival, now: datetime) -> list[Partition]:
    """Return the times with a file whose deadline came less than `lookback_days` times 24 hours ago, oldest first."""
    return due_within(arrival, now, arrival.lookback_days)


def due_within(arrival: Arrival, now: datetime, days: int) -> list[Partition]:
    """Return the times with a file whose deadline came less than so many times 24 hours ago, oldest first."""
    first = now - timedelta(days=days)
    found = arrival.times_between(first, now)
    return [of for of in found if arrival.expects(of) and deadline_of(arrival, of) > first]


def newest_due(arrival: Arrival, now: datetime) -> Partition | None:
    """Return the newest time whose file is missing by now unless it has come; None if there is none."""
    found = _back_from_due(arrival, now, FURTHEST_BACK_DAYS)
    return next((of for of in found if missing_from(arrival, of) <= now), None)


def _back_from_due(arrival: Arrival, now: datetime, most: int) -> Iterator[Partition]:
    """Yield the times with a file whose deadline falls into so many days before now, newest first."""
    last = now
    while most > 0:
        first = last - timedelta(days=min(_AT_ONCE, most))
        found = [of for of in arrival.times_between(first, last) if arrival.expects(of)]
        yield from reversed([of for of in found if deadline_of(arrival, of) > first])
        last, most = first, most - _AT_ONCE


# Days that are looked through at once: what is looked for is nearly always among the newest.
_AT_ONCE = 10


def days_that_make_fresh(arrival: Arrival, max_age_days: int, now: datetime) -> list[Partition]:
    """Return the times of which one must be loaded for the table to be fresh, oldest first.

    They begin with the newest that was due `max_age_days` open days ago: fresh is the newest partition that was due,
    loaded, and one far back that is loaded again freshens nothing.
    """
    today = now.astimezone(UTC).date()
    back, opened = 0, 0
    while opened < max_age_days and back < FURTHEST_BACK_DAYS:
        opened += arrival.calendar.is_open(today - timedelta(days=back))
        back += 1
    oldest, newest = newest_due(arrival, now - timedelta(days=back)), newest_due(arrival, now)
    if oldest is None or newest is None:
        return []
    return [of for of in oldest.to(newest) if arrival.expects(of)]

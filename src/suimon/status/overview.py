"""What stands on the page of a stack: dates of datasets, open incidents, what is held, the share in time. Pure.

No person stands on it, whoever has acknowledged, snoozed or held something: the page is handed round.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from suimon.freshness.expected import SETTLED, FileState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from suimon.freshness.forecast import Expected
    from suimon.incidents.incident import Incident

COLUMNS = 14  # dates in the grid
MOST_INCIDENTS, MOST_ROWS = 100, 600  # shown; the rest is counted
SPANS = (30, 90)  # days, of the shares in time
# Of a page that is made every quarter of an hour: each date is a query of the ledger.
MOST_DATES = 3_000

# Each state by a letter that is its own without colours.
LETTERS = {
    FileState.NOT_DUE: "o",
    FileState.LATE: "l",
    FileState.MISSING: "M",
    FileState.REJECTED: "R",
    FileState.NOT_LOADED: "F",
    FileState.HELD: "H",
    FileState.LOADING: ">",
    FileState.LOADED: "+",
    FileState.LOADED_LATE: "t",
    FileState.WAIVED: "w",
}
# What is on its way, or has time yet, needs nobody.
QUIET = SETTLED | {FileState.NOT_DUE, FileState.LOADING}
# Nobody can say yet, or nobody asks, whether these were in time.
_NOT_COUNTED = frozenset({FileState.NOT_DUE, FileState.WAIVED})


@dataclass(frozen=True)
class Share:
    """How many of the dates that were due within some days were loaded in time."""

    in_time: int
    due: int

    @property
    def percent(self) -> str:
        """The share, cut to a tenth: 100 % is only what was always in time."""
        return f"{self.in_time * 1_000 // self.due / 10:g} %" if self.due else ""


@dataclass(frozen=True)
class Row:
    """A dataset: its dates by business date, the newest that is loaded, and its share in time by span, if known."""

    dataset: str
    dates: dict[str, Expected]
    newest: Expected | None
    shares: tuple[Share | None, ...]

    @property
    def needs_somebody(self) -> bool:
        """Whether a person must look at one of the dates."""
        return any(wants(one) for one in self.dates.values())


@dataclass(frozen=True)
class Held:
    """A dataset of which no run starts, since when, and until when if that is known."""

    dataset: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Overview:
    """All that the page shows. more_*: how many are left out; without_deadline: datasets of which no file is due."""

    days: tuple[str, ...]
    rows: tuple[Row, ...]
    incidents: tuple[Incident, ...]
    held: tuple[Held, ...]
    without_deadline: tuple[str, ...]
    warnings: tuple[str, ...]
    wanting: int
    more_rows: int = 0
    more_incidents: int = 0

    @property
    def is_calm(self) -> bool:
        """Whether nothing needs anybody."""
        return not (self.incidents or self.held or self.wanting)


def days_back(datasets: int) -> int:
    """Return how many days back to read, so that a round reads no more than MOST_DATES dates."""
    return max(3, min(SPANS[-1], MOST_DATES // max(1, datasets)))


def wants(one: Expected) -> bool:
    """Whether a person must look at a date."""
    return one.state not in QUIET or bool(one.later)


def overview(
    expected: Sequence[Expected],
    incidents: Sequence[Incident],
    held: Iterable[Held],
    datasets: Iterable[str],
    warnings: Sequence[str],
    now: datetime,
    *,
    back: int,
) -> Overview:
    """Return what stands on the page. incidents: the open ones, the worst first; back: days that were read."""
    days = sorted({one.partition for one in expected}, reverse=True)[:COLUMNS]
    rows = [_row(name, list(found), set(days), now, back) for name, found in groupby(expected, lambda one: one.dataset)]
    # Whoever opens it looks for what is not well.
    rows.sort(key=lambda row: (not row.needs_somebody, row.dataset))
    awaited = {row.dataset for row in rows}
    return Overview(
        days=tuple(days),
        rows=tuple(rows[:MOST_ROWS]),
        incidents=tuple(incidents[:MOST_INCIDENTS]),
        held=tuple(held),
        without_deadline=tuple(sorted(set(datasets) - awaited)),
        warnings=tuple(warnings),
        wanting=sum(wants(one) for one in expected if one.partition in days),
        more_rows=max(0, len(rows) - MOST_ROWS),
        more_incidents=max(0, len(incidents) - MOST_INCIDENTS),
    )


def _row(dataset: str, expected: Sequence[Expected], days: set[str], now: datetime, back: int) -> Row:
    loaded = [one for one in expected if one.loaded_at]
    return Row(
        dataset=dataset,
        dates={one.partition: one for one in expected if one.partition in days},
        newest=max(loaded, key=lambda one: one.partition, default=None),
        # Of a span that was not read to its beginning the share is not known.
        shares=tuple(share(expected, span, now) if span <= back else None for span in SPANS),
    )


def share(expected: Iterable[Expected], days: int, now: datetime) -> Share:
    """Return the share of dates that were due within so many days and were loaded in time."""
    first = now - timedelta(days=days)
    states = Counter(one.state for one in expected if first <= one.deadline <= now and one.state not in _NOT_COUNTED)
    # What is on its way after its deadline is late as well.
    return Share(states[FileState.LOADED], states.total())


def lateness(one: Expected, now: datetime) -> timedelta:
    """Return how long after its deadline a date was loaded, or it has not been by now; zero: in time."""
    if one.state is FileState.LOADED_LATE and one.loaded_at:
        return max(timedelta(), one.loaded_at - one.deadline)
    return timedelta() if one.state in QUIET - {FileState.LOADING} else max(timedelta(), now - one.deadline)


def weekday(partition: str) -> int:
    """Return the day of the week of a business date: 0 is Monday."""
    return date.fromisoformat(partition).weekday()

"""What stands on the page of a stack: dates of datasets, open incidents, what is held, the share in time. Pure.

No person stands on it, whoever has acknowledged, snoozed or held something: the page is handed round.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from suimon.freshness.expected import SETTLED, FileState
from suimon.freshness.figures import SPANS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from suimon.freshness.figures import Share
    from suimon.freshness.forecast import Expected
    from suimon.incidents.incident import Incident

COLUMNS = 14  # dates in the grid
MOST_INCIDENTS, MOST_ROWS = 100, 600  # shown; the rest is counted
MOST_DAYS = 35  # read: a date a month is seen, and shares in time are the hourly figures'
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


@dataclass(frozen=True)
class Row:
    """A dataset: its dates by business date, the newest of those read that is loaded, its share in time by span."""

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
    return max(3, min(MOST_DAYS, MOST_DATES // max(1, datasets)))


def wants(one: Expected) -> bool:
    """Whether a person must look at a date."""
    return one.state not in QUIET or bool(one.later)


def overview(
    expected: Sequence[Expected],
    incidents: Sequence[Incident],
    held: Iterable[Held],
    awaited: Collection[str],
    without_deadline: Sequence[str],
    warnings: Sequence[str],
    shares: Mapping[str, tuple[Share, ...]],
) -> Overview:
    """Return what stands on the page.

    incidents: the open ones, the worst first. awaited: datasets with deadlines, whether or not one falls into the dates
    that were read. shares: of each dataset in time, by SPANS, where they are known.
    """
    days = sorted({one.day for one in expected}, reverse=True)[:COLUMNS]
    dates = {name: list(found) for name, found in groupby(expected, lambda one: one.dataset)}
    rows = [_row(name, dates.get(name, []), set(days), shares.get(name, ())) for name in awaited]
    # Whoever opens it looks for what is not well.
    rows.sort(key=lambda row: (not row.needs_somebody, row.dataset))
    return Overview(
        days=tuple(days),
        rows=tuple(rows[:MOST_ROWS]),
        incidents=tuple(incidents[:MOST_INCIDENTS]),
        held=tuple(held),
        without_deadline=tuple(without_deadline),
        warnings=tuple(warnings),
        wanting=sum(wants(one) for one in expected if one.day in days),
        more_rows=max(0, len(rows) - MOST_ROWS),
        more_incidents=max(0, len(incidents) - MOST_INCIDENTS),
    )


def _row(dataset: str, expected: Sequence[Expected], days: set[str], shares: tuple[Share, ...]) -> Row:
    loaded = [one for one in expected if one.loaded_at]
    return Row(
        dataset=dataset,
        dates={one.day: one for one in worst_last(expected) if one.day in days},
        newest=max(loaded, key=lambda one: one.partition, default=None),
        shares=tuple(shares) or (None,) * len(SPANS),
    )


def worst_last(expected: Iterable[Expected]) -> list[Expected]:
    """Return them so that, of several of one day such as its hours, one that a person must look at comes last."""
    return sorted(expected, key=lambda one: (wants(one), one.partition))


def lateness(one: Expected, now: datetime) -> timedelta:
    """Return how long after its deadline a date was loaded, or it has not been by now; zero: in time."""
    if one.state is FileState.LOADED_LATE and one.loaded_at:
        return max(timedelta(), one.loaded_at - one.deadline)
    return timedelta() if one.state in QUIET - {FileState.LOADING} else max(timedelta(), now - one.deadline)


def weekday(partition: str) -> int:
    """Return the day of the week of a business date: 0 is Monday."""
    return date.fromisoformat(partition).weekday()

"""What stands on the page of a stack: files of datasets, open incidents, what is held, the share in time. Pure.

No person stands on it, whoever has acknowledged, snoozed or held something: the page is handed round.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from suimon.contract.partition import Unit
from suimon.freshness.expected import FileState
from suimon.freshness.figures import SPANS
from suimon.status.grid import QUIET, UNITS, HoursOfDay, column_of, hours_of, unit_of, wants, worst_last
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from suimon.freshness.figures import Share
    from suimon.freshness.forecast import Expected
    from suimon.incidents.incident import Incident

COLUMNS = 14  # days in the grid, or weeks, or months
MOST_ROWS = 600  # shown; the rest is counted
MOST_HOUR_ROWS = 60  # days whose hours are shown
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


@dataclass(frozen=True)
class Row:
    """A dataset: its files by their column, the newest of those read that is loaded, its share in time by span.

    unit: whether its columns are days, weeks or months.
    """

    dataset: str
    unit: Unit
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
    """All that the page shows.

    columns: of each unit that a dataset has, the newest first. hours: of datasets with a file an hour. more_*: how many
    are left out. without_deadline: datasets of which no file is due.
    """

    columns: dict[Unit, tuple[str, ...]]
    hours: tuple[HoursOfDay, ...]
    rows: tuple[Row, ...]
    incidents: tuple[Incident, ...]
    held: tuple[Held, ...]
    without_deadline: tuple[str, ...]
    warnings: tuple[str, ...]
    wanting: int
    more_rows: int = 0

    @property
    def is_calm(self) -> bool:
        """Whether nothing needs anybody."""
        return not (self.incidents or self.held or self.wanting)


def days_back(datasets: int) -> int:
    """Return how many days back to read, so that a round reads no more than MOST_DATES dates."""
    return max(3, min(MOST_DAYS, MOST_DATES // max(1, datasets)))


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

    expected: by dataset. incidents: the open ones, the worst first. awaited: datasets with deadlines, whether or not
    one falls into the dates that were read. shares: of each dataset in time, by SPANS, where they are known.
    """
    columns = {unit: tuple(newest[:COLUMNS]) for unit in UNITS if (newest := _newest_first(expected, unit))}
    shown = [one for one in expected if column_of(one) in columns[unit_of(one)]]
    found = {name: list(dates) for name, dates in groupby(expected, lambda one: one.dataset)}
    rows = [_row(name, found.get(name, []), columns, shares.get(name, ())) for name in awaited]
    # Whoever opens it looks for what is not well.
    rows.sort(key=lambda row: (not row.needs_somebody, row.dataset))
    return Overview(
        columns=columns,
        hours=tuple(hours_of(shown))[:MOST_HOUR_ROWS],
        rows=tuple(rows[:MOST_ROWS]),
        incidents=tuple(incidents),
        held=tuple(held),
        without_deadline=tuple(without_deadline),
        warnings=tuple(warnings),
        wanting=sum(map(wants, shown)),
        more_rows=max(0, len(rows) - MOST_ROWS),
    )


def _newest_first(expected: Iterable[Expected], unit: Unit) -> list[str]:
    return sorted({column_of(one) for one in expected if unit_of(one) is unit}, reverse=True)


def _row(
    dataset: str, expected: Sequence[Expected], columns: Mapping[Unit, Collection[str]], shares: tuple[Share, ...]
) -> Row:
    loaded = [one for one in expected if one.loaded_at]
    unit = unit_of(expected[0]) if expected else Unit.DAY
    return Row(
        dataset=dataset,
        unit=unit,
        dates={column_of(one): one for one in worst_last(expected) if column_of(one) in columns[unit]},
        newest=max(loaded, key=lambda one: one.partition, default=None),
        shares=tuple(shares) or (None,) * len(SPANS),
    )


def lateness(one: Expected, now: datetime) -> timedelta:
    """Return how long after its deadline a date was loaded, or it has not been by now; zero: in time."""
    if one.state is FileState.LOADED_LATE and one.loaded_at:
        return max(timedelta(), one.loaded_at - one.deadline)
    return timedelta() if one.state in QUIET - {FileState.LOADING} else max(timedelta(), now - one.deadline)


def weekday(partition: str) -> int:
    """Return the day of the week of a business date: 0 is Monday."""
    return date.fromisoformat(partition).weekday()

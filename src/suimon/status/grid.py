"""Where an expected file stands among those of its dataset: in a column of days, weeks or months, or an hour. Pure.

A day with a file an hour stands in the column of that day by its worst hour, and its hours beside it.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from suimon.contract.partition import Unit, partition_of
from suimon.freshness.expected import SETTLED, FileState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from suimon.freshness.forecast import Expected

UNITS = (Unit.DAY, Unit.WEEK, Unit.MONTH)
MOST_ALONE = 2  # dates in a row that are named one by one
HOUR_DAYS = 3  # of a dataset whose hours are shown
# What is on its way, or has time yet, needs nobody.
QUIET = SETTLED | {FileState.NOT_DUE, FileState.LOADING}


class HoursOfDay(NamedTuple):
    """The hours of a day of a dataset that have a file."""

    dataset: str
    day: str
    hours: dict[int, Expected]


def unit_of(one: Expected) -> Unit:
    """Return what the columns are among which a file stands."""
    unit = partition_of(one.partition).unit
    return unit if unit in (Unit.WEEK, Unit.MONTH) else Unit.DAY


def column_of(one: Expected) -> str:
    """Return its column: the day, or the week or month as its partition has it. Columns sort by time."""
    return one.day if unit_of(one) is Unit.DAY else partition_of(one.partition).time


def wants(one: Expected) -> bool:
    """Whether a person must look at a file."""
    return one.state not in QUIET or bool(one.later)


def runs_of(expected: Iterable[Expected]) -> list[tuple[Expected, ...]]:
    """Return the files that a person must look at, the newest first; of a long outage those of one state together.

    More than two dates that follow each other, among those on which a file of the dataset (and part) is due, are one
    run, the oldest first; any other file is a run of its own.
    """
    found: list[tuple[Expected, ...]] = []
    by_date = sorted(expected, key=lambda one: (_whose(one), one.partition))
    for _, dates in groupby(by_date, key=_whose):
        for (is_wanted, *_), alike in groupby(dates, key=lambda one: (wants(one), one.state, one.later)):
            run = tuple(alike) if is_wanted else ()
            found += [run] if len(run) > MOST_ALONE else [(one,) for one in run]
    return sorted(found, key=lambda run: run[-1].partition, reverse=True)


def _whose(one: Expected) -> tuple[str, str]:
    return one.dataset, one.partition.partition("/")[2]


def worst_last(expected: Iterable[Expected]) -> list[Expected]:
    """Return them so that, of several of one column such as its hours, one that a person must look at comes last."""
    return sorted(expected, key=lambda one: (wants(one), one.partition))


def hours_of(expected: Iterable[Expected]) -> Iterator[HoursOfDay]:
    """Yield, of datasets with a file an hour, the last days of which any is due, by dataset and day."""
    found: dict[tuple[str, str], dict[int, Expected]] = {}
    for one in worst_last(expected):
        if (hour := partition_of(one.partition).hour) is not None:
            found.setdefault((one.dataset, one.day), {})[hour] = one
    due = [key for key, hours in found.items() if any(one.state is not FileState.NOT_DUE for one in hours.values())]
    for _, days in groupby(sorted(due), key=lambda key: key[0]):
        for dataset, day in list(days)[-HOUR_DAYS:]:
            yield HoursOfDay(dataset, day, found[dataset, day])

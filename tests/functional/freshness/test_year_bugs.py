"""Mistakes with calendars, deadlines, tables and incidents: the year tells each of them from the truth."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.calendar import Calendar
from suimon.contract.volume import Measure
from suimon.drops import volume
from suimon.drops.states import State
from suimon.freshness import expected, late_or_missing, stale_tables, watch
from suimon.freshness.expected import Facts, FileState, deadline_of
from suimon.freshness.stale_tables import judge_answer
from suimon.incidents import inhibition, lifecycle, store
from suimon.warehouse.table_state import TableState
from tests.functional.freshness.lived_year import YEAR, Year, by_hand, of_tables, of_volumes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suimon.contract.model import Contract
    from suimon.contract.partition import Partition
    from suimon.contract.volume import Bound
    from suimon.incidents.incident import Event, Incident, Problem

pytestmark = pytest.mark.large
Change = tuple[Any, str, Any]


@dataclass(frozen=True)
class Bug:
    """A mistake, the days in which it must be noticed (on the first no incident is open), and the wrong code."""

    name: str
    first: str
    last: str
    changes: tuple[Change, ...]


# ---------------------------------------------------------------- the wrong code


def _clock_of_winter(self: Arrival, of: Partition) -> datetime:
    day = datetime.combine(of.last or date.max, self.deadline) + timedelta(days=self.days_after)
    return (day - (ZoneInfo(self.time_zone).utcoffset(datetime(YEAR, 1, 1)) or timedelta())).replace(tzinfo=UTC)  # noqa: DTZ001 on the wall


def _second_of_two(self: Arrival, of: Partition) -> datetime:
    day = (of.last or date.max) + timedelta(days=self.days_after)
    return datetime.combine(day, self.deadline.replace(fold=1), ZoneInfo(self.time_zone)).astimezone(UTC)


def _weekdays_alone(self: Calendar, day: date) -> bool:
    return day.weekday() in self.weekdays


def _due_alone(contracts: Any, _opened: Any, now: datetime) -> Iterator[tuple[Contract, str]]:
    yield from late_or_missing.partitions_to_check(contracts, (), now)


def _waived_is_missing(contract: Contract, of: Partition, facts: Facts, now: datetime) -> FileState | None:
    return expected.state_of(contract, of, replace(facts, waived=""), now)


def _never_late(contract: Contract, of: Partition, facts: Facts, now: datetime) -> FileState | None:
    state = expected.state_of(contract, of, facts, now)
    return FileState.NOT_DUE if state is FileState.LATE else state


def _loaded_alone(contract: Contract, of: Partition, facts: Facts, now: datetime) -> FileState | None:
    loaded = [drop for drop in facts.drops if drop.state is State.LOADED]
    return expected.state_of(contract, of, replace(facts, drops=loaded), now)


def _asked_after_a_load_alone(_contract: Any, known: Any, loaded_at: Any, *_more: Any) -> bool:
    return known is None or bool(loaded_at and loaded_at > known.asked_at)


def _never_aging(*of: Any) -> TableState:
    state = judge_answer(*of)
    return TableState.FRESH if state is TableState.AGING else state


def _news_only_when_opened(problem: Problem, known: Incident | None) -> Event | None:
    return lifecycle.news_of(problem, None) if known is None or not known.stands else None


def _rows_alone(self: volume.Amount, bound: Bound) -> int | None:
    return self.rows if bound.measure is Measure.ROWS else None


def _days_of_the_calendar(_self: Calendar, older: date, newer: date) -> int:
    return (newer - older).days


BUGS = (
    Bug("the grace is forgotten", "01-24", "02-12", ((expected, "missing_from", deadline_of),)),
    Bug("a file is never late, only missing", "01-24", "02-12", ((late_or_missing, "state_of", _never_late),)),
    Bug("summer time is forgotten", "03-24", "04-02", ((Arrival, "deadline_of", _clock_of_winter),)),
    Bug("of an hour that comes twice the second counts", "10-24", "11-01", ((Arrival, "deadline_of", _second_of_two),)),
    Bug("holidays are days like others", "01-24", "02-13", ((Calendar, "is_open", _weekdays_alone),)),
    Bug("a file of a closed day is not moved", "07-24", "08-01", ((Calendar, "_moved_to", lambda _self, day: [day]),)),
    Bug("what leaves the window is forgotten", "01-24", "02-10", ((watch, "partitions_to_check", _due_alone),)),
    Bug("a person who waives is not heard", "02-24", "03-12", ((late_or_missing, "state_of", _waived_is_missing),)),
    Bug("what its window holds is missing", "01-24", "02-17", ((late_or_missing, "state_of", _loaded_alone),)),
    Bug("a stale table is told behind its missing file", "08-24", "09-18", ((inhibition, "MUTABLE", frozenset()),)),
    Bug("an aging table is fresh", "03-24", "04-02", ((stale_tables, "judge_answer", _never_aging),)),
    Bug("a table is asked after a load alone", "03-24", "04-02", ((watch, "must_ask", _asked_after_a_load_alone),)),
    Bug(
        "closed days count to the age of a table",
        "04-24",
        "05-08",
        ((Calendar, "days_between", _days_of_the_calendar),),
    ),
    Bug("what gets worse is no news", "03-24", "04-02", ((store, "news_of", _news_only_when_opened),)),
    Bug("weekends are compared with weekdays", "01-24", "02-17", ((volume, "_alike", lambda *_: True),)),
    Bug("of a volume the sum is forgotten", "02-14", "02-24", ((volume.Amount, "of", _rows_alone),)),
    Bug("who waits for a lock is told at once", "05-24", "06-06", ((stale_tables, "MAY_PASS", frozenset()),)),
)


# Of days that begin together the longest have what is told in the others.
WINDOWS = {bug.first: max(other.last for other in BUGS if other.first == bug.first) for bug in BUGS}


def told(first: str, last: str) -> list[tuple[str, str]]:
    year = Year()
    year.live(*(datetime.fromisoformat(f"{YEAR}-{day}T00:00+00:00") for day in (first, last)))
    lines = sorted((f"{when:%m-%d %H:%M}", subject) for when, subject in year.told)
    return [line for line in lines if line[0] >= first]  # what files had before, which no round looked at, is told too


@pytest.mark.parametrize(("first", "last"), WINDOWS.items())
def test_some_days_of_the_year_tell_what_is_written_of_them_and_nothing_else(first: str, last: str) -> None:
    assert told(first, last) == sorted(
        line for line in (*by_hand(), *of_volumes(), *of_tables()) if first <= line[0] < last
    )


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_mistake_is_noticed(bug: Bug) -> None:
    with ExitStack() as stack:
        for target, name, wrong in bug.changes:
            stack.enter_context(patch.object(target, name, wrong))
        found = told(bug.first, bug.last)
    assert found != sorted(
        line for line in (*by_hand(), *of_volumes(), *of_tables()) if bug.first <= line[0] < bug.last
    )

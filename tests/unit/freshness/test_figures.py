"""The figures of a dataset: how old, how late, how fast, how often in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from suimon.contract.arrival import Arrival
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract
from suimon.contract.partition import Partition
from suimon.drops.states import State
from suimon.freshness.expected import Facts, deadline_of
from suimon.freshness.figures import Figures, Share, figures_of
from tests.unit.drop_records import drop_record

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ARRIVAL = Arrival(1, time(6), "UTC", 5)
SALES = Contract("sales", "1", "sales", key_pattern=KeyPattern("sales/{ds}.csv"), arrival=ARRIVAL)
NEWEST = date(2026, 11, 22)  # due three hours ago


def loaded(day: date, after: timedelta, took: timedelta = HOUR, state: State = State.LOADED) -> Facts:
    """Facts of a date whose file was loaded so long after its deadline."""
    at = deadline_of(ARRIVAL, Partition.of_day(day)) + after
    record = drop_record(state, f"sales/{day}.csv", version="v1")
    return Facts(drops=[replace(record, received_at=at - took, loaded_at=at)])


def figures(known: dict[date, Facts], contract: Contract = SALES, newest: datetime | None = None) -> Figures:
    return figures_of(contract, lambda _, day: known.get(date.fromisoformat(day), Facts()), newest, NOW)


def percents(known: dict[date, Facts], contract: Contract = SALES) -> list[float | None]:
    return [share.percent for share in figures(known, contract).shares]


def all_in_time(days: int = 90) -> dict[date, Facts]:
    return {day: loaded(day, timedelta()) for day in (NEWEST - DAY * back for back in range(days))}


def test_what_is_loaded_at_its_deadline_is_in_time_and_a_moment_later_is_not() -> None:
    known = all_in_time()
    assert percents(known) == [100, 100]
    known[NEWEST] = loaded(NEWEST, timedelta(seconds=1))
    # One of 30 and one of 90.
    assert percents(known) == [96.6, 98.8]


def test_a_date_of_31_days_ago_counts_among_ninety_only() -> None:
    known = all_in_time()
    known[NEWEST - 30 * DAY] = Facts()
    assert percents(known) == [100, 98.8]


def test_a_correction_does_not_undo_that_the_first_was_in_time() -> None:
    known = all_in_time()
    [first] = loaded(NEWEST, -HOUR, state=State.SUPERSEDED).drops
    [later] = loaded(NEWEST, 2 * HOUR).drops
    known[NEWEST] = Facts(drops=[first, later])
    assert percents(known)[0] == 100


def test_a_date_that_a_person_has_waived_counts_not() -> None:
    known = {NEWEST: Facts(waived="closed"), NEWEST - DAY: loaded(NEWEST - DAY, timedelta())}
    short = replace(SALES, arrival=replace(ARRIVAL, calendar=replace(ARRIVAL.calendar, first=NEWEST - DAY)))
    assert percents(known, short)[1] == 100
    assert figures(known, short).lateness == timedelta()


def test_lateness_is_that_of_the_oldest_date_that_has_not_come() -> None:
    known = all_in_time()
    assert figures(known).lateness == timedelta()
    del known[NEWEST], known[NEWEST - 2 * DAY]
    assert figures(known).lateness == 2 * DAY + 3 * HOUR


def test_a_drop_that_was_never_loaded_is_not_in_time() -> None:
    record = replace(drop_record(State.REJECTED, f"sales/{NEWEST}.csv", version="v1"), loaded_at=None)
    only = replace(SALES, arrival=replace(ARRIVAL, calendar=replace(ARRIVAL.calendar, first=NEWEST)))
    found = figures({NEWEST: Facts(drops=[record])}, only)
    assert found == Figures(lateness=timedelta(), shares=(Share(0, 1), Share(0, 1)))


def test_of_what_nothing_is_known_there_is_no_figure() -> None:
    assert figures({}, replace(SALES, arrival=None)).metrics() == {}
    begins = replace(SALES, arrival=replace(ARRIVAL, calendar=replace(ARRIVAL.calendar, first=NEWEST + DAY)))
    assert figures({}, begins).metrics() == {}


def test_metrics_have_names_and_units() -> None:
    newest = NOW - 2 * HOUR
    assert figures(all_in_time(), newest=newest).metrics() == {
        "NewestValueAge": ("Seconds", 7200.0),
        "Lateness": ("Seconds", 0.0),
        "LoadedByDeadline30Days": ("Percent", 100.0),
        "LoadedByDeadline90Days": ("Percent", 100.0),
    }
    assert list(figures({}, replace(SALES, arrival=None), newest).metrics()) == ["NewestValueAge"]

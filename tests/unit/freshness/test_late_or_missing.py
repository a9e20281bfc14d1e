"""What the freshness function decides: deadlines on the wall, which files and sets are missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.calendar import Calendar
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from suimon.contract.table_freshness import Age, TableFreshness
from suimon.drops.drop import Drop, DropRecord
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.freshness.expected import Facts, due_days
from suimon.freshness.late_or_missing import judge_arrival, partitions_to_check, sets_to_check
from suimon.freshness.observation import Result, Summary
from suimon.freshness.unwatched import unwatched
from suimon.incidents.about import About
from suimon.incidents.kinds import IncidentId, Kind
from tests.unit.incident_values import incident

TOKYO = Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=5)
SALES = Contract(
    dataset="sales",
    version="1.0.0",
    table="sales_fact",
    key_pattern=KeyPattern("sales/{ds}/sales_data.csv"),
    arrival=TOKYO,
    freshness=TableFreshness("sales_fact", "order_date", Age(1)),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


LATER = utc("2026-11-22T00:00:00")


def due_partitions(arrival: Arrival, now: datetime) -> list[str]:
    return [str(of) for of in due_days(arrival, now)]


def drop(state: State, sequencer: str = "01") -> DropRecord:
    written = Drop("raw", "sales/2026-11-20/sales_data.csv", f"v{sequencer}", "etag", 10, sequencer)
    at = utc("2026-11-20T20:00:00")
    return DropRecord(written, Match("sales", "2026-11-20"), state, 1, at, at)


def test_a_day_is_due_at_its_deadline_and_not_a_second_before() -> None:
    # 06:00 in Tokyo is 21:00 UTC of the evening before.
    assert due_partitions(TOKYO, utc("2026-11-21T20:59:59"))[-1] == "2026-11-20"
    assert due_partitions(TOKYO, utc("2026-11-21T21:00:00"))[-1] == "2026-11-21"


def test_the_lookback_counts_from_the_day_of_the_deadline_in_the_contracts_zone() -> None:
    # In UTC it is still the 21st; in Tokyo the 22nd has begun.
    assert due_partitions(TOKYO, utc("2026-11-21T21:00:00")) == [
        "2026-11-17",
        "2026-11-18",
        "2026-11-19",
        "2026-11-20",
        "2026-11-21",
    ]


def test_the_zone_that_now_is_written_in_does_not_matter() -> None:
    now = utc("2026-11-21T21:00:00")
    for hours in (-11, 9, 14):
        assert due_partitions(TOKYO, now.astimezone(timezone(timedelta(hours=hours)))) == due_partitions(TOKYO, now)


def test_a_lookback_of_one_day_asks_for_a_day_from_its_deadline_to_the_next() -> None:
    same_day = Arrival(days_after=0, deadline=time(18), time_zone="Asia/Tokyo", lookback_days=1)
    assert due_partitions(same_day, utc("2026-11-21T08:59:59")) == ["2026-11-20"]
    assert due_partitions(same_day, utc("2026-11-21T09:00:00")) == ["2026-11-21"]


def test_a_deadline_further_off_than_the_lookback_is_looked_for_as_long_as_any_other() -> None:
    weekly = Arrival(7, time(6), "Asia/Tokyo", 5)
    assert due_partitions(weekly, utc("2026-11-21T21:00:00")) == [f"2026-11-{day}" for day in range(11, 16)]


def test_every_date_is_looked_for_in_a_year_of_rounds() -> None:
    late = Arrival(days_after=40, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=1)
    start = utc("2025-11-21T21:00:00")
    seen = {day for round_ in range(366) for day in due_partitions(late, start + timedelta(days=round_))}
    assert len(seen) == 366


def test_a_feed_of_weekdays_misses_no_weekend() -> None:
    feed = replace(TOKYO, calendar=Calendar(weekdays=frozenset(range(5))))
    # 2026-11-21 is a Saturday.
    assert due_partitions(feed, utc("2026-11-23T21:00:00")) == ["2026-11-19", "2026-11-20", "2026-11-23"]


def test_a_dataset_misses_no_date_before_it_began() -> None:
    new = replace(TOKYO, calendar=Calendar(first=date(2026, 11, 21)))
    assert due_partitions(new, utc("2026-11-21T21:00:00")) == ["2026-11-21"]


def test_a_reported_date_is_over_when_the_calendar_comes_to_close_it() -> None:
    closed = replace(TOKYO, calendar=Calendar(closed=frozenset({date(2026, 11, 20)})))
    check = judge_arrival(replace(SALES, arrival=closed), "2026-11-20", Facts(), LATER)
    assert (check.problem, check.note) == (None, "By its contract that date has no file.")
    assert str(check.incident_id) == "missing-file:sales:2026-11-20"


@pytest.mark.parametrize(
    ("day", "deadline", "due"),
    [
        ("2026-03-07", time(6), "2026-03-08T10:00:00"),  # New York's clocks have gone forward: 06:00 is UTC-4
        ("2026-03-06", time(6), "2026-03-07T11:00:00"),  # the day before: UTC-5
        ("2026-03-07", time(2, 30), "2026-03-08T07:30:00"),  # 02:30 is skipped: the wall says 03:30 then
        ("2026-10-31", time(1, 30), "2026-11-01T05:30:00"),  # 01:30 comes twice: the first one, still UTC-4
        ("2026-10-31", time(6), "2026-11-01T11:00:00"),
    ],
)
def test_a_deadline_holds_on_the_wall_over_the_change_of_clocks(day: str, deadline: time, due: str) -> None:
    rule = Arrival(days_after=1, deadline=deadline, time_zone="America/New_York", lookback_days=3)
    assert day in due_partitions(rule, utc(due))
    assert day not in due_partitions(rule, utc(due) - timedelta(seconds=1))


@pytest.mark.parametrize("state", list(State), ids=str)
def test_a_file_that_has_come_is_not_missing_whatever_became_of_it(state: State) -> None:
    # A rejected or failed one has an incident of its own: one cause, one incident.
    check = judge_arrival(SALES, "2026-11-20", Facts(drops=[drop(state)]), LATER)
    assert check.problem is None
    assert str(check.incident_id) == "missing-file:sales:2026-11-20"


def test_a_day_without_a_drop_never_came() -> None:
    problem = judge_arrival(SALES, "2026-11-20", Facts(), LATER).problem
    assert problem
    assert (str(problem.id), problem.fingerprint) == ("missing-file:sales:2026-11-20", "never-came")
    assert problem.subject == "sales 2026-11-20: the file never came"
    assert "Expected: sales/2026-11-20/sales_data.csv\nDue: 2026-11-21 06:00 Asia/Tokyo\n" in problem.body
    assert "suimon expect sales 2026-11-20 --cancel --reason …" in problem.body


def test_a_file_is_late_within_its_grace_and_that_it_is_missing_is_news() -> None:
    patient = replace(SALES, arrival=replace(TOKYO, grace_minutes=60))
    late = judge_arrival(patient, "2026-11-20", Facts(), utc("2026-11-20T21:59:59"))
    missing = judge_arrival(patient, "2026-11-20", Facts(), utc("2026-11-20T22:00:00"))
    assert late.incident_id == missing.incident_id
    assert late.problem
    assert missing.problem
    assert (late.problem.fingerprint, missing.problem.fingerprint) == ("late", "never-came")
    assert late.problem.subject == "sales 2026-11-20: the file is late"
    assert "It counts as missing 60 minutes after its deadline." in late.problem.body


def test_a_file_that_a_person_has_waived_is_not_missing() -> None:
    check = judge_arrival(SALES, "2026-11-20", Facts(waived="a strike"), LATER)
    assert (check.problem, check.note) == (None, "A person has said that it will not come (suimon expect).")
    assert str(check.incident_id) == "missing-file:sales:2026-11-20"


def test_a_reported_date_is_over_when_its_contract_comes_to_give_it_more_time() -> None:
    check = judge_arrival(replace(SALES, arrival=replace(TOKYO, days_after=9)), "2026-11-20", Facts(), LATER)
    assert (check.problem, check.note) == (None, "By its contract it is not due yet.")
    assert str(check.incident_id) == "missing-file:sales:2026-11-20"


def test_incidents_of_what_no_contract_watches_are_closed() -> None:
    opened = [
        incident(Kind.MISSING_FILE, About(dataset="sales", partition="2026-11-20")),
        incident(Kind.MISSING_FILE, About(dataset="returns", partition="2026-11-20")),
        incident(Kind.INCOMPLETE_SET, About(dataset="sales", partition="2026-11-20")),
        incident(Kind.STALE_TABLE, About(table="sales_fact")),
        incident(Kind.UNREADABLE_TABLE, About(table="returns_fact")),
        incident(Kind.REJECTED, About(dataset="returns", partition="2026-11-20")),
    ]
    assert [str(check.incident_id) for check in unwatched(opened, Contracts((SALES,)))] == [
        "missing-file:returns:2026-11-20",
        "incomplete-set:sales:2026-11-20",
        "unreadable-table:returns_fact",
    ]


def test_a_partition_is_checked_while_it_is_due_and_for_as_long_as_it_was_reported_as_missing() -> None:
    opened = [
        incident(Kind.MISSING_FILE, About(dataset="sales", partition="2026-01-01")),
        incident(Kind.MISSING_FILE, About(dataset="returns", partition="2026-11-20")),
    ]
    undated = Contract("returns", "1", "returns_fact", key_pattern=KeyPattern("returns/{ds}.csv"))
    now = utc("2026-11-20T21:00:00")
    checked = list(partitions_to_check(Contracts((SALES, undated)), opened, now))
    assert SALES.arrival
    assert checked == [(SALES, day) for day in (*due_partitions(SALES.arrival, now)[::-1], "2026-01-01")]


def test_a_set_is_checked_while_it_is_awaited_or_was_reported_and_its_contract_has_sets() -> None:
    rule = SetRule(3, None, None, reload=False, complete_within_minutes=60)
    orders = Contract("orders", "1", "t", key_pattern=KeyPattern("orders/{ds}/{shard}.csv"), set_rule=rule)
    opened = [
        incident(Kind.INCOMPLETE_SET, About(dataset="orders", partition="2026-11-19")),
        incident(Kind.INCOMPLETE_SET, About(dataset="sales", partition="2026-11-19")),
    ]
    awaited = [("orders", "2026-11-20"), ("orders", "2026-11-19"), ("gone", "2026-11-20")]
    assert list(sets_to_check(Contracts((SALES, orders)), opened, awaited)) == [
        (orders, "2026-11-19", True),
        (orders, "2026-11-20", False),
    ]


def test_a_summary_counts_every_check_and_names_what_came_of_each() -> None:
    ids = {result: IncidentId.of(Kind.STALE_TABLE, About(table=result.name)) for result in Result}
    summary = Summary.of([(incident_id, result) for result, incident_id in ids.items()])
    assert summary == Summary(
        checked=6,
        problems=("stale-table:SEEN", "stale-table:KNOWN", "stale-table:PUBLISHED"),
        published=("stale-table:PUBLISHED",),
        recovered=("stale-table:RECOVERED",),
        suspected=("stale-table:SUSPECTED",),
    )


def test_a_file_that_was_missing_recovers_with_its_key() -> None:
    check = judge_arrival(SALES, "2026-11-20", Facts(drops=[drop(State.ACCEPTED)]), LATER)
    assert (str(check.incident_id), check.note) == (
        "missing-file:sales:2026-11-20",
        "sales/2026-11-20/sales_data.csv has come.",
    )


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Africa/Cairo", "UTC", "Pacific/Apia"])
def test_a_deadline_near_midnight_is_looked_for_by_rounds_at_any_minute(zone: str) -> None:
    late = Arrival(days_after=1, deadline=time(23, 59), time_zone=zone, lookback_days=1)
    rounds = (utc("2026-01-02T00:07:00") + timedelta(minutes=15 * number) for number in range(96 * 365))
    assert len({day for now in rounds for day in due_partitions(late, now)}) >= 365

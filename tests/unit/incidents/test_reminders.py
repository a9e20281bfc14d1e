"""Who is reminded of what when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from suimon.incidents.about import About
from suimon.incidents.incident import HELD_BACK, ByPerson, Event, Incident, Stage, Told
from suimon.incidents.kinds import Kind, Severity
from suimon.incidents.messages.reminders import still_open
from suimon.incidents.reminders import due_reminders, is_due, nine_before
from tests.unit.incident_values import incident

TOKYO = "Asia/Tokyo"
NINE = datetime(2026, 11, 24, tzinfo=UTC)  # nine in Tokyo, a Tuesday
SECOND = timedelta(seconds=1)
BY = ByPerson("ann", NINE, "at it", NINE + timedelta(days=1))


def stale(since: datetime, table: str = "t", **changes: Any) -> Incident:
    about = About(dataset="sales", table=table)
    return incident(
        Kind.STALE_TABLE,
        about,
        subject=f"{table} is stale",
        told_at=since,
        opened_at=since,
        updated_at=since,
        **changes,
    )


@pytest.mark.parametrize(
    ("zone", "now", "nine"),
    [
        (TOKYO, NINE, NINE),
        (TOKYO, NINE - SECOND, NINE - timedelta(days=1)),
        (TOKYO, NINE + timedelta(hours=23), NINE),
        ("Europe/Berlin", datetime(2026, 3, 29, 7, tzinfo=UTC), datetime(2026, 3, 29, 7, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 29, 6, 59, tzinfo=UTC), datetime(2026, 3, 28, 8, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 24, 1, tzinfo=UTC), datetime(2026, 11, 23, 14, tzinfo=UTC)),
    ],
)
def test_nine_is_on_the_wall_of_a_zone(zone: str, now: datetime, nine: datetime) -> None:
    assert nine_before(zone, now) == nine


def test_an_error_is_repeated_every_morning_unless_it_is_of_that_night() -> None:
    evening = stale(NINE - timedelta(hours=12))
    assert is_due(evening, TOKYO, NINE)
    assert not is_due(evening, TOKYO, NINE - SECOND)
    assert not is_due(stale(NINE - timedelta(hours=12) + SECOND), TOKYO, NINE)
    told = replace(evening, told_at=NINE)
    assert not is_due(told, TOKYO, NINE + timedelta(hours=24) - SECOND)
    assert is_due(told, TOKYO, NINE + timedelta(hours=24))


@pytest.mark.parametrize("changes", [{"severity": Severity.WARNING}, {"acknowledged": BY}])
def test_a_warning_and_what_somebody_is_at_is_repeated_every_week(changes: dict[str, Any]) -> None:
    one = stale(NINE, **changes)
    assert not is_due(one, TOKYO, NINE + timedelta(days=6))
    assert is_due(one, TOKYO, NINE + timedelta(days=7))


@pytest.mark.parametrize(
    "changes",
    [
        {"stage": Stage.CLOSED},
        {"stage": Stage.RECOVERED},
        {"snoozed": replace(BY, until=NINE + timedelta(days=3))},
        *({"told": told} for told in HELD_BACK),
    ],
)
def test_nobody_is_reminded_of_what_is_over_snoozed_or_not_told_yet(changes: dict[str, Any]) -> None:
    assert is_due(stale(NINE), TOKYO, NINE + timedelta(days=2))
    assert not is_due(stale(NINE, **changes), TOKYO, NINE + timedelta(days=2))


def test_nobody_is_reminded_of_what_ends_by_itself() -> None:
    one = incident(Kind.GONE, About(key="k"), updated_at=NINE)
    assert not is_due(one, TOKYO, NINE + timedelta(days=2))


def test_what_was_told_together_is_repeated_too() -> None:
    assert is_due(stale(NINE, told=Told.TOGETHER), TOKYO, NINE + timedelta(days=2))
    assert is_due(replace(stale(NINE), told_at=None), TOKYO, NINE + timedelta(days=2))


def test_a_morning_s_reminders_of_a_zone_are_one_message_the_worst_first() -> None:
    day = NINE - timedelta(days=8)
    warning = incident(Kind.QUEUED, About(dag_id="etl"), severity=Severity.WARNING, told_at=day, updated_at=day)
    berlin = incident(Kind.RUN_FAILED, About(dataset="returns", partition="p"), told_at=day, updated_at=day)
    zones = {"sales": TOKYO, "returns": "Europe/Berlin", "": TOKYO}
    one = stale(day)
    assert due_reminders([warning, berlin, one], zones, NINE) == {TOKYO: (one, warning), "Europe/Berlin": (berlin,)}
    assert due_reminders([one], {"": TOKYO}, NINE) == {TOKYO: (one,)}  # of a dataset that no contract knows
    assert due_reminders([one], {}, NINE + timedelta(hours=9)) == {"UTC": (one,)}
    assert due_reminders([replace(one, stage=Stage.RECOVERED)], zones, NINE) == {}


def test_a_reminder_names_each_problem_its_age_and_what_to_type() -> None:
    ones = [stale(NINE, f"t{number}") for number in range(3)]
    ones[2] = replace(ones[2], severity=Severity.WARNING, acknowledged=BY, opened_at=NINE - timedelta(days=9))
    notice = still_open(ones, TOKYO)
    assert notice.subject == "Still open since 2026-11-15: 3 problems, 2 of them errors"
    assert (notice.event, notice.severity, notice.incidents) == (Event.REMINDED, Severity.ERROR, tuple(ones))
    assert "  ERROR    t0 is stale\n           since 2026-11-24 09:00 Asia/Tokyo; stale-table:t0\n" in notice.body
    assert (
        "WARNING  t2 is stale\n           since 2026-11-15 09:00 Asia/Tokyo, acknowledged by ann; stale-table:t2"
        in notice.body
    )
    assert all(f"`suimon {verb}" in notice.body for verb in ("incidents", "ack", "snooze", "close"))


def test_a_reminder_of_one_problem_is_about_that_one() -> None:
    one = stale(NINE)
    notice = still_open([one], TOKYO)
    assert (notice.id, notice.about, notice.subject) == (one.id, one.about, "Still open since 2026-11-24: t is stale")

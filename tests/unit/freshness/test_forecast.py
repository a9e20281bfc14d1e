"""What is expected when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.calendar import Calendar, CronDays, HolidaySource
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.drops.hold import Hold
from suimon.drops.states import State
from suimon.freshness.expected import Facts, FileState
from suimon.freshness.forecast import Expected, forecast, warnings
from tests.unit.drop_records import HOUR, drop_record

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)  # noon of a Friday in Tokyo
WEEKDAYS = Calendar(
    weekdays=frozenset(range(5)),
    closed=frozenset({date(2026, 11, 23)}),
    holidays=HolidaySource("JP", "0.84", date(2026, 12, 31)),
)
SALES = Contract(
    "sales",
    "1",
    "sales",
    key_pattern=KeyPattern("sales/{ds}.csv"),
    arrival=Arrival(1, time(6), "Asia/Tokyo", 5, WEEKDAYS),
)
WATCHED = Contract("inventory", "1", "inventory")
CONTRACTS = Contracts((SALES, WATCHED))


def due(back: int, ahead: int, **waived: str) -> list[tuple[str, FileState, str]]:
    found = forecast(
        CONTRACTS, lambda _, day: Facts(waived=waived.get(f"d{day[-2:]}", "")), NOW, back=back, ahead=ahead
    )
    return [(one.partition, one.state, one.note) for one in found]


def test_dates_are_due_by_their_deadlines_and_closed_ones_are_left_out() -> None:
    assert due(2, 5) == [
        ("2026-11-18", FileState.MISSING, ""),
        ("2026-11-19", FileState.MISSING, ""),
        ("2026-11-20", FileState.NOT_DUE, ""),
        ("2026-11-24", FileState.NOT_DUE, ""),
    ]


def test_a_date_shows_when_it_was_loaded_first_and_the_rows_of_its_newest_file() -> None:
    first = drop_record(State.LOADED, "sales/2026-11-19.csv", rows=3, loaded_at=NOW - HOUR)
    second = drop_record(State.LOADED, "sales/2026-11-19.csv", version="v2", sequencer="0B", rows=4, loaded_at=NOW)
    [one] = forecast(CONTRACTS, lambda *_: Facts(drops=[first, second]), NOW, back=1, ahead=0)
    assert (one.state, one.loaded_at, one.rows) == (FileState.LOADED_LATE, NOW - HOUR, 4)
    assert Expected.from_json(one.to_json()) == one


def test_each_date_is_looked_up_under_its_own_dataset() -> None:
    asked = list[tuple[str, str]]()

    def facts(dataset: str, partition: str) -> Facts:
        asked.append((dataset, partition))
        return Facts()

    forecast(CONTRACTS, facts, NOW, back=1, ahead=1)
    assert set(asked) == {("sales", "2026-11-19"), ("sales", "2026-11-20")}


def test_a_waived_date_is_shown_with_its_reason() -> None:
    assert due(0, 4, d20="a strike") == [("2026-11-20", FileState.WAIVED, "a strike")]


@pytest.mark.parametrize(
    ("until", "note"),
    [(None, "a stocktaking"), (NOW + HOUR, "a stocktaking; until 2026-11-20 04:00 UTC"), (NOW - HOUR, "")],
)
def test_a_held_date_is_shown_with_why_and_until_when(until: datetime | None, note: str) -> None:
    accepted = drop_record(State.ACCEPTED, "sales/2026-11-19.csv", since=NOW - 2 * HOUR)
    hold = Hold(dataset="sales", reason="a stocktaking", who="ann", since=NOW - 3 * HOUR, until=until)
    [one] = forecast(CONTRACTS, lambda *_: Facts(drops=[accepted], hold=hold), NOW, back=1, ahead=0)
    assert (one.state is FileState.HELD, one.note) == (bool(note), note)


def test_the_bounds_are_moments() -> None:
    assert due(0, 0) == []
    assert [day for day, _, _ in due(1, 0)] == ["2026-11-19"]


def test_a_deadline_is_on_the_wall_of_its_zone_and_survives_json() -> None:
    [one] = forecast(CONTRACTS, lambda *_: Facts(), NOW, back=1, ahead=0)
    assert one.to_json() == {
        "dataset": "sales",
        "partition": "2026-11-19",
        "key": "sales/2026-11-19.csv",
        "deadline": "2026-11-20T06:00:00+09:00",
        "time_zone": "Asia/Tokyo",
        "state": "missing",
        "note": "",
        "later": "",
        "loaded_at": None,
        "rows": None,
    }
    assert Expected.from_json(one.to_json()) == one


def test_holidays_beyond_the_last_covered_day_are_warned_of() -> None:
    assert warnings(CONTRACTS, NOW, ahead=41) == []
    assert warnings(CONTRACTS, NOW, ahead=42) == [
        "sales: the public holidays of JP are known up to 2026-12-31 (holidays 0.84); later ones count as open"
    ]


def test_the_last_day_for_which_cron_was_compiled_is_told_beforehand() -> None:
    cron = CronDays("0 6 * * *", 1, date(2026, 12, 31))
    arrival = Arrival(1, time(6), "Asia/Tokyo", 5, Calendar(cron=cron))
    contracts = Contracts((replace(SALES, arrival=arrival),))
    assert warnings(contracts, NOW, ahead=41) == []
    assert warnings(contracts, NOW, ahead=42) == [
        "sales: the dates of cron '0 6 * * *' are known up to 2026-12-31; no file is expected later"
    ]

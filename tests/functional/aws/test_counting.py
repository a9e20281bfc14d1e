"""Each move of a drop is counted once, by stack and dataset, and its first load with the time since its arrival."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.aws.counting import Moves, counted
from suimon.drops.drop import Accepted
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.ledger.drops import Ledger
from tests.unit.drop_records import drop_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DROP = drop_record(State.RECEIVED, "sales/2026-11-20/sales.csv", version="v1").drop
LOADED = replace(
    drop_record(State.LOADED, "sales/2026-11-20/sales.csv", version="v1"),
    received_at=NOON,
    loaded_at=NOON + 7 * MINUTE,
    updated_at=NOON + 7 * MINUTE,
)


class Bus:
    """Keeps the states of which it hears."""

    def __init__(self) -> None:
        self.heard: list[State] = []

    def drop_moved(self, record: Any) -> None:
        self.heard.append(record.state)


def test_a_drop_is_counted_at_each_of_its_moves_and_never_for_what_is_delivered_twice(
    table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    bus: Any = Bus()
    ledger = Ledger(table, "test", moved=Moves(bus, "prod").heard)
    record = ledger.receive(DROP, Match("sales", "2026-11-20"), NOON)
    ledger.receive(DROP, Match("sales", "2026-11-20"), NOON)
    record = ledger.claim(record, NOON, owner="a", lease=MINUTE, attempt=1)
    record = ledger.move(record, State.ACCEPTED, NOON, accepted=Accepted("data.csv", 3))
    record = ledger.move(record, State.TRIGGERED, NOON)
    ledger.move(record, State.LOADED, NOON + 7 * MINUTE)
    written: list[tuple[str, list[float]]] = []
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        [metrics] = line["_aws"]["CloudWatchMetrics"]
        assert set(metrics["Dimensions"][0]) >= {"stack", "dataset"}
        assert (metrics["Namespace"], line["stack"], line["dataset"]) == ("Suimon", "prod", "sales")
        written += [(one["Name"], line[one["Name"]]) for one in metrics["Metrics"]]
    assert written == [
        ("DropsAccepted", [1.0]),
        ("DropsTriggered", [1.0]),
        ("DropsLoaded", [1.0]),
        ("ArrivalToLoaded", [420.0]),
    ]
    assert bus.heard == [State.RECEIVED, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED]


def test_what_the_gate_must_still_check_is_not_counted() -> None:
    assert [counted(replace(LOADED, state=state)) for state in (State.RECEIVED, State.VALIDATING)] == [[], []]


def test_its_first_load_is_measured_from_its_arrival() -> None:
    assert counted(LOADED) == [("DropsLoaded", "Count", 1.0), ("ArrivalToLoaded", "Seconds", 420.0)]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"attempt": 2}, id="a replay"),
        pytest.param({"updated_at": NOON + 9 * MINUTE}, id="loaded again with its set"),
        pytest.param({"state": State.FAILED}, id="failed"),
        pytest.param({"state": State.RETRACTED}, id="retracted"),
    ],
)
def test_what_is_no_first_load_tells_nothing_of_how_fast(other: dict[str, Any]) -> None:
    record = replace(LOADED, **other)
    assert counted(record) == [(f"Drops{record.state.capitalize()}", "Count", 1.0)]


def test_a_drop_that_no_contract_matches_is_counted_without_a_dataset(
    capsys: pytest.CaptureFixture[str], table: Table
) -> None:
    bus: Any = Bus()
    Ledger(table, "test", moved=Moves(bus, "prod").heard).receive(DROP, None, NOON)
    [line] = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["DropsUnmatched"], line["dataset"]) == ([1.0], "-")

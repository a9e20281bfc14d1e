"""What others hear of drops, and that a bus that is away holds nobody up."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from jsonschema import Draft202012Validator, FormatChecker

from suimon.aws.event_bus import PAUSE_SECONDS, EventBus
from suimon.drops.drop_event import TOLD, detail, event_of
from suimon.drops.states import State
from suimon.ledger.drops import Ledger
from tests.unit.drop_records import drop_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DOCUMENT = json.loads((Path(__file__).parents[3] / "docs/drop.schema.json").read_text(encoding="utf-8"))
SCHEMA = Draft202012Validator(DOCUMENT, format_checker=FormatChecker())
KEY = "sales/2026-11-20/sales_data.csv"


class Events:
    """A bus that keeps what it gets, or fails as it is told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.taken: list[dict[str, Any]] = []
        self.error: Exception | None = None
        self.refuses = False

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 AWS's name
        self.calls += 1
        if self.error:
            raise self.error
        if self.refuses:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow"}]}
        self.taken += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


@pytest.mark.parametrize("state", sorted(TOLD))
def test_the_event_of_a_drop_keeps_its_schema(state: State) -> None:
    record = drop_record(state, KEY, version="v1", rows=3)
    SCHEMA.validate(detail(record, "prod"))
    event = event_of(record, "prod")
    assert event
    assert event[0] == f"drop.{state.lower()}"


def test_the_schema_knows_every_state_that_is_told() -> None:
    assert set(DOCUMENT["properties"]["state"]["enum"]) == set(map(str, TOLD))


@pytest.mark.parametrize("state", sorted(set(State) - TOLD))
def test_that_a_drop_was_entered_or_is_being_checked_is_no_event(state: State) -> None:
    assert event_of(drop_record(state, KEY, version="v1", rows=3), "prod") is None


def test_every_move_in_the_ledger_is_an_event_of_the_stack(table: Table) -> None:
    events = Events()
    ledger = Ledger(table, "test", moved=EventBus(events, "prod-events", "prod").drop_moved)  # type: ignore[arg-type]  # a fake
    drop = drop_record(State.RECEIVED, KEY, version="v1", rows=3).drop
    ledger.receive(drop, None, NOON)
    ledger.receive(drop, None, NOON)
    assert [(one["Source"], one["EventBusName"], one["DetailType"]) for one in events.taken] == [
        ("suimon", "prod-events", "drop.unmatched")
    ]
    told = json.loads(events.taken[0]["Detail"])
    assert (told["dataset"], told["key"], told["stack"]) == (None, KEY, "prod")


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "InternalException", "Message": "no"}}, "PutEvents"),
        EndpointConnectionError(endpoint_url="https://events.example"),
    ],
)
def test_a_bus_that_is_away_loses_the_event_and_never_the_work(table: Table, error: Exception) -> None:
    events = Events()
    events.error = error
    ledger = Ledger(table, "test", moved=EventBus(events, "prod-events").drop_moved)  # type: ignore[arg-type]  # a fake
    record = ledger.receive(drop_record(State.RECEIVED, KEY, version="v1", rows=3).drop, None, NOON)
    assert ledger.get(record.id) == record


def test_after_a_failure_nothing_is_put_for_a_minute() -> None:
    events, passed = Events(), [0.0]
    bus = EventBus(events, "prod-events", ticks=lambda: passed[0])  # type: ignore[arg-type]  # a fake
    passed[0] = 1.0
    events.refuses = True
    assert [bus.put("drop.loaded", {}, NOON) for _ in range(1_000)] == [False] * 1_000
    assert events.calls == 1
    events.refuses = False
    passed[0] += PAUSE_SECONDS
    assert bus.put("drop.loaded", {}, NOON)

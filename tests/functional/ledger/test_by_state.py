"""The index of states on DynamoDB (moto): drops, sets and incidents side by side, each found by its own states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from suimon.drops.drop import Drop
from suimon.drops.sets import DropSet
from suimon.drops.states import State
from suimon.incidents.about import About
from suimon.incidents.incident import Problem, Stage
from suimon.incidents.kinds import Kind
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.ledger import by_state
from suimon.ledger.by_state import SetState, items_in
from suimon.ledger.drops import Ledger

if TYPE_CHECKING:
    import pytest
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALL_STATES = (*State, *SetState, *Stage)


def test_no_state_belongs_to_two_kinds() -> None:
    assert len({str(state) for state in ALL_STATES}) == len(ALL_STATES)
    assert all(state.startswith("SET_") for state in SetState)
    assert all(state.startswith("INCIDENT_") for state in Stage)


def test_each_kind_of_item_is_found_by_its_own_states_alone(table: Table, post: Post) -> None:
    ledger, incidents = Ledger(table), IncidentStore(table, Publisher(post.sns, post.topic_arn))
    ledger.receive(Drop("raw", "key", "v1", "etag", 1, "01"), None, NOON)
    ledger.sets.put(DropSet("orders", "2026-11-20", waiting_since=NOON), NOON)
    ledger.sets.put(DropSet("orders", "2026-11-21"), NOON)
    incidents.report(Problem(Kind.PAUSED, About(dag_id="a"), "subject", "body", "1"), NOON)
    incidents.has_lasted(Problem(Kind.UNREADABLE_TABLE, About(table="b"), "subject", "body", "1"), NOON)
    found = {str(state): [item["sk"] for item in items_in(table, state)] for state in ALL_STATES}
    assert {state: kinds for state, kinds in found.items() if kinds} == {
        "UNMATCHED": ["drop"],
        "SET_AWAITED": ["set"],
        "SET_OPENED": ["set"],
        "INCIDENT_OPEN": ["incident"],
        "INCIDENT_SUSPECTED": ["incident"],
    }


def test_what_came_to_a_state_up_to_a_time_is_listed_longest_ago_first_over_all_pages(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_state, "PAGE", 2)
    for number in (3, 1, 4, 2, 5):
        drop = Drop("raw", f"key {number}", "v", "e", 1, "01")
        Ledger(table).receive(drop, None, NOON + timedelta(minutes=number))
    until = NOON + timedelta(minutes=4)
    found = [item["key"] for item in items_in(table, State.UNMATCHED, until)]
    assert found == ["key 1", "key 2", "key 3", "key 4"]

"""Many items at once from a table (moto) that answers only in part."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain, repeat
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.drops.drop import Drop
from suimon.drops.match import Match
from suimon.incidents.about import About
from suimon.incidents.incident import Problem, Recovery
from suimon.incidents.kinds import Kind
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.ledger.batch import PAUSES
from suimon.ledger.drops import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALL = 100
DROPS = [Drop("raw", f"sales/{number}.csv", "v1", "etag", 1, "01") for number in range(3)]
PROBLEMS = [
    Problem(Kind.MWAA_AWAY, About(environment=f"{number}"), f"Airflow {number} is away", "Wait.", "away")
    for number in range(3)
]
RECOVERIES = [Recovery(problem.id) for problem in PROBLEMS]


class Throttled:
    """A table whose batches hold so many items in turn; the keys of the others come back."""

    def __init__(self, table: Table, gives: Iterable[int]) -> None:
        self._table = table
        self._gives = iter(gives)
        self.name = table.name
        self.meta = SimpleNamespace(client=SimpleNamespace(batch_get_item=self.batch_get_item))
        self.meta.client.exceptions = table.meta.client.exceptions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def batch_get_item(self, RequestItems: dict[str, Any]) -> Any:  # noqa: N803 boto3's name
        wanted = RequestItems[self.name]
        room = next(self._gives)
        keys, left = wanted["Keys"][:room], wanted["Keys"][room:]
        items = [self._table.get_item(Key=key)["Item"] for key in keys]
        unprocessed = {self.name: {**wanted, "Keys": left}} if left else {}
        return {"Responses": {self.name: items}, "UnprocessedKeys": unprocessed}


@pytest.fixture
def slept() -> list[float]:
    return []


def test_drops_that_were_left_out_are_asked_for_again_after_growing_pauses(table: Table, slept: list[float]) -> None:
    ledger = Ledger(Throttled(table, [1, 1, ALL]), sleep=slept.append)  # type: ignore[arg-type]  # a table in front of one
    for drop in DROPS:
        ledger.receive(drop, Match("sales", "2026-11-20"), NOON)
    assert ledger.get_many([drop.id for drop in DROPS]).keys() == {drop.id for drop in DROPS}
    assert slept == [0.05, 0.1]


def test_an_answer_that_is_whole_costs_no_pause(table: Table, slept: list[float]) -> None:
    ledger = Ledger(table, sleep=slept.append)
    ledger.receive(DROPS[0], Match("sales", "2026-11-20"), NOON)
    assert list(ledger.get_many([drop.id for drop in DROPS])) == [DROPS[0].id]
    assert slept == []


def test_drops_that_are_left_out_for_ever_are_a_throttled_read(table: Table, slept: list[float]) -> None:
    ledger = Ledger(Throttled(table, repeat(0, 20)), sleep=slept.append)  # type: ignore[arg-type]
    with pytest.raises(ClientError, match="3 items of ledger were left out") as failed:
        ledger.get_many([drop.id for drop in DROPS])
    assert failed.value.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert slept == list(PAUSES)


def test_each_batch_of_a_hundred_has_its_own_patience(table: Table, slept: list[float]) -> None:
    ledger = Ledger(table)
    drops = [Drop("raw", f"sales/{number}.csv", "v1", "etag", 1, "01") for number in range(101)]
    for drop in drops:
        ledger.receive(drop, Match("sales", "2026-11-20"), NOON)
    throttled = Ledger(Throttled(table, chain([99, 1], [0, 1])), sleep=slept.append)  # type: ignore[arg-type]
    assert len(throttled.get_many([drop.id for drop in drops])) == len(drops)
    assert slept == [0.05, 0.05]


def test_incidents_that_were_left_out_are_asked_for_again(table: Table, post: Post, slept: list[float]) -> None:
    incidents = IncidentStore(Throttled(table, [1, ALL]), Publisher(post.sns, post.topic_arn), slept.append)  # type: ignore[arg-type]
    for problem in PROBLEMS:
        incidents.report(problem, NOON)
    ids = [problem.id for problem in PROBLEMS]
    assert incidents.recover(RECOVERIES, NOON) == ids
    assert slept == [0.05]


def test_incidents_that_are_left_out_for_ever_are_a_throttled_read(
    table: Table, post: Post, slept: list[float]
) -> None:
    incidents = IncidentStore(Throttled(table, repeat(0, 20)), Publisher(post.sns, post.topic_arn), slept.append)  # type: ignore[arg-type]
    with pytest.raises(ClientError, match="left out"):
        incidents.recover(RECOVERIES, NOON)
    assert slept == list(PAUSES)

"""Drops that wait in great numbers: with one time for thousands, and parts of sets that are never made whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.contract.keys import KeyPattern, SetRule
from suimon.contract.model import Contract, Contracts
from suimon.drops.drop import Membership
from suimon.drops.states import State
from suimon.incidents.messages import airflow
from suimon.intake.shards import Gathering
from suimon.ledger.checkpoints import Marks
from suimon.mwaa.cause import Cause, NotStarted
from suimon.sweep import oldest_drops, turns, unmatched_drops
from suimon.sweep.oldest_drops import read_oldest
from suimon.sweep.plans import stuck_drops
from suimon.sweep.plans.stuck_drops import STUCK
from suimon.sweep.plans.unmatched_drops import SETTLED
from suimon.sweep.unmatched_drops import UNMATCHED
from tests.functional.sweep.swept import DAG, HOUR, MINUTE, NOON, World, contracts, key_of

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import DropRecord
    from tests.functional.conftest import Post

TWO = SetRule(2, None, None, reload=False, complete_within_minutes=60)
MANIFEST = SetRule(None, KeyPattern("orders/{ds}/manifest.json"), None, reload=False, complete_within_minutes=60)
ORDERS = Contract("orders", "1", "orders", dag_id="orders_etl", key_pattern=KeyPattern("orders/{ds}/part-{shard}.csv"))


@pytest.fixture
def world(table: Table, post: Post) -> World:
    return World(table, post)


def gathered(world: World, rule: SetRule = TWO) -> None:
    """Let the stack know sets of orders."""
    world.contracts = Contracts((*contracts().all, replace(ORDERS, set_rule=rule)))


def shard(world: World, day: int, number: int, at: datetime, *, joins: bool = True) -> DropRecord:
    """Give an accepted shard of a day, that has joined its set or not."""
    drop = world.put(f"orders/2026-11-{day:02}/part-{number}.csv", written=at)
    record = world.bring(world.receive(drop, f"{number:02X}", at), State.VALIDATING, at=at)
    record = world.ledger.move(record, State.ACCEPTED, at, membership=Membership())
    if joins:
        no_control: Any = None  # whose object would be read
        gathering = Gathering(
            ledger=world.ledger, objects=no_control, desk=world.desk, lake_bucket="lake", clock=lambda: at
        )
        gathering.join(record, world.contracts.of("orders"))
    return record


# ---------------------------------------------------------------- thousands that share one time


def test_drops_of_one_moment_are_all_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oldest_drops, "PAGE", 2)
    since = NOON - 30 * MINUTE
    entered = {world.receive(world.put(key_of(f"2026-11-0{day}")), "0A", since).id for day in range(1, 8)}
    found = read_oldest(world.ledger, State.RECEIVED, NOON)
    assert {record.id for record in found.records} == entered
    assert len(found.records) == 7
    assert found.all_read
    assert world.find(STUCK).repaired == 7
    monkeypatch.setattr(oldest_drops, "READ_AT_MOST", 3)
    assert not read_oldest(world.ledger, State.RECEIVED, NOON).all_read


def test_files_that_were_entered_in_one_moment_are_all_taken_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unmatched_drops, "READ_AT_MOST", 2)
    drops = [world.put(f"stock/2026-11-{day:02}/stock.csv") for day in range(1, 8)]
    notes = [world.put(f"notes/{number}.txt") for number in range(5)]
    for drop in (*drops, *notes):
        world.receive(drop, "0A", NOON - HOUR)
    world.contracts = contracts("stock/{ds}/stock.csv")
    looked_at = [world.find(UNMATCHED, NOON + number * 15 * MINUTE).checked for number in range(9)]
    assert {world.state_of(drop.id) for drop in drops} == {State.RECEIVED}
    assert looked_at == [2, 2, 2, 2, 2, 2, 0, 0, 0]
    assert Marks(world.table).get(unmatched_drops.CHECKPOINT).keys() == {"done"}


@pytest.mark.parametrize("since", [timedelta(seconds=40), 14 * MINUTE, 47 * MINUTE])
def test_a_file_that_appears_behind_a_younger_one_is_taken_in(world: World, since: timedelta) -> None:
    before, after = world.contracts, contracts("stock/{ds}/stock.csv")
    younger, late = (world.put(f"stock/2026-11-{day}/stock.csv", written=NOON) for day in (20, 19))
    world.receive(younger, "0A", NOON - since + timedelta(seconds=10))
    world.contracts = after
    world.round(NOON)
    assert world.state_of(younger.id) is State.RECEIVED
    world.contracts = before
    world.receive(late, "0A", NOON - since)  # it took its time before it told people
    world.contracts = after
    world.round(NOON + MINUTE)
    assert world.state_of(late.id) is State.RECEIVED


def test_the_search_ends_only_when_what_an_older_function_entered_last_must_be_in_the_index(world: World) -> None:
    world.contracts = contracts("stock/{ds}/stock.csv")
    world.round(NOON)
    world.round(NOON + SETTLED + turns.LONGEST_RUN / 2)
    assert "done" not in Marks(world.table).get(unmatched_drops.CHECKPOINT)
    world.round(NOON + SETTLED + turns.LONGEST_RUN * 2)
    assert "done" in Marks(world.table).get(unmatched_drops.CHECKPOINT)


def test_a_round_that_is_made_again_later_does_not_end_the_search(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmatched_drops, "READ_AT_MOST", 1)
    world.contracts = contracts("stock/{ds}/stock.csv")
    world.round(NOON - 3 * HOUR)  # the search begins
    for number in range(2):
        world.receive(world.put(f"notes/{number}.txt"), "0A", NOON - HOUR)
    mark = Marks(world.table).get(unmatched_drops.CHECKPOINT)
    world.round(NOON)
    reached = Marks(world.table).get(unmatched_drops.CHECKPOINT)
    assert reached != mark
    assert world.find(UNMATCHED, NOON - HOUR).checked == 0
    assert Marks(world.table).get(unmatched_drops.CHECKPOINT) == reached
    assert world.find(UNMATCHED, NOON + MINUTE).checked == 1


# ---------------------------------------------------------------- sets that are given up


def test_parts_of_sets_that_are_never_whole_are_left_alone_and_hide_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oldest_drops, "PAGE", 2)
    monkeypatch.setattr(oldest_drops, "READ_AT_MOST", 3)
    gathered(world)
    for day in range(1, 8):
        shard(world, day, 1, NOON - 3 * HOUR)
    file = world.put(key_of(), written=NOON - 2 * HOUR)
    accepted = world.bring(world.receive(file, "0A", NOON - 2 * HOUR), State.VALIDATING, State.ACCEPTED)
    finding = world.find(STUCK)
    assert world.resumed() == [accepted.id]
    assert (finding.checked, finding.detected, finding.repaired) == (8, 1, 1)


def test_a_part_that_has_not_joined_its_set_is_sent_on(world: World) -> None:
    gathered(world)
    lost = shard(world, 1, 1, NOON - HOUR, joins=False)
    shard(world, 1, 2, NOON - HOUR)
    world.round()
    assert world.resumed() == [lost.id]


def test_a_set_that_is_whole_is_sent_on_by_one_of_its_parts(world: World) -> None:
    gathered(world)
    shards = [shard(world, 1, number, NOON - HOUR) for number in (1, 2)]
    world.round()
    resumed = set(world.resumed())
    own = resumed - {one.id for one in shards}
    assert len(resumed) == 2
    assert [world.state_of(drop_id) for drop_id in own] == [State.RECEIVED]  # the set itself


def test_a_contract_that_asks_for_fewer_shards_makes_a_waiting_set_go_on(world: World) -> None:
    gathered(world)
    first = shard(world, 1, 1, NOON - HOUR)
    world.round()
    assert world.resumed() == []
    gathered(world, replace(TWO, shards=1))
    world.round(NOON + 15 * MINUTE)
    assert world.resumed() == [first.id]


def test_a_shard_that_waits_for_its_manifest_is_left_alone(world: World) -> None:
    gathered(world, MANIFEST)
    shard(world, 1, 1, NOON - HOUR)
    assert world.find(STUCK).checked == 1
    assert world.resumed() == []


def test_sets_are_looked_at_newest_first_up_to_a_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck_drops, "SETS_AT_MOST", 1)
    gathered(world)
    shard(world, 1, 1, NOON - 3 * HOUR, joins=False)
    newest = shard(world, 2, 1, NOON - HOUR, joins=False)
    world.round()
    assert world.resumed() == [newest.id]


def test_what_was_told_of_a_run_is_over_though_sets_are_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oldest_drops, "READ_AT_MOST", 3)
    gathered(world)
    for day in range(1, 6):
        shard(world, day, 1, NOON - 3 * HOUR)
    record = world.bring(world.receive(world.put(key_of()), "0A"), State.VALIDATING, State.ACCEPTED, State.TRIGGERED)
    world.desk.report(airflow.not_triggered("env", DAG, record, NotStarted(Cause.AWAY, "no answer")), NOON)
    world.post.subjects()
    world.round(NOON + MINUTE)
    assert [subject[:20] for subject in world.post.subjects()] == ["[Suimon] Recovered: "]


def test_a_read_is_bounded_though_nothing_in_it_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oldest_drops, "PAGE", 2)
    monkeypatch.setattr(oldest_drops, "READ_IN_ALL", 4)
    gathered(world)
    for day in range(1, 8):
        shard(world, day, 1, NOON - HOUR)
    found = read_oldest(world.ledger, State.ACCEPTED, NOON, lambda _: False)
    assert (len(found.records), found.all_read) == (4, False)

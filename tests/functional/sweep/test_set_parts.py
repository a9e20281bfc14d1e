"""Accepted parts of sets: which are resumed, and which may wait, on moto."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.contract.keys import KeyPattern
from suimon.contract.set_rule import SetRule
from suimon.drops.states import State
from suimon.ledger import by_state
from suimon.sweep import oldest_drops
from suimon.sweep.plans import stuck_drops
from suimon.sweep.plans.stuck_drops import STUCK
from tests.functional.sweep.swept import (
    HOUR,
    MINUTE,
    NOON,
    TWO,
    World,
    accepted_shard,
    key_of,
    know_sets,
)

if TYPE_CHECKING:
    import pytest

    from tests.functional.sweep.swept import World

MANIFEST = SetRule(None, KeyPattern("orders/{ds}/manifest.json"), None, reload=False, complete_within_minutes=60)


def test_parts_of_sets_that_are_never_whole_are_left_alone_and_hide_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_state, "PAGE", 2)
    monkeypatch.setattr(oldest_drops, "COUNTED_AT_MOST", 3)
    know_sets(world)
    for day in range(1, 8):
        accepted_shard(world, day, 1, NOON - 3 * HOUR)
    file = world.put(key_of(), written=NOON - 2 * HOUR)
    accepted = world.bring(world.receive(file, "0A", NOON - 2 * HOUR), State.VALIDATING, State.ACCEPTED)
    finding = world.find(STUCK)
    assert world.resumed() == [accepted.id]
    assert (finding.checked, finding.detected, finding.repaired) == (8, 1, 1)


def test_a_part_that_has_not_joined_its_set_is_resumed(world: World) -> None:
    know_sets(world)
    lost = accepted_shard(world, 1, 1, NOON - HOUR, joins=False)
    accepted_shard(world, 1, 2, NOON - HOUR)
    finding = world.find(STUCK)
    assert (finding.detected, finding.reported) == (0, 0)
    assert world.resumed() == [lost.id]


def test_a_whole_set_is_resumed_by_one_of_its_parts(world: World) -> None:
    know_sets(world)
    shards = [accepted_shard(world, 1, number, NOON - HOUR) for number in (1, 2)]
    world.round()
    resumed = set(world.resumed())
    own = resumed - {one.id for one in shards}
    assert len(resumed) == 2
    assert [world.state_of(drop_id) for drop_id in own] == [State.RECEIVED]  # the set itself


def test_a_contract_that_asks_for_fewer_shards_resumes_a_waiting_set(world: World) -> None:
    know_sets(world)
    first = accepted_shard(world, 1, 1, NOON - HOUR)
    world.round()
    assert world.resumed() == []
    know_sets(world, replace(TWO, shards=1))
    world.round(NOON + 15 * MINUTE)
    assert world.resumed() == [first.id]


def test_a_shard_that_waits_for_its_manifest_is_left_alone(world: World) -> None:
    know_sets(world, MANIFEST)
    accepted_shard(world, 1, 1, NOON - HOUR)
    assert world.find(STUCK).checked == 1
    assert world.resumed() == []


def test_sets_are_looked_at_newest_first_up_to_a_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck_drops, "SETS_AT_MOST", 1)
    know_sets(world)
    accepted_shard(world, 1, 1, NOON - 3 * HOUR, joins=False)
    newest = accepted_shard(world, 2, 1, NOON - HOUR, joins=False)
    world.round()
    assert world.resumed() == [newest.id]

"""Reading the drops that have waited longest: all of one moment, and up to a bound, on moto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.states import State
from suimon.ledger import by_state
from suimon.sweep import oldest_drops
from suimon.sweep.oldest_drops import read_oldest
from suimon.sweep.plans.stuck_drops import STUCK
from tests.functional.sweep.swept import (
    HOUR,
    MINUTE,
    NOON,
    World,
    accepted_shard,
    key_of,
    know_sets,
)

if TYPE_CHECKING:
    import pytest

    from tests.functional.sweep.swept import World


def test_drops_of_one_moment_are_all_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_state, "PAGE", 2)
    since = NOON - 30 * MINUTE
    entered = {world.receive(world.put(key_of(f"2026-11-0{day}")), "0A", since).id for day in range(1, 8)}
    found = read_oldest(world.ledger, State.RECEIVED, NOON)
    assert {record.id for record in found.records} == entered
    assert len(found.records) == 7
    assert found.all_read
    assert world.find(STUCK).repaired == 7
    monkeypatch.setattr(oldest_drops, "COUNTED_AT_MOST", 3)
    assert not read_oldest(world.ledger, State.RECEIVED, NOON).all_read


def test_drops_that_wait_are_read_page_by_page_up_to_a_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_state, "PAGE", 2)
    for day in range(1, 8):
        world.receive(world.put(key_of(f"2026-11-0{day}")), "0A", NOON - (20 + day) * MINUTE)
    assert world.find(STUCK).checked == 7
    monkeypatch.setattr(oldest_drops, "COUNTED_AT_MOST", 3)
    world.messages("intake")
    assert world.find(STUCK).checked == 3


def test_a_read_is_bounded_though_nothing_in_it_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_state, "PAGE", 2)
    monkeypatch.setattr(oldest_drops, "READ_AT_MOST", 4)
    know_sets(world)
    for day in range(1, 8):
        accepted_shard(world, day, 1, NOON - HOUR)
    found = read_oldest(world.ledger, State.ACCEPTED, NOON, lambda _: False)
    assert (len(found.records), found.all_read) == (4, False)

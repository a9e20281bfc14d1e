"""Sets whose shards have a time in their names: of each shard the newest is a member, under whatever name it comes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contracts
from suimon.drops.states import State
from suimon.incidents.kinds import Kind
from tests.functional.conftest import open_ids
from tests.functional.intake.set_world import (
    DAY,
    LOADED,
    MANIFEST,
    MARKER,
    REJECTED,
    SUPERSEDED,
    THREE,
    TRIGGERED,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.contract.set_rule import SetRule
    from suimon.drops.drop import Drop


def stamped(orders: World) -> World:
    """Return the world under a contract whose shards have a time in their names."""
    [contract] = orders.gate.contracts.all
    changed = replace(contract, key_pattern=KeyPattern("orders/{ds}/part-{shard}.{stamp:HHmm}.csv"))
    orders.gate = replace(orders.gate, contracts=Contracts((changed,)))
    return orders


def shard(orders: World, number: int, time: str = "0900", content: str = "row\n") -> Drop:
    return orders.put(f"part-{number}.{time}.csv", content)


def test_a_shard_of_a_later_time_takes_the_place_of_the_one_before(world: Callable[[SetRule], World]) -> None:
    orders = stamped(world(THREE))
    first, second, third = (shard(orders, number) for number in (1, 2, 3))
    corrected = shard(orders, 1, "1000", "a\nb\n")
    orders.take(first, second, corrected, third)
    [run_id] = orders.mwaa.runs
    assert sorted(orders.names(run_id)) == ["part-1.1000.csv", "part-2.0900.csv", "part-3.0900.csv"]
    orders.finish(run_id)
    assert orders.states(first, corrected, second, third) == [SUPERSEDED, LOADED, LOADED, LOADED]


def test_a_shard_of_an_earlier_time_that_comes_late_is_in_no_set(world: Callable[[SetRule], World]) -> None:
    orders = stamped(world(THREE))
    newer, older = shard(orders, 1, "1000", "a\n"), shard(orders, 1, "0930", "b\n")
    orders.take(newer, shard(orders, 2), shard(orders, 3), older)
    assert orders.states(older, newer) == [SUPERSEDED, TRIGGERED]
    assert len(orders.mwaa.runs) == 1


def test_a_corrected_shard_makes_a_set_whose_order_is_behind_the_one_before(world: Callable[[SetRule], World]) -> None:
    orders = stamped(world(THREE))
    orders.take(*(shard(orders, number, "1200") for number in (1, 2, 3)))
    orders.end_runs(DAY)
    # Later than the shard that it corrects, and earlier than others of the set.
    before = shard(orders, 4, "0900")
    corrected = shard(orders, 1, "1230", "a\n")
    orders.take(before, corrected)
    written = [conf["written"] for conf in orders.mwaa.runs.values()]
    assert len(written) == 2
    assert written == sorted(written)
    orders.end_runs(DAY)
    assert orders.states(before, corrected) == [REJECTED, LOADED]


@pytest.mark.parametrize("rule", [MANIFEST, MARKER], ids=["manifest", "marker"])
def test_what_says_which_shards_there_are_names_them_with_their_times(
    world: Callable[[SetRule], World], rule: SetRule
) -> None:
    orders = stamped(world(rule))
    shards = [shard(orders, number, "0915") for number in (1, 2)]
    says = '{"files": ["part-1.0915.csv", "part-2.0915.csv"]}' if rule.manifest else ""
    control = orders.put("manifest.json" if rule.manifest else "_SUCCESS", says)
    orders.take(*shards, control)
    [run_id] = orders.mwaa.runs
    orders.finish(run_id)
    assert orders.states(*shards, control) == [LOADED] * 3


def test_a_good_shard_under_another_name_ends_what_was_told_of_the_bad_one(world: Callable[[SetRule], World]) -> None:
    orders = stamped(world(replace(THREE, shards=2)))
    bad = [shard(orders, number, "0900", "bad\n") for number in (1, 2)]
    orders.take(*bad)
    assert orders.states(*bad) == [State.REJECTED] * 2
    orders.take(shard(orders, 1, "1000"))
    assert len(open_ids(orders.incidents)) == 2  # of the other shard nothing has come yet
    orders.take(shard(orders, 2, "1000"))
    [run_id] = orders.mwaa.runs
    orders.finish(run_id)
    assert not [one for one in open_ids(orders.incidents) if Kind.REJECTED in str(one)]

"""An all-clear of one shard says nothing of the others: what is still rejected stays open, and no message ends it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.functional.conftest import open_ids

from .set_world import DAY, LOADED, REJECTED, THREE, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.contract.set_rule import SetRule
    from tests.functional.conftest import Post


def test_a_corrected_shard_ends_its_own_incident_and_no_other(world: Callable[[SetRule], World], post: Post) -> None:
    orders = world(replace(THREE, shards=2, reload=True))
    drops = [orders.shard(1), *(orders.shard(number, "bad\n") for number in (2, 3, 4))]
    orders.take(*drops)
    post.letters()
    corrected = orders.shard(2, "good\n")
    orders.take(corrected)
    [run_id] = orders.mwaa.runs
    orders.finish(run_id)
    assert orders.states(*drops, corrected) == [LOADED, REJECTED, REJECTED, REJECTED, LOADED]
    assert open_ids(orders.incidents) == [f"rejected:orders/{DAY}/part-{number}.csv" for number in (3, 4)]
    [(subject, body)] = post.letters()
    assert "part-2.csv" in subject
    assert "Nothing is left to do about it. What else\nis open has messages of its own" in body

"""Sets at the gate, on moto: whatever is delivered twice, late or out of order, one run is opened for a whole set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ReadTimeoutError

from suimon.contract.volume import Bound, Measure, Volume
from suimon.drops.drop import written_order
from suimon.drops.states import State
from suimon.intake.errors import ReplayError, RetryLaterError
from suimon.intake.replays import ReplayRequest, replay
from tests.functional.conftest import open_ids

from .set_world import ACCEPTED, DAY, LOADED, REJECTED, SUPERSEDED, THREE, TRIGGERED, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.contract.set_rule import SetRule
    from tests.functional.conftest import Post


def test_one_run_is_opened_for_all_shards_and_they_end_as_it_ends(world: Callable[[SetRule], World]) -> None:
    orders = world(THREE)
    drops = [orders.shard(1, "a\n"), orders.shard(2, "b\nc\n"), orders.shard(3)]
    orders.take(*drops[:2])
    assert orders.states(*drops[:2]) == [ACCEPTED] * 2
    assert not orders.mwaa.runs
    orders.take(drops[2])
    [(run_id, conf)] = orders.mwaa.runs.items()
    assert orders.states(*drops) == [TRIGGERED] * 3
    assert conf["rows"] == 4
    assert conf["source_uri"] == f"s3://lake/accepted/orders/{DAY}/{run_id.partition('.')[0]}/_set.json"
    sources = orders.sources(run_id)
    assert sources["rows"] == 4
    assert sources["sources"][1] == {"name": drops[1].key, "path": f"../{drops[1].id}/data.csv", "rows": 2}
    orders.finish(run_id)
    assert orders.states(*drops) == [LOADED] * 3


@pytest.mark.parametrize("bodies", [("a\n", "", "b\n"), ("", "", "")])
def test_a_shard_without_records_is_a_member_like_the_others(
    world: Callable[[SetRule], World], bodies: tuple[str, ...]
) -> None:
    orders = world(THREE)
    drops = [orders.shard(number, f"header{body}") for number, body in enumerate(bodies)]
    orders.take(*drops)
    [(run_id, conf)] = orders.mwaa.runs.items()
    assert conf["rows"] == sum(body.count("\n") for body in bodies)
    assert [one["rows"] for one in orders.sources(run_id)["sources"]] == [body.count("\n") for body in bodies]
    orders.finish(run_id)
    assert orders.states(*drops) == [LOADED] * 3


def test_events_that_come_again_change_nothing(world: Callable[[SetRule], World]) -> None:
    orders = world(THREE)
    drops = [orders.shard(number) for number in range(3)]
    orders.take(*drops, *drops, drops[1], drops[0])
    [run_id] = orders.mwaa.runs
    orders.finish(run_id)
    orders.finish(run_id)
    orders.take(*drops)
    assert list(orders.mwaa.runs) == [run_id]
    assert orders.states(*drops) == [LOADED] * 3


def test_a_run_that_fails_fails_its_shards_and_a_replay_of_the_set_loads_them(
    world: Callable[[SetRule], World],
) -> None:
    orders = world(THREE)
    drops = [orders.shard(number) for number in range(3)]
    orders.take(*drops)
    [run_id] = orders.mwaa.runs
    orders.finish(run_id, State.FAILED)
    assert orders.states(*drops) == [State.FAILED] * 3
    set_id = run_id.partition(".")[0]
    with pytest.raises(ReplayError, match="part of a set"):
        replay(orders.gate, ReplayRequest(drops[0].id, 2, "token", "execution"))
    assert replay(orders.gate, ReplayRequest(set_id, 2, "", "execution")).state is TRIGGERED
    assert list(orders.mwaa.runs) == [run_id, f"{set_id}.2"]
    orders.finish(f"{set_id}.2")
    assert orders.states(*drops) == [LOADED] * 3


def test_a_shard_beyond_the_set_is_rejected_and_reported(world: Callable[[SetRule], World], post: Post) -> None:
    orders = world(THREE)
    drops = [orders.shard(number) for number in range(4)]
    orders.take(*drops)
    assert orders.states(*drops) == [TRIGGERED] * 3 + [REJECTED]
    [(subject, body)] = post.letters()
    assert "beyond the set" in subject
    assert "the set is closed" in body
    assert drops[3].key in body


def test_a_shard_beyond_the_set_makes_a_new_set_where_the_contract_reloads(world: Callable[[SetRule], World]) -> None:
    orders = world(replace(THREE, reload=True))
    drops = [orders.shard(number) for number in range(4)]
    orders.take(*drops)
    first, second = orders.mwaa.runs
    assert [len(orders.names(run)) for run in (first, second)] == [3, 4]
    orders.finish(first)
    orders.finish(second)
    assert orders.states(*drops) == [LOADED] * 4


def test_a_corrected_shard_before_the_run_takes_the_place_of_the_old(world: Callable[[SetRule], World]) -> None:
    orders = world(THREE)
    old, new, *others = orders.shard(1, "old\n"), orders.shard(1, "new\nnew\n"), orders.shard(2), orders.shard(3)
    orders.take(others[0], old, new, others[1])
    [run_id] = orders.mwaa.runs
    assert orders.sources(run_id)["rows"] == 4
    assert orders.states(old, new) == [SUPERSEDED, TRIGGERED]


def test_a_corrected_shard_that_was_accepted_first_stays(world: Callable[[SetRule], World]) -> None:
    orders = world(THREE)
    old, new = orders.shard(1, "old\n"), orders.shard(1, "new\nnew\n")
    orders.take(new, old, orders.shard(2), orders.shard(3))
    [run_id] = orders.mwaa.runs
    assert orders.sources(run_id)["rows"] == 4
    assert orders.states(old, new) == [SUPERSEDED, TRIGGERED]


def test_a_corrected_shard_after_the_run_reloads_the_whole_set(world: Callable[[SetRule], World]) -> None:
    orders = world(THREE)
    drops = [orders.shard(number, "old\n") for number in range(3)]
    orders.take(*drops)
    [first] = orders.mwaa.runs
    orders.finish(first)
    corrected = orders.shard(1, "new\nnew\n")
    orders.take(corrected)
    _, second = orders.mwaa.runs
    assert orders.sources(second)["rows"] == 4
    assert orders.mwaa.runs[second]["written"] > orders.mwaa.runs[first]["written"]
    assert orders.mwaa.runs[second]["written"] > written_order(corrected.sequencer)
    orders.finish(second)
    assert orders.states(*drops, corrected) == [LOADED] * 4


def test_a_set_that_ends_after_a_newer_one_leaves_the_shards_that_both_have_to_that(
    world: Callable[[SetRule], World],
) -> None:
    orders = world(THREE)
    drops = [orders.shard(number, "old\n") for number in range(3)]
    orders.take(*drops)
    corrected = orders.shard(1, "new\n")
    orders.take(corrected)
    first, second = orders.mwaa.runs
    orders.finish(second)
    orders.finish(first, SUPERSEDED)  # the fence held it up
    assert orders.states(drops[0], drops[1], drops[2], corrected) == [LOADED, SUPERSEDED, LOADED, LOADED]


def test_a_bad_shard_keeps_the_set_open_until_it_is_corrected(world: Callable[[SetRule], World]) -> None:
    orders = world(THREE)
    drops = [orders.shard(1), orders.shard(2, "bad\n"), orders.shard(3)]
    orders.take(*drops)
    assert not orders.mwaa.runs
    assert open_ids(orders.incidents) == [f"rejected:orders/{DAY}/part-2.csv"]
    orders.take(orders.shard(2, "good\n"))
    [run_id] = orders.mwaa.runs
    orders.finish(run_id)
    assert orders.states(*drops) == [LOADED, REJECTED, LOADED]
    assert orders.incidents.open_incidents() == []


def test_an_older_set_that_still_waits_for_airflow_is_superseded(world: Callable[[SetRule], World]) -> None:
    orders = world(THREE)
    drops = [orders.shard(number, "old\n") for number in range(3)]
    orders.mwaa.fails = ReadTimeoutError(endpoint_url="env")
    orders.take(*drops[:2])
    with pytest.raises(RetryLaterError):
        orders.take(drops[2])
    corrected = orders.shard(1, "new\n")
    with pytest.raises(RetryLaterError):
        orders.take(corrected)
    orders.mwaa.fails = None
    older, newer = (one for one in orders.ledger.drops_of("orders", DAY) if one.members)
    assert orders.gate.resume(older.id).state is SUPERSEDED
    assert orders.gate.resume(newer.id).state is TRIGGERED
    assert list(orders.mwaa.runs) == [f"{newer.id}.1"]
    assert orders.states(*drops, corrected) == [TRIGGERED, SUPERSEDED, TRIGGERED, TRIGGERED]


VOLUME = Volume(
    (Bound(Measure.ROWS, "few", 50), Bound(Measure.BYTES, "few", 50), Bound(Measure.SUM, "few", 50, "length")), 3
)


def test_a_set_is_compared_with_the_sets_of_comparable_days_by_what_its_shards_have_together(
    world: Callable[..., World], post: Post
) -> None:
    orders = world(THREE, VOLUME)
    for day in ("2026-11-17", "2026-11-18", "2026-11-19"):
        orders.take(*(orders.shard(number, "row\n" * 10, day) for number in range(3)))
        orders.finish(orders.last_run(day))
    orders.take(*(orders.shard(number, "row\n" * 4) for number in range(3)))
    [record] = [one for one in orders.ledger.drops_of("orders", DAY) if one.members]
    assert record.state is TRIGGERED
    assert record.volume == (
        "unusual: rows 12, median 30; bytes 48, median 120; sum(length) 48, median 120; 3 comparable days"
    )
    [(subject, body)] = post.letters()
    assert subject == f"[WARNING] orders {DAY} of unusual volume: the whole set"
    assert body.count("which is 40 % of the median") == 3
    assert f"suimon retract {record.id} --reason" in body


def test_a_set_that_is_whole_again_with_as_much_as_usual_ends_the_warning(world: Callable[..., World]) -> None:
    orders = world(replace(THREE, reload=True), VOLUME)
    for day in ("2026-11-17", "2026-11-18", "2026-11-19"):
        orders.take(*(orders.shard(number, "row\n" * 10, day) for number in range(3)))
        orders.finish(orders.last_run(day))
    orders.take(*(orders.shard(number, "row\n" * 4) for number in range(3)))
    assert len(open_ids(orders.incidents)) == 1
    orders.take(orders.shard(0, "row\n" * 9))
    assert open_ids(orders.incidents) == []

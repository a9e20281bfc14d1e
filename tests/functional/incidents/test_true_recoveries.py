"""Nobody hears that a problem has recovered while the file is still bad: gate, runs and sweep together, on moto."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.incidents.about import About
from suimon.incidents.kinds import IncidentId, Kind
from suimon.incidents.messages import files
from suimon.incidents.recovery import close_recovered
from tests.functional.conftest import open_ids
from tests.functional.intake.set_world import DAY, LOADED, REJECTED, SUPERSEDED, THREE, World

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from suimon.contract.set_rule import SetRule
    from suimon.drops.drop import Drop
    from tests.functional.conftest import Post


def rejected(drop: Drop) -> str:
    return f"rejected:{drop.key}"


def test_the_load_of_a_corrected_shard_ends_its_own_incident_and_no_other_s(
    world: Callable[[SetRule], World], post: Post
) -> None:
    orders = world(replace(THREE, shards=1, reload=True))
    bad = [orders.shard(number, "bad\n") for number in (1, 2, 3)]
    orders.take(*bad)
    assert sorted(open_ids(orders.incidents)) == sorted(map(rejected, bad))
    post.letters()
    orders.take(orders.shard(1, "good\n"))
    [run_id] = orders.mwaa.runs
    orders.finish(run_id)
    assert post.subjects() == [f"[RECOVERED] orders {DAY} rejected: part-1.csv"]
    assert sorted(open_ids(orders.incidents)) == sorted(map(rejected, bad[1:]))


def test_bad_writes_of_one_key_follow_each_other_without_a_recovery_in_between(
    world: Callable[[SetRule], World], post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = world(replace(THREE, shards=1))
    first, *more = [orders.shard(1, f"bad {number}\n") for number in range(3)]
    report = orders.incidents.report

    def and_meanwhile_the_next_one_comes(*given: object) -> bool:
        monkeypatch.setattr(orders.incidents, "report", report)
        told = report(*given)  # type: ignore[arg-type]  # as they came
        orders.take(more[0])
        return told

    monkeypatch.setattr(orders.incidents, "report", and_meanwhile_the_next_one_comes)
    orders.take(first, more[1])
    assert orders.states(first, *more) == [SUPERSEDED, REJECTED, REJECTED]
    # The same findings again are a repetition, which is told with others.
    assert post.subjects() == [f"[ERROR] orders {DAY} rejected: part-1.csv"]
    orders.take(orders.shard(1, "good\n"))
    assert post.subjects() == []  # accepted, and in no table yet
    [run_id] = orders.mwaa.runs
    orders.finish(run_id)
    assert post.subjects() == [f"[RECOVERED] orders {DAY} rejected: part-1.csv"]


def test_a_shard_beyond_the_set_is_not_over_because_the_others_are_loaded(world: Callable[[SetRule], World]) -> None:
    orders = world(replace(THREE, shards=1))
    shards = [orders.shard(1), orders.shard(2)]
    orders.take(*shards)
    orders.take(orders.shard(1, "corrected\n"))
    for run_id in list(orders.mwaa.runs):
        orders.finish(run_id)
    assert orders.states(*shards) == [LOADED, REJECTED]
    assert open_ids(orders.incidents) == [f"set-closed:{shards[1].key}"]


def test_a_bad_write_that_was_reported_late_is_closed_by_the_newer_one_that_is_loaded_already(
    world: Callable[[SetRule], World], post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = world(replace(THREE, shards=1))
    older, newer = orders.shard(1, "bad\n"), orders.shard(1, "good\n")
    report = orders.incidents.report

    def slowly(*given: object) -> bool:
        monkeypatch.setattr(orders.incidents, "report", report)
        orders.take(newer)
        [run_id] = orders.mwaa.runs
        orders.finish(run_id)
        return report(*given)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(orders.incidents, "report", slowly)
    orders.take(older)
    assert orders.states(older, newer) == [SUPERSEDED, LOADED]
    assert [subject.startswith("[RECOVERED]") for subject in post.subjects()] == [False, True]
    assert open_ids(orders.incidents) == []


def test_a_repetition_of_a_loaded_file_counts_as_that_file(world: Callable[[SetRule], World]) -> None:
    # The bad write in between is entered last of all: nothing newer is loaded but the repetition's original.
    orders = world(replace(THREE, shards=1))
    good, bad, again = orders.shard(1, "good\n"), orders.shard(1, "bad\n"), orders.shard(1, "good\n")
    orders.take(good, again)
    [run_id] = orders.mwaa.runs
    orders.finish(run_id)
    record = orders.ledger.receive(bad, orders.ledger.get_many([good.id])[good.id].match, orders.now)
    orders.incidents.report(files.rejected(record, orders.gate.contracts.of("orders"), "it is bad"), orders.now)
    ids = [IncidentId.of(Kind.REJECTED, About(key=bad.key))]
    assert close_recovered(orders.incidents, orders.ledger, ids, orders.now) == ids

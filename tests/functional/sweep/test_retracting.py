"""A file is taken back, on moto: its run never starts, or what was loaded before it is loaded in its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.drops.drop import Accepted, DropRecord
from suimon.drops.duplicate_or_superseded import precedence_of
from suimon.drops.lake import CONTRACT, accepted_key, accepted_prefix
from suimon.drops.retraction import RetractError
from suimon.drops.run_finished_event import RunFinished
from suimon.drops.states import State
from suimon.intake.errors import ReplayError
from suimon.intake.replays import ReplayRequest, _refuse_retracted
from suimon.mwaa.conf import conf_for
from suimon.replay.plan import plan
from suimon.replay.request import Request
from tests.functional.sweep.swept import DAG, NOON, World, key_of
from tests.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = "2026-11-21"
LAKE = SETTINGS.lake_bucket
MINUTE = timedelta(minutes=1)


@pytest.fixture
def lake(world: World) -> World:
    world.s3.create_bucket(Bucket=LAKE, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    return world


def accepted(world: World, number: int, rows: int = 10) -> DropRecord:
    """Put the write of that number, accept it, and lay its copy out."""
    record = world.receive(world.put(key_of(DAY), body="x" * number), f"0{number}")
    record = world.ledger.claim(record, NOON, owner="a", lease=16 * MINUTE, attempt=1)
    done = Accepted("data.csv", rows * number)
    record = world.ledger.move(
        record, State.ACCEPTED, NOON, accepted=done, opened_run=record.run_id, opened_dag=DAG, sha256=f"{number}" * 64
    )
    for key in (accepted_key(record), f"{accepted_prefix(record)}{CONTRACT}"):
        world.s3.put_object(Bucket=LAKE, Key=key, Body=b"x")
    return record


def triggered(world: World, number: int) -> DropRecord:
    return world.ledger.move(accepted(world, number), State.TRIGGERED, NOON)


def loaded(world: World, number: int) -> DropRecord:
    return world.ledger.move(triggered(world, number), State.LOADED, NOON)


def retract(world: World, record: DropRecord, reason: str = "wrong prices") -> dict[str, Any]:
    request = {"drop_id": record.id, "reason": reason, "who": "ann"}
    return world.sweep().retracting().retract(request, NOON)


def now(world: World, record: DropRecord) -> DropRecord:
    found = world.ledger.get(record.id)
    assert found
    return found


def end(world: World, record: DropRecord, outcome: str = "loaded") -> DropRecord:
    """Report the end of the run of the drop's present attempt, as its DAG does."""
    record = now(world, record)
    detail = {
        "dataset": record.dataset,
        "partition": record.partition,
        "drop_id": record.id,
        "attempt": record.attempt,
        "dag_id": DAG,
        "run_id": record.run_id,
        "outcome": outcome,
        "rows": {"file": 1, "parquet": 1, "table": 1},
        "failed_task": "load_redshift" if outcome == "failed" else None,
        "error": "it broke" if outcome == "failed" else None,
        "log_url": None,
    }
    return world.sweep().run_ends.record(RunFinished.from_event({"detail": detail}), NOON)


def test_a_loaded_file_gives_way_to_the_one_that_was_loaded_before(lake: World) -> None:
    before, wrong = loaded(lake, 1), loaded(lake, 2)
    found = retract(lake, wrong)
    record = now(lake, wrong)
    assert (found["how"], found["restores"], found["rows"]) == ("load", before.id, 10)
    assert (record.state, record.attempt, record.opened_run) == (State.ACCEPTED, 2, f"{wrong.id}.2")
    assert lake.resumed() == [wrong.id]
    conf, own = conf_for(record, SETTINGS), conf_for(wrong, SETTINGS)
    assert conf["source_uri"] == f"s3://{LAKE}/{accepted_key(before)}"
    assert conf["contract_uri"] == f"s3://{LAKE}/{accepted_prefix(before)}{CONTRACT}"
    assert (conf["rows"], conf["drop_id"], conf["attempt"]) == (10, wrong.id, 2)
    assert conf["written"] == f"{own['written']}.0001"  # the fence lets it pass, and nothing older after it
    assert conf["target_uri"] != own["target_uri"]
    assert conf["empties"] is False
    assert end(lake, wrong).state is State.RETRACTED
    retraction = now(lake, wrong).retraction
    assert retraction
    assert retraction.why == "wrong prices (ann)"


def test_the_only_file_of_a_partition_leaves_it_empty(lake: World) -> None:
    only = loaded(lake, 1)
    assert retract(lake, only)["restores"] == ""
    conf = conf_for(now(lake, only), SETTINGS)
    assert (conf["rows"], conf["empties"]) == (0, True)
    assert conf["source_uri"] == f"s3://{LAKE}/{accepted_prefix(only)}emptied/data.csv"


def test_what_was_retracted_itself_is_never_loaded_back(lake: World) -> None:
    first, second, third = loaded(lake, 1), loaded(lake, 2), loaded(lake, 3)
    retract(lake, third)
    end(lake, third)
    assert retract(lake, second)["restores"] == first.id
    # What took the third's place is in the table by its order: the second's retraction must not come before that.
    assert conf_for(now(lake, second), SETTINGS)["written"] == f"{conf_for(third, SETTINGS)['written']}.0002"


@pytest.mark.parametrize("outcome", ["loaded", "failed"])
def test_what_a_cleared_retraction_would_load_is_older_than_its_own_retraction(lake: World, outcome: str) -> None:
    _, second, third = loaded(lake, 1), loaded(lake, 2), loaded(lake, 3)
    retract(lake, third)
    loads_the_second = conf_for(now(lake, third), SETTINGS)
    end(lake, third, outcome)
    retract(lake, second)
    assert loads_the_second["source_uri"].endswith(accepted_key(second))
    assert conf_for(now(lake, second), SETTINGS)["written"] > loads_the_second["written"]
    if outcome == "failed":  # and repeated, it is behind both
        before = conf_for(now(lake, second), SETTINGS)["written"]
        retract(lake, third)
        assert conf_for(now(lake, third), SETTINGS)["written"] > before


def test_an_accepted_file_ends_and_its_run_never_starts(lake: World) -> None:
    waiting = accepted(lake, 1)
    assert retract(lake, waiting)["how"] == "close"
    assert now(lake, waiting).state is State.CLOSED
    assert lake.resumed() == []


@pytest.mark.hits("retracted-where-its-run-ends")
@pytest.mark.parametrize("outcome", ["loaded", "failed"])
@pytest.mark.parametrize("state", [State.ACCEPTED, State.TRIGGERED])
def test_what_a_run_loads_that_had_begun_is_taken_back_where_it_ends(lake: World, state: State, outcome: str) -> None:
    before = loaded(lake, 1)
    running = triggered(lake, 2) if state is State.TRIGGERED else accepted(lake, 2)
    retract(lake, running)
    end(lake, running, outcome)
    record = now(lake, running)
    if state is State.ACCEPTED and outcome == "failed":
        assert record.state is State.CLOSED  # Airflow had the run, and it loaded nothing
        return
    assert (record.state, record.attempt) == (State.ACCEPTED, 2)
    assert conf_for(record, SETTINGS)["source_uri"].endswith(accepted_key(before))
    assert end(lake, running).state is State.RETRACTED


def test_the_end_of_a_run_that_is_reported_twice_retracts_once(lake: World) -> None:
    running = triggered(lake, 1)
    retract(lake, running)
    end(lake, running)
    again = now(lake, running)
    first = replace(again, attempt=1)
    detail = {"dataset": first.dataset, "partition": first.partition, "drop_id": first.id, "attempt": 1}
    event = {**detail, "dag_id": DAG, "run_id": first.run_id, "outcome": "loaded", "rows": {}, "failed_task": None}
    lake.sweep().run_ends.record(RunFinished.from_event({"detail": {**event, "error": None, "log_url": None}}), NOON)
    assert now(lake, running) == again


def test_a_retraction_that_failed_is_repeated_by_retracting_again(lake: World) -> None:
    before, wrong = loaded(lake, 1), loaded(lake, 2)
    retract(lake, wrong)
    assert end(lake, wrong, "failed").state is State.FAILED
    assert f"suimon retract {wrong.id}" in lake.post.letters()[-1][1]
    first = conf_for(now(lake, wrong), SETTINGS)["written"]
    assert retract(lake, wrong)["restores"] == before.id
    assert now(lake, wrong).attempt == 3
    assert conf_for(now(lake, wrong), SETTINGS)["written"] > first
    assert end(lake, wrong).state is State.RETRACTED
    assert lake.incidents.open_incidents() == []


def test_a_retraction_that_the_fence_keeps_out_has_taken_the_file_back_all_the_same(lake: World) -> None:
    before, wrong = loaded(lake, 1), loaded(lake, 2)
    retract(lake, wrong)
    end(lake, wrong, "failed")
    retract(lake, before)
    assert end(lake, before).state is State.RETRACTED
    assert end(lake, wrong, "superseded").state is State.RETRACTED  # somebody has cleared its run in Airflow
    assert lake.incidents.open_incidents() == []


def _rejected(world: World) -> DropRecord:
    record = world.receive(world.put(key_of(DAY)), "01")
    return world.bring(record, State.VALIDATING, State.REJECTED)


def _checked_now(world: World) -> DropRecord:
    record = world.receive(world.put(key_of(DAY)), "01")
    return world.ledger.claim(record, NOON, owner="a", lease=MINUTE, attempt=1)


def _duplicate(world: World) -> DropRecord:
    record = world.bring(world.receive(world.put(key_of(DAY)), "01"), State.VALIDATING)
    return world.ledger.move(record, State.DUPLICATE, NOON, duplicate_of="d0")


def _overwritten(world: World) -> DropRecord:
    record = loaded(world, 1)
    loaded(world, 2)
    return record


def _retracted(world: World) -> DropRecord:
    record = loaded(world, 1)
    retract(world, record)
    return end(world, record)


def _being_retracted(world: World) -> DropRecord:
    record = loaded(world, 1)
    retract(world, record)
    return record


def _loaded_again_by_another(world: World) -> DropRecord:
    record = loaded(world, 1)
    retract(world, loaded(world, 2))
    return record


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_loaded_again_by_another, "loads this one again: retract it when that has ended"),
        (_rejected, "nothing of it is in the table"),
        (_checked_now, "checked right now"),
        (_duplicate, "repeats drop d0: retract that one"),
        (_overwritten, "was written later and is LOADED: retract that one"),
        (_retracted, "retracted already"),
        (_being_retracted, "being retracted already"),
    ],
)
def test_what_cannot_be_retracted_is_refused_with_what_to_do(
    lake: World, make: Callable[[World], DropRecord], said: str
) -> None:
    record = make(lake)
    known = now(lake, record)
    with pytest.raises(RetractError, match=said):
        retract(lake, record)
    assert now(lake, record) == known


def test_a_copy_that_retention_deleted_is_said_before_anything_moves(lake: World) -> None:
    before, wrong = loaded(lake, 1), loaded(lake, 2)
    lake.s3.delete_object(Bucket=LAKE, Key=accepted_key(before))
    with pytest.raises(RetractError, match=rf"the copy of drop {before.id}.* is deleted: send its file again"):
        retract(lake, wrong)
    assert now(lake, wrong).state is State.LOADED


@pytest.mark.parametrize("request_", [{}, {"drop_id": "d"}, {"reason": "r"}, {"drop_id": "d", "reason": "r"}])
def test_a_request_without_drop_or_reason_or_for_an_unknown_drop_is_refused(
    lake: World, request_: dict[str, str]
) -> None:
    with pytest.raises(RetractError, match=r"say which drop|knows no drop d"):
        lake.sweep().retracting().retract(request_, NOON)


def test_killed_before_the_message_is_sent_the_sweep_sends_it(lake: World, monkeypatch: pytest.MonkeyPatch) -> None:
    record = loaded(lake, 1)
    with monkeypatch.context() as patched:
        patched.setattr("suimon.sweep.retracting.resume", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            retract(lake, record)
    assert now(lake, record).state is State.ACCEPTED
    lake.round(NOON + 15 * MINUTE)
    assert lake.resumed() == [record.id]


def test_a_replay_leaves_a_retracted_day_alone(lake: World) -> None:
    before, wrong = loaded(lake, 1), loaded(lake, 2)
    retract(lake, wrong)
    end(lake, wrong)
    request = Request.from_event({"dataset": "sales", "from": DAY, "to": DAY})
    [skipped] = plan({DAY: lake.ledger.drops_of("sales", DAY)}, request).skipped
    assert f"drop {wrong.id} was retracted" in skipped.reason["en"]
    gate: Any = type("Gate", (), {"ledger": lake.ledger})
    for record in (before, wrong):
        assert ReplayRequest(record.id, 2, "", "e").drop_id == record.id
        with pytest.raises(ReplayError, match="was retracted"):
            _refuse_retracted(gate, now(lake, record))


@pytest.mark.parametrize("ended", [False, True])
def test_the_same_bytes_sent_again_are_a_new_try(lake: World, *, ended: bool) -> None:
    wrong = loaded(lake, 1)
    again = replace(wrong, drop=replace(wrong.drop, version_id="v2", sequencer="09"), state=State.VALIDATING)
    assert precedence_of(again, [], wrong).state is State.DUPLICATE
    retract(lake, wrong)
    if ended:
        end(lake, wrong)
    assert precedence_of(again, [], now(lake, wrong)).state is None

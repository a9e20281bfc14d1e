"""The replay state machine, run by MiniStack: real JSONata, a distributed Map over S3, real task tokens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.twin.replay_machine import Replays
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from local.twin import Twin


@pytest.fixture
def replays(cloud: Twin, tmp_path: Path) -> Replays:
    return Replays(cloud, tmp_path)


def test_each_drop_waits_for_its_own_answer_and_the_end_is_summed_up(replays: Replays) -> None:
    replays.sums_up(2, loaded=2)
    execution = replays.start(replays.plan("a", "b"))
    requests = replays.requests(2)
    assert {key: value for key, value in requests["a"].items() if key != "task_token"} == {
        "drop_id": "a",
        "attempt": 2,
        "execution": execution,
        "as_accepted": False,
    }
    assert requests["a"]["task_token"] != requests["b"]["task_token"]
    replays.answer(requests["b"], "loaded", rows=20)
    assert replays.sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    replays.answer(requests["a"], "loaded")
    ended = replays.end(execution)
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["loaded"] == 2
    assert (replays.summarised()["dataset"], replays.summarised()["end"]) == ("sales", "finished")


def test_one_drop_that_fails_leaves_the_others_alone_is_recorded_and_shows_in_the_end(replays: Replays) -> None:
    replays.sums_up(3, loaded=1, unneeded=1)
    execution = replays.start(replays.plan("a", "b", "c", tolerated=1))
    requests = replays.requests(3)
    replays.fail(requests["a"], cause="Glue: " + "x" * 1_000)
    replays.answer(requests["b"], "superseded")
    replays.answer(requests["c"], "loaded")
    ended = replays.end(execution)
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Suimon.PartlyLoaded", "1 loaded")
    error = replays.failed()["a"]
    assert error.startswith("RunFailed: Glue: xxx")
    assert (len(error), error[-1]) == (200, "…")
    assert replays.summarised()["end"] == "finished"


def test_once_more_have_failed_than_tolerated_no_more_are_begun(replays: Replays) -> None:
    replays.sums_up(3)
    execution = replays.start(replays.plan("a", "b", "c"), max_concurrency=1)
    replays.fail(replays.requests(1)["a"])
    ended = replays.end(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "Suimon.Ended")
    assert ended["cause"] == "too many failed; 0 loaded"
    assert set(replays.requests(1)) == {"a"}
    assert replays.summarised()["end"] == "too many failed"


def test_a_failure_that_cannot_be_recorded_is_a_failure_all_the_same(replays: Replays) -> None:
    replays.sums_up(1)
    execution = replays.start(replays.plan("unrecorded"))
    replays.fail(replays.requests(1)["unrecorded"])
    assert replays.end(execution)["error"] == "Suimon.Ended"


def test_a_replay_that_gave_way_to_a_newer_file_or_another_replay_ends_well(replays: Replays) -> None:
    replays.sums_up(2, unneeded=2)
    execution = replays.start(replays.plan("late", "b"))
    replays.answer(replays.requests(2)["b"], "superseded")
    assert replays.end(execution)["status"] == "SUCCEEDED"
    assert replays.failed() == {}


def test_no_more_drops_run_at_once_than_asked_in_the_order_of_the_plan(replays: Replays) -> None:
    replays.sums_up(3, loaded=3)
    execution = replays.start(replays.plan("b", "c", "a"), max_concurrency=1)
    answered: list[str] = []
    for done in range(3):
        requests = replays.requests(done + 1)
        assert len(requests) == done + 1
        [waiting] = requests.keys() - set(answered)
        answered.append(waiting)
        replays.answer(requests[waiting], "loaded")
    assert answered == ["b", "c", "a"]
    assert replays.end(execution)["status"] == "SUCCEEDED"


def test_a_range_without_drops_ends_well_without_a_summary(replays: Replays) -> None:
    ended = replays.end(replays.start(replays.plan()))
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"planned": 0})
    assert not (replays.folder / "summarised").exists()


def test_a_plan_that_fails_ends_the_replay_with_its_reason(replays: Replays) -> None:
    ended = replays.end(replays.start(json.dumps({"error": True})))
    assert (ended["status"], ended["error"]) == ("FAILED", "Suimon.PlanFailed")
    assert "sales is no dataset" in ended["cause"]


def test_items_that_are_not_in_s3_end_the_replay_with_a_summary(replays: Replays) -> None:
    ended = replays.end(replays.start(replays.plan("a", lost=True)))
    assert (ended["status"], ended["error"]) == ("FAILED", "Suimon.Ended")
    assert replays.summarised()["end"].startswith("States.ItemReaderFailed: ")


def test_a_summary_that_fails_shows_as_such(replays: Replays) -> None:
    (replays.folder / "summary").unlink()
    execution = replays.start(replays.plan("late"))
    assert replays.end(execution)["error"] == "Suimon.SummaryFailed"


def test_a_replay_that_is_stopped_begins_nothing_more_and_harms_nothing_that_runs(replays: Replays) -> None:
    execution = replays.start(replays.plan("a", "b", "c"), max_concurrency=1)
    request = replays.requests(1)["a"]
    replays.sfn.stop_execution(executionArn=execution)
    replays.answer(request, "loaded")
    assert replays.end(execution)["status"] == "ABORTED"
    listed = replays.sfn.list_executions(stateMachineArn=replays.arn)["executions"]
    assert [one["executionArn"] for one in listed] == [execution]
    assert set(replays.requests(1)) == {"a"}


def test_hundreds_that_all_fail_in_japanese_pass_through_the_machine(replays: Replays) -> None:
    drops = [f"d{number}" for number in range(400)]
    replays.sums_up(len(drops))
    execution = replays.start(replays.plan(*drops, tolerated=len(drops)), max_concurrency=40)
    answered: set[str] = set()

    def refuse_all() -> bool:
        for path in set(replays.folder.glob("d*.json")) - {replays.folder / f"{drop}.json" for drop in answered}:
            request = json.loads(path.read_text())
            replays.fail(request, error="E", cause="日" * 300)
            answered.add(request["drop_id"])
        return len(answered) == len(drops)

    eventually(refuse_all)
    ended = replays.end(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "Suimon.PartlyLoaded")
    assert len(replays.failed()) == len(drops)

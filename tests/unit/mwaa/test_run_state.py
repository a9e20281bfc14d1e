"""How a run has ended, from what Airflow says of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from suimon.drops.run_finished_event import ROWS
from suimon.drops.states import State
from suimon.mwaa.run_state import BEFORE_LOAD, LOAD, MARKER, REPORT, RunState, confirms, end_of
from tests.unit.drop_records import drop_record

PIPELINE = Path(__file__).parents[3] / "dags" / "suimon_etl" / "pipeline.py"
LOADED = dict.fromkeys((*BEFORE_LOAD, LOAD, "check_quality", "loaded"), "success")
SKIPPED = LOADED | dict.fromkeys((LOAD, "check_quality", "loaded"), "skipped")
STOPPED = dict.fromkeys(LOADED, "skipped")


RECORD = drop_record(State.TRIGGERED)


@pytest.mark.parametrize(
    ("run", "state", "failed_task"),
    [
        (None, State.FAILED, None),
        (RunState("success", {}), State.LOADED, None),
        (RunState("success", LOADED | {REPORT: "success"}), State.LOADED, None),
        (RunState("success", SKIPPED | {REPORT: "success"}), State.SUPERSEDED, None),
        # The teardown fails the run when it cannot tell of its end.
        (RunState("failed", LOADED | {REPORT: "failed"}), State.LOADED, None),
        (RunState("failed", SKIPPED | {REPORT: "failed"}), State.SUPERSEDED, None),
        (RunState("failed", {REPORT: "failed"} | LOADED | {LOAD: "failed"}), State.FAILED, LOAD),
        (RunState("failed", LOADED | {"check_quality": "failed"}), State.FAILED, "check_quality"),
        # Stopped by hand: what has not begun is skipped, and nothing says by whose load it would be superseded.
        (RunState("failed", STOPPED | {REPORT: "failed"}), State.FAILED, None),
        (RunState("success", STOPPED), State.FAILED, None),
        (RunState("failed", SKIPPED | {"check_quality": "upstream_failed"}), State.FAILED, None),
        (RunState("failed", SKIPPED | {"run_glue": "skipped"}), State.FAILED, None),
        (RunState("failed", LOADED | {"loaded": "None"}), State.FAILED, None),
        (RunState("failed", {REPORT: "failed"}), State.FAILED, None),
        (RunState("failed", {}), State.FAILED, None),
    ],
)
def test_the_end_of_a_run_is_what_its_steps_say(run: RunState | None, state: State, failed_task: str | None) -> None:
    end = end_of(RECORD, "dag", run, "")
    assert end
    assert (end.state, end.run_id, end.rows) == (state, f"{RECORD.id}.1", dict.fromkeys(ROWS))
    assert (bool(end.error), end.failed_task) == (state is State.FAILED, failed_task)
    assert end.log_url is None


def test_the_log_of_a_failed_run_is_linked_by_its_task_and_only_with_a_host() -> None:
    run = RunState("failed", {LOAD: "failed"})
    ends = [end_of(RECORD, "dag", run, host) for host in ("airflow.example", "")]
    page = f"https://airflow.example/dags/dag/runs/{RECORD.id}.1/tasks/{LOAD}"
    assert [end.log_url for end in ends if end] == [page, None]


def test_an_end_says_of_which_run_it_is_and_why_it_failed() -> None:
    deleted, failed, loaded = (
        end_of(RECORD, "dag", run, "") for run in (None, RunState("failed", {LOAD: "failed"}), RunState("success", {}))
    )
    assert deleted
    assert failed
    assert loaded
    assert {(end.drop_id, end.attempt, end.dag_id, end.run_id) for end in (deleted, failed, loaded)} == {
        (RECORD.id, 1, "dag", f"{RECORD.id}.1")
    }
    assert deleted.error == "Airflow has no run of this id any more: somebody has deleted it"
    assert failed.error == "the run has ended without a report, and not with all its steps; the log says why"
    assert loaded.error is None


@pytest.mark.parametrize("state", ["queued", "running", "restarting"])
def test_a_run_that_has_not_ended_has_no_end(state: str) -> None:
    assert end_of(RECORD, "dag", RunState(state, {}), "") is None


def test_the_steps_are_those_of_the_pipeline() -> None:
    module = ast.parse(PIPELINE.read_text(encoding="utf-8"))
    steps = next(
        ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STEPS"
    )
    assert steps[: len(BEFORE_LOAD) + 1] == (*BEFORE_LOAD, LOAD)
    assert MARKER in {node.value for node in ast.walk(module) if isinstance(node, ast.Constant)}
    assert REPORT in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


FINISHED = dict.fromkeys((*BEFORE_LOAD, LOAD, "check_quality"), "success")


@pytest.mark.parametrize("state", ["None", "scheduled", "queued", "running", "deferred", "up_for_retry", "restarting"])
@pytest.mark.parametrize("task", FINISHED)
@pytest.mark.parametrize("claimed", [State.LOADED, State.FAILED, State.SUPERSEDED])
def test_no_claim_is_confirmed_while_a_step_may_still_run(claimed: State, task: str, state: str) -> None:
    assert not confirms(claimed, FINISHED | {task: state})


@pytest.mark.parametrize("marker", ["None", "success", "running"])
def test_the_tasks_beside_the_report_and_the_report_itself_are_not_waited_for(marker: str) -> None:
    assert confirms(State.LOADED, FINISHED | {MARKER: marker, REPORT: "running"})

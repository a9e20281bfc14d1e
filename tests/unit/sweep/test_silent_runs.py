"""What is decided of runs that say nothing, from values alone: whom to ask, and how a run has ended."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

from suimon.drops.drop import Drop, DropRecord, State
from suimon.mwaa.run_state import BEFORE_LOAD, LOAD, REPORT, RunState, end_of
from suimon.sweep.silent_runs import ASKED_AT_MOST, news_first
from suimon.sweep.turns import ROUND

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PIPELINE = Path(__file__).parents[3] / "dags" / "suimon_etl" / "pipeline.py"
LOADED = dict.fromkeys((*BEFORE_LOAD, LOAD, "check_quality", "loaded"), "success")
SKIPPED = LOADED | dict.fromkeys((LOAD, "check_quality", "loaded"), "skipped")
STOPPED = dict.fromkeys(LOADED, "skipped")


def record(number: int) -> DropRecord:
    return DropRecord(Drop("raw", f"k{number}", "v", "e", 1, "0A"), "sales", "p", State.TRIGGERED, 1, "", "")


def test_whoever_was_not_told_of_is_asked_about_first_and_the_others_take_turns() -> None:
    records = [record(number) for number in range(2 * ASKED_AT_MOST)]
    told = {one.id for one in records[1:]}
    asked = [news_first(records, told, NOON + number * ROUND) for number in range(3)]
    assert all(one[0] == records[0] and len(one) == ASKED_AT_MOST for one in asked)
    assert {one.id for turn in asked for one in turn} == {one.id for one in records}


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
    end = end_of(record(1), "dag", run, lambda: "")
    assert end
    assert (end.state, end.run_id, set(end.rows.values())) == (state, f"{record(1).id}.1", {None})
    assert (bool(end.error), end.failed_task) == (state is State.FAILED, failed_task)
    assert end.log_url is None


@pytest.mark.parametrize("state", ["queued", "running", "restarting"])
def test_a_run_that_has_not_ended_has_no_end(state: str) -> None:
    assert end_of(record(1), "dag", RunState(state, {}), lambda: "") is None


def test_the_steps_are_those_of_the_pipeline() -> None:
    module = ast.parse(PIPELINE.read_text(encoding="utf-8"))
    steps = next(
        ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STEPS"
    )
    assert steps[: len(BEFORE_LOAD) + 1] == (*BEFORE_LOAD, LOAD)
    assert REPORT in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}

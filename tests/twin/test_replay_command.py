"""`suimon replay` in front of the state machine, as an operator runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from suimon.drops.states import State
from tests.twin.replay_machine import Replays
from tests.unit.drop_records import drop_record
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from local.twin import Twin


@pytest.fixture
def replays(cloud: Twin, tmp_path: Path) -> Replays:
    return Replays(cloud, tmp_path)


def test_the_command_starts_a_replay_follows_it_and_tells_what_was_not_loaded(replays: Replays) -> None:
    stack = replays.stack()
    replays.sums_up(2, loaded=1)
    skipped = [{"partition": "2026-11-03", "reason": {"en": "no file has come", "ja": "ファイルが届いていません"}}]
    a, b = (replays.enter(stack, drop_record(State.FAILED, version=name)) for name in "ab")
    plan = replays.plan(a, b, tolerated=1, skipped=skipped)
    command = replays.command("--stack", stack, "--yes", "--reason", plan)
    requests = replays.requests(2)
    replays.enter(stack, drop_record(State.LOADED, version="a", attempt=2, rows=50_000))
    replays.enter(stack, drop_record(State.FAILED, version="b", attempt=2))
    replays.answer(requests[a], "loaded", rows=50_000)
    replays.fail(requests[b], error="Rejected", cause="2 bad cells")
    output, _ = command.communicate(timeout=PATIENCE)
    assert command.returncode == 1, output
    assert f"day-{a}" in output
    assert f"day-{b} failed: it is FAILED" in output
    assert "2026-11-03 left out: no file has come" in output
    assert "1 loaded, 1 failed." in output.splitlines()


def test_the_command_ends_well_when_everything_was_loaded(replays: Replays) -> None:
    stack = replays.stack()
    replays.sums_up(1, loaded=1)
    loaded = drop_record(State.LOADED, attempt=2, rows=3)
    command = replays.command("--stack", stack, "--plan", "as-shown", "--reason", replays.plan(loaded.id))
    request = replays.requests(1)[loaded.id]
    replays.enter(stack, loaded)
    replays.answer(request, "loaded")
    output, _ = command.communicate(timeout=PATIENCE)
    assert (command.returncode, output.splitlines()[-2]) == (0, "1 loaded.")


def test_a_dry_run_shows_the_plan_and_starts_nothing(replays: Replays) -> None:
    command = replays.command("--stack", replays.stack(), "--dry-run", "--reason", replays.plan("a", "b"))
    output, _ = command.communicate(timeout=PATIENCE)
    assert command.returncode == 0, output
    assert "day-b" in output
    assert "2 would run, 3 at once; each runs load_sales, which replaces its partition in sales_fact." in output
    assert "--plan as-shown" in output
    assert replays.sfn.list_executions(stateMachineArn=replays.arn)["executions"] == []


def test_a_plan_that_was_overtaken_starts_nothing(replays: Replays) -> None:
    command = replays.command("--stack", replays.stack(), "--plan", "of-yesterday", "--reason", replays.plan("a"))
    output, _ = command.communicate(timeout=PATIENCE)
    assert command.returncode == 2, output
    assert "the ledger has moved on" in output
    assert replays.sfn.list_executions(stateMachineArn=replays.arn)["executions"] == []


def test_a_stack_that_is_not_there_is_said_so(replays: Replays) -> None:
    command = replays.command("--stack", "nowhere", "--dry-run")
    output, _ = command.communicate(timeout=PATIENCE)
    assert command.returncode == 2
    assert "name the stack with --stack" in output

"""Replays amid trouble, run by MiniStack: functions killed in the middle, damaged items, two starts at once."""

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


def test_a_function_that_is_killed_at_any_step_is_invoked_again(replays: Replays) -> None:
    replays.sums_up(2, loaded=1)
    replays.dies_at("begin", "a", "failed", "summarise")
    execution = replays.start(replays.plan("a", "b", tolerated=1))
    requests = replays.requests(2)
    replays.answer(requests["a"], "loaded")
    replays.fail(requests["b"], cause="Glue died")
    ended = replays.end(execution)
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Suimon.PartlyLoaded", "1 loaded")
    assert replays.failed() == {"b": "RunFailed: Glue died"}
    assert (replays.asked("a"), replays.asked("b")) == (2, 1)
    assert not list(replays.folder.glob("dies-at-*"))


DAMAGED = [b"", b"{", b"null", b'{"drop_id": "a"}', b"[1]", b"[{}]", b'[{"drop_id": "a", "partition": "x"}]']


def test_damaged_items_start_nothing_and_end_the_replay_with_a_summary(replays: Replays) -> None:
    for body in DAMAGED:
        (replays.folder / "summarised").unlink(missing_ok=True)
        ended = replays.end(replays.start(replays.plan("a", damaged=body)))
        assert (ended["status"], ended["error"]) == ("FAILED", "Suimon.Ended"), body
        assert replays.summarised()["end"] != "finished", body
    assert replays.asked("a") == 0


def test_one_plan_that_two_people_start_at_once_is_one_replay_that_both_follow(replays: Replays) -> None:
    stack = replays.stack()
    replays.sums_up(1, loaded=1)
    loaded = drop_record(State.LOADED, attempt=2, rows=3)
    arguments = ("--stack", stack, "--plan", "as-shown", "--reason", replays.plan(loaded.id))
    commands = [replays.command(*arguments), replays.command(*arguments)]
    request = replays.requests(1)[loaded.id]
    for command in commands:
        assert command.stdout
        # Each says which execution it follows before it hears of its end.
        assert any(line.startswith("Replay arn:") for line in command.stdout)
    replays.enter(stack, loaded)
    replays.answer(request, "loaded")
    outputs = [command.communicate(timeout=PATIENCE)[0] for command in commands]
    assert [command.returncode for command in commands] == [0, 0], outputs
    assert len(replays.sfn.list_executions(stateMachineArn=replays.arn)["executions"]) == 1
    assert replays.asked(loaded.id) == 1

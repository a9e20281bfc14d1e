"""Ctrl-C in the middle of each command: no traceback, 130, whether anything was done, and how to see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from tests.functional.cli.standing import CloudFormation, Functions
from tests.functional.cli.test_every_answer import READING, TYPED, words
from tests.functional.cli.test_refusals import can_be_typed
from tests.functional.sweep.swept import NOON

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["words"]
# What a person asks the stack to do.
CHANGING = sorted(TYPED.keys() - READING - {"put"})


def interrupted(typed: str, words: dict[str, str]) -> list[str]:
    """Type a command that Ctrl-C ends, and return what it says."""
    result = CliRunner().invoke(main, [words.get(word, word) for word in typed.split()])
    assert result.exit_code == 130, result.output
    assert "Traceback" not in result.output
    said = result.stderr.strip().splitlines()
    assert said[0].startswith("Interrupted: ")
    return said


def shows_how_to_see(said: list[str]) -> None:
    assert said[-1].startswith("  suimon ")
    can_be_typed(said[-1])


def ctrl_c(*_: Any, **__: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", sorted(TYPED.keys() - {"put"}))
def test_before_the_stack_is_asked(
    name: str, words: dict[str, str], stack: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack
    monkeypatch.setattr(CloudFormation, "describe_stacks", ctrl_c)
    said = interrupted(TYPED[name], words)
    if name == "reconcile":
        shows_how_to_see(said)
    elif name in READING - {"report"}:
        assert said == ["Interrupted: nothing was changed."]
    else:
        assert said == ["Interrupted: what was done stays."] or said[-1].endswith(" --stack prod")


@pytest.mark.parametrize("name", CHANGING)
@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "when it is done"])
def test_while_the_stack_is_asked_to_change_something(
    name: str,
    words: dict[str, str],
    stack: dict[str, ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    *,
    done: bool,
) -> None:
    if name == "release":
        stack["freshness"].answers().to("hold", {"dataset": "sales", "reason": "moved", "who": "ann"}, NOON)
    invoke = Functions.invoke
    answered: list[Any] = []

    def invoked(self: Functions, **request: Any) -> Any:
        if done:
            answered.append(invoke(self, **request)["Payload"].read())
        raise KeyboardInterrupt

    monkeypatch.setattr(Functions, "invoke", invoked)
    said = interrupted(TYPED[name], words)
    assert said[0] == "Interrupted: it may have been done all the same. To see:"
    assert all(b"refused" not in one for one in answered)
    shows_how_to_see(said)
    assert "--stack prod" in said[-1]
    monkeypatch.setattr(Functions, "invoke", invoke)
    seen = CliRunner().invoke(main, said[-1].split()[1:])
    assert seen.exit_code in {0, 1}, seen.output


def test_while_a_file_is_sent(
    words: dict[str, str], stack: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack
    made: Any = boto3.client

    def client(name: str, **more: Any) -> Any:
        found = made(name, **more)
        if name == "s3":
            monkeypatch.setattr(found, "upload_file", ctrl_c, raising=False)
        return found

    monkeypatch.setattr(boto3, "client", client)
    said = interrupted(TYPED["put"], words)
    assert said[0] == "Interrupted: the file may have been sent; what came of it:"
    assert said[-1] == "  suimon explain sales 2026-11-21 --stack prod"


def test_while_a_replay_is_started_or_stopped(
    words: dict[str, str], stack: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack
    monkeypatch.setattr("suimon.cli.replays.start", ctrl_c)
    monkeypatch.setattr("suimon.cli.replays.Replays.plan", lambda *_: PLAN)
    monkeypatch.setattr("suimon.cli.replays.who_asks", lambda: "ann")
    said = interrupted("replay sales --from 2026-11-20 --to 2026-11-20 --yes", words)
    assert said[0] == "Interrupted: a replay may have been started, and runs on. To see:"
    assert said[-1] == "  suimon replay sales --list --stack prod"


PLAN = {
    "dataset": "sales",
    "dag_id": "etl",
    "table": "sales_fact",
    "max_concurrency": 3,
    "tolerated": 1,
    "plan": "0123",
    "items": [{"drop_id": "a", "partition": "2026-11-20", "attempt": 2, "reason": {"en": "its run failed"}}],
    "skipped": [],
    "others": 0,
}

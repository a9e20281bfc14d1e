"""`suimon retract`: what it asks, and what it says happens now."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from suimon.cli import retract as command
from suimon.cli.errors import RefusedError
from suimon.cli.main import main

ANSWER = {"drop_id": "d1", "dataset": "sales", "partition": "2026-11-20", "state": "ACCEPTED", "rows": 1200}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            {"how": "load", "restores": "d0"},
            "drop d1 is ACCEPTED for its retraction: drop d0 (1,200 rows) is loaded again into sales 2026-11-20",
        ),
        (
            {"how": "load", "restores": ""},
            "drop d1 is ACCEPTED for its retraction: sales 2026-11-20 is emptied, for nothing was loaded there before",
        ),
        (
            {"how": "wait", "restores": "d0", "state": "TRIGGERED"},
            "drop d1 is TRIGGERED: when its run has ended, drop d0 (1,200 rows) is loaded again into sales 2026-11-20",
        ),
        ({"how": "close", "restores": "", "state": "CLOSED"}, "drop d1 is CLOSED: its run never starts"),
    ],
)
def test_what_happens_now_is_said_with_the_command_to_type(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, str], said: str
) -> None:
    asked: list[Any] = []

    def ask(*request: object, **named: object) -> dict[str, Any]:
        asked.append((request, named))
        return ANSWER | found

    monkeypatch.setattr(command, "ask", ask)
    result = CliRunner().invoke(main, ["retract", "d1", "--reason", "wrong", "--stack", "s"])
    assert (result.exit_code, result.output.splitlines()) == (0, [said, "  suimon explain d1 --stack s"])
    assert asked == [(("s", "retract", {"drop_id": "d1", "reason": "wrong"}), {"named": True})]


def test_a_refusal_exits_with_1_and_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object, **__: object) -> dict[str, Any]:
        raise RefusedError("drop d1 is LOADED: drop d2 was later: retract that one", then="suimon explain d1")

    monkeypatch.setattr(command, "ask", ask)
    result = CliRunner().invoke(main, ["retract", "d1", "--reason", "wrong"])
    assert (result.exit_code, "retract that one" in result.output) == (1, True)


def test_without_a_reason_nothing_is_asked() -> None:
    assert CliRunner().invoke(main, ["retract", "d1"]).exit_code == 2

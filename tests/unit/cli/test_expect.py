"""`suimon expect`: what it asks the function, and what it says."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from suimon.cli import expect as command
from suimon.cli.main import main

FOUND = {"dataset": "sales", "partition": "2026-11-20", "state": "waived", "incident": "recovered"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    requests: list[Any] = []

    def ask(*request: object, **more: object) -> dict[str, str]:
        requests.append((*request, more))
        return FOUND

    monkeypatch.setattr(command, "ask", ask)
    return requests


def test_a_file_is_cancelled_with_a_reason_and_its_incident_is_over(asked: list[Any]) -> None:
    arguments = ["expect", "--cancel", "sales", "2026-11-20", "--reason", "a strike", "--stack", "s"]
    shown = CliRunner().invoke(main, arguments)
    assert (shown.exit_code, shown.output) == (
        0,
        "sales 2026-11-20: waived; that it was missing is over\n  suimon forecast --dataset sales --stack s\n",
    )
    request = {"dataset": "sales", "partition": "2026-11-20", "reason": "a strike", "undo": False}
    assert asked == [("s", "expect", request, {"named": True})]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "say --cancel or --undo"),
        (["--cancel", "--undo"], "say --cancel or --undo"),
        (["--cancel"], "say why the file will not come"),
        (["--cancel", "--reason", " "], "say why the file will not come"),
    ],
)
def test_what_is_half_said_is_not_asked(asked: list[Any], options: list[str], words: str) -> None:
    shown = CliRunner().invoke(main, ["expect", "sales", "2026-11-20", *options])
    assert shown.exit_code == 2
    assert words in shown.output
    assert asked == []


def test_it_is_taken_back_without_a_reason(asked: list[Any]) -> None:
    assert CliRunner().invoke(main, ["expect", "--undo", "sales", "2026-11-20"]).exit_code == 0
    assert asked[0][2]["undo"] is True

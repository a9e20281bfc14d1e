"""What an operator is shown of a reconciliation, from the freshness function's answers."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from suimon.cli import reconcile as module
from suimon.cli.reconcile import ask_in_portions, exit_status, reconcile, show_progress, show_result
from suimon.sweep.findings import Failure, Finding, Findings

if TYPE_CHECKING:
    from collections.abc import Mapping

LOST = Finding("lost event", 1_000, 2, 2, 0, ("sales/[b]x[/b] (v1)",))
HANGING = Finding("silent run", 3, 1, 0, 1, ("sales/b (run 1.1)",))
WELL = Findings((LOST, HANGING))


class Function:
    """The freshness function: a round, then two portions of a walk."""

    def __init__(self, *answers: Findings) -> None:
        self.answers = list(answers)
        self.requests: list[Mapping[str, Any]] = []

    def __call__(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.requests.append(dict(request))
        found, left = self.answers[len(self.requests) - 1], len(self.answers) - len(self.requests)
        walk = {"key": f"key {left}", "version_id": "v", "began": "t", "complete": ""}
        return json.loads(json.dumps({**found.to_json(), "walk": walk if left and "walk" in request else None}))  # type: ignore[no-any-return]  # what Lambda does to it


def said(findings: Findings) -> str:
    console = Console(file=io.StringIO(), width=100)
    show_result(console, findings)
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def test_a_round_is_one_question() -> None:
    function = Function(WELL)
    assert list(ask_in_portions(function, full=False)) == [(WELL, "")]
    assert function.requests == [{}]


def test_the_whole_bucket_is_asked_for_portion_by_portion_and_added_up() -> None:
    function = Function(WELL, Findings((LOST,)), Findings((LOST,)))
    answers = list(ask_in_portions(function, full=True))
    assert [at for _, at in answers] == ["", "key 1", ""]
    assert [request.get("walk", {}).get("key") for request in function.requests] == [None, None, "key 1"]
    assert answers[-1][0].of("lost event").repaired == 6
    assert answers[-1][0].of("silent run") == HANGING


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        (Findings(), 0),
        (WELL, 0),
        (Findings((Finding("lost event", 1, 1),)), 1),
        (Findings((LOST,), (Failure("runs", "AccessDenied: no"),)), 1),
    ],
)
def test_the_exit_status_is_0_only_if_everything_is_accounted_for(findings: Findings, status: int) -> None:
    assert exit_status(findings) == status


def test_what_was_found_is_shown_as_it_stands_with_the_figure_at_the_end() -> None:
    text = said(WELL)
    assert "lost event: sales/[b]x[/b] (v1)" in text
    assert text.rstrip().endswith("unexplained: 0")


def test_what_could_not_be_checked_is_shown() -> None:
    text = said(Findings((Finding("lost event", 7, 7, 1, 0, tuple("abcdefg")),), (Failure("runs", "Denied: no"),)))
    assert "lost event: and 2 more" in text
    assert "not checked: runs (Denied: no)" in text
    assert "unexplained: 6" in text


def test_keys_are_no_markup_in_the_progress_either() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    assert show_progress(console, iter([(WELL, "sales/[red]x[/red]")])) == WELL
    text = console.file
    assert isinstance(text, io.StringIO)
    assert "sales/[red]x[/red]" in text.getvalue()


def test_json_is_all_that_is_written_to_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "function_of", lambda stack: stack)
    monkeypatch.setattr(module, "asking", lambda *_: Function(WELL))
    result = CliRunner().invoke(reconcile, ["--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["unexplained"] == 0


def test_a_stack_that_is_not_suimon_s_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stacks:
        def describe_stacks(self, **_: Any) -> Any:
            return {"Stacks": [{"Outputs": []}]}

    monkeypatch.setattr("boto3.client", lambda _: Stacks())
    result = CliRunner().invoke(reconcile, ["--stack", "other"])
    assert result.exit_code == 2
    assert "stack other has no output 'FreshnessFunctionName'" in result.output


def test_a_round_that_is_refused_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy:
        def invoke(self, **_: Any) -> Any:
            return {"Payload": io.BytesIO(json.dumps({"refused": {"en": "another round is running"}}).encode())}

    monkeypatch.setattr(module, "function_of", lambda stack: stack)
    monkeypatch.setattr("boto3.client", lambda *_, **__: Busy())
    result = CliRunner().invoke(reconcile, [])
    assert result.exit_code == 2
    assert "not reconciled: another round is running" in result.output

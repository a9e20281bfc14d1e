"""Every command of the runbook, typed against a stack with such trouble (moto, and the functions in this process)."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.incidents.messages.airflow import paused
from tests.functional.cli.standing import DAY
from tests.functional.sweep.swept import DAG, HOUR, NOON, World
from tests.unit.incidents.runbook import PAGE, commands

if TYPE_CHECKING:
    from types import ModuleType

    from suimon.drops.drop import DropRecord

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "docs" / "sample" / "sales_data.csv"
# Exit status 1 of these is an answer: something is wrong, as it is here.
ANSWERS = {"status", "incidents", "doctor", "check", "reconcile"}


def test_the_runbook_has_commands() -> None:
    assert len(commands(PAGE.read_text(encoding="utf-8"))) > len(ANSWERS)


@pytest.mark.parametrize("command", commands(PAGE.read_text(encoding="utf-8")))
def test_every_command_of_the_runbook_does_what_it_is_there_for(
    command: str,
    due_world: World,
    two_drops: dict[str, DropRecord],
    stack: dict[str, ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUIMON_DATASETS", str(tmp_path if "dataset new" in command else ROOT / "datasets"))
    problem = paused(DAG)
    due_world.incidents.report(problem, NOON - HOUR)
    closing, releasing = (
        command.startswith(("suimon drops close", "suimon retract")),
        command.startswith("suimon release"),
    )
    if releasing:
        stack["freshness"].answers().hold({"dataset": "sales", "reason": "moved", "until": "", "who": "ann"}, NOON)
    meant = {
        "INCIDENT": str(problem.id),
        "DATASET": "sales",
        "DATE": DAY,
        "DROP": two_drops["waiting" if closing else "refused"].id,
        "FILE": str(SAMPLE),
    }
    program, *arguments = [meant.get(word, word) for word in shlex.split(command)]
    result = CliRunner(env={"SUIMON_STACK": "prod"}).invoke(main, arguments, catch_exceptions=False)
    assert program == "suimon"
    assert result.exit_code in ({0, 1} if arguments[0] in ANSWERS else {0}), result.output
    assert result.output.strip()
    assert "Error" not in result.output

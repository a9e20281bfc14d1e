"""What is refused says why, and ends with the command to type next, of the same stack: of every command."""

from __future__ import annotations

import ast
import shlex
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.drops.refusal import RefusalError
from suimon.drops.wording import Bilingual
from suimon.incidents.actions import Action, Verb
from suimon.incidents.incident import Recovery
from suimon.incidents.messages.airflow import paused
from tests.functional.cli.standing import DAY
from tests.functional.sweep.swept import DAG, HOUR, NOON, World
from tests.schemas import DOCS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from suimon.drops.drop import DropRecord

# What is typed, and a word of why it cannot be; of each command that can be refused at least once.
REFUSED = (
    ("ack NOBODY", "there is no incident"),
    ("ack OVER", "is recovered"),
    ("ack CLOSED", "is closed"),
    ("snooze NOBODY --days 1 --reason known", "there is no incident"),
    ("snooze OPEN --until 2026-11-01T09:00+09:00 --reason known", "in the future"),
    ("snooze OPEN --until 2027-11-01T09:00+09:00 --reason known", "at most 30 days"),
    ("snooze OPEN --until 2026-11-01T09:00 --reason known", "time zone"),
    ("snooze OPEN --until soon --reason known", "cannot be read"),
    ("close NOBODY --reason known", "there is no incident"),
    ("close CLOSED --reason known", "is closed"),
    ("close OVER --reason known", "is recovered"),
    ("incidents NOBODY", "there is no incident"),
    ("incidents 0123456789abcdef", "of a drop"),
    ("incidents --dataset slaes", "did you mean sales?"),
    ("drops close 0123456789abcdef --reason over", "knows no drop"),
    ("drops close REJECTED --reason over", "has ended already"),
    ("drops --dataset slaes --partition 2026-11-20", "did you mean sales?"),
    ("retract 0123456789abcdef --reason wrong", "knows no drop"),
    ("retract REJECTED --reason wrong", "nothing of it is in the table"),
    ("hold slaes --reason moved", "no contract of dataset"),
    ("hold sales --reason moved --until 2026-11-01T09:00", "is over"),
    ("hold sales --reason moved --until soon", "write a time"),
    ("release sales", "is not held"),
    ("release slaes", "no contract of dataset"),
    ("expect slaes 2026-11-20 --undo", "no contract for dataset"),
    (f"expect sales {DAY} --undo", "nobody has said"),
    ("expect sales 2026-W40 --undo", "is no"),
    ("explain 0123456789abcdef", "knows no file"),
    ("explain 01234567", "cut off"),
    ("explain sales", "name a day"),
    ("explain slaes", "did you mean sales?"),
    ("explain paused:etl", "of an incident"),
    ("explain slaes 2026-11-20", "did you mean sales?"),
    ("explain sales 2026-11-21", "Ask its sender for it"),
    ("explain sales 2019-11-21", "none is due"),
    ("explain s3://raw/nothing.csv", "knows no file"),
    ("report 0123456789abcdef", "knows no drop"),
    ("report WAITING", "there is no report"),
    ("status slaes", "did you mean sales?"),
    ("forecast --dataset slaes", "did you mean sales?"),
    ("replay sales --follow nothing", "has no replay"),
    ("replay sales --stop nothing", "has no replay"),
    ("replay sales --resume nothing", "has no replay"),
    ("replay sales --from 2026-11-20 --to 2026-11-01", "swap them"),
)


@pytest.fixture
def words(due_world: World, two_drops: dict[str, DropRecord], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A stack with incidents of each standing; what the words in capitals stand for."""
    monkeypatch.setenv("SUIMON_STACK", "prod")
    monkeypatch.setenv("SUIMON_DATASETS", str(DOCS.parent / "datasets"))
    opened = {name: paused(f"{DAG}_{name}") for name in ("OPEN", "OVER", "CLOSED")}
    for problem in opened.values():
        due_world.incidents.report(problem, NOON - HOUR)
    over = Recovery(opened["OVER"].id, Bilingual("it goes on", "再開"))
    due_world.incidents.recover([over], NOON - HOUR + timedelta(minutes=1))
    due_world.incidents.act(Action(Verb.CLOSE, str(opened["CLOSED"].id), "ann", "known"), NOON - HOUR)
    ids = {name: str(problem.id) for name, problem in opened.items()}
    drops = {"REJECTED": two_drops["refused"].id, "WAITING": two_drops["waiting"].id}
    return {"NOBODY": "paused:nobody's", **ids, **drops}


@pytest.mark.parametrize(("typed", "why"), REFUSED, ids=[typed for typed, _ in REFUSED])
def test_a_refusal_ends_with_the_command_to_type_next(
    typed: str, why: str, words: dict[str, str], stack: dict[str, ModuleType]
) -> None:
    assert stack
    result = CliRunner().invoke(main, [words.get(word, word) for word in typed.split()])
    said = result.stderr.rstrip("\n").splitlines()
    assert result.exit_code in {1, 2}, result.output
    assert why in result.stderr
    assert said[-1].startswith("  suimon "), result.stderr
    assert said[-1].endswith(" --help") or "--stack prod" in said[-1]
    can_be_typed(said[-1])


def can_be_typed(line: str) -> None:
    """Fail unless the command line takes it; where it leaves open why, a person writes that."""
    _, name, *rest = shlex.split(line.replace("…", "known"))
    command = main.get_command(click.Context(main), name)
    assert command
    with suppress(click.exceptions.Exit):  # of --help
        command.make_context(name, rest)


def raised() -> Iterator[tuple[Path, ast.Call]]:
    """Yield each place of the source that refuses what a person asks."""
    names = {RefusalError.__name__, "RefusedError", *(one.__name__ for one in RefusalError.__subclasses__())}
    for path in Path(DOCS.parent, "src/suimon").rglob("*.py"):
        if path.parent.name == "ledger":  # which has a RefusedError of its own: a condition that does not hold
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield path, node


def test_no_refusal_leaves_a_person_without_a_command() -> None:
    found = list(raised())
    assert len(found) > 30
    without = [f"{path.name}:{call.lineno}" for path, call in found if {one.arg for one in call.keywords} != {"then"}]
    assert without == []

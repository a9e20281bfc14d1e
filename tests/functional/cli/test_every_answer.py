"""What each command answers about a stack in trouble: its JSON by the schema, and its text on every kind of console."""

from __future__ import annotations

import io
import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from suimon.cli.close import close as drops_close
from suimon.cli.main import main
from suimon.incidents.messages.airflow import paused
from tests.functional.cli.standing import DAY
from tests.functional.sweep.swept import DAG, HOUR, NOON, RAW, World
from tests.schemas import DOCS, SCHEMAS, validate
from tests.unit.cli.test_every_command import ALL, HIDDEN

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from suimon.drops.drop import DropRecord

# Each command that asks a stack, as it is typed.
TYPED = {
    "ack": "ack INCIDENT --reason at-it",
    "close": "close INCIDENT --reason known",
    "doctor": "doctor",
    "drops": "drops --state rejected",
    "drops close": "drops close WAITING --reason over",
    "expect": f"expect sales {DAY} --undo",
    "explain": "explain REFUSED",
    "forecast": "forecast",
    "hold": "hold sales --reason moved",
    "incidents": "incidents --all",
    "put": "put FILE --contract sales --partition 2026-11-21",
    "reconcile": "reconcile",
    "release": "release sales",
    "replay": f"replay sales --from {DAY} --to {DAY} --dry-run",
    "report": "report REFUSED --out FOLDER",
    "retract": "retract WAITING --reason wrong",
    "retry": "retry --dry-run",
    "snooze": "snooze INCIDENT --days 1 --reason known",
    "status": "status",
    "tail": "tail --once",
}
# What else they answer.
MORE = {
    "one incident": ("incidents", "incidents INCIDENT"),
    "a day": ("explain", f"explain sales {DAY}"),
    "a key": ("explain", f"explain s3://{RAW}/sales/{DAY}/sales_data.csv"),
    "a link": ("report", "report REFUSED --link"),
    "the replays": ("replay", "replay sales --list"),
    "what waits": ("drops", "drops --state accepted"),
    "one dataset": ("status", "status sales"),
}
CASES = {**{name: (name, typed) for name, typed in TYPED.items()}, **MORE}
LOCAL = {"check", "contract", "dataset", "warehouse"}
# Those that are typed again and again without changing anything.
READING = TYPED.keys() - {
    *("ack", "close", "drops close", "expect", "hold", "put", "release", "retract", "snooze"),
}
LANGUAGE = READING - {"reconcile"}
COMMANDS = {" ".join(path): one for path, one in ALL.items()} | {"drops close": drops_close}
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.fixture
def words(
    due_world: World,
    two_drops: dict[str, DropRecord],
    stack: dict[str, ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """A stack in trouble; what the words in capitals stand for."""
    monkeypatch.setenv("SUIMON_STACK", "prod")
    monkeypatch.setenv("SUIMON_DATASETS", str(DOCS.parent / "datasets"))
    monkeypatch.setattr("suimon.cli.tail.utc_now", lambda: NOON - HOUR + timedelta(minutes=1))
    problem = paused(DAG)
    due_world.incidents.report(problem, NOON - HOUR)
    file = tmp_path / "sales.csv"
    file.write_text("a,b\n", encoding="utf-8")
    answers = stack["freshness"].answers()
    answers.to("expect", {"dataset": "sales", "partition": DAY, "reason": "a strike", "who": "ann"}, NOON)
    return {
        "INCIDENT": str(problem.id),
        "REFUSED": two_drops["refused"].id,
        "WAITING": two_drops["waiting"].id,
        "FILE": str(file),
        "FOLDER": str(tmp_path / "reports"),
    }


def test_every_command_that_asks_a_stack_is_typed_here() -> None:
    asking = {" ".join(path) for path in [*ALL, *HIDDEN] if path[0] not in LOCAL}
    assert set(TYPED) == asking


def test_every_command_that_asks_a_stack_speaks_japanese() -> None:
    assert {name for name in TYPED if not any("--lang" in one.opts for one in COMMANDS[name].params)} == set()


def test_every_command_stands_in_the_schema() -> None:
    documented = SCHEMAS["commands.schema.json"]["$defs"].keys() - {"drop", "incident", "plan", "texts"}
    assert documented == {f"suimon {' '.join(path)}" for path in [*ALL, *HIDDEN]}


@pytest.mark.parametrize(("name", "typed"), CASES.values(), ids=CASES)
def test_a_command_answers_programs_and_people_on_any_console(
    name: str,
    typed: str,
    words: dict[str, str],
    stack: dict[str, ModuleType],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if name == "release":
        stack["freshness"].answers().to("hold", {"dataset": "sales", "reason": "moved", "who": "ann"}, NOON)
    asked = [words.get(word, word) for word in typed.split()]
    if name in READING:
        on_a_terminal(monkeypatch, asked)
    if name in LANGUAGE and "--link" not in asked:  # which is an address, and nothing else
        in_japanese(asked)
    as_the_schema_says(name, asked)


def as_the_schema_says(name: str, asked: list[str]) -> None:
    result = CliRunner().invoke(main, [*asked, "--json"], catch_exceptions=False)
    assert result.exit_code in {0, 1}, result.output
    text = without_metrics(result.stdout)
    lines = text.splitlines() if name == "tail" else [text]
    assert lines
    for line in lines:
        validate(name, line)


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    """See it in 80 columns on one that knows ASCII alone: only the last column of a list may be cut by the terminal."""
    text = without_metrics(shown(monkeypatch, "ascii", *asked))
    assert "\x1b[3" not in text  # a colour
    assert "Traceback" not in text
    lines = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).splitlines()
    assert lines
    assert [line for line in lines if len(line.rpartition("  ")[0]) > 80 or (len(line) > 80 and "+--" in line)] == []


def in_japanese(asked: list[str]) -> None:
    """See the same exit status and commands, and what is stored as it was written."""
    found = {lang: CliRunner().invoke(main, [*asked, "--lang", lang], catch_exceptions=False) for lang in ("en", "ja")}
    assert found["en"].exit_code == found["ja"].exit_code
    texts = {lang: without_metrics(one.output) for lang, one in found.items()}
    assert JAPANESE.search(texts["ja"])
    assert not JAPANESE.search(texts["en"].partition("---")[0])
    commands = {lang: [line for line in text.splitlines() if "  suimon " in line] for lang, text in texts.items()}
    assert commands["en"]
    assert commands["en"] == commands["ja"]
    assert all("--stack prod" in line for line in commands["en"])


def without_metrics(text: str) -> str:
    """Return what the command itself has written: the functions of this process write their metrics there, too."""
    return re.sub(r"(?m)^(\x1b\[2K)?\{\"_aws\".*\n", "", text)


class Console(io.TextIOWrapper):
    """A terminal of an encoding."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)

    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, encoding: str, *typed: str) -> str:
    """Return what a terminal of 80 columns shows of a command."""
    console = Console(encoding)
    with monkeypatch.context() as patch:
        for name, value in {"COLUMNS": "80", "LINES": "40", "TERM": "xterm", "NO_COLOR": "1"}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdout", console)
        patch.setattr(sys, "stderr", console)
        with pytest.raises(SystemExit) as ended:
            main.main([*typed])
    written: bytes = console.buffer.getvalue()  # type: ignore[attr-defined] # of BytesIO
    assert ended.value.code in {0, 1, None}, written
    return written.decode(encoding)

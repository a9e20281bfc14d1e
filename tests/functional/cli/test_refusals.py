"""What is refused says why, and ends with the command to type next, of the same stack: of every command."""

from __future__ import annotations

import ast
import re
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
from suimon.incidents.ack_snooze_close import Action, Verb
from suimon.incidents.incident import Recovery
from suimon.incidents.messages.airflow import paused
from suimon.replay.request import RequestError
from tests.functional.cli.standing import DAY
from tests.functional.cli.test_in_japanese import left_of
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
    ("incidents paused:daily_sales_etl_OP", "did you mean paused:daily_sales_etl_OPEN?"),
    ("ack paused:daily_sales_etl_0PEN", "did you mean paused:daily_sales_etl_OPEN?"),
    ("report 01234567", "cut off"),
    ("retract 01234567 --reason wrong", "cut off"),
    ("drops close 01234567 --reason over", "cut off"),
    ("replay slaes --list", "did you mean sales?"),
    ("replay slaes --stop nothing", "did you mean sales?"),
    ("incidents --dataset slaes", "did you mean sales?"),
    ("drops close 0123456789abcdef --reason over", "knows no drop"),
    ("drops close REJECTED --reason over", "has ended already"),
    ("drops --dataset slaes --partition 2026-11-20", "did you mean sales?"),
    ("retract 0123456789abcdef --reason wrong", "knows no drop"),
    ("retract REJECTED --reason wrong", "nothing of it is in the table"),
    ("hold slaes --reason moved", "no contract for dataset"),
    ("hold sales --reason moved --until 2026-11-01T09:00", "is over"),
    ("hold sales --reason moved --until soon", "write a time"),
    ("release sales", "is not held"),
    ("release slaes", "no contract for dataset"),
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
    ("tail slaes --once", "did you mean sales?"),
    ("forecast --dataset slaes", "did you mean sales?"),
    ("replay sales --follow nothing", "has no replay"),
    ("replay sales --stop nothing", "has no replay"),
    ("replay sales --resume nothing", "has no replay"),
    ("replay sales --from 2026-11-20 --to 2026-11-01", "swap them"),
)


# Names that are repeated as they were typed, or as they are.
TYPED = (
    *(f"paused:daily_sales_etl_{name}" for name in ("OPEN", "0PEN", "OP")),
    "paused:etl",
    "nobody",
    "slaes",
    "nothing",
    "soon",
    "YYYY-MM-DD",
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


@pytest.mark.parametrize("typed", [typed for typed, _ in REFUSED])
def test_a_refusal_is_said_in_japanese_with_the_same_command(
    typed: str, words: dict[str, str], stack: dict[str, ModuleType]
) -> None:
    assert stack
    asked = [words.get(word, word) for word in typed.split()]
    english, japanese = (CliRunner().invoke(main, [*asked, "--lang", lang]) for lang in ("en", "ja"))
    assert (english.exit_code, english.stderr.splitlines()[-1]) == (
        japanese.exit_code,
        japanese.stderr.splitlines()[-1],
    )
    said = re.sub(r"(?m)^(Usage|Try|$).*\n|^Error: |'--[^']+'|--[a-z]+", "", japanese.stderr)
    assert left_of(said, *TYPED) == [], japanese.stderr


def can_be_typed(line: str) -> None:
    """Fail unless the command line takes it; where it leaves open why, a person writes that."""
    _, name, *rest = shlex.split(line.replace("…", "known"))
    command = main.get_command(click.Context(main), name)
    assert command
    with suppress(click.exceptions.Exit):  # of --help
        command.make_context(name, rest)


def kinds(of: type[RefusalError] = RefusalError) -> Iterator[type[RefusalError]]:
    """Yield the kinds of refusals."""
    yield of
    for one in of.__subclasses__():
        yield from kinds(one)


def raised() -> Iterator[tuple[Path, ast.Call]]:
    """Yield each place of the source that refuses what a person asks."""
    names = {"RefusedError", *(one.__name__ for one in kinds())}
    for path in Path(DOCS.parent, "src/suimon").rglob("*.py"):
        if path.parent.name == "ledger":  # which has a RefusedError of its own: a condition that does not hold
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield path, node


def test_no_refusal_leaves_a_person_without_a_command() -> None:
    found = list(raised())
    assert len(found) > 30
    # Those that name it themselves: of a request of a replay its help, beside another round the same again.
    usual = {one.__name__ for one in kinds(RequestError)} | {"RoundIsRunningError"}
    without = [
        f"{path.name}:{call.lineno}"
        for path, call in found
        if {one.arg for one in call.keywords} != {"then"} and getattr(call.func, "id", "") not in usual
    ]
    assert without == []


# Commands that speak English alone, and what only those call.
LOCAL = {"contract.py", "dataset.py", "migrate.py", "warehouse.py"}
ERRORS = {"CommandError", "RefusedError", "InterruptedByPersonError", "LocationError", "UsageError"}


def words_of(said: ast.expr) -> list[str]:
    """Return the texts of an expression that are neither chosen by their language nor made of signs alone."""
    match said:
        case ast.Call(func=ast.Name(id="phrase" | "say")):
            return []
        case ast.Subscript():
            return words_of(said.value)
        case ast.Constant(value=str(text)):
            return [text] if re.search("[A-Za-z]{2}", text) else []
        case _:
            return [
                one for child in ast.iter_child_nodes(said) if isinstance(child, ast.expr) for one in words_of(child)
            ]


def errors_in_words() -> Iterator[tuple[str, list[str]]]:
    """Yield each error that a command raises, with its words that stand there in English alone."""
    for path in Path(DOCS.parent, "src/suimon/cli").glob("*.py"):
        if path.name in LOCAL:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            if getattr(node.func, "id", getattr(node.func, "attr", "")) in ERRORS:
                yield f"{path.name}:{node.lineno}", words_of(node.args[0])


def test_what_a_command_says_of_an_error_has_its_japanese() -> None:
    found = list(errors_in_words())
    assert len(found) > 60
    assert [(place, words) for place, words in found if words] == []


def test_words_in_english_alone_are_seen() -> None:
    assert words_of(ast.parse('f"the ledger {x}"', mode="eval").body) == ["the ledger "]
    assert words_of(ast.parse('phrase("the ledger")', mode="eval").body) == []


def test_what_has_two_languages_has_no_english_in_its_japanese() -> None:
    both = list(in_both())
    assert len(both) > 300
    assert [place for place, japanese in both if not re.search("[\u3040-\u30ff\u4e00-\u9fff]", japanese)] == []


def in_both() -> Iterator[tuple[str, str]]:
    """Yield each text that the source has in both languages as texts, with its Japanese."""
    for path in Path(DOCS.parent, "src/suimon").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Bilingual"), args=[english, japanese]):
                    if words_in(english) and isinstance(japanese, ast.JoinedStr | ast.Constant):
                        yield f"{path.name}:{node.lineno}", words_in(japanese)


def words_in(text: ast.expr) -> str:
    """Return what stands in a text itself, beside what is filled in."""
    constants = (one.value for one in ast.walk(text) if isinstance(one, ast.Constant))
    return "".join(one for one in constants if isinstance(one, str) and re.search("[^ -@]", one))

"""Somebody is woken by an incident of each kind and knows nothing but `suimon`: every command that it names leads on.

From the status each command that is printed is typed, those of the incident's message as well, until only those are
left that change something. None fails, and none that reads ends without a command to type next.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.drops.drop import Rejection
from suimon.drops.states import State
from suimon.ledger.items import entries_of, item_of
from tests.functional.cli.standing import DAY, FOLDER
from tests.functional.sweep.swept import HOUR, NOON, REPORTS
from tests.unit.incidents.mails import MAILS, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tests.functional.sweep.swept import World

COMMAND = re.compile(r"(?:^  |`|: )(suimon [^`\n]+?)(?=`|$)", re.MULTILINE)
# What changes something: here the walk ends.
MENDING = {"replay", "expect", "release", "retract", "ack", "snooze", "close", "hold", "retry", "put"}
# What a person fills in.
OPEN_WORDS = re.compile(r"--reason …|\bID\b")
DEEP = 6


@pytest.fixture
def woken(due_world: World, stack: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> World:
    """A stack whose ledger has the file that the incidents are about, rejected, with its report."""
    assert stack
    monkeypatch.setenv("SUIMON_STACK", "prod")
    for name in ("report.html", "report.json", "bad_cells.jsonl"):
        due_world.s3.put_object(Bucket=REPORTS, Key=FOLDER + name, Body=b"")
    why = Rejection(1, "1 fault in 1 record.", ("type-error",), f"s3://{REPORTS}/{FOLDER}report.html")
    one = record(State.REJECTED, rejection=why)
    for item in (item_of(one, "intake"), *entries_of(one)):
        due_world.table.put_item(Item=item)
    return due_world


def printed(text: str) -> list[str]:
    return [found.strip() for found in COMMAND.findall(text)]


def typed(command: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, shlex.split(command)[1:], catch_exceptions=False)
    return result.exit_code, result.output


def walk(first: str) -> Iterator[tuple[str, int, str]]:
    """Type a command and all that it leads to; yield each with its exit status and what it shows."""
    waiting, seen = [(first, 0)], {first}
    while waiting:
        command, depth = waiting.pop()
        code, text = typed(command)
        yield command, code, text
        for following in printed(text):
            words = shlex.split(following)
            if words[1] in MENDING or words[1:3] == ["drops", "close"] or OPEN_WORDS.search(following):
                continue
            if following not in seen and depth < DEEP:
                seen.add(following)
                waiting.append((following, depth + 1))


@pytest.mark.parametrize("name", MAILS)
def test_no_command_that_an_incident_leads_to_is_a_dead_end(name: str, woken: World) -> None:
    problem = MAILS[name]("en")
    woken.incidents.report(problem, NOON - HOUR)
    found = list(walk("suimon"))
    assert f"suimon incidents '{problem.id}' --stack prod" in [command for command, _, _ in found]
    for command, code, text in found:
        assert code in {0, 1}, (command, text)
        assert "--stack prod" in command or command == "suimon"
        assert printed(text) or "--link" in command, (command, text)
    shown = next(text for command, _, text in found if command.startswith("suimon incidents '"))
    assert re.search(r"What to do|Next:", shown), shown


def test_of_a_date_whose_file_has_not_come_it_says_when_it_was_due_and_under_which_key(woken: World) -> None:
    del woken
    code, text = typed("suimon explain sales 2026-11-21")
    assert code == 1
    assert "2026-11-21 is " in text
    assert "under the key sales/2026-11-21/sales_data.csv" in text
    assert printed(text) == ["suimon expect sales 2026-11-21 --cancel --reason … --stack prod"]
    code, text = typed("suimon explain sales 2031-01-01")
    assert (code, printed(text)) == (1, ["suimon forecast --dataset sales --stack prod"])
    assert DAY not in text

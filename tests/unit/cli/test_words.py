"""What the commands say in Japanese: all of it, nothing else, and with the same values in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from suimon.cli import incidents, next_command, stack, status, words
from suimon.cli.japanese import JAPANESE, SUBJECTS
from suimon.cli.words import readable, say
from suimon.contract.partition import Unit
from suimon.drops.replay_record import FINISHED, FORGOTTEN, STOPPED, TOO_MANY_FAILED
from suimon.drops.states import STATES
from suimon.freshness.expected import FileState
from suimon.incidents.incident import Standing
from suimon.incidents.inhibition import INHIBITIONS
from suimon.incidents.kinds import KINDS, Severity
from suimon.sweep import dead_letters, holding, lost_events, round, stale_incidents, unmatched_drops  # noqa: A004
from suimon.sweep.plans import silent_runs, stuck_drops

if TYPE_CHECKING:
    from collections.abc import Iterator

CLI = Path(words.__file__).parent
FIELD = re.compile(r"\{(\w+)[^}]*\}")
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
# What stands in tables, and is said from there.
OF_TABLES = {
    *map(str, FileState),
    *map(str, Standing),
    *(str(one).upper() for one in Severity),
    *(one.text for one in STATES.values()),
    *next_command._TEXTS.values(),
    *next_command._RETRACTING.values(),
    *incidents._TOLD.values(),
    *(str(one) for one in (Unit.WEEK, Unit.MONTH)),
    *stack._CODES.values(),
    *(one.over for one in KINDS.values()),
    *(one.why for one in INHIBITIONS),
    *(what for _, what in stack._BEFORE),
    status.CALM,
    *(FINISHED, STOPPED, TOO_MANY_FAILED, FORGOTTEN),
    *(dead_letters.DEAD_LETTER, holding.HOLD, lost_events.LOST_EVENT, silent_runs.SILENT, stuck_drops.STUCK),
    *(round.HELD, round.REMINDED, stale_incidents.STALE, unmatched_drops.UNMATCHED),
}


def literals() -> Iterator[str]:
    """Yield every literal of the modules that speak in two languages: what is said is among them."""
    for path in CLI.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        if re.search(r"import .*\b(say|phrase|Bilingual)\b", source):
            found = (one.value for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Constant))
            yield from (one for one in found if isinstance(one, str))


def said_literally() -> Iterator[str]:
    """Yield the texts that stand in a call of `say`, and the names of what `suimon doctor` checks."""
    for path in CLI.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match call:
                case ast.Call(func=ast.Name(id="say" | "phrase" | "Finding"), args=[ast.Constant(value=str(text)), *_]):
                    yield text


def test_all_that_is_said_has_its_japanese() -> None:
    assert set(said_literally()) - JAPANESE.keys() == set()
    assert OF_TABLES - JAPANESE.keys() == set()


def test_no_two_subjects_say_the_same() -> None:
    assert len(JAPANESE) == sum(map(len, SUBJECTS))


def test_nothing_is_kept_that_nobody_says() -> None:
    assert JAPANESE.keys() - OF_TABLES - set(literals()) - {"date"} == set()


@pytest.mark.parametrize("english", JAPANESE)
def test_the_same_values_stand_in_both(english: str) -> None:
    japanese = JAPANESE[english]
    assert sorted(FIELD.findall(english)) == sorted(FIELD.findall(japanese))
    assert _JAPANESE.search(FIELD.sub("", japanese)) or not re.search("[a-z]{3}", FIELD.sub("", english))


def test_a_text_without_its_japanese_is_a_fault() -> None:
    with pytest.raises(KeyError):
        say("nobody has written this", "ja")


def test_a_console_that_cannot_show_japanese_gets_english(monkeypatch: pytest.MonkeyPatch) -> None:
    assert readable("ja") == "ja"
    monkeypatch.setattr(words, "can_show", lambda _text: False)
    assert readable("ja") == "en"

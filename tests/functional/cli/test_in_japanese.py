"""Every command that asks a stack, in Japanese: English is left of commands, names, what is stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from tests.functional.cli.standing import DAY
from tests.functional.cli.test_every_answer import (
    JAPANESE,
    TYPED,
    without_metrics,
    words,
)
from tests.functional.sweep.swept import DAG, NOON

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["words"]
MORE = {
    "file that will not come": f"expect sales {DAY} --cancel --reason strike",
    "hold with an end": "hold sales --reason moved --until 2026-11-30T09:00",
    "walk over all": "reconcile --full",
    "replay of a day without a file": "replay sales --from 2026-11-01 --to 2026-11-03 --dry-run",
    "replay of many days": "replay sales --from 2026-11-01 --to 2026-11-22 --dry-run",
    "one incident": "incidents INCIDENT",
    "a day": f"explain sales {DAY}",
    "one dataset": "status sales",
    "list of replays": "replay sales --list",
}
# The doctor has a test of its own.
CHANGING = {name: typed for name, typed in TYPED.items() if name != "doctor"} | MORE
# What is no sentence: what is typed next, addresses, paths, ids, the drawing of a calendar, the names of a stack's
# things, times, states as JSON has them.
NAMES = re.compile(
    r"(?m:^sales  .*$)|(?m:^.*予定なし$)|"
    rf"suimon .*|\S+://\S+|/\S+|paused:\S+|[0-9a-f-]{{16,}}\b|\S+\.csv( \(\S+\))?|{DAG}|sales|"
    r"Asia/Tokyo|\bID\b|Airflow|\bOPEN\b|\bDAG\b|\bUTC\b|[A-Z_]{6,}"
)
# What persons, and reports, have written.
STORED = ("a strike", "strike", "the test", "1 fault in 1 record.", "(type-error)")


def left_of(text: str, *stored: str) -> list[str]:
    """Return the words of English that are left of a text."""
    for one in stored:
        text = text.replace(one, "")
    return re.findall(r"[A-Za-z]{2,}", NAMES.sub("", text))


def test_a_sentence_of_english_is_seen() -> None:
    assert left_of("drop 0123456789abcdef is CLOSED\n  suimon explain x") == ["drop", "is"]


@pytest.mark.parametrize("typed", CHANGING.values(), ids=CHANGING)
def test_it_says_all_in_japanese(typed: str, words: dict[str, str], stack: dict[str, ModuleType]) -> None:
    if typed.startswith("release"):
        stack["freshness"].answers().to("hold", {"dataset": "sales", "reason": "moved", "who": "ann"}, NOON)
    asked = [words.get(word, word) for word in typed.split()]
    result = CliRunner().invoke(main, [*asked, "--lang", "ja"], catch_exceptions=False)
    assert result.exit_code in {0, 1}, result.output
    text = without_metrics(result.output)
    assert JAPANESE.search(text)
    assert "--stack prod" in text
    assert left_of(text, *STORED) == [], text

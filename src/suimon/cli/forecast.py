"""`suimon forecast`: what is expected when, as a calendar picture and a table, in 80 columns."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len
from rich.text import Text

from suimon.cli.asking import ask, known_dataset
from suimon.cli.pasted import PASTED
from suimon.cli.printing import json_option, print_json, print_plain
from suimon.cli.stack import of_stack, stack_option
from suimon.cli.words import lang_option, moment, readable, say
from suimon.contract.partition import Unit
from suimon.freshness.expected import FileState
from suimon.freshness.forecast import MOST_DAYS, Expected
from suimon.report.console import Terminal
from suimon.status.grid import column_of, hours_of, unit_of, worst_last
from suimon.status.overview import LETTERS as _LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from suimon.contract.file import Language

_NAME, _DAYS = 18, 60  # columns of the picture: a dataset's name, a space or two, and a letter a day
_COLUMNS = 15  # weeks or months of it
_STYLES = {
    FileState.NOT_DUE: "dim",
    FileState.LATE: "yellow",
    FileState.MISSING: "bold red",
    FileState.REJECTED: "red",
    FileState.NOT_LOADED: "red",
    FileState.HELD: "yellow",
    FileState.LOADING: "cyan",
    FileState.LOADED: "green",
    FileState.LOADED_LATE: "yellow",
    FileState.WAIVED: "dim",
}
LETTERS = {state: (letter, _STYLES[state]) for state, letter in _LETTERS.items()}
NO_FILE = "."
NOT_CORRECTED = ("!", "red")


@click.command()
@click.option("--days", type=click.IntRange(0, MOST_DAYS), default=30, show_default=True, help="How far to look ahead.")
@click.option("--back", type=click.IntRange(0, MOST_DAYS), default=7, show_default=True, help="And how far back.")
@click.option("--dataset", type=PASTED, default="", help="Only this one.")
@json_option
@lang_option
@stack_option
def forecast(days: int, back: int, dataset: str, lang: Language, stack: str, *, as_json: bool) -> None:
    """Show which files are due in the next days, which were due in the last ones, and how they are.

    By the contracts of the stack's release; of weeks and months the last six at least. Exit status: 0 shown, 2 the
    stack could not be asked.
    """
    answer = ask(stack, "forecast", {"back": back, "ahead": days, "dataset": dataset})
    known_dataset(answer["datasets"], dataset, stack)
    answer["expected"] = [one for one in answer["expected"] if dataset in ("", one["dataset"])]
    if as_json:
        print_json(answer)
        return
    lang = readable(lang)
    console = Terminal(width=None if sys.stdout.isatty() else 80)
    expected = [Expected.from_json(one) for one in answer["expected"]]
    for line in [*picture(expected, lang), *table(expected, lang)]:
        console.print(line, soft_wrap=True)
    for warning in answer["warnings"]:
        print_plain(console, say("Warning: {text}", lang, text=warning), "yellow")
    print_plain(console, f"  suimon status{of_stack(stack)}", "bold")


def picture(expected: Sequence[Expected], lang: Language = "en") -> Iterator[Text]:
    """Yield a letter for each date, a line for each dataset; further dates below, at 60 a line.

    Then the hours of the last days, and a letter for each week and month.
    """
    if not expected:
        yield Text(say("No file is due in these days.", lang))
        return
    yield from _days([one for one in expected if unit_of(one) is Unit.DAY])
    yield from _hours(expected, lang)
    for unit in (Unit.WEEK, Unit.MONTH):
        yield from _columns([one for one in expected if unit_of(one) is unit], say(str(unit), lang))
    yield from _legend(expected, lang)
    yield Text()


def _days(expected: Sequence[Expected]) -> Iterator[Text]:
    if not expected:
        return
    letters = {(one.dataset, one.day): letter_of(one) for one in worst_last(expected)}
    names = list(dict.fromkeys(one.dataset for one in expected))
    first, last = (date.fromisoformat(end(one.day for one in expected)) for end in (min, max))
    dates = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    for start in range(0, len(dates), _DAYS):
        block = dates[start : start + _DAYS]
        yield from _scale(block)
        for name in names:
            line = Text(_cut(name))
            for day in block:
                line.append(*letters.get((name, day.isoformat()), (NO_FILE, "dim")))
            yield line


def _hours(expected: Sequence[Expected], lang: Language) -> Iterator[Text]:
    """Yield, of datasets with a file an hour, a letter for each hour of the last days of which any is due."""
    for number, (name, day, hours) in enumerate(hours_of(expected)):
        if not number:
            label = say("hour", lang)
            yield Text(_cut("") + label + " " * (12 - cell_len(label)) + "0     6     12    18", "dim")
        line = Text(f"{_cut(name)}{day}  ")
        for hour in range(24):
            line.append(*(letter_of(hours[hour]) if hour in hours else (NO_FILE, "dim")))
        yield line


def _columns(expected: Sequence[Expected], label: str) -> Iterator[Text]:
    """Yield a letter for each of the last weeks or months, under their names without the year."""
    columns = sorted({column_of(one) for one in expected})[-_COLUMNS:]
    letters = {(one.dataset, column_of(one)): letter_of(one) for one in worst_last(expected)}
    if columns:
        yield Text(_cut(label) + " ".join(f"{column[5:]:<3}" for column in columns).rstrip(), "dim")
    for name in dict.fromkeys(one.dataset for one in expected):
        line = Text(_cut(name))
        for column in columns:
            line.append(*letters.get((name, column), (NO_FILE, "dim"))).append("   ")
        line.rstrip()
        yield line


def _legend(expected: Sequence[Expected], lang: Language) -> Iterator[Text]:
    seen = {one.state for one in expected if not one.later}
    legend = [(letter, say(str(state), lang)) for state, (letter, _) in LETTERS.items() if state in seen]
    if any(one.later for one in expected):
        legend.append((NOT_CORRECTED[0], say("loaded, a later file is not", lang)))
    legend.append((NO_FILE, say("no file", lang)))
    for start in range(0, len(legend), 4):
        yield Text("   ".join(f"{letter} {words}" for letter, words in legend[start : start + 4]))


def _scale(block: Sequence[date]) -> Iterator[Text]:
    """Yield the months, where they begin, and under them the Mondays' dates; one that has no room is left out."""
    months = [(place, f"{day:%Y-%m}") for place, day in enumerate(block) if place == 0 or day.day == 1]
    mondays = [(place, str(day.day)) for place, day in enumerate(block) if day.weekday() == 0]
    for marks in (months, mondays):
        line = ""
        for (place, mark), (following, _) in zip(marks, [*marks[1:], (_DAYS + 1, "")], strict=False):
            if place + len(mark) < min(following, _DAYS + 1):
                line = line.ljust(place) + mark
        yield Text(" " * (_NAME + 2) + line, "dim")


def table(expected: Sequence[Expected], lang: Language = "en") -> Iterator[Text]:
    """Yield each dataset's dates with their deadlines on the wall of its zone, and their states."""
    for name, dates in groupby(expected, key=lambda one: one.dataset):
        rows = list(dates)
        yield Text(say("{dataset}: deadlines in {zone}", lang, dataset=name, zone=rows[0].time_zone), "bold")
        for one in rows:
            note = f": {one.note}" if one.note else later_of(one, lang)
            due = say("due {due}", lang, due=moment(one.deadline, lang))
            line = Text(f"  {one.partition}  {due}  ")
            yield line.append(f"{say(str(one.state), lang)}{note}", letter_of(one)[1])


def letter_of(one: Expected) -> tuple[str, str]:
    """Return the letter of a date and its style."""
    return NOT_CORRECTED if one.later else LETTERS[one.state]


def later_of(one: Expected, lang: Language = "en") -> str:
    """Return what to add of a loaded date whose later file is not in the table."""
    return say(", but a later file is {state}", lang, state=one.later) if one.later else ""


def _cut(name: str) -> str:
    """Return a name in the columns that a line begins with."""
    fitting = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
    return fitting + " " * (_NAME + 2 - cell_len(fitting))

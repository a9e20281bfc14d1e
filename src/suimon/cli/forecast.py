"""`suimon forecast`: what is expected when, as a calendar picture and a table, in 80 columns."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import click
from rich.text import Text

from suimon.cli.asking import ask, known_dataset
from suimon.cli.printing import print_plain
from suimon.cli.stack import of_stack, stack_option
from suimon.contract.partition import partition_of
from suimon.freshness.expected import FileState
from suimon.freshness.forecast import MOST_DAYS, Expected
from suimon.report.console import Terminal
from suimon.status.overview import LETTERS as _LETTERS
from suimon.status.overview import worst_last

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HOUR_DAYS = 3  # whose hours are shown
_NAME, _DAYS = 18, 60  # columns of the picture: a dataset's name, a space or two, and a letter a day
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
@click.option("--dataset", default="", help="Only this one.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, and nothing else, to the output.")
@stack_option
def forecast(days: int, back: int, dataset: str, stack: str, *, as_json: bool) -> None:
    """Show which files are due in the next days, which were due in the last ones, and how they are.

    By the contracts of the stack's release. Exit status: 0 shown, 2 the stack could not be asked.
    """
    answer = ask(stack, "forecast", {"back": back, "ahead": days})
    known_dataset(answer["datasets"], dataset)
    answer["expected"] = [one for one in answer["expected"] if dataset in ("", one["dataset"])]
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    console = Terminal(width=None if sys.stdout.isatty() else 80)
    expected = [Expected.from_json(one) for one in answer["expected"]]
    for line in [*picture(expected), *table(expected)]:
        console.print(line, soft_wrap=True)
    for warning in answer["warnings"]:
        print_plain(console, f"Warning: {warning}", "yellow")
    print_plain(console, f"  suimon status{of_stack(stack)}", "bold")


def picture(expected: Sequence[Expected]) -> Iterator[Text]:
    """Yield a letter for each date, a line for each dataset; further dates below, at 60 a line."""
    if not expected:
        yield Text("No file is due in these days.")
        return
    letters = {(one.dataset, one.day): letter_of(one) for one in worst_last(expected)}
    names = list(dict.fromkeys(one.dataset for one in expected))
    first, last = (date.fromisoformat(end(one.day for one in expected)) for end in (min, max))
    dates = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    for start in range(0, len(dates), _DAYS):
        block = dates[start : start + _DAYS]
        yield from _scale(block)
        for name in names:
            line = Text(_cut(name).ljust(_NAME) + "  ")
            for day in block:
                line.append(*letters.get((name, day.isoformat()), (NO_FILE, "dim")))
            yield line
    yield from _hours(expected)
    seen = {one.state for one in expected if not one.later}
    legend = [(letter, str(state)) for state, (letter, _) in LETTERS.items() if state in seen]
    legend += [(NOT_CORRECTED[0], "loaded, a later file is not")] if any(one.later for one in expected) else []
    legend.append((NO_FILE, "no file"))
    for start in range(0, len(legend), 4):
        yield Text("   ".join(f"{letter} {words}" for letter, words in legend[start : start + 4]))
    yield Text()


def _hours(expected: Sequence[Expected]) -> Iterator[Text]:
    """Yield, of datasets with a file an hour, a letter for each hour of the last days of which any is due."""
    found = dict[tuple[str, str], dict[int, tuple[str, str]]]()
    due = {(one.dataset, one.day) for one in expected if one.state is not FileState.NOT_DUE}
    for one in worst_last(expected):
        if (hour := partition_of(one.partition).hour) is not None and (one.dataset, one.day) in due:
            found.setdefault((one.dataset, one.day), {})[hour] = letter_of(one)
    for number, (name, days) in enumerate(groupby(sorted(found), key=lambda pair: pair[0])):
        if not number:
            yield Text(" " * (_NAME + 2) + "hour        0     6     12    18", "dim")
        for _, day in list(days)[-_HOUR_DAYS:]:
            line = Text(f"{_cut(name).ljust(_NAME)}  {day}  ")
            for hour in range(24):
                line.append(*found[name, day].get(hour, (NO_FILE, "dim")))
            yield line


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


def table(expected: Sequence[Expected]) -> Iterator[Text]:
    """Yield each dataset's dates with their deadlines on the wall of its zone, and their states."""
    for name, dates in groupby(expected, key=lambda one: one.dataset):
        rows = list(dates)
        yield Text(f"{name}: deadlines in {rows[0].time_zone}", "bold")
        for one in rows:
            note = f": {one.note}" if one.note else later_of(one)
            line = Text(f"  {one.partition}  due {one.deadline:%a %Y-%m-%d %H:%M}  ")
            yield line.append(f"{one.state}{note}", letter_of(one)[1])


def letter_of(one: Expected) -> tuple[str, str]:
    """Return the letter of a date and its style."""
    return NOT_CORRECTED if one.later else LETTERS[one.state]


def later_of(one: Expected) -> str:
    """Return what to add of a loaded date whose later file is not in the table."""
    return f", but a later file is {one.later}" if one.later else ""


def _cut(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"

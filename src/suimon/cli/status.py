"""`suimon status`: how the files of the last days are, and what of it needs a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.text import Text

from suimon.cli.asking import ask
from suimon.cli.forecast import LETTERS, picture
from suimon.cli.printing import console_for_people, print_plain
from suimon.cli.stack import of_stack, stack_option
from suimon.freshness.expected import SETTLED, FileState
from suimon.freshness.forecast import MOST_DAYS, Expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What is on its way, or has time yet, needs nobody.
QUIET = SETTLED | {FileState.NOT_DUE, FileState.LOADING}
LISTED = 20  # lines of what needs somebody


@click.command()
@click.argument("dataset", required=False)
@click.option("--back", type=click.IntRange(0, MOST_DAYS), default=14, show_default=True, help="Days to look back.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, and nothing else, to the output.")
@stack_option
def status(dataset: str | None, back: int, stack: str, *, as_json: bool) -> None:
    """Show how the files of the last days are, of all datasets or of one, and what of it needs a person.

    Exit status: 0 nothing needs anybody, 1 something does, 2 the stack could not be asked.
    """
    answer = ask(stack, "forecast", {"back": back, "ahead": 1})
    expected = [Expected.from_json(one) for one in answer["expected"] if dataset in (None, one["dataset"])]
    wanting = needing(expected)
    if as_json:
        told = {"expected": [one.to_json() for one in expected], "needs_somebody": [one.to_json() for one in wanting]}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        console = console_for_people()
        for line in [*picture(expected), *lines(wanting)]:
            console.print(line, soft_wrap=True)
        for command in commands(expected, wanting):
            print_plain(console, f"  {command}{of_stack(stack)}", "bold")
    raise SystemExit(1 if wanting else 0)


def needing(expected: Sequence[Expected]) -> list[Expected]:
    """Return the dates that a person must look at, newest first."""
    return sorted((one for one in expected if one.state not in QUIET), key=lambda one: one.partition, reverse=True)


def lines(wanting: Sequence[Expected]) -> Iterator[Text]:
    """Yield a line for each date that needs somebody."""
    if not wanting:
        yield Text("No file that is due needs anybody.", "green")
        return
    for one in wanting[:LISTED]:
        due = f"due {one.deadline:%a %Y-%m-%d %H:%M} {one.time_zone}"
        yield Text(f"{one.dataset} {one.partition} is {one.state}, {due}", LETTERS[one.state][1])
    if len(wanting) > LISTED:
        yield Text(f"and {len(wanting) - LISTED:,} more: suimon status --json lists them all")


def commands(expected: Sequence[Expected], wanting: Sequence[Expected]) -> list[str]:
    """Return what to type next: of the worst that is newest, or where to look ahead."""
    if wanting:
        return [f"suimon explain {wanting[0].dataset} {wanting[0].partition}"]
    return ["suimon forecast"] if expected else ["suimon contract lint"]

"""`suimon status`: what needs a person, of the files of the last days and of all that Suimon has found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from suimon.cli import incidents
from suimon.cli.asking import ask, known_dataset
from suimon.cli.errors import CommandError
from suimon.cli.forecast import later_of, letter_of, picture
from suimon.cli.pasted import PASTED
from suimon.cli.printing import console_for_people, print_json, print_plain
from suimon.cli.stack import USUAL, of_stack, stack_option
from suimon.cli.words import lang_option, minute, moment, phrase, readable, say
from suimon.drops.foreign_text import one_line, printable
from suimon.freshness.forecast import MOST_DAYS, Expected
from suimon.status.grid import runs_of, wants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from suimon.contract.file import Language

SCHEMA = "suimon.status/1"
LISTED = 20  # lines of each list
CALM = "Nothing needs anybody: no incident is open, nothing is held, every file that is due is there."
CLOSED = "closed"  # the standing of an incident that a person closed, though its cause may be there


@click.command()
@click.argument("dataset", type=PASTED, required=False)
@click.option("--back", type=click.IntRange(0, MOST_DAYS), default=14, show_default=True, help="Days to look back.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON (docs/status.schema.json), and nothing else.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the stack's page to FILE instead: one HTML file, as it lies in the reports bucket.",
)
@lang_option
@stack_option
def status(dataset: str | None, back: int, html: Path | None, lang: Language, stack: str, *, as_json: bool) -> None:
    """Show what needs a person: open incidents, held datasets, files of the last days that are not well.

    Of one DATASET: also the incidents that are of no dataset, for they may concern it. Exit status: 0 nothing needs
    anybody, 1 something does, 2 the stack could not be asked.
    """
    if html:
        if dataset or as_json:
            raise click.UsageError(phrase("--html is a page of the whole stack: leave out DATASET and --json"))
        _write_page(html, ask(stack, "page", {"language": lang})["html"])
        return
    lang = readable(lang)
    found = told_of(ask(stack, "status", {"back": back, "ahead": 1}), dataset, stack)
    if as_json:
        print_json(found)
    else:
        console = console_for_people()
        expected = [Expected.from_json(one) for one in found["expected"]]
        for line in [*picture(expected, lang), *lines(found, lang, of_stack(stack))]:
            console.print(line, soft_wrap=True)
        for command in commands(found):
            print_plain(console, f"  {command}{of_stack(stack)}", "bold")
    raise SystemExit(0 if found["calm"] else 1)


def _write_page(file: Path, page: str) -> None:
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CommandError(one_line(f"{file}: {error.strerror or error}")) from error
    click.echo(phrase("written: {file}", file=file))


def told_of(answer: Mapping[str, Any], dataset: str | None, stack: str = USUAL) -> dict[str, Any]:
    """Return of an answer what may concern a dataset, by default all; CommandError for one that does not exist."""
    known_dataset(answer["datasets"], dataset or "", stack)
    expected = [one for one in answer["expected"] if dataset in (None, one["dataset"])]
    standing = [one for one in answer["incidents"] if dataset is None or _may_concern(one, dataset)]
    opened = [one for one in standing if one["standing"] != CLOSED]
    held = [one for one in answer["held"] if dataset in (None, one["dataset"])]
    wanting = [one.to_json() for one in needing([Expected.from_json(one) for one in expected])]
    return {
        "schema": SCHEMA,
        "calm": not (opened or held or wanting),
        "incidents": opened,
        "closed_by_hand": [one for one in standing if one["standing"] == CLOSED],
        "held": held,
        "needs_somebody": wanting,
        "expected": expected,
        "warnings": list(answer["warnings"]),
    }


def _may_concern(incident: Mapping[str, Any], dataset: str) -> bool:
    return bool(incident["about"].get("dataset", dataset) == dataset)


def needing(expected: Sequence[Expected]) -> list[Expected]:
    """Return the dates that a person must look at, newest first."""
    return sorted(filter(wants, expected), key=lambda one: one.partition, reverse=True)


def lines(found: Mapping[str, Any], lang: Language = "en", stack: str = "") -> Iterator[Text]:
    """Yield what needs somebody: incidents, the worst first, what is held, dates with their files."""
    if found["calm"]:
        yield Text(say(CALM, lang), "green")
    if found["incidents"]:
        yield Text(say("Open incidents: {count:,}", lang, count=len(found["incidents"])), "bold")
        yield from incidents.lines(found["incidents"], LISTED, lang, stack, folds=True)
    for one in found["held"][:LISTED]:
        held = "{dataset} is held by {who} until {until}: {reason}"
        until = minute(one["until"]) if one["until"] else say("somebody releases it", lang)
        who, reason = printable(one["who"]), printable(one["reason"])
        yield Text(say(held, lang, dataset=one["dataset"], who=who, until=until, reason=reason), "yellow")
    runs = runs_of([Expected.from_json(one) for one in found["expected"]])
    for run in runs[:LISTED]:
        yield Text(_told(run, lang), letter_of(run[-1])[1])
    if (left := max(len(found["held"]) - LISTED, sum(map(len, runs[LISTED:])))) > 0:
        more = "and {count:,} more: suimon status --json{stack} lists them all"
        yield Text(say(more, lang, count=left, stack=stack))
    if closed := len(found["closed_by_hand"]):
        by_hand = "Closed by a person though the cause may be there: {count:,} (suimon incidents --all{stack})"
        yield Text(say(by_hand, lang, count=closed, stack=stack), "dim")
    for warning in found["warnings"]:
        yield Text(say("Warning: {text}", lang, text=printable(warning)), "yellow")


def _told(run: Sequence[Expected], lang: Language) -> str:
    """Return how files stand that follow each other, or one."""
    one = run[-1]
    alone = "{dataset} {partition} is {state}{later}, due {due} {zone}"
    many = "{dataset} {first} to {partition}: {count:,} files {state}{later}, the last due {due} {zone}"
    return say(
        alone if len(run) == 1 else many,
        lang,
        dataset=one.dataset,
        first=run[0].partition,
        partition=one.partition,
        count=len(run),
        state=say(str(one.state), lang),
        later=later_of(one, lang),
        due=moment(one.deadline, lang),
        zone=one.time_zone,
    )


def commands(found: Mapping[str, Any]) -> list[str]:
    """Return what to type next: of the worst incident, of the newest date, of what is held, or where to look ahead."""
    if found["incidents"]:
        return [f"suimon incidents '{found['incidents'][0]['id']}'"]
    if found["needs_somebody"]:
        return [f"suimon explain {found['needs_somebody'][0]['dataset']} {found['needs_somebody'][0]['partition']}"]
    if found["held"]:
        return [f"suimon release {found['held'][0]['dataset']}"]
    return ["suimon forecast"] if found["expected"] else ["suimon doctor"]

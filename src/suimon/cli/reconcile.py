"""`suimon reconcile`: compare bucket, ledger, queues and runs now, and show what is not accounted for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from suimon.cli.errors import CommandError, InterruptedByPersonError
from suimon.cli.printing import json_option, print_json, print_plain
from suimon.cli.stack import USUAL, advice, of_stack, outputs_of, stack_option
from suimon.cli.words import lang_option, named, phrase, readable, say, spoken
from suimon.report.console import Terminal
from suimon.sweep.findings import Failure, Finding, Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import Console

    from suimon.contract.file import Language

# A portion of the walk may enter thousands of drops; the client must not ask again while the function works.
CLIENT = Config(read_timeout=900, retries={"total_max_attempts": 1})
SHOWN = 5  # examples of a kind
FAILED = "the freshness function failed: {why}"
BEGINNING: dict[str, str] = {}


@click.command()
@click.option("--full", is_flag=True, help="Compare every version in the bucket with the ledger, not only new ones.")
@json_option
@lang_option
@stack_option
def reconcile(lang: Language, stack: str, *, full: bool, as_json: bool) -> None:
    """Compare bucket, ledger, queues and runs now, repair what can be, and show what is left.

    The stack does this by itself every 15 minutes. With --full it also walks over the whole bucket, which takes a
    second for some thousand files. Exit status: 0 when nothing is unexplained, 1 when something is, or a part could
    not be checked; 2 when the stack could not be asked.
    """
    lang = readable(lang)
    console = Terminal(stderr=as_json)
    try:
        function = function_of(stack)
        findings = show_progress(console, ask_in_portions(asking(function, stack), full=full), lang)
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error
    except KeyboardInterrupt as error:
        what = phrase(
            "the stack ends the portion that it is at; what was found is repaired, the rest was not looked at. Again:"
        )
        again = f"suimon reconcile{' --full' if full else ''}{of_stack(stack)}"
        raise InterruptedByPersonError(what, then=again) from error
    if as_json:
        print_json(findings.to_json())
    else:
        show_result(console, findings, lang)
        print_plain(console, f"  suimon status{of_stack(stack)}", "bold")
    raise SystemExit(exit_status(findings))


def function_of(stack: str) -> str:
    """Read the freshness function's name from the stack's outputs."""
    [function] = outputs_of(stack, "FreshnessFunctionName")
    return function


def asking(function: str, stack: str = USUAL) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return what asks the function, for `ask_in_portions`."""
    functions = boto3.client("lambda", config=CLIENT)

    def ask(request: Mapping[str, Any]) -> dict[str, Any]:
        answer = functions.invoke(FunctionName=function, Payload=json.dumps({"reconcile": request}).encode())
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise CommandError(phrase(FAILED, why=found.get("errorMessage", found)))
        if "refused" in found:
            why = phrase("not reconciled: {why}", why=found["refused"][spoken()])
            raise CommandError(why, then=f"suimon reconcile{of_stack(stack)}")
        return found

    return ask


def ask_in_portions(
    ask: Callable[[Mapping[str, Any]], Mapping[str, Any]], *, full: bool
) -> Iterator[tuple[Findings, str]]:
    """Yield all that was detected so far, and the key that the walk has reached: a round, then portion by portion."""
    answer = ask({})
    findings = read(answer)
    yield findings, ""
    walk: Mapping[str, str] | None = BEGINNING if full else None
    while walk is not None:
        answer = ask({"walk": walk})
        findings = added(findings, read(answer))
        walk = answer["walk"]
        yield findings, walk["key"] if walk else ""


def read(answer: Mapping[str, Any]) -> Findings:
    """Read the function's answer."""
    parts = [
        Finding(
            kind=part["kind"],
            checked=part["checked"],
            detected=part["detected"],
            repaired=part["repaired"],
            reported=part["reported"],
            examples=tuple(part["examples"]),
        )
        for part in answer["parts"]
    ]
    return Findings(tuple(parts), tuple(Failure(**failure) for failure in answer["failures"]))


def added(one: Findings, other: Findings) -> Findings:
    """Add up the findings of two answers, kind by kind."""
    kinds = dict.fromkeys(part.kind for part in (*one.parts, *other.parts))
    return Findings(tuple(one.of(kind) + other.of(kind) for kind in kinds), (*one.failures, *other.failures))


def exit_status(findings: Findings) -> int:
    """Return 0 when everything is accounted for, 1 when something is not, or was not checked."""
    return 1 if findings.unexplained or findings.failures else 0


def show_progress(console: Console, answers: Iterator[tuple[Findings, str]], lang: Language = "en") -> Findings:
    """Draw the progress until the end, and return all findings."""
    findings = Findings()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(say("A round of the sweep …", lang))
        for findings, at in answers:
            checked = sum(part.checked for part in findings.parts)
            where = say(", at {key}", lang, key=at) if at else ""
            # Keys are the upstream system's: no markup.
            text = say("{count:,} checked{where} …", lang, count=checked, where=where).replace("[", r"\[")
            progress.update(task, description=text)
    return findings


def show_result(console: Console, findings: Findings, lang: Language = "en") -> None:
    """Print what was detected, repaired and left, kind by kind, and the figure that matters."""
    grid = Grid("", *(say(name, lang) for name in ("checked", "detected", "repaired", "reported", "unexplained")))
    for column in grid.columns[1:]:
        column.justify = "right"
    for part in findings.parts:
        counts = (part.checked, part.detected, part.repaired, part.reported, part.unexplained)
        style = "red" if part.unexplained else "yellow" if part.reported else "green" if part.repaired else ""
        grid.add_row(named(part.kind, lang), *(f"{count:,}" for count in counts), style=style)
    console.print(grid)
    for part in findings.parts:
        kind = named(part.kind, lang)
        for example in part.examples[:SHOWN]:
            print_plain(console, f"{kind}: {example}")
        if (more := part.detected - SHOWN) > 0:
            print_plain(console, say("{kind}: and {count:,} more", lang, kind=kind, count=more))
    for failure in findings.failures:
        failed = say("not checked: {part} ({reason})", lang, part=failure.part, reason=failure.reason)
        print_plain(console, failed, style="red")
    print_plain(
        console,
        say("unexplained: {count:,}", lang, count=findings.unexplained),
        style="bold red" if exit_status(findings) else "bold green",
    )

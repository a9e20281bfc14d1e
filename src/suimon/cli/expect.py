"""`suimon expect`: a person says that a file will not come, or takes that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from suimon.cli.asking import ask
from suimon.cli.pasted import PARTITION, PASTED, REASON
from suimon.cli.printing import json_option, print_json
from suimon.cli.stack import of_stack, stack_option
from suimon.cli.words import lang_option, phrase, readable, say, spoken
from suimon.drops.wording import in_language
from suimon.freshness.waiving import NO_REASON

if TYPE_CHECKING:
    from suimon.contract.file import Language


@click.command()
@click.argument("dataset", type=PASTED)
@click.argument("date", type=PARTITION)
@click.option("--cancel", is_flag=True, help="The file will not come: it is missed no longer.")
@click.option("--undo", is_flag=True, help="It will come after all: it is missed again from its deadline on.")
@click.option(
    "--reason", type=REASON, default="", help="Why it will not come; the ledger keeps that, the forecast shows it."
)
@json_option
@lang_option
@stack_option
def expect(
    dataset: str, date: str, reason: str, lang: Language, stack: str, *, cancel: bool, undo: bool, as_json: bool
) -> None:
    """Record that the file of a DATE (YYYY-MM-DD, or another partition) of DATASET will not come, or will after all.

    That it is missing is over at once; so is that one which came was rejected, not loaded or taken back. A file that
    comes all the same is checked and loaded like any other. Exit status: 0 recorded, 1 refused, 2 the stack could not
    be asked.
    """
    if cancel == undo:
        raise click.UsageError(phrase("say --cancel or --undo"))
    if cancel and not reason.strip():
        raise click.UsageError(in_language(NO_REASON, spoken()))
    request = {"dataset": dataset, "partition": date, "reason": reason, "undo": undo}
    found = ask(stack, "expect", request, named=True)
    if as_json:
        print_json(found)
        return
    lang = readable(lang)
    over = say("; that it was missing is over", lang) if found["incident"] == "recovered" else ""
    state = say(found["state"] or "no file is due", lang)
    click.echo(f"{found['dataset']} {found['partition']}: {state}{over}")
    click.echo(f"  suimon forecast --dataset {found['dataset']}{of_stack(stack)}")

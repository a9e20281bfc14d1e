"""`suimon hold` and `suimon release`: let no run of a dataset start for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from suimon.cli.asking import ask
from suimon.cli.pasted import PASTED, REASON
from suimon.cli.printing import json_option, print_json
from suimon.cli.stack import of_stack, stack_option
from suimon.cli.words import lang_option, minute, readable, say

if TYPE_CHECKING:
    from suimon.contract.file import Language


@click.command()
@click.argument("dataset", type=PASTED)
@click.option("--reason", type=REASON, required=True, help="Why nothing may start; the ledger and the e-mails say so.")
@click.option("--until", default="", metavar="TIME", help="When it ends by itself, as 2026-11-20T09:00.")
@json_option
@lang_option
@stack_option
def hold(dataset: str, reason: str, until: str, lang: Language, stack: str, *, as_json: bool) -> None:
    """Hold DATASET: its files are checked and kept, and no run starts until somebody releases it.

    A run that Airflow has been asked for goes on. A time without its offset from UTC is one of the dataset's time zone;
    of a hold that lasts people are reminded. Held again, it stays held, for the new reason and until the new
    time. Exit status: 0 held, 1 it cannot be, 2 the stack could not be asked.
    """
    found = ask(stack, "hold", {"dataset": dataset, "reason": reason, "until": until}, named=True)
    if as_json:
        print_json(found)
        return
    lang = readable(lang)
    until = minute(found["until"]) if found["until"] else say("it is released", lang)
    held = "{dataset} is held since {since}, until {until}"
    click.echo(say(held, lang, dataset=found["dataset"], since=minute(found["since"]), until=until))
    waiting = f"suimon drops --dataset {found['dataset']} --state accepted{of_stack(stack)}"
    click.echo(say("What waits: {command}", lang, command=waiting))
    click.echo(say("To end it:", lang))
    click.echo(f"  suimon release {found['dataset']}{of_stack(stack)}")


@click.command()
@click.argument("dataset", type=PASTED)
@json_option
@lang_option
@stack_option
def release(dataset: str, lang: Language, stack: str, *, as_json: bool) -> None:
    """Release DATASET: of what was held the last write of each partition is started, the oldest date first.

    Exit status: 0 released, 1 it is not held, 2 the stack could not be asked.
    """
    found = ask(stack, "release", {"dataset": dataset}, named=True)
    if as_json:
        print_json(found)
        return
    released = "{dataset} is held no longer; files on their way now: {sent:,}"
    click.echo(say(released, readable(lang), dataset=found["dataset"], sent=found["sent"]))
    click.echo(f"  suimon status {found['dataset']}{of_stack(stack)}")

"""`suimon retract`: take a file back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from suimon.cli.asking import ask
from suimon.cli.pasted import PASTED, REASON
from suimon.cli.printing import json_option, print_json
from suimon.cli.stack import of_stack, stack_option
from suimon.cli.words import lang_option, readable, say
from suimon.drops.retraction import How

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suimon.contract.file import Language


@click.command()
@click.argument("drop_id", type=PASTED)
@click.option("--reason", type=REASON, required=True, help="Why it is taken back; the ledger keeps that.")
@json_option
@lang_option
@stack_option
def retract(drop_id: str, reason: str, lang: Language, stack: str, *, as_json: bool) -> None:
    """Take the drop DROP_ID back: its run never starts, or what its partition had before is loaded again.

    Where nothing was loaded before it, the partition is emptied. A run that is under way ends first. A later write is
    never overwritten: retract that one. The same bytes sent again are a new try. Exit status: 0 done or begun, 1 it
    cannot be, 2 the stack could not be asked.
    """
    found = ask(stack, "retract", {"drop_id": drop_id, "reason": reason}, named=True)
    if as_json:
        print_json(found)
        return
    click.echo(told(found, readable(lang)))
    click.echo(f"  suimon explain {found['drop_id']}{of_stack(stack)}")


def told(found: Mapping[str, Any], lang: Language = "en") -> str:
    """Return in a sentence what happens now."""
    drop, state = found["drop_id"], found["state"]
    day = f"{found['dataset']} {found['partition']}"
    before = (
        say(
            "drop {drop} ({rows:,} rows) is loaded again into {day}",
            lang,
            drop=found["restores"],
            rows=found["rows"],
            day=day,
        )
        if found["restores"]
        else say("{day} is emptied, for nothing was loaded there before", lang, day=day)
    )
    match How(found["how"]):
        case How.CLOSE:
            return say("drop {drop} is {state}: its run never starts", lang, drop=drop, state=state)
        case How.WAIT:
            ends = "drop {drop} is {state}: when its run has ended, {before}"
            return say(ends, lang, drop=drop, state=state, before=before)
        case How.LOAD:
            return say(
                "drop {drop} is {state} for its retraction: {before}", lang, drop=drop, state=state, before=before
            )

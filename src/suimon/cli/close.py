"""`suimon drops close`: end a drop that nothing ends by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from suimon.cli.asking import ask
from suimon.cli.pasted import PASTED, REASON
from suimon.cli.printing import json_option, print_json
from suimon.cli.stack import of_stack, stack_option
from suimon.cli.words import lang_option, readable, say

if TYPE_CHECKING:
    from suimon.contract.file import Language


@click.command()
@click.argument("drop_id", type=PASTED)
@click.option("--reason", type=REASON, required=True, help="Why nothing will come of it; the ledger keeps that.")
@json_option
@lang_option
@stack_option
def close(drop_id: str, reason: str, lang: Language, stack: str, *, as_json: bool) -> None:
    """Close the drop DROP_ID, which nothing ends by itself: its contract is gone, or its run will never report.

    It is never looked at again; the file may be sent again. Exit status: 0 closed, 1 it cannot be, 2 the stack could
    not be asked.
    """
    found = ask(stack, "close", {"drop_id": drop_id.partition(".")[0], "reason": reason}, named=True)
    if as_json:
        print_json(found)
        return
    click.echo(say("drop {drop} is {state}", readable(lang), drop=found["drop_id"], state=found["state"]))
    click.echo(f"  suimon explain {found['drop_id']}{of_stack(stack)}")

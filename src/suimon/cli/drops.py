"""`suimon drops`: which drops the ledger has."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from suimon.cli.asking import ask, known_dataset
from suimon.cli.close import close
from suimon.cli.drop_view import as_object, holds_of, overview
from suimon.cli.errors import CommandError
from suimon.cli.pasted import PARTITION, PASTED, split_address
from suimon.cli.printing import console_for_people, json_option, print_json, print_plain
from suimon.cli.stack import advice, of_stack, outputs_of, stack_option
from suimon.cli.words import lang_option, phrase, readable, say
from suimon.drops.states import State
from suimon.ledger.queries import Wanted, newest_first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from suimon.contract.file import Language
    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold


class _WithClose(click.Command):
    """`suimon drops …` lists; `suimon drops close …` is a command of its own."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the arguments of either."""
        if args[:1] == ["close"]:
            return close.make_context(f"{info_name} close", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(cls=_WithClose)
@click.option("--dataset", type=PASTED, default="", help="List the drops of a dataset; with --partition or --state.")
@click.option("--partition", type=PARTITION, default="", metavar="YYYY-MM-DD", help="Of this partition of the dataset.")
@click.option("--key", type=PASTED, default="", metavar="S3://BUCKET/KEY", help="List the writes of a key.")
@click.option(
    "--state", type=click.Choice(list(State), case_sensitive=False), metavar="STATE", help="Only those in this state."
)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to list.")
@json_option
@lang_option
@stack_option
def drops(
    dataset: str,
    partition: str,
    key: str,
    state: State | None,
    limit: int,
    lang: Language,
    stack: str,
    *,
    as_json: bool,
) -> None:
    """List drops, newest first; `suimon explain` tells the life of one.

    `suimon drops close DROP_ID --reason …` ends one that nothing ends by itself.

    Newest is the latest write of a key or partition; of a state, what came to it last. Exit status: 0 shown, also
    when there is nothing to list; 2 the ledger could not be read.
    """
    wanted = wanted_of(dataset, partition, key, state)
    console = console_for_people()
    try:
        [table_name] = outputs_of(stack, "LedgerTable")
        table = boto3.resource("dynamodb").Table(table_name)
        found = list(islice(newest_first(table, wanted), limit + 1))
        if wanted.dataset and not found:
            refuse_unknown(stack, wanted.dataset)
        following = f"suimon explain {dataset} {partition}" if dataset and partition else "suimon status"
        _list(console, found, holds_of(table, found), limit, stack, following, readable(lang), as_json=as_json)
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error


def wanted_of(dataset: str, partition: str, key: str, state: State | None) -> Wanted:
    """Read what is to be listed; UsageError when that is nothing, or cannot be."""
    bucket, name = split_address(key) if key else ("", "")
    wanted = Wanted(dataset, partition, (bucket, name) if key else None, state)
    if not (wanted.of_key or wanted.state or (dataset and partition)):
        raise click.UsageError(phrase("give --key, or --state, or --dataset with --partition"))
    return wanted


def refuse_unknown(stack: str, dataset: str) -> None:
    """Raise CommandError, naming those there are, if the stack's release has no such dataset."""
    known_dataset(ask(stack, "datasets", {})["datasets"], dataset, stack)


def _list(
    console: Console,
    found: Sequence[DropRecord],
    holds: Mapping[str, Hold],
    limit: int,
    stack: str,
    following: str,
    lang: Language,
    *,
    as_json: bool,
) -> None:
    shown = found[:limit]
    if as_json:
        told = [as_object(record, holds.get(record.id)) for record in shown]
        print_json(told)
    elif not shown:
        print_plain(console, say("There is no such drop.", lang))
        print_plain(console, f"  {following}{of_stack(stack)}", "bold")
    else:
        for line in overview(shown, holds, lang):
            console.print(line, soft_wrap=True)
        if len(found) > limit:
            print_plain(console, say("These are the newest {limit:,}; there are more: --limit.", lang, limit=limit))
        print_plain(console, f"  suimon explain {shown[0].id}{of_stack(stack)}", "bold")

"""`suimon drops`: what the ledger knows of drops, for people to read."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from suimon.cli.close import close
from suimon.cli.errors import CommandError
from suimon.cli.printing import print_plain
from suimon.cli.stack import advice, outputs_of, stack_option
from suimon.clock import utc_now
from suimon.contract.keys import is_date
from suimon.drops.foreign_text import printable
from suimon.drops.lake import accepted_key
from suimon.drops.states import State
from suimon.ledger.queries import Wanted, find, history, newest_first
from suimon.replay.execution import ReplayError, Target, ask_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import DropRecord
    from suimon.ledger.queries import HistoryEntry

WIDE = 240  # of what no person looks at: keys stay in one piece
_ROW = "{:16}  {:20}  {:10}  {:>7}  {:>11}  {}"
_STYLES = {
    State.LOADED: "green",
    State.FAILED: "red",
    State.REJECTED: "red",
    State.GONE: "yellow",
    State.UNMATCHED: "yellow",
}


class NotFoundError(click.ClickException):
    """The ledger knows no such drop; exit status 1."""

    exit_code = 1


class _WithClose(click.Command):
    """`suimon drops …` shows; `suimon drops close …` is a command of its own."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the arguments of either."""
        if args[:1] == ["close"]:
            return close.make_context(f"{info_name} close", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(cls=_WithClose)
@click.argument("drop_id", required=False)
@click.option("--dataset", default="", help="List the drops of a dataset; with --partition or --state.")
@click.option("--partition", default="", metavar="YYYY-MM-DD", help="Of this partition of the dataset.")
@click.option("--key", default="", metavar="S3://BUCKET/KEY", help="List the writes of a key.")
@click.option("--state", type=click.Choice(list(State), case_sensitive=False), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to list.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, and nothing else, to the output.")
@stack_option
def drops(
    drop_id: str | None,
    dataset: str,
    partition: str,
    key: str,
    state: State | None,
    limit: int,
    stack: str,
    *,
    as_json: bool,
) -> None:
    """Show one drop with its history, by DROP_ID or by the id of its run; or list drops, newest first.

    `suimon drops close DROP_ID --reason …` ends one that nothing ends by itself.

    Newest is the latest write of a key or partition; of a state, what came to it last. Exit status: 0 shown, also
    when there is nothing to list; 1 the ledger knows no drop of this id; 2 it could not be read.
    """
    wanted = wanted_of(drop_id, dataset, partition, key, state)
    # Where nobody looks, as in a pipe, nothing is folded.
    console = Console() if sys.stdout.isatty() else Console(width=WIDE)
    try:
        table_name, lake = outputs_of(stack, "LedgerTable", "LakeBucket")
        table = boto3.resource("dynamodb").Table(table_name)
        if wanted:
            found = list(islice(newest_first(table, wanted), limit + 1))
            if wanted.dataset and not found:
                refuse_unknown(stack, wanted.dataset)
            _list(console, found, limit, as_json=as_json)
        else:
            _show(console, table, str(drop_id).partition(".")[0], lake, as_json=as_json)
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error


def wanted_of(drop_id: str | None, dataset: str, partition: str, key: str, state: State | None) -> Wanted | None:
    """Read what is to be listed, None if one drop is to be shown; UsageError when that is neither, or both."""
    bucket, _, name = key.removeprefix("s3://").partition("/")
    if key and not (key.startswith("s3://") and bucket and name):
        raise click.UsageError(f"--key: {key!r} is not written s3://bucket/key")
    if partition and not is_date(partition):
        raise click.UsageError(f"--partition: {partition!r} is not a date written YYYY-MM-DD")
    wanted = Wanted(dataset, partition, (bucket, name) if key else None, state)
    if drop_id:
        if wanted != Wanted():
            raise click.UsageError("give a drop id, or what to list, not both")
        return None
    if not (wanted.of_key or wanted.state or (dataset and partition)):
        raise click.UsageError("give a drop id, or --key, or --state, or --dataset with --partition")
    return wanted


def refuse_unknown(stack: str, dataset: str) -> None:
    """Raise CommandError, naming those there are, if the stack's release has no such dataset."""
    [function] = outputs_of(stack, "ReplayFunctionName")
    day = f"{utc_now():%Y-%m-%d}"
    try:
        ask_plan(boto3.client("lambda"), Target("", function), {"dataset": dataset, "from": day, "to": day})
    except ReplayError as error:
        raise CommandError(str(error)) from error


def _list(console: Console, found: Sequence[DropRecord], limit: int, *, as_json: bool) -> None:
    shown = found[:limit]
    if as_json:
        click.echo(json.dumps([as_object(record) for record in shown], ensure_ascii=False, indent=2))
    elif not shown:
        print_plain(console, "The ledger has no such drop: nothing of this kind has come.")
    else:
        for line in overview(shown):
            console.print(line, soft_wrap=True)
        if len(found) > limit:
            print_plain(console, f"These are the newest {limit:,}; there are more: --limit.")


def _show(console: Console, table: Table, drop_id: str, lake: str, *, as_json: bool) -> None:
    record = find(table, drop_id)
    if record is None:
        raise NotFoundError(f"the ledger knows no drop {drop_id!r}")
    moves = history(table, drop_id)
    copy = accepted_copy(record, lake)
    if as_json:
        told = [asdict(move) | {"at": _to_json(move.at)} for move in moves]
        click.echo(
            json.dumps(as_object(record) | {"accepted_copy": copy, "history": told}, ensure_ascii=False, indent=2)
        )
        return
    console.print(details(record, copy))
    console.print(moves_of(moves))


def as_object(record: DropRecord) -> dict[str, Any]:
    """Return what people and scripts may see of a drop: without the token that answers a replay, and the lease."""
    drop = record.drop
    return {
        "drop_id": record.id,
        "dataset": record.match.dataset if record.match else None,
        "partition": record.match.partition if record.match else None,
        "state": str(record.state),
        "attempt": record.attempt,
        "rows": record.rows,
        "since": _to_json(record.updated_at),
        "received_at": _to_json(record.received_at),
        "bucket": drop.bucket,
        "key": drop.key,
        "version_id": drop.version_id,
        "etag": drop.etag,
        "size": drop.size,
        "run_id": record.opened_run,
        "duplicate_of": record.duplicate_of,
        "set_id": record.membership.set_id if record.membership else None,
        "members": list(record.members),
        "replay": record.replay.execution if record.replay else None,
        "failure": last_failure(record),
        "rejection": asdict(record.rejection) if record.rejection else None,
        "closed": record.closed,
    }


def why_rejected(record: DropRecord) -> str | None:
    """Return why the last rejected attempt was rejected, with the codes of its faults."""
    if (rejection := record.rejection) is None:
        return None
    codes = f" ({', '.join(rejection.codes)})" if rejection.codes else ""
    return f"attempt {rejection.attempt}: {rejection.reason}{codes}"


def last_failure(record: DropRecord) -> str | None:
    """Return what the last try that failed failed with, and since when."""
    if (failure := record.failure) is None:
        return None
    times = f"{failure.tries:,} tries since {_time(failure.since)}, the last at {_time(failure.at)}"
    return f"{failure.state}, attempt {failure.attempt}: {times if failure.tries else 'over'}: {failure.text}"


def accepted_copy(record: DropRecord, lake: str) -> str:
    """Where the copy lies that the run reads; empty as long as no attempt was accepted."""
    return f"s3://{lake}/{accepted_key(record)}" if record.accepted else ""


def overview(records: Sequence[DropRecord]) -> Iterator[Text]:
    """Yield a list of drops, a heading and then one line each, so that lines can be searched."""
    yield Text(_ROW.format("drop id", "since", "state", "attempt", "rows", "key"), "bold")
    for record in records:
        rows = f"{record.rows:,}" if record.rows else ""
        row = (record.id, _time(record.updated_at), record.state, record.attempt, rows, printable(record.drop.key))
        yield Text(_ROW.format(*map(str, row)), _STYLES.get(record.state, ""))


def details(record: DropRecord, copy: str) -> Grid:
    """Draw all that is known of a drop, leaving out what it does not have."""
    drop = record.drop
    fields = {
        "drop": record.id,
        "file": f"s3://{drop.bucket}/{drop.key}",
        "version": drop.version_id,
        "size": f"{drop.size:,} bytes",
        "dataset": f"{record.match.dataset} {record.match.partition}".strip() if record.match else None,
        "state": f"{record.state} since {_time(record.updated_at)}, attempt {record.attempt}",
        "rejected": why_rejected(record),
        "report": record.rejection.report if record.rejection else None,
        "rows": f"{record.rows:,}" if record.rows else "",
        "run": record.opened_run,
        "duplicate of": record.duplicate_of,
        "set": (record.membership.set_id or "waits for the others") if record.membership else None,
        "members": " ".join(record.members),
        "accepted copy": copy,
        "replay": record.replay.execution if record.replay else None,
        "last failure": last_failure(record),
        "closed": record.closed,
    }
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, value in fields.items():
        if value:
            grid.add_row(name, Text(printable(value), _STYLES.get(record.state, "") if name == "state" else ""))
    return grid


def moves_of(moves: Sequence[HistoryEntry]) -> Grid:
    """Draw who moved the drop where and when."""
    grid = Grid("state", "at", "attempt", "by", box=box.SIMPLE_HEAD)
    grid.columns[2].justify = "right"
    grid.columns[3].overflow = "fold"
    for move in moves:
        grid.add_row(
            Text(str(move.state), _STYLES.get(move.state, "")),
            _moment(move.at),
            str(move.attempt),
            Text(printable(move.by)),
        )
    return grid


def _time(at: datetime) -> str:
    """Write the ledger's time, which is UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def _to_json(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _moment(at: datetime) -> str:
    """Write a time with its milliseconds: what lies between two moves is often less than a second."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}Z"

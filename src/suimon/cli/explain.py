"""`suimon explain`: the whole life of one file, where it stands, and what is next."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from rich import box
from rich.table import Table as Grid
from rich.text import Text

from suimon.cli.drop_view import (
    STYLES,
    accepted_copy,
    as_object,
    held_by,
    holds_of,
    in_its_place,
    last_failure,
    overview,
    retracted,
    seconds,
    to_json,
    why_rejected,
)
from suimon.cli.drops import refuse_unknown, split_address
from suimon.cli.errors import CommandError
from suimon.cli.printing import console_for_people, print_plain
from suimon.cli.stack import advice, of_stack, outputs_of, stack_option
from suimon.cli.whats_next import headline, next_for
from suimon.contract.partition import OTHER_FORMS, is_partition
from suimon.drops.foreign_text import one_line, printable
from suimon.drops.states import STATES, Counts
from suimon.ledger.queries import Wanted, find, history, newest_first, replay_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3 import S3Client
    from rich.console import Console

    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold
    from suimon.drops.replay_record import ReplayRecord
    from suimon.ledger.queries import HistoryEntry

OTHERS = 20  # of the other writes of a key or a partition that are listed
CELLS = 5  # bad cells that are shown; the report lists more
_CELLS_BYTES = 64 * 1024  # of the report's list that are read for them


class NotFoundError(click.ClickException):
    """The ledger knows no such file; exit status 1."""

    exit_code = 1


@click.command()
@click.argument("what")
@click.argument("day", required=False)
@click.option("--json", "as_json", is_flag=True, help="Write JSON, and nothing else, to the output.")
@stack_option
def explain(what: str, day: str | None, stack: str, *, as_json: bool) -> None:
    """Show the life of a file: when it came, why it was rejected, what ran, where it stands, what is next.

    WHAT is the id of a drop or of its run, a key written s3://bucket/key, or a dataset with a DAY (YYYY-MM-DD, or
    another partition). Of a key or a day, the write that counts is explained, and the others are listed.

    Exit status: 0 explained, 1 the ledger knows no such file, 2 it could not be read.
    """
    wanted = _wanted(what, day)
    try:
        table_name, lake = outputs_of(stack, "LedgerTable", "LakeBucket")
        table = boto3.resource("dynamodb").Table(table_name)
        if wanted is None:
            record, others = find(table, what.partition(".")[0]), []
        else:
            found = list(islice(newest_first(table, wanted), OTHERS + 1))
            if not found and wanted.dataset:
                refuse_unknown(stack, wanted.dataset)
            record = counting(found)
            others = [one for one in found if one is not record]
        if record is None:
            raise NotFoundError(f"the ledger knows no file of {one_line(' '.join(filter(None, (what, day))))}")
        _show(table, record, others, lake, of_stack(stack), as_json=as_json)
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error


def _wanted(what: str, day: str | None) -> Wanted | None:
    """Return which drops to look at; None of one drop, by its id or its run's."""
    if what.startswith("s3://"):
        if day:
            raise click.UsageError("a key has its day in it; give the key alone")
        return Wanted(of_key=split_address(what))
    if day is None:
        return None
    if not is_partition(day):
        raise click.UsageError(f"{day!r} is not a date written YYYY-MM-DD, nor another partition ({OTHER_FORMS})")
    return Wanted(dataset=what, partition=day)


def counting(found: Sequence[DropRecord]) -> DropRecord | None:
    """Return the write that decides what the table holds: newest in force, a set before its shards, else newest."""
    in_force = [one for one in found if STATES[one.state].counts is Counts.IN_FORCE]
    of_sets = [one for one in in_force if one.members]
    return next(iter([*of_sets, *in_force, *found]), None)


def _show(
    table: Table, record: DropRecord, others: Sequence[DropRecord], lake: str, stack: str, *, as_json: bool
) -> None:
    moves, cells = history(table, record.id), bad_cells(boto3.client("s3"), record)
    holds = holds_of(table, [record, *others])
    hold = holds.get(record.id)
    asked = replay_for(table, record)
    other = record.superseded_by or record.duplicate_of
    instead = in_its_place(record, find(table, other)) if other else None
    copy, following = accepted_copy(record, lake), next_for(record, hold, others)
    commands = [f"{command}{stack}" for command in following.commands]
    if as_json:
        told: dict[str, Any] = {
            "accepted_copy": copy,
            "history": [asdict(move) | {"at": to_json(move.at)} for move in moves],
            "first_bad_cells": cells,
            "in_its_place": instead,
            "replay": replay_to_json(record, asked),
            "next": following.text,
            "commands": commands,
            "others": [as_object(one, holds.get(one.id)) for one in others],
        }
        click.echo(json.dumps(as_object(record, hold) | told, ensure_ascii=False, indent=2))
        return
    console = console_for_people()
    print_plain(console, headline(record), f"bold {STYLES.get(record.state, '')}".strip())
    console.print()
    console.print(details(record, copy, hold, asked, instead))
    console.print(moves_of(moves))
    if cells:
        console.print(drawn_cells(cells))
    _others(console, others, holds)
    print_plain(console, f"Next: {following.text}")
    for command in commands:
        print_plain(console, f"  {command}", "bold")


def replay_for(table: Table, record: DropRecord) -> ReplayRecord | None:
    """Return the replay that asked for the drop's attempt, with its reason; None if none did, or none is known."""
    if record.replay is None or record.match is None:
        return None
    return replay_of(table, record.dataset, record.replay.execution.rpartition(":")[2])


def replayed_by(record: DropRecord, asked: ReplayRecord | None) -> str | None:
    """Return which replay asked for the attempt, who, and why."""
    if record.replay is None or asked is None:
        return record.replay.execution if record.replay else None
    how = ", as it was accepted" if record.replay.as_accepted else ""
    who, why = asked.who or "unknown", asked.reason or "no reason given"
    return f"{asked.id}, begun {seconds(asked.began_at)} by {who}{how}: {why}"


def replay_to_json(record: DropRecord, asked: ReplayRecord | None) -> dict[str, Any] | None:
    """Return the same for programs."""
    if record.replay is None:
        return None
    known = {"id": asked.id, "reason": asked.reason, "who": asked.who} if asked else {}
    return {"execution": record.replay.execution, "as_accepted": record.replay.as_accepted, **known}


def _others(console: Console, others: Sequence[DropRecord], holds: Mapping[str, Hold]) -> None:
    if others:
        print_plain(console, "Other writes of it, newest first:", "bold")
        for line in overview(others, holds):
            console.print(line, soft_wrap=True)
        console.print()


def bad_cells(s3: S3Client, record: DropRecord) -> list[dict[str, Any]]:
    """Return the first bad cells of the last rejection, masked as in its report; none where that cannot be read."""
    report = record.rejection.report if record.rejection else ""
    if not report.endswith("report.html"):
        return []
    bucket, key = split_address(report.removesuffix("report.html") + "bad_cells.jsonl")
    try:
        body = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{_CELLS_BYTES - 1}")["Body"].read()
    except ClientError:  # the reports' retention has ended, the list is empty, or this role may not read it
        return []
    lines = body.decode(errors="replace").split("\n")[:-1]  # the last one may be cut
    return [json.loads(line) for line in lines[:CELLS]]


def drawn_cells(cells: Sequence[dict[str, Any]]) -> Grid:
    """Draw bad cells: where they stand and what is wrong."""
    grid = Grid("line", "column", "what is wrong", "value", box=box.SIMPLE_HEAD, title="First bad cells")
    grid.title_justify = "left"
    grid.columns[0].justify = "right"
    for cell in cells:
        shown = ("" if cell[name] is None else str(cell[name]) for name in ("line", "label", "message", "value"))
        grid.add_row(*(Text(printable(text)) for text in shown))
    return grid


def details(
    record: DropRecord,
    copy: str,
    hold: Hold | None = None,
    asked: ReplayRecord | None = None,
    instead: str | None = None,
) -> Grid:
    """Draw all that is known of a drop, leaving out what it does not have."""
    drop = record.drop
    fields = {
        "drop": record.id,
        "file": f"s3://{drop.bucket}/{drop.key}",
        "version": drop.version_id,
        "size": f"{drop.size:,} bytes",
        "dataset": f"{record.match.dataset} {record.match.partition}".strip() if record.match else None,
        "state": f"{record.state} since {seconds(record.updated_at)}, attempt {record.attempt}",
        "held": held_by(hold),
        "judged by": f"{record.dataset} {record.contract_version}" if record.contract_version else None,
        "rejected": why_rejected(record),
        "report": record.rejection.report if record.rejection else None,
        "rows": f"{record.rows:,}" if record.rows else "",
        "run": record.opened_run,
        "duplicate of": (instead or record.duplicate_of) if record.duplicate_of else None,
        "superseded by": (instead or record.superseded_by) if record.superseded_by else None,
        "set": (record.membership.set_id or "waits for the others") if record.membership else None,
        "members": " ".join(record.members),
        "accepted copy": copy,
        "replay": replayed_by(record, asked),
        "last failure": last_failure(record),
        "closed": record.closed,
        "retracted": retracted(record),
    }
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, value in fields.items():
        if value:
            grid.add_row(name, Text(printable(value), STYLES.get(record.state, "") if name == "state" else ""))
    return grid


def moves_of(moves: Sequence[HistoryEntry]) -> Grid:
    """Draw who moved the drop where and when, and how long it stood there."""
    grid = Grid("state", "at", "for", "attempt", "by", box=box.SIMPLE_HEAD)
    grid.columns[2].justify = grid.columns[3].justify = "right"
    grid.columns[4].overflow = "fold"
    lasted = [brief(after.at - before.at) for before, after in pairwise(moves)]
    for move, time in zip(moves, [*lasted, ""], strict=True):
        grid.add_row(
            Text(str(move.state), STYLES.get(move.state, "")),
            f"{move.at:%Y-%m-%d %H:%M:%S}.{move.at.microsecond // 1000:03d}Z",
            time,
            str(move.attempt),
            Text(printable(move.by)),
        )
    return grid


def brief(time: timedelta) -> str:
    """Write a duration in its two largest units, under a minute in seconds."""
    total = max(time.total_seconds(), 0)
    if total < 60:  # noqa: PLR2004 - seconds a minute
        return f"{total:.1f} s"
    minutes, hours, days = int(total // 60), int(total // 3600), time.days
    if hours < 1:
        return f"{minutes} min {int(total % 60)} s"
    return f"{hours} h {minutes % 60} min" if days < 1 else f"{days} d {hours % 24} h"

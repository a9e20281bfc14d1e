"""`suimon explain`: the whole life of one file, where it stands, and what is next."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from suimon.cli.asking import ask
from suimon.cli.drop_view import STYLES, accepted_copy, as_object, holds_of, in_its_place, overview, to_json
from suimon.cli.drops import refuse_unknown
from suimon.cli.errors import CommandError, RefusedError
from suimon.cli.explain_view import details, drawn_cells, moves_of
from suimon.cli.incidents import LISTED
from suimon.cli.incidents import lines as incident_lines
from suimon.cli.next_command import headline, next_for
from suimon.cli.pasted import PARTITION, PASTED, is_address, is_drop_id, like, split_address
from suimon.cli.printing import console_for_people, json_option, print_json, print_plain
from suimon.cli.stack import advice, of_stack, outputs_of, stack_option
from suimon.cli.words import lang_option, moment, phrase, readable, say, spoken
from suimon.drops.drop import DROP_ID_LENGTH
from suimon.drops.foreign_text import one_line
from suimon.drops.refusal import is_cut_off
from suimon.drops.states import STATES, Awaits, Counts, State
from suimon.freshness.forecast import MOST_DAYS, Expected
from suimon.incidents.kinds import Kind
from suimon.ledger.queries import Wanted, find, history, newest_first, replay_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3 import S3Client
    from rich.console import Console

    from suimon.contract.file import Language
    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold
    from suimon.drops.replay_record import ReplayRecord

OTHERS = 20  # of the other writes of a key or a partition that are listed
CELLS = 5  # bad cells that are shown; the report lists more
_CELLS_BYTES = 64 * 1024  # of the report's list that are read for them


@click.command()
@click.argument("what", type=PASTED)
@click.argument("day", type=PARTITION, required=False)
@json_option
@lang_option
@stack_option
def explain(what: str, day: str | None, lang: Language, stack: str, *, as_json: bool) -> None:
    """Show the life of a file: when it came, why it was rejected, what ran, where it stands, what is next.

    WHAT is the id of a drop or of its run, a key (s3://bucket/key, or as it stands in the raw bucket), or a dataset
    with a DAY (YYYY-MM-DD, or another partition). Of a key or a day, the write that counts is explained; the others
    are listed.

    Exit status: 0 explained, 1 the ledger knows no such file, 2 it could not be read.
    """
    wanted, lang = _wanted(what, day, stack), readable(lang)
    try:
        table_name, lake = outputs_of(stack, "LedgerTable", "LakeBucket")
        table = boto3.resource("dynamodb").Table(table_name)
        if wanted is None:
            record = find(table, what.partition(".")[0])
            wanted = Wanted(dataset=record.dataset, partition=record.partition) if record and record.match else None
            of_its_date = islice(newest_first(table, wanted), OTHERS + 1) if record and wanted else ()
            others = [one for one in of_its_date if record and one.id != record.id][:OTHERS]
        else:
            found = list(islice(newest_first(table, wanted), OTHERS + 1))
            if not found and wanted.dataset:
                refuse_unknown(stack, wanted.dataset)
            record = counting(found)
            others = [one for one in found if one is not record]
        if record is None:
            raise nothing_came(what, day, stack)
        _show(table, record, others, lake, stack, lang, as_json=as_json)
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error


def nothing_came(what: str, day: str | None, stack: str) -> RefusedError:
    """Return that the ledger has no such file; of a date also whether one is due, under which key, and what to type."""
    text = phrase("the ledger knows no file of {what}", what=one_line(" ".join(filter(None, (what, day)))))
    if day is None:
        why, then = _unknown(what, stack)
        return RefusedError(f"{text}{why}", then=f"{then}{of_stack(stack)}")
    try:
        answer = ask(stack, "forecast", {"back": MOST_DAYS, "ahead": MOST_DAYS, "dataset": what})
    except (CommandError, RefusedError):
        return RefusedError(text, then=f"suimon status{of_stack(stack)}")
    found = [Expected.from_json(one) for one in answer["expected"] if one["partition"].partition("/")[0] == day]
    for one in found:
        of = {"state": phrase(str(one.state)), "due": moment(one.deadline, spoken()), "zone": one.time_zone}
        is_due = "{partition} is {state}, due {due} {zone}, under the key {key}"
        text += "\n" + phrase(is_due, partition=one.partition, key=one.key, **of)
    if not found:
        then = f"suimon forecast --dataset {what}{of_stack(stack)}"
        return RefusedError(phrase("{text}, and none is due; to see what is:", text=text), then=then)
    never = f"suimon expect {what} {found[0].partition} --cancel --reason …{of_stack(stack)}"
    ask_for_it = phrase("Ask its sender for it; if it will not come, say so:")
    return RefusedError(f"{text}\n{ask_for_it}", then=never)


def _unknown(what: str, stack: str) -> tuple[str, str]:
    """Return what a word may be that is no drop, and what to type then."""
    there_is = phrase("To see what there is:")
    if is_cut_off(what):
        cut = phrase(
            ": an id has {whole} characters, this one {here}, so it was cut off", whole=DROP_ID_LENGTH, here=len(what)
        )
        return f"{cut}\n{there_is}", "suimon status"
    if ":" in what and not is_address(what):
        return phrase("; of an incident:"), f"suimon incidents '{one_line(what)}'"
    datasets: list[str] = []
    if not (is_drop_id(what) or is_address(what)):
        with suppress(CommandError, RefusedError):
            datasets = ask(stack, "datasets", {})["datasets"]
    if what in datasets:
        return phrase(": it is a dataset, so name a day, too; to see its days:"), f"suimon status {what}"
    return f"{like(what, datasets)}\n{there_is}", "suimon status"


def _wanted(what: str, day: str | None, stack: str) -> Wanted | None:
    """Return which drops to look at; None of one drop, by its id or its run's."""
    is_key = "/" in what and ":" not in what
    if is_address(what) or is_key:
        if day:
            raise click.UsageError(phrase("a key has its day in it; give the key alone"))
        return Wanted(of_key=(outputs_of(stack, "RawBucket")[0], what) if is_key else split_address(what))
    if day is None:
        return None
    return Wanted(dataset=what, partition=day)


def counting(found: Sequence[DropRecord]) -> DropRecord | None:
    """Return the write that decides what the table holds: newest in force, a set before its shards, else newest."""
    in_force = [one for one in found if STATES[one.state].counts is Counts.IN_FORCE]
    of_sets = [one for one in in_force if one.members]
    return next(iter([*of_sets, *in_force, *found]), None)


def _show(
    table: Table,
    record: DropRecord,
    others: Sequence[DropRecord],
    lake: str,
    stack: str,
    lang: Language,
    *,
    as_json: bool,
) -> None:
    moves, cells = history(table, record.id), bad_cells(boto3.client("s3"), record)
    holds = holds_of(table, [record, *others])
    hold = holds.get(record.id)
    asked = replay_for(table, record)
    other = record.superseded_by or record.duplicate_of
    instead = find(table, other) if other else None
    copy, following = accepted_copy(record, lake), next_for(record, hold, others)
    commands = [f"{command}{of_stack(stack)}" for command in following.commands]
    incidents, why = incidents_of(stack, record)
    if record.state is State.FAILED:  # the incident has the task's error
        of_run = [one["id"] for one in incidents if one["kind"] == Kind.RUN_FAILED]
        commands = [*(f"suimon incidents '{one}'{of_stack(stack)}" for one in of_run), *commands]
    if as_json:
        told: dict[str, Any] = {
            "accepted_copy": copy,
            "history": [asdict(move) | {"at": to_json(move.at)} for move in moves],
            "first_bad_cells": cells,
            "in_its_place": in_its_place(record, instead),
            "replay": replay_to_json(record, asked),
            "incidents": incidents,
            "next": following.said("en"),
            "commands": commands,
            "others": [as_object(one, holds.get(one.id)) for one in others],
        }
        print_json(as_object(record, hold) | told)
        return
    console = console_for_people()
    print_plain(console, headline(record, lang), f"bold {STYLES.get(record.state, '')}".strip())
    console.print()
    console.print(details(record, copy, hold, asked, in_its_place(record, instead, lang), lang))
    console.print(moves_of(moves, lang))
    if cells:
        console.print(drawn_cells(cells, lang))
    if incidents:
        print_plain(console, say("Incidents that concern it:", lang), "bold")
        for line in incident_lines(incidents, LISTED, lang, of_stack(stack)):
            console.print(line, soft_wrap=True)
        console.print()
    if why:
        print_plain(console, say("Its incidents could not be asked for: {why}", lang, why=why), "yellow")
    _others(console, others, holds, lang)
    print_plain(console, say("Next: {text}", lang, text=following.said(lang)))
    for command in commands:
        print_plain(console, f"  {command}", "bold")


def incidents_of(stack: str, record: DropRecord) -> tuple[list[dict[str, Any]], str]:
    """Ask which incidents have not recovered that are of a file or explain why it waits; or why nobody can say."""
    try:
        found = ask(stack, "incidents", {"dataset": record.dataset if record.match else "", "all": True})["incidents"]
    except (CommandError, RefusedError) as error:  # the life of the file is in the ledger all the same
        return [], error.why
    return [one for one in found if concerns(one["about"], record)], ""


def concerns(about: Mapping[str, str], record: DropRecord) -> bool:
    """Whether an incident is about a file or its date, or about what the file may wait for, such as its DAG."""
    if about.get("drop_id") == record.id:
        return True
    partition, match = about.get("partition"), record.match
    if partition and match:
        return (about.get("dataset"), partition) == (match.dataset, match.partition)
    may_wait_for_it = (
        not partition and "drop_id" not in about and about.get("dataset", record.dataset) == record.dataset
    )
    return may_wait_for_it and STATES[record.state].awaits is not Awaits.NOTHING


def replay_for(table: Table, record: DropRecord) -> ReplayRecord | None:
    """Return the replay that asked for the drop's attempt, with its reason; None if none did, or none is known."""
    if record.replay is None or record.match is None:
        return None
    return replay_of(table, record.dataset, record.replay.execution.rpartition(":")[2])


def replay_to_json(record: DropRecord, asked: ReplayRecord | None) -> dict[str, Any] | None:
    """Return the same for programs."""
    if record.replay is None:
        return None
    known = {"id": asked.id, "reason": asked.reason, "who": asked.who} if asked else {}
    return {"execution": record.replay.execution, "as_accepted": record.replay.as_accepted, **known}


def _others(console: Console, others: Sequence[DropRecord], holds: Mapping[str, Hold], lang: Language) -> None:
    if others:
        print_plain(console, say("Other writes of it, newest first:", lang), "bold")
        for line in overview(others, holds, lang):
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

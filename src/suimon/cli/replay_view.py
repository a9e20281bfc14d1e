"""What an operator sees of a replay: its plan, its progress, its end."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, NoReturn

from rich.console import Group
from rich.live import Live
from rich.table import Table as Grid
from rich.text import Text

from suimon.cli.printing import print_plain
from suimon.drops.replay_record import STOPPED
from suimon.replay.execution import Progress
from suimon.replay.message import told_in_english
from suimon.replay.summary import Fate, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from suimon.drops.replay_record import ReplayRecord

STYLES = {Fate.LOADED: "green", Fate.FAILED: "red", Fate.UNNEEDED: "yellow"}
INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended
DRAWN = 20  # rows at once: a plan may have thousands


def show(console: Console, command: str, progress: Iterator[Progress]) -> Progress:
    """Draw the progress until the end, then the result; Ctrl-C stops the drawing, not the replay.

    command: the one that follows or stops this replay, with {} in the option's place; at its end the stack, unless that
    is the usual one.
    """
    end = Progress("RUNNING")
    try:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            for end in progress:
                live.update(_drawn(end), refresh=True)
    except KeyboardInterrupt:
        _left_running(console, command)
    if 0 < len(end.rows) <= DRAWN:
        console.print(_grid(end.rows))
    for text, style in result_of(end):
        print_plain(console, text, style)
    stack = "".join(re.findall(r" --stack \S+$", command))
    if end.counts.remaining or end.counts.running:
        print_plain(console, f"Next: {command.format('--resume' if end.counts.remaining else '--follow')}")
    elif end.counts.failed:
        failed = next((row.drop_id for row in end.rows if row.fate is Fate.FAILED), "DROP")
        print_plain(console, f"Next: suimon explain {failed}{stack}")
        print_plain(console, f"Then, when the cause is mended: suimon retry{stack}")
    elif end.rows:
        print_plain(console, f"Next: suimon status {command.split()[2]}{stack}")
    else:  # nothing was begun: as a rule another replay of the range runs
        listed = re.sub(r"\{\} \S+", "--list", command)
        print_plain(console, f"Next: {listed}")
    return end


def result_of(end: Progress) -> Iterator[tuple[str, str]]:
    """Return the lines below the table, each with its style: what failed and why, what needed nothing, the counts."""
    for row in end.rows:
        if row.fate is Fate.UNNEEDED:
            yield f"{row.partition} nothing to do: {row.error or 'a newer file has come in its place'}", "yellow"
        elif row.fate is Fate.FAILED:
            yield f"{row.partition} {row.state}: {row.error}", "red"
        elif row.fate is Fate.RUNNING:
            yield f"{row.partition} still running: {row.state}", ""
    left = [row.partition for row in end.rows if row.fate is Fate.REMAINING]
    if left:
        yield f"Not begun: {spans(left)}.", "yellow"
    if end.rows:
        yield f"{told_in_english(end.counts)}.", ""
    elif end.status == "SUCCEEDED":
        yield "Nothing to replay: no partition of the range has a drop that may run again.", ""
    if end.status != "SUCCEEDED" and end.error != "Suimon.PartlyLoaded":
        yield ": ".join(filter(None, (end.status, _readable(end.cause) or end.error))), "red"


def show_plan(console: Console, plan: Mapping[str, Any]) -> None:
    """Show a line a partition: what would run and why, and what would not; those without a file in a row share one."""
    for item in plan["items"]:
        print_plain(console, f"{item['partition']} attempt {item['attempt']} of {item['drop_id']}: {item['reason']}")
    for reason, skipped in groupby(plan["skipped"], key=lambda skip: str(skip["reason"])):
        days = [str(skip["partition"]) for skip in skipped]
        print_plain(
            console, f"{days[0] if len(days) == 1 else f'{days[0]} … {days[-1]} ({len(days):,})'} left out: {reason}"
        )
    if plan["others"]:
        print_plain(console, f"{plan['others']} more left out: not asked for.")
    if plan["items"]:
        sets_off = f"each runs {plan['dag_id']}, which replaces its partition in {plan['table']}"
        count, at_once, tolerated = len(plan["items"]), plan["max_concurrency"], plan["tolerated"]
        print_plain(console, f"{plan['dataset']}: {count:,} would run, {at_once} at once; {sets_off}.")
        print_plain(console, f"No more are begun once more than {tolerated:,} have failed.")
    else:
        print_plain(console, f"{plan['dataset']}: nothing to replay.")


def show_list(
    console: Console, dataset: str, found: Sequence[ReplayRecord], statuses: Mapping[str, str], stack: str
) -> None:
    """Show the replays of a dataset, newest first, and how to look at one.

    statuses: by the ids of those without an end in the ledger, what Step Functions says of their executions.
    """
    if not found:
        print_plain(console, f"{dataset} has never been replayed.")
        print_plain(console, f"  suimon status {dataset}{stack}", "bold")
        return
    for one in found:
        how = f"{one.end}: {told_in_english(one.counts)}" if one.ended_at else _unended(one, statuses, stack)
        print_plain(console, f"{one.id}", "bold")
        print_plain(console, f"  {one.began_at:%Y-%m-%d %H:%M}Z {one.first} to {one.last}, {one.planned:,} planned")
        print_plain(console, f"  {how}")
        if one.reason or one.who:
            print_plain(console, f"  {one.reason or 'no reason given'} ({one.who or 'unknown'})")
    latest = found[0]
    what = "--resume" if latest.counts.remaining else "--follow"
    print_plain(console, f"Next: suimon replay {dataset} {what} {latest.id}{stack}")


def _unended(one: ReplayRecord, statuses: Mapping[str, str], stack: str) -> str:
    """Return how a replay stands that has no end in the ledger; it may have been ended from outside."""
    status = statuses.get(one.id, "")
    if status == "RUNNING":
        return "runs"
    return f"has no summary ({status or 'unknown'}); one is made by: suimon replay {one.dataset} --stop {one.id}{stack}"


def show_stopped(console: Console, summary: Mapping[str, Any], stack: str) -> None:
    """Show what a replay has done that was stopped, and how to go on; or how one ended before it could be stopped."""
    if summary["end"] == STOPPED:
        print_plain(console, f"Stopped: {summary['told']}. What has begun runs to its end by itself.")
    else:
        print_plain(console, f"It had ended by itself ({summary['end']}): {summary['told']}.")
    option = "--resume" if summary["remaining"] else "--follow"
    print_plain(console, f"Next: suimon replay {summary['dataset']} {option} {summary['replay']}{stack}")


def spans(partitions: Sequence[str]) -> str:
    """Write some partitions: the first ones, and how many more."""
    more = f" and {len(partitions) - DRAWN:,} more" if len(partitions) > DRAWN else ""
    return ", ".join(partitions[:DRAWN]) + more


def _left_running(console: Console, command: str) -> NoReturn:
    print_plain(console, "\nNot followed any more; the replay still runs. To look at it, or to stop it:")
    for option in ("--follow", "--stop"):
        print_plain(console, f"  {command.format(option)}")
    print_plain(console, "Attempts that have begun run to their end.")
    raise SystemExit(INTERRUPTED)


def _readable(cause: str) -> str:
    """Return the message of a Lambda error, which comes as JSON with a stack trace."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, TypeError, KeyError):
        return cause


def _drawn(now: Progress) -> Group:
    moving = [row for row in now.rows if row.fate in {Fate.RUNNING, Fate.FAILED}]
    rows = now.rows if len(now.rows) <= DRAWN else moving[-DRAWN:]
    return Group(_grid(rows), Text(f"{told_in_english(now.counts)}, of {len(now.rows):,}."))


def _grid(rows: Sequence[Result]) -> Grid:
    grid = Grid("partition", "drop", "attempt", "state", "rows")
    for row in rows:
        count = "" if row.rows is None else f"{row.rows:,}"
        grid.add_row(row.partition, row.drop_id, str(row.attempt), row.state, count, style=STYLES.get(row.fate, ""))
    return grid

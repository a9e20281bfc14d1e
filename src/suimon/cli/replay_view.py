"""What an operator sees of a replay: its plan, its progress, its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from rich.live import Live
from rich.table import Table as Grid

from suimon.cli.printing import print_plain
from suimon.replay.execution import UNNEEDED, Progress, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

STYLES = {"loaded": "green", "failed": "red", "rejected": "red", "superseded": "yellow", "overtaken": "yellow"}
INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended


def show(console: Console, execution: str, progress: Iterator[Progress]) -> Progress:
    """Draw the progress until the end, then the result; Ctrl-C stops the drawing, not the replay."""
    end = Progress("RUNNING")
    try:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            for end in progress:
                live.update(_grid(end.rows), refresh=True)
    except KeyboardInterrupt:
        _left_running(console, execution)
    if end.rows:
        console.print(_grid(end.rows))
    for text, style in result_of(end):
        print_plain(console, text, style)
    return end


def result_of(end: Progress) -> Iterator[tuple[str, str]]:
    """Return the lines below the table, each with its style: what was left out, what failed and why, and the counts."""
    for partition, reason in end.skipped:
        yield f"{partition} left out: {reason}", ""
    for row in end.rows:
        if row.state in UNNEEDED:
            yield f"{row.partition} nothing to do: {row.error or 'a newer file has come in its place'}", "yellow"
        elif row.error:
            yield f"{row.partition} {row.state}: {row.error}", "red"
    loaded = sum(row.state == "loaded" for row in end.rows)
    unneeded = sum(row.state in UNNEEDED for row in end.rows)
    if end.rows:
        failed = len(end.rows) - loaded - unneeded
        yield f"{loaded} loaded, {failed} not loaded, {unneeded} with nothing to do, {len(end.skipped)} left out.", ""
    elif end.status == "SUCCEEDED":
        yield "Nothing to replay: no day of the range has a drop that may run again.", ""
    if end.status != "SUCCEEDED" and end.error != "Suimon.PartlyLoaded":
        yield f"{end.status}: {_readable(end.cause) or end.error}", "red"


def _left_running(console: Console, execution: str) -> NoReturn:
    print_plain(console, "\nNot followed any more; the replay still runs. To look at it, or to stop it:")
    for verb in ("describe", "stop"):
        print_plain(console, f"  aws stepfunctions {verb}-execution --execution-arn {execution}")
    print_plain(console, "Attempts that have begun run to their end. The same command plans what remains then.")
    raise SystemExit(INTERRUPTED)


def _readable(cause: str) -> str:
    """Return the message of a Lambda error, which comes as JSON with a stack trace."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, TypeError, KeyError):
        return cause


def _grid(rows: Sequence[Row]) -> Grid:
    grid = Grid("partition", "drop", "attempt", "state", "rows")
    for row in rows:
        count = "" if row.rows is None else f"{row.rows:,}"
        grid.add_row(row.partition, row.drop_id, str(row.attempt), row.state, count, style=STYLES.get(row.state, ""))
    return grid


def show_plan(console: Console, plan: Mapping[str, Any]) -> None:
    """Show one line a day: what would run and why, and what would not."""
    for item in plan["items"]:
        print_plain(console, f"{item['partition']} attempt {item['attempt']} of {item['drop_id']}: {item['reason']}")
    for skip in plan["skipped"]:
        print_plain(console, f"{skip['partition']} left out: {skip['reason']}")
    if plan["others"]:
        print_plain(console, f"{plan['others']} more left out: not asked for.")
    if plan["items"]:
        sets_off = f"each runs {plan['dag_id']}, which replaces its day in {plan['table']}"
        count, at_once = len(plan["items"]), plan["max_concurrency"]
        print_plain(console, f"{plan['dataset']}: {count} would run, {at_once} at once; {sets_off}.")
    else:
        print_plain(console, f"{plan['dataset']}: nothing to replay.")

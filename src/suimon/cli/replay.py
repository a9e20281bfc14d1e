"""`suimon replay`: start the replay of a range of dates and follow it to its end."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.live import Live
from rich.table import Table as Grid

from suimon.cli.errors import CommandError
from suimon.cli.printing import print_plain
from suimon.cli.stack import advice, outputs_of, stack_option
from suimon.clock import utc_now
from suimon.ledger.queries import find
from suimon.replay.execution import UNNEEDED, Progress, ReplayError, Row, Target, ask_plan, follow, start
from suimon.replay.plan import DEFAULT_CONCURRENCY, MAX_CONCURRENCY, Request, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


STYLES = {"loaded": "green", "failed": "red", "rejected": "red", "superseded": "yellow", "overtaken": "yellow"}
INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended


@click.command()
@click.argument("dataset")
@click.option("--from", "first", required=True, metavar="YYYY-MM-DD", help="First day.")
@click.option("--to", "last", required=True, metavar="YYYY-MM-DD", help="Last day, included.")
@click.option(
    "--max-concurrency",
    type=click.IntRange(1, MAX_CONCURRENCY),
    default=DEFAULT_CONCURRENCY,
    show_default=True,
    help="How many drops may run at once.",
)
@click.option("--reason", default="", help="Kept with the execution.")
@click.option("--dry-run", is_flag=True, help="Show what would run, and start nothing.")
@stack_option
@click.option("--state-machine", envvar="SUIMON_REPLAY_STATE_MACHINE", help="ARN, instead of looking into the stack.")
def replay(
    *,
    dataset: str,
    first: str,
    last: str,
    max_concurrency: int,
    reason: str,
    stack: str,
    state_machine: str | None,
    dry_run: bool,
) -> None:
    """Run the newest drop of each day of a range again, and follow it.

    Each drop is checked and loaded again as its next attempt; loading again leaves the table as it was. The AWS account
    is that of the usual AWS environment variables. Exit status: 0 all loaded or nothing to do for it, 1 some not
    loaded, 2 nothing was done.
    """
    console = Console()
    wanted = {"dataset": dataset, "from": first, "to": last, "max_concurrency": max_concurrency, "reason": reason}
    try:
        Request.from_event(wanted)
        target = Target(state_machine) if state_machine else target_of(stack)
        if dry_run:
            show_plan(console, ask_plan(boto3.client("lambda"), target, wanted))
            return
        sfn = boto3.client("stepfunctions")
        table = boto3.resource("dynamodb").Table(target.ledger_table) if target.ledger_table else None
        execution = start(sfn, target.state_machine, wanted, utc_now())
    except (RequestError, ReplayError) as error:
        raise CommandError(str(error)) from error
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error
    print_plain(console, f"Replay {execution}")
    try:
        end = show(console, execution, follow(sfn, execution, partial(find, table) if table else None))
    except ReplayError as error:
        raise CommandError(str(error)) from error
    except (ClientError, BotoCoreError) as error:
        raise CommandError(f"{advice(error)}\nThe replay still runs, only following it failed: {execution}") from error
    raise SystemExit(exit_status(end))


def target_of(stack: str) -> Target:
    """Read what a replay uses from the stack's outputs."""
    return Target(*outputs_of(stack, "ReplayStateMachineArn", "ReplayFunctionName", "LedgerTable"))


def exit_status(end: Progress) -> int:
    """Return 0 when all was loaded, 1 when something was not, 2 when nothing could be planned."""
    if end.error == "Suimon.PlanFailed":
        return CommandError.exit_code
    return 0 if end.status == "SUCCEEDED" and end.rows else 1


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
    """Show what would run, and what would not."""
    if plan["items"]:
        console.print(_grid([Row(i["partition"], i["drop_id"], i["attempt"], "would run") for i in plan["items"]]))
    for skip in plan["skipped"]:
        print_plain(console, f"{skip['partition']} left out: {skip['reason']}")
    print_plain(console, f"{len(plan['items'])} would run, {plan['max_concurrency']} at once. Nothing was started.")

"""`suimon replay`: start the replay of a date range and follow it to its end."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.live import Live
from rich.table import Table as Grid

from suimon.cli.stack import outputs_of
from suimon.clock import utc_now
from suimon.ledger.drops import Ledger
from suimon.replay.plan import DEFAULT_CONCURRENCY, MAX_CONCURRENCY, Request, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.drops.drop import DropRecord

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 24 * 3600.0
INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended
_ENDS = {"loaded": "green", "failed": "red", "rejected": "red", "superseded": "yellow"}


class UnusableError(click.ClickException):
    """The replay could not be started or followed; exit status 2."""

    exit_code = 2


@dataclass(frozen=True)
class Target:
    """What a replay needs of the stack; without function no dry run, without ledger no states between start and end."""

    state_machine: str
    function: str = ""
    ledger_table: str = ""


@dataclass(frozen=True)
class Row:
    """One drop of a replay as the operator sees it."""

    partition: str
    drop_id: str
    attempt: int
    state: str
    rows: int | None = None
    error: str = ""


@dataclass(frozen=True)
class Progress:
    """Where a replay stands; `status` is Step Functions' own, `error` and `cause` those of an execution that failed."""

    status: str
    rows: tuple[Row, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    error: str = ""
    cause: str = ""


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
@click.option("--stack", envvar="SUIMON_STACK", default="suimon-local", show_default=True, help="The deployed stack.")
@click.option("--state-machine", envvar="SUIMON_REPLAY_STATE_MACHINE", help="ARN, instead of looking into the stack.")
def replay(
    dataset: str,
    first: str,
    last: str,
    max_concurrency: int,
    reason: str,
    stack: str,
    state_machine: str | None,
    *,
    dry_run: bool,
) -> None:
    """Run the newest drop of each day of a range again, and follow it.

    Each drop is checked and loaded anew as its next attempt; loading again leaves the table as it was. The AWS account
    is that of the usual AWS environment variables. Exit status: 0 all loaded, 1 some not loaded, 2 nothing was done.
    """
    console = Console()
    wanted = {"dataset": dataset, "from": first, "to": last, "max_concurrency": max_concurrency, "reason": reason}
    try:
        Request.from_event(wanted)
        target = Target(state_machine) if state_machine else target_of(stack)
        if dry_run:
            show_plan(console, ask_plan(target, wanted))
            return
        sfn = boto3.client("stepfunctions")
        ledger = Ledger(boto3.resource("dynamodb").Table(target.ledger_table)) if target.ledger_table else None
        execution = start(sfn, target.state_machine, wanted, utc_now())
    except (RequestError, ClientError, BotoCoreError) as error:
        raise UnusableError(str(error)) from error
    _say(console, f"Replay {execution}")
    try:
        end = show(console, execution, follow(sfn, execution, ledger.get if ledger else None))
    except (ClientError, BotoCoreError) as error:
        raise UnusableError(f"{error}\nThe replay goes on, it is only not followed: {execution}") from error
    raise SystemExit(exit_status(end))


def target_of(stack: str) -> Target:
    """Read what a replay needs from the stack's outputs."""
    return Target(*outputs_of(stack, "ReplayStateMachineArn", "ReplayFunctionName", "LedgerTable"))


def ask_plan(target: Target, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Let the replay function plan, and nothing more."""
    if not target.function:
        raise UnusableError("a dry run asks the stack's replay function: give --stack instead of --state-machine")
    answer = boto3.client("lambda").invoke(FunctionName=target.function, Payload=json.dumps(wanted).encode())
    plan: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise UnusableError(str(plan.get("errorMessage", plan)))
    return plan


def start(sfn: SFNClient, state_machine: str, wanted: Mapping[str, Any], now: datetime) -> str:
    """Start the execution and give its ARN.

    Its name is chosen before the call, so that a call repeated after a lost answer meets the execution it started.
    """
    name = f"{wanted['dataset'][:40]}.{wanted['from']}.{wanted['to']}.{now:%Y%m%dT%H%M%S}"
    try:
        return sfn.start_execution(stateMachineArn=state_machine, name=name, input=json.dumps(wanted))["executionArn"]
    except sfn.exceptions.ExecutionAlreadyExists:
        return f"{state_machine.replace(':stateMachine:', ':execution:')}:{name}"


def follow(
    sfn: SFNClient,
    execution: str,
    drop: Callable[[str], DropRecord | None] | None,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Progress]:
    """Give the replay's progress every second until its end; the last one holds every outcome.

    `drop` reads the ledger: states in between come from there, plan and outcomes from the execution's history.
    """
    plan: dict[str, Any] | None = None
    rows: tuple[Row, ...] = ()
    waited = 0.0
    while waited < PATIENCE_SECONDS:
        described = sfn.describe_execution(executionArn=execution)
        if plan is None and (plan := _output_of(sfn, execution, "Plan", newest_first=False)) is not None:
            unseen = "waiting" if drop else "unknown"
            rows = tuple(Row(item["partition"], item["drop_id"], item["attempt"], unseen) for item in plan["items"])
        if described["status"] != "RUNNING":
            yield _end(sfn, execution, described, rows, plan)
            return
        if drop:
            rows = tuple(row if row.state in _ENDS else looked_up(row, drop) for row in rows)
        yield Progress("RUNNING", rows, _skipped(plan))
        pause(POLL_SECONDS)
        waited += POLL_SECONDS
    raise UnusableError(f"{execution} still runs after {PATIENCE_SECONDS / 3600:.0f} hours and is not followed further")


def looked_up(row: Row, drop: Callable[[str], DropRecord | None]) -> Row:
    """Look up where a drop stands; an attempt that has not begun is waiting for its turn."""
    record = drop(row.drop_id)
    if record is None or record.attempt < row.attempt:
        return row
    return replace(row, state=record.state.lower(), rows=record.rows or None)


def _end(
    sfn: SFNClient,
    execution: str,
    described: Mapping[str, Any],
    rows: Sequence[Row],
    plan: Mapping[str, Any] | None,
) -> Progress:
    summary = _output_of(sfn, execution, "Summary", newest_first=True)
    if summary is not None:
        rows = [_ended(row) for row in summary["rows"]]
    error, cause = described.get("error", ""), described.get("cause", "")
    return Progress(described["status"], tuple(rows), _skipped(plan), error, cause)


def _ended(row: Mapping[str, Any]) -> Row:
    return Row(row["partition"], row["drop_id"], row["attempt"], row["outcome"], row["rows"], row["error"] or "")


def _skipped(plan: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    return tuple((skip["partition"], skip["reason"]) for skip in plan["skipped"]) if plan else ()


def _output_of(sfn: SFNClient, execution: str, state: str, *, newest_first: bool) -> dict[str, Any] | None:
    """Read what a state put out, if it has ended: Plan stands among the first events, Summary among the last."""
    history = sfn.get_execution_history(executionArn=execution, maxResults=40, reverseOrder=newest_first)
    for event in history["events"]:
        exited = event.get("stateExitedEventDetails", {"name": ""})
        if exited["name"] == state:
            output: dict[str, Any] = json.loads(exited.get("output", "{}"))
            return output
    return None


def exit_status(end: Progress) -> int:
    """Give 0 when all was loaded, 1 when something was not, 2 when nothing could be planned."""
    if end.error == "Suimon.PlanFailed":
        return UnusableError.exit_code
    return 0 if end.status == "SUCCEEDED" and end.rows else 1


def show(console: Console, execution: str, progress: Iterator[Progress]) -> Progress:
    """Draw the progress until the end and say what came out; Ctrl-C ends the looking, not the replay."""
    end = Progress("RUNNING")
    try:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            for end in progress:
                live.update(_grid(end.rows), refresh=True)
    except KeyboardInterrupt:
        _left_running(console, execution)
    if end.rows:
        console.print(_grid(end.rows))
    for partition, reason in end.skipped:
        _say(console, f"{partition} left out: {reason}")
    for row in end.rows:
        if row.error:
            _say(console, f"{row.partition} {row.state}: {row.error}", style="red")
    loaded = sum(row.state == "loaded" for row in end.rows)
    if end.rows:
        _say(console, f"{loaded} loaded, {len(end.rows) - loaded} not loaded, {len(end.skipped)} left out.")
    elif end.status == "SUCCEEDED":
        _say(console, "Nothing to replay: no day of the range has a drop that may run again.")
    if end.status != "SUCCEEDED" and end.error != "Suimon.PartlyLoaded":
        _say(console, f"{end.status}: {_readable(end.cause) or end.error}", style="red")
    return end


def _left_running(console: Console, execution: str) -> NoReturn:
    _say(console, "\nNot followed any longer; the replay goes on. To look at it, or to stop it:")
    for verb in ("describe", "stop"):
        _say(console, f"  aws stepfunctions {verb}-execution --execution-arn {execution}")
    raise SystemExit(INTERRUPTED)


def _say(console: Console, text: str, style: str = "") -> None:
    """Print as it stands: what comes from files and services is no markup, and ARNs stay in one piece."""
    console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def _readable(cause: str) -> str:
    """Take the message out of a Lambda error, which comes as JSON with a stack trace."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, TypeError, KeyError):
        return cause


def _grid(rows: Sequence[Row]) -> Grid:
    grid = Grid("partition", "drop", "attempt", "state", "rows")
    for row in rows:
        count = "" if row.rows is None else f"{row.rows:,}"
        grid.add_row(row.partition, row.drop_id, str(row.attempt), row.state, count, style=_ENDS.get(row.state, ""))
    return grid


def show_plan(console: Console, plan: Mapping[str, Any]) -> None:
    """Show what would run, and what would not."""
    if plan["items"]:
        console.print(_grid([Row(i["partition"], i["drop_id"], i["attempt"], "would run") for i in plan["items"]]))
    for skip in plan["skipped"]:
        _say(console, f"{skip['partition']} left out: {skip['reason']}")
    _say(console, f"{len(plan['items'])} would run, {plan['max_concurrency']} at once. Nothing was started.")

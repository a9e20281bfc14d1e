"""A replay under way: start the state machine, follow it, and read how each partition ended."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_stepfunctions import SFNClient

    from suimon.drops.drop import DropRecord

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 24 * 3600.0
ENDS = {"loaded": "green", "failed": "red", "rejected": "red", "superseded": "yellow"}


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


def ask_plan(functions: LambdaClient, target: Target, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Let the replay function plan, and nothing more."""
    if not target.function:
        raise UnusableError("a dry run asks the stack's replay function: give --stack instead of --state-machine")
    answer = functions.invoke(FunctionName=target.function, Payload=json.dumps(wanted).encode())
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
        planned = None if plan else _output_of(sfn, execution, "Plan", newest_first=False)
        if planned and "items" in planned:  # what its Catch puts out is an error, which the end tells
            plan = planned
            unseen = "waiting" if drop else "unknown"
            rows = tuple(Row(item["partition"], item["drop_id"], item["attempt"], unseen) for item in plan["items"])
        if described["status"] != "RUNNING":
            yield _end(sfn, execution, described, rows, plan)
            return
        if drop:
            rows = tuple(row if row.state in ENDS else looked_up(row, drop) for row in rows)
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

"""The execution of a replay: start it, follow it, and read how each partition ended."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_stepfunctions import SFNClient

    from suimon.drops.drop import DropRecord

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 24 * 3600.0
ENDS = frozenset({"loaded", "failed", "rejected", "gone", "superseded"})
UNNEEDED = frozenset({"superseded", "overtaken"})  # nothing was left to do


class ReplayError(Exception):
    """A replay that could not be planned or followed; the message says what to do. `kind`: what the function raised."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Target:
    """What a replay uses of the stack."""

    state_machine: str
    function: str
    ledger_table: str


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
    """How far a replay has come; `status`, and the `error` and `cause` of a failed execution, are Step Functions'."""

    status: str
    rows: tuple[Row, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    error: str = ""
    cause: str = ""


def ask_plan(functions: LambdaClient, function: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the replay function for its plan; nothing is started."""
    answer = functions.invoke(FunctionName=function, Payload=json.dumps(wanted).encode())
    plan: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise ReplayError(str(plan.get("errorMessage", plan)), str(plan.get("errorType", "")))
    return plan


def start(sfn: SFNClient, state_machine: str, wanted: Mapping[str, Any], now: datetime) -> str:
    """Start the execution of a plan and return its ARN; one that runs this plan already is joined.

    Its name is the plan's, so whoever says yes to the same plan a second time, or repeats the call after a lost answer,
    meets the first execution. One that has ended without changing anything (the dataset was held) is in nobody's way.
    """
    name = f"{wanted['dataset'][:24]}.{wanted['from']}.{wanted['to']}.{wanted['plan']}"
    request = {"stateMachineArn": state_machine, "input": json.dumps(wanted)}
    try:
        return sfn.start_execution(**request, name=name)["executionArn"]
    except sfn.exceptions.ExecutionAlreadyExists:
        known = f"{state_machine.replace(':stateMachine:', ':execution:')}:{name}"
    if sfn.describe_execution(executionArn=known)["status"] == "RUNNING":
        return known
    return sfn.start_execution(**request, name=f"{name}.{now:%Y%m%dT%H%M%S}")["executionArn"]


def follow(
    sfn: SFNClient,
    execution: str,
    drop: Callable[[str], DropRecord | None] | None,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Progress]:
    """Yield the replay's progress every second until its end; the last one has every outcome.

    drop: reads the ledger. States in between come from there, plan and outcomes from the execution's history.
    """
    plan: dict[str, Any] | None = None
    rows: tuple[Row, ...] = ()
    waited = 0.0
    while waited < PATIENCE_SECONDS:
        described = sfn.describe_execution(executionArn=execution)
        planned = None if plan else _output_of(sfn, execution, "Plan", newest_first=False)
        if planned and "items" in planned:  # the output of its Catch is an error, which the end reports
            plan = planned
            unseen = "waiting" if drop else "unknown"
            rows = tuple(Row(item["partition"], item["drop_id"], item["attempt"], unseen) for item in plan["items"])
        if described["status"] != "RUNNING":
            end = _end(sfn, execution, described, rows, plan)
            yield replace(end, rows=tuple(_with_reason(row, drop) for row in end.rows)) if drop else end
            return
        if drop:
            rows = tuple(row if row.state in ENDS else looked_up(row, drop) for row in rows)
        yield Progress("RUNNING", rows, _skipped(plan))
        pause(POLL_SECONDS)
        waited += POLL_SECONDS
    raise ReplayError(f"{execution} still runs after {PATIENCE_SECONDS / 3600:.0f} hours and is not followed further")


def looked_up(row: Row, drop: Callable[[str], DropRecord | None]) -> Row:
    """Look up the state of a drop; an attempt that has not begun is waiting for its turn."""
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


def _with_reason(row: Row, drop: Callable[[str], DropRecord | None]) -> Row:
    """Add why a file was rejected, and where its report is: the summary has no room for all of it."""
    record = drop(row.drop_id) if row.error else None
    rejection = record.rejection if record else None
    if rejection is None or rejection.attempt != row.attempt:
        return row
    report = f" Report: {rejection.report}" if rejection.report else ""
    return replace(row, state="rejected", error=f"{rejection.reason}{report}")


def _ended(row: Mapping[str, Any]) -> Row:
    return Row(row["partition"], row["drop_id"], row["attempt"], row["outcome"], row["rows"], row["error"] or "")


def _skipped(plan: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    return tuple((skip["partition"], skip["reason"]) for skip in plan["skipped"]) if plan else ()


def _output_of(sfn: SFNClient, execution: str, state: str, *, newest_first: bool) -> dict[str, Any] | None:
    """Return the output of a state that has ended: Plan is among the first events, Summary among the last."""
    history = sfn.get_execution_history(executionArn=execution, maxResults=40, reverseOrder=newest_first)
    for event in history["events"]:
        exited = event.get("stateExitedEventDetails", {"name": ""})
        if exited["name"] == state:
            output: dict[str, Any] = json.loads(exited.get("output", "{}"))
            return output
    return None

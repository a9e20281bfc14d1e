"""The execution of a replay: start it, follow it by the ledger, stop it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from suimon.drops.wording import Bilingual
from suimon.replay.summary import WAITING, Fate, Result, counted, results
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_stepfunctions import SFNClient

    from suimon.drops.drop import DropRecord
    from suimon.drops.replay_record import Counts
    from suimon.replay.plan import Item

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 24 * 3600.0
LOOKED_UP = 200  # items that have not ended, from the front of the plan: more do not run at once
_DATASET_CHARACTERS = 16  # of an execution's name, which has 80 for all


class ReplayError(Exception):
    """A replay that could not be planned or followed; the message says what to do.

    kind: what the function refused it as; "" if it failed. then: the command to type next, without the stack's name.
    """

    def __init__(self, why: str, kind: str = "", then: str = "") -> None:
        super().__init__(why)
        self.why, self.kind, self.then = why, kind, then


@dataclass(frozen=True)
class Progress:
    """How far a replay has come; `status`, and the `error` and `cause` of a failed execution, are Step Functions'."""

    status: str
    rows: tuple[Result, ...] = ()
    error: str = ""
    cause: str = ""

    @property
    def counts(self) -> Counts:
        """How many partitions stand how."""
        return counted(self.rows)


def ask_plan(functions: LambdaClient, function: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the replay function for a plan, or to sum up a stopped replay; nothing is started."""
    answer = functions.invoke(FunctionName=function, Payload=json.dumps(wanted).encode())
    plan: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise ReplayError(str(plan.get("errorMessage", plan)))
    if "refused" in plan:
        raise ReplayError(Bilingual(**plan["refused"]), plan["kind"], plan.get("then", ""))
    return plan


def start(sfn: SFNClient, state_machine: str, wanted: Mapping[str, Any], now: datetime) -> str:
    """Start the execution of a plan and return its ARN; one that runs this plan already is joined.

    Its name is the plan's, so whoever says yes to the same plan a second time, or repeats the call after a lost answer,
    meets the first execution. One that has ended without changing anything (the dataset was held) is in nobody's way.
    """
    first, last = (str(wanted[name]).partition("/")[0] for name in ("from", "to"))  # a name takes no slash
    name = f"{wanted['dataset'][:_DATASET_CHARACTERS]}.{first}.{last}.{wanted['plan']}"
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
    items: Sequence[Item],
    records: Callable[[Sequence[str]], Mapping[str, DropRecord]],
    failures: Callable[[], Mapping[str, str]] = dict,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Progress]:
    """Yield the replay's progress every second until its end; the last one has every outcome.

    records: reads drops of the ledger. failures: why partitions were not loaded, as the state machine recorded.
    """
    seen: dict[Item, Result] = {}
    waited = 0.0
    while waited < PATIENCE_SECONDS:
        described = sfn.describe_execution(executionArn=execution)
        if described["status"] != "RUNNING":
            found = results(items, records([item.drop_id for item in items]), failures())
            yield Progress(described["status"], tuple(found), described.get("error", ""), described.get("cause", ""))
            return
        open_ones = [item for item in items if item not in seen][:LOOKED_UP]
        looked_up = results(open_ones, records([item.drop_id for item in open_ones]))
        now = seen | dict(zip(open_ones, looked_up, strict=True))
        yield Progress("RUNNING", tuple(now.get(item) or waiting(item) for item in items))
        seen = {item: row for item, row in now.items() if row.fate not in {Fate.RUNNING, Fate.REMAINING}}
        pause(POLL_SECONDS)
        waited += POLL_SECONDS
    hours = f"{PATIENCE_SECONDS / 3600:.0f}"
    raise ReplayError(
        Bilingual(
            f"{execution} still runs after {hours} hours and is not followed further",
            f"{execution} は {hours} 時間たっても実行中です。表示を終えます",
        )
    )


def waiting(item: Item) -> Result:
    """Return how an item stands that is not looked up yet."""
    return Result(item.partition, item.drop_id, item.attempt, Fate.REMAINING, WAITING)

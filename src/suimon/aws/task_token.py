"""The task token by which a replay waits for the end of an attempt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from suimon.drops.foreign_text import leading
from suimon.drops.states import State

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from suimon.drops.drop import DropRecord

LONGEST_CAUSE = 180  # the summary has 200 characters for it and its name: 366 days in Japanese fill what it may have
_FAILURES = {State.REJECTED: "Rejected", State.GONE: "Deleted", State.CLOSED: "Closed"}
# The token was used or has expired, or its execution has ended: nobody waits any more.
_NOBODY_WAITS = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


def answer_token(sfn: SFNClient, record: DropRecord, error: str) -> None:
    """Answer the replay that waits for this attempt, if one does: success when its partition is up to date."""
    token = record.replay.task_token if record.replay else ""
    if not token:
        return
    try:
        if record.state in {State.LOADED, State.SUPERSEDED, State.RETRACTED}:
            answer = {
                "drop_id": record.id,
                "partition": record.partition,
                "outcome": record.state.lower(),
                "rows": record.rows,
            }
            sfn.send_task_success(taskToken=token, output=json.dumps(answer))
        else:
            name = _FAILURES.get(record.state, "RunFailed")
            sfn.send_task_failure(taskToken=token, error=name, cause=leading(error, LONGEST_CAUSE))
    except ClientError as failure:
        if failure.response["Error"]["Code"] not in _NOBODY_WAITS:
            raise

"""Ends of runs that were found and are not yet entered: noted, so that a round that dies leaves none half told."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from suimon.drops.run_finished import RunFinished
from suimon.drops.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_dynamodb.service_resource import Table

_KEY = {"pk": "mark#runs", "sk": "mark"}


class NotedEnds:
    """One item (`pk` = `mark#runs`, `sk` = `mark`) with an attribute for each end, named by its run.

    Two rounds may be at work at once, the scheduler's and an operator's. Each adds and takes away its own:

        the scheduler's round               the operator's
        notes the end of run 1
                                            notes the end of run 2: run 1's stays
        run 1: ledger moved
        -- killed here --
                                            run 2: ledger moved, told, taken away
        the next one finds run 1
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self) -> list[RunFinished]:
        """Give the ends that nobody has finished entering."""
        item: Mapping[str, Any] = self._table.get_item(Key=_KEY, ConsistentRead=True).get("Item", {})
        return [_end(str(text)) for run, text in sorted(item.items()) if run not in _KEY]

    def add(self, ends: Sequence[RunFinished]) -> None:
        """Note ends, all of them or none."""
        if not ends:
            return
        by_run = {end.run_id: _text(end) for end in ends}
        self._table.update_item(
            Key=_KEY,
            UpdateExpression="SET " + ", ".join(f"#{number} = :{number}" for number in range(len(by_run))),
            ExpressionAttributeNames={f"#{number}": run for number, run in enumerate(by_run)},
            ExpressionAttributeValues={f":{number}": text for number, text in enumerate(by_run.values())},
        )

    def remove(self, end: RunFinished) -> None:
        """Take away an end that is entered, unless another round has noted a different one of the run since."""
        try:
            self._table.update_item(
                Key=_KEY,
                UpdateExpression="REMOVE #run",
                ConditionExpression="#run = :end",
                ExpressionAttributeNames={"#run": end.run_id},
                ExpressionAttributeValues={":end": _text(end)},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise


def _text(end: RunFinished) -> str:
    return json.dumps(asdict(end), sort_keys=True)


def _end(text: str) -> RunFinished:
    end = json.loads(text)
    return RunFinished(**{**end, "state": State(end["state"])})

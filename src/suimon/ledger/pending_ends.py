"""Ends of runs that were found and not recorded yet: a round of the sweep that crashes leaves none half recorded."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from suimon.drops.run_finished_event import RunFinished
from suimon.drops.states import State
from suimon.ledger.checkpoints import key_of
from suimon.ledger.conditional import RefusedError, write_if
from suimon.ledger.unreadable_items import Unusable, read_each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_dynamodb.service_resource import Table

_KEY = key_of("runs")


class PendingEnds:
    """The checkpoint `runs`: one item with an attribute for each end, named by its run.

    Two rounds may be at work at once, the scheduler's and an operator's. Each adds and removes its own:

        the scheduler's round               the operator's
        adds the end of run 1
                                            adds the end of run 2: run 1's stays
        run 1: ledger moved
        -- crash --
                                            run 2: ledger moved, reported, removed
        the next one finds run 1
    """

    def __init__(self, table: Table, unusable: Unusable) -> None:
        self._table = table
        self._unusable = unusable

    def all(self) -> list[RunFinished]:
        """Return the ends that nobody has finished recording."""
        item: Mapping[str, Any] = self._table.get_item(Key=_KEY, ConsistentRead=True).get("Item", {})
        ends = [{"pk": f"the end of run {run}", "text": text} for run, text in sorted(item.items()) if run not in _KEY]
        return list(read_each(ends, lambda one: _end(str(one["text"])), self._unusable))

    def add(self, ends: Sequence[RunFinished]) -> None:
        """Add ends, all of them or none."""
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
        """Remove an end that is recorded, unless another round has added a different one of the run since."""
        with suppress(RefusedError):
            write_if(
                "#run = :end",
                self._table.update_item,
                Key=_KEY,
                UpdateExpression="REMOVE #run",
                ExpressionAttributeNames={"#run": end.run_id},
                ExpressionAttributeValues={":end": _text(end)},
            )


def _text(end: RunFinished) -> str:
    return json.dumps(asdict(end), sort_keys=True)


def _end(text: str) -> RunFinished:
    end = json.loads(text)
    return RunFinished(**{**end, "state": State(end["state"])})

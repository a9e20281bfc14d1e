"""Where the ledger's table keeps holds: one item a dataset, its last hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from suimon.drops.hold import Hold
from suimon.ledger.batch import read_items
from suimon.ledger.conditional import RefusedError, write_if
from suimon.ledger.items import moment, stamp
from suimon.ledger.unreadable_items import Unusable, read_each, read_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mypy_boto3_dynamodb.service_resource import Table


class LostHoldError(Exception):
    """Somebody else has changed the hold meanwhile; the caller reads it again and decides again."""


class HoldLedger:
    """`pk` = `hold#<dataset>`, `sk` = `hold`; reads are consistent, each write is made from the revision that was read.

    a person                             the gate, with an accepted file
                                         reads: no hold
    writes the hold
                                         asks Airflow for the run: it goes ahead
                                         the next file: reads the hold, starts nothing  (mark: dataset-is-held)
    """

    def __init__(self, table: Table, sleep: Callable[[float], None], unusable: Unusable | None = None) -> None:
        self._table = table
        self._sleep = sleep
        self._unusable = unusable

    def of(self, dataset: str) -> Hold | None:
        """Return the last hold of a dataset, in force or not; None if there never was one."""
        item = self._table.get_item(Key=_key(dataset), ConsistentRead=True).get("Item")
        return read_item(item, _hold) if item else None

    def of_all(self, datasets: Iterable[str]) -> dict[str, Hold]:
        """Return the last holds of those of some datasets that ever had one."""
        keys = [_key(dataset) for dataset in dict.fromkeys(datasets)]
        found = read_items(self._table, keys, self._sleep)
        return {hold.dataset: hold for hold in read_each(found, _hold, self._unusable)}

    def put(self, hold: Hold) -> Hold:
        """Write a hold that was made from the revision it carries; LostHoldError when that is no longer the latest."""
        item = _item(replace(hold, revision=hold.revision + 1))
        as_read = Attr("revision").eq(hold.revision) if hold.revision else Attr("pk").not_exists()
        try:
            write_if(as_read, self._table.put_item, Item=item)
        except RefusedError as refused:
            # An answer that was lost on its way is asked for again by botocore, and our own write refuses it.
            if refused.item != item:
                raise LostHoldError(f"the hold of {hold.dataset} has changed meanwhile") from refused
        return _hold(item)


def _key(dataset: str) -> dict[str, str]:
    return {"pk": f"hold#{dataset}", "sk": "hold"}


def _item(hold: Hold) -> dict[str, Any]:
    times = {"since": hold.since, "until": hold.until, "released_at": hold.released_at}
    return _key(hold.dataset) | {
        "dataset": hold.dataset,
        "reason": hold.reason,
        "who": hold.who,
        **{name: stamp(at) for name, at in times.items() if at},
        **({"released_by": hold.released_by} if hold.released_by else {}),
        "revision": hold.revision,
    }


def _hold(item: Mapping[str, Any]) -> Hold:
    return Hold(
        dataset=str(item["dataset"]),
        reason=str(item["reason"]),
        who=str(item["who"]),
        since=moment(item["since"]),
        until=moment(item["until"]) if "until" in item else None,
        released_at=moment(item["released_at"]) if "released_at" in item else None,
        released_by=item.get("released_by"),
        revision=int(item["revision"]),
    )

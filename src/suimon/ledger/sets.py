"""Where the ledger's table keeps sets: one item a partition, written whole and from the revision that was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from suimon.drops.sets import DropSet, Member, Opened
from suimon.ledger.by_state import SetState, items_in
from suimon.ledger.conditional import RefusedError, write_if
from suimon.ledger.items import moment, stamp
from suimon.ledger.unreadable_items import Unusable, read_each, read_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table


class LostSetError(Exception):
    """Somebody else changed the set first; the caller reads it again and decides again."""


class SetLedger:
    """`pk` = `set#<dataset>#<partition>`, `sk` = `set`; reads are consistent.

    The last shard                       another last shard
    reads revision 7
                                         reads revision 7
    writes 8: three of four
                                         writes 8: refused (mark: set-changed-meanwhile)
                                         reads 8, decides again
                                         writes 9: four of four, and so the run   <- the last to write sees all
    """

    def __init__(self, table: Table, unusable: Unusable | None = None) -> None:
        self._table = table
        self._unusable = unusable

    def get(self, dataset: str, partition: str) -> DropSet:
        """Return the set as it stands now; one without members if nothing has joined."""
        item = self._table.get_item(Key=_key(dataset, partition), ConsistentRead=True).get("Item")
        return read_item(item, _set) if item else DropSet(dataset, partition)

    def put(self, whole: DropSet, now: datetime) -> DropSet:
        """Write a set that was made from the revision it carries; LostSetError when that is no longer the latest."""
        item = _item(whole, whole.revision + 1, now)
        as_read = Attr("revision").eq(whole.revision) if whole.revision else Attr("pk").not_exists()
        try:
            write_if(as_read, self._table.put_item, Item=item)
        except RefusedError as refused:
            raise LostSetError(f"the set {whole.dataset} {whole.partition} has changed meanwhile") from refused
        return _set(item)

    def awaited(self, until: datetime) -> Iterator[DropSet]:
        """Yield the sets that are awaited since then or longer, longest first; the index may lag a moment."""
        yield from read_each(items_in(self._table, SetState.AWAITED, until), _set, self._unusable)


def _key(dataset: str, partition: str) -> dict[str, str]:
    return {"pk": f"set#{dataset}#{partition}", "sk": "set"}


def _item(whole: DropSet, revision: int, now: datetime) -> dict[str, Any]:
    return _key(whole.dataset, whole.partition) | {
        "dataset": whole.dataset,
        "partition": whole.partition,
        "members": _listed(whole.members),
        "outside": _listed(whole.outside),
        "control": [whole.control.drop_id, whole.control.written] if whole.control else [],
        "expected": None if whole.expected is None else sorted(whole.expected),
        "opened": [whole.opened.number, whole.opened.content, whole.opened.sequencer] if whole.opened else [],
        "newest": whole.newest,
        "revision": revision,
        "state": str(SetState.AWAITED if whole.waiting_since else SetState.OPENED),
        "updated_at": stamp(whole.waiting_since or now),
    }


def _listed(shards: Mapping[str, Member]) -> dict[str, list[str]]:
    return {name: [shard.drop_id, shard.written] for name, shard in shards.items()}


def _set(item: Mapping[str, Any]) -> DropSet:
    return DropSet(
        dataset=item["dataset"],
        partition=item["partition"],
        members={name: Member(*shard) for name, shard in item["members"].items()},
        outside={name: Member(*shard) for name, shard in item["outside"].items()},
        control=Member(*item["control"]) if item["control"] else None,
        expected=None if item["expected"] is None else frozenset(item["expected"]),
        opened=_opened(*item["opened"]) if item["opened"] else None,
        newest=item["newest"],
        waiting_since=moment(item["updated_at"]) if item["state"] == SetState.AWAITED else None,
        revision=int(item["revision"]),
    )


def _opened(number: Any, content: str, sequencer: str) -> Opened:
    return Opened(int(number), content, sequencer)

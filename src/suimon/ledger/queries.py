"""The read side of the ledger for people: which drops, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from suimon.ledger.drops import BY_PARTITION, BY_STATE, Ledger
from suimon.ledger.items import entered_later, entry_key, partition_key, place, record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import DropRecord
    from suimon.drops.states import State

PAGE = 100  # what BatchGetItem takes, and more than a screen holds


@dataclass(frozen=True)
class Wanted:
    """Which drops to list; an empty field leaves it open. `place` is the bucket and the key."""

    dataset: str = ""
    partition: str = ""
    place: tuple[str, str] | None = None
    state: State | None = None

    def has(self, record: DropRecord) -> bool:
        """Whether the record is one of those."""
        return (
            self.dataset in ("", record.match.dataset if record.match else None)
            and self.partition in ("", record.match.partition if record.match else None)
            and self.place in (None, (record.drop.bucket, record.drop.key))
            and self.state in (None, record.state)
        )


def newest_first(table: Table, wanted: Wanted) -> Iterator[DropRecord]:
    """Give the drops that are wanted, reading the ledger no further than they are taken.

    The writes of a key are as they stand now; an index may lag a moment behind the table.
    """
    if wanted.place:
        found = _of_key(table, *wanted.place)
    elif wanted.dataset and wanted.partition:
        named = Key("dataset_partition").eq(partition_key(wanted.dataset, wanted.partition))
        found = (record_of(item) for page in _pages(table, named, IndexName=BY_PARTITION) for item in page)
    else:
        named = Key("state").eq(str(wanted.state))
        found = (record_of(item) for page in _pages(table, named, IndexName=BY_STATE) for item in page)
    return filter(wanted.has, found)


def _of_key(table: Table, bucket: str, key: str) -> Iterator[DropRecord]:
    ledger = Ledger(table)
    for entries in _pages(table, Key("pk").eq(entry_key(bucket, key)), ConsistentRead=True):
        known = ledger.get_many(str(entry["drop_id"]) for entry in entries) if entries else {}
        for entry in entries:
            record = known.get(str(entry["drop_id"])) or entered_later(entry)
            # Found by listing and told by its event after all, a drop has two entries; its record says which counts.
            if place(record.drop) == entry["sk"]:
                yield record


def _pages(table: Table, named: Any, **where: Any) -> Iterator[list[dict[str, Any]]]:
    query: dict[str, Any] = {"KeyConditionExpression": named, "ScanIndexForward": False, "Limit": PAGE, **where}
    while True:
        page = table.query(**query)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

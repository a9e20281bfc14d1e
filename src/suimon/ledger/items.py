"""How drops lie in the ledger's table: an item each, and an entry of its key beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from suimon.drops.drop import Drop, DropRecord, State, written_order

if TYPE_CHECKING:
    from collections.abc import Mapping


def stamp(now: datetime) -> str:
    """A time as the ledger keeps it: ISO 8601, UTC, milliseconds, so that text order is time order."""
    return now.astimezone(UTC).isoformat(timespec="milliseconds")


def drop_key(drop_id: str) -> dict[str, str]:
    """The key of a drop's item."""
    return {"pk": f"drop#{drop_id}", "sk": "drop"}


def entry_key(bucket: str, key: str) -> str:
    """The key that the entries of an object key share."""
    return f"key#{bucket}/{key}"  # S3: a bucket's name holds no slash and a key 1,024 bytes; DynamoDB takes 2,048


def place(record: DropRecord) -> str:
    """Where a drop stands among the writes of its key, as text that sorts."""
    return f"{written_order(record.drop.sequencer)}#{record.id}"


def entry_of(record: DropRecord) -> dict[str, Any]:
    """Write the entry of a drop's key."""
    drop = record.drop
    return {
        "pk": entry_key(drop.bucket, drop.key),
        "sk": place(record),
        "drop_id": record.id,
        "dataset": record.dataset,
        "partition": record.partition,
        "received_at": record.received_at,
        "bucket": drop.bucket,
        "key": drop.key,
        "version_id": drop.version_id,
        "etag": drop.etag,
        "size": drop.size,
        # A key of the index must not be empty.
        "sequencer": drop.sequencer or "0",
    }


def item_of(record: DropRecord, by: str) -> dict[str, Any]:
    """Write a new drop's item."""
    drop = record.drop
    return drop_key(record.id) | {
        "drop_id": record.id,
        "dataset": record.dataset,
        "partition": record.partition,
        "dataset_partition": f"{record.dataset}#{record.partition}",
        "bucket": drop.bucket,
        "key": drop.key,
        "version_id": drop.version_id,
        "etag": drop.etag,
        "size": drop.size,
        # The index's sort key; an index key must not be empty.
        "sequencer": drop.sequencer or "0",
        "state": str(record.state),
        "attempt": record.attempt,
        "received_at": record.received_at,
        "updated_at": record.updated_at,
        "lease_owner": "",
        "lease_until": "",
        "members": list(record.members),
        "history": [move_of(record.state, datetime.fromisoformat(record.received_at), record.attempt, by)],
    }


def move_of(state: State, at: datetime, attempt: int, by: str) -> dict[str, Any]:
    """Write one entry of a drop's history."""
    return {"state": str(state), "at": stamp(at), "attempt": attempt, "by": by}


def record_of(item: Mapping[str, Any]) -> DropRecord:
    """Read a drop's item."""
    return DropRecord(
        drop=drop_of(item),
        dataset=item["dataset"],
        partition=item["partition"],
        state=State(item["state"]),
        attempt=int(item["attempt"]),
        received_at=item["received_at"],
        updated_at=item["updated_at"],
        lease_until=item["lease_until"],
        lease_owner=item["lease_owner"],
        run_id=item.get("run_id", ""),
        rows=int(item.get("rows", 0)),
        accepted_as=item.get("accepted_as", ""),
        duplicate_of=item.get("duplicate_of", ""),
        set_id=item.get("set_id", ""),
        members=tuple(item.get("members", ())),
        task_token=item.get("task_token", ""),
        replay=item.get("replay", ""),
        moves=len(item["history"]),
    )


def entered_later(entry: Mapping[str, Any]) -> DropRecord:
    """Read a write whose own record is not there yet: whoever put the entry is about to put that, or will again."""
    at = str(entry["received_at"])
    return DropRecord(drop_of(entry), entry["dataset"], entry["partition"], State.RECEIVED, 1, at, at)


def drop_of(item: Mapping[str, Any]) -> Drop:
    """Read the drop itself, from its item or its entry."""
    return Drop(
        bucket=item["bucket"],
        key=item["key"],
        version_id=item["version_id"],
        etag=item["etag"],
        size=int(item["size"]),
        sequencer=item["sequencer"],
    )

"""The ledger: the DynamoDB table that knows every drop. Every write is conditional: only one hand moves a drop."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError

from suimon.drop import NEXT, Drop, DropRecord, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

BY_PARTITION = "by_partition"


class LostClaimError(Exception):
    """Somebody else moved the drop first; whoever gets this stops and leaves the drop to them."""


class LedgerError(Exception):
    """A move that the state table does not allow: a bug of ours, never a race."""


@dataclass(frozen=True)
class Move:
    """One entry of a drop's history: the state it came to, when, in which attempt."""

    state: State
    at: datetime
    attempt: int


def stamp(now: datetime) -> str:
    """A time as the ledger keeps it: ISO 8601, UTC, milliseconds, so that text order is time order."""
    return now.astimezone(UTC).isoformat(timespec="milliseconds")


class Ledger:
    """Drops in one DynamoDB table: `pk` = `drop#<id>`, `sk` = `drop`, index `by_partition`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, drop_id: str) -> DropRecord | None:
        """Return the drop as it stands now (consistent read), or None."""
        item = self._table.get_item(Key=_key(drop_id), ConsistentRead=True).get("Item")
        return _record(item) if item else None

    def history(self, drop_id: str) -> list[Move]:
        """Return every move of a drop, oldest first: for people, and for measuring how long a step took."""
        item = self._table.get_item(Key=_key(drop_id), ConsistentRead=True).get("Item", {})
        entries: list[Any] = item.get("history", [])  # type: ignore[assignment]  # DynamoDB's any type
        return [
            Move(State(entry["state"]), datetime.fromisoformat(entry["at"]), int(entry["attempt"])) for entry in entries
        ]

    def drops_of(self, dataset: str, partition: str) -> list[DropRecord]:
        """Return every drop of a partition, oldest write first. The index may lag a moment behind the table."""
        found: list[dict[str, Any]] = []
        query: dict[str, Any] = {
            "IndexName": BY_PARTITION,
            "KeyConditionExpression": Key("dataset_partition").eq(f"{dataset}#{partition}"),
        }
        while True:
            page = self._table.query(**query)
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                return [_record(item) for item in found]
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def receive(self, drop: Drop, dataset: str, partition: str, state: State, now: datetime) -> DropRecord:
        """Enter the drop as RECEIVED (or UNMATCHED) if it is new, and return it as the ledger has it."""
        record = DropRecord(drop, dataset, partition, state, attempt=1, received_at=stamp(now), updated_at=stamp(now))
        try:
            self._table.put_item(Item=_item(record), ConditionExpression="attribute_not_exists(pk)")
        except ClientError as error:
            if not _is_refused(error):
                raise
            known = self.get(drop.id)
            if known is None:  # deleted by hand between the two calls
                raise LostClaimError(f"drop {drop.id} vanished from the ledger") from error
            return known
        return record

    def claim(
        self, record: DropRecord, now: datetime, *, owner: str, lease: timedelta, attempt: int, **replay: str
    ) -> DropRecord:
        """Take the drop for checking until the lease ends; LostClaimError when somebody else was first.

        A drop whose VALIDATING lease has run out may be taken over: its owner was killed.
        """
        expired = record.state is State.VALIDATING
        return self._write(
            record,
            State.VALIDATING,
            now,
            {"attempt": attempt, "lease_owner": owner, "lease_until": stamp(now + lease), **replay},
            only_expired_at=stamp(now) if expired else "",
        )

    def move(self, record: DropRecord, to: State, now: datetime, **attributes: Any) -> DropRecord:
        """Move the drop on from exactly the record in hand; LostClaimError when it has moved meanwhile."""
        return self._write(record, to, now, attributes)

    def release(self, record: DropRecord, now: datetime) -> None:
        """End the lease of a check that failed, so that the next delivery need not wait for it to run out."""
        with suppress(LostClaimError):  # it has moved on, or was taken over: then there is nothing to end
            self._write(record, State.VALIDATING, now, {"lease_until": stamp(now)}, moves=False)

    def renew_token(self, record: DropRecord, task_token: str, now: datetime) -> DropRecord:
        """Keep the newest task token of the replay that owns the attempt: a retried task waits under a new one."""
        return self._write(record, record.state, now, {"task_token": task_token}, moves=False)

    def _write(
        self,
        record: DropRecord,
        to: State,
        now: datetime,
        attributes: dict[str, Any],
        *,
        only_expired_at: str = "",
        moves: bool = True,
    ) -> DropRecord:
        if moves and to not in NEXT[record.state]:
            raise LedgerError(f"drop {record.id}: no way leads from {record.state} to {to}")
        # Since when it stands where it stands: a renewed token or an ended lease is no step.
        changes = {**attributes, "state": str(to)} | ({"updated_at": stamp(now)} if moves else {})
        names = {f"#{name}": name for name in changes} | {"#attempt": "attempt", "#owner": "lease_owner"}
        values = {f":{name}": value for name, value in changes.items()} | {
            ":from": str(record.state),
            ":held_attempt": record.attempt,
            ":held_owner": record.lease_owner,
            ":entry": [{"state": str(to), "at": stamp(now), "attempt": attributes.get("attempt", record.attempt)}],
        }
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in changes)
        if moves:
            update += ", history = list_append(history, :entry)"
        else:
            del values[":entry"]
        condition = "#state = :from AND #attempt = :held_attempt AND #owner = :held_owner"
        if only_expired_at:
            condition += " AND lease_until < :expired_at"
            values[":expired_at"] = only_expired_at
        try:
            answer = self._table.update_item(
                Key=_key(record.id),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if _is_refused(error):
                raise LostClaimError(f"drop {record.id} is no longer {record.state} in these hands") from error
            raise
        return _record(answer["Attributes"])


def _key(drop_id: str) -> dict[str, str]:
    return {"pk": f"drop#{drop_id}", "sk": "drop"}


def _is_refused(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def _item(record: DropRecord) -> dict[str, Any]:
    drop = record.drop
    return _key(record.id) | {
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
        "history": [{"state": str(record.state), "at": record.received_at, "attempt": record.attempt}],
    }


def _record(item: dict[str, Any]) -> DropRecord:
    return DropRecord(
        drop=Drop(
            bucket=item["bucket"],
            key=item["key"],
            version_id=item["version_id"],
            etag=item["etag"],
            size=int(item["size"]),
            sequencer=item["sequencer"],
        ),
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
        task_token=item.get("task_token", ""),
        replay=item.get("replay", ""),
    )

"""The ledger: the DynamoDB table that knows every drop. Every write is conditional: only one hand moves a drop."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

from botocore.exceptions import ClientError

from suimon.drops.drop import Accepted, Drop, DropRecord, Lease, Match, Membership, Replay
from suimon.drops.states import State, allowed
from suimon.ledger.batch import read_items
from suimon.ledger.items import (
    attributes_of,
    drop_key,
    entered_later,
    entry_key,
    entry_of,
    item_of,
    moment,
    move_of,
    owner_of,
    partition_key,
    place,
    record_of,
    stamp,
)
from suimon.ledger.sets import SetLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime, timedelta
    from typing import Unpack

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.ledger.items import Standing

BY_PARTITION, BY_STATE = "by_partition", "by_state"
# A check that fails for months is taken over thousands of times, and an item has 400 KB for its whole life.
MOST_TAKEN_OVER = 100


class LostClaimError(Exception):
    """Somebody else moved the drop first; whoever gets this stops and leaves the drop to them."""


@dataclass(frozen=True)
class HistoryEntry:
    """One entry of a drop's history: the state it came to, when, in which attempt, by whose hand."""

    state: State
    at: datetime
    attempt: int
    by: str


class Changes(TypedDict, total=False):
    """What a move writes into the record beside the state; `finished`, what the run reported, for people alone."""

    accepted: Accepted
    opened_run: str
    duplicate_of: str
    membership: Membership
    finished: Mapping[str, Any]


class Ledger:
    """Drops in one DynamoDB table: `pk` = `drop#<id>`, `sk` = `drop`, with the indexes `by_partition` and `by_state`.

    `by` names who writes: an invocation, a function. Beside each drop lies an entry of its key, `pk` =
    `key#<bucket>/<key>`, `sk` = `<written order>#<id>`. An index lags behind its table; a query of the table does not,
    so two writes of one key can never miss each other:

        the older write                         the newer write
        put its entry
                                                put its entry
        enter, claim                            enter, claim
        query the key's entries: both           query the key's entries: both

    Both are seen though a record may not be there yet (mark: entry-stands-for-its-record).
    """

    def __init__(self, table: Table, by: str = "a person", sleep: Callable[[float], None] = time.sleep) -> None:
        self.sets = SetLedger(table)
        self._table = table
        self._by = by
        self._sleep = sleep

    def get(self, drop_id: str) -> DropRecord | None:
        """Return the drop as it stands now (consistent read), or None."""
        item = self._table.get_item(Key=drop_key(drop_id), ConsistentRead=True).get("Item")
        return record_of(item) if item else None

    def get_many(self, drop_ids: Iterable[str]) -> dict[str, DropRecord]:
        """Return the drops among these that the ledger knows, by id, as they stand now."""
        keys = [drop_key(drop_id) for drop_id in dict.fromkeys(drop_ids)]
        return {str(item["drop_id"]): record_of(item) for item in read_items(self._table, keys, self._sleep)}

    def history(self, drop_id: str) -> list[HistoryEntry]:
        """Return every move of a drop, oldest first: for people, and for measuring how long a step took."""
        item = self._table.get_item(Key=drop_key(drop_id), ConsistentRead=True).get("Item", {})
        entries: list[Any] = item.get("history", [])  # type: ignore[assignment]  # DynamoDB's any type
        return [HistoryEntry(State(one["state"]), moment(one["at"]), int(one["attempt"]), one["by"]) for one in entries]

    def drops_of(self, dataset: str, partition: str) -> list[DropRecord]:
        """Return every drop of a partition, oldest write first. The index may lag a moment behind the table."""
        found = self._query(
            IndexName=BY_PARTITION,
            KeyConditionExpression="dataset_partition = :partition",
            ExpressionAttributeValues={":partition": partition_key(dataset, partition)},
        )
        # The index keeps sequencers as S3 tells them, and those sort as the writes do only when padded.
        return sorted(map(record_of, found), key=_written)

    def in_state(
        self, state: State, before: datetime, limit: int, *, behind: Standing | None = None
    ) -> list[DropRecord]:
        """Return a page of the drops that came to a state until then, longest ago first; those behind a place.

        A page may hold fewer than `limit` though others follow: only an empty one says that none does. The index may
        lag a moment behind the table.
        """
        query: dict[str, Any] = {
            "IndexName": BY_STATE,
            "KeyConditionExpression": "#state = :state AND updated_at <= :before",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":state": str(state), ":before": stamp(before)},
            "Limit": limit,
        }
        if behind:
            at = {"state": str(state), "updated_at": stamp(behind.since)}
            query["ExclusiveStartKey"] = drop_key(behind.drop_id) | at
        return [record_of(item) for item in self._table.query(**query)["Items"]]

    def drops_of_key(self, bucket: str, key: str) -> list[DropRecord]:
        """Return every drop of a key as it stands now, oldest write first."""
        return self._writes(
            KeyConditionExpression="pk = :key", ExpressionAttributeValues={":key": entry_key(bucket, key)}
        )

    def newer_writes(self, drop: Drop) -> list[DropRecord]:
        """Return the later writes of the drop's key as they stand now, oldest first; those not yet entered too."""
        found = self._writes(
            KeyConditionExpression="pk = :key AND sk > :own",
            ExpressionAttributeValues={":key": entry_key(drop.bucket, drop.key), ":own": place(drop)},
        )
        return [one for one in found if place(one.drop) > place(drop)]

    def older_writes(self, drop: Drop) -> Iterator[DropRecord]:
        """Yield the earlier writes of the drop's key as they stand now, newest first, reading no more than is taken."""
        query: dict[str, Any] = {
            "KeyConditionExpression": "pk = :key AND sk < :own",
            "ExpressionAttributeValues": {":key": entry_key(drop.bucket, drop.key), ":own": place(drop)},
            "ScanIndexForward": False,
        }
        for entry in self._query(ConsistentRead=True, Limit=5, **query):
            known = self.get(str(entry["drop_id"])) or entered_later(entry)
            if place(known.drop) == entry["sk"]:
                yield known

    def _writes(self, **query: Any) -> list[DropRecord]:
        """Read the drops of a query's entries, in the order of their writes.

        A drop that was found without its event, whose event comes after all, has two entries: its record says which
        counts, the first.
        """
        entries = {str(entry["drop_id"]): entry for entry in self._query(ConsistentRead=True, **query)}
        known = self.get_many(entries) if entries else {}
        found = (known.get(drop_id) or entered_later(entry) for drop_id, entry in entries.items())
        return sorted(found, key=_written)

    def _query(self, **query: Any) -> Iterator[dict[str, Any]]:
        while True:
            page = self._table.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def receive(self, drop: Drop, match: Match | None, now: datetime, members: tuple[str, ...] = ()) -> DropRecord:
        """Enter the drop as RECEIVED, without a match as UNMATCHED, if it is new; return it as the ledger has it.

        members: of a set's own drop, the drop ids that end as it ends.
        """
        state = State.RECEIVED if match else State.UNMATCHED
        record = DropRecord(drop, match, state, 1, received_at=now, updated_at=now, members=members)
        item = item_of(record, self._by)
        # The key's entry first: whoever judges a write of this key from now on sees this one.
        self._table.put_item(Item=entry_of(record))
        try:
            self._table.put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")
        except ClientError as error:
            if not _is_refused(error):
                raise
            known = self.get(drop.id)
            if known is None:  # deleted by hand between the two calls
                raise LostClaimError(f"drop {drop.id} vanished from the ledger") from error
            return known
        return record_of(item)

    def assign(self, record: DropRecord, match: Match, now: datetime) -> DropRecord:
        """Assign an UNMATCHED drop to the contract that now matches its key: it is RECEIVED."""
        return self._write(record, State.RECEIVED, now, {"match": match})

    def claim(
        self,
        record: DropRecord,
        now: datetime,
        *,
        owner: str,
        lease: timedelta,
        attempt: int,
        replay: Replay | None = None,
    ) -> DropRecord:
        """Take the drop for checking until the lease ends; LostClaimError when somebody else was first.

        A drop whose VALIDATING lease has run out may be taken over: its owner was terminated.
        """
        expired = record.state is State.VALIDATING
        asked = {"replay": replay} if replay else {}
        return self._write(
            record,
            State.VALIDATING,
            now,
            {"attempt": attempt, "lease": Lease(owner, now + lease), **asked},
            only_expired_at=stamp(now) if expired else "",
        )

    def move(self, record: DropRecord, to: State, now: datetime, **changes: Unpack[Changes]) -> DropRecord:
        """Move the drop on from exactly the record in hand; LostClaimError when it has moved meanwhile."""
        return self._write(record, to, now, changes)

    def release(self, record: DropRecord, now: datetime) -> None:
        """End the lease of a check that failed, so that the next delivery need not wait for it to run out."""
        if record.lease is None:
            return
        with suppress(LostClaimError):  # it has moved on, or was taken over: then there is nothing to end
            self._write(record, State.VALIDATING, now, {"lease": replace(record.lease, until=now)}, moves=False)

    def renew_token(self, record: DropRecord, replay: Replay, now: datetime) -> DropRecord:
        """Keep the newest task token of the replay that owns the attempt: a retried task waits under a new one."""
        return self._write(record, record.state, now, {"replay": replay}, moves=False)

    def _write(
        self,
        record: DropRecord,
        to: State,
        now: datetime,
        fields: Mapping[str, Any],
        *,
        only_expired_at: str = "",
        moves: bool = True,
    ) -> DropRecord:
        attributes = attributes_of(fields)
        if moves:
            allowed(record.state, to, attributes.get("attempt", record.attempt) - record.attempt)
        # Since when it stands where it stands: a renewed token or an ended lease is no step.
        changes = {**attributes, "state": str(to)} | ({"updated_at": stamp(now)} if moves else {})
        names = {f"#{name}": name for name in changes} | {"#attempt": "attempt", "#owner": "lease_owner"}
        values = {f":{name}": value for name, value in changes.items()} | {
            ":from": str(record.state),
            ":held_attempt": record.attempt,
            ":held_owner": owner_of(record),
            ":entry": [move_of(to, now, attributes.get("attempt", record.attempt), self._by)],
        }
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in changes)
        taken_over = to is record.state and attributes.get("attempt", record.attempt) == record.attempt
        tells = moves and not (taken_over and record.moves >= MOST_TAKEN_OVER)
        if tells:
            update += ", history = list_append(history, :entry)"
        else:
            del values[":entry"]
        condition = "#state = :from AND #attempt = :held_attempt AND #owner = :held_owner"
        if only_expired_at:
            condition += " AND lease_until < :expired_at"
            values[":expired_at"] = only_expired_at
        try:
            answer = self._table.update_item(
                Key=drop_key(record.id),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if not _is_refused(error):
                raise
            known = self.get(record.id)
            # An answer that was lost on its way is asked for again by botocore, and our own write refuses it.
            if known and moves and _is_ours(known, changes):
                return known
            raise LostClaimError(f"drop {record.id} is no longer {record.state} in these hands") from error
        return record_of(answer["Attributes"])


def _written(record: DropRecord) -> str:
    return place(record.drop)


def _is_ours(known: DropRecord, changes: Mapping[str, Any]) -> bool:
    """Whether the record is what we have just written: state, time and, in a claim, the owner."""
    written = (str(known.state), stamp(known.updated_at), owner_of(known))
    return written == (changes["state"], changes["updated_at"], changes.get("lease_owner", owner_of(known)))


def _is_refused(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"

"""The ledger: the DynamoDB table that knows every drop. Every write is conditional: of two at once, one is refused."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, TypedDict

from boto3.dynamodb.conditions import Attr, Key

from suimon.drops.drop import Accepted, Drop, DropRecord, Lease, Membership, Rejection, Replay, Retraction
from suimon.drops.states import State, allowed
from suimon.ledger.batch import read_items
from suimon.ledger.by_state import items_in
from suimon.ledger.conditional import RefusedError, setting, write_if
from suimon.ledger.holds import HoldLedger
from suimon.ledger.items import (
    attributes_of,
    drop_key,
    entered_later,
    entries_of,
    entry_key,
    entry_sort_key,
    history_entry,
    item_of,
    owner_of,
    record_of,
    slot_key,
    slot_sort_key,
    stamp,
)
from suimon.ledger.paging import items
from suimon.ledger.sets import SetLedger
from suimon.ledger.unreadable_items import Unusable, read_each, read_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime, timedelta
    from typing import Unpack

    from boto3.dynamodb.conditions import ConditionBase
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.failure import Failure
    from suimon.drops.match import Match
    from suimon.ledger.items import Standing

BY_PARTITION = "by_partition"
_AFTER_PARTS = "~"  # sorts after everything that follows the time of a partition
# A check that fails for months is taken over thousands of times, and an item has 400 KB for its whole life.
MOST_TAKEN_OVER = 100


class LostClaimError(Exception):
    """Somebody else moved the drop first; the caller leaves the drop to them, or reads it again."""


class Changes(TypedDict, total=False):
    """What a move records of the drop beside its state; `finished`, what the run reported, is for people alone."""

    match: Match
    accepted: Accepted
    rejection: Rejection
    opened_run: str
    opened_dag: str | None
    duplicate_of: str
    superseded_by: str
    sha256: str
    membership: Membership
    finished: Mapping[str, Any]
    closed: str
    volume: str
    opens_at: datetime
    retraction: Retraction
    contract_version: str


class Touches(TypedDict, total=False):
    """What can be changed of a drop that stays where it is."""

    lease: Lease
    replay: Replay
    opened_dag: str
    failure: Failure
    turn: int
    retraction: Retraction


class Ledger:
    """Drops in one DynamoDB table: `pk` = `drop#<id>`, `sk` = `drop`, with the indexes `by_partition` and `by_state`.

    `by` names who writes: an invocation, a function. Beside each drop lies an entry of its key, `pk` =
    `key#<bucket>/<key>`, `sk` = `<written order>#<id>`; where files of other names may take its place, one of its slot
    as well (`DropRecord.slot`), `pk` = `slot#<slot>`. An index lags behind its table; a query of the table does not, so
    two writes of one slot can never miss each other:

        the older write                         the newer write
        put its entry
                                                put its entry
        enter, claim                            enter, claim
        query the slot's entries: both          query the slot's entries: both

    Both are seen though a record may not be there yet (mark: entry-stands-for-its-record).
    """

    def __init__(
        self,
        table: Table,
        by: str = "a person",
        sleep: Callable[[float], None] = time.sleep,
        unusable: Unusable | None = None,
        *,
        moved: Callable[[DropRecord], object] | None = None,
    ) -> None:
        """Take the table. `unusable`: where to note an item that cannot be read, instead of raising, among many.

        moved: called with each drop that was entered or has moved, after that is recorded; it raises nothing.
        """
        self.sets = SetLedger(table, unusable)
        self.holds = HoldLedger(table, sleep, unusable)
        self._table = table
        self._by = by
        self._sleep = sleep
        self._unusable = unusable
        self._moved = moved

    # ---------------------------------------------------------------- reading

    def get(self, drop_id: str) -> DropRecord | None:
        """Return the drop as it is now (consistent read), or None."""
        item = self._table.get_item(Key=drop_key(drop_id), ConsistentRead=True).get("Item")
        return read_item(item, record_of) if item else None

    def get_many(self, drop_ids: Iterable[str]) -> dict[str, DropRecord]:
        """Return the drops among these that the ledger knows, by id, as they are now."""
        keys = [drop_key(drop_id) for drop_id in dict.fromkeys(drop_ids)]
        return {one.id: one for one in self._each(read_items(self._table, keys, self._sleep))}

    def drops_of(self, dataset: str, partition: str) -> list[DropRecord]:
        """Return every drop of a partition, oldest write first. The index may lag a moment behind the table."""
        return sorted(self._of(dataset, Key("partition").eq(partition)), key=_written)

    def drops_between(self, dataset: str, first: str, last: str) -> Iterator[DropRecord]:
        """Yield every drop of the partitions from `first` to `last`, both included with all their parts, page by page.

        The index may lag a moment behind the table.
        """
        yield from self._of(dataset, Key("partition").between(first, f"{last}{_AFTER_PARTS}"))

    def _of(self, dataset: str, partitions: ConditionBase) -> Iterator[DropRecord]:
        wanted = Key("of_dataset").eq(dataset) & partitions
        return self._each(items(self._table, IndexName=BY_PARTITION, KeyConditionExpression=wanted))

    def in_state(self, state: State, until: datetime, behind: Standing | None = None) -> Iterator[DropRecord]:
        """Yield the drops that came to a state until then, longest ago first, reading no more than is taken.

        `behind`: leave out the drops up to there. The index may lag a moment behind the table.
        """
        yield from self._each(items_in(self._table, state, until, behind))

    def came_after(self, state: State, after: datetime, most: int) -> list[DropRecord]:
        """Return the drops that came to a state after then, newest first, at most so many."""
        return list(self._each(islice(items_in(self._table, state, after=after), most)))

    def drops_of_key(self, bucket: str, key: str) -> list[DropRecord]:
        """Return every drop of a key as it is now, oldest write first."""
        return sorted(self._writes(Key("pk").eq(entry_key(bucket, key))), key=lambda one: entry_sort_key(one.drop))

    def newer_writes(self, record: DropRecord) -> list[DropRecord]:
        """Return the later writes of the drop's slot as they are now, oldest first; those not yet entered too."""
        own, place = slot_key(record), slot_sort_key(record)
        found = self._writes(Key("pk").eq(own) & Key("sk").gt(place))
        later = [one for one in found if slot_key(one) == own and slot_sort_key(one) > place]
        return sorted(later, key=slot_sort_key)

    def older_writes(self, record: DropRecord) -> Iterator[DropRecord]:
        """Yield the earlier writes of the drop's slot as they are now, newest first, reading no more than is taken."""
        own = slot_key(record)
        for entry, known in self._back_from(own, slot_sort_key(record)):
            # Under another contract it was of another slot, and its entry there is left.
            if (slot_key(known), slot_sort_key(known)) == (own, entry["sk"]):
                yield known

    def older_writes_of_key(self, drop: Drop) -> Iterator[DropRecord]:
        """Yield the earlier writes of the drop's key as they are now, newest first, reading no more than is taken."""
        for entry, known in self._back_from(entry_key(drop.bucket, drop.key), entry_sort_key(drop)):
            if entry_sort_key(known.drop) == entry["sk"]:
                yield known

    def _back_from(self, own: str, place: str) -> Iterator[tuple[Mapping[str, Any], DropRecord]]:
        """Yield the entries before a place with their records, newest first."""
        older = Key("pk").eq(own) & Key("sk").lt(place)
        query = {"KeyConditionExpression": older, "ConsistentRead": True, "ScanIndexForward": False, "Limit": 5}
        for entry in items(self._table, **query):
            yield entry, self.get(str(entry["drop_id"])) or entered_later(entry)

    def _writes(self, named: ConditionBase) -> list[DropRecord]:
        """Read the drops of a query's entries.

        A drop that was found without its event, whose event comes after all, has two entries: its record says which
        counts, the first.
        """
        found = items(self._table, KeyConditionExpression=named, ConsistentRead=True)
        entries = {str(entry["drop_id"]): entry for entry in found}
        known = self.get_many(entries) if entries else {}
        return [known.get(drop_id) or entered_later(entry) for drop_id, entry in entries.items()]

    def _each(self, found: Iterable[Mapping[str, Any]]) -> Iterator[DropRecord]:
        return read_each(found, record_of, self._unusable)

    # ---------------------------------------------------------------- writing

    def receive(self, drop: Drop, match: Match | None, now: datetime, members: tuple[str, ...] = ()) -> DropRecord:
        """Enter the drop as RECEIVED, without a match as UNMATCHED, if it is new; return it as the ledger has it.

        members: of a set's own drop, the drop ids that end as it ends.
        """
        state = State.RECEIVED if match else State.UNMATCHED
        record = DropRecord(drop, match, state, 1, received_at=now, updated_at=now, members=members)
        item = item_of(record, self._by)
        # The entries first: every check of a write of this slot sees this one from now on.
        self._enter(entries_of(record))
        try:
            write_if(Attr("pk").not_exists(), self._table.put_item, Item=item)
        except RefusedError as refused:
            if refused.item is None:
                raise
            return record_of(refused.item)
        return self._told(record_of(item))

    def claim(
        self,
        record: DropRecord,
        now: datetime,
        *,
        owner: str,
        lease: timedelta,
        attempt: int,
        replay: Replay | None = None,
        failure: Failure | None = None,
    ) -> DropRecord:
        """Take the drop for checking until the lease ends; LostClaimError when somebody else was first.

        A drop whose VALIDATING lease has expired may be taken over: its owner has crashed. `failure`: records that.
        """
        fields: dict[str, Any] = {"attempt": attempt, "lease": Lease(owner, now + lease)}
        if replay:
            fields["replay"] = replay
        if failure:
            fields["failure"] = failure
        expired = Attr("lease_until").lt(stamp(now)) if record.state is State.VALIDATING else None
        return self._move(record, State.VALIDATING, now, fields, expired)

    def move(self, record: DropRecord, to: State, now: datetime, **changes: Unpack[Changes]) -> DropRecord:
        """Move the drop on from exactly the record in hand; LostClaimError when it has moved meanwhile."""
        if match := changes.get("match"):
            self._enter(entries_of(replace(record, match=match))[1:])
        return self._move(record, to, now, changes)

    def touch(self, record: DropRecord, **changes: Unpack[Touches]) -> DropRecord:
        """Change the record of a drop that stays where it is; LostClaimError when it has moved meanwhile."""
        return self._write(record, attributes_of(changes))

    def retract(self, record: DropRecord, now: datetime, retraction: Retraction) -> DropRecord:
        """Accept an ended drop for the attempt that takes it back; LostClaimError when it has moved meanwhile."""
        run_id = replace(record, attempt=retraction.attempt).run_id
        fields = {"attempt": retraction.attempt, "retraction": retraction, "opened_run": run_id}
        return self._move(record, State.ACCEPTED, now, fields)

    def release(self, record: DropRecord, now: datetime) -> None:
        """End the lease of a check that failed, so that the next delivery need not wait for it to expire."""
        if record.lease:
            with suppress(LostClaimError):  # it has moved on, or was taken over: then there is nothing to end
                self.touch(record, lease=replace(record.lease, until=now))

    def _move(
        self,
        record: DropRecord,
        to: State,
        now: datetime,
        fields: Mapping[str, Any],
        condition: ConditionBase | None = None,
    ) -> DropRecord:
        attempt = fields.get("attempt", record.attempt)
        allowed(record.state, to, attempt - record.attempt)
        attributes = {**attributes_of(fields), "state": str(to), "updated_at": stamp(now)}
        if to is State.LOADED and record.loaded_at is None:
            attributes |= attributes_of({"loaded_at": now})
        taken_over = to is record.state and record.moves >= MOST_TAKEN_OVER
        history = {} if taken_over else {"history": [history_entry(to, now, attempt, self._by)]}
        return self._told(self._write(record, attributes, history, condition))

    def _enter(self, entries: Iterable[dict[str, Any]]) -> None:
        for entry in entries:
            self._table.put_item(Item=entry)

    def _told(self, record: DropRecord) -> DropRecord:
        if self._moved:
            self._moved(record)
        return record

    def _write(
        self,
        record: DropRecord,
        attributes: Mapping[str, Any],
        appended: Mapping[str, list[Any]] | None = None,
        condition: ConditionBase | None = None,
    ) -> DropRecord:
        """Write attributes if state, attempt and owner are those of the record, and the condition holds as well."""
        held: ConditionBase = Attr("state").eq(str(record.state)) & Attr("attempt").eq(record.attempt)
        held &= Attr("lease_owner").eq(owner_of(record))
        if condition:
            held &= condition
        request = {"Key": drop_key(record.id), "ReturnValues": "ALL_NEW", **setting(attributes, appended)}
        try:
            answer = write_if(held, self._table.update_item, **request)
        except RefusedError as refused:
            # An answer that was lost on its way is asked for again by botocore, and our own write refuses it.
            if refused.item and "state" in attributes and attributes.items() <= refused.item.items():
                return record_of(refused.item)
            raise LostClaimError(f"drop {record.id} is no longer {record.state} in these hands") from refused
        return record_of(answer["Attributes"])


def _written(record: DropRecord) -> tuple[str, str]:
    return record.written, record.id

"""The read side of the ledger for people: one drop with its history, or which drops there are, newest first.

Nothing else of the ledger is read for people: what they see is decided here.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from suimon.drops.states import State
from suimon.ledger.by_state import BY_STATE, items_in
from suimon.ledger.drops import Ledger
from suimon.ledger.items import drop_key, entered_later, entry_key, entry_sort_key, moment, record_of
from suimon.ledger.paging import pages
from suimon.ledger.replays import ReplayLedger
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import DropRecord
    from suimon.drops.replay_record import ReplayRecord

PAGE = 100  # what BatchGetItem takes, and more than a screen holds


@dataclass(frozen=True)
class HistoryEntry:
    """One entry of a drop's history: the state that it came to, when, in which attempt, and who moved it."""

    state: State
    at: datetime
    attempt: int
    by: str


@dataclass(frozen=True)
class Wanted:
    """Which drops to list; an empty field leaves it open. `of_key` is a bucket and a key in it."""

    dataset: str = ""
    partition: str = ""
    of_key: tuple[str, str] | None = None
    state: State | None = None

    def has(self, record: DropRecord) -> bool:
        """Whether the record is one of those."""
        return (
            self.dataset in ("", record.match.dataset if record.match else None)
            and self.partition in ("", record.match.partition if record.match else None)
            and self.of_key in (None, (record.drop.bucket, record.drop.key))
            and self.state in (None, record.state)
        )


def find(table: Table, drop_id: str) -> DropRecord | None:
    """Return the drop as it is now, or None."""
    return Ledger(table).get(drop_id)


def find_many(table: Table, drop_ids: Iterable[str]) -> dict[str, DropRecord]:
    """Return the drops among these that the ledger knows, by id, as they are now."""
    return Ledger(table).get_many(drop_ids)


def replays_of(table: Table, dataset: str) -> list[ReplayRecord]:
    """Return the replays of a dataset, newest first."""
    return ReplayLedger(table).newest_first(dataset)


def replay_of(table: Table, dataset: str, replay_id: str) -> ReplayRecord | None:
    """Return a replay by its id, or None."""
    return ReplayLedger(table).of(dataset, replay_id)


def failures_of(table: Table, dataset: str, replay_id: str) -> dict[str, str]:
    """Return why partitions of a replay were not loaded, as its state machine recorded."""
    return ReplayLedger(table).failures(dataset, replay_id)


def history(table: Table, drop_id: str) -> list[HistoryEntry]:
    """Return every move of a drop, oldest first; none of a drop that the ledger does not know."""
    item = table.get_item(Key=drop_key(drop_id), ConsistentRead=True).get("Item", {})
    return _entries(item)


def _entries(item: Mapping[str, Any]) -> list[HistoryEntry]:
    entries = item.get("history", [])
    return [HistoryEntry(State(one["state"]), moment(one["at"]), int(one["attempt"]), one["by"]) for one in entries]


def moves_after(table: Table, after: datetime) -> list[tuple[DropRecord, HistoryEntry]]:
    """Return the moves after then of the drops that have moved after then, oldest first, each with its drop as it is.

    Of each state the PAGE drops that came to it last are read, so that asking often costs little, whatever happens. The
    index lags a moment behind the table.
    """
    found = list[tuple["DropRecord", HistoryEntry]]()
    for state in State:
        for item in islice(items_in(table, state, after=after), PAGE):
            found += [(record_of(item), entry) for entry in _entries(item) if entry.at > after]
    return sorted(found, key=lambda move: (move[1].at, move[0].id))


def newest_first(table: Table, wanted: Wanted) -> Iterator[DropRecord]:
    """Yield the drops that are wanted, reading the ledger no further than they are taken.

    The writes of a key are as they are now; an index may lag a moment behind the table.
    """
    if wanted.of_key:
        found = _of_key(table, *wanted.of_key)
    elif wanted.dataset and wanted.partition:
        found = reversed(Ledger(table).drops_of(wanted.dataset, wanted.partition))
    else:
        in_state = Key("state").eq(str(wanted.state))
        found = (record_of(item) for page in _pages(table, in_state, IndexName=BY_STATE) for item in page)
    return filter(wanted.has, found)


def _of_key(table: Table, bucket: str, key: str) -> Iterator[DropRecord]:
    ledger = Ledger(table)
    for entries in _pages(table, Key("pk").eq(entry_key(bucket, key)), ConsistentRead=True):
        known = ledger.get_many(str(entry["drop_id"]) for entry in entries) if entries else {}
        for entry in entries:
            record = known.get(str(entry["drop_id"])) or entered_later(entry)
            # A drop that was listed before its event came has two entries; its record says which one counts.
            if entry_sort_key(record.drop) == entry["sk"]:
                yield record


def _pages(table: Table, named: Any, **where: Any) -> Iterator[list[dict[str, Any]]]:
    return pages(table, KeyConditionExpression=named, ScanIndexForward=False, Limit=PAGE, **where)

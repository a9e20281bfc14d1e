"""Where the ledger's table keeps replays: one item each, one for what has failed in it, one for those that run."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, Key

from suimon.drops.replay_record import Counts, ReplayRecord, Running
from suimon.ledger.conditional import RefusedError, setting, write_if
from suimon.ledger.items import moment, stamp
from suimon.ledger.paging import items
from suimon.ledger.unreadable_items import read_item

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table

_TIMES = ("began_at", "ended_at", "told_at")
_RUNNING = "running"
# A replay and what has failed in it age, as its items in S3 do by ReportsDays: later nobody could resume it.
KEPT = timedelta(days=400)


class LostRunningError(Exception):
    """Somebody else has begun or ended a replay of the dataset meanwhile; the caller reads again and decides again."""


class ReplayLedger:
    """`pk` = `replays#<dataset>`; `sk` = `replay#<id>`, `failed#<id>#<partition>`, `running`; reads are consistent.

    DynamoDB removes what has an `expires_at`, in Unix seconds, some time after it.

    one replay                           another one of an overlapping range
    reads the running ones: none
                                         reads the running ones: none
    writes itself: revision 1
                                         writes itself: refused (mark: replays-do-not-overlap)
                                         reads again, finds the first one, and is refused
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, dataset: str, replay_id: str) -> ReplayRecord | None:
        """Return a replay, or None."""
        item = self._table.get_item(Key=_key(dataset, f"replay#{replay_id}"), ConsistentRead=True).get("Item")
        return read_item(item, _record) if item else None

    def newest_first(self, dataset: str) -> list[ReplayRecord]:
        """Return the replays of a dataset."""
        found = [read_item(item, _record) for item in self._query(dataset, "replay#")]
        return sorted(found, key=lambda one: one.began_at, reverse=True)

    def begin(self, record: ReplayRecord) -> None:
        """Enter a replay; one that is there already stays as it is, for a retry has no other plan."""
        item = {name: value for name, value in asdict(record).items() if value not in (None, "")}
        item |= {name: stamp(at) for name in _TIMES if (at := getattr(record, name))}
        item |= {} if record.tolerate is None else {"tolerate": Decimal(str(record.tolerate))}
        item |= _key(record.dataset, f"replay#{record.id}") | _expiring(record.began_at)
        try:
            write_if(Attr("pk").not_exists(), self._table.put_item, Item=item)
        except RefusedError:
            return

    def end(self, record: ReplayRecord) -> ReplayRecord:
        """Record the end and its counts; the first end that is recorded stays, and is returned."""
        values = {"end": record.end, "ended_at": stamp(record.ended_at or record.began_at)}
        change = setting({**values, "counts": asdict(record.counts)})
        try:
            write_if(Attr("ended_at").not_exists(), self._table.update_item, Key=self._key_of(record), **change)
        except RefusedError as refused:
            return _record(refused.item or {})
        return record

    def told(self, record: ReplayRecord, now: datetime) -> None:
        """Record that people have the summary."""
        self._table.update_item(Key=self._key_of(record), **setting({"told_at": stamp(now)}))

    def fail(self, dataset: str, replay_id: str, partition: str, error: str, now: datetime) -> None:
        """Record why a partition was not loaded."""
        key = _key(dataset, f"failed#{replay_id}#{partition}")
        self._table.put_item(Item={**key, "error": error, **_expiring(now)})

    def failures(self, dataset: str, replay_id: str) -> dict[str, str]:
        """Return why partitions were not loaded."""
        found = self._query(dataset, f"failed#{replay_id}#")
        return {str(item["sk"]).rpartition("#")[2]: str(item["error"]) for item in found}

    def running(self, dataset: str) -> Running:
        """Return the replays that have begun and not been seen to end."""
        item = self._table.get_item(Key=_key(dataset, _RUNNING), ConsistentRead=True).get("Item")
        return read_item(item, _running) if item else Running(dataset)

    def put_running(self, running: Running) -> None:
        """Write what was made from the revision that it carries; LostRunningError when that is not the latest."""
        ranges = {execution: list(span) for execution, span in running.ranges.items()}
        item = _key(running.dataset, _RUNNING) | {
            "dataset": running.dataset,
            "ranges": ranges,
            "revision": running.revision + 1,
        }
        as_read = Attr("revision").eq(running.revision) if running.revision else Attr("pk").not_exists()
        try:
            write_if(as_read, self._table.put_item, Item=item)  # mark: replays-do-not-overlap
        except RefusedError as refused:
            if refused.item != item:
                raise LostRunningError(f"the running replays of {running.dataset} have changed meanwhile") from refused

    def leave(self, dataset: str, execution: str) -> None:
        """Take a replay off those that run; harmless again."""
        while execution in (running := self.running(dataset)).ranges:
            left = {other: span for other, span in running.ranges.items() if other != execution}
            try:
                self.put_running(replace(running, ranges=left))
            except LostRunningError:
                continue

    def _query(self, dataset: str, prefix: str) -> list[Mapping[str, Any]]:
        wanted = Key("pk").eq(f"replays#{dataset}") & Key("sk").begins_with(prefix)
        return list(items(self._table, KeyConditionExpression=wanted, ConsistentRead=True))

    def _key_of(self, record: ReplayRecord) -> dict[str, str]:
        return _key(record.dataset, f"replay#{record.id}")


def _key(dataset: str, name: str) -> dict[str, str]:
    return {"pk": f"replays#{dataset}", "sk": name}


def _expiring(since: datetime) -> dict[str, int]:
    return {"expires_at": int((since + KEPT).timestamp())}


def _record(item: Mapping[str, Any]) -> ReplayRecord:
    return ReplayRecord(
        dataset=str(item["dataset"]),
        id=str(item["id"]),
        execution=str(item["execution"]),
        first=str(item["first"]),
        last=str(item["last"]),
        what=str(item["what"]),
        order=str(item["order"]),
        plan=str(item["plan"]),
        planned=int(item["planned"]),
        max_concurrency=int(item["max_concurrency"]),
        tolerated=int(item["tolerated"]),
        key=str(item.get("key", "")),
        reason=str(item.get("reason", "")),
        who=str(item.get("who", "")),
        as_accepted=bool(item.get("as_accepted")),
        tolerate=float(item["tolerate"]) if "tolerate" in item else None,
        end=str(item.get("end", "")),
        counts=Counts(**{name: int(count) for name, count in dict(item.get("counts", {})).items()}),
        began_at=moment(item["began_at"]),
        ended_at=moment(item["ended_at"]) if "ended_at" in item else None,
        told_at=moment(item["told_at"]) if "told_at" in item else None,
    )


def _running(item: Mapping[str, Any]) -> Running:
    ranges = {execution: (str(span[0]), str(span[1])) for execution, span in dict(item["ranges"]).items()}
    return Running(str(item["dataset"]), ranges, int(item["revision"]))

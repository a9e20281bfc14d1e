"""How drops lie in the ledger's table: an item each, and an entry of its key beside it. Only here are times texts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from suimon.drops.drop import (
    Accepted,
    Drop,
    DropRecord,
    Lease,
    Membership,
    Rejection,
    Replay,
    Retraction,
    written_order,
)
from suimon.drops.failure import Failure
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def stamp(at: datetime) -> str:
    """Write a time as the ledger keeps it: ISO 8601, UTC, milliseconds, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def moment(text: str) -> datetime:
    """Read a time that `stamp` wrote; ValueError of any other text, and of a time without its offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} is a time without its offset from UTC")
    return at


@dataclass(frozen=True)
class Standing:
    """Where a drop stands among those of its state. A time alone would not tell: thousands may share one."""

    since: datetime
    drop_id: str

    @classmethod
    def of(cls, record: DropRecord) -> Standing:
        """Return the place of a drop in its state."""
        return cls(record.updated_at, record.id)


def drop_key(drop_id: str) -> dict[str, str]:
    """Return the key of a drop's item."""
    return {"pk": f"drop#{drop_id}", "sk": "drop"}


def entry_key(bucket: str, key: str) -> str:
    """Return the key that the entries of an object key share."""
    return f"key#{bucket}/{key}"  # S3: a bucket's name holds no slash and a key 1,024 bytes; DynamoDB takes 2,048


def entry_sort_key(drop: Drop) -> str:
    """Return where a drop stands among the writes of its key, as text that sorts."""
    return f"{written_order(drop.sequencer)}#{drop.id}"


def slot_key(record: DropRecord) -> str:
    """Return the key that the entries of a slot share: that of the object key, or one of its own."""
    return f"slot#{record.slot}" if record.is_stamped else entry_key(record.drop.bucket, record.drop.key)


def slot_sort_key(record: DropRecord) -> str:
    """Return where a drop stands among the writes of its slot, as text that sorts."""
    return f"{record.written}#{record.id}" if record.is_stamped else entry_sort_key(record.drop)


def entries_of(record: DropRecord) -> list[dict[str, Any]]:
    """Write the entries of a drop: that of its key, and of its slot where that is not the key."""
    entry = entry_of(record)
    return [entry, entry | {"pk": slot_key(record), "sk": slot_sort_key(record)}] if record.is_stamped else [entry]


def entry_of(record: DropRecord) -> dict[str, Any]:
    """Write the entry of a drop's key."""
    drop = record.drop
    belongs = _belongs(record.match) if record.match else {}
    return {
        "pk": entry_key(drop.bucket, drop.key),
        "sk": entry_sort_key(drop),
        "drop_id": record.id,
        "received_at": stamp(record.received_at),
        **belongs,
        **_drop(drop),
    }


def item_of(record: DropRecord, by: str) -> dict[str, Any]:
    """Write a new drop's item."""
    return {
        **drop_key(record.id),
        "drop_id": record.id,
        **_drop(record.drop),
        **(_match(record.match) if record.match else {}),
        "state": str(record.state),
        "attempt": record.attempt,
        "received_at": stamp(record.received_at),
        "updated_at": stamp(record.updated_at),
        "lease_owner": owner_of(record),
        "members": list(record.members),
        "history": [history_entry(record.state, record.received_at, record.attempt, by)],
    }


def owner_of(record: DropRecord) -> str:
    """Write the owner of a drop's lease; every write compares it, so that it is there before the first claim, too."""
    return record.lease.owner if record.lease else ""


def history_entry(state: State, at: datetime, attempt: int, by: str) -> dict[str, Any]:
    """Write one entry of a drop's history."""
    return {"state": str(state), "at": stamp(at), "attempt": attempt, "by": by}


def attributes_of(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Write fields of a DropRecord as attributes of its item; a name that has no special form stands as it is."""
    found: dict[str, Any] = {}
    for name, value in changes.items():
        found |= _ATTRIBUTES[name](value) if name in _ATTRIBUTES else {name: value}
    return found


def _drop(drop: Drop) -> dict[str, Any]:
    return {
        "bucket": drop.bucket,
        "key": drop.key,
        "version_id": drop.version_id,
        "etag": drop.etag,
        "size": drop.size,
        "sequencer": drop.sequencer or "0",  # without one it comes first
    }


def _match(match: Match) -> dict[str, Any]:
    # `of_dataset` is the key of the index: entries and incidents have a dataset, too, but the index has drops alone.
    return _belongs(match) | {"of_dataset": match.dataset}


def _belongs(match: Match) -> dict[str, Any]:
    optional = {"key_stamp": match.stamp, "key_shard": match.shard}
    told = {name: value for name, value in optional.items() if value}
    return {"dataset": match.dataset, "partition": match.partition, **told}


def _lease(lease: Lease) -> dict[str, Any]:
    return {"lease_owner": lease.owner, "lease_until": stamp(lease.until)}


def _accepted(accepted: Accepted) -> dict[str, Any]:
    sums = {column: str(total) for column, total in accepted.sums.items()}
    return {"accepted_as": accepted.name, "rows": accepted.rows, "sums": sums, "set_bytes": accepted.size}


def _accepted_of(item: Mapping[str, Any]) -> Accepted:
    sums = {column: Decimal(total) for column, total in item.get("sums", {}).items()}
    return Accepted(item["accepted_as"], int(item["rows"]), sums, int(item.get("set_bytes", 0)))


def _rejection(rejection: Rejection) -> dict[str, Any]:
    return {"rejection": {**asdict(rejection), "codes": list(rejection.codes)}}


def _rejected(item: Mapping[str, Any]) -> Rejection:
    return Rejection(int(item["attempt"]), item["reason"], tuple(item["codes"]), item["report"])


def _membership(membership: Membership) -> dict[str, Any]:
    return {"set_id": membership.set_id}  # null while it waits


def _replay(replay: Replay) -> dict[str, Any]:
    return {"replay": replay.execution, "task_token": replay.task_token, "as_accepted": replay.as_accepted}


def _replay_of(item: Mapping[str, Any]) -> Replay:
    return Replay(item["replay"], item["task_token"], item["as_accepted"])


def _failure(failure: Failure) -> dict[str, Any]:
    times = {"since": stamp(failure.since), "at": stamp(failure.at)}
    return {"failure": {**asdict(failure), "state": str(failure.state), **times}}


def _retraction(retraction: Retraction) -> dict[str, Any]:
    return {"retraction": asdict(retraction)}


def _retraction_of(item: Mapping[str, Any]) -> Retraction:
    numbers = {name: int(item[name]) for name in ("attempt", "rows")}
    return Retraction(**{**item, **numbers})


_ATTRIBUTES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "match": _match,
    "lease": _lease,
    "accepted": _accepted,
    "rejection": _rejection,
    "membership": _membership,
    "replay": _replay,
    "failure": _failure,
    "retraction": _retraction,
    "loaded_at": lambda at: {"loaded_at": stamp(at)},
    "opens_at": lambda at: {"opens_at": stamp(at)},
}


def record_of(item: Mapping[str, Any]) -> DropRecord:
    """Read a drop's item."""
    return DropRecord(
        drop=drop_of(item),
        match=match_of(item),
        state=State(item["state"]),
        attempt=int(item["attempt"]),
        received_at=moment(item["received_at"]),
        updated_at=moment(item["updated_at"]),
        lease=Lease(item["lease_owner"], moment(item["lease_until"])) if item["lease_owner"] else None,
        accepted=_accepted_of(item) if "accepted_as" in item else None,
        rejection=_rejected(item["rejection"]) if "rejection" in item else None,
        opened_run=item.get("opened_run"),
        opened_dag=item.get("opened_dag"),
        duplicate_of=item.get("duplicate_of"),
        superseded_by=item.get("superseded_by"),
        sha256=item.get("sha256"),
        membership=Membership(item["set_id"]) if "set_id" in item else None,
        members=tuple(item["members"]),
        replay=_replay_of(item) if "replay" in item else None,
        failure=_failure_of(item["failure"]) if "failure" in item else None,
        turn=int(item.get("turn", 0)),
        closed=item.get("closed"),
        volume=item.get("volume"),
        contract_version=item.get("contract_version"),
        loaded_at=moment(item["loaded_at"]) if "loaded_at" in item else None,
        opens_at=moment(item["opens_at"]) if "opens_at" in item else None,
        retraction=_retraction_of(item["retraction"]) if "retraction" in item else None,
        moves=len(item["history"]),
    )


def _failure_of(item: Mapping[str, Any]) -> Failure:
    return Failure(
        state=State(item["state"]),
        attempt=int(item["attempt"]),
        since=moment(item["since"]),
        at=moment(item["at"]),
        tries=int(item["tries"]),
        error=item["error"],
        text=item["text"],
    )


def entered_later(entry: Mapping[str, Any]) -> DropRecord:
    """Read a write whose own record does not exist yet: the writer of the entry is about to put it, or will retry."""
    at, match = moment(entry["received_at"]), match_of(entry)  # mark: entry-stands-for-its-record
    return DropRecord(drop_of(entry), match, State.RECEIVED if match else State.UNMATCHED, 1, at, at)


def match_of(item: Mapping[str, Any]) -> Match | None:
    """Read which dataset and partition a drop belongs to, from its item or its entry."""
    if "dataset" not in item:
        return None
    return Match(item["dataset"], item["partition"], item.get("key_stamp", ""), item.get("key_shard", ""))


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

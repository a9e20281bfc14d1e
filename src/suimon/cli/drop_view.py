"""How a drop looks to people and to scripts: without the token that answers a replay, and the lease. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from suimon.drops.foreign_text import printable
from suimon.drops.lake import accepted_key
from suimon.drops.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord

_ROW = "{:16}  {:20}  {:10}  {:>7}  {:>11}  {}"
STYLES = {
    State.LOADED: "green",
    State.FAILED: "red",
    State.REJECTED: "red",
    State.GONE: "yellow",
    State.UNMATCHED: "yellow",
}


def as_object(record: DropRecord) -> dict[str, Any]:
    """Return what people and scripts may see of a drop."""
    drop = record.drop
    return {
        "drop_id": record.id,
        "dataset": record.match.dataset if record.match else None,
        "partition": record.match.partition if record.match else None,
        "state": str(record.state),
        "attempt": record.attempt,
        "rows": record.rows,
        "since": to_json(record.updated_at),
        "received_at": to_json(record.received_at),
        "bucket": drop.bucket,
        "key": drop.key,
        "version_id": drop.version_id,
        "etag": drop.etag,
        "size": drop.size,
        "run_id": record.opened_run,
        "duplicate_of": record.duplicate_of,
        "set_id": record.membership.set_id if record.membership else None,
        "members": list(record.members),
        "replay": record.replay.execution if record.replay else None,
        "failure": last_failure(record),
        "rejection": asdict(record.rejection) if record.rejection else None,
        "closed": record.closed,
    }


def why_rejected(record: DropRecord) -> str | None:
    """Return why the last rejected attempt was rejected, with the codes of its faults."""
    if (rejection := record.rejection) is None:
        return None
    codes = f" ({', '.join(rejection.codes)})" if rejection.codes else ""
    return f"attempt {rejection.attempt}: {rejection.reason}{codes}"


def last_failure(record: DropRecord) -> str | None:
    """Return what the last try that failed failed with, and since when."""
    if (failure := record.failure) is None:
        return None
    times = f"{failure.tries:,} tries since {seconds(failure.since)}, the last at {seconds(failure.at)}"
    return f"{failure.state}, attempt {failure.attempt}: {times if failure.tries else 'over'}: {failure.text}"


def accepted_copy(record: DropRecord, lake: str) -> str:
    """Where the copy lies that the run reads; empty as long as no attempt was accepted."""
    return f"s3://{lake}/{accepted_key(record)}" if record.accepted else ""


def overview(records: Sequence[DropRecord]) -> Iterator[Text]:
    """Yield a list of drops, a heading and then one line each, so that lines can be searched."""
    yield Text(_ROW.format("drop id", "since", "state", "attempt", "rows", "key"), "bold")
    for record in records:
        rows = f"{record.rows:,}" if record.rows else ""
        row = (record.id, seconds(record.updated_at), record.state, record.attempt, rows, printable(record.drop.key))
        yield Text(_ROW.format(*map(str, row)), STYLES.get(record.state, ""))


def seconds(at: datetime) -> str:
    """Write the ledger's time, which is UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def to_json(at: datetime) -> str:
    """Write a time for scripts, to the millisecond."""
    return at.isoformat(timespec="milliseconds")

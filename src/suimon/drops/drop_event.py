"""The event that tells of a drop's new state: docs/drop.schema.json. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.drops.states import State

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.drop import DropRecord

SCHEMA = "suimon.drop/1"
# Every state in which something is decided of a drop; that it was entered or is being checked is no news to others.
TOLD = frozenset(State) - {State.RECEIVED, State.VALIDATING}


def detail_type(record: DropRecord) -> str:
    """Return the type of the event, such as drop.loaded."""
    return f"drop.{record.state.lower()}"


def detail(record: DropRecord, stack: str) -> dict[str, Any]:
    """Return what the event says."""
    return {
        "schema": SCHEMA,
        "drop_id": record.id,
        "state": str(record.state),
        "attempt": record.attempt,
        "dataset": record.match.dataset if record.match else None,
        "partition": record.match.partition if record.match else None,
        "bucket": record.drop.bucket,
        "key": record.drop.key,
        "version_id": record.drop.version_id,
        "rows": record.rows,
        "run_id": record.opened_run or None,
        "received_at": record.received_at.isoformat(timespec="milliseconds"),
        "changed_at": record.updated_at.isoformat(timespec="milliseconds"),
        "stack": stack,
    }


def event_of(record: DropRecord, stack: str) -> tuple[str, dict[str, Any], datetime] | None:
    """Return type, detail and time of the event of a drop that has moved; None where others need not hear of it."""
    if record.state not in TOLD:
        return None
    return detail_type(record), detail(record, stack), record.updated_at

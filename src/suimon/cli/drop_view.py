"""How a drop looks to people and to scripts: without the token that answers a replay, and the lease."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from suimon.aws.clock import utc_now
from suimon.drops.foreign_text import printable
from suimon.drops.hold import hold_as_recorded, is_held
from suimon.drops.lake import accepted_key
from suimon.drops.stamps import stamp_for_people
from suimon.drops.states import State
from suimon.ledger.holds import HoldLedger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold

_ROW = "{:16}  {:20}  {:10}  {:>7}  {:>11}  {}"
STYLES = {
    State.LOADED: "green",
    State.FAILED: "red",
    State.REJECTED: "red",
    State.GONE: "yellow",
    State.UNMATCHED: "yellow",
    State.RETRACTED: "yellow",
}


def holds_of(table: Table, records: Iterable[DropRecord]) -> dict[str, Hold]:
    """Read the holds that keep the runs of these drops back, by the ids of the drops."""
    waiting = [record for record in records if record.state is State.ACCEPTED and record.match]
    holds = HoldLedger(table, time.sleep).of_all(record.dataset for record in waiting) if waiting else {}
    now = utc_now()
    of_each = {one.id: (one, hold_as_recorded(one, holds.get(one.dataset))) for one in waiting}
    return {name: hold for name, (one, hold) in of_each.items() if hold and is_held(one, hold, now)}


def held_by(hold: Hold | None) -> str | None:
    """Return who keeps a drop's run back, since when, until when, and why."""
    if hold is None:
        return None
    until = seconds(hold.until) if hold.until else "somebody releases it"
    return f"by {hold.who} since {seconds(hold.since)}, until {until}: {hold.reason}"


def as_object(record: DropRecord, hold: Hold | None = None) -> dict[str, Any]:
    """Return what people and scripts may see of a drop."""
    drop = record.drop
    return {
        "drop_id": record.id,
        "dataset": record.match.dataset if record.match else None,
        "partition": record.match.partition if record.match else None,
        "state": str(record.state),
        "held": held_by(hold),
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
        "superseded_by": record.superseded_by,
        "set_id": record.membership.set_id if record.membership else None,
        "members": list(record.members),
        "replay": record.replay.execution if record.replay else None,
        "failure": last_failure(record),
        "rejection": asdict(record.rejection) if record.rejection else None,
        "closed": record.closed,
        "volume": record.volume,
        "contract_version": record.contract_version,
        "retracted": retracted(record),
    }


def why_rejected(record: DropRecord) -> str | None:
    """Return why the last rejected attempt was rejected, with the codes of its faults."""
    if (rejection := record.rejection) is None:
        return None
    codes = f" ({', '.join(rejection.codes)})" if rejection.codes else ""
    return f"attempt {rejection.attempt}: {rejection.reason}{codes}"


def in_its_place(record: DropRecord, other: DropRecord | None) -> str | None:
    """Return which drop counts in the place of a superseded one or has the bytes of a duplicate, and why that one.

    other: that drop, if the ledger has it.
    """
    drop_id = record.superseded_by or record.duplicate_of
    if drop_id is None or other is None or other.drop.key == record.drop.key:
        return drop_id
    stamp = other.match.stamp if other.match and record.superseded_by else ""
    later = f", which has the later time {stamp_for_people(stamp)} in its name" if stamp else ""
    return f"{drop_id}, {other.drop.shown_uri}{later}"


def last_failure(record: DropRecord) -> str | None:
    """Return what the last try that failed failed with, and since when."""
    if (failure := record.failure) is None:
        return None
    times = f"{failure.tries:,} tries since {seconds(failure.since)}, the last at {seconds(failure.at)}"
    return f"{failure.state}, attempt {failure.attempt}: {times if failure.tries else 'over'}: {failure.text}"


def retracted(record: DropRecord) -> str | None:
    """Return why and by whom a drop is taken back, and what its partition gets instead."""
    if (retraction := record.retraction) is None:
        return None
    instead = f"drop {retraction.restores} is loaded again" if retraction.restores else "its partition is emptied"
    return f"{retraction.why}: {instead}"


def accepted_copy(record: DropRecord, lake: str) -> str:
    """Where the copy lies that the run reads; empty as long as no attempt was accepted."""
    return f"s3://{lake}/{accepted_key(record)}" if record.accepted else ""


def overview(records: Sequence[DropRecord], holds: Mapping[str, Hold]) -> Iterator[Text]:
    """Yield a list of drops, a heading and then one line each, so that lines can be searched."""
    yield Text(_ROW.format("drop id", "since", "state", "attempt", "rows", "key"), "bold")
    for record in records:
        rows = f"{record.rows:,}" if record.rows else ""
        key = printable(record.drop.key) + (" (held)" if record.id in holds else "")
        row = (record.id, seconds(record.updated_at), record.state, record.attempt, rows, key)
        yield Text(_ROW.format(*map(str, row)), STYLES.get(record.state, ""))


def seconds(at: datetime) -> str:
    """Write the ledger's time, which is UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def to_json(at: datetime) -> str:
    """Write a time for scripts, to the millisecond."""
    return at.isoformat(timespec="milliseconds")

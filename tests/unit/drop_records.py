"""Records of drops for tests of decisions: each field that a test does not name has a plain value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from suimon.drops.drop import Accepted, Drop, DropRecord, Lease
from suimon.drops.match import Match
from suimon.drops.states import State

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def drop_record(
    state: State,
    key: str = "sales/2026-11-20/sales_data.csv",
    *,
    version: str = "v1",
    sequencer: str = "0A",
    since: datetime = NOON,
    received: datetime | None = None,
    leased_until: datetime | None = None,
    rows: int = 0,
    dataset: str = "sales",
    partition: str = "2026-11-20",
    **fields: Any,
) -> DropRecord:
    """Return a drop that is in a state since then."""
    named = {"attempt": 1, **fields}
    if leased_until:
        named["lease"] = Lease("intake 1", leased_until)
    if rows:
        named["accepted"] = Accepted("data.csv", rows)
    return DropRecord(
        Drop("raw", key, version, "etag", 10, sequencer),
        match=None if state is State.UNMATCHED else Match(dataset, partition),
        state=state,
        received_at=received or since,
        updated_at=since,
        **named,
    )

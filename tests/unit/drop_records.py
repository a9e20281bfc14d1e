"""Records of drops for tests of decisions: each field that a test does not name has a plain value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from suimon.drops.drop import Drop, DropRecord, State
from suimon.ledger.items import stamp

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
    **fields: Any,
) -> DropRecord:
    """Return a drop that is in a state since then."""
    named = {"dataset": "sales", "partition": "2026-11-20", "attempt": 1, **fields}
    if leased_until:
        named["lease_until"] = stamp(leased_until)
    return DropRecord(
        Drop("raw", key, version, "etag", 10, sequencer),
        state=state,
        received_at=stamp(received or since),
        updated_at=stamp(since),
        **named,
    )

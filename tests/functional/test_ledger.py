"""The ledger's promises on DynamoDB (moto): one hand moves a drop, forward only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.drop import Drop, State
from suimon.ledger import Ledger, LedgerError, LostClaimError, Move

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEASE = timedelta(minutes=16)
DROP = Drop("raw", "sales/2026-11-20/sales_data.csv", "v1", "etag", 10, "01")


@pytest.fixture
def ledger(table: Table) -> Ledger:
    return Ledger(table)


def test_a_drop_is_entered_once_however_often_its_event_comes(ledger: Ledger) -> None:
    first = ledger.receive(DROP, "sales", "2026-11-20", State.RECEIVED, NOON)
    claimed = ledger.claim(first, NOON, owner="a", lease=LEASE, attempt=1)
    again = ledger.receive(DROP, "sales", "2026-11-20", State.RECEIVED, NOON + timedelta(hours=1))
    assert again == claimed


def test_only_one_of_two_claims_wins(ledger: Ledger) -> None:
    record = ledger.receive(DROP, "sales", "2026-11-20", State.RECEIVED, NOON)
    ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1)
    with pytest.raises(LostClaimError):
        ledger.claim(record, NOON, owner="b", lease=LEASE, attempt=1)


def test_a_lease_is_taken_over_only_once_it_has_run_out_and_its_old_owner_can_write_no_more(ledger: Ledger) -> None:
    record = ledger.receive(DROP, "sales", "2026-11-20", State.RECEIVED, NOON)
    held = ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1)
    with pytest.raises(LostClaimError):
        ledger.claim(held, NOON + LEASE / 2, owner="b", lease=LEASE, attempt=1)
    taken = ledger.claim(held, NOON + LEASE * 2, owner="b", lease=LEASE, attempt=1)
    with pytest.raises(LostClaimError):
        ledger.move(held, State.ACCEPTED, NOON + LEASE * 2)
    assert ledger.move(taken, State.ACCEPTED, NOON + LEASE * 2).state is State.ACCEPTED


def test_a_released_lease_can_be_claimed_at_once(ledger: Ledger) -> None:
    record = ledger.receive(DROP, "sales", "2026-11-20", State.RECEIVED, NOON)
    held = ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1)
    ledger.release(held, NOON)
    free = ledger.get(DROP.id)
    assert free
    later = NOON + timedelta(seconds=1)
    assert ledger.claim(free, later, owner="b", lease=LEASE, attempt=1).lease_owner == "b"


def test_a_drop_never_moves_backward(ledger: Ledger) -> None:
    record = ledger.receive(DROP, "sales", "2026-11-20", State.RECEIVED, NOON)
    with pytest.raises(LedgerError, match="no way leads from RECEIVED to LOADED"):
        ledger.move(record, State.LOADED, NOON)


def test_the_history_tells_every_move_with_its_time(ledger: Ledger) -> None:
    record = ledger.receive(DROP, "sales", "2026-11-20", State.RECEIVED, NOON)
    record = ledger.claim(record, NOON + timedelta(seconds=1), owner="a", lease=LEASE, attempt=1)
    ledger.move(record, State.REJECTED, NOON + timedelta(seconds=2))
    assert ledger.history(DROP.id) == [
        Move(State.RECEIVED, NOON, 1),
        Move(State.VALIDATING, NOON + timedelta(seconds=1), 1),
        Move(State.REJECTED, NOON + timedelta(seconds=2), 1),
    ]


def test_the_drops_of_a_partition_come_in_the_order_of_their_writes(ledger: Ledger) -> None:
    for version, sequencer in (("v2", "02"), ("v1", "01"), ("v3", "03")):
        drop = Drop("raw", DROP.key, version, version, 1, sequencer)
        ledger.receive(drop, "sales", "2026-11-20", State.RECEIVED, NOON)
    found = ledger.drops_of("sales", "2026-11-20")
    assert [record.drop.version_id for record in found] == ["v1", "v2", "v3"]
    assert ledger.drops_of("sales", "2026-11-21") == []

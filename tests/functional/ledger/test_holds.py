"""Holds in the ledger's table: each write is made from what was read, and of two at once one is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.drops.hold import Hold
from suimon.ledger.holds import HoldLedger, LostHoldError
from suimon.ledger.unreadable_items import UnreadableItemError, Unusable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOLD = Hold(dataset="sales", reason="the month is being closed", who="arn:me", since=NOON)


@pytest.fixture
def holds(table: Table) -> HoldLedger:
    return HoldLedger(table, lambda _: None)


@pytest.mark.parametrize(
    "hold",
    [
        HOLD,
        replace(HOLD, until=NOON + timedelta(days=1)),
        replace(HOLD, released_at=NOON + timedelta(hours=1), released_by="arn:you"),
    ],
)
def test_a_hold_is_read_as_it_was_written(holds: HoldLedger, hold: Hold) -> None:
    written = holds.put(hold)
    assert written == replace(hold, revision=1)
    assert holds.of("sales") == written
    assert holds.of_all(["inventory", "sales", "sales"]) == {"sales": written}
    assert holds.of("inventory") is None


def test_of_two_who_change_a_hold_at_once_one_is_refused(holds: HoldLedger) -> None:
    read = holds.put(HOLD)
    theirs = holds.put(replace(read, reason="theirs"))
    for revision in (read.revision, 0):
        with pytest.raises(LostHoldError):
            holds.put(replace(HOLD, reason="ours", revision=revision))
    assert holds.of("sales") == theirs


def test_a_write_whose_answer_was_lost_is_repeated_without_harm(holds: HoldLedger) -> None:
    hold = replace(HOLD, until=NOON + timedelta(days=1))
    assert holds.put(hold) == holds.put(hold)


def test_a_hold_that_no_release_has_written_stops_a_file_and_no_round(table: Table) -> None:
    table.put_item(Item={"pk": "hold#sales", "sk": "hold", "dataset": "sales", "since": "soon", "revision": 1})
    unusable = Unusable()
    assert HoldLedger(table, lambda _: None, unusable).of_all(["sales"]) == {}
    assert "hold#sales" in unusable
    with pytest.raises(UnreadableItemError, match="hold#sales"):
        HoldLedger(table, lambda _: None).of("sales")

"""Drops as items of the table and back: what is written is what is read."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from suimon.drops.drop import Accepted, Drop, DropRecord, Lease, Membership, Rejection, Replay, Retraction
from suimon.drops.failure import Failure
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.ledger.items import (
    attributes_of,
    entered_later,
    entry_of,
    entry_sort_key,
    item_of,
    moment,
    record_of,
    stamp,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BARE = DropRecord(
    Drop("raw", "key", "v1", "etag", 10, "01"), Match("sales", "2026-11-20"), State.RECEIVED, 1, NOON, NOON
)
CHANGES: dict[str, Any] = {
    "match": Match("inventory", "2026-11-21", "20261121031500", "03"),
    "lease": Lease("intake 1", NOON + timedelta(minutes=16)),
    "accepted": Accepted("data.csv.gz", 3, {"amount": Decimal("12.50")}, 700),
    "rejection": Rejection(1, "3 faults in 2 records.", ("type-error", "extra-cell"), "s3://reports/report.html"),
    "opened_run": "run.1",
    "opened_dag": "sales_etl",
    "duplicate_of": "another",
    "superseded_by": "a third",
    "sha256": "0123",
    "membership": Membership("set"),
    "replay": Replay("execution", "token"),
    "failure": Failure(State.RECEIVED, 1, NOON, NOON + timedelta(minutes=5), 7, "AccessDenied", "kms:Decrypt"),
    "turn": 3,
    "contract_version": "2",
    "closed": "no contract comes any more (somebody)",
    "opens_at": datetime(2026, 11, 21, 16, tzinfo=UTC),
    "volume": "not enough history: 2 of 5 comparable days",
    "attempt": 2,
    "retraction": Retraction("wrong (ann)", 2, "0A.00000000", "another", "data.csv", 5),
    "loaded_at": NOON + timedelta(minutes=30),
}


def test_a_new_drop_is_read_as_it_was_written() -> None:
    assert record_of(item_of(BARE, "intake 1")) == BARE
    parts = replace(BARE, members=("a", "b"))
    assert record_of(item_of(parts, "intake 1")) == parts


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_read_as_it_was_written_and_touches_nothing_else(name: str) -> None:
    changed = {**item_of(BARE, "intake 1"), **attributes_of({name: CHANGES[name]})}
    assert record_of(changed) == replace(BARE, **{name: CHANGES[name]})


def test_every_field_of_a_record_is_kept() -> None:
    whole = replace(BARE, **CHANGES)
    assert record_of({**item_of(BARE, "intake 1"), **attributes_of(CHANGES)}) == whole
    kept = {"drop", "state", "received_at", "updated_at", "members", "moves", *CHANGES}
    assert {field.name for field in fields(DropRecord)} == kept


def test_a_part_that_waits_for_its_set_is_told_from_a_file_that_has_none() -> None:
    waiting = {**item_of(BARE, "intake 1"), **attributes_of({"membership": Membership()})}
    assert record_of(waiting).membership == Membership(None)
    assert BARE.membership is None


def test_a_drop_without_a_contract_has_no_dataset_in_its_item_nor_in_its_entry() -> None:
    unmatched = replace(BARE, match=None, state=State.UNMATCHED)
    for item in (item_of(unmatched, "intake 1"), entry_of(unmatched)):
        assert not {"dataset", "partition", "of_dataset"} & item.keys()
    assert record_of(item_of(unmatched, "intake 1")) == entered_later(entry_of(unmatched)) == unmatched


def test_an_entry_alone_stands_for_its_drop() -> None:
    assert entered_later(entry_of(BARE)) == BARE
    assert entry_of(BARE)["sk"] == entry_sort_key(BARE.drop)


def test_times_are_kept_to_the_millisecond_in_utc_and_sort_as_text() -> None:
    tokyo = datetime(2026, 11, 22, 21, 0, 0, 250_999, tzinfo=timezone(timedelta(hours=9)))
    assert stamp(tokyo) == "2026-11-22T12:00:00.250+00:00"
    assert moment(stamp(tokyo)) == NOON + timedelta(milliseconds=250)
    assert stamp(NOON) < stamp(tokyo) < stamp(NOON + timedelta(seconds=1))

"""Writes of one slot under several names, in DynamoDB (moto): none of two that come together misses the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.drops.drop import Drop, DropRecord
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.ledger.drops import Ledger, LostClaimError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = "2026-11-20"


@pytest.fixture
def ledger(table: Table) -> Ledger:
    return Ledger(table)


def match(hour: int, shard: str = "") -> Match:
    return Match("sales", DAY, f"20261121{hour:02}0000", shard)


def drop(hour: int, sequencer: str = "01", name: str = "a") -> Drop:
    return Drop("raw", f"sales/{DAY}/{hour:02}_{name}.csv", f"v{sequencer}", f"{hour}{name}", 1, sequencer)


def write(ledger: Ledger, hour: int, sequencer: str = "01", shard: str = "") -> DropRecord:
    return ledger.receive(drop(hour, sequencer), match(hour, shard), NOON)


def without_record(table: Table, record: DropRecord) -> None:
    """Leave the drop as a function leaves it that crashes before it has written its record."""
    table.delete_item(Key={"pk": f"drop#{record.id}", "sk": "drop"})


def test_a_drop_sees_the_writes_of_other_names_before_and_after_it_by_their_stamps(ledger: Ledger) -> None:
    late, early, middle = write(ledger, 11, "01"), write(ledger, 9, "03"), write(ledger, 10, "02")
    again = ledger.receive(drop(10, "04"), match(10), NOON)
    ledger.receive(drop(12, name="b"), Match("sales", "2026-11-19", "20261121120000"), NOON)
    assert ledger.newer_writes(early) == [middle, again, late]
    assert list(ledger.older_writes(late)) == [again, middle, early]
    assert ledger.drops_of("sales", DAY) == [early, middle, again, late]
    assert ledger.drops_of_key("raw", middle.drop.key) == [middle, again]
    assert list(ledger.older_writes_of_key(again.drop)) == [middle]  # S3's order knows of no stamps


def test_shards_see_their_own_writes_alone(ledger: Ledger) -> None:
    one, other = write(ledger, 9, shard="1"), write(ledger, 10, shard="2")
    newer = write(ledger, 11, shard="1")
    assert ledger.newer_writes(one) == [newer]
    assert ledger.newer_writes(other) == []


def test_a_write_under_another_name_is_seen_before_its_record_is_there(ledger: Ledger, table: Table) -> None:
    first, second = write(ledger, 9), write(ledger, 10)
    without_record(table, second)
    assert ledger.newer_writes(first) == [second]
    assert list(ledger.older_writes(write(ledger, 11))) == [second, first]


def test_a_file_whose_contract_came_later_is_in_its_slot_once_it_is_received(ledger: Ledger) -> None:
    unmatched, newer = ledger.receive(drop(9), None, NOON), write(ledger, 10)
    assert list(ledger.older_writes(newer)) == []
    received = ledger.move(unmatched, State.RECEIVED, NOON, match=match(9))
    assert list(ledger.older_writes(newer)) == [received]
    assert ledger.newer_writes(received) == [newer]


def test_an_entry_without_the_move_that_it_was_for_counts_for_nothing(ledger: Ledger) -> None:
    unmatched, newer = ledger.receive(drop(9), None, NOON), write(ledger, 10)
    elsewhere = replace(unmatched, attempt=7)  # somebody else has moved it
    with pytest.raises(LostClaimError):
        ledger.move(elsewhere, State.RECEIVED, NOON, match=match(9))
    assert list(ledger.older_writes(newer)) == []


def test_under_another_contract_a_file_leaves_its_slot(ledger: Ledger) -> None:
    first, newer = write(ledger, 9), write(ledger, 10)
    unmatched = ledger.move(first, State.UNMATCHED, NOON)
    ledger.move(unmatched, State.RECEIVED, NOON, match=Match("sales", "2026-11-19", "20261121090000"))
    assert list(ledger.older_writes(newer)) == []


def test_an_event_that_comes_after_all_does_not_move_its_drop_among_the_names(ledger: Ledger) -> None:
    found = ledger.receive(drop(10, ".00000001"), match(10), NOON)
    event = replace(found.drop, sequencer="0B")
    assert ledger.receive(event, match(10), NOON) == found
    assert ledger.newer_writes(write(ledger, 9)) == [found]
    assert list(ledger.older_writes(write(ledger, 11))) == [found, *ledger.older_writes(found)]


def test_what_came_ahead_of_its_time_is_nobodys_other_write_though_it_is_entered_again(ledger: Ledger) -> None:
    first = write(ledger, 9)
    ahead = ledger.receive(drop(10), Match("sales", DAY, "20271121100000"), NOON)
    ledger.receive(ahead.drop, Match("sales", DAY, "20271121100000"), NOON + timedelta(days=400))
    assert ledger.newer_writes(first) == []
    assert (ahead.slot, ledger.newer_writes(ahead)) == (ahead.drop.key, [])

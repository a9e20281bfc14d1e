"""The ledger's promises on DynamoDB (moto): one hand moves a drop, forward only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.drops.drop import Drop, DropRecord, Lease, Replay
from suimon.drops.match import Match
from suimon.drops.states import MoveError, State
from suimon.ledger import by_state
from suimon.ledger.drops import MOST_TAKEN_OVER, Ledger, LostClaimError
from suimon.ledger.items import Standing
from suimon.ledger.queries import HistoryEntry, history

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEASE = timedelta(minutes=16)
DROP = Drop("raw", "sales/2026-11-20/sales_data.csv", "v1", "etag", 10, "01")
SALES = Match("sales", "2026-11-20")


@pytest.fixture
def ledger(table: Table) -> Ledger:
    return Ledger(table, "intake 1")


def test_a_drop_is_entered_once_however_often_its_event_comes(ledger: Ledger) -> None:
    first = ledger.receive(DROP, SALES, NOON)
    claimed = ledger.claim(first, NOON, owner="a", lease=LEASE, attempt=1)
    again = ledger.receive(DROP, SALES, NOON + timedelta(hours=1))
    assert again == claimed


def test_only_one_of_two_claims_wins(ledger: Ledger) -> None:
    record = ledger.receive(DROP, SALES, NOON)
    ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1)
    with pytest.raises(LostClaimError):
        ledger.claim(record, NOON, owner="b", lease=LEASE, attempt=1)


def test_a_lease_is_taken_over_only_once_it_has_run_out_and_its_old_owner_can_write_no_more(ledger: Ledger) -> None:
    record = ledger.receive(DROP, SALES, NOON)
    held = ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1)
    with pytest.raises(LostClaimError):
        ledger.claim(held, NOON + LEASE / 2, owner="b", lease=LEASE, attempt=1)
    taken = ledger.claim(held, NOON + LEASE * 2, owner="b", lease=LEASE, attempt=1)
    with pytest.raises(LostClaimError):
        ledger.move(held, State.ACCEPTED, NOON + LEASE * 2)
    assert ledger.move(taken, State.ACCEPTED, NOON + LEASE * 2).state is State.ACCEPTED


def test_a_released_lease_can_be_claimed_at_once(ledger: Ledger) -> None:
    record = ledger.receive(DROP, SALES, NOON)
    held = ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1)
    ledger.release(held, NOON)
    free = ledger.get(DROP.id)
    assert free
    later = NOON + timedelta(seconds=1)
    assert ledger.claim(free, later, owner="b", lease=LEASE, attempt=1).lease == Lease("b", later + LEASE)


def test_a_drop_never_moves_backward(ledger: Ledger) -> None:
    record = ledger.receive(DROP, SALES, NOON)
    with pytest.raises(MoveError, match="no way leads from RECEIVED to LOADED"):
        ledger.move(record, State.LOADED, NOON)


def test_the_history_tells_every_move_with_its_time_and_hand(ledger: Ledger, table: Table) -> None:
    record = ledger.receive(DROP, SALES, NOON)
    record = ledger.claim(record, NOON + timedelta(seconds=1), owner="a", lease=LEASE, attempt=1)
    Ledger(table, "somebody else").move(record, State.REJECTED, NOON + timedelta(seconds=2))
    assert history(table, DROP.id) == [
        HistoryEntry(State.RECEIVED, NOON, 1, "intake 1"),
        HistoryEntry(State.VALIDATING, NOON + timedelta(seconds=1), 1, "intake 1"),
        HistoryEntry(State.REJECTED, NOON + timedelta(seconds=2), 1, "somebody else"),
    ]


def test_a_check_that_fails_for_months_does_not_fill_the_history(ledger: Ledger, table: Table) -> None:
    record = ledger.receive(DROP, SALES, NOON)
    for day in range(MOST_TAKEN_OVER + 5):
        record = ledger.claim(record, NOON + timedelta(days=day), owner=f"{day}", lease=LEASE, attempt=1)
    ledger.move(record, State.REJECTED, NOON + timedelta(days=day + 1))
    told = [move.state for move in history(table, DROP.id)]
    assert told == [State.RECEIVED, *[State.VALIDATING] * (MOST_TAKEN_OVER - 1), State.REJECTED]


def test_a_drop_without_a_sequencer_is_entered_as_the_first_of_its_key(ledger: Ledger) -> None:
    [known, first] = writes(ledger, "01", "")
    assert ledger.newer_writes(first) == [known]


def test_the_drops_of_a_partition_come_in_the_order_of_their_writes(ledger: Ledger) -> None:
    for version, sequencer in (("v2", "02"), ("v1", "01"), ("v3", "03")):
        drop = Drop("raw", DROP.key, version, version, 1, sequencer)
        ledger.receive(drop, SALES, NOON)
    found = ledger.drops_of("sales", "2026-11-20")
    assert [record.drop.version_id for record in found] == ["v1", "v2", "v3"]
    assert ledger.drops_of("sales", "2026-11-21") == []


def writes(ledger: Ledger, *sequencers: str) -> list[DropRecord]:
    drops = (Drop("raw", DROP.key, f"v{one}", one, 1, one) for one in sequencers)
    return [ledger.receive(drop, SALES, NOON) for drop in drops]


def test_a_drop_sees_the_writes_of_its_key_before_and_after_it(ledger: Ledger) -> None:
    second, first, third, fourth = writes(ledger, "0a2", "0A10", "0A3", "0A300.0001")
    ledger.receive(Drop("raw", "another/key", "v", "e", 1, "0A2"), None, NOON)
    assert ledger.newer_writes(second) == [third, fourth]
    assert list(ledger.older_writes(fourth)) == [third, second, first]
    assert ledger.drops_of_key("raw", DROP.key) == [first, second, third, fourth]
    assert ledger.drops_of("sales", "2026-11-20") == [first, second, third, fourth]
    assert ledger.newer_writes(fourth) == []
    assert list(ledger.older_writes(first)) == []


def test_a_key_with_very_many_writes_is_read_to_its_end(ledger: Ledger) -> None:
    found = writes(ledger, *(f"{number:04X}" for number in range(230)))
    assert ledger.newer_writes(found[0]) == found[1:]
    assert list(ledger.older_writes(found[-1])) == found[-2::-1]


@pytest.mark.hits("entry-stands-for-its-record")
def test_a_write_is_seen_as_soon_as_its_key_has_its_entry(ledger: Ledger, table: Table) -> None:
    first, second = writes(ledger, "01", "02")
    table.delete_item(Key={"pk": f"drop#{second.id}", "sk": "drop"})  # as if its own record were still to come
    assert ledger.newer_writes(first) == [second]
    assert list(ledger.older_writes(second)) == [first]


def test_an_event_that_comes_after_all_does_not_move_its_drop_in_the_order(ledger: Ledger) -> None:
    found, next_found = writes(ledger, "0A.0001", "0A.0002")
    event = replace(found.drop, sequencer="0B")
    assert ledger.receive(event, SALES, NOON) == found
    assert ledger.newer_writes(next_found) == []
    assert list(ledger.older_writes(next_found)) == [found]
    [newest] = writes(ledger, "0C")
    assert list(ledger.older_writes(newest)) == [next_found, found]
    assert ledger.newer_writes(found) == [next_found, newest]


def test_a_write_whose_answer_was_lost_is_known_again_and_somebody_else_s_is_not(ledger: Ledger) -> None:
    [record] = writes(ledger, "01")
    claimed = ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1)
    assert ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1) == claimed  # botocore asks once more
    with pytest.raises(LostClaimError):
        ledger.claim(record, NOON, owner="b", lease=LEASE, attempt=1)


def test_a_lost_claim_and_a_known_drop_cost_no_read(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    record = ledger.receive(DROP, SALES, NOON)
    claimed = ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1)
    monkeypatch.setattr(ledger._table, "get_item", None)
    assert ledger.receive(DROP, SALES, NOON + timedelta(hours=1)) == claimed
    assert ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1) == claimed
    with pytest.raises(LostClaimError):
        ledger.claim(record, NOON, owner="b", lease=LEASE, attempt=1)


def test_a_touch_leaves_a_drop_where_it_is_since_when_it_is_there(ledger: Ledger, table: Table) -> None:
    record = ledger.receive(DROP, SALES, NOON)
    held = ledger.claim(record, NOON, owner="a", lease=LEASE, attempt=1, replay=Replay("execution", "old"))
    touched = ledger.touch(held, replay=Replay("execution", "new"))
    assert touched == replace(held, replay=Replay("execution", "new"))
    assert len(history(table, DROP.id)) == 2
    moved = ledger.move(touched, State.REJECTED, NOON)
    with pytest.raises(LostClaimError):
        ledger.touch(touched, replay=Replay("execution", "newest"))
    assert ledger.get(DROP.id) == moved


def test_drops_are_listed_by_how_long_they_have_stood_in_a_state(ledger: Ledger) -> None:
    for number in range(3):
        drop = Drop("raw", f"key {number}", "v", "e", 1, "01")
        ledger.receive(drop, None, NOON + timedelta(minutes=number))
    found = list(ledger.in_state(State.UNMATCHED, NOON + timedelta(minutes=2)))
    assert [record.drop.key for record in found] == ["key 0", "key 1", "key 2"]
    later = ledger.in_state(State.UNMATCHED, NOON + timedelta(minutes=1), Standing.of(found[0]))
    assert [record.drop.key for record in later] == ["key 1"]
    assert list(ledger.in_state(State.RECEIVED, NOON + timedelta(hours=1))) == []


def test_drops_of_one_moment_are_all_listed_though_some_move_on_meanwhile(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_state, "PAGE", 2)
    entered = {ledger.receive(Drop("raw", f"key {number}", "v", "e", 1, "01"), None, NOON).id for number in range(7)}
    seen: list[str] = []
    for record in ledger.in_state(State.UNMATCHED, NOON):
        seen.append(record.id)
        ledger.move(record, State.RECEIVED, NOON, match=SALES)
    assert sorted(seen) == sorted(entered)


def test_many_drops_are_looked_up_at_once(ledger: Ledger) -> None:
    found = writes(ledger, *(f"{number:04X}" for number in range(150)))
    asked = [record.id for record in found]
    assert ledger.get_many([*asked, *asked, "unknown"]) == {record.id: record for record in found}
    assert ledger.get_many([]) == {}

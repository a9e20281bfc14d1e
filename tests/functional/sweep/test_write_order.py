"""Lost writes, entered in the order in which they were made, at a bounded cost, on moto."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.aws import versions
from suimon.ledger.checkpoints import Checkpoints
from suimon.ledger.drops import Ledger
from suimon.sweep import write_order
from suimon.sweep.lost_events import LOST_EVENT
from tests.functional.sweep.swept import HOUR, MINUTE, NOON, RAW, World, key_of, lost_events_of, written_order_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import Drop

# A date that no round looks at for itself: only the walk over the whole bucket comes here.
LONG_AGO = "2024-02-29"


def test_lost_writes_get_their_place_between_the_known_ones(world: World) -> None:
    writes = [world.put(key_of(), f"{number}", NOON - HOUR + number * MINUTE) for number in range(5)]
    world.receive(writes[0], "0A")
    world.receive(writes[3], "0D")
    assert world.find(LOST_EVENT).repaired == 3
    assert written_order_of(world, *writes) == [drop.version_id for drop in writes]
    found = [world.ledger.get(writes[number].id) for number in (1, 2, 4)]
    assert [one.drop.sequencer for one in found if one] == ["0A.00000001", "0A.00000002", "0D.00000001"]


def test_the_true_event_that_comes_later_changes_no_place(world: World) -> None:
    writes = [world.put(key_of(), f"{number}", NOON - HOUR + number * MINUTE) for number in range(3)]
    world.receive(writes[0], "0A")
    world.round()
    world.receive(writes[1], "0B")
    assert written_order_of(world, *writes) == [drop.version_id for drop in writes]
    newest = world.ledger.get(writes[2].id)
    assert newest
    assert world.ledger.newer_writes(newest) == []


@pytest.mark.hits("next-place-is-behind-the-record")
def test_an_event_that_comes_while_the_sweep_enters_moves_the_places_of_the_next_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = [world.put(key_of(), f"{number}", NOON - HOUR + number * MINUTE) for number in range(2)]
    sweep = world.sweep()
    receive = sweep.ledger.receive
    came: list[object] = []

    def receive_after_the_event(drop: Drop, *rest: Any) -> Any:
        if drop.version_id == writes[0].version_id and not came:
            came.append(world.receive(writes[0], "0A"))
        return receive(drop, *rest)

    monkeypatch.setattr(sweep.ledger, "receive", receive_after_the_event)
    sweep.round(NOON)
    found = [world.ledger.get(drop.id) for drop in writes]
    assert [one.drop.sequencer for one in found if one] == ["0A", "0A.00000001"]


def test_a_known_write_whose_version_was_deleted_lies_below_what_was_written_after_it_had_come(world: World) -> None:
    deleted = world.put(key_of(), "deleted", NOON - 3 * HOUR)
    world.receive(deleted, "0C", NOON - 3 * HOUR)
    world.s3.delete_object(Bucket=RAW, Key=key_of(), VersionId=deleted.version_id)
    drop = world.put(key_of(), "newer", NOON - HOUR)
    world.round()
    assert written_order_of(world, deleted, drop) == [deleted.version_id, drop.version_id]


def test_an_entry_that_a_crash_left_without_its_record_keeps_its_true_sequencer(world: World, table: Table) -> None:
    drop = world.put(key_of())
    world.receive(drop, "0A")
    table.delete_item(Key={"pk": f"drop#{drop.id}", "sk": "drop"})
    assert world.find(LOST_EVENT).repaired == 1
    record = world.ledger.get(drop.id)
    assert record
    assert record.drop.sequencer == "0A"


def test_an_entry_without_its_record_is_no_deleted_version_whatever_the_clock_of_a_function_says(
    world: World, table: Table
) -> None:
    writes = [world.put(key_of(), f"{number}", NOON - HOUR + number * MINUTE) for number in range(3)]
    world.receive(writes[2], "0C", NOON - 2 * HOUR)  # by a clock that is an hour behind
    table.delete_item(Key={"pk": f"drop#{writes[2].id}", "sk": "drop"})
    assert world.find(LOST_EVENT).repaired == 3
    assert written_order_of(world, *writes) == [drop.version_id for drop in writes]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The drop ids that the ledger is asked for, one by one or in batches."""
    found: list[str] = []
    get, get_many = Ledger.get, Ledger.get_many

    def one(ledger: Ledger, drop_id: str) -> Any:
        found.append(drop_id)
        return get(ledger, drop_id)

    def many(ledger: Ledger, drop_ids: Iterable[str]) -> Any:
        wanted = list(drop_ids)
        found.extend(wanted)
        return get_many(ledger, wanted)

    monkeypatch.setattr(Ledger, "get", one)
    monkeypatch.setattr(Ledger, "get_many", many)
    return found


@pytest.mark.parametrize("lost", [39, 30, 25, 5, 0])
@pytest.mark.parametrize("page", [7, 100])
def test_a_lost_write_of_a_key_with_many_costs_reads_of_its_neighbours_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: list[str], lost: int, page: int
) -> None:
    monkeypatch.setattr(versions, "PAGE", page)
    monkeypatch.setattr(write_order, "BATCH", 5)
    long_ago = NOON - timedelta(days=3)
    writes = [world.put(key_of(LONG_AGO), f"{number}", long_ago + number * MINUTE) for number in range(40)]
    for number, drop in enumerate(writes):
        if number != lost:
            world.receive(drop, f"{number + 1:02X}", long_ago + number * MINUTE)
    listing = lost_events_of(world)
    listed = [one for page in listing.bucket.pages() for one in page.versions]
    asked.clear()
    # Not the versions above it: a page may begin among those of a key.
    place = next(number for number, one in enumerate(listed) if one.drop.id == writes[lost].id)
    assert listing.compare(listed[place : place + 3], NOON).repaired == 1
    assert len(asked) < 20
    assert written_order_of(world, *writes) == [drop.version_id for drop in writes]


def test_a_lost_write_over_many_whose_versions_have_expired_costs_the_newest_of_them(
    world: World, asked: list[str]
) -> None:
    long_ago = NOON - timedelta(days=3)
    for number in range(1, 30):
        drop = world.put(key_of(LONG_AGO), f"{number}", long_ago + number * MINUTE)
        world.receive(drop, f"{number:02X}", long_ago + number * MINUTE)
        world.s3.delete_object(Bucket=RAW, Key=drop.key, VersionId=drop.version_id)
    lost = [world.put(key_of(LONG_AGO), f"lost {number}", NOON - HOUR + number * MINUTE) for number in range(2)]
    asked.clear()
    assert lost_events_of(world).near(NOON).repaired == 0
    assert lost_events_of(world).far(Checkpoints(world.table), NOON).repaired == 2
    assert len(asked) < 10
    found = [world.ledger.get(drop.id) for drop in lost]
    assert [one.drop.sequencer for one in found if one] == ["1D.00000001", "1D.00000002"]

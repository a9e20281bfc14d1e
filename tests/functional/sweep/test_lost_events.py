"""Versions without an event, on moto: found by listing, entered in the order of their writes, at a bounded cost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.aws import versions
from suimon.aws.versions import RawBucket
from suimon.drops.drop import written_order
from suimon.drops.states import State
from suimon.intake.queue import IntakeQueue
from suimon.ledger.checkpoints import Marks
from suimon.ledger.drops import Ledger
from suimon.sweep import lost_events
from suimon.sweep.lost_events import KIND, MARK, Listing, near_prefixes
from tests.functional.sweep.swept import HOUR, MINUTE, NOON, RAW, World, contracts, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import Drop
    from tests.functional.conftest import Post

# A date that no round looks at for itself: only the walk over the whole bucket comes here.
LONG_AGO = "2024-02-29"


@pytest.fixture
def world(table: Table, post: Post) -> World:
    return World(table, post)


def listing_of(world: World) -> Listing:
    queue = IntakeQueue(world.sqs, world.queues["intake"])
    bucket = RawBucket(world.s3, RAW)
    return Listing(
        contracts=world.contracts, ledger=world.ledger, bucket=bucket, queue=queue, incidents=world.incidents
    )


def order(world: World, *drops: Drop) -> list[str]:
    """The drops' versions in the order that the ledger gives their writes."""
    records = [world.ledger.get(drop.id) for drop in drops]
    by_write = sorted((one for one in records if one), key=lambda one: written_order(one.drop.sequencer))
    return [one.drop.version_id for one in by_write]


@pytest.mark.parametrize("day", ["2026-11-21", LONG_AGO])
def test_a_file_whose_event_never_came_is_entered_and_sent_to_the_gate(world: World, day: str) -> None:
    drop = world.put(key_of(day))
    finding = world.find(KIND)
    assert (finding.detected, finding.repaired, finding.unexplained) == (1, 1, 0)
    assert finding.examples == (f"{key_of(day)} ({drop.version_id})",)
    record = world.ledger.get(drop.id)
    assert record
    assert (record.state, record.dataset, record.partition) == (State.RECEIVED, "sales", day)
    assert (record.drop.etag, record.drop.size, record.drop.sequencer) == (drop.etag, 1, ".00000001")
    assert world.resumed() == [drop.id]


def test_a_second_round_finds_nothing(world: World) -> None:
    world.put(key_of())
    world.round()
    world.resumed()
    assert world.find(KIND, NOON + MINUTE).detected == 0
    assert world.resumed() == []


def test_an_event_that_may_still_come_is_waited_for(world: World) -> None:
    drop = world.put(key_of(), written=NOON - 14 * MINUTE)
    assert world.find(KIND).detected == 0
    assert world.ledger.get(drop.id) is None
    assert world.find(KIND, NOON + 2 * MINUTE).repaired == 1


def test_while_the_queue_is_full_the_events_may_be_among_its_messages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_events, "BACKLOG", 1)
    for _ in range(2):
        world.send("intake", {"resume": "x"})
    world.put(key_of(), written=NOON - HOUR)
    old = world.put(key_of("2026-11-20"), written=NOON - 7 * HOUR)
    assert world.find(KIND).detected == 1
    assert world.ledger.get(old.id)
    # What was passed over then is not taken for known by the walks that follow.
    world.messages("intake")
    assert world.find(KIND, NOON + HOUR).detected == 1


def test_found_writes_get_their_place_between_the_known_ones(world: World) -> None:
    writes = [world.put(key_of(), f"{number}", NOON - HOUR + number * MINUTE) for number in range(5)]
    world.receive(writes[0], "0A")
    world.receive(writes[3], "0D")
    assert world.find(KIND).repaired == 3
    assert order(world, *writes) == [drop.version_id for drop in writes]
    found = [world.ledger.get(writes[number].id) for number in (1, 2, 4)]
    assert [one.drop.sequencer for one in found if one] == ["0A.00000001", "0A.00000002", "0D.00000001"]


def test_the_true_event_that_comes_later_changes_no_place(world: World) -> None:
    writes = [world.put(key_of(), f"{number}", NOON - HOUR + number * MINUTE) for number in range(3)]
    world.receive(writes[0], "0A")
    world.round()
    world.receive(writes[1], "0B")
    assert order(world, *writes) == [drop.version_id for drop in writes]
    newest = world.ledger.get(writes[2].id)
    assert newest
    assert world.ledger.newer_writes(newest.drop) == []


def test_an_event_that_comes_while_the_sweep_enters_is_where_the_next_ones_go_on_from(
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
    assert order(world, deleted, drop) == [deleted.version_id, drop.version_id]


def test_an_entry_that_a_crash_left_without_its_record_keeps_its_true_sequencer(world: World, table: Table) -> None:
    drop = world.put(key_of())
    world.receive(drop, "0A")
    table.delete_item(Key={"pk": f"drop#{drop.id}", "sk": "drop"})
    assert world.find(KIND).repaired == 1
    record = world.ledger.get(drop.id)
    assert record
    assert record.drop.sequencer == "0A"


def test_an_entry_without_its_record_is_no_deleted_version_whatever_the_clock_of_a_function_says(
    world: World, table: Table
) -> None:
    writes = [world.put(key_of(), f"{number}", NOON - HOUR + number * MINUTE) for number in range(3)]
    world.receive(writes[2], "0C", NOON - 2 * HOUR)  # by a clock that is an hour behind
    table.delete_item(Key={"pk": f"drop#{writes[2].id}", "sk": "drop"})
    assert world.find(KIND).repaired == 3
    assert order(world, *writes) == [drop.version_id for drop in writes]


def test_a_crash_between_entering_and_sending_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = world.put(key_of())
    sqs = world.sqs
    broken = world.sweep()
    monkeypatch.setattr(sqs, "send_message_batch", lambda **_: 1 / 0)
    assert [failure.part for failure in broken.round(NOON).failures] == ["recent dates"]
    monkeypatch.undo()
    assert world.state_of(drop.id) is State.RECEIVED
    world.round(NOON + 15 * MINUTE)
    assert world.resumed() == [drop.id]


def test_what_no_contract_knows_is_told_and_entered_as_unmatched(world: World) -> None:
    drop = world.put("notes/readme.txt")
    folder = world.put("sales/2026-11-21/", "")
    assert world.find(KIND).repaired == 2
    assert {world.state_of(drop.id), world.state_of(folder.id)} == {State.UNMATCHED}
    assert world.resumed() == []  # the gate has nothing to do with it
    assert world.post.subjects() == ["[Suimon] Files that no contract knows: notes/*.txt"]


def test_what_no_contract_knows_is_told_although_the_sweep_fails_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("notes/readme.txt")
    world.put(key_of(LONG_AGO))
    monkeypatch.setattr(world.sqs, "send_message_batch", lambda **_: 1 / 0)
    assert [failure.part for failure in world.round().failures] == ["whole bucket"]
    monkeypatch.undo()
    world.round(NOON + MINUTE)
    assert "[Suimon] Files that no contract knows: notes/*.txt" in world.post.subjects()


def test_delete_markers_are_no_drops(world: World) -> None:
    drop = world.put(key_of())
    world.receive(drop, "0A")
    world.s3.delete_object(Bucket=RAW, Key=key_of())
    assert world.find(KIND).detected == 0


@pytest.mark.parametrize("key", ["sales/2026-11-21/sales_data.csv.bak", "日本語 +%/名.csv"])
def test_keys_of_any_kind_are_listed(world: World, key: str) -> None:
    drop = world.put(key)
    world.put(key_of())
    assert world.find(KIND).repaired == 2
    assert world.ledger.get(drop.id)


def test_the_walk_goes_on_from_its_mark_round_by_round(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "PAGE", 2)
    monkeypatch.setattr(lost_events, "FAR_PAGES", 2)
    # One key has many versions: a page may end among them.
    drops = [world.put(key_of(LONG_AGO), f"{number}", NOON - HOUR + number * MINUTE) for number in range(3)]
    drops += [world.put(f"sales/2024-03-0{number}/sales_data.csv") for number in range(1, 7)]
    assert [world.find(KIND, NOON + number * MINUTE).repaired for number in range(4)] == [4, 4, 1, 0]
    assert all(world.ledger.get(drop.id) for drop in drops)
    assert order(world, *drops[:3]) == [drop.version_id for drop in drops[:3]]


def test_a_walk_after_a_complete_one_asks_the_ledger_only_for_what_it_cannot_have_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(key_of(LONG_AGO), "old", NOON - timedelta(days=3))
    world.round()
    asked: list[str] = []
    sweep = world.sweep()
    get_many = sweep.ledger.get_many

    def remembered(ids: list[str]) -> Any:
        asked.extend(ids)
        return get_many(ids)

    monkeypatch.setattr(sweep.ledger, "get_many", remembered)
    new = world.put(key_of("2024-03-01"), "new", NOON + MINUTE)
    assert sweep.round(NOON + HOUR).of(KIND).repaired == 1
    assert asked == [new.id]


def test_an_upload_in_parts_that_began_before_the_last_walk_and_ended_after_it_is_found(world: World) -> None:
    world.round()
    upload = world.s3.create_multipart_upload(Bucket=RAW, Key=key_of(LONG_AGO))["UploadId"]
    what = {"Bucket": RAW, "Key": key_of(LONG_AGO), "UploadId": upload}
    part = world.s3.upload_part(**what, PartNumber=1, Body=b"a")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    version = world.s3.complete_multipart_upload(**what, MultipartUpload=parts)["VersionId"]
    world.written(key_of(LONG_AGO), NOON - timedelta(days=6))
    finding = world.find(KIND, NOON + HOUR)
    assert finding.examples == (f"{key_of(LONG_AGO)} ({version})",)


def test_a_round_enters_a_bounded_number_and_says_what_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_events, "ENTERED_AT_MOST", 2)
    drops = [world.put(f"sales/2024-03-0{number}/sales_data.csv") for number in range(1, 6)]
    findings = world.round()
    assert (findings.of(KIND).detected, findings.of(KIND).repaired, findings.unexplained) == (5, 2, 3)
    [(subject, body)] = [letter for letter in world.post.letters() if "The sweep" in letter[0]]
    assert subject == "[Suimon] The sweep found what it could not set right"
    assert body.startswith(f"3 x lost event, among them {drops[2].key} (")
    # The mark has not moved past them.
    assert [world.round(NOON + number * MINUTE).unexplained for number in (1, 2)] == [1, 0]
    assert all(world.ledger.get(drop.id) for drop in drops)
    assert "[Suimon] Recovered: The sweep found what it could not set right" in world.post.subjects()


@pytest.mark.parametrize("day", ["2026-11-21", LONG_AGO])
def test_a_round_enters_the_oldest_versions_of_one_key_and_comes_back_for_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    monkeypatch.setattr(lost_events, "ENTERED_AT_MOST", 2)
    monkeypatch.setattr(versions, "PAGE", 3)
    writes = [world.put(key_of(day), f"{number}", NOON - HOUR + number * MINUTE) for number in range(5)]
    assert world.find(KIND).repaired == 2
    assert [world.ledger.get(drop.id) is not None for drop in writes] == [True, True, False, False, False]
    assert [world.find(KIND, NOON + number * MINUTE).repaired for number in (1, 2, 3)] == [2, 1, 0]
    assert order(world, *writes) == [drop.version_id for drop in writes]


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
    monkeypatch.setattr(lost_events, "BATCH", 5)
    long_ago = NOON - timedelta(days=3)
    writes = [world.put(key_of(LONG_AGO), f"{number}", long_ago + number * MINUTE) for number in range(40)]
    for number, drop in enumerate(writes):
        if number != lost:
            world.receive(drop, f"{number + 1:02X}", long_ago + number * MINUTE)
    listing = listing_of(world)
    listed = [one for page in listing.bucket.pages() for one in page.versions]
    asked.clear()
    # Not the versions above it: a page may begin among those of a key.
    place = next(number for number, one in enumerate(listed) if one.drop.id == writes[lost].id)
    assert listing.compare(listed[place : place + 3], NOON).repaired == 1
    assert len(asked) < 20
    assert order(world, *writes) == [drop.version_id for drop in writes]


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
    assert listing_of(world).near(NOON).repaired == 0
    assert listing_of(world).far(Marks(world.table), NOON).repaired == 2
    assert len(asked) < 10
    found = [world.ledger.get(drop.id) for drop in lost]
    assert [one.drop.sequencer for one in found if one] == ["1D.00000001", "1D.00000002"]


def test_a_key_that_does_not_begin_with_its_date_takes_no_page_from_the_others(
    table: Table, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(table, post, contracts("aside/{shard}/{ds}.csv"))
    monkeypatch.setattr(versions, "PAGE", 1)
    prefixes = near_prefixes(world.contracts.all, NOON)
    monkeypatch.setattr(lost_events, "NEAR_PAGES", len(prefixes) + 1)
    for number in range(4):
        world.put(f"aside/{number}/2026-11-21.csv")
    drops = [world.put(key_of(day)) for day in ("2026-11-18", "2026-11-23")]
    # Those, the first of the many, and its second with the page that is left.
    assert listing_of(world).near(NOON).repaired == len(drops) + 2
    assert all(world.ledger.get(drop.id) for drop in drops)


def test_recent_dates_cost_a_bounded_number_of_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_events, "NEAR_PAGES", 0)
    monkeypatch.setattr(lost_events, "FAR_PAGES", 0)
    world.put(key_of())
    assert world.find(KIND).checked == 0


def test_an_error_leaves_the_mark_where_the_walk_had_come_to(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "PAGE", 1)
    for number in (1, 2, 3):
        world.put(f"sales/2024-03-0{number}/sales_data.csv")
    sweep = world.sweep()
    receive, calls = sweep.ledger.receive, iter([False, True])

    def fails_once(*args: Any) -> Any:
        if next(calls, False):
            raise ZeroDivisionError
        return receive(*args)

    monkeypatch.setattr(sweep.ledger, "receive", fails_once)
    assert [failure.part for failure in sweep.round(NOON).failures] == ["whole bucket"]
    assert Marks(world.table).get(MARK)["key"] == "sales/2024-03-01/sales_data.csv"
    assert world.find(KIND, NOON + MINUTE).repaired == 2
    assert world.post.subjects()[-1] == "[Suimon] Recovered: The sweep cannot look at whole bucket"

"""Versions whose event was lost, on moto: found by listing, at a bounded cost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from suimon.aws import versions
from suimon.drops.states import State
from suimon.ledger.checkpoints import Checkpoints
from suimon.sweep import lost_events, plans
from suimon.sweep.lost_events import LOST_EVENT, WALK
from suimon.sweep.plans.lost_events import near_prefixes
from tests.functional.sweep.swept import (
    HOUR,
    MINUTE,
    NOON,
    RAW,
    World,
    contracts,
    key_of,
    lost_events_of,
    written_order_of,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

# A date that no round looks at for itself: only the walk over the whole bucket comes here.
LONG_AGO = "2024-02-29"


@pytest.mark.parametrize("day", ["2026-11-21", LONG_AGO])
def test_a_file_whose_event_never_came_is_entered_and_sent_to_the_gate(world: World, day: str) -> None:
    drop = world.put(key_of(day))
    finding = world.find(LOST_EVENT)
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
    assert world.find(LOST_EVENT, NOON + MINUTE).detected == 0
    assert world.resumed() == []


def test_an_event_that_may_still_come_is_waited_for(world: World) -> None:
    drop = world.put(key_of(), written=NOON - 14 * MINUTE)
    assert world.find(LOST_EVENT).detected == 0
    assert world.ledger.get(drop.id) is None
    assert world.find(LOST_EVENT, NOON + 2 * MINUTE).repaired == 1


def test_while_the_queue_is_full_the_events_may_be_among_its_messages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans.lost_events, "BACKLOG", 1)
    for _ in range(2):
        world.send("intake", {"resume": "x"})
    world.put(key_of(), written=NOON - HOUR)
    old = world.put(key_of("2026-11-20"), written=NOON - 7 * HOUR)
    assert world.find(LOST_EVENT).detected == 1
    assert world.ledger.get(old.id)
    # What was passed over then is not taken for known by the walks that follow.
    world.messages("intake")
    assert world.find(LOST_EVENT, NOON + HOUR).detected == 1


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


def test_what_no_contract_matches_is_reported_and_entered_as_unmatched(world: World) -> None:
    drop = world.put("notes/readme.txt")
    folder = world.put("sales/2026-11-21/", "")
    assert world.find(LOST_EVENT).repaired == 2
    assert {world.state_of(drop.id), world.state_of(folder.id)} == {State.UNMATCHED}
    assert world.resumed() == []  # the gate has nothing to do with it
    assert world.post.subjects() == ["[WARNING] Files that no contract knows: notes/*.txt"]


def test_what_no_contract_matches_is_reported_although_the_sweep_fails_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("notes/readme.txt")
    world.put(key_of(LONG_AGO))
    monkeypatch.setattr(world.sqs, "send_message_batch", lambda **_: 1 / 0)
    assert [failure.part for failure in world.round().failures] == ["whole bucket"]
    monkeypatch.undo()
    world.round(NOON + MINUTE)
    assert "[WARNING] Files that no contract knows: notes/*.txt" in world.post.subjects()


def test_delete_markers_are_no_drops(world: World) -> None:
    drop = world.put(key_of())
    world.receive(drop, "0A")
    world.s3.delete_object(Bucket=RAW, Key=key_of())
    assert world.find(LOST_EVENT).detected == 0


@pytest.mark.parametrize("key", ["sales/2026-11-21/sales_data.csv.bak", "日本語 +%/名.csv"])
def test_keys_of_any_kind_are_listed(world: World, key: str) -> None:
    drop = world.put(key)
    world.put(key_of())
    assert world.find(LOST_EVENT).repaired == 2
    assert world.ledger.get(drop.id)


def test_the_walk_resumes_from_its_checkpoint_round_by_round(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "PAGE", 2)
    monkeypatch.setattr(lost_events, "FAR_PAGES", 2)
    # One key has many versions: a page may end among them.
    drops = [world.put(key_of(LONG_AGO), f"{number}", NOON - HOUR + number * MINUTE) for number in range(3)]
    drops += [world.put(f"sales/2024-03-0{number}/sales_data.csv") for number in range(1, 7)]
    assert [world.find(LOST_EVENT, NOON + number * MINUTE).repaired for number in range(4)] == [4, 4, 1, 0]
    assert all(world.ledger.get(drop.id) for drop in drops)
    assert written_order_of(world, *drops[:3]) == [drop.version_id for drop in drops[:3]]


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
    assert sweep.round(NOON + HOUR).of(LOST_EVENT).repaired == 1
    assert asked == [new.id]


def test_an_upload_in_parts_that_began_before_the_last_walk_and_ended_after_it_is_found(world: World) -> None:
    world.round()
    upload = world.s3.create_multipart_upload(Bucket=RAW, Key=key_of(LONG_AGO))["UploadId"]
    what = {"Bucket": RAW, "Key": key_of(LONG_AGO), "UploadId": upload}
    part = world.s3.upload_part(**what, PartNumber=1, Body=b"a")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    version = world.s3.complete_multipart_upload(**what, MultipartUpload=parts)["VersionId"]
    world.written(key_of(LONG_AGO), NOON - timedelta(days=6))
    finding = world.find(LOST_EVENT, NOON + HOUR)
    assert finding.examples == (f"{key_of(LONG_AGO)} ({version})",)


def test_a_round_enters_a_bounded_number_and_reports_what_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_events, "ENTERED_AT_MOST", 2)
    drops = [world.put(f"sales/2024-03-0{number}/sales_data.csv") for number in range(1, 6)]
    findings = world.round()
    assert (findings.of(LOST_EVENT).detected, findings.of(LOST_EVENT).repaired, findings.unexplained) == (5, 2, 3)
    [(subject, body)] = [letter for letter in world.post.letters() if "The sweep" in letter[0]]
    assert subject == "[ERROR] The sweep detected what it could not repair"
    assert body.startswith(f"3 x lost event, among them {drops[2].key} (")
    # The mark has not moved past them.
    assert [world.round(NOON + number * MINUTE).unexplained for number in (1, 2)] == [1, 0]
    assert all(world.ledger.get(drop.id) for drop in drops)
    assert "[RECOVERED] The sweep detected what it could not repair" in world.post.subjects()


@pytest.mark.parametrize("day", ["2026-11-21", LONG_AGO])
def test_a_round_enters_the_oldest_versions_of_one_key_and_the_next_ones_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    monkeypatch.setattr(lost_events, "ENTERED_AT_MOST", 2)
    monkeypatch.setattr(versions, "PAGE", 3)
    writes = [world.put(key_of(day), f"{number}", NOON - HOUR + number * MINUTE) for number in range(5)]
    assert world.find(LOST_EVENT).repaired == 2
    assert [world.ledger.get(drop.id) is not None for drop in writes] == [True, True, False, False, False]
    assert [world.find(LOST_EVENT, NOON + number * MINUTE).repaired for number in (1, 2, 3)] == [2, 1, 0]
    assert written_order_of(world, *writes) == [drop.version_id for drop in writes]


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
    assert lost_events_of(world).near(NOON).repaired == len(drops) + 2
    assert all(world.ledger.get(drop.id) for drop in drops)


def test_recent_dates_cost_a_bounded_number_of_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_events, "NEAR_PAGES", 0)
    monkeypatch.setattr(lost_events, "FAR_PAGES", 0)
    world.put(key_of())
    assert world.find(LOST_EVENT).checked == 0


def test_an_error_leaves_the_checkpoint_where_the_walk_had_come_to(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "PAGE", 1)
    for number in (1, 2, 3):
        world.put(f"sales/2024-03-0{number}/sales_data.csv")
    sweep = world.sweep()
    receive, calls = sweep.ledger.receive, iter([False, True])

    def fails_once(*args: Any) -> Any:
        if next(calls, False):
            raise EndpointConnectionError(endpoint_url="dynamodb")
        return receive(*args)

    monkeypatch.setattr(sweep.ledger, "receive", fails_once)
    assert [failure.part for failure in sweep.round(NOON).failures] == ["whole bucket"]
    assert Checkpoints(world.table).get(WALK)["key"] == "sales/2024-03-01/sales_data.csv"
    assert world.find(LOST_EVENT, NOON + MINUTE).repaired == 2
    assert world.post.subjects()[-1] == "[RECOVERED] The sweep could not check whole bucket"

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from suimon.drops.drop import (
    Accepted,
    Drop,
    DropRecord,
    EventError,
    Lease,
    Rejection,
    UnmatchedError,
    after,
    written_order,
)
from suimon.drops.failure import TEXT_CHARACTERS, Failure
from suimon.drops.match import Match
from suimon.drops.stamps import stamp_for_people
from suimon.drops.states import State

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {
        "bucket": {"name": "raw"},
        "object": {
            "key": "sales/2026-11-20/売上 a+b%20.csv",
            "size": 12,
            "etag": "0123",
            "version-id": "v1",
            "sequencer": "0055AED6DCD90281E5",
        },
    },
}


def test_a_key_from_eventbridge_is_taken_as_it_stands() -> None:
    assert Drop.from_event(EVENT).key == "sales/2026-11-20/売上 a+b%20.csv"


def test_characters_beside_the_halves_are_text() -> None:
    event = copy.deepcopy(EVENT)
    event["detail"]["object"]["key"] = "\ud7ff\ue000"
    assert Drop.from_event(event).key == "\ud7ff\ue000"


def test_an_etag_is_kept_without_its_quotes() -> None:
    event = copy.deepcopy(EVENT)
    event["detail"]["object"]["etag"] = '"X0123X"'
    assert Drop.from_event(event).etag == "X0123X"


def test_every_delivery_of_a_version_yields_the_same_id() -> None:
    again = copy.deepcopy(EVENT)
    again["id"], again["time"] = "another delivery", "2026-11-21T00:00:00Z"
    assert Drop.from_event(again).id == Drop.from_event(EVENT).id
    assert len(Drop.from_event(EVENT).id) == 16


def test_another_version_of_the_same_key_is_another_drop() -> None:
    other = copy.deepcopy(EVENT)
    other["detail"]["object"]["version-id"] = "v2"
    assert Drop.from_event(other).id != Drop.from_event(EVENT).id


def test_an_event_of_an_unversioned_bucket_is_refused_with_what_to_do() -> None:
    event = copy.deepcopy(EVENT)
    del event["detail"]["object"]["version-id"]
    with pytest.raises(EventError) as caught:
        Drop.from_event(event)
    assert str(caught.value) == (
        "not an Object Created event of a versioned bucket: version-id is missing; "
        "turn versioning and EventBridge on for the raw bucket"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", float("inf")),
        ("size", -1),
        ("size", 1.5),
        ("size", True),
        ("size", 2**63),
        ("key", "x" * 1_025),
        ("sequencer", "of a forger"),
        ("sequencer", "F" * 33),
        ("etag", 7),
        ("key", None),
        ("key", ["a"]),
        ("key", ""),
        ("key", "a\ud800b"),
        ("key", "\udfff"),
        ("version-id", "\udabc"),
        ("version-id", None),
        ("version-id", 7),
    ],
)
def test_what_names_no_version_of_an_object_is_refused(name: str, value: object) -> None:
    event = copy.deepcopy(EVENT)
    event["detail"]["object"][name] = value
    with pytest.raises(EventError):
        Drop.from_event(event)


@pytest.mark.parametrize(
    ("sequencer", "order"),
    [
        ("0a", "0A" + "0" * 30 + ".00000000"),
        ("0A0", "0A" + "0" * 30 + ".00000000"),  # S3: pad the shorter one with zeros on the right
        ("09F.00000002", "09F" + "0" * 29 + ".00000002"),
        ("", "0" * 32 + ".00000000"),
    ],
)
def test_sequencers_are_compared_padded_on_the_right(sequencer: str, order: str) -> None:
    assert written_order(sequencer) == order


def test_a_write_whose_event_never_came_stands_between_its_neighbours() -> None:
    found = after("0A10")
    assert written_order("0A10") < written_order(found) < written_order(after(found)) < written_order("0A11")
    assert written_order("") < written_order(after("")) < written_order("0000000000000001")  # the first of its key


def test_a_drop_without_a_contract_belongs_to_no_dataset() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    unmatched = DropRecord(Drop.from_event(EVENT), None, State.UNMATCHED, 1, at, at)
    with pytest.raises(UnmatchedError, match="no contract matches sales/2026-11-20/"):
        _ = unmatched.dataset
    with pytest.raises(UnmatchedError, match=unmatched.id):
        _ = unmatched.partition


def test_each_attempt_has_a_run_id_of_its_own() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    first = DropRecord(Drop.from_event(EVENT), Match("sales", "2026-11-20"), State.ACCEPTED, 1, at, at, opened_run="x")
    assert [first.run_id, replace(first, attempt=2).run_id] == [f"{first.id}.1", f"{first.id}.2"]


def test_failures_in_a_row_are_counted_from_the_first() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    record = DropRecord(Drop.from_event(EVENT), Match("sales", "2026-11-20"), State.VALIDATING, 1, at, at)
    first = record.fails("KeyError", "x" * 2_000, at, since=at - HOUR)
    assert first == Failure(State.VALIDATING, 1, at - HOUR, at, 1, "KeyError", "x" * TEXT_CHARACTERS)
    assert record.fails("KeyError", "", at).since == at
    second = replace(record, failure=first).fails("ValueError", "y", at + HOUR, since=at + HOUR)
    assert second == Failure(State.VALIDATING, 1, at - HOUR, at + HOUR, 2, "ValueError", "y")


def test_a_failure_is_over_when_a_try_succeeds_or_the_drop_moves_on() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    record = DropRecord(Drop.from_event(EVENT), Match("sales", "2026-11-20"), State.VALIDATING, 1, at, at)
    failing = replace(record, failure=record.fails("KeyError", "", at))
    assert failing.failing is failing.failure
    assert failing.failure
    for over in (
        replace(failing, failure=replace(failing.failure, tries=0)),
        replace(failing, state=State.ACCEPTED),
        replace(failing, attempt=2),
        record,
    ):
        assert over.failing is None
        assert over.fails("KeyError", "", at).tries == 1


@pytest.mark.parametrize(
    ("accepted", "rejected_attempt", "attempt", "has_copy"),
    [
        (None, None, 2, False),
        (Accepted("data.csv", 3), None, 2, True),
        (Accepted("data.csv", 3), 1, 2, False),
        (Accepted("data.csv", 3), 1, 3, True),
        (None, 1, 2, False),
    ],
)
def test_the_copy_of_the_attempt_before_is_loaded_again_unless_that_was_rejected(
    accepted: Accepted | None, rejected_attempt: int | None, attempt: int, *, has_copy: bool
) -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    record = DropRecord(Drop.from_event(EVENT), Match("sales", "2026-11-20"), State.LOADED, attempt - 1, at, at)
    rejection = Rejection(rejected_attempt, "bad") if rejected_attempt else None
    assert replace(record, accepted=accepted, rejection=rejection).has_copy_for(attempt) is has_copy


@pytest.mark.parametrize(("seconds", "leased"), [(-1, True), (0, True), (1, False)])
def test_a_lease_runs_to_its_end(seconds: int, *, leased: bool) -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    record = DropRecord(Drop.from_event(EVENT), None, State.VALIDATING, 1, at, at, lease=Lease("one", at))
    assert record.is_leased(at + timedelta(seconds=seconds)) is leased
    assert not replace(record, lease=None).is_leased(at)


def stamped(stamp: str, sequencer: str = "01", shard: str = "", key: str = "o/a.csv") -> DropRecord:
    drop = Drop("raw", key, "v1", "etag", 1, sequencer)
    return DropRecord(drop, Match("orders", "2026-11-20", stamp, shard), State.RECEIVED, 1, NOON, NOON)


def test_without_a_stamp_a_slot_is_the_key_and_with_one_dataset_partition_and_shard() -> None:
    assert stamped("").slot == "o/a.csv"
    assert stamped("20261120090000").slot == stamped("20261120100000", key="o/b.csv").slot == "orders#2026-11-20"
    assert stamped("20261120090000", shard="7").slot == "orders#2026-11-20#7"
    assert replace(stamped(""), match=None).slot == "o/a.csv"


def test_stamps_go_before_the_order_of_the_writes() -> None:
    assert stamped("20261120090000", "FF").written < stamped("20261120090001", "01").written
    assert stamped("20261120090000", "01").written < stamped("20261120090000", "02").written
    assert stamped("", "FF").written == written_order("FF")


@pytest.mark.parametrize(
    ("stamp", "is_ahead"),
    [
        ("20261123115959", False),
        ("20261123120000", False),
        ("20261123120001", True),
        ("99991231235959", True),
        ("00000000235959", False),
        ("00010101000000", False),
    ],
)
def test_a_stamp_more_than_a_day_ahead_of_its_arrival_orders_nothing(stamp: str, is_ahead: bool) -> None:  # noqa: FBT001 a table
    record = stamped(stamp)
    assert record.match
    assert record.match.is_ahead(NOON) is is_ahead
    assert record.is_stamped is not is_ahead
    assert (record.slot == record.drop.key) is is_ahead


def test_a_stamp_is_shown_as_the_time_that_it_is() -> None:
    assert stamp_for_people("20261120090105") == "2026-11-20 09:01:05"
    assert stamp_for_people("00000000090105") == "09:01:05"

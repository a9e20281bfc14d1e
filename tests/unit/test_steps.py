from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from suimon.drop import Drop, DropRecord, State
from suimon.steps import Step, fate, next_step

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def record(state: State = State.RECEIVED, *, version: str = "v1", etag: str = "a", sequencer: str = "01") -> DropRecord:
    drop = Drop("raw", "sales/2026-11-20/sales_data.csv", version, etag, 10, sequencer)
    return DropRecord(drop, "sales", "2026-11-20", state, 1, NOW.isoformat(), NOW.isoformat())


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (State.RECEIVED, Step.CHECK),
        (State.ACCEPTED, Step.TRIGGER),
        (State.TRIGGERED, Step.NOTHING),
        (State.LOADED, Step.NOTHING),
        (State.REJECTED, Step.NOTHING),
        (State.FAILED, Step.NOTHING),
        (State.DUPLICATE, Step.NOTHING),
    ],
)
def test_a_redelivery_goes_on_from_where_the_drop_stands(state: State, step: Step) -> None:
    assert next_step(record(state), NOW) is step


def test_a_check_that_somebody_holds_is_waited_for_and_a_dead_one_taken_over() -> None:
    held = replace(record(State.VALIDATING), lease_until=(NOW + timedelta(seconds=1)).isoformat())
    dead = replace(record(State.VALIDATING), lease_until=(NOW - timedelta(seconds=1)).isoformat())
    assert next_step(held, NOW) is Step.WAIT
    assert next_step(dead, NOW) is Step.CHECK


def test_a_first_file_is_checked() -> None:
    assert fate(record(), [record()]) is None


def test_the_same_bytes_again_are_a_duplicate() -> None:
    first = record(State.LOADED, version="v1", sequencer="01")
    again = record(version="v2", sequencer="02")
    assert fate(again, [first, again]) is State.DUPLICATE


@pytest.mark.parametrize("state", [State.REJECTED, State.FAILED])
def test_the_same_bytes_after_a_failure_are_a_new_try(state: State) -> None:
    first = record(state, version="v1", sequencer="01")
    again = record(version="v2", sequencer="02")
    assert fate(again, [first, again]) is None


def test_going_back_to_older_bytes_is_no_duplicate() -> None:
    first = record(State.LOADED, version="v1", etag="a", sequencer="01")
    second = record(State.LOADED, version="v2", etag="b", sequencer="02")
    third = record(version="v3", etag="a", sequencer="03")
    assert fate(third, [first, second, third]) is None


def test_an_older_write_that_comes_late_is_superseded() -> None:
    newer = record(State.LOADED, version="v2", etag="b", sequencer="02")
    assert fate(record(sequencer="01"), [newer]) is State.SUPERSEDED


def test_a_later_duplicate_does_not_supersede_what_it_duplicates() -> None:
    duplicate = record(State.DUPLICATE, version="v2", sequencer="02")
    assert fate(record(sequencer="01"), [duplicate]) is None


def test_a_file_whose_twin_was_passed_over_for_it_is_not_lost() -> None:
    # A is being checked, B is rejected, A comes again: whichever of the two A is asked first, one of them is loaded.
    first = record(State.VALIDATING, version="v1", etag="a", sequencer="01")
    rejected = record(State.REJECTED, version="v2", etag="b", sequencer="02")
    again = record(State.RECEIVED, version="v3", etag="a", sequencer="03")
    assert fate(again, [first, rejected]) is None
    assert fate(first, [rejected, again]) is None


def test_a_late_write_never_goes_over_newer_bytes_even_when_those_were_a_duplicate() -> None:
    loaded = record(State.LOADED, version="v1", etag="a", sequencer="01")
    duplicate = record(State.DUPLICATE, version="v3", etag="a", sequencer="03")
    assert fate(record(version="v2", etag="b", sequencer="02"), [loaded, duplicate]) is State.SUPERSEDED


def test_sequencers_are_compared_padded_on_the_right() -> None:
    newer = record(State.LOADED, version="v2", etag="b", sequencer="0A0")
    assert fate(record(sequencer="0a"), [newer]) is None  # 0A0 and 0a are the same write order once padded
    assert fate(record(sequencer="09F"), [newer]) is State.SUPERSEDED


def test_another_key_of_the_partition_settles_nothing() -> None:
    other = replace(record(State.LOADED, version="v2", sequencer="02"))
    other = replace(other, drop=replace(other.drop, key="sales/2026-11-20/other.csv"))
    assert fate(record(sequencer="01"), [other]) is None

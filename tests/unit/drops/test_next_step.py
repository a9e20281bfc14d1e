from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from suimon.drops.drop import Drop, DropRecord, State, after, written_order
from suimon.drops.next_step import Fate, Step, fate, next_step

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
    assert fate(record(), [], None) == Fate()


@pytest.mark.parametrize("state", [State.RECEIVED, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED])
def test_the_same_bytes_again_are_a_duplicate(state: State) -> None:
    first = record(state, version="v1", sequencer="01")
    again = record(version="v2", sequencer="02")
    assert fate(again, [], first) == Fate(State.DUPLICATE, repeats=first.id)


@pytest.mark.parametrize("state", [State.REJECTED, State.FAILED, State.SUPERSEDED])
def test_the_same_bytes_after_a_write_that_came_to_nothing_are_a_new_try(state: State) -> None:
    first = record(state, version="v1", sequencer="01")
    assert fate(record(version="v2", sequencer="02"), [], first) == Fate()


def test_going_back_to_older_bytes_is_no_duplicate() -> None:
    second = record(State.LOADED, version="v2", etag="b", sequencer="02")
    assert fate(record(version="v3", etag="a", sequencer="03"), [], second) == Fate()


def test_an_older_write_that_comes_late_is_superseded() -> None:
    newer = record(State.LOADED, version="v2", etag="b", sequencer="02")
    assert fate(record(sequencer="01"), [newer], None) == Fate(State.SUPERSEDED)


def test_only_the_newest_write_supersedes() -> None:
    # X, Y and X again, where Y is entered last: the second X is a duplicate of the first, so the first must go on.
    between = record(State.SUPERSEDED, version="v2", etag="b", sequencer="02")
    duplicate = record(State.DUPLICATE, version="v3", etag="a", sequencer="03")
    assert fate(record(sequencer="01"), [between, duplicate], None) == Fate()
    assert fate(between, [duplicate], record(sequencer="01")) == Fate(State.SUPERSEDED)


def test_a_later_duplicate_does_not_supersede_what_it_duplicates() -> None:
    duplicate = record(State.DUPLICATE, version="v2", sequencer="02")
    assert fate(record(sequencer="01"), [duplicate], None) == Fate()


@pytest.mark.parametrize("state", [State.ACCEPTED, State.TRIGGERED, State.LOADED])
def test_of_two_equal_writes_the_earlier_yields_when_the_later_has_gone_ahead(state: State) -> None:
    later = record(state, version="v2", sequencer="02")
    assert fate(record(sequencer="01"), [later], None) == Fate(State.DUPLICATE, repeats=later.id)


def test_of_two_equal_writes_the_earlier_waits_while_the_later_is_checked() -> None:
    later = record(State.VALIDATING, version="v2", sequencer="02")
    assert fate(record(sequencer="01"), [later], None) == Fate(waits_for=later.id)


def test_of_a_file_that_comes_back_one_write_is_loaded_whichever_is_asked_first() -> None:
    superseded = record(State.SUPERSEDED, version="v2", etag="b", sequencer="02")
    again = record(State.VALIDATING, version="v3", etag="a", sequencer="03")
    assert fate(again, [], superseded) == Fate()
    assert fate(record(State.VALIDATING, sequencer="01"), [superseded, again], None) == Fate(waits_for=again.id)


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

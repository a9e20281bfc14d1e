from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from suimon.drops.drop import Drop, DropRecord, Lease
from suimon.drops.duplicate_or_superseded import Precedence, may_become_same, precedence_of, repeated_by
from suimon.drops.match import Match
from suimon.drops.states import State

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def record(state: State = State.RECEIVED, *, version: str = "v1", etag: str = "a", sequencer: str = "01") -> DropRecord:
    drop = Drop("raw", "sales/2026-11-20/sales_data.csv", version, etag, 10, sequencer)
    return DropRecord(drop, Match("sales", "2026-11-20"), state, 1, NOW, NOW)


def test_a_first_file_is_checked() -> None:
    assert precedence_of(record(), [], None) == Precedence()


@pytest.mark.parametrize("state", [State.RECEIVED, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED])
def test_the_same_bytes_again_are_a_duplicate(state: State) -> None:
    first = record(state, version="v1", sequencer="01")
    again = record(version="v2", sequencer="02")
    assert precedence_of(again, [], first) == Precedence(State.DUPLICATE, repeats=first.id)


@pytest.mark.parametrize("state", [State.REJECTED, State.FAILED, State.SUPERSEDED])
def test_the_same_bytes_after_a_write_that_came_to_nothing_are_a_new_try(state: State) -> None:
    first = record(state, version="v1", sequencer="01")
    assert precedence_of(record(version="v2", sequencer="02"), [], first) == Precedence()


def test_hashes_tell_the_same_bytes_whatever_their_etags() -> None:
    first = replace(record(State.LOADED, etag="a"), sha256="x")
    again = replace(record(version="v2", etag="b", sequencer="02"), sha256="x")
    assert precedence_of(again, [], first) == Precedence(State.DUPLICATE, repeats=first.id)
    assert precedence_of(first, [replace(again, state=State.DUPLICATE)], None) == Precedence()
    assert precedence_of(replace(again, sha256="y"), [], first) == Precedence()


@pytest.mark.parametrize(
    ("state", "leased", "size", "waits"),
    [
        (State.VALIDATING, True, 10, True),
        (State.VALIDATING, False, 10, False),  # its owner crashed: this write supersedes it when it is resumed
        (State.VALIDATING, True, 11, False),
        (State.SUPERSEDED, True, 10, False),
        (State.ACCEPTED, True, 10, False),
    ],
)
def test_a_write_waits_for_the_one_before_only_while_that_is_checked_and_may_be_the_same(
    *, state: State, leased: bool, size: int, waits: bool
) -> None:
    lease = Lease("one", NOW + timedelta(minutes=1 if leased else -1))
    before = replace(record(state, etag="b"), lease=lease)
    before = replace(before, drop=replace(before.drop, size=size))
    later = replace(record(State.VALIDATING, version="v2", sequencer="02"), sha256="x")
    assert may_become_same(later, before, NOW) is waits


@pytest.mark.parametrize(
    ("state", "sha256", "is_repeated"),
    [
        (State.LOADED, "x", True),
        (State.ACCEPTED, "x", True),
        (State.LOADED, "y", False),
        (State.REJECTED, "x", False),
        (State.DUPLICATE, "x", False),
    ],
)
def test_what_turns_out_to_have_the_bytes_of_a_write_in_force_repeats_that(
    state: State, sha256: str, *, is_repeated: bool
) -> None:
    other = replace(record(state, version="v2", etag="b", sequencer="02"), sha256=sha256)
    own = replace(record(State.VALIDATING), sha256="x")
    expected = other.id if is_repeated else None
    assert (repeated_by(own, [other], None), repeated_by(own, [], other)) == (expected, expected)
    assert repeated_by(own, [], None) is None


def test_going_back_to_older_bytes_is_no_duplicate() -> None:
    second = record(State.LOADED, version="v2", etag="b", sequencer="02")
    assert precedence_of(record(version="v3", etag="a", sequencer="03"), [], second) == Precedence()


def test_an_older_write_that_comes_late_is_superseded() -> None:
    newer = record(State.LOADED, version="v2", etag="b", sequencer="02")
    assert precedence_of(record(sequencer="01"), [newer], None) == Precedence(State.SUPERSEDED, by=newer.id)


def test_only_the_newest_write_supersedes() -> None:
    # X, Y and X again, where Y is entered last: the second X is a duplicate of the first, so the first must go on.
    between = record(State.SUPERSEDED, version="v2", etag="b", sequencer="02")
    duplicate = record(State.DUPLICATE, version="v3", etag="a", sequencer="03")
    assert precedence_of(record(sequencer="01"), [between, duplicate], None) == Precedence()
    superseded = Precedence(State.SUPERSEDED, by=duplicate.id)
    assert precedence_of(between, [duplicate], record(sequencer="01")) == superseded


def test_a_later_duplicate_does_not_supersede_what_it_duplicates() -> None:
    duplicate = record(State.DUPLICATE, version="v2", sequencer="02")
    assert precedence_of(record(sequencer="01"), [duplicate], None) == Precedence()


@pytest.mark.parametrize("state", [State.ACCEPTED, State.TRIGGERED, State.LOADED])
def test_of_two_equal_writes_the_earlier_yields_when_the_later_has_gone_ahead(state: State) -> None:
    later = record(state, version="v2", sequencer="02")
    assert precedence_of(record(sequencer="01"), [later], None) == Precedence(State.DUPLICATE, repeats=later.id)


def test_of_two_equal_writes_the_earlier_waits_while_the_later_is_checked() -> None:
    later = record(State.VALIDATING, version="v2", sequencer="02")
    assert precedence_of(record(sequencer="01"), [later], None) == Precedence(waits_for=later.id)


def test_of_a_file_that_comes_back_one_write_is_loaded_whichever_is_asked_first() -> None:
    superseded = record(State.SUPERSEDED, version="v2", etag="b", sequencer="02")
    again = record(State.VALIDATING, version="v3", etag="a", sequencer="03")
    assert precedence_of(again, [], superseded) == Precedence()
    assert precedence_of(record(State.VALIDATING, sequencer="01"), [superseded, again], None) == Precedence(
        waits_for=again.id
    )

"""What a partition holds once a file is taken back, and which order that load has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suimon.drops.drop import DropRecord, Membership, Retraction, written_again
from suimon.drops.retraction import EMPTY, How, RetractError, how, restored
from suimon.drops.states import State
from tests.unit.drop_records import MINUTE, NOON, drop_record


def written(sequencer: str, again: str = "") -> str:
    return f"{sequencer:0<32}.00000000{again}"


def write(number: int, state: State, *, rows: int = 5, again: str = "", was_loaded: bool = False) -> DropRecord:
    """Return the write of that number; `again`: of a file that was taken back, the counter of that load."""
    sequencer = f"0{number}"
    retraction = Retraction("wrong (ann)", 2, written(sequencer, again), "", EMPTY) if again else None
    loaded_at = NOON if was_loaded else None
    record = drop_record(state, version=f"v{number}", sequencer=sequencer, rows=rows)
    return replace(record, retraction=retraction, loaded_at=loaded_at)


WRONG = write(5, State.LOADED)


@pytest.mark.parametrize(
    "good",
    [
        write(3, State.LOADED),
        write(3, State.TRIGGERED),  # its run may have ended, and the ledger not know it yet
        write(3, State.ACCEPTED),
        write(3, State.FAILED, was_loaded=True),  # a replay of it has failed
    ],
)
def test_the_last_good_write_is_loaded_again(good: DropRecord) -> None:
    older = [write(4, State.FAILED), good, write(2, State.LOADED)]
    assert restored(WRONG, older, []) == Retraction("", 0, written("05", ".0001"), good.id, "data.csv", 5)


@pytest.mark.parametrize(
    "bad",
    [
        write(3, State.FAILED),
        write(3, State.REJECTED, rows=0),
        write(3, State.RETRACTED, again=".0001", was_loaded=True),
        write(3, State.LOADED, rows=0, was_loaded=True),  # without a copy
    ],
)
def test_without_a_good_write_the_partition_is_emptied(bad: DropRecord) -> None:
    assert restored(WRONG, [bad], []) == Retraction("", 0, written("05", ".0001"), "", EMPTY, 0)


def test_a_retraction_is_behind_every_retraction_before_it() -> None:
    good, newer = write(3, State.LOADED), write(7, State.FAILED, again=".0004")
    assert restored(WRONG, [good], [newer, write(6, State.FAILED)]).written == written("07", ".0005")
    assert restored(newer, [replace(WRONG, retraction=newer.retraction), good], []).written == written("07", ".0005")
    behind = replace(WRONG, state=State.RETRACTED, retraction=Retraction("", 2, written("07", ".0009")))
    assert restored(newer, [behind, good], []).written == written("07", ".0010")


def test_a_load_in_place_of_a_write_sorts_between_that_write_and_the_next() -> None:
    again = written_again(written("05"))
    assert written("05") < again < written_again(again) < f"{written('05')[:-1]}1"


# ---------------------------------------------------------------- whether it can be taken back, and how

ONE = drop_record(State.LOADED)
WISH = Retraction("wrong (ann)", 2, written("0A", ".0001"))
PART = replace(ONE, membership=Membership())


@pytest.mark.parametrize(
    ("record", "way"),
    [
        (drop_record(State.RECEIVED), How.CLOSE),
        (drop_record(State.VALIDATING), How.CLOSE),
        (drop_record(State.VALIDATING, leased_until=NOON - MINUTE), How.CLOSE),
        (drop_record(State.ACCEPTED), How.CLOSE),
        (drop_record(State.ACCEPTED, loaded_at=NOON), How.WAIT),  # its rows are in the table already
        (drop_record(State.TRIGGERED), How.WAIT),
        (ONE, How.LOAD),
        (drop_record(State.FAILED), How.LOAD),
        (replace(drop_record(State.FAILED), retraction=WISH), How.LOAD),  # a retraction that failed is tried again
    ],
)
def test_what_a_retraction_takes_depends_on_whether_a_run_may_have_loaded_it(record: DropRecord, way: How) -> None:
    assert how(record, [], NOON) is way


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (drop_record(State.REJECTED), "it was rejected, and nothing of it is in the table"),
        (drop_record(State.GONE), "it was deleted before it could be checked, and nothing of it is in the table"),
        (drop_record(State.SUPERSEDED), "a later write counts in its place: retract that one"),
        (drop_record(State.CLOSED), "a person has closed it"),
        (
            drop_record(State.RETRACTED),
            "it is retracted already, and its partition is as it was before",
        ),
        (drop_record(State.DUPLICATE, duplicate_of="d1"), "it repeats drop d1: retract that one"),
        (PART, "it is a part of a set: retract the set, once there is one"),
        (replace(PART, membership=Membership("s1")), "it is a part of a set: retract s1"),
        (
            drop_record(State.VALIDATING, leased_until=NOON),
            "it is being checked right now: try again in some minutes",
        ),
        (
            drop_record(State.VALIDATING, attempt=2),
            "it is being checked right now: try again in some minutes",
        ),
        (replace(ONE, retraction=WISH), "it is being retracted already"),
    ],
)
def test_what_cannot_be_taken_back_is_refused_with_what_to_do(record: DropRecord, why: str) -> None:
    with pytest.raises(RetractError) as refused:
        how(record, [], NOON)
    assert str(refused.value) == f"drop {record.id} is {record.state}: {why}"


@pytest.mark.parametrize("state", [State.ACCEPTED, State.TRIGGERED])
def test_a_write_whose_rows_a_retraction_loads_again_waits_for_that(state: State) -> None:
    def newer(restores: str, state: State = state) -> DropRecord:
        return replace(write(7, state), retraction=replace(WISH, restores=restores))

    with pytest.raises(RetractError) as refused:
        how(ONE, [newer("another"), newer(ONE.id)], NOON)
    assert str(refused.value) == (
        f"drop {ONE.id} is LOADED: drop {newer('').id} is being retracted, which loads this one again: "
        "retract it when that has ended"
    )
    assert how(ONE, [newer("another")], NOON) is How.LOAD
    assert how(ONE, [newer(ONE.id, State.FAILED)], NOON) is How.LOAD


def test_a_write_in_whose_place_a_later_one_is_in_force_is_not_taken_back() -> None:
    with pytest.raises(RetractError) as refused:
        how(ONE, [write(6, State.REJECTED), write(7, State.TRIGGERED)], NOON)
    assert str(refused.value) == (
        f"drop {ONE.id} is LOADED: drop {write(7, State.TRIGGERED).id} was written later and is TRIGGERED: "
        "retract that one"
    )
    assert how(ONE, [write(6, State.REJECTED), write(7, State.FAILED)], NOON) is How.LOAD


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.FAILED, "was written later and is FAILED: retract that one"),  # a replay of it has failed
        (State.SUPERSEDED, "its rows may stand in the table: send the right file instead"),  # one has given way
        (State.CLOSED, "its rows may stand in the table: send the right file instead"),
    ],
)
def test_a_write_is_not_taken_back_from_under_the_rows_of_a_later_one_whatever_became_of_its_replay(
    state: State, why: str
) -> None:
    later = write(7, state, was_loaded=True)
    retracted = write(8, State.RETRACTED, again=".0001", was_loaded=True)
    with pytest.raises(RetractError, match=why):
        how(ONE, [later, retracted], NOON)
    assert how(ONE, [write(7, State.FAILED), retracted], NOON) is How.LOAD

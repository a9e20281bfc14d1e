"""What a partition holds once a file is taken back, and which order that load has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suimon.drops.drop import DropRecord, Retraction, written_again
from suimon.drops.retraction import EMPTY, restored
from suimon.drops.states import State
from tests.unit.drop_records import NOON, drop_record


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

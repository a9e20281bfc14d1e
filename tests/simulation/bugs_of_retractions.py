"""Mistakes with what a person takes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from suimon.drops import next_step, retraction
from suimon.drops.drop import DropRecord, Retraction
from suimon.drops.next_step import Step
from suimon.drops.states import STATES, MoveError, State, allowed
from suimon.intake import gate
from suimon.ledger import drops as ledger_drops
from suimon.outcome import run_end
from suimon.sweep import retracting
from tests.simulation.bug import Bug, everywhere

if TYPE_CHECKING:
    from datetime import datetime

_next_step, _restored, _how = next_step.next_step, retraction.restored, retraction.how
_LAST = f"{'F' * 32}.99999999"


def _restore_nothing(record: DropRecord, _older: Any, newer: Any) -> Retraction:
    return _restored(record, [], newer)


def _restore_over_all(record: DropRecord, older: Any, newer: Any) -> Retraction:
    return replace(_restored(record, older, newer), written=_LAST)


def _look_at_no_newer(record: DropRecord, _newer: Any, now: datetime) -> Any:
    return _how(record, [], now)


def _check_the_retracted(record: DropRecord, now: datetime) -> Step:
    return Step.CHECK if record.state is State.RETRACTED else _next_step(record, now)


def _allow_whatever(start: State | None, end: State, attempts: int = 0) -> Any:
    try:
        return allowed(start, end, attempts)
    except MoveError:
        return None


def _forget(_ledger: Any, record: DropRecord, _now: datetime) -> DropRecord:
    return record


BUGS_OF_RETRACTIONS = (
    Bug(
        "older-good-not-loaded-back",
        "a retraction empties the partition, though an older file was loaded there",
        ("what_is_retracted_is_taken_back",),
        everywhere("restored", _restore_nothing),
    ),
    Bug(
        "retraction-overwrites-newer",
        "a retraction is loaded over a later write of its partition",
        ("the_table_is_the_newest",),
        ((retracting, "how", _look_at_no_newer), *everywhere("restored", _restore_over_all)),
    ),
    Bug(
        "retracted-is-loaded-again",
        "a late event takes a retracted drop up again",
        ("what_is_retracted_stays_so",),
        ((gate, "next_step", _check_the_retracted), (ledger_drops, "allowed", _allow_whatever)),
    ),
    Bug(
        "retraction-forgotten",
        "a retraction that waits for the end of a run is not begun when that has ended",
        ("no_retraction_is_forgotten",),
        ((run_end, "carry_out", _forget),),
    ),
    Bug(
        "retracted-counts",
        "the same bytes, sent again after a retraction, are a duplicate of what was taken back",
        ("the_same_bytes_are_tried_again",),
        ((DropRecord, "counts", property(lambda self: STATES[self.state].counts)),),
    ),
)

"""Mistakes with what a person takes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from suimon.drops import retraction, states
from suimon.intake import replays, run_start
from suimon.mwaa.conf import conf_for
from suimon.outcome import run_end
from suimon.replay import plan
from suimon.sweep import retracting
from tests.simulation.bug import Bug, everywhere

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord, Retraction

_restored, _how, _step, _allowed = retraction.restored, retraction.how, plan._step, states.allowed
_LAST = f"{'F' * 32}.99999999"


def _restore_nothing(record: DropRecord, _older: Any, newer: Any) -> Retraction:
    return _restored(record, [], newer)


def _restore_over_all(record: DropRecord, older: Any, newer: Any) -> Retraction:
    return replace(_restored(record, older, newer), written=_LAST)


def _look_at_no_newer(record: DropRecord, _newer: Any, now: datetime) -> Any:
    return _how(record, [], now)


def _ask_for_its_own(record: DropRecord, settings: Any) -> dict[str, Any]:
    return conf_for(replace(record, retraction=None), settings)


def _take_the_same_place(order: str) -> str:
    return order


def _plan_as_loaded(partition: str, records: Sequence[DropRecord], *rest: Any) -> Any:
    """Plan as if nothing had been retracted."""
    return _step(partition, [_as_loaded(one) for one in records], *rest)


def _as_loaded(record: DropRecord) -> DropRecord:
    if record.state is not states.State.RETRACTED:
        return record
    return replace(record, state=states.State.LOADED, retraction=None)


def _start_any(start: Any, end: Any, attempts: int = 0) -> Any:
    return _allowed(states.State.LOADED if start is states.State.RETRACTED else start, end, attempts)


def _refuse_none(*_: Any) -> None:
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
        "the run of a retraction loads the drop itself once more",
        ("what_is_retracted_is_taken_back",),
        ((run_start, "conf_for", _ask_for_its_own),),
    ),
    Bug(
        "retraction-in-place-of-the-last",
        "a retraction takes the place of the one before it and does not go behind it",
        ("what_is_retracted_is_taken_back",),
        everywhere("written_again", _take_the_same_place),
    ),
    Bug(
        "retracted-is-replayed",
        "a replay takes up what was retracted, as if it were loaded",
        ("what_is_retracted_stays_so",),
        (
            (plan, "_step", _plan_as_loaded),
            (replays, "_refuse_retracted", _refuse_none),
            (replays, "REPLAYABLE", frozenset({*states.REPLAYABLE, states.State.RETRACTED})),
            *everywhere("allowed", _start_any),
        ),
    ),
    Bug(
        "retraction-forgotten",
        "a retraction that waits for the end of a run is not begun when that has ended",
        ("no_retraction_is_forgotten",),
        ((run_end, "carry_out", _forget),),
    ),
)

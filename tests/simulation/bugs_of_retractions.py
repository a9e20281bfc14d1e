"""Mistakes with what a person takes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from suimon.drops import retraction
from suimon.intake import run_start
from suimon.mwaa.conf import conf_for
from suimon.outcome import run_end
from suimon.sweep import retracting
from tests.simulation.bug import Bug, everywhere

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.drop import DropRecord, Retraction

_restored, _how = retraction.restored, retraction.how
_LAST = f"{'F' * 32}.99999999"


def _restore_nothing(record: DropRecord, _older: Any, newer: Any) -> Retraction:
    return _restored(record, [], newer)


def _restore_over_all(record: DropRecord, older: Any, newer: Any) -> Retraction:
    return replace(_restored(record, older, newer), written=_LAST)


def _look_at_no_newer(record: DropRecord, _newer: Any, now: datetime) -> Any:
    return _how(record, [], now)


def _ask_for_its_own(record: DropRecord, settings: Any) -> dict[str, Any]:
    return conf_for(replace(record, retraction=None), settings)


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
        "retraction-forgotten",
        "a retraction that waits for the end of a run is not begun when that has ended",
        ("no_retraction_is_forgotten",),
        ((run_end, "carry_out", _forget),),
    ),
)

"""What became of each partition, read from the ledger."""

from __future__ import annotations

from typing import Any

import pytest

from suimon.drops.drop import Accepted, Rejection
from suimon.drops.replay_record import Counts
from suimon.drops.states import State
from suimon.replay.plan import Item
from suimon.replay.summary import WAITING, Fate, Result, counted, results, stated, unlisted
from tests.unit.drop_records import drop_record

ITEM = Item("a", "2026-11-20", 2)


def result(state: State, attempt: int, failure: str = "", **fields: Any) -> Result:
    found = drop_record(state, attempt=attempt, **fields)
    [one] = results([ITEM], {"a": found}, {"2026-11-20": failure} if failure else None)
    return one


@pytest.mark.parametrize(
    ("state", "attempt", "fate"),
    [
        (State.LOADED, 2, Fate.LOADED),
        (State.LOADED, 1, Fate.REMAINING),
        (State.FAILED, 1, Fate.REMAINING),
        (State.FAILED, 2, Fate.FAILED),
        (State.GONE, 2, Fate.FAILED),
        (State.CLOSED, 2, Fate.FAILED),
        (State.VALIDATING, 2, Fate.RUNNING),
        (State.ACCEPTED, 2, Fate.RUNNING),
        (State.TRIGGERED, 2, Fate.RUNNING),
        (State.SUPERSEDED, 1, Fate.UNNEEDED),
        (State.SUPERSEDED, 2, Fate.UNNEEDED),
        (State.RETRACTED, 2, Fate.UNNEEDED),
        (State.TRIGGERED, 3, Fate.UNNEEDED),
    ],
)
def test_each_state_and_attempt_is_one_fate(state: State, attempt: int, fate: Fate) -> None:
    assert result(state, attempt).fate is fate


def test_a_failure_that_left_no_trace_in_the_ledger_is_known_by_its_record() -> None:
    found = result(State.LOADED, 1, "ReplayError: there is no copy")
    assert (found.fate, found.error) == (Fate.FAILED, "ReplayError: there is no copy")


def test_what_was_loaded_after_all_is_loaded_whatever_was_recorded() -> None:
    found = result(State.LOADED, 2, "States.Timeout: ", accepted=Accepted("data.csv", 7))
    assert (found.fate, found.rows, found.error) == (Fate.LOADED, 7, "")


def test_a_rejection_is_told_whole_with_its_report() -> None:
    why = Rejection(2, "3 faults in 2 records.", ("type-error",), "s3://reports/r.html")
    found = result(State.REJECTED, 2, rejection=why)
    assert (found.state, found.error) == ("rejected", "3 faults in 2 records. Report: s3://reports/r.html")


def test_a_drop_that_the_ledger_forgot_has_failed() -> None:
    [one] = results([ITEM], {})
    assert one.fate is Fate.FAILED


def test_counts_are_whole_when_nothing_is_left_to_do() -> None:
    fates = [Fate.LOADED, Fate.LOADED, Fate.UNNEEDED]
    found = [Result("day", "a", 2, fate, WAITING) for fate in fates]
    assert counted(found) == Counts(loaded=2, unneeded=1)
    assert counted(found).is_whole
    for fate in (Fate.FAILED, Fate.RUNNING, Fate.REMAINING):
        assert not counted([*found, Result("day", "a", 2, fate, WAITING)]).is_whole


def test_of_what_was_planned_that_has_not_begun_of_which_nothing_is_known() -> None:
    found = [Result("2026-11-20", "a", 2, Fate.LOADED, stated(State.LOADED))]
    assert counted(found, 3) == Counts(loaded=1, remaining=2)
    assert counted(found, 1) == counted(found, 0) == Counts(loaded=1)


def test_a_failure_of_a_partition_that_is_not_among_the_items_is_a_result_of_its_own() -> None:
    failures = {ITEM.partition: "RunFailed", "2026-11-21": "Gone: deleted"}
    [other] = unlisted(failures, [ITEM])
    assert (other.partition, other.fate, other.error) == ("2026-11-21", Fate.FAILED, "Gone: deleted")

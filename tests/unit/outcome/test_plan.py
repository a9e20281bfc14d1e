"""What the end of a run means, decided from values alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from suimon.drops.run_finished_event import OutcomeError, RunFinished
from suimon.drops.states import State
from suimon.incidents.incident import Stage
from suimon.incidents.messages import files
from suimon.outcome.plan import Known, next_move, plan
from tests.unit.drop_records import drop_record
from tests.unit.incident_values import incident_of

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord

TRIGGERED = drop_record(State.TRIGGERED, rows=3)
ENDS = (State.LOADED, State.FAILED, State.SUPERSEDED)
ARRIVED = tuple(state for state in State if state not in {State.ACCEPTED, State.TRIGGERED, State.FAILED, State.CLOSED})


def ended(state: State, attempt: int = 1) -> RunFinished:
    rows: dict[str, int | None] = {"file": 3, "parquet": 3, "table": 3}
    run_id = f"{TRIGGERED.id}.{attempt}"
    return RunFinished(TRIGGERED.id, attempt, "daily_sales_etl", run_id, state, rows, "load", "no", None)


FAILED = ended(State.FAILED)
PROBLEM = files.run_failed(TRIGGERED, FAILED)


@pytest.mark.parametrize("end", [State.LOADED, State.SUPERSEDED])
def test_a_run_that_did_not_fail_moves_the_drop_and_is_no_problem(end: State) -> None:
    planned = plan(ended(end), Known(TRIGGERED))
    assert (planned.end, planned.problem, planned.is_news) == (end, None, False)


@pytest.mark.parametrize("state", [State.ACCEPTED, State.TRIGGERED, State.FAILED])
def test_a_failed_run_is_news_while_its_drop_has_no_other_end(state: State) -> None:
    planned = plan(FAILED, Known(replace(TRIGGERED, state=state)))
    assert (planned.end, planned.problem, planned.is_news) == (State.FAILED, PROBLEM, True)


@pytest.mark.parametrize("state", [State.LOADED, State.SUPERSEDED, State.REJECTED])
def test_the_report_of_a_failure_that_comes_after_another_end_is_no_news(state: State) -> None:
    assert not plan(FAILED, Known(replace(TRIGGERED, state=state))).is_news


def test_a_failed_run_behind_a_newer_loaded_file_is_superseded_and_no_news() -> None:
    planned = plan(FAILED, Known(TRIGGERED, newer_is_loaded=True))
    assert (planned.end, planned.problem, planned.is_news) == (State.SUPERSEDED, PROBLEM, False)


@pytest.mark.parametrize(("stage", "is_news"), [(Stage.OPEN, True), (Stage.RECOVERED, False)])
def test_a_failure_that_has_recovered_is_not_reported_again_when_its_event_is_repeated(
    stage: Stage, *, is_news: bool
) -> None:
    failed = replace(TRIGGERED, state=State.FAILED)
    # Of one that is open the incident store knows that it was reported.
    assert plan(FAILED, Known(failed, incident=incident_of(PROBLEM, stage=stage))).is_news is is_news


def test_a_recovered_failure_of_the_attempt_before_hides_no_failure_of_this_one() -> None:
    record, run = replace(TRIGGERED, state=State.FAILED, attempt=2), ended(State.FAILED, 2)
    assert plan(run, Known(record, incident=incident_of(PROBLEM, stage=Stage.RECOVERED))).is_news


@pytest.mark.parametrize("end", ENDS)
def test_a_report_of_an_attempt_that_a_replay_has_left_behind_is_passed_over(end: State) -> None:
    record = replace(TRIGGERED, state=State.VALIDATING, attempt=2)
    planned = plan(ended(end), Known(record))
    assert (planned.record, planned.end, planned.is_news) == (record, None, False)


@pytest.mark.parametrize("record", [None, TRIGGERED])
def test_a_report_of_an_attempt_that_the_ledger_does_not_know_is_refused(record: DropRecord | None) -> None:
    with pytest.raises(OutcomeError, match="no attempt 7"):
        plan(ended(State.LOADED, 7), Known(record))


@pytest.mark.parametrize("end", ENDS)
def test_a_drop_whose_start_was_not_yet_recorded_is_triggered_first(end: State) -> None:
    assert next_move(State.ACCEPTED, end) is State.TRIGGERED
    assert next_move(State.TRIGGERED, end) is end


def test_a_failed_run_that_was_cleared_in_airflow_gets_its_second_end() -> None:
    assert [next_move(State.FAILED, end) for end in ENDS] == [State.LOADED, None, State.SUPERSEDED]


def test_a_drop_that_was_closed_is_loaded_all_the_same_if_its_run_loads_it() -> None:
    assert [next_move(State.CLOSED, end) for end in ENDS] == [State.LOADED, None, None]


@pytest.mark.parametrize("state", ARRIVED)
@pytest.mark.parametrize("end", ENDS)
def test_no_other_state_is_left_by_the_end_of_a_run(state: State, end: State) -> None:
    assert next_move(state, end) is None


@pytest.mark.parametrize("newer_is_loaded", [False, True])
@pytest.mark.parametrize("end", ENDS)
def test_a_plan_is_about_the_drop_that_the_ledger_knows(end: State, *, newer_is_loaded: bool) -> None:
    assert plan(ended(end), Known(TRIGGERED, newer_is_loaded=newer_is_loaded)).record == TRIGGERED

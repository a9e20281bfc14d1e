"""What is decided of runs that never reported their end, from values alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from suimon.drops.states import State
from suimon.incidents.about import About
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.airflow import run_hangs
from suimon.incidents.messages.recoveries import (
    AIRFLOW_ANSWERS,
    DAG_IS_ACTIVE,
    DAG_IS_GONE,
    NO_RUN_WAITS,
    QUEUE_MOVES,
)
from suimon.mwaa.run_state import CannotAskError, DagState, RunState
from suimon.sweep.plans.silent_runs import (
    ASKED_AT_MOST,
    RUN_LIMIT,
    Reported,
    Run,
    Seen,
    dags_to_ask,
    ended_hangs,
    parts_to_resume,
    plan,
    runs_of,
    runs_to_ask,
)
from suimon.sweep.turns import ROUND
from tests.unit.drop_records import HOUR, MINUTE, NOON, drop_record
from tests.unit.incident_values import incident, incident_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from suimon.drops.drop import DropRecord
    from suimon.drops.wording import Bilingual
    from suimon.incidents.incident import Incident
    from suimon.sweep.plans.silent_runs import Plan

DAG, OTHER = "daily_sales_etl", "inventory_etl"
QUEUED, RUNNING, SUCCESS = RunState("queued", {}), RunState("running", {}), RunState("success", {})
UNANSWERED = CannotAskError("the environment is being updated")


def run(number: int = 1, dag: str = DAG, age: Any = 3 * HOUR) -> Run:
    return Run(drop_record(State.TRIGGERED, f"sales/{number}.csv", since=NOON - age), dag)


ONE, TWO, THREE = run(1), run(2), run(3)


def seen(*runs: Run, states: dict[Run, RunState | None] | None = None, **more: Any) -> Seen:
    by_id = {one.record.id: state for one, state in (states or {}).items()}
    return Seen(**{"runs": runs, "parts": (), "all_read": True, "reported": Reported(), "states": by_id, **more})


def problems(planned: Plan) -> list[str]:
    return [str(problem.id) for problem in planned.problems]


def recoveries(planned: Plan) -> list[str]:
    return [str(recovery.incident_id) for recovery in planned.recoveries]


def counts(planned: Plan) -> tuple[int, int, int, int]:
    found = planned.finding
    return found.detected, found.repaired, found.reported, found.unexplained


def hangs(run: Run) -> str:
    return f"hanging:{run.dag_id}:{run.id}"


def hanging(runs: Iterable[Run]) -> tuple[Incident, ...]:
    return tuple(incident_of(run_hangs(run.record, run.dag_id, RUNNING, "")) for run in runs)


# ---------------------------------------------------------------- which drops have a run


def test_a_part_of_a_set_and_a_drop_whose_dataset_has_no_dag_any_more_have_no_run() -> None:
    rule = SetRule(2, None, None, reload=False, complete_within_minutes=60)
    sets = Contract("sets", "1", "t", dag_id="sets_etl", key_pattern=KeyPattern("sets/{ds}/{shard}.csv"), set_rule=rule)
    files = Contract("sales", "1", "u", dag_id=DAG, key_pattern=KeyPattern("sales/{ds}.csv"))
    no_dag = Contract("idle", "1", "v", dag_id=None, key_pattern=KeyPattern("idle/{ds}.csv"))
    contracts = Contracts((sets, files, no_dag))
    shard, fresh_shard = (
        drop_record(State.TRIGGERED, f"sets/2026-11-20/{name}.csv", dataset="sets", since=NOON - age)
        for name, age in (("a", 3 * HOUR), ("b", HOUR))
    )
    file = drop_record(State.TRIGGERED, "sales/2026-11-20.csv")
    others = [drop_record(State.TRIGGERED, dataset=dataset) for dataset in ("idle", "gone")]
    triggered = [shard, fresh_shard, file, *others]
    assert runs_of(triggered, contracts) == [Run(file, DAG)]
    # If its set has ended without it, the gate ends the shard.
    assert parts_to_resume(triggered, contracts, NOON) == [shard]


# ---------------------------------------------------------------- whom to ask


def test_dags_are_asked_about_while_runs_of_theirs_wait_or_they_were_reported_as_paused() -> None:
    assert dags_to_ask(seen(ONE, TWO, reported=Reported(paused=frozenset({OTHER})))) == [DAG, OTHER]


def test_a_run_within_its_time_is_not_asked_about() -> None:
    assert runs_to_ask(seen(run(age=RUN_LIMIT)), NOON) == []
    assert runs_to_ask(seen(run(age=RUN_LIMIT + MINUTE)), NOON) == [run(age=RUN_LIMIT + MINUTE)]


def test_what_is_under_an_open_incident_is_chosen_by_its_kind() -> None:
    kinds = (Kind.HANGING, Kind.QUEUED, Kind.PAUSED, Kind.DAG_GONE, Kind.AIRFLOW_SILENT)
    hangs, *others = (incident(kind, About(dag_id=str(kind), run_id="r.1")) for kind in kinds)
    queued, is_paused, gone, _ = (frozenset({str(kind)}) for kind in kinds[1:])
    assert Reported.among([hangs, *others]) == Reported((hangs,), queued, is_paused, gone, cannot_ask=True)
    assert not Reported.among([hangs, *others[:-1]]).cannot_ask


def test_runs_under_no_incident_are_asked_about_first_and_the_others_take_turns() -> None:
    runs = [run(number) for number in range(2 * ASKED_AT_MOST)]
    reported = Reported(hanging=hanging(runs[1:]))
    asked = [runs_to_ask(seen(*runs, reported=reported), NOON + number * ROUND) for number in range(3)]
    assert all(one[0] == runs[0] and len(one) == ASKED_AT_MOST for one in asked)
    assert {one.id for turn in asked for one in turn} == {one.id for one in runs}


@pytest.mark.parametrize(
    "more",
    [
        {"dags": {DAG: DagState.PAUSED}},
        {"reported": Reported(paused=frozenset({DAG}))},
        {"reported": Reported(paused=frozenset({DAG})), "dags": {DAG: None}},
    ],
    ids=["as Airflow says", "as was reported", "Airflow did not say"],
)
def test_runs_of_a_paused_dag_are_explained_by_it_and_not_asked_about(more: dict[str, Any]) -> None:
    paused = seen(ONE, TWO, **more)
    assert runs_to_ask(paused, NOON) == []
    assert counts(plan(paused, NOON)) == (2, 0, 2, 0)
    assert recoveries(plan(paused, NOON)) == []


# ---------------------------------------------------------------- what the answers mean


def test_every_end_is_recorded_and_what_runs_within_its_time_is_no_finding() -> None:
    planned = plan(seen(ONE, TWO, run(3, age=HOUR), states={ONE: SUCCESS, TWO: None}), NOON)
    assert [(end.run_id, end.state) for end in planned.ends] == [(ONE.id, State.LOADED), (TWO.id, State.FAILED)]
    assert (planned.finding.checked, *counts(planned)) == (3, 2, 2, 0, 0)
    assert (problems(planned), recoveries(planned)) == ([], [])


def test_a_run_that_nobody_was_asked_about_stays_unexplained_until_its_turn() -> None:
    assert counts(plan(seen(ONE, TWO, states={ONE: SUCCESS}), NOON)) == (2, 1, 0, 1)


def test_a_run_that_has_begun_and_does_not_end_is_reported_by_itself() -> None:
    planned = plan(seen(ONE, TWO, states={ONE: RUNNING, TWO: RunState("restarting", {})}), NOON)
    assert problems(planned) == [hangs(ONE), hangs(TWO)]
    assert counts(planned) == (2, 0, 2, 0)


def test_a_long_queue_is_one_problem_and_explains_all_overdue_runs_of_its_dag() -> None:
    other = run(4, OTHER)
    planned = plan(seen(ONE, TWO, THREE, other, states={ONE: QUEUED, TWO: RUNNING}), NOON)
    assert problems(planned) == [hangs(TWO), f"queued:{DAG}"]
    assert counts(planned) == (4, 0, 3, 1)


def test_a_run_that_has_ended_is_repaired_and_not_explained_as_well() -> None:
    planned = plan(seen(ONE, TWO, states={ONE: QUEUED, TWO: SUCCESS}), NOON)
    assert counts(planned) == (2, 1, 1, 0)


def test_a_queue_has_recovered_when_each_of_its_overdue_runs_was_asked_about_and_none_waits() -> None:
    reported = Reported(queued=frozenset({DAG}))
    states: dict[Run, RunState | None] = {ONE: SUCCESS, TWO: RUNNING}
    assert recoveries(plan(seen(ONE, TWO, reported=reported, states=states), NOON)) == [f"queued:{DAG}"]
    assert recoveries(plan(seen(reported=reported), NOON)) == [f"queued:{DAG}"]


@pytest.mark.parametrize(
    "more",
    [
        {"states": {ONE: SUCCESS}},
        {"states": {ONE: SUCCESS, TWO: QUEUED}},
        {"states": {ONE: SUCCESS, TWO: SUCCESS}, "all_read": False},
        {"states": {}, "dags": {DAG: DagState.PAUSED}},
    ],
    ids=["one was not asked about", "one waits", "there may be others", "its DAG is paused"],
)
def test_a_queue_is_not_said_to_be_over_before_all_of_it_is_known(more: dict[str, Any]) -> None:
    reported = Reported(queued=frozenset({DAG}))
    assert f"queued:{DAG}" not in recoveries(plan(seen(ONE, TWO, reported=reported, **more), NOON))


def test_a_dag_is_reported_as_paused_and_recovers_only_when_airflow_says_so() -> None:
    assert problems(plan(seen(run(age=HOUR), dags={DAG: DagState.PAUSED, OTHER: DagState.ACTIVE}), NOON)) == [
        f"paused:{DAG}"
    ]
    reported = Reported(paused=frozenset({DAG, OTHER}))
    planned = plan(seen(reported=reported, dags={DAG: None, OTHER: DagState.ACTIVE}), NOON)
    assert (problems(planned), recoveries(planned)) == ([], [f"paused:{OTHER}"])


def test_a_dag_that_is_gone_is_its_own_problem_and_no_longer_a_pause() -> None:
    gone = {DAG: DagState.GONE}
    planned = plan(seen(run(age=HOUR), reported=Reported(paused=frozenset({DAG})), dags=gone), NOON)
    assert (problems(planned), recoveries(planned)) == ([f"dag-gone:{DAG}"], [f"paused:{DAG}"])
    # Its runs are asked about: Airflow has lost them, and they end so.
    assert runs_to_ask(seen(ONE, reported=Reported(gone=frozenset({DAG})), dags=gone), NOON) == [ONE]


@pytest.mark.parametrize(
    ("more", "recovers"),
    [
        ({"runs": (ONE,), "dags": {DAG: DagState.ACTIVE}}, True),
        ({"runs": (ONE,), "dags": {DAG: DagState.PAUSED}}, True),  # that is reported then
        ({"runs": (), "dags": {DAG: DagState.GONE}}, True),  # nothing waits for it
        ({"runs": (ONE,), "dags": {DAG: None}}, False),
        ({"runs": (ONE,), "dags": {DAG: DagState.GONE}}, False),
        ({"runs": (), "dags": {DAG: None}, "all_read": False}, False),
    ],
)
def test_a_dag_is_no_longer_gone_when_airflow_has_it_or_nothing_waits_for_it(
    more: dict[str, Any], *, recovers: bool
) -> None:
    known = Seen(**{"parts": (), "all_read": True, "reported": Reported(gone=frozenset({DAG})), **more})
    assert (f"dag-gone:{DAG}" in recoveries(plan(known, NOON))) is recovers


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({"reported": Reported(paused=frozenset({DAG})), "dags": {DAG: DagState.ACTIVE}}, DAG_IS_ACTIVE),
        ({"reported": Reported(paused=frozenset({DAG})), "dags": {DAG: DagState.GONE}}, DAG_IS_GONE),
        ({"reported": Reported(gone=frozenset({DAG})), "dags": {DAG: DagState.ACTIVE}}, DAG_IS_ACTIVE),
        ({"reported": Reported(gone=frozenset({DAG})), "dags": {DAG: DagState.GONE}}, NO_RUN_WAITS),
        ({"reported": Reported(queued=frozenset({DAG}))}, QUEUE_MOVES),
        ({"reported": Reported(cannot_ask=True)}, AIRFLOW_ANSWERS),
    ],
)
def test_what_has_recovered_says_how(more: dict[str, Any], note: Bilingual) -> None:
    assert [one.note for one in plan(seen(**more), NOON).recoveries] == [note]


def test_a_dataset_s_own_limit_counts_for_its_runs() -> None:
    contract = Contract("sales", "1", "sales", dag_id=DAG, key_pattern=KeyPattern("sales/{ds}.csv"), max_run_minutes=30)
    [record] = [run(age=31 * MINUTE).record]
    [of_contract] = runs_of([record], Contracts((contract,)))
    assert runs_to_ask(seen(of_contract), NOON) == [of_contract]
    assert runs_to_ask(seen(*runs_of([record], Contracts((replace(contract, max_run_minutes=None),)))), NOON) == []


def test_an_airflow_that_cannot_be_asked_explains_every_overdue_run_and_what_it_said_before_counts() -> None:
    planned = plan(seen(ONE, TWO, THREE, states={ONE: SUCCESS, TWO: RUNNING}, unanswered=UNANSWERED), NOON)
    assert problems(planned) == ["airflow-silent", hangs(TWO)]
    assert planned.problems[0].body.startswith("3 runs have not reported their end")
    assert str(UNANSWERED) in planned.problems[0].body
    assert [end.run_id for end in planned.ends] == [ONE.id]
    assert counts(planned) == (3, 1, 2, 0)


@pytest.mark.parametrize(
    ("more", "recovers"),
    [
        ({"states": {ONE: SUCCESS}}, True),
        ({"dags": {DAG: DagState.PAUSED}}, True),  # nobody is left to ask about
        ({"states": {}}, False),  # there was no time to ask
        ({"states": {ONE: SUCCESS}, "unanswered": UNANSWERED}, False),
    ],
)
def test_airflow_answers_again_when_it_has_answered_or_nothing_was_left_to_ask(
    more: dict[str, Any], *, recovers: bool
) -> None:
    planned = plan(seen(ONE, TWO, reported=Reported(cannot_ask=True), **more), NOON)
    assert ("airflow-silent" in recoveries(planned)) is recovers


# ---------------------------------------------------------------- runs that hung


@pytest.mark.parametrize(
    ("record", "is_over"),
    [
        (ONE.record, False),
        (None, True),
        (replace(ONE.record, state=State.LOADED), True),
        (replace(ONE.record, attempt=2), True),
    ],
    ids=["it still runs", "its drop is gone", "it has ended", "a replay runs"],
)
def test_a_run_that_hung_has_recovered_when_its_drop_is_elsewhere(record: DropRecord | None, *, is_over: bool) -> None:
    records = {record.id: record} if record else {}
    over = [str(recovery.incident_id) for recovery in ended_hangs(hanging([ONE]), records)]
    assert over == ([hangs(ONE)] if is_over else [])

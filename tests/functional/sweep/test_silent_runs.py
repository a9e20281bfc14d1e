"""Runs that never reported their end, long queues, paused DAGs, and an Airflow that takes its time, on moto."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from suimon.contract.model import Contracts
from suimon.drops.drop import Replay
from suimon.drops.run_finished_event import RunFinished
from suimon.drops.states import State
from suimon.ledger.pending_ends import PendingEnds
from suimon.ledger.unreadable_items import Unusable
from suimon.sweep.plans import silent_runs
from suimon.sweep.plans.silent_runs import SILENT
from tests.functional.sweep.swept import (
    DAG,
    HOUR,
    MINUTE,
    NOON,
    World,
    contracts,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import DropRecord
    from tests.functional.sweep.swept import World

SKIP = {"run_glue": "success", "check_parquet": "success", "load_redshift": "skipped", "report_outcome": "success"}
LOADED = dict.fromkeys(("run_glue", "check_parquet", "load_redshift", "check_quality", "loaded"), "success")
SKIPPED = LOADED | dict.fromkeys(("load_redshift", "check_quality", "loaded"), "skipped")
LONG_QUEUE = f"[WARNING] {DAG}: runs have waited in Airflow's queue for long"


def overdue(world: World, count: int, state: str) -> list[DropRecord]:
    records = [world.triggered(NOON - 3 * HOUR + day * MINUTE, f"2026-11-{day:02}") for day in range(1, count + 1)]
    world.mwaa.runs |= {f"{record.id}.1": state for record in records}
    return records


def asked(world: World) -> list[str]:
    return [path for path in world.mwaa.paths if "/dagRuns/" in path]


def end(run: str, state: State = State.FAILED) -> RunFinished:
    rows: dict[str, int | None] = {"file": None, "parquet": None, "table": None}
    return RunFinished(run.partition(".")[0], 1, DAG, run, state, rows, None, "so it was", None)


def test_a_run_that_ended_without_a_report_is_recorded_as_loaded(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = ("success", {"load_redshift": "success", "report_outcome": "success"})
    finding = world.find(SILENT)
    assert (finding.detected, finding.repaired, finding.unexplained) == (1, 1, 0)
    assert world.state_of(record.id) is State.LOADED
    assert world.post.subjects() == []
    assert world.find(SILENT, NOON + MINUTE).detected == 0


def test_a_run_whose_load_was_skipped_is_superseded(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = ("success", SKIPPED)
    world.round()
    assert world.state_of(record.id) is State.SUPERSEDED


def test_a_run_that_failed_without_a_report_is_reported_with_its_task_and_log(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    tasks = {"run_glue": "success", "load_redshift": "failed", "check_quality": "upstream_failed"}
    world.mwaa.runs[f"{record.id}.1"] = ("failed", tasks)
    assert world.find(SILENT).repaired == 1
    assert world.state_of(record.id) is State.FAILED
    [(_, body)] = world.post.letters()
    assert f"https://airflow.example/dags/{DAG}/runs/{record.id}.1/tasks/load_redshift" in body
    assert "suimon replay sales" in body
    assert world.mwaa.paths.count("/dags/~/dagRuns/~/taskInstances/list") == 1


def test_a_run_that_airflow_has_lost_is_failed_so_that_it_can_be_replayed(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.round()
    assert world.state_of(record.id) is State.FAILED
    [(_, body)] = world.post.letters()
    assert "Airflow has no run of this id any more" in body


def test_a_run_that_hangs_is_reported_once_with_a_link_and_recovers_when_it_ends(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "running"
    finding = world.find(SILENT)
    assert (finding.detected, finding.reported, finding.unexplained) == (1, 1, 0)
    world.round(NOON + 15 * MINUTE)
    [(subject, body)] = world.post.letters()
    assert subject == "[WARNING] sales 2026-11-21: the run has not come to its end"
    assert f"https://airflow.example/dags/{DAG}/runs/{record.id}.1" in body
    world.mwaa.runs[f"{record.id}.1"] = "success"
    world.round(NOON + 30 * MINUTE)
    assert world.post.subjects() == ["[RECOVERED] sales 2026-11-21: the run has not come to its end"]
    assert world.state_of(record.id) is State.LOADED


def test_a_run_within_its_time_is_not_asked_about(world: World) -> None:
    world.triggered(NOON - HOUR)
    assert world.find(SILENT).detected == 0
    assert world.mwaa.paths == [f"/dags/{DAG}"]


def test_runs_that_wait_behind_a_paused_dag_are_reported_within_a_quarter_of_an_hour(world: World) -> None:
    record = world.triggered(NOON - 20 * MINUTE)
    world.mwaa.runs[f"{record.id}.1"] = "queued"
    world.mwaa.paused = {DAG}
    world.round()
    assert world.post.subjects() == [f"[ERROR] DAG {DAG} is paused: files are accepted, nothing is loaded"]
    late = world.find(SILENT, NOON + 3 * HOUR)
    assert (late.detected, late.reported) == (1, 1)
    assert world.post.subjects() == []
    world.mwaa.paused = set()
    world.mwaa.runs[f"{record.id}.1"] = "success"
    world.round(NOON + 4 * HOUR)
    assert world.post.subjects() == [f"[RECOVERED] DAG {DAG} is paused: files are accepted, nothing is loaded"]


@pytest.mark.parametrize(
    "failure",
    [
        ReadTimeoutError(endpoint_url="mwaa"),
        ClientError({"Error": {"Code": "InternalServerException", "Message": "updating"}}, "InvokeRestApi"),
    ],
)
def test_an_airflow_that_does_not_answer_is_reported_once_and_everything_is_explained(
    world: World, failure: Exception
) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.fails = failure
    findings = world.round()
    assert (findings.of(SILENT).reported, findings.unexplained, findings.failures) == (1, 0, ())
    world.round(NOON + 15 * MINUTE)
    assert world.post.subjects() == ["[WARNING] Airflow cannot be asked what became of its runs"]
    world.mwaa.fails = None
    world.mwaa.runs[f"{record.id}.1"] = "success"
    world.round(NOON + 30 * MINUTE)
    assert world.post.subjects() == ["[RECOVERED] Airflow cannot be asked what became of its runs"]


def test_a_bounded_number_of_runs_is_asked_about_and_none_is_left_out_for_good(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silent_runs, "ASKED_AT_MOST", 2)
    records = [world.triggered(NOON - 3 * HOUR, f"2026-11-0{day}") for day in range(1, 6)]
    world.mwaa.runs = {f"{record.id}.1": "running" for record in records}
    assert world.round().unexplained == 3
    assert world.round(NOON + 15 * MINUTE).unexplained == 1
    assert world.round(NOON + 30 * MINUTE).unexplained == 0
    world.mwaa.runs = {f"{record.id}.1": "success" for record in records}
    for number in range(3, 6):
        world.round(NOON + number * 15 * MINUTE)
    assert {world.state_of(record.id) for record in records} == {State.LOADED}


def test_after_a_crash_while_an_end_is_recorded_the_next_round_reports_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "failed"
    sweep = world.sweep()
    monkeypatch.setattr(sweep.run_ends.incidents, "report", lambda *_: 1 / 0)
    assert sweep.round(NOON).failures == ()  # one end holds up no other part of the round
    assert f"the end of run {record.id}.1" in world.post.letters()[-1][1]
    assert world.state_of(record.id) is State.TRIGGERED
    world.round(NOON + 15 * MINUTE)
    assert "[ERROR] sales 2026-11-21 run failed: see what the table holds" in world.post.subjects()
    assert world.state_of(record.id) is State.FAILED


@pytest.mark.parametrize(("tasks", "state"), [(LOADED, State.LOADED), (SKIPPED, State.SUPERSEDED)])
def test_a_run_that_failed_only_at_its_report_is_recorded_by_what_its_load_did(
    world: World, tasks: dict[str, str], state: State
) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = ("failed", tasks | {"report_outcome": "failed"})
    assert world.find(SILENT).repaired == 1
    assert world.state_of(record.id) is state
    assert world.post.subjects() == []


def test_a_long_queue_is_reported_once_for_all_its_runs_and_recovers_when_it_is_empty(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silent_runs, "ASKED_AT_MOST", 3)
    records = overdue(world, 5, "queued")
    first = world.find(SILENT)
    assert (first.detected, first.reported, first.unexplained) == (5, 5, 0)
    [(subject, body)] = world.post.letters()
    assert subject == LONG_QUEUE
    assert f"At least 5 runs of {DAG}" in body
    assert records[0].drop.key in body
    # One of them begins and hangs, the rest goes on: neither is a reason to write of the queue again.
    world.mwaa.runs[f"{records[0].id}.1"] = "running"
    for number in (1, 2):
        assert world.find(SILENT, NOON + number * 15 * MINUTE).unexplained == 0
    assert world.post.subjects() == [
        f"[WARNING] {records[0].dataset} {records[0].partition}: the run has not come to its end"
    ]
    world.mwaa.runs = {f"{record.id}.1": "success" for record in records}
    for number in range(3, 7):
        assert world.find(SILENT, NOON + number * 15 * MINUTE).unexplained == 0
    assert {world.state_of(record.id) for record in records} == {State.LOADED}
    assert sorted(world.post.subjects()) == [
        LONG_QUEUE.replace("[WARNING] ", "[RECOVERED] "),
        f"[RECOVERED] {records[0].dataset} {records[0].partition}: the run has not come to its end",
    ]


def test_a_run_that_hangs_in_one_state_and_then_in_another_is_reported_once(world: World) -> None:
    [record] = overdue(world, 1, "running")
    world.round()
    world.mwaa.runs[f"{record.id}.1"] = "restarting"
    world.round(NOON + 15 * MINUTE)
    assert len(world.post.subjects()) == 1


def test_however_many_runs_wait_behind_a_paused_dag_they_are_explained_and_not_asked_about(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silent_runs, "ASKED_AT_MOST", 2)
    overdue(world, 5, "queued")
    world.mwaa.paused = {DAG}
    finding = world.find(SILENT)
    assert (finding.detected, finding.reported, finding.unexplained) == (5, 5, 0)
    assert asked(world) == []
    assert world.post.subjects() == [f"[ERROR] DAG {DAG} is paused: files are accepted, nothing is loaded"]


def test_a_run_that_airflow_fails_at_hides_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = overdue(world, 2, "success")
    invoke = world.mwaa.invoke_rest_api

    def fails_at_one(**request: Any) -> Any:
        if bad.id in request["Path"]:
            error: Any = {"Error": {"Code": "RestApiServerException"}, "RestApiStatusCode": 500}
            raise ClientError(error, "InvokeRestApi")
        return invoke(**request)

    monkeypatch.setattr(world.mwaa, "invoke_rest_api", fails_at_one)
    world.round()
    assert (world.state_of(bad.id), world.state_of(good.id)) == (State.TRIGGERED, State.LOADED)
    assert "[WARNING] Airflow cannot be asked what became of its runs" in world.post.subjects()


def test_an_airflow_that_does_not_answer_is_not_asked_about_every_dag(world: World) -> None:
    world.contracts = contracts("stock/{ds}/stock.csv", "shops/{ds}/shops.csv")
    for name in ("stock", "shops"):
        record = world.receive(world.put(f"{name}/2026-11-21/{name}.csv"), "0A", NOON - 3 * HOUR)
        world.bring(record, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, at=NOON - 3 * HOUR)
    world.mwaa.fails = ReadTimeoutError(endpoint_url="mwaa")
    world.round()
    assert len(world.mwaa.paths) == 2  # whether one DAG is paused, and about one run


def test_with_little_time_left_the_answers_are_recorded_and_nobody_else_is_asked_about(world: World) -> None:
    records = overdue(world, 3, "success")
    left = iter([900.0] * 9 + [10.0] * 9)
    findings = world.sweep().round(NOON, lambda: next(left))
    assert (findings.of(SILENT).repaired, len(asked(world))) == (1, 2)
    assert sorted(world.state_of(record.id) for record in records) == [State.LOADED, State.TRIGGERED, State.TRIGGERED]


def test_rounds_at_once_keep_their_pending_ends_side_by_side(table: Table) -> None:
    ours, theirs = PendingEnds(table, Unusable()), PendingEnds(table, Unusable())
    ours.add([end("a.1"), end("b.1")])
    theirs.add([end("c.1")])
    assert ours.all() == [end("a.1"), end("b.1"), end("c.1")]
    theirs.remove(end("c.1"))
    ours.remove(end("a.1"))
    assert theirs.all() == [end("b.1")]
    theirs.add([end("b.1", State.LOADED)])  # cleared in between: it ran again
    ours.remove(end("b.1"))
    assert ours.all() == [end("b.1", State.LOADED)]
    ours.add([])


@pytest.mark.hits("ends-are-pending-first")
def test_an_end_that_one_round_could_not_record_outlives_another_round(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = world.ledger.touch(world.triggered(NOON - 3 * HOUR), replay=Replay("execution", "a replay waits"))
    world.mwaa.runs[f"{ours.id}.1"] = "success"

    def killed(**_: Any) -> None:
        # The other round is at work meanwhile: it notes its own end, enters it, and takes it away.
        later = world.triggered(NOON - 3 * HOUR, "2026-11-20")
        world.mwaa.runs[f"{later.id}.1"] = "success"
        noted = PendingEnds(world.table, world.unusable)
        noted.add([end(f"{later.id}.1", State.LOADED)])
        noted.remove(end(f"{later.id}.1", State.LOADED))
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(world.sfn, "send_task_success", killed)
        world.round(NOON)
    # No round looks at it again for its state: only the note is left.
    assert (world.state_of(ours.id), world.sfn.answered) == (State.LOADED, [])
    world.round(NOON + 15 * MINUTE)
    assert world.sfn.answered == ["a replay waits"]
    assert PendingEnds(world.table, world.unusable).all() == []


def test_a_run_whose_contract_names_no_dag_any_more_is_asked_about_in_its_own(world: World) -> None:
    overdue(world, 1, "queued")
    world.contracts = Contracts((replace(world.contracts.all[0], dag_id=None),))
    assert world.find(SILENT).detected == 1
    assert any(path.startswith(f"/dags/{DAG}/dagRuns/") for path in world.mwaa.paths)

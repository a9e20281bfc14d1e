"""What DAGs report of their ends is recorded only when ledger and Airflow say the same, on moto."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.drops.drop import Accepted, Drop, DropRecord
from suimon.drops.match import Match
from suimon.drops.run_finished_event import OutcomeError, RunFinished
from suimon.drops.states import State
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.ledger.drops import Ledger
from suimon.mwaa.airflow import Airflow
from suimon.mwaa.run_state import CannotAskError
from suimon.outcome.confirming_reports import RunReports
from suimon.outcome.run_end import RunEnds

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DROP = Drop("raw", "sales/2026-11-20/sales_data.csv", "v1", "etag", 10, "01")
DAG, RUN = "daily_sales_etl", f"{DROP.id}.1"
STEPS = ("run_glue", "check_parquet", "load_redshift", "check_quality")
LOADED = dict.fromkeys(STEPS, "success") | {"report_outcome": "running", "loaded": "None"}
QUEUED = dict.fromkeys((*STEPS, "report_outcome", "loaded"), "None")
FAILED = LOADED | {"load_redshift": "failed", "check_quality": "upstream_failed"}
SKIPPED = LOADED | dict.fromkeys(("load_redshift", "check_quality"), "skipped")


@dataclass
class FakeMwaa:
    """Knows the tasks of one run; `asked` keeps what it was asked for."""

    tasks: dict[str, str] = field(default_factory=lambda: dict(LOADED))
    fails: Exception | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke_rest_api(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request["Body"])
        if self.fails:
            raise self.fails
        is_ours = (request["Body"]["dag_ids"], request["Body"]["dag_run_ids"]) == ([DAG], [RUN])
        listed = [{"task_id": one, "state": state} for one, state in self.tasks.items() if is_ours]
        return {"RestApiStatusCode": 200, "RestApiResponse": {"task_instances": listed}}


@pytest.fixture
def mwaa() -> FakeMwaa:
    return FakeMwaa()


@pytest.fixture
def reports(table: Table, post: Post, mwaa: FakeMwaa) -> RunReports:
    incidents = IncidentStore(table, Publisher(post.sns, post.topic_arn))
    at_once: Any = SimpleNamespace(wait=lambda: None)
    nobody_waits: Any = SimpleNamespace()
    return RunReports(RunEnds(Ledger(table), incidents, nobody_waits), Airflow(mwaa, "env", at_once))  # type: ignore[arg-type]  # a fake


def triggered(ledger: Ledger) -> DropRecord:
    record = ledger.receive(DROP, Match("sales", "2026-11-20"), NOON)
    record = ledger.claim(record, NOON, owner="a", lease=timedelta(minutes=1), attempt=1)
    record = ledger.move(record, State.ACCEPTED, NOON, accepted=Accepted("data.csv", 3), opened_run=RUN, opened_dag=DAG)
    return ledger.move(record, State.TRIGGERED, NOON)


def report(outcome: str = "loaded", **detail: Any) -> RunFinished:
    named = {"drop_id": DROP.id, "attempt": 1, "dag_id": DAG, "run_id": RUN, "outcome": outcome, "rows": {}}
    return RunFinished.from_event({"detail": named | detail})


def state_of(reports: RunReports) -> State:
    record = reports.run_ends.ledger.get(DROP.id)
    assert record
    return record.state


@pytest.mark.parametrize(
    ("outcome", "tasks", "state"),
    [
        ("loaded", LOADED, State.LOADED),
        ("failed", FAILED, State.FAILED),
        ("superseded", SKIPPED, State.SUPERSEDED),
        # Stopped by hand before its load: the steps look superseded, and the run knows better.
        ("failed", SKIPPED, State.FAILED),
    ],
)
def test_a_report_that_airflow_confirms_is_recorded(
    reports: RunReports, mwaa: FakeMwaa, outcome: str, tasks: dict[str, str], state: State
) -> None:
    triggered(reports.run_ends.ledger)
    mwaa.tasks = tasks
    assert reports.take(report(outcome), NOON).state is state


@pytest.mark.hits("reports-are-confirmed")
@pytest.mark.parametrize("outcome", ["loaded", "failed", "superseded"])
@pytest.mark.parametrize(
    "tasks",
    [
        pytest.param({}, id="no such run"),
        pytest.param(QUEUED, id="queued, or its DAG is paused"),
        pytest.param(LOADED | {"check_quality": "running"}, id="running"),
        pytest.param(FAILED | {"load_redshift": "up_for_retry", "check_quality": "None"}, id="about to try again"),
        pytest.param({"anything": "success"}, id="not a run of the pipeline"),
    ],
)
def test_no_report_moves_a_drop_whose_run_has_not_come_to_that_end(
    reports: RunReports, mwaa: FakeMwaa, post: Post, outcome: str, tasks: dict[str, str]
) -> None:
    triggered(reports.run_ends.ledger)
    mwaa.tasks = tasks
    with pytest.raises(OutcomeError, match=f"{RUN} is reported as {outcome.upper()}, and Airflow says"):
        reports.take(report(outcome), NOON)
    assert (state_of(reports), post.subjects()) == (State.TRIGGERED, [])


@pytest.mark.parametrize(("claimed", "tasks"), [("loaded", FAILED), ("loaded", SKIPPED), ("failed", LOADED)])
def test_a_report_that_airflow_contradicts_moves_nothing(
    reports: RunReports, mwaa: FakeMwaa, claimed: str, tasks: dict[str, str]
) -> None:
    triggered(reports.run_ends.ledger)
    mwaa.tasks = tasks
    with pytest.raises(OutcomeError):
        reports.take(report(claimed), NOON)
    assert state_of(reports) is State.TRIGGERED


@pytest.mark.parametrize(
    "wrong", [{"run_id": "zzz"}, {"dag_id": "other"}, {"run_id": f"{DROP.id}.2"}, {"dag_id": "x", "run_id": "x"}]
)
@pytest.mark.parametrize("failed_before", [False, True])
def test_a_report_with_another_run_or_dag_is_refused_without_a_question(
    reports: RunReports, mwaa: FakeMwaa, wrong: dict[str, str], *, failed_before: bool
) -> None:
    triggered(reports.run_ends.ledger)
    if failed_before:
        mwaa.tasks = FAILED
        reports.take(report("failed"), NOON)
        mwaa.asked.clear()
    before = state_of(reports)
    with pytest.raises(OutcomeError, match=f"has the run {RUN} of {DAG}"):
        reports.take(report(**wrong), NOON)
    assert (state_of(reports), mwaa.asked) == (before, [])


def test_a_failed_drop_is_loaded_only_when_airflow_says_so(reports: RunReports, mwaa: FakeMwaa) -> None:
    triggered(reports.run_ends.ledger)
    mwaa.tasks = dict(FAILED)
    reports.take(report("failed"), NOON)
    with pytest.raises(OutcomeError):
        reports.take(report(), NOON)
    assert state_of(reports) is State.FAILED
    mwaa.tasks = dict(LOADED)  # somebody has cleared the task
    assert reports.take(report(), NOON).state is State.LOADED


def test_a_report_waits_while_airflow_does_not_answer(reports: RunReports, mwaa: FakeMwaa) -> None:
    triggered(reports.run_ends.ledger)
    mwaa.fails = ClientError({"Error": {"Code": "InternalServerException"}}, "InvokeRestApi")
    with pytest.raises(CannotAskError):
        reports.take(report(), NOON)
    assert state_of(reports) is State.TRIGGERED
    mwaa.fails = None
    assert reports.take(report(), NOON).state is State.LOADED


def test_an_old_event_that_is_put_again_changes_nothing_and_asks_nobody(
    reports: RunReports, mwaa: FakeMwaa, post: Post
) -> None:
    triggered(reports.run_ends.ledger)
    mwaa.tasks = FAILED
    reports.take(report("failed"), NOON)
    mwaa.tasks = dict(LOADED)
    reports.take(report(), NOON)
    mwaa.asked.clear()
    post.subjects()  # taken out
    assert reports.take(report("failed"), NOON).state is State.LOADED
    assert (mwaa.asked, post.subjects()) == ([], [])


def test_a_report_of_an_attempt_that_a_replay_has_ended_asks_nobody(reports: RunReports, mwaa: FakeMwaa) -> None:
    record = triggered(reports.run_ends.ledger)
    record = reports.take(report(), NOON)
    reports.run_ends.ledger.claim(record, NOON, owner="b", lease=timedelta(minutes=1), attempt=2)
    mwaa.asked.clear()
    assert reports.take(report(), NOON).attempt == 2
    assert mwaa.asked == []


@pytest.mark.parametrize("detail", [{"attempt": 2}, {"drop_id": "0123456789abcdef"}])
def test_a_report_about_what_the_ledger_does_not_know_is_refused(reports: RunReports, detail: dict[str, Any]) -> None:
    triggered(reports.run_ends.ledger)
    with pytest.raises(OutcomeError, match="who started this run"):
        reports.take(report(**detail), NOON)
    assert state_of(reports) is State.TRIGGERED

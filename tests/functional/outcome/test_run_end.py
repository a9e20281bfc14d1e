"""The end of a run, on moto: once into the ledger, to people when it failed, to the replay that waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.drops.drop import Accepted, Drop, DropRecord, Replay
from suimon.drops.match import Match
from suimon.drops.run_finished_event import OutcomeError, RunFinished
from suimon.drops.states import State
from suimon.incidents.about import About
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import IncidentId, Kind
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.outcome.run_end import RunEnds
from tests.functional.conftest import open_ids

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DROP = Drop("raw", "sales/2026-11-20/sales_data.csv", "v1", "etag", 10, "01")
RUN_FAILED = IncidentId.of(Kind.RUN_FAILED, About(dataset="sales", partition="2026-11-20"))


class FakeSfn:
    """Keeps the answers; refuses tokens as Step Functions does when nobody waits any more."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, dict[str, Any]]] = []
        self.refuses = ""

    def _take(self, kind: str, answer: dict[str, Any]) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses}}, kind)
        self.answers.append((kind, answer))

    def send_task_success(self, **answer: Any) -> None:
        self._take("success", answer)

    def send_task_failure(self, **answer: Any) -> None:
        self._take("failure", answer)


@pytest.fixture
def sfn() -> FakeSfn:
    return FakeSfn()


@pytest.fixture
def run_ends(table: Table, post: Post, sfn: FakeSfn) -> RunEnds:
    return RunEnds(Ledger(table), IncidentStore(table, Publisher(post.sns, post.topic_arn)), sfn)  # type: ignore[arg-type]  # a fake


LOG = f"https://a.c1.ap-northeast-1.airflow.amazonaws.com/dags/daily_sales_etl/runs/{DROP.id}.1/tasks/load_redshift"


def triggered(ledger: Ledger, replay: Replay | None = None) -> DropRecord:
    record = ledger.receive(DROP, Match("sales", "2026-11-20"), NOON)
    record = ledger.claim(record, NOON, owner="a", lease=timedelta(minutes=1), attempt=1, replay=replay)
    record = ledger.move(record, State.ACCEPTED, NOON, accepted=Accepted("data.csv", 3))
    return ledger.move(record, State.TRIGGERED, NOON)


def load_newer(ledger: Ledger) -> None:
    newer = Drop("raw", DROP.key, "v2", "other", 10, "02")
    record = ledger.receive(newer, Match("sales", "2026-11-20"), NOON)
    record = ledger.claim(record, NOON, owner="b", lease=timedelta(minutes=1), attempt=1)
    for state in (State.ACCEPTED, State.TRIGGERED, State.LOADED):
        record = ledger.move(record, state, NOON)


def finished(outcome: str = "loaded", **detail: Any) -> RunFinished:
    return RunFinished.from_event(
        {
            "detail": {
                "dataset": "sales",
                "partition": "2026-11-20",
                "drop_id": DROP.id,
                "attempt": 1,
                "dag_id": "daily_sales_etl",
                "run_id": f"{DROP.id}.1",
                "outcome": outcome,
                "rows": {"file": 3, "parquet": 3, "table": 3},
                "failed_task": None,
                "error": None,
                "log_url": None,
                **detail,
            }
        }
    )


def test_a_loaded_run_ends_the_drop_and_alerts_nobody(run_ends: RunEnds, post: Post) -> None:
    triggered(run_ends.ledger)
    assert run_ends.record(finished(), NOON).state is State.LOADED
    assert post.subjects() == []


def test_what_a_run_has_reported_stands_beside_the_drop_for_people(run_ends: RunEnds, table: Table) -> None:
    triggered(run_ends.ledger)
    run_ends.record(finished("failed", error="no such column"), NOON)
    item = table.get_item(Key={"pk": f"drop#{DROP.id}", "sk": "drop"})["Item"]
    assert item["finished"] == {"rows": {"file": 3, "parquet": 3, "table": 3}, "error": "no such column"}


def test_a_failed_run_is_reported_with_its_task_and_log_and_how_to_repeat_it(run_ends: RunEnds, post: Post) -> None:
    triggered(run_ends.ledger)
    run = finished("failed", failed_task="load_redshift", error="Divide by zero", log_url=LOG)
    assert run_ends.record(run, NOON).state is State.FAILED
    [(subject, body)] = post.letters()
    assert subject == "[ERROR] sales 2026-11-20 run failed: see what the table holds"
    for word in ("load_redshift", "Divide by zero", LOG, "suimon replay sales --from 2026-11-20"):
        assert word in body


def test_an_end_that_is_delivered_twice_is_reported_once(run_ends: RunEnds, post: Post) -> None:
    triggered(run_ends.ledger)
    run = finished("failed", failed_task="run_glue", error="no")
    run_ends.record(run, NOON)
    assert run_ends.record(run, NOON + timedelta(seconds=5)).state is State.FAILED
    assert len(post.letters()) == 1


@pytest.mark.hits("failure-is-reported-first")
def test_a_failure_is_reported_before_anybody_could_replay_it(
    run_ends: RunEnds, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    triggered(run_ends.ledger)
    run = finished("failed", error="no")
    with monkeypatch.context() as killed:
        killed.setattr(run_ends.ledger, "move", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_ends.record(run, NOON)
    known = run_ends.ledger.get(DROP.id)
    assert known
    assert known.state is State.TRIGGERED
    assert run_ends.record(run, NOON).state is State.FAILED
    assert post.subjects() == ["[ERROR] sales 2026-11-20 run failed: see what the table holds"]


def test_a_failure_that_is_reported_while_the_cleared_run_loads_is_withdrawn(
    run_ends: RunEnds, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    triggered(run_ends.ledger)
    report = run_ends.incidents.report

    def report_slowly(problem: Problem, now: datetime) -> bool:
        published = report(problem, now)
        assert run_ends.record(finished(), NOON).state is State.LOADED
        return published

    monkeypatch.setattr(run_ends.incidents, "report", report_slowly)
    assert run_ends.record(finished("failed", error="no"), NOON).state is State.LOADED
    failed = "sales 2026-11-20 run failed: see what the table holds"
    assert post.subjects() == [f"[ERROR] {failed}", f"[RECOVERED] {failed}"]


def test_a_failure_whose_cleared_run_gives_way_stays_open_until_the_newer_file_is_known_to_be_loaded(
    run_ends: RunEnds,
) -> None:
    triggered(run_ends.ledger)
    run_ends.record(finished("failed", error="no"), NOON)
    assert run_ends.record(finished("superseded"), NOON).state is State.SUPERSEDED
    assert open_ids(run_ends.incidents) == [str(RUN_FAILED)]
    load_newer(run_ends.ledger)
    run_ends.record(finished("superseded"), NOON)  # or the newer one's own report, or the sweep
    assert open_ids(run_ends.incidents) == []


def test_a_failure_that_is_reported_while_a_newer_file_is_loaded_is_withdrawn(
    run_ends: RunEnds, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    triggered(run_ends.ledger)
    report = run_ends.incidents.report

    def report_slowly(problem: Problem, now: datetime) -> bool:
        load_newer(run_ends.ledger)
        return report(problem, now)

    monkeypatch.setattr(run_ends.incidents, "report", report_slowly)
    assert run_ends.record(finished("failed", error="no"), NOON).state is State.FAILED
    assert [subject.startswith("[RECOVERED]") for subject in post.subjects()] == [False, True]


def test_a_failure_that_was_reported_before_a_crash_is_withdrawn_when_a_newer_file_is_loaded_meanwhile(
    run_ends: RunEnds, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    triggered(run_ends.ledger)
    with monkeypatch.context() as killed:
        killed.setattr(run_ends.ledger, "move", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_ends.record(finished("failed", error="no"), NOON)
    load_newer(run_ends.ledger)  # what it closes, it looked for before we reported
    assert run_ends.record(finished("failed", error="no"), NOON).state is State.SUPERSEDED
    assert [subject.startswith("[RECOVERED]") for subject in post.subjects()] == [False, True]


@pytest.mark.parametrize("looks", ["before", "after"])
def test_a_repeated_event_reports_nothing_again_when_the_cleared_run_loads_meanwhile(
    run_ends: RunEnds, post: Post, monkeypatch: pytest.MonkeyPatch, looks: str
) -> None:
    triggered(run_ends.ledger)
    run_ends.record(finished("failed", error="no"), NOON)
    point = {"before": "known", "after": "report"}[looks]  # whether it is over already when we look
    going_on = getattr(run_ends.incidents, point)

    def slowly(*given: Any) -> Any:
        monkeypatch.setattr(run_ends.incidents, point, going_on)
        run_ends.record(finished(), NOON)
        return going_on(*given)

    monkeypatch.setattr(run_ends.incidents, point, slowly)
    run_ends.record(finished("failed", error="no"), NOON)
    incident = run_ends.incidents.known(RUN_FAILED)
    assert incident
    assert not incident.is_open
    recovered = [subject.startswith("[RECOVERED]") for subject in post.subjects()]
    # Between the look and the report nobody can stand in the way: then the second e-mail is taken back.
    assert recovered == {"before": [False, True], "after": [False, True, False, True]}[looks]


@pytest.mark.parametrize("ends", [True, False])
def test_a_failure_that_is_reported_again_while_a_replay_runs_is_left_to_it_unless_that_is_loaded(
    run_ends: RunEnds, monkeypatch: pytest.MonkeyPatch, *, ends: bool
) -> None:
    triggered(run_ends.ledger)
    report = run_ends.incidents.report

    def report_slowly(problem: Problem, now: datetime) -> bool:
        monkeypatch.setattr(run_ends.incidents, "report", report)
        record = run_ends.record(finished("failed", error="no"), NOON)  # the event's other delivery
        record = run_ends.ledger.claim(record, NOON, owner="b", lease=timedelta(minutes=1), attempt=2)
        record = run_ends.ledger.move(record, State.ACCEPTED, NOON, accepted=Accepted("data.csv", 3))
        run_ends.ledger.move(record, State.TRIGGERED, NOON)
        if ends:
            run_ends.record(finished(attempt=2, run_id=f"{DROP.id}.2"), NOON)
        return report(problem, now)

    monkeypatch.setattr(run_ends.incidents, "report", report_slowly)
    with pytest.raises(LostClaimError):
        run_ends.record(finished("failed", error="no"), NOON)
    incident = run_ends.incidents.known(RUN_FAILED)
    assert incident
    assert incident.is_open is not ends


def test_an_end_before_intake_has_recorded_the_start_is_recorded(run_ends: RunEnds) -> None:
    ledger = run_ends.ledger
    record = ledger.receive(DROP, Match("sales", "2026-11-20"), NOON)
    record = ledger.claim(record, NOON, owner="a", lease=timedelta(minutes=1), attempt=1)
    ledger.move(record, State.ACCEPTED, NOON, accepted=Accepted("data.csv", 3))
    assert run_ends.record(finished(), NOON).state is State.LOADED


def test_a_waiting_replay_gets_its_answer(run_ends: RunEnds, sfn: FakeSfn) -> None:
    triggered(run_ends.ledger, Replay("execution", "token"))
    run_ends.record(finished(), NOON)
    [(kind, answer)] = sfn.answers
    assert (kind, answer["taskToken"]) == ("success", "token")


@pytest.mark.parametrize(("error", "cause"), [("no such column", "no such column"), (None, "")])
def test_a_waiting_replay_gets_the_failure(run_ends: RunEnds, sfn: FakeSfn, error: str | None, cause: str) -> None:
    triggered(run_ends.ledger, Replay("execution", "token"))
    run_ends.record(finished("failed", error=error), NOON)
    [(kind, answer)] = sfn.answers
    assert (kind, answer["error"], answer["cause"]) == ("failure", "RunFailed", cause)


def test_a_replay_that_no_longer_waits_does_not_stop_the_outcome(run_ends: RunEnds, sfn: FakeSfn) -> None:
    triggered(run_ends.ledger, Replay("execution", "token"))
    sfn.refuses = "TaskTimedOut"
    assert run_ends.record(finished(), NOON).state is State.LOADED


def test_a_load_after_a_failure_ends_the_incident(run_ends: RunEnds, post: Post) -> None:
    failed = triggered(run_ends.ledger)
    run_ends.record(finished("failed", error="no"), NOON)
    record = run_ends.ledger.get(failed.id)
    assert record
    record = run_ends.ledger.claim(record, NOON, owner="b", lease=timedelta(minutes=1), attempt=2)
    record = run_ends.ledger.move(record, State.ACCEPTED, NOON, accepted=Accepted("data.csv", 3))
    run_ends.ledger.move(record, State.TRIGGERED, NOON)
    run_ends.record(finished(attempt=2, run_id=f"{DROP.id}.2"), NOON)
    assert post.subjects()[-1] == "[RECOVERED] sales 2026-11-20 run failed: see what the table holds"


def test_a_failed_run_that_was_cleared_in_airflow_and_loads_is_loaded(run_ends: RunEnds, post: Post) -> None:
    triggered(run_ends.ledger)
    run_ends.record(finished("failed", error="no"), NOON)
    assert run_ends.record(finished(), NOON).state is State.LOADED
    assert run_ends.record(finished("failed", error="no"), NOON).state is State.LOADED  # the first report, late again
    assert [subject.startswith("[RECOVERED]") for subject in post.subjects()] == [False, True]


def test_a_failed_run_behind_a_newer_loaded_file_is_superseded_and_no_news(run_ends: RunEnds, post: Post) -> None:
    triggered(run_ends.ledger)
    load_newer(run_ends.ledger)
    assert run_ends.record(finished("failed", error="no"), NOON).state is State.SUPERSEDED
    assert post.subjects() == []


def test_an_older_load_does_not_close_the_incident_of_a_newer_file(run_ends: RunEnds, post: Post) -> None:
    triggered(run_ends.ledger)
    newer = Drop("raw", DROP.key, "v2", "other", 10, "02")
    run_ends.ledger.receive(newer, Match("sales", "2026-11-20"), NOON)
    about = About(dataset="sales", partition="2026-11-20", key=newer.key, drop_id=newer.id, run_id=f"{newer.id}.1")
    run_ends.incidents.report(Problem(Kind.REJECTED, about, "rejected", "body", "new"), NOON)
    run_ends.record(finished(), NOON)
    assert post.subjects() == ["[ERROR] rejected"]


def test_a_repeated_event_after_a_replay_has_started_is_passed_over(run_ends: RunEnds) -> None:
    record = triggered(run_ends.ledger)
    record = run_ends.record(finished(), NOON)
    run_ends.ledger.claim(record, NOON, owner="b", lease=timedelta(minutes=1), attempt=2)
    assert run_ends.record(finished(), NOON).attempt == 2


def test_a_report_of_an_attempt_that_nobody_started_is_refused(run_ends: RunEnds) -> None:
    triggered(run_ends.ledger)
    with pytest.raises(OutcomeError, match="no attempt 7"):
        run_ends.record(finished(attempt=7), NOON)


def test_an_unreadable_event_is_refused_by_its_field() -> None:
    with pytest.raises(OutcomeError, match="outcome"):
        RunFinished.from_event({"detail": {"drop_id": "x", "attempt": 1, "dag_id": "d", "run_id": "r"}})

"""What stands still, runs that say nothing, dead letters and what came before its contract, on moto."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from suimon.drops.states import State
from suimon.incidents.messages import airflow, files
from suimon.mwaa.cause import Cause, NotStarted
from suimon.sweep import dead_letters, oldest_drops, stale_incidents, unmatched_drops
from suimon.sweep.dead_letters import DEAD_LETTER
from suimon.sweep.plans import set_parts, silent_runs, stuck_drops
from suimon.sweep.plans.silent_runs import SILENT
from suimon.sweep.plans.stuck_drops import STUCK
from suimon.sweep.unmatched_drops import UNMATCHED
from tests.functional.sweep.swept import DAG, HOUR, MINUTE, NOON, REPORTS, World, contracts, key_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import Drop
    from tests.functional.conftest import Post

DAY = timedelta(days=1)
SKIPPED = {"run_glue": "success", "check_parquet": "success", "load_redshift": "skipped", "report_outcome": "success"}


@pytest.fixture
def world(table: Table, post: Post) -> World:
    return World(table, post)


def event_of(drop: Drop, sequencer: str = "0A") -> dict[str, Any]:
    named = {
        "key": drop.key,
        "version-id": drop.version_id,
        "etag": drop.etag,
        "size": drop.size,
        "sequencer": sequencer,
    }
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": drop.bucket}, "object": named},
    }


def run_finished(drop_id: str, outcome: str = "loaded", attempt: int = 1) -> dict[str, Any]:
    detail = {
        "drop_id": drop_id,
        "attempt": attempt,
        "dag_id": DAG,
        "run_id": f"{drop_id}.{attempt}",
        "outcome": outcome,
        "rows": {"file": 1, "parquet": 1, "table": 1},
    }
    return {"source": "suimon.dag", "detail-type": "Run Finished", "detail": detail}


def raiser(error: Exception) -> Any:
    def raises(**_: Any) -> None:
        raise error

    return raises


# ---------------------------------------------------------------- drops that stand still


@pytest.mark.parametrize(
    "way", [(), (State.VALIDATING,), (State.VALIDATING, State.ACCEPTED)], ids=["received", "validating", "accepted"]
)
def test_a_drop_that_stands_still_is_sent_on(world: World, way: tuple[State, ...]) -> None:
    since = NOON - 30 * MINUTE
    record = world.bring(world.receive(world.put(key_of(), written=since), "0A", since), *way, at=since)
    finding = world.find(STUCK)
    assert (finding.detected, finding.repaired, finding.reported) == (1, 1, 0)
    assert world.resumed() == [record.id]
    assert world.post.subjects() == []


def test_whoever_may_still_be_at_work_is_left_alone(world: World) -> None:
    since = NOON - 12 * MINUTE
    held = world.bring(world.receive(world.put(key_of(), written=since), "0A", since), State.VALIDATING, at=since)
    fresh = world.receive(world.put(key_of("2026-11-20"), written=since), "0A", NOON - 5 * MINUTE)
    assert world.find(STUCK).detected == 0
    assert world.resumed() == []
    assert {world.state_of(held.id), world.state_of(fresh.id)} == {State.VALIDATING, State.RECEIVED}


def test_what_stands_still_for_an_hour_is_told_once_for_all_of_a_dataset_and_recovers(world: World) -> None:
    since = NOON - 2 * HOUR
    records = [
        world.receive(world.put(key_of(f"2026-11-{day:02}"), written=since), "0A", since) for day in range(1, 13)
    ]
    finding = world.find(STUCK)
    assert (finding.detected, finding.repaired, finding.reported, finding.unexplained) == (12, 0, 12, 0)
    world.round(NOON + 15 * MINUTE)
    [(subject, body)] = world.post.letters()
    assert subject == "[Suimon] sales: files do not get through the gate"
    assert body.count("RECEIVED since") == 10
    assert "and 2 more" in body
    for record in records:
        world.bring(record, State.VALIDATING, State.REJECTED, at=NOON + 20 * MINUTE)
    world.round(NOON + 30 * MINUTE)
    assert world.post.subjects() == ["[Suimon] Recovered: sales: files do not get through the gate"]


def test_a_check_that_dies_each_time_is_told_although_it_never_stands_still_for_long(world: World) -> None:
    record = world.receive(world.put(key_of()), "0A", NOON - 2 * HOUR)
    record = world.bring(record, State.VALIDATING, at=NOON - 2 * HOUR)
    world.bring(record, State.VALIDATING, at=NOON - 20 * MINUTE)
    assert world.find(STUCK).reported == 1


def test_a_full_queue_gets_few_messages_more_the_oldest_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck_drops, "QUEUE_HOLDS", 5)
    monkeypatch.setattr(stuck_drops, "SENT_AT_LEAST", 2)
    records = [
        world.receive(world.put(key_of(f"2026-11-0{day}")), "0A", NOON - (20 + day) * MINUTE) for day in range(1, 9)
    ]
    world.round()
    assert world.depth("intake") == 5
    sent = world.resumed()
    assert set(sent) == {record.id for record in records[-5:]}
    for number in range(4):
        world.send("intake", {"resume": f"{number}"})
    world.round()
    assert world.depth("intake") == 4 + 2


def test_drops_that_wait_are_read_page_by_page_up_to_a_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oldest_drops, "PAGE", 2)
    for day in range(1, 8):
        world.receive(world.put(key_of(f"2026-11-0{day}")), "0A", NOON - (20 + day) * MINUTE)
    assert world.find(STUCK).checked == 7
    monkeypatch.setattr(oldest_drops, "READ_AT_MOST", 3)
    world.messages("intake")
    assert world.find(STUCK).checked == 4  # to the end of a page


def test_an_accepted_shard_may_wait_for_its_set(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    since = NOON - 2 * HOUR
    record = world.receive(world.put(key_of(), written=since), "0A", since)
    world.bring(record, State.VALIDATING, State.ACCEPTED, at=since)
    monkeypatch.setattr(set_parts, "is_set_part", lambda *_: True)
    finding = world.find(STUCK)
    assert (finding.detected, finding.reported) == (0, 0)
    assert world.resumed() == [record.id]  # in case that whoever let it join died before the set was opened


def test_what_was_told_of_a_run_that_could_not_start_is_over_when_no_file_waits_for_one(world: World) -> None:
    record = world.bring(world.receive(world.put(key_of()), "0A"), State.VALIDATING, State.ACCEPTED)
    for cause in (Cause.AWAY, Cause.UNKNOWN_DAG, Cause.REFUSED_CONF):
        told = airflow.not_triggered("env", DAG, record, NotStarted(cause, "no answer"))
        world.desk.report(told, NOON)
    world.post.subjects()
    world.round()
    assert not [subject for subject in world.post.subjects() if "Recovered" in subject]
    world.bring(record, State.TRIGGERED, at=NOON)
    world.round(NOON + MINUTE)
    assert len([subject for subject in world.post.subjects() if "Recovered" in subject]) == 3


def test_what_was_told_of_a_file_is_over_when_a_later_one_is_loaded(world: World) -> None:
    older = world.receive(world.put(key_of(), "a"), "0A")
    newer = world.receive(world.put(key_of(), "b"), "0B")
    world.bring(older, State.VALIDATING, State.REJECTED)
    told = files.rejected(older, world.contracts.of("sales"), "it is bad")
    world.desk.report(told, NOON)
    world.round()
    assert world.post.subjects() == ["[Suimon] sales 2026-11-21 rejected: sales_data.csv"]
    world.bring(newer, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED, at=NOON)
    world.round(NOON + MINUTE)
    assert world.post.subjects() == ["[Suimon] Recovered: sales 2026-11-21 rejected: sales_data.csv"]


def test_what_was_told_of_files_that_nobody_corrects_hides_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stale_incidents, "LOOKED_AT_MOST", 2)
    told = []
    for day in range(1, 6):
        record = world.receive(world.put(key_of(f"2026-11-0{day}")), "0A")
        told.append(world.bring(record, State.VALIDATING, State.REJECTED))
        incident = files.rejected(told[-1], world.contracts.of("sales"), "it is bad")
        world.desk.report(incident, NOON - HOUR + day * MINUTE)
    newer = world.receive(world.put(key_of("2026-11-05"), "b"), "0B")
    world.bring(newer, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED)
    world.post.subjects()
    for number in range(5):
        world.round(NOON + number * 15 * MINUTE)
    assert world.post.subjects() == ["[Suimon] Recovered: sales 2026-11-05 rejected: sales_data.csv"]


# ---------------------------------------------------------------- runs that say nothing


def test_a_run_that_ended_without_a_word_is_entered_as_loaded(world: World) -> None:
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


def test_a_run_that_failed_without_a_word_is_told_with_its_task_and_log(world: World) -> None:
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


def test_a_run_that_hangs_is_told_once_with_a_link_and_recovers_when_it_ends(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "running"
    finding = world.find(SILENT)
    assert (finding.detected, finding.reported, finding.unexplained) == (1, 1, 0)
    world.round(NOON + 15 * MINUTE)
    [(subject, body)] = world.post.letters()
    assert subject == "[Suimon] sales 2026-11-21: the run has not come to its end"
    assert f"https://airflow.example/dags/{DAG}/runs/{record.id}.1" in body
    world.mwaa.runs[f"{record.id}.1"] = "success"
    world.round(NOON + 30 * MINUTE)
    assert world.post.subjects() == ["[Suimon] Recovered: sales 2026-11-21: the run has not come to its end"]
    assert world.state_of(record.id) is State.LOADED


def test_a_run_within_its_time_is_not_asked_about(world: World) -> None:
    world.triggered(NOON - HOUR)
    assert world.find(SILENT).detected == 0
    assert world.mwaa.paths == [f"/dags/{DAG}"]


def test_runs_that_wait_behind_a_paused_dag_are_told_within_a_quarter_of_an_hour(world: World) -> None:
    record = world.triggered(NOON - 20 * MINUTE)
    world.mwaa.runs[f"{record.id}.1"] = "queued"
    world.mwaa.paused = {DAG}
    world.round()
    assert world.post.subjects() == [f"[Suimon] DAG {DAG} is paused: files are accepted, nothing is loaded"]
    late = world.find(SILENT, NOON + 3 * HOUR)
    assert (late.detected, late.reported) == (1, 1)
    assert world.post.subjects() == []
    world.mwaa.paused = set()
    world.mwaa.runs[f"{record.id}.1"] = "success"
    world.round(NOON + 4 * HOUR)
    assert world.post.subjects() == [f"[Suimon] Recovered: DAG {DAG} is paused: files are accepted, nothing is loaded"]


@pytest.mark.parametrize(
    "failure",
    [
        ReadTimeoutError(endpoint_url="mwaa"),
        ClientError({"Error": {"Code": "InternalServerException", "Message": "updating"}}, "InvokeRestApi"),
    ],
)
def test_an_airflow_that_does_not_answer_is_told_once_and_everything_is_explained(
    world: World, failure: Exception
) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.fails = failure
    findings = world.round()
    assert (findings.of(SILENT).reported, findings.unexplained, findings.failures) == (1, 0, ())
    world.round(NOON + 15 * MINUTE)
    assert world.post.subjects() == ["[Suimon] Airflow cannot be asked what became of its runs"]
    world.mwaa.fails = None
    world.mwaa.runs[f"{record.id}.1"] = "success"
    world.round(NOON + 30 * MINUTE)
    assert world.post.subjects() == ["[Suimon] Recovered: Airflow cannot be asked what became of its runs"]


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


def test_a_crash_while_an_end_is_entered_tells_people_in_the_next_round(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "failed"
    sweep = world.sweep()
    monkeypatch.setattr(sweep.run_ends.desk, "report", lambda *_: 1 / 0)
    assert [failure.part for failure in sweep.round(NOON).failures] == ["runs"]
    assert world.state_of(record.id) is State.TRIGGERED
    world.round(NOON + 15 * MINUTE)
    assert "[Suimon] sales 2026-11-21 could not be loaded" in world.post.subjects()
    assert world.state_of(record.id) is State.FAILED


def test_the_report_of_a_run_that_comes_after_all_changes_nothing(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "success"
    world.round()
    world.send("undelivered", run_finished(record.id))
    assert world.find(DEAD_LETTER, NOON + MINUTE).repaired == 1
    assert [move.state for move in world.ledger.history(record.id)][-2:] == [State.TRIGGERED, State.LOADED]


# ---------------------------------------------------------------- dead letters


@pytest.mark.parametrize("queue", ["intake-dead", "undelivered"])
def test_a_file_s_event_among_the_dead_letters_is_entered_and_sent_on(world: World, queue: str) -> None:
    drop = world.put(key_of(), written=NOON)
    world.send(queue, event_of(drop))
    finding = world.find(DEAD_LETTER)
    assert (finding.detected, finding.repaired) == (1, 1)
    assert world.resumed() == [drop.id]
    record = world.ledger.get(drop.id)
    assert record
    assert record.drop.sequencer == "0A"
    assert world.depth(queue) == 0


def test_an_event_among_the_dead_letters_that_no_contract_knows_is_told_and_entered(world: World) -> None:
    drop = world.put("elsewhere/a.csv", written=NOON)
    world.send("intake-dead", event_of(drop))
    assert world.find(DEAD_LETTER).repaired == 1
    assert world.state_of(drop.id) is State.UNMATCHED
    assert world.post.subjects() == ["[Suimon] Files that no contract knows: elsewhere/*.csv"]
    assert world.resumed() == []


def test_the_end_of_a_run_is_entered_bare_or_in_lambda_s_envelope(world: World) -> None:
    bare, wrapped = world.triggered(NOON - HOUR), world.triggered(NOON - HOUR, "2026-11-20")
    world.send("undelivered", run_finished(bare.id))
    envelope = {"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}}
    world.send("undelivered", {**envelope, "requestPayload": run_finished(wrapped.id, "failed")})
    assert world.find(DEAD_LETTER).repaired == 2
    assert (world.state_of(bare.id), world.state_of(wrapped.id)) == (State.LOADED, State.FAILED)


def test_what_the_ledger_has_already_needs_no_message(world: World) -> None:
    record = world.receive(world.put(key_of()), "0A", NOON)
    world.send("intake-dead", {"resume": record.id})
    world.send("undelivered", {"requestPayload": {"source": "aws.scheduler", "detail-type": "Scheduled Event"}})
    assert world.find(DEAD_LETTER).repaired == 2
    assert (world.depth("intake-dead"), world.depth("undelivered")) == (0, 0)


@pytest.mark.parametrize(
    "message",
    [
        "no JSON",
        "[1]",
        "{}",
        {"resume": "nobody"},
        {"detail-type": "Object Created", "detail": {}},
        run_finished("nobody"),
        {"detail-type": "Something Else"},
    ],
)
def test_a_message_of_which_nothing_can_be_made_is_kept_and_told_until_somebody_has_seen_to_it(
    world: World, message: Any
) -> None:
    world.send("intake-dead", message)
    findings = world.round()
    assert (findings.of(DEAD_LETTER).reported, findings.unexplained) == (1, 0)
    assert world.depth("intake-dead") == 0
    [kept] = world.s3.list_objects_v2(Bucket=REPORTS, Prefix="undeliverable/")["Contents"]
    body = json.loads(world.s3.get_object(Bucket=REPORTS, Key=kept["Key"])["Body"].read())
    assert body["body"] == (message if isinstance(message, str) else json.dumps(message))
    assert body["queue"] == "intake-dead"
    [(subject, told)] = world.post.letters()
    assert subject == "[Suimon] Messages of which nothing can be made"
    assert kept["Key"] in told
    world.round(NOON + 15 * MINUTE)
    assert world.post.subjects() == []
    world.s3.delete_object(Bucket=REPORTS, Key=kept["Key"])
    world.round(NOON + 30 * MINUTE)
    assert world.post.subjects() == ["[Suimon] Recovered: Messages of which nothing can be made"]


def test_a_message_that_fails_again_stays_for_the_next_round_and_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop, other = world.put(key_of(), written=NOON), world.put(key_of("2026-11-20"), written=NOON)
    for one in (drop, other):
        world.send("intake-dead", event_of(one))
    sweep = world.sweep()
    receive = sweep.ledger.receive
    monkeypatch.setattr(
        sweep.ledger, "receive", lambda given, *rest: receive(given, *rest) if given.id == other.id else 1 / 0
    )
    finding = sweep.round(NOON).of(DEAD_LETTER)
    assert (finding.detected, finding.repaired, finding.unexplained) == (2, 1, 1)
    assert world.depth("intake-dead") == 1
    assert world.messages("intake-dead") == []  # hidden until the next round


def test_a_round_takes_a_bounded_number_of_dead_letters(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "PROCESSED_AT_MOST", 12)
    for _ in range(10):
        world.send("intake-dead", {"source": "aws.scheduler"})
        world.send("undelivered", {"source": "aws.scheduler"})
    assert [world.find(DEAD_LETTER).repaired for _ in range(3)] == [12, 8, 0]


# ---------------------------------------------------------------- what came before its contract


def test_files_that_came_before_their_contract_are_taken_in_when_there_is_one(world: World) -> None:
    drops = [world.put(f"stock/2026-11-{day}/stock.csv") for day in (19, 20)]
    other = world.put("notes.txt")
    for drop in (*drops, other):
        world.receive(drop, "0A")
    assert world.find(UNMATCHED, NOON).repaired == 0
    world.contracts = contracts("stock/{ds}/stock.csv")
    finding = world.find(UNMATCHED, NOON + HOUR)
    assert (finding.detected, finding.repaired) == (2, 2)
    assert set(world.resumed()) >= {drop.id for drop in drops}
    record = world.ledger.get(drops[0].id)
    assert record
    assert (record.state, record.dataset, record.partition) == (State.RECEIVED, "other0", "2026-11-19")
    assert world.state_of(other.id) is State.UNMATCHED


def test_the_search_goes_on_from_where_a_round_ended_and_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unmatched_drops, "READ_AT_MOST", 3)
    for number in range(7):
        world.receive(world.put(f"notes/{number}.txt"), "0A", NOON - HOUR + number * MINUTE)
    last = world.put("stock/2026-11-19/stock.csv")
    world.receive(last, "0A", NOON - MINUTE)
    world.contracts = contracts("stock/{ds}/stock.csv")
    looked_at = [world.find(UNMATCHED, NOON + number * 15 * MINUTE).checked for number in range(7)]
    assert world.state_of(last.id) is State.RECEIVED
    assert looked_at[-1] == 0  # all were held against these contracts


def test_the_incident_of_files_that_no_contract_knew_is_over_when_they_are_taken_in(world: World) -> None:
    drop = world.put("stock/2026-11-19/stock.csv")
    world.receive(drop, "0A")
    world.desk.report(files.no_contract(drop, world.contracts, NOON), NOON)
    world.contracts = contracts("stock/{ds}/stock.csv")
    world.round()
    assert [subject[:19] for subject in world.post.subjects()] == ["[Suimon] Files that", "[Suimon] Recovered:"]


# ---------------------------------------------------------------- the round as a whole


def test_a_round_in_which_all_is_well_finds_nothing_and_says_nothing(world: World) -> None:
    record = world.receive(world.put(key_of()), "0A")
    world.bring(record, State.VALIDATING, State.REJECTED, at=NOON - HOUR)
    findings = world.round()
    assert (findings.unexplained, findings.failures) == (0, ())
    assert not any(part.detected for part in findings.parts)
    assert world.post.subjects() == []
    assert world.messages("intake") == []


def test_one_part_that_fails_stops_no_other_and_is_told_until_it_works(world: World) -> None:
    record = world.receive(world.put(key_of()), "0A")
    broken = replace(world.sweep().settings, raw_bucket="nowhere")
    findings = world.sweep(settings=broken).round(NOON)
    assert [failure.part for failure in findings.failures] == ["recent dates", "whole bucket"]
    assert "NoSuchBucket" in findings.failures[0].reason
    assert world.resumed() == [record.id]
    assert world.post.subjects() == [
        "[Suimon] The sweep cannot look at recent dates",
        "[Suimon] The sweep cannot look at whole bucket",
    ]
    world.round(NOON + 15 * MINUTE)
    over = [subject for subject in world.post.subjects() if subject.startswith("[Suimon] Recovered: The sweep cannot")]
    assert len(over) == 2


def test_a_queue_that_does_not_say_how_full_it_is_stops_no_other_part(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "success"
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetQueueAttributes")
    monkeypatch.setattr(world.sqs, "get_queue_attributes", raiser(denied))
    assert [failure.part for failure in world.round().failures] == ["intake queue"]
    assert world.state_of(record.id) is State.LOADED


def test_a_set_clock_a_day_later_finds_the_same(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "success"
    world.round(NOON + DAY)
    assert world.round(NOON + 2 * DAY).unexplained == 0

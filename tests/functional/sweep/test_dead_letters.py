"""Messages that could not be delivered, on moto."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.drops.states import State
from suimon.ledger.queries import history
from suimon.mwaa.run_state import BEFORE_LOAD, LOAD
from suimon.sweep import dead_letters
from suimon.sweep.dead_letters import DEAD_LETTER
from tests.functional.sweep.swept import (
    DAG,
    HOUR,
    MINUTE,
    NOON,
    REPORTS,
    World,
    key_of,
)

if TYPE_CHECKING:
    from suimon.drops.drop import Drop
    from tests.functional.sweep.swept import World

LOADED = dict.fromkeys((*BEFORE_LOAD, LOAD, "check_quality"), "success")
LIST = "/dags/~/dagRuns/~/taskInstances/list"


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


@pytest.mark.parametrize("queue", ["intake-dead", "undelivered"])
def test_a_file_s_event_among_the_dead_letters_is_entered_and_resumed(world: World, queue: str) -> None:
    drop = world.put(key_of(), written=NOON)
    world.send(queue, event_of(drop))
    finding = world.find(DEAD_LETTER)
    assert (finding.detected, finding.repaired) == (1, 1)
    assert world.resumed() == [drop.id]
    record = world.ledger.get(drop.id)
    assert record
    assert record.drop.sequencer == "0A"
    assert world.depth(queue) == 0


def test_an_event_among_the_dead_letters_that_no_contract_matches_is_reported_and_entered(world: World) -> None:
    drop = world.put("elsewhere/a.csv", written=NOON)
    world.send("intake-dead", event_of(drop))
    assert world.find(DEAD_LETTER).repaired == 1
    assert world.state_of(drop.id) is State.UNMATCHED
    assert world.post.subjects() == ["[WARNING] Files that no contract knows: elsewhere/*.csv"]
    assert world.resumed() == []


def test_the_end_of_a_run_is_recorded_bare_or_in_lambda_s_envelope(world: World) -> None:
    bare, wrapped = world.triggered(NOON - HOUR), world.triggered(NOON - HOUR, "2026-11-20")
    world.mwaa.runs = {bare.run_id: ("running", LOADED), wrapped.run_id: ("running", LOADED | {LOAD: "failed"})}
    world.send("undelivered", run_finished(bare.id))
    envelope = {"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}}
    world.send("undelivered", {**envelope, "requestPayload": run_finished(wrapped.id, "failed")})
    assert world.find(DEAD_LETTER).repaired == 2
    assert (world.state_of(bare.id), world.state_of(wrapped.id)) == (State.LOADED, State.FAILED)


def test_ends_of_runs_stay_among_the_dead_letters_until_airflow_can_confirm_them(world: World) -> None:
    ended = [world.triggered(NOON - HOUR, day) for day in ("2026-11-20", "2026-11-21")]
    for record in ended:
        world.send("undelivered", run_finished(record.id))
    drop = world.put(key_of("2026-11-19"), written=NOON)
    world.send("undelivered", event_of(drop))
    world.mwaa.fails = ClientError({"Error": {"Code": "InternalServerException"}}, "InvokeRestApi")
    finding = world.find(DEAD_LETTER)
    assert (finding.detected, finding.repaired, finding.reported) == (3, 1, 0)
    assert world.mwaa.paths.count(LIST) == 1  # the others need not wait for the same silence
    assert {world.state_of(record.id) for record in ended} == {State.TRIGGERED}
    assert world.depth("undelivered") == len(ended)


def test_a_forged_end_of_a_run_is_kept_whole_and_reported(world: World) -> None:
    record = world.triggered(NOON - HOUR)
    world.mwaa.runs = {record.run_id: "queued"}
    world.send("undelivered", run_finished(record.id))
    assert world.find(DEAD_LETTER).reported == 1
    assert world.state_of(record.id) is State.TRIGGERED
    assert world.post.subjects() == ["[ERROR] Messages that cannot be used"]


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
def test_an_unusable_message_is_kept_and_reported_until_somebody_deletes_it(world: World, message: Any) -> None:
    world.send("intake-dead", message)
    findings = world.round()
    assert (findings.of(DEAD_LETTER).reported, findings.unexplained) == (1, 0)
    assert world.depth("intake-dead") == 0
    [kept] = world.s3.list_objects_v2(Bucket=REPORTS, Prefix="undeliverable/")["Contents"]
    body = json.loads(world.s3.get_object(Bucket=REPORTS, Key=kept["Key"])["Body"].read())
    assert body["body"] == (message if isinstance(message, str) else json.dumps(message))
    assert body["queue"] == "intake-dead"
    [(subject, text)] = world.post.letters()
    assert subject == "[ERROR] Messages that cannot be used"
    assert kept["Key"] in text
    world.round(NOON + 15 * MINUTE)
    assert world.post.subjects() == []
    world.s3.delete_object(Bucket=REPORTS, Key=kept["Key"])
    world.round(NOON + 30 * MINUTE)
    assert world.post.subjects() == ["[RECOVERED] Messages that cannot be used"]


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


def test_the_report_of_a_run_that_comes_after_all_changes_nothing(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "success"
    world.round()
    world.send("undelivered", run_finished(record.id))
    assert world.find(DEAD_LETTER, NOON + MINUTE).repaired == 1
    assert [move.state for move in history(world.table, record.id)][-2:] == [State.TRIGGERED, State.LOADED]

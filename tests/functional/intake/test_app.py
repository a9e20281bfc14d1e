"""The intake function itself: batches of messages, requests of a replay, and what killed checks leave behind."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from suimon.drops.drop import EventError
from suimon.drops.states import State
from suimon.intake.gate import receive
from suimon.intake.queue import HANDED_OVER, resume_message

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.contract.model import Contracts
    from suimon.drops.drop import Drop
    from suimon.intake.gate import Gate
    from tests.functional.conftest import LambdaContext, Post

from tests.functional.intake.gated import GOOD, Clock, FakeMwaa, body_of, loaded, put, raising


@pytest.fixture
def app(gate: Gate, entry_point: Callable[[str, Contracts], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("SUIMON_STACK", "prod")
    module = entry_point("intake", gate.contracts)
    monkeypatch.setattr(module, "gate", lambda owner: replace(gate, owner=owner))
    return module


def queue_event(*bodies: str) -> dict[str, Any]:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="intake")["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    received = [sqs.receive_message(QueueUrl=url)["Messages"][0] for _ in bodies]
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:ap-northeast-1:123456789012:intake",
                "awsRegion": "ap-northeast-1",
            }
            for message in received
        ]
    }


def created(drop: Drop) -> str:
    entry = {
        "key": drop.key,
        "size": drop.size,
        "etag": drop.etag,
        "version-id": drop.version_id,
        "sequencer": drop.sequencer,
    }
    return json.dumps({"detail": {"bucket": {"name": drop.bucket}, "object": entry}})


def test_one_poisoned_message_does_not_hold_up_the_others(
    app: ModuleType, context: LambdaContext, mwaa: FakeMwaa
) -> None:
    assert app.handler(queue_event("not json", created(put(GOOD))), context) == {"batchItemFailures": []}
    assert len(mwaa.runs) == 1


@pytest.mark.parametrize("body", ["not json", "[1]", "7", '{"resume": 0.5}', '{"resume": "nobody"}', "[" * 60_000])
def test_a_message_that_asks_nothing_ends_at_once_and_is_kept_and_reported(
    app: ModuleType, context: LambdaContext, post: Post, body: str
) -> None:
    event = queue_event(body)
    assert app.handler(event, context) == {"batchItemFailures": []}
    key = f"undeliverable/{event['Records'][0]['messageId']}.json"
    kept = json.loads(body_of("reports", key))
    assert (kept["queue"], kept["body"]) == ("intake", body)
    assert kept["reason"]
    [(subject, text)] = post.letters()
    assert subject == "[ERROR] Messages that cannot be used"
    assert key in text
    app.handler(event, context)  # delivered twice
    assert post.subjects() == []


def test_a_message_that_cannot_be_kept_comes_again(
    app: ModuleType, context: LambdaContext, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")
    monkeypatch.setattr(gate.objects._s3, "put_object", raising(error))
    event = queue_event("not json")
    answer = app.handler(event, context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}


@pytest.mark.parametrize(("receives", "delay"), [("1", 5), ("2", 10), ("4", 40), ("9", 900), ("19", 900)])
def test_a_message_that_failed_comes_again_in_seconds_and_then_ever_later(
    app: ModuleType,
    context: LambdaContext,
    mwaa: FakeMwaa,
    monkeypatch: pytest.MonkeyPatch,
    receives: str,
    delay: int,
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(
        app, "sqs", lambda: SimpleNamespace(change_message_visibility=lambda **call: asked.append(call))
    )
    mwaa.fails = ClientError({"Error": {"Code": "InternalServerException"}}, "InvokeRestApi")
    event = queue_event(created(put(GOOD)))
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = receives
    app.handler(event, context)
    assert [call["VisibilityTimeout"] for call in asked] == [delay]


def test_a_drop_that_waits_for_hours_is_left_to_the_sweep(
    app: ModuleType, context: LambdaContext, mwaa: FakeMwaa
) -> None:
    mwaa.fails = ClientError({"Error": {"Code": "InternalServerException"}}, "InvokeRestApi")
    event = queue_event(created(put(GOOD)))
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(HANDED_OVER)
    assert app.handler(event, context) == {"batchItemFailures": []}


def test_every_line_of_the_log_names_the_drop_and_its_key_from_the_first(
    app: ModuleType, context: LambdaContext, gate: Gate, clock: Clock
) -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "kms:Decrypt"}}, "GetObject")
    drop = put(GOOD)
    app.logger.registered_handler.stream = written = StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate.objects._s3, "get_object", raising(error))
        assert app.handler(queue_event(created(drop)), context)["batchItemFailures"]
    record = gate.ledger.get(drop.id)
    assert record
    clock.now += timedelta(seconds=5)
    assert app.handler(queue_event(resume_message(record)), context) == {"batchItemFailures": []}
    app.handler(queue_event("no json"), context)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    said = [line for line in lines if line.get("message", "").startswith(("drop ", "message "))]
    assert [(line["message"], line.get("drop_id"), line.get("key")) for line in said] == [
        ("drop failed", drop.id, drop.key),
        ("drop taken", drop.id, drop.key),
        ("message kept", None, None),
    ]


@pytest.mark.parametrize(("receives", "ends"), [(HANDED_OVER - 1, False), (HANDED_OVER, True)])
def test_a_drop_that_fails_for_hours_is_left_to_the_sweep_which_knows_it_by_its_record(
    app: ModuleType,
    context: LambdaContext,
    gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
    receives: int,
    ends: bool,  # noqa: FBT001 a parameter
) -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "kms:Decrypt"}}, "GetObject")
    monkeypatch.setattr(gate.objects._s3, "get_object", raising(error))
    event = queue_event(created(put(GOOD)))
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(receives)
    assert (app.handler(event, context) == {"batchItemFailures": []}) is ends


def test_what_a_killed_check_left_is_removed_and_what_a_running_one_holds_is_not(
    app: ModuleType, tmp_path: Path
) -> None:
    old, young, foreign = (tmp_path / name for name in ("check-old", "check-young", "somebody-else"))
    for folder in (old, young, foreign):
        folder.mkdir()
    for folder in (old, foreign):
        os.utime(folder, (time.time() - 3600,) * 2)
    app.remove_leftovers(tmp_path)
    assert (old.exists(), young.exists(), foreign.exists()) == (False, True, True)


def test_a_replay_request_is_no_batch(app: ModuleType, context: LambdaContext, gate: Gate) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    request = {"drop_id": drop.id, "attempt": 2, "task_token": "token", "execution": "execution"}
    assert app.handler({"replay": request}, context) == {"drop_id": drop.id, "state": State.TRIGGERED}


def test_an_event_of_another_bucket_is_refused_for_good(
    app: ModuleType, context: LambdaContext, gate: Gate, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = replace(put(GOOD), bucket="lake")
    assert app.handler(queue_event(created(foreign)), context) == {"batchItemFailures": []}
    assert (gate.ledger.get(foreign.id), table.scan()["Items"]) == (None, [])
    [written] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "DropsForeign" in line]
    assert (written["DropsForeign"], written["stack"]) == ([1.0], "prod")
    assert set(written["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) == {"service", "stack"}


@pytest.mark.parametrize("broken", [{"key": ""}, {"version_id": ""}, {"key": "half a \ud83d character"}])
def test_an_event_of_no_object_is_an_event_error(gate: Gate, broken: dict[str, str]) -> None:
    with pytest.raises(EventError):
        receive(gate, created(replace(put(GOOD), **broken)))  # type: ignore[arg-type]  # texts


@pytest.mark.parametrize(
    "forged",
    [
        {"etag": "a\r\nX: y"},
        {"etag": "é"},
        {"etag": 'a" "b'},
        {"etag": '""'},
        {"version_id": "v\n"},
        {"version_id": "あ"},
    ],
)
def test_an_event_that_makes_no_request_of_s3_is_kept_and_not_tried_again(
    app: ModuleType, context: LambdaContext, gate: Gate, post: Post, forged: dict[str, str]
) -> None:
    drop = replace(put(GOOD), **forged)  # type: ignore[arg-type]  # texts
    assert app.handler(queue_event(created(drop)), context) == {"batchItemFailures": []}
    assert gate.ledger.get(drop.id) is None
    assert post.subjects() == ["[ERROR] Messages that cannot be used"]

"""A stack that is healthy until a test spoils it, and one whose functions run in this process."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from suimon.cli.doctor_checks import OUTPUTS, Stack
from suimon.contract.arrival import Arrival
from suimon.contract.model import Contracts
from suimon.drops.drop import Accepted, Rejection
from suimon.drops.states import State
from tests.functional.cli.checked_up import RELEASE, Deployed, Events
from tests.functional.cli.standing import FOLDER, CloudFormation, Functions, validating
from tests.functional.freshness.fakes import Redshift
from tests.functional.sweep.swept import HOUR, NOON, RAW, REPORTS, World, contracts

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import DropRecord
    from tests.functional.conftest import LambdaContext, Post


@pytest.fixture
def deployed(aws: None) -> Deployed:
    del aws
    s3, sqs, events = boto3.client("s3"), boto3.client("sqs"), boto3.client("events")
    s3.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": ["raw"]}},
    }
    rule = events.put_rule(Name="s-object-created", EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(Rule="s-object-created", Targets=[{"Id": "intake", "Arn": "arn:aws:sqs:r:1:intake"}])
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "*",
                "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
            }
        ],
    }
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("intake", "intake-dead", "s-undelivered")}
    sqs.set_queue_attributes(QueueUrl=urls["intake"], Attributes={"Policy": json.dumps(policy)})
    outputs = {name: name for name in OUTPUTS} | {
        "RawBucket": "raw",
        "Release": RELEASE,
        "IntakeQueueUrl": urls["intake"],
        "IntakeDeadLetterQueueUrl": urls["intake-dead"],
    }
    return Deployed(Stack("s", "UPDATE_COMPLETE", outputs, "Sun, 22 Nov 2026 12:00:00 GMT"))


@pytest.fixture
def due_world(table: Table, post: Post) -> World:
    """A stack of sales, whose file is due every day."""
    due = Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=2)
    return World(table, post, Contracts((replace(contracts().all[0], arrival=due),)))


@pytest.fixture
def two_drops(due_world: World) -> dict[str, DropRecord]:
    """A rejected file with its report, and one that waits for its run."""
    page = f"s3://{REPORTS}/{FOLDER}report.html"
    why = Rejection(1, "1 fault in 1 record.", ("type-error",), page)
    for name in ("report.html", "report.json", "bad_cells.jsonl"):
        due_world.s3.put_object(Bucket=REPORTS, Key=FOLDER + name, Body=b"")
    refused = due_world.ledger.move(validating(due_world, 1), State.REJECTED, NOON - HOUR, rejection=why)
    taken = Accepted("data.csv", 10)
    waiting = due_world.ledger.move(validating(due_world, 2), State.ACCEPTED, NOON - HOUR, accepted=taken)
    return {"refused": refused, "waiting": waiting}


@pytest.fixture
def stack(
    due_world: World,
    context: LambdaContext,
    entry_point: Callable[[str, Contracts], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, ModuleType]:
    """Deploy it: its functions, by name, and the outputs that name them."""
    for name, value in due_world.variables().items():
        monkeypatch.setenv(name, value)
    outputs = {
        "FreshnessFunctionName": "freshness",
        "QuestionsAliasArn": "freshness:questions",
        "ReplayFunctionName": "replay",
        "ReportsBucket": "reports",
        "ReplayStateMachineArn": "arn:aws:states:ap-northeast-1:123456789012:stateMachine:replay",
        "LedgerTable": due_world.table.name,
        "RawBucket": RAW,
        "LakeBucket": "lake",
        "AlertsTopicArn": due_world.post.topic_arn,
        "WatchTopicArn": due_world.post.topic_arn,
        "GlueJobName": "csv-to-parquet",
        "IntakeFunctionName": "intake",
        "OutcomeFunctionName": "outcome",
    }
    client = boto3.client
    apps: dict[str, ModuleType] = {}
    fakes: dict[str, Any] = {
        "cloudformation": CloudFormation(outputs),
        "events": Events(),
        "lambda": Functions(apps, context, boto3.client("lambda")),
        "mwaa": due_world.mwaa,
        "redshift-data": Redshift(),
    }
    monkeypatch.setattr(boto3, "client", lambda name, **more: fakes.get(name) or client(name, **more))
    monkeypatch.setattr("suimon.cli.incidents.utc_now", lambda: NOON)  # whatever day it is when the test runs
    for name in ("freshness", "replay"):
        apps[name] = entry_point(name, due_world.contracts)
        monkeypatch.setattr(apps[name], "utc_now", lambda: NOON)
    return apps

"""A deployed stack for the check-up: each service says what a healthy one says, or what a test has it say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto.events.models import EventPattern

from suimon.cli.doctor_checks import OUTPUTS, Stack

ACCOUNT = "arn:aws:sns:ap-northeast-1:123456789012"


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


DAG = {"is_paused": False, "is_stale": False, "has_import_errors": False}


HEALTHY: dict[str, Any] = {"version": "3.2.1", "dags": {"sales_etl": DAG}, "denied": []}


class Events:
    """moto's EventBridge, and the one operation that it has not."""

    def __init__(self) -> None:
        self._client = boto3.client("events")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def test_event_pattern(self, *, EventPattern: str, Event: str) -> dict[str, bool]:  # noqa: N803 the API's names
        return {"Result": pattern_of(EventPattern).matches_event(json.loads(Event))}


def pattern_of(text: str) -> EventPattern:
    return EventPattern.load(text)


class Buckets:
    """moto's S3, but for the switch of EventBridge, which it forgets."""

    def __init__(self) -> None:
        self._client = boto3.client("s3")
        self.tells = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_bucket_notification_configuration(self, **_: Any) -> dict[str, Any]:
        return {"EventBridgeConfiguration": {}} if self.tells else {}


class Topic:
    """A topic with the subscriptions that it is given: ARN, or what stands there before it is confirmed."""

    def __init__(self, *arns: str, authenticated: str = "true") -> None:
        self.arns, self.authenticated = arns, authenticated

    def list_subscriptions_by_topic(self, **_: Any) -> dict[str, Any]:
        return {"Subscriptions": [{"SubscriptionArn": arn} for arn in self.arns]}

    def get_subscription_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ConfirmationWasAuthenticated": self.authenticated}}


class Functions:
    """The stack's functions and what feeds intake."""

    def __init__(self, state: str = "Enabled", queue: str = "intake", **changed: str) -> None:
        self.mapping = {"State": state, "EventSourceArn": f"arn:aws:sqs:r:1:{queue}", "UUID": "u-u"}
        self.changed = changed

    def list_event_source_mappings(self, **_: Any) -> dict[str, Any]:
        return {"EventSourceMappings": [self.mapping] if self.mapping["State"] else []}

    def get_function_configuration(self, **request: Any) -> dict[str, Any]:
        name = request["FunctionName"]
        known = {"FunctionName": name, "Runtime": "python3.13", "LastUpdateStatus": "Successful"}
        return known | (self.changed if name == "IntakeFunctionName" else {})


@dataclass
class Deployed:
    """A stack whose parts are as the template makes them."""

    stack: Stack
    events: Events = field(default_factory=Events)
    sqs: Any = field(default_factory=lambda: boto3.client("sqs"))
    s3: Buckets = field(default_factory=Buckets)


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
        "IntakeQueueUrl": urls["intake"],
        "IntakeDeadLetterQueueUrl": urls["intake-dead"],
    }
    return Deployed(Stack("s", "UPDATE_COMPLETE", outputs, "Sun, 22 Nov 2026 12:00:00 GMT"))

"""A deployed stack for the check-up: each service says what a healthy one says, or what a test has it say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from moto.events.models import EventPattern

if TYPE_CHECKING:
    from suimon.cli.doctor_checks import Stack

ACCOUNT = "arn:aws:sns:ap-northeast-1:123456789012"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAG = {"is_paused": False, "is_stale": False, "has_import_errors": False, "release": "2026.11"}
ALARMS_MAY: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudwatch.amazonaws.com"},
    "Action": "sns:Publish",
    "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:r:1:alarm:s-*"}},
}
RELEASE = "2026.11"
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

    def __init__(self, *arns: str, authenticated: str = "true", policy: dict[str, Any] = ALARMS_MAY) -> None:
        self.arns, self.authenticated, self.policy = arns, authenticated, policy

    def get_topic_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"Policy": json.dumps({"Statement": [self.policy]})} if self.policy else {}}

    def list_subscriptions_by_topic(self, **_: Any) -> dict[str, Any]:
        return {"Subscriptions": [{"SubscriptionArn": arn} for arn in self.arns]}

    def get_subscription_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ConfirmationWasAuthenticated": self.authenticated}}


class Functions:
    """The stack's functions and what feeds intake."""

    def __init__(self, state: str = "Enabled", queue: str = "intake", **changed: Any) -> None:
        self.mapping = {"State": state, "EventSourceArn": f"arn:aws:sqs:r:1:{queue}", "UUID": "u-u"}
        self.changed = changed

    def list_event_source_mappings(self, **_: Any) -> dict[str, Any]:
        return {"EventSourceMappings": [self.mapping] if self.mapping["State"] else []}

    def get_function_configuration(self, **request: Any) -> dict[str, Any]:
        name = request["FunctionName"]
        known: dict[str, Any] = {"FunctionName": name, "Runtime": "python3.13", "LastUpdateStatus": "Successful"}
        known["Environment"] = {"Variables": {"SUIMON_RELEASE": RELEASE}}
        return known | (self.changed if name == "IntakeFunctionName" else {})


class Glue:
    """The stack's job."""

    def __init__(self, **arguments: str) -> None:
        self.arguments = {f"--{name}": value for name, value in arguments.items()}

    def get_job(self, **_: Any) -> dict[str, Any]:
        return {"Job": {"DefaultArguments": self.arguments}}


@dataclass
class Deployed:
    """A stack whose parts are as the template makes them."""

    stack: Stack
    events: Events = field(default_factory=Events)
    sqs: Any = field(default_factory=lambda: boto3.client("sqs"))
    s3: Buckets = field(default_factory=Buckets)

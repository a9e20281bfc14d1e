"""EventBridge: what a PUT into the raw bucket tells, and what a DAG's closing task puts on the bus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from suimon.drops.drop import Drop
from tests.simulation.services.buckets import Bucket
from tests.simulation.services.events import Events
from tests.simulation.services.s3 import S3

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3

    Refused = Callable[[Callable[[], Any]], str]

KEY = "sales/見本 +%.csv"


@pytest.fixture
def created(kind: str, request: pytest.FixtureRequest) -> tuple[Any, list[Any]]:
    """Put one object; give the answer, and the events that the rule's queue has got."""
    if kind == "memory":
        found: list[Any] = []
        memory = S3(lambda: 1_795_348_800.0, lambda _bucket, event: found.append(event))
        memory.add(Bucket("raw", tells=True))
        return memory.put_object(Bucket="raw", Key=KEY, Body=b"0123456789"), found
    session: boto3.Session = request.getfixturevalue("session")
    s3, events, sqs = session.client("s3"), session.client("events"), session.client("sqs")
    s3.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket="raw", NotificationConfiguration={"EventBridgeConfiguration": {}})
    url = sqs.create_queue(QueueName="intake")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    # As the template's rule: moto tells of tags with every PUT.
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"]}
    events.put_rule(Name="created", EventPattern=json.dumps(pattern))
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_targets(Rule="created", Targets=[{"Id": "intake", "Arn": arn}])
    answer = s3.put_object(Bucket="raw", Key=KEY, Body=b"0123456789")
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5).get("Messages", [])
    return answer, [json.loads(message["Body"]) for message in messages]


@pytest.mark.untrue("calls the etag eTag")
def test_a_put_is_told_once_with_everything_that_makes_a_drop(created: tuple[Any, list[Any]]) -> None:
    answer, (event,) = created
    drop = Drop.from_event(event)
    assert (drop.bucket, drop.key, drop.size) == ("raw", KEY, 10)
    assert (drop.version_id, drop.etag) == (answer["VersionId"], answer["ETag"].strip('"'))
    assert drop.sequencer
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")


def test_the_sequencers_of_a_key_s_writes_grow() -> None:
    # Moto's sequencer is always the same, so this is of the services in memory only.
    found: list[Drop] = []
    s3 = S3(lambda: 0.0, lambda _bucket, event: found.append(Drop.from_event(event)))
    s3.add(Bucket("raw", tells=True))
    for _ in range(40):
        s3.put_object(Bucket="raw", Key=KEY, Body=b"")
    sequencers = [drop.sequencer for drop in found]
    assert len({len(one) for one in sequencers}) > 1  # of no fixed length, as S3's may be
    padded = [one.ljust(32, "0") for one in sequencers]
    assert padded == sorted(set(padded))


@pytest.fixture
def bus(kind: str, request: pytest.FixtureRequest) -> Any:
    if kind == "memory":
        return Events(lambda: 1_795_348_800.0)
    session: boto3.Session = request.getfixturevalue("session")
    return session.client("events")


def test_a_malformed_event_is_refused_in_the_answer_and_the_others_are_taken(bus: Any) -> None:
    good = {"Source": "suimon.dag", "DetailType": "Run Finished", "Detail": json.dumps({"outcome": "loaded"})}
    answer = bus.put_events(Entries=[good, {**good, "Detail": "{"}, {**good, "Source": ""}])
    assert answer["FailedEntryCount"] == 2
    assert [("EventId" in one, one.get("ErrorCode")) for one in answer["Entries"]] == [
        (True, None),
        (False, "MalformedDetail"),
        (False, "InvalidArgument"),
    ]


def test_at_most_ten_events_at_once(bus: Any, refused: Refused) -> None:
    entry = {"Source": "suimon.dag", "DetailType": "Run Finished", "Detail": "{}"}
    assert refused(lambda: bus.put_events(Entries=[entry] * 11)) == "ValidationException"

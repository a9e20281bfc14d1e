"""A stack that is healthy until a test spoils it."""

from __future__ import annotations

import json

import boto3
import pytest

from suimon.cli.doctor_checks import OUTPUTS, Stack
from tests.functional.cli.checked_up import RELEASE, Deployed


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

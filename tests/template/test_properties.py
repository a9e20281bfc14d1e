"""Properties that neither cfn-lint nor the emulator's CloudFormation looks at, wrong in the shipped template."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from local.template_check.properties import complaints
from local.template_check.reading import template_of

ROOT = Path(__file__).parents[2]
TEMPLATE = template_of(ROOT / "template.yaml")


def test_the_shipped_template_is_right() -> None:
    assert list(complaints(TEMPLATE)) == []


def of_type(template: dict[str, Any], kind: str, key: str = "") -> dict[str, Any]:
    """Return the properties of the first resource of a type, of one that has `key` when it is given."""
    found = (one["Properties"] for one in template["Resources"].values() if one["Type"] == kind)
    return next(properties for properties in found if not key or key in properties)


STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject"}
STATEMENTS = [STATEMENT | {"Resource": f"arn:aws:s3:::bucket-{n:020}/*"} for n in range(150)]
SOON = {"StorageClass": "STANDARD_IA", "TransitionInDays": 5}
WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("AWS::Scheduler::Schedule", "", {"ScheduleExpressionTimezone": "Asia/Tokio"}, "time zone Asia/Tokio"),
    ("AWS::Scheduler::Schedule", "", {"ScheduleExpression": "cron(0 9 * * ?)"}, "Invalid Schedule Expression"),
    ("AWS::Scheduler::Schedule", "", {"ScheduleExpression": "cron(0 9 * * * *)"}, "exactly one of the two day fields"),
    ("AWS::Scheduler::Schedule", "", {"ScheduleExpression": "rate(1 minutes)"}, "Invalid Schedule Expression"),
    ("AWS::Scheduler::Schedule", "", {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes"),
    ("AWS::Events::Rule", "EventPattern", {"EventPattern": {"source": "aws.s3"}}, "must be a list"),
    ("AWS::Glue::Job", "", {"GlueVersion": "9.9"}, "no Glue 9.9"),
    ("AWS::Glue::Job", "", {"NumberOfWorkers": 1}, "at least 2"),
    ("AWS::Glue::Job", "", {"WorkerType": "G.99X"}, "no worker of type G.99X"),
    ("AWS::Serverless::Function", "", {"MemorySize": 20000}, "MemorySize"),
    ("AWS::Serverless::Function", "", {"Timeout": 901}, "Timeout"),
    ("AWS::Serverless::Function", "", {"ReservedConcurrentExecutions": 5000}, "ReservedConcurrentExecutions"),
    ("AWS::Serverless::Function", "", {"Environment": {"Variables": {"A": "x" * 5000}}}, "environment is over"),
    (
        "AWS::Serverless::Function",
        "",
        {"Events": {"Q": {"Type": "SQS", "Properties": {"Queue": "q", "BatchSize": 100}}}},
        "needs MaximumBatchingWindowInSeconds",
    ),
    (
        "AWS::S3::Bucket",
        "",
        {
            "LifecycleConfiguration": {
                "Rules": [{"Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 5}]}]
            }
        },
        "S3 wants 30",
    ),
    ("AWS::IAM::Role", "", {"Policies": [{"PolicyDocument": {"Statement": STATEMENTS}}]}, "a role takes 10240"),
    ("AWS::IAM::ManagedPolicy", "", {"PolicyDocument": {"Statement": STATEMENTS}}, "6144 at most"),
]


@pytest.mark.parametrize(("kind", "key", "change", "told"), WRONG, ids=[one[3] for one in WRONG])
def test_a_wrong_property_of_the_shipped_template_is_found(
    kind: str, key: str, change: dict[str, Any], told: str
) -> None:
    template = copy.deepcopy(TEMPLATE)
    of_type(template, kind, key).update(change)
    assert any(told in wrong for wrong in complaints(template))

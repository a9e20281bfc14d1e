"""Who may do what: nobody more than is named, no service on behalf of another account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from local.template_check.reading import documents, in_list, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
SOURCES: Final = {"aws:SourceArn", "aws:SourceAccount"}
# IAM knows no resource for these (Service Authorization Reference).
WITHOUT_RESOURCE: Final = {
    "states:SendTaskSuccess",
    "states:SendTaskFailure",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "sns:GetSubscriptionAttributes",
    "lambda:ListEventSourceMappings",
    "events:TestEventPattern",
}
# And for these a condition takes its place.
CONDITIONED: Final = {
    "cloudwatch:PutMetricData",
    "redshift-data:DescribeStatement",
    "redshift-data:GetStatementResult",
    "redshift-data:CancelStatement",
}
PATH: Final = {"Ref": "RolePath"}
BOUNDARY: Final = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
# A role that such a service assumes is passed to it by somebody of the account, who needs iam:PassRole for that.
PASSED: Final = {
    "lambda.amazonaws.com",
    "glue.amazonaws.com",
    "redshift.amazonaws.com",
    "redshift-serverless.amazonaws.com",
}


def _grants(template: Template) -> Iterator[str]:
    for name, kind, statement in _allowed(template):
        actions = in_list(statement["Action"])
        if kind == "identity":
            if "NotAction" in statement or any("*" in action for action in actions):
                yield f"{name}: grants actions by a pattern: {actions}"
            if "*" in in_list(statement.get("Resource", "*")):
                for action in actions:
                    conditioned = action in CONDITIONED and statement.get("Condition")
                    if action not in WITHOUT_RESOURCE and not conditioned:
                        yield f"{name}: {action} on everything"
            if any(action == "iam:PassRole" or action.startswith("iam:") for action in actions):
                yield f"{name}: may change or pass rights"
        text = json.dumps(statement.get("Resource", ""))
        if "arn:aws:" in text:
            yield f"{name}: names one partition; write ${{AWS::Partition}}"


def _bounded(template: Template) -> Iterator[str]:
    """Every role is made under the account's boundary and path: where they are demanded, none is made without."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] in {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"} and properties.get("Path") != PATH:
            yield f"{name}: is not made under RolePath"
        if resource["Type"] == "AWS::IAM::Role" and properties.get("PermissionsBoundary") != BOUNDARY:
            yield f"{name}: is made without the account's boundary"


def _services(template: Template) -> Iterator[str]:
    """A service acts for this stack, or at least this account, and not for whoever asks it."""
    for name, _, statement in _allowed(template):
        principal = statement.get("Principal")
        if principal == "*" or (isinstance(principal, dict) and "*" in in_list(principal.get("AWS", []))):
            yield f"{name}: anybody may"
        services = set(in_list(principal.get("Service", []))) if isinstance(principal, dict) else set()
        conditions = {key for one in statement.get("Condition", {}).values() for key in one}
        if services - PASSED and not conditions & SOURCES:
            yield f"{name}: {sorted(services)} may act for any account; name aws:SourceArn or aws:SourceAccount"
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Permission" and "SourceArn" not in resource["Properties"]:
            yield f"{name}: the service may call it for any account"


def _allowed(template: Template) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        for kind, document in documents(resource):
            for statement in statements(document):
                if statement["Effect"] == "Allow":
                    yield name, kind, statement


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (_grants, _bounded, _services)

"""Who may do what: nobody more than is named, no service on behalf of another account."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.template_check.reading import documents, in_list, of_type, statements

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

TRUSTED: Final = {
    *(frozenset({f"{one}.amazonaws.com"}) for one in ("lambda", "states", "scheduler", "glue")),
    frozenset({"redshift.amazonaws.com", "redshift-serverless.amazonaws.com"}),
}
# What a service delivers to a resource that it has no role for.
DELIVERIES: Final = {"events.amazonaws.com": {"sqs:SendMessage"}, "cloudwatch.amazonaws.com": {"sns:Publish"}}
ARN: Final = re.compile(r"(?:arn:)?\$\{[^\"]+")
EVERYWHERE: Final = {"AWS::Partition", "AWS::Region", "AWS::AccountId"}
# As Glue, the SAM CLI and MWAA name them; Celery's queue lies in an account of AWS's.
NOT_NAMED: Final = (":log-group:/aws-glue/", ":s3:::aws-sam-cli-managed-default-", ":*:airflow-celery-")
OPERATORS: Final = {"StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool", "Null"}
# Glue asks HEAD of objects, without a prefix: see the template.
LET_THROUGH: Final = {("StringLikeIfExists", "s3:prefix")}


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


def _of_services(template: Template) -> Iterator[str]:
    """What a service may do with a resource is one thing, on behalf of this account, and whoever asks has to say so."""
    for name, kind, statement in _allowed(template):
        principal = statement.get("Principal")
        services = in_list(principal.get("Service", [])) if isinstance(principal, dict) else []
        if kind == "resource" and services:
            actions = in_list(statement["Action"])
            if len(services) > 1 or len(actions) > 1 or not {*actions} <= DELIVERIES.get(services[0], set()):
                yield f"{name}: {services} may do {actions}"
            for value in (one for found in statement.get("Condition", {}).values() for one in found.values()):
                if any("AWS::AccountId" not in json.dumps(one) for one in in_list(value)):
                    yield f"{name}: {services} may act for another account: {value}"


def _trusts(template: Template) -> Iterator[str]:
    """A role is assumed by one service alone; the one that COPY names by both of Redshift's."""
    for name, kind, statement in _allowed(template):
        principal = statement.get("Principal", {})
        services = frozenset(in_list(principal.get("Service", []))) if isinstance(principal, dict) else frozenset()
        if kind == "trust" and services not in TRUSTED:
            yield f"{name}: may be assumed by {sorted(services) or principal}"
        if kind == "trust" and statement["Action"] != "sts:AssumeRole":
            yield f"{name}: its service may {statement['Action']}, which is more than to assume it"


def _stars(template: Template) -> Iterator[str]:
    """A star stands at the end of a name that is the stack's own, or of what its comment says is not to be named."""
    for name, resource in template["Resources"].items():
        for kind, document in documents(resource):
            for statement in statements(document) if kind == "identity" else ():
                for found in ARN.findall(json.dumps(statement.get("Resource", ""))):
                    own = [one for one in re.findall(r"\$\{([\w:.]+)\}", found) if one not in EVERYWHERE]
                    named = own or any(part in found for part in NOT_NAMED)
                    if "*" in found and not (
                        named and "*" not in found.rstrip("*").replace("-*/", "").replace(NOT_NAMED[2], "")
                    ):
                        yield f"{name}: {found} is more than this stack's"


def _senders(template: Template) -> Iterator[str]:
    """Whom a bucket's policy lets put files has a folder, of which the condition beside it speaks."""
    for name, policy in of_type(template, "AWS::S3::BucketPolicy"):
        for statement in statements(policy["Properties"]["PolicyDocument"]):
            folder = f"/${{{statement.get('Sid')}Prefix}}*"
            reached = [json.dumps(one) for one in in_list(statement.get("Resource"))]
            if statement["Effect"] == "Allow" and not all(folder in one for one in reached):
                yield f"{name}: {statement.get('Sid')} may put files into more than its folder"


def _operators(template: Template) -> Iterator[str]:
    """A condition is about a key that has to be there; one that may be missing is let through by IfExists."""
    for name, _, statement in _allowed(template):
        for operator, found in statement.get("Condition", {}).items():
            if operator not in OPERATORS and (operator, *found) not in LET_THROUGH:
                yield f"{name}: {operator} of {sorted(found)} lets through what does not say it"


def _allowed(template: Template) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        for kind, document in documents(resource):
            for statement in statements(document):
                if statement["Effect"] == "Allow":
                    yield name, kind, statement


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (
    _grants,
    _bounded,
    _services,
    _of_services,
    _trusts,
    _stars,
    _senders,
    _operators,
)
OF_BOTH: Final = (_bounded, _services, _of_services, _stars, _operators)

"""The customer's key: whoever touches what it encrypts may use it, through the service that holds the data."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.template_check.reading import documents, in_list, of_type, referred, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
# What decrypts or encrypts with the key of a bucket, a table, a queue or a topic.
DATA: Final = {
    "s3": {"GetObject", "GetObjectVersion", "PutObject"},
    "dynamodb": {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"},
    "sqs": {"SendMessage", "ReceiveMessage"},
    "sns": {"Publish"},
}
WRITES: Final = {"s3:PutObject", "sqs:SendMessage", "sns:Publish"}
BOTH: Final = {"kms:Decrypt", "kms:GenerateDataKey"}
NOT_OURS: Final = ("aws-sam-cli-managed-default",)  # the SAM CLI's bucket has a key of its own


def _used(template: Template) -> Iterator[str]:
    for owner, resource in template["Resources"].items():
        touched: dict[str, set[str]] = {}
        through: dict[str, set[str]] = {}
        for one in _granted(resource):
            actions = {str(action) for action in in_list(one["Action"])}
            for service in re.findall(r"\b(\w+)\.\$\{AWS::Region\}\.", json.dumps(one.get("Condition", {}))):
                through.setdefault(service, set()).update(actions)
            for action in actions:
                service, _, verb = action.partition(":")
                if verb in DATA.get(service, ()):
                    touched.setdefault(service, set()).add(action)
        for service, actions in sorted(touched.items()):
            yield from (f"{owner}: {wrong}" for wrong in _missing(service, actions, through.get(service, set())))


def _granted(resource: Template) -> Iterator[Template]:
    for kind, document in documents(resource):
        for one in statements(document) if kind == "identity" else ():
            if one["Effect"] == "Allow" and not any(name in json.dumps(one) for name in NOT_OURS):
                yield one


def _missing(service: str, actions: set[str], through: set[str]) -> Iterator[str]:
    if "kms:Decrypt" not in through:
        yield f"{sorted(actions)} fail with a customer's key: it may not decrypt through {service}"
    elif actions & WRITES and "kms:GenerateDataKey" not in through:
        yield f"{sorted(actions & WRITES)} fail with a customer's key: kms:GenerateDataKey is missing"


def _of_alarms(template: Template) -> Iterator[str]:
    """A key of the stack's lets CloudWatch do both: alarms publish to the topics that it encrypts."""
    for name, key in of_type(template, "AWS::KMS::Key"):
        if not any(f'"{name}"' in json.dumps(topic) for _, topic in of_type(template, "AWS::SNS::Topic")):
            continue
        allowed = {
            str(action)
            for one in statements(key["Properties"]["KeyPolicy"])
            if one.get("Principal") == {"Service": "cloudwatch.amazonaws.com"} and one["Effect"] == "Allow"
            for action in in_list(one["Action"])
        }
        if missing := BOTH - allowed:
            yield f"{name}: alarms cannot publish what it encrypts without {sorted(missing)}"
        if key["Properties"].get("EnableKeyRotation") is not True:
            yield f"{name}: is never rotated"


def _copies(template: Template) -> Iterator[str]:
    """The role that COPY names is assumed by clusters and by workgroups: the template takes either."""
    for _, function in of_type(template, "AWS::Serverless::Function"):
        variables = function["Properties"].get("Environment", {}).get("Variables", {})
        role = referred(variables.get("SUIMON_REDSHIFT_COPY_ROLE_ARN"))
        trust = json.dumps(template["Resources"].get(role, {}).get("Properties", {}).get("AssumeRolePolicyDocument"))
        for service in ("redshift.amazonaws.com", "redshift-serverless.amazonaws.com") if role else ():
            if f'"{service}"' not in trust:
                yield f"{role}: {service} may not assume it, and COPY fails"
    for name, job in of_type(template, "AWS::Glue::Job"):
        if job["Properties"].get("MaxRetries", 0) != 0:
            yield f"{name}: tries again beside Airflow, which does; a run would be written by two"


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (_used, _of_alarms, _copies)

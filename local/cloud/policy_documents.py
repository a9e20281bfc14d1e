"""Policies of users, roles and groups that IAM calls malformed (IAM guide, "IAM JSON policy elements reference")."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_VERSIONS: Final = frozenset({"2012-10-17", "2008-10-17"})
_ACTION: Final = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+")
_OPERATOR: Final = re.compile(
    r"(?:For(?:All|Any)Values?:)?(?:"
    r"String(?:Not)?(?:Equals|Like|EqualsIgnoreCase)"
    r"|(?:Numeric|Date)(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)"
    r"|Arn(?:Not)?(?:Equals|Like)|(?:Not)?IpAddress|Bool|Null|BinaryEquals)(?:IfExists)?",
    re.IGNORECASE,
)


def identity_policy_complaint(text: str) -> str | None:
    """Return what is wrong with a policy; None also for what is no JSON, of which the service itself complains."""
    try:
        document = json.loads(text)
        statements = document["Statement"]
    except (KeyError, TypeError, ValueError):
        return None
    if document.get("Version", "2008-10-17") not in _VERSIONS:
        return "The policy is not in the valid JSON format: its Version is none of " + ", ".join(sorted(_VERSIONS))
    found = (
        wrong
        for statement in (statements if isinstance(statements, list) else [statements])
        for wrong in _of_statement(statement)
    )
    return next(found, None)


def _of_statement(statement: Mapping[str, Any]) -> Iterator[str]:
    if "Principal" in statement or "NotPrincipal" in statement:
        yield "Policy document should not specify a principal."
    if statement.get("Effect") not in {"Allow", "Deny"}:
        yield "Syntax errors in policy: Effect is Allow or Deny."
    for action in (*_listed(statement.get("Action", [])), *_listed(statement.get("NotAction", []))):
        if not _ACTION.fullmatch(action):
            yield f"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {action}"
    for resource in (*_listed(statement.get("Resource", [])), *_listed(statement.get("NotResource", []))):
        if resource != "*" and not resource.startswith("arn:"):
            yield f'Resource {resource} must be in ARN format or "*".'
    condition = statement.get("Condition", {})
    for operator in condition:
        if not _OPERATOR.fullmatch(operator):
            yield f"Syntax errors in policy: Invalid Condition type : {operator}."
    if "dynamodb:LeadingKeys" in json.dumps(condition):
        yield "not in the twin: the condition key dynamodb:LeadingKeys"


def _listed(named: Any) -> list[str]:
    return [named] if isinstance(named, str) else list(named)

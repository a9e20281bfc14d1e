"""What each service takes as a resource's properties.

cfn-lint knows the schemas; these are the rules that it does not know, and that the emulator's CloudFormation does not
look at. A value that only the deployment knows is passed over; a parameter stands for its default.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.cloud.request_limits import RATE, schedule_complaint
from local.glue.endpoint import DPUS, LEAST_WORKERS, MOST_MINUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Documentation: "AWS Glue versions", those that are not past their support.
GLUE_VERSIONS: Final = frozenset({"3.0", "4.0", "5.0", "5.1"})
# Lambda, "Quotas": of 1,000 executions at once 100 stay unreserved.
MOST_RESERVED: Final = 900
# S3, "Lifecycle transition": objects stay 30 days before they go to infrequent access.
INFREQUENT_DAYS: Final = 30
INFREQUENT: Final = frozenset({"STANDARD_IA", "ONEZONE_IA"})
ROLE_CHARACTERS: Final = 10240
MANAGED_CHARACTERS: Final = 6144
_ENVIRONMENT_BYTES: Final = 4096
_BOUNDS: Final = {"MemorySize": (128, 10240), "Timeout": (1, 900), "ReservedConcurrentExecutions": (0, MOST_RESERVED)}

Properties = Any


def complaints(template: Mapping[str, Any]) -> Iterator[str]:
    """Find what is wrong with the resources of a template."""
    defaults = {
        name: parameter["Default"]
        for name, parameter in template.get("Parameters", {}).items()
        if "Default" in parameter
    }
    shared = template.get("Globals", {}).get("Function", {})
    for name, resource in template.get("Resources", {}).items():
        check = _CHECKS.get(resource["Type"])
        properties = resolved(resource.get("Properties", {}), defaults)
        if resource["Type"] == "AWS::Serverless::Function":
            properties = {**shared, **properties}
        for wrong in check(properties) if check else ():
            yield f"{name}: {wrong}"


def resolved(value: Any, defaults: Mapping[str, Any]) -> Any:
    """Put the defaults of parameters in their place."""
    if isinstance(value, dict):
        if set(value) == {"Ref"} and value["Ref"] in defaults:
            return defaults[value["Ref"]]
        return {name: resolved(inner, defaults) for name, inner in value.items()}
    return [resolved(inner, defaults) for inner in value] if isinstance(value, list) else value


def _schedule(properties: Properties) -> Iterator[str]:
    if all(isinstance(properties.get(name, ""), str) for name in ("ScheduleExpression", "ScheduleExpressionTimezone")):
        window = {"FlexibleTimeWindow": {"Mode": "OFF"}, **properties}
        if wrong := schedule_complaint(window):
            yield wrong


def _rule(properties: Properties) -> Iterator[str]:
    expression = properties.get("ScheduleExpression", "")
    if isinstance(expression, str) and expression.startswith("rate") and not RATE.fullmatch(expression):
        yield f"ScheduleExpression {expression} is not valid"
    yield from _pattern(properties.get("EventPattern", {}), "EventPattern")


def _pattern(pattern: Any, path: str) -> Iterator[str]:
    """Every leaf of an event pattern is a list ("Creating Amazon EventBridge event patterns")."""
    if isinstance(pattern, dict) and not any(name == "Ref" or name.startswith("Fn::") for name in pattern):
        for name, inner in pattern.items():
            yield from _pattern(inner, f"{path}.{name}")
    elif not isinstance(pattern, list | dict):
        yield f"{path} must be a list or an object, not {pattern!r}"


def _job(properties: Properties) -> Iterator[str]:
    version, kind = properties.get("GlueVersion", "5.0"), properties.get("WorkerType", "G.1X")
    if isinstance(version, str | float) and str(version) not in GLUE_VERSIONS:
        yield f"there is no Glue {version}"
    if isinstance(kind, str) and kind not in DPUS:
        yield f"there is no worker of type {kind}"
    if _number(properties.get("NumberOfWorkers"), LEAST_WORKERS) < LEAST_WORKERS:
        yield f"NumberOfWorkers is at least {LEAST_WORKERS}"
    if _number(properties.get("Timeout"), 1) > MOST_MINUTES:
        yield f"Timeout is at most {MOST_MINUTES} minutes"


def _number(value: Any, unknown: int) -> int:
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdigit()) else unknown


def _mapping(properties: Properties) -> Iterator[str]:
    if _number(properties.get("BatchSize"), 1) > 10 and not properties.get("MaximumBatchingWindowInSeconds"):  # noqa: PLR2004 Lambda's bound
        yield "a BatchSize over 10 needs MaximumBatchingWindowInSeconds"


def _function(properties: Properties) -> Iterator[str]:
    for name, (least, most) in _BOUNDS.items():
        if not least <= _number(properties.get(name), least) <= most:
            yield f"{name} must be from {least} to {most}"
    variables = properties.get("Environment", {}).get("Variables", {})
    if len(json.dumps(variables, ensure_ascii=False, default=str)) > _ENVIRONMENT_BYTES:
        yield f"the environment is over {_ENVIRONMENT_BYTES} bytes"
    for event in properties.get("Events", {}).values():
        inner = event.get("Properties", {})
        if event["Type"] == "SQS":
            yield from _mapping(inner)
        elif event["Type"] == "ScheduleV2":
            yield from _schedule(inner)
        elif event["Type"] in {"EventBridgeRule", "CloudWatchEvent"}:
            yield from _pattern(inner.get("Pattern", {}), "Pattern")


def _bucket(properties: Properties) -> Iterator[str]:
    for rule in properties.get("LifecycleConfiguration", {}).get("Rules", []):
        for transition in [*rule.get("Transitions", []), *rule.get("NoncurrentVersionTransitions", [])]:
            days = _number(transition.get("TransitionInDays", transition.get("NoncurrentDays")), INFREQUENT_DAYS)
            if transition.get("StorageClass") in INFREQUENT and days < INFREQUENT_DAYS:
                yield f"{transition['StorageClass']} after {days} days; S3 wants {INFREQUENT_DAYS}"


def _role(properties: Properties) -> Iterator[str]:
    size = sum(characters(policy.get("PolicyDocument")) for policy in properties.get("Policies", []))
    if size > ROLE_CHARACTERS:
        yield f"inline policies of {size} characters; a role takes {ROLE_CHARACTERS}"


def _managed(properties: Properties) -> Iterator[str]:
    if (size := characters(properties.get("PolicyDocument"))) > MANAGED_CHARACTERS:
        yield f"a policy of {size} characters; a managed one has {MANAGED_CHARACTERS} at most"


def characters(document: Any) -> int:
    """Return how long a policy is as IAM counts: without white space; what is filled in later, by its template."""
    return len(re.sub(r"\s", "", json.dumps(document, default=str)))


_CHECKS: Final[Mapping[str, Callable[[Properties], Iterator[str]]]] = {
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::Events::Rule": _rule,
    "AWS::Glue::Job": _job,
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Lambda::Function": _function,
    "AWS::Serverless::Function": _function,
    "AWS::S3::Bucket": _bucket,
    "AWS::IAM::Role": _role,
    "AWS::IAM::ManagedPolicy": _managed,
}

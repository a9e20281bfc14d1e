"""What Suimon promises of its templates, resource by resource; each rule yields what breaks it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.template_check import (
    agreement,
    alarms,
    choices,
    code,
    environment,
    keys,
    limits,
    machines,
    patience,
    rights,
    values,
    wiring,
)
from local.template_check.reading import documents, in_list, of_type, referred, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Template = dict[str, Any]
FUNCTION: Final = "AWS::Serverless::Function"
STATEFUL: Final = ("AWS::S3::Bucket", "AWS::DynamoDB::Table")
LONGEST_RETENTION: Final = 1_209_600  # seconds, SQS's most
# Source and detail-type of every event that a rule of ours may hear, letter by letter.
EVENTS: Final = {
    ("aws.s3", "Object Created"),  # S3 user guide, "EventBridge event message structure"
    ("suimon.dag", "Run Finished"),  # dags/suimon_etl/report.py
}


def broken(template: Template, folder: Path) -> Iterator[str]:
    """Yield every promise that a template breaks; `folder` holds the files that it names."""
    if not any(of_type(template, FUNCTION)):  # the environment's; the others are promises about the gate
        for rule in (*environment.RULES, *OF_BOTH):
            yield from rule(template)
        return
    for part in (agreement, alarms, choices, code, keys, limits, patience, rights, values, wiring):
        for rule in part.RULES:
            yield from rule(template)
    for rule in RULES:
        yield from rule(template)
    yield from machines.complaints(template, folder)


def _dead_letter_queues(template: Template) -> Iterator[str]:
    """Each queue that takes what failed is watched, holds it as long as SQS can, and somebody hears."""
    watched = {
        referred(dimension["Value"]): alarm["Properties"]
        for _, alarm in of_type(template, "AWS::CloudWatch::Alarm")
        if alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
        for dimension in alarm["Properties"]["Dimensions"]
    }
    for name in sorted(_dead_letters(template)):
        queue = template["Resources"][name]["Properties"]
        if name not in watched:
            yield f"{name}: takes what failed, and no alarm looks at it"
        elif watched[name].get("Threshold") != 0:
            yield f"{name}: its alarm waits for more than one message"
        if queue.get("MessageRetentionPeriod") != LONGEST_RETENTION:
            yield f"{name}: keeps what failed for less than 14 days"


def _dead_letters(template: Template) -> set[str]:
    found: set[str] = set()

    def walk(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            if key in {"DeadLetterConfig", "OnFailure"}:
                found.add(referred(value.get("Arn", value.get("Destination"))))
            if "deadLetterTargetArn" in value:
                found.add(referred(value["deadLetterTargetArn"]))
            for name, inner in value.items():
                walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, key)

    walk(template["Resources"])
    return {name for name in found if name in template["Resources"]}


def _deliveries(template: Template) -> Iterator[str]:
    """What cannot be delivered is kept: by rules, schedules, and functions that are called without an answer."""
    asynchronous = set()
    for name, rule in of_type(template, "AWS::Events::Rule"):
        for target in rule["Properties"]["Targets"]:
            asynchronous.add(referred(target["Arn"]))
            if "DeadLetterConfig" not in target:
                yield f"{name}: what target {target['Id']} does not take is lost"
    for name, schedule in of_type(template, "AWS::Scheduler::Schedule"):
        asynchronous.add(referred(schedule["Properties"]["Target"]["Arn"]))
        if "DeadLetterConfig" not in schedule["Properties"]["Target"]:
            yield f"{name}: what its target does not take is lost"
    for name, function in of_type(template, FUNCTION):
        invoked = function["Properties"].get("EventInvokeConfig", {})
        if name in asynchronous and "OnFailure" not in invoked.get("DestinationConfig", {}):
            yield f"{name}: is called without an answer, and its failures are lost"


def _queues(template: Template) -> Iterator[str]:
    """A message is hidden for as long as it may be worked on, a batch tells what failed, tries end somewhere."""
    read = {
        referred(event["Properties"].get("Queue"))
        for _, function in of_type(template, FUNCTION)
        for event in function["Properties"].get("Events", {}).values()
    }
    for name, queue in of_type(template, "AWS::SQS::Queue"):
        if "RedrivePolicy" in queue["Properties"] and name not in read:
            yield f"{name}: no function takes from it"
    for name, function in of_type(template, FUNCTION):
        properties = function["Properties"]
        for event in properties.get("Events", {}).values():
            if event["Type"] != "SQS":
                continue
            source = referred(event["Properties"]["Queue"])
            queue = template["Resources"][source]["Properties"]
            if queue.get("VisibilityTimeout", 30) < 6 * properties["Timeout"]:
                yield f"{source}: its messages come again while {name} still works on them; it needs 6 timeouts"
            if "ReportBatchItemFailures" not in event["Properties"].get("FunctionResponseTypes", []):
                yield f"{name}: one failed message would repeat its whole batch"
            if "MaximumConcurrency" not in event["Properties"].get("ScalingConfig", {}):
                yield f"{name}: nothing bounds how many of it run"
            if queue.get("RedrivePolicy", {}).get("maxReceiveCount", 0) < 5:  # noqa: PLR2004 as Lambda's guide asks
                yield f"{source}: tries less than five times, or for ever"


def _patterns(template: Template) -> Iterator[str]:
    """A rule hears known events, of this stack alone."""
    for name, rule in of_type(template, "AWS::Events::Rule"):
        properties = rule["Properties"]
        pattern = properties["EventPattern"]
        sources, kinds = (list(map(str, pattern.get(key, []))) for key in ("source", "detail-type"))
        heard = {(source, kind) for source in sources for kind in kinds}
        if not heard or not heard <= EVENTS:
            yield f"{name}: nobody sends {sorted(heard - EVENTS) or 'what it waits for'}"
        own_bus = template["Resources"].get(referred(properties.get("EventBusName")), {}).get("Type")
        buckets = in_list(pattern.get("detail", {}).get("bucket", {}).get("name", []))
        if own_bus != "AWS::Events::EventBus" and not (buckets and all(referred(bucket) for bucket in buckets)):
            yield f"{name}: hears what belongs to other stacks"
        if properties.get("State", "ENABLED") != "ENABLED":
            yield f"{name}: is switched off"
    for name, schedule in of_type(template, "AWS::Scheduler::Schedule"):
        if schedule["Properties"].get("State", "ENABLED") != "ENABLED":
            yield f"{name}: is switched off"


def _loops(template: Template) -> Iterator[str]:
    """Nothing that the stack writes starts it again: the bucket whose events are heard is written by senders alone."""
    heard = {
        name
        for name, bucket in of_type(template, "AWS::S3::Bucket")
        if "NotificationConfiguration" in bucket["Properties"]
    }
    for name, role in of_type(template, "AWS::IAM::Role"):
        for _, document in documents(role):
            for statement in statements(document):
                if "s3:PutObject" in in_list(statement["Action"]):
                    text = json.dumps(statement.get("Resource"))
                    for bucket in heard:
                        if bucket in text:
                            yield f"{bucket}: its events are heard, and {name} writes to it: a loop"


def _buckets(template: Template) -> Iterator[str]:
    """Buckets are private, versioned, encrypted, and reached over TLS alone."""
    secure = {
        referred(policy["Properties"]["Bucket"])
        for _, policy in of_type(template, "AWS::S3::BucketPolicy")
        for statement in statements(policy["Properties"]["PolicyDocument"])
        if (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        and len(in_list(statement["Resource"])) == 2  # noqa: PLR2004 the bucket and what is in it
    }
    for name, bucket in of_type(template, "AWS::S3::Bucket"):
        yield from (f"{name}: {wrong}" for wrong in _of_bucket(bucket["Properties"]))
        if name not in secure:
            yield f"{name}: can be reached without TLS"


def _of_bucket(properties: dict[str, Any]) -> Iterator[str]:
    private = properties.get("PublicAccessBlockConfiguration", {})
    if len(private) < 4 or not all(value is True for value in private.values()):  # noqa: PLR2004 the four switches
        yield "may become public"
    if properties.get("VersioningConfiguration", {}).get("Status") != "Enabled":
        yield "is not versioned"
    if "BucketEncryption" not in properties or "LifecycleConfiguration" not in properties:
        yield "needs encryption and a lifecycle"
    if "BucketOwnerEnforced" not in json.dumps(properties.get("OwnershipControls", {})):
        yield "objects may belong to others"


def _stores(template: Template) -> Iterator[str]:
    """What holds data is encrypted, can be brought back, and outlives the stack."""
    for name, table in of_type(template, "AWS::DynamoDB::Table"):
        backup = table["Properties"].get("PointInTimeRecoverySpecification", {})
        if backup.get("PointInTimeRecoveryEnabled") is not True:
            yield f"{name}: cannot be brought back to a moment"
    for name, store in of_type(template, *STATEFUL):
        if (store.get("DeletionPolicy"), store.get("UpdateReplacePolicy")) != ("RetainExceptOnCreate", "Retain"):
            yield f"{name}: goes with the stack, or blocks the next first deployment"
    for name, queue in of_type(template, "AWS::SQS::Queue"):
        if not (queue["Properties"].get("SqsManagedSseEnabled") or "KmsMasterKeyId" in queue["Properties"]):
            yield f"{name}: is not encrypted"
    for name, topic in of_type(template, "AWS::SNS::Topic"):
        if "KmsMasterKeyId" not in topic["Properties"]:
            yield f"{name}: is not encrypted"


def _logs(template: Template) -> Iterator[str]:
    """Every function and machine logs into a group of the template, and every group forgets."""
    for name, kept in of_type(template, "AWS::Logs::LogGroup"):
        if "RetentionInDays" not in kept["Properties"]:
            yield f"{name}: keeps its logs for ever"
    for name, function in of_type(template, FUNCTION):
        group = referred(function["Properties"].get("LoggingConfig", {}).get("LogGroup"))
        if template["Resources"].get(group, {}).get("Type") != "AWS::Logs::LogGroup":
            yield f"{name}: logs into a group that Lambda makes and nobody bounds"
    for name, machine in of_type(template, "AWS::Serverless::StateMachine"):
        logging = machine["Properties"].get("Logging", {})
        if logging.get("Level", "OFF") == "OFF" or not logging.get("Destinations"):
            yield f"{name}: does not log"
        if logging.get("IncludeExecutionData") is not False:
            yield f"{name}: logs what it is given"


def _functions(template: Template) -> Iterator[str]:
    """One role a function; a job ends before whoever waits for it gives up."""
    roles = [referred(function["Properties"].get("Role")) for _, function in of_type(template, FUNCTION)]
    for role in sorted({role for role in roles if roles.count(role) > 1 or not role}):
        yield f"{role or 'a function'}: each function has a role of its own"
    for name, schedule in of_type(template, "AWS::Scheduler::Schedule"):
        target = template["Resources"].get(referred(schedule["Properties"]["Target"]["Arn"]), {})
        every = re.fullmatch(r"rate\((\d+) minutes\)", str(schedule["Properties"]["ScheduleExpression"]))
        if every and target.get("Properties", {}).get("Timeout", 0) >= int(every.group(1)) * 60:
            yield f"{name}: a round may still run when the next begins"


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (
    _dead_letter_queues,
    _deliveries,
    _queues,
    _patterns,
    _loops,
    _buckets,
    _stores,
    _logs,
    _functions,
)
OF_BOTH: Final = (*rights.OF_BOTH, *agreement.OF_BOTH, *choices.OF_BOTH, _buckets, _stores)

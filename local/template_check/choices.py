"""What whoever deploys may choose, and what nobody has decided on: parameters, and properties that change the way."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.template_check.reading import globals_merged, of_type, referred
from suimon.status.questions import SCHEDULER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
FUNCTION: Final = "AWS::Serverless::Function"
# What nobody means, by the end of a parameter's name: a mark that is left, an address of the documentation, zeros.
NEVER_MEANT: Final = {
    "": ("<mark>", "a b", "*"),
    "Email": ("a@example.com", "a@b.example.org", "somebody"),
    "WorkgroupId": ("00000000-0000-0000-0000-000000000000",),
}
# Lambda, "Configuring maximum concurrency for Amazon SQS event sources".
CONCURRENCY: Final = (2, 1000)
OF_AN_ACCOUNT: Final = 100  # executions: a tenth of what an account may run unless its quota was raised
MAY_CHANGE_DAGS: Final = {"Op", "Admin"}
# Properties that were decided on. Another one (a delay, a filter, a window, an address of a function, a right given by
# its name) changes the way of a file, or opens a door, and passes every other rule, which looks at what it knows.
DECIDED: Final = {
    kind: frozenset(names.split())
    for kind, names in {
        "AWS::S3::Bucket": "BucketEncryption BucketName LifecycleConfiguration NotificationConfiguration "
        "OwnershipControls PublicAccessBlockConfiguration VersioningConfiguration",
        "AWS::S3::BucketPolicy": "Bucket PolicyDocument",
        "AWS::DynamoDB::Table": "AttributeDefinitions BillingMode GlobalSecondaryIndexes KeySchema "
        "PointInTimeRecoverySpecification SSESpecification TableName TimeToLiveSpecification",
        "AWS::SQS::Queue": "KmsMasterKeyId MessageRetentionPeriod QueueName RedrivePolicy SqsManagedSseEnabled "
        "VisibilityTimeout",
        "AWS::SQS::QueuePolicy": "PolicyDocument Queues",
        "AWS::Events::Rule": "Description EventBusName EventPattern Name State Targets",
        "AWS::Events::EventBus": "Description Name",
        "AWS::Serverless::Function": "CodeUri Description Environment EphemeralStorage EventInvokeConfig Events "
        "FunctionName LoggingConfig MemorySize ReservedConcurrentExecutions Role Timeout",
        "AWS::Logs::LogGroup": "KmsKeyId LogGroupName RetentionInDays",
        "AWS::IAM::Role": "AssumeRolePolicyDocument Path PermissionsBoundary Policies",
        "AWS::IAM::ManagedPolicy": "Description Path PolicyDocument Roles",
        "AWS::Lambda::Alias": "Description FunctionName FunctionVersion Name",
        "AWS::Lambda::Permission": "Action FunctionName Principal SourceArn",
        "AWS::Scheduler::Schedule": "Description FlexibleTimeWindow Name ScheduleExpression State Target",
        "AWS::Serverless::StateMachine": "DefinitionSubstitutions DefinitionUri Logging Name Role Tracing",
        "AWS::Glue::Job": "Command DefaultArguments Description ExecutionProperty GlueVersion MaxRetries Name "
        "NumberOfWorkers Role SecurityConfiguration Timeout WorkerType",
        "AWS::Glue::SecurityConfiguration": "EncryptionConfiguration Name",
        "AWS::SNS::Topic": "DisplayName KmsMasterKeyId TopicName",
        "AWS::SNS::TopicPolicy": "PolicyDocument Topics",
        "AWS::SNS::Subscription": "Endpoint Protocol TopicArn",
        "AWS::KMS::Key": "Description EnableKeyRotation KeyPolicy",
        "AWS::CloudWatch::Alarm": "ActionsEnabled AlarmActions AlarmDescription AlarmName ComparisonOperator "
        "Dimensions EvaluationPeriods MetricName Namespace OKActions Period Statistic Threshold TreatMissingData",
        "AWS::CloudWatch::CompositeAlarm": "AlarmActions AlarmDescription AlarmName AlarmRule OKActions",
        "AWS::CloudWatch::Dashboard": "DashboardBody DashboardName",
    }.items()
}
OF_A_TARGET: Final = {"Id", "Arn", "DeadLetterConfig"}
OF_A_ROUND: Final = {"Arn", "RoleArn", "Input", "DeadLetterConfig", "RetryPolicy"}
# What asked_in (suimon.status.questions) takes for the scheduler's, with the time that it fills in.
ROUND: Final = json.dumps({"source": SCHEDULER, "time": "<aws.scheduler.scheduled-time>"})
OF_A_QUEUE_EVENT: Final = {"Queue", "BatchSize", "FunctionResponseTypes", "ScalingConfig"}


def _patterns(template: Template) -> Iterator[str]:
    """Every text is refused when it is a mark that somebody forgot, or an example."""
    for name, parameter in template["Parameters"].items():
        if parameter["Type"] == "Number" or "AllowedValues" in parameter:
            continue
        pattern = parameter.get("AllowedPattern", ".*")
        never = [text for end, texts in NEVER_MEANT.items() if name.endswith(end) for text in texts]
        if taken := [text for text in never if re.fullmatch(pattern, text)]:
            yield f"{name}: takes {taken}"


def _defaults(template: Template) -> Iterator[str]:
    """Unless somebody says otherwise every alarm is made, and the gate may do no more in Airflow than it has to."""
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        match template["Conditions"].get(alarm.get("Condition", "")):
            case {"Fn::Equals": [{"Ref": parameter}, wanted]}:
                if template["Parameters"][parameter].get("Default") != wanted:
                    yield f"{name}: is not made unless somebody asks for it"
            case other if other is not None:
                yield f"{name}: is made by {other}"
    if template["Parameters"].get("MwaaRole", {}).get("Default") in MAY_CHANGE_DAGS:
        yield "MwaaRole: starts with more than a user's rights"
    for name, function in of_type(template, FUNCTION):
        for event in function["Properties"].get("Events", {}).values():
            most = referred(event["Properties"].get("ScalingConfig", {}).get("MaximumConcurrency"))
            bounds = template["Parameters"].get(most, {})
            if most and (bounds.get("MinValue"), bounds.get("MaxValue")) != CONCURRENCY:
                yield f"{name}: {most} may be what Lambda refuses"
            if most and not bounds.get("Default", 0) <= OF_AN_ACCOUNT:
                yield f"{name}: takes the account's concurrency unless somebody says otherwise"


def _decided(template: Template) -> Iterator[str]:
    """Nothing stands in the template, and nothing on the way of an event, that nobody has decided on."""
    for name, resource in template["Resources"].items():
        if (known := DECIDED.get(resource["Type"])) is None:
            yield f"{name}: nobody has decided on {resource['Type']}"
        elif more := sorted(resource.get("Properties", {}).keys() - known):
            yield f"{name}: nobody has decided on {more}"


def _decided_inside(template: Template) -> Iterator[str]:
    """So it is with targets of rules and schedules, and with what feeds a function."""
    for name, schedule in of_type(template, "AWS::Scheduler::Schedule"):
        target = schedule["Properties"]["Target"]
        if more := sorted(target.keys() - OF_A_ROUND):
            yield f"{name}: nobody has decided on {more}"
        if target.get("Input") != ROUND:
            yield f"{name}: freshness makes a scheduled round of {ROUND}, and of nothing else"
    for name, rule in of_type(template, "AWS::Events::Rule"):
        for target in rule["Properties"]["Targets"]:
            if more := sorted(target.keys() - OF_A_TARGET):
                yield f"{name}: nobody has decided on {more}"
    for name, function in of_type(template, FUNCTION):
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] != "SQS" or (more := sorted(event["Properties"].keys() - OF_A_QUEUE_EVENT)):
                yield f"{name}: nobody has decided on {more if event['Type'] == 'SQS' else event['Type']}"


def _told(template: Template) -> Iterator[str]:
    """What a function is told of comes from the stack, not from somebody's memory."""
    for name, function in of_type(template, FUNCTION):
        for variable, value in globals_merged(template, function)["Environment"]["Variables"].items():
            if variable.startswith("SUIMON_") and not re.search(r'"Ref"|"Fn::GetAtt"', json.dumps(value)):
                yield f"{name}: {variable} is {value!r} in every stack"


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (_patterns, _defaults, _decided, _decided_inside, _told)
OF_BOTH: Final = (_patterns,)

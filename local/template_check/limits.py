"""Names, times and reaches that must fit each other: of two stacks, of rounds, of what waits, of who may what."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.template_check.code import ROOT
from local.template_check.reading import actions_on, documents, in_list, of_type, referred, statements
from suimon.settings import CLUSTER, DATABASE, SECRET, TABLE_HOURS, VARIABLES, WORKGROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
FUNCTION: Final = "AWS::Serverless::Function"
DAY: Final = 86_400  # seconds
LONGEST_TIMEOUT: Final = 900  # seconds, Lambda's most
UNITS: Final = {"minute": 60, "hour": 3600, "day": DAY}
PHYSICAL: Final = (
    "BucketName",
    "TableName",
    "QueueName",
    "TopicName",
    "FunctionName",
    "AlarmName",
    "LogGroupName",
    "RoleName",
    "DashboardName",
    "Name",
)
# What they name is the function's.
OF_A_FUNCTION: Final = {"AWS::Lambda::Permission", "AWS::Lambda::Alias"}
# A right that is too wide without its condition, and the key that narrows it.
NARROWED: Final = {"events:PutEvents": "events:source"}
# Who alone has a right on a bucket's objects. The lake holds personal values; what was sent stays as it was sent.
ALONE: Final = {
    ("LakeBucket", "s3:GetObject"): {"GlueRole", "CopyRole", "DagPolicy"},
    ("LakeBucket", "s3:PutObject"): {"IntakeRole", "GlueRole"},
    ("LakeBucket", "s3:DeleteObject"): {"GlueRole"},
    ("RawBucket", "s3:PutObject"): {"UpstreamPolicy"},
    ("RawBucket", "s3:DeleteObject"): set[str](),
    ("RawBucket", "s3:GetObject"): set[str](),
    ("RawBucket", "s3:GetObjectVersion"): {"IntakeRole"},
    ("ReportsBucket", "s3:PutObject"): {"IntakeRole", "FreshnessRole", "ReplayPlanRole"},
    ("ReportsBucket", "s3:DeleteObject"): {"OperatorPolicy"},
    ("Ledger", "dynamodb:PutItem"): {"IntakeRole", "OutcomeRole", "FreshnessRole", "ReplayPlanRole"},
    ("Ledger", "dynamodb:UpdateItem"): {"IntakeRole", "OutcomeRole", "FreshnessRole", "ReplayPlanRole"},
    ("Ledger", "dynamodb:DeleteItem"): set[str](),
}
KEY_ACTIONS: Final = {"kms:Decrypt", "kms:GenerateDataKey"}
STARTS_RUNS: Final = "IntakeRole"  # the others look, as Airflow's Viewer


def _stack_names(template: Template) -> Iterator[str]:
    """Two stacks of an account do not share a name."""
    for name, resource in template["Resources"].items():
        for key in PHYSICAL if resource["Type"] not in OF_A_FUNCTION else ():
            value = resource.get("Properties", {}).get(key)
            if value is not None and "AWS::StackName" not in json.dumps(value):
                yield f"{name}: {key} is the same in every stack"


def _reaches(template: Template) -> Iterator[str]:
    for owner, resource in template["Resources"].items():
        if resource["Type"] not in {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}:
            continue
        for (store, action), alone in ALONE.items():
            if owner not in alone and action in actions_on(template, owner, store):
                yield f"{owner}: {action} on {store} is for {sorted(alone) or 'nobody'}"
        for kind, document in documents(resource):
            for statement in statements(document) if kind == "identity" else ():
                yield from (f"{owner}: {wrong}" for wrong in _of_statement(owner, statement))


def _of_statement(owner: str, statement: dict[str, Any]) -> Iterator[str]:
    actions, resource = in_list(statement["Action"]), json.dumps(statement.get("Resource"))
    conditions = {key for one in statement.get("Condition", {}).values() for key in one}
    for action in actions:
        if action.startswith("kms:") and action not in KEY_ACTIONS:
            yield f"{action} is more than reading and writing under a key"
        if action.startswith("kms:") and "kms:ViaService" not in conditions:
            yield "uses a key for more than a service that holds data; name kms:ViaService"
        if action in NARROWED and not isinstance(_equal(statement, NARROWED[action]), str):
            yield f"{action} without one {NARROWED[action]}"
        if action.startswith("s3:") and ":s3:::" in resource and "aws:ResourceAccount" not in conditions:
            yield "a bucket's name may be anybody's; name aws:ResourceAccount"
        if action.startswith("s3:") and ":s3:::*" in resource:
            yield f"{action} in every bucket of the account"
        if action == "airflow:InvokeRestApi" and owner != STARTS_RUNS and not re.search(r'/Viewer"', resource):
            yield "may change something in Airflow"


def _equal(statement: dict[str, Any], key: str) -> Any:
    return statement.get("Condition", {}).get("StringEquals", {}).get(key)


def _refusals(template: Template) -> Iterator[str]:
    """A refusal is about what a request names; Null: true would refuse all that name nothing."""
    for name, policy in of_type(template, "AWS::S3::BucketPolicy"):
        for statement in statements(policy["Properties"]["PolicyDocument"]):
            if statement["Effect"] != "Deny":
                continue
            if "true" in statement.get("Condition", {}).get("Null", {}).values():
                yield f"{name}: {statement.get('Sid')} refuses whoever does not name it"
            if not statement.get("Condition"):
                yield f"{name}: {statement.get('Sid')} refuses everybody"


def _heard(template: Template) -> Iterator[str]:
    """A bucket whose events a rule hears sends them, and keeps a file for as long as its message may wait."""
    longest = max(
        (one["Properties"].get("MessageRetentionPeriod", 0) for _, one in of_type(template, "AWS::SQS::Queue")),
        default=0,
    )
    for _, rule in of_type(template, "AWS::Events::Rule"):
        for bucket in rule["Properties"]["EventPattern"].get("detail", {}).get("bucket", {}).get("name", []):
            properties = template["Resources"].get(referred(bucket), {}).get("Properties", {})
            sends = properties.get("NotificationConfiguration", {}).get("EventBridgeConfiguration", {})
            if properties and sends.get("EventBridgeEnabled") is not True:
                yield f"{referred(bucket)}: sends no events, and a rule waits for them"
            for one in properties.get("LifecycleConfiguration", {}).get("Rules", []):
                expiry = one.get("ExpirationInDays", one.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"))
                if expiry is not None and _least(template, expiry) * DAY < longest:
                    yield f"{referred(bucket)}: {one['Id']} may expire before its message"


def _least(template: Template, value: Any) -> float:
    return float(template["Parameters"][referred(value)].get("MinValue", 0)) if referred(value) else float(value)


def _rounds(template: Template) -> Iterator[str]:
    """Rounds come often enough for the alarm on their absence, and only the next one is the retry of one."""
    silences = [
        alarm["Properties"]["Period"] * alarm["Properties"]["EvaluationPeriods"]
        for _, alarm in of_type(template, "AWS::CloudWatch::Alarm")
        if alarm["Properties"].get("TreatMissingData") == "breaching"
    ]
    for name, schedule in of_type(template, "AWS::Scheduler::Schedule"):
        rate = re.fullmatch(r"rate\((\d+) (\w+?)s?\)", str(schedule["Properties"]["ScheduleExpression"]))
        if rate and any(silence < 2 * int(rate[1]) * UNITS[rate[2]] for silence in silences):
            yield f"{name}: comes so seldom that one late round is an alarm"
        called = referred(schedule["Properties"]["Target"]["Arn"])
        invoked = template["Resources"].get(called, {}).get("Properties", {}).get("EventInvokeConfig", {})
        if invoked.get("MaximumRetryAttempts", 2) != 0:
            yield f"{called}: is tried again beside its next round"


def _subscribed(template: Template) -> Iterator[str]:
    """Somebody subscribes to each topic that alarms publish to."""
    subscribed = {referred(one["Properties"]["TopicArn"]) for _, one in of_type(template, "AWS::SNS::Subscription")}
    told = {
        referred(topic)
        for _, alarm in of_type(template, "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for topic in alarm["Properties"].get("AlarmActions", [])
    }
    for topic in sorted(told - subscribed):
        yield f"{topic}: alarms are published there, and nobody subscribes to it"


def _one_key(template: Template) -> Iterator[str]:
    """A queue has SQS's own key or the customer's, never both: CloudFormation would refuse it with the key only."""
    own = {"Fn::If": ["HasKey", {"Ref": "AWS::NoValue"}, True]}
    for name, queue in of_type(template, "AWS::SQS::Queue"):
        if "KmsMasterKeyId" in queue["Properties"] and queue["Properties"].get("SqsManagedSseEnabled") != own:
            yield f"{name}: has two keys when the customer gives one"


def _of_code(template: Template) -> Iterator[str]:
    """Variables are read; a long function has one file at a time and all of the disk."""
    read = {*VARIABLES.values(), DATABASE, WORKGROUP, CLUSTER, SECRET, TABLE_HOURS}
    for name, function in of_type(template, FUNCTION):
        properties = function["Properties"]
        for variable in properties.get("Environment", {}).get("Variables", {}):
            if variable.startswith("SUIMON_") and variable not in read:
                yield f"{name}: nothing reads {variable}"
        for event in properties.get("Events", {}).values():
            if event["Type"] == "SQS" and properties.get("Timeout") == LONGEST_TIMEOUT:
                if event["Properties"].get("BatchSize", 10) != 1:
                    yield f"{name}: a file may need its whole time, and it takes several"
                if properties.get("EphemeralStorage") != {"Size": 10240}:
                    yield f"{name}: keys and rows of a large file need all the disk there is"


def _jobs(template: Template) -> Iterator[str]:
    """A job ends before its DAG gives it up, and has most of that time."""
    for name, job in of_type(template, "AWS::Glue::Job"):
        if job["Properties"]["Timeout"] * 60 >= _wait():
            yield f"{name}: may run longer than its DAG waits"
        if job["Properties"]["Timeout"] * 60 * 2 < _wait():
            yield f"{name}: is ended before half of the time that its DAG waits"


def _wait() -> float:
    tree = ast.parse((ROOT / "dags/suimon_etl/pipeline.py").read_text(encoding="utf-8"))
    [value] = [
        one.value
        for one in tree.body
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "GLUE_WAIT_SECONDS"
    ]
    return float(eval(ast.unparse(value)))  # noqa: S307 arithmetic of literals, in our own file


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (
    _stack_names,
    _reaches,
    _refusals,
    _heard,
    _rounds,
    _subscribed,
    _one_key,
    _of_code,
    _jobs,
)

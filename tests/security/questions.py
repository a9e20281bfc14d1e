"""What somebody with stolen keys would try: actions on what the stack has, each with a name that tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ACCOUNT, REGION, STACK, ENVIRONMENT = "123456789012", "ap-northeast-1", "s", "mwaa"
USER_ID = "AROAEXAMPLE:session"
WORKGROUP_ID = "6f5e4d3c-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Question:
    """May an action be done with a resource? `context`: the condition keys that the service gives."""

    name: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def arn(service: str, resource: str) -> str:
    """Write the ARN of something of the account's."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def bucket(name: str) -> str:
    """Write the ARN of one of the stack's buckets."""
    return f"arn:aws:s3:::{STACK}-{name}-{ACCOUNT}"


RAW, LAKE, REPORTS = bucket("raw"), bucket("lake"), bucket("reports")
LEDGER = arn("dynamodb", f"table/{STACK}-ledger")
KEY = arn("kms", "key/1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed")
BUS = arn("events", f"event-bus/{STACK}-events")
WORKGROUP = arn("redshift-serverless", f"workgroup/{WORKGROUP_ID}")


def questions() -> Iterator[Question]:
    """Yield every question."""
    for service in (_s3, _sqs, _dynamodb, _functions, _airflow, _glue, _redshift, _messages, _keys, _rest):
        yield from service()


TAGS = ("GetObjectVersionTagging", "PutObjectVersionTagging")


def _s3() -> Iterator[Question]:
    for verb in ("Get", "Put", "Delete"):
        for where, folders in ((RAW, ("sales/a",)), (LAKE, ("accepted/a", "aside/a", "processed/a"))):
            for key in folders:
                yield Question(f"{verb} {where.split('-')[1]} {key}", f"s3:{verb}Object", f"{where}/{key}")
        for key in (
            "sales/a",
            "undeliverable/a",
            "freshness/sources.json",
            "status/index.en.html",
            "replays/sales/a.json",
        ):
            yield Question(f"{verb} reports {key}", f"s3:{verb}Object", f"{REPORTS}/{key}")
    for action in (
        "GetObjectVersion",
        "DeleteObjectVersion",
        "PutObjectAcl",
        "PutObjectTagging",
        "RestoreObject",
        *TAGS,
    ):
        yield Question(f"{action} raw", f"s3:{action}", f"{RAW}/sales/a")
    for action in ("ListBucket", "ListBucketVersions", "PutBucketPolicy", "DeleteBucket", "PutBucketNotification"):
        yield Question(f"{action} raw", f"s3:{action}", RAW)
    for action in ("GetBucketNotification", "GetBucketVersioning", "PutBucketVersioning"):
        yield Question(f"{action} raw", f"s3:{action}", RAW)
    for prefix in ("accepted/", "aside/", "processed/"):
        yield Question(f"ListBucket lake {prefix}", "s3:ListBucket", LAKE, {"s3:prefix": prefix})
    for prefix in ("sales/", "undeliverable/"):
        yield Question(f"ListBucket reports {prefix}", "s3:ListBucket", REPORTS, {"s3:prefix": prefix})
    yield Question("Get script", "s3:GetObject", "arn:aws:s3:::aws-sam-cli-managed-default-x/script.py")
    yield Question("Put script", "s3:PutObject", "arn:aws:s3:::aws-sam-cli-managed-default-x/script.py")


def _sqs() -> Iterator[Question]:
    actions = ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes")
    for queue in ("intake", "intake-dead", "undelivered"):
        for action in (*actions, "PurgeQueue", "SetQueueAttributes"):
            yield Question(f"{action} {queue}", f"sqs:{action}", arn("sqs", f"{STACK}-{queue}"))


def _dynamodb() -> Iterator[Question]:
    actions = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "Scan")
    for action in (*actions, "PartiQLSelect", "PartiQLUpdate", "DeleteTable", "UpdateTable"):
        yield Question(f"{action} ledger", f"dynamodb:{action}", LEDGER)
    for index in ("by_partition", "by_state"):
        yield Question(f"Query {index}", "dynamodb:Query", f"{LEDGER}/index/{index}")


def _functions() -> Iterator[Question]:
    for function in ("intake", "outcome", "freshness", "replay-plan"):
        of = arn("lambda", f"function:{STACK}-{function}")
        yield Question(f"Invoke {function}", "lambda:InvokeFunction", of)
        yield Question(f"UpdateFunctionCode {function}", "lambda:UpdateFunctionCode", of)
        group = arn("logs", f"log-group:/aws/lambda/{STACK}-{function}:*")
        yield Question(f"PutLogEvents {function}", "logs:PutLogEvents", group)
        yield Question(f"CreateLogStream {function}", "logs:CreateLogStream", group)
    asked = arn("lambda", f"function:{STACK}-freshness:questions")
    yield Question("Invoke questions", "lambda:InvokeFunction", asked)
    yield Question("GetFunction intake", "lambda:GetFunction", arn("lambda", f"function:{STACK}-intake"))
    yield Question("FilterLogEvents intake", "logs:FilterLogEvents", arn("logs", "log-group:/aws/lambda/s-intake:*"))
    machine, execution = arn("states", f"stateMachine:{STACK}-replay"), arn("states", f"execution:{STACK}-replay:1")
    yield Question("StartExecution replay", "states:StartExecution", machine)
    yield Question("UpdateStateMachine replay", "states:UpdateStateMachine", machine)
    child = arn("states", f"execution:{STACK}-replay/Drops:1")
    for action in ("DescribeExecution", "GetExecutionHistory", "StopExecution"):
        yield Question(f"{action} replay", f"states:{action}", execution)
        yield Question(f"{action} replay child", f"states:{action}", child)
    for action in ("SendTaskSuccess", "SendTaskFailure"):
        yield Question(action, f"states:{action}", "*")


def _airflow() -> Iterator[Question]:
    for role in ("Admin", "Op", "User", "Viewer", "Public"):
        of = arn("airflow", f"role/{ENVIRONMENT}/{role}")
        yield Question(f"InvokeRestApi {role}", "airflow:InvokeRestApi", of)
        yield Question(f"CreateWebLoginToken {role}", "airflow:CreateWebLoginToken", of)
    yield Question("InvokeRestApi of another environment", "airflow:InvokeRestApi", arn("airflow", "role/other/Viewer"))
    for action in ("GetEnvironment", "UpdateEnvironment", "CreateCliToken", "DeleteEnvironment"):
        yield Question(action, f"airflow:{action}", arn("airflow", f"environment/{ENVIRONMENT}"))


def _glue() -> Iterator[Question]:
    for action in ("GetJob", "StartJobRun", "GetJobRun", "GetJobRuns", "UpdateJob", "DeleteJob", "BatchStopJobRun"):
        yield Question(f"{action} ours", f"glue:{action}", arn("glue", f"job/{STACK}-csv-to-parquet"))
    yield Question("StartJobRun another", "glue:StartJobRun", arn("glue", "job/another"))


def _redshift() -> Iterator[Question]:
    for action in ("ExecuteStatement", "BatchExecuteStatement"):
        yield Question(action, f"redshift-data:{action}", WORKGROUP)
        yield Question(f"{action} another", f"redshift-data:{action}", WORKGROUP.replace("6f5e", "aaaa"))
    for action in ("DescribeStatement", "GetStatementResult", "CancelStatement"):
        for owner, user_id in (("own", USER_ID), ("of another", "AROAOTHER:session")):
            context = {"redshift-data:statement-owner-iam-userid": user_id}
            yield Question(f"{action} {owner}", f"redshift-data:{action}", "*", context)
    yield Question("GetCredentials", "redshift-serverless:GetCredentials", WORKGROUP)
    yield Question("GetSecretValue", "secretsmanager:GetSecretValue", arn("secretsmanager", "secret:any"))


def _messages() -> Iterator[Question]:
    for topic in ("alerts", "chat", "watch"):
        for action in ("Publish", "Subscribe", "ListSubscriptionsByTopic", "SetTopicAttributes", "DeleteTopic"):
            yield Question(f"{action} {topic}", f"sns:{action}", arn("sns", f"{STACK}-{topic}"))
    for source, kind in (
        *(("suimon.dag", "Run Finished"), ("aws.s3", "Object Created"), ("suimon.dag", "Another")),
        *(("suimon", "drop.loaded"), ("suimon", "incident.opened")),
    ):
        context = {"events:source": source, "events:detail-type": kind}
        yield Question(f"PutEvents {source} {kind}", "events:PutEvents", BUS, context)
    own = {"events:source": "suimon.dag", "events:detail-type": "Run Finished"}
    for bus in ("default", "another-events"):
        yield Question(f"PutEvents to {bus}", "events:PutEvents", arn("events", f"event-bus/{bus}"), own)
    yield Question("ListSubscriptionsByTopic another", "sns:ListSubscriptionsByTopic", arn("sns", f"{STACK}-another"))
    yield Question("TestEventPattern", "events:TestEventPattern", "*")
    for action in ("DisableRule", "RemoveTargets", "PutRule", "DescribeRule", "ListTargetsByRule"):
        yield Question(f"{action} object-created", f"events:{action}", arn("events", f"rule/{STACK}-object-created"))
    schedule = arn("scheduler", f"schedule/default/{STACK}-freshness")
    yield Question("DeleteSchedule freshness", "scheduler:DeleteSchedule", schedule)


def _keys() -> Iterator[Question]:
    # The emulator looks for names of condition keys in lower case.
    for action in ("Decrypt", "GenerateDataKey"):
        for service in ("s3", "dynamodb", "sqs", "sns", "secretsmanager"):
            context = {"kms:viaservice": f"{service}.{REGION}.amazonaws.com"}
            yield Question(f"{action} by {service}", f"kms:{action}", KEY, context)
        yield Question(f"{action} itself", f"kms:{action}", KEY)
    other = KEY.replace("1b9d", "aaaa")
    yield Question("Decrypt of another", "kms:Decrypt", other, {"kms:viaservice": f"s3.{REGION}.amazonaws.com"})
    for action in ("CreateGrant", "ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy"):
        yield Question(action, f"kms:{action}", KEY)


def _rest() -> Iterator[Question]:
    for action in ("GetFunctionConfiguration", "UpdateFunctionConfiguration"):
        yield Question(f"{action} intake", f"lambda:{action}", arn("lambda", f"function:{STACK}-intake"))
    for action in ("ListEventSourceMappings", "UpdateEventSourceMapping"):
        yield Question(action, f"lambda:{action}", "*")
    for role in ("IntakeRole", "GlueRole", "CopyRole"):
        yield Question(f"PassRole {role}", "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{role}")
        yield Question(f"AssumeRole {role}", "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/{role}")
    yield Question("PutRolePolicy", "iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/IntakeRole")
    yield Question("CreateAccessKey", "iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/somebody")
    for name in (STACK, "another"):
        yield Question(
            f"DescribeStacks {name}", "cloudformation:DescribeStacks", arn("cloudformation", f"stack/{name}/1")
        )
    for action in ("UpdateStack", "DeleteStack"):
        yield Question(action, f"cloudformation:{action}", arn("cloudformation", f"stack/{STACK}/1"))
    for namespace in ("Glue", "Suimon"):
        context = {"cloudwatch:namespace": namespace}
        yield Question(f"PutMetricData {namespace}", "cloudwatch:PutMetricData", "*", context)
    for action in ("PutTraceSegments", "PutTelemetryRecords"):
        yield Question(action, f"xray:{action}", "*")
    alarm = arn("cloudwatch", f"alarm:{STACK}-undelivered")
    yield Question("DeleteAlarms", "cloudwatch:DeleteAlarms", alarm)
    yield Question("PutLogEvents glue", "logs:PutLogEvents", arn("logs", "log-group:/aws-glue/jobs/output"))
    yield Question("Decrypt", "kms:Decrypt", arn("kms", "key/any"))
    yield Question("RunInstances", "ec2:RunInstances", "*")

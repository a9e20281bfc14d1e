"""Requests that AWS refuses and MiniStack takes: sizes, counts, forms. Each check stands below with its page.

What AWS would do with a form that MiniStack ignores (a condition, a page of more than 1,000) is refused by name.
"""

import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from local.cloud.emulator_hooks import module
from local.cloud.policy_documents import identity_policy_complaint
from local.cloud.request_names import name_complaint
from local.cloud.requests import Answer, Complaint, Dispatch, Request, around_requests

RATE: Final = re.compile(r"rate\((?:1 (?:minute|hour|day)|(?!1 )[1-9][0-9]* (?:minutes|hours|days))\)")
# EventBridge Scheduler, "Schedule types": minutes, hours, day of month, month, day of week, year.
CRON: Final = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
AT: Final = re.compile(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)")
_KILOBYTE: Final = 1024
_POLICY_CHARACTERS: Final = {
    "iam:PutUserPolicy": 2048, "iam:PutRolePolicy": 10240, "iam:PutGroupPolicy": 5120, "iam:CreatePolicy": 6144,
    "iam:CreatePolicyVersion": 6144,
}  # fmt: skip
_RESERVED_VARIABLES: Final = frozenset({
    "_HANDLER", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_ACCESS_KEY",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "_X_AMZN_TRACE_ID",
})  # fmt: skip

Found = Iterator[Complaint]
_purged: dict[str, float] = {}


def check_requests() -> None:
    """Put the checks in front of every request."""

    async def checked(request: Request, dispatch: Dispatch) -> Answer:
        complaint = next(complaints(request), None)
        return await dispatch(request) if complaint is None else request.refused(complaint)

    around_requests(checked)


def complaints(request: Request) -> Found:
    """Find what AWS has against a request, the first thing first."""
    if request.service == "s3":
        yield from _s3(request)
    if request.service == "lambda" and "event-invoke-config" in request.path and request.method != "GET":
        yield _not_here("PutFunctionEventInvokeConfig outside of a template")
    if wrong := name_complaint(request):
        yield wrong
    if check := _CHECKS.get(request.action):
        yield from check(request)


def _s3(request: Request) -> Found:
    """Amazon S3: "Creating object key names", "Working with object metadata", CopyObject, ListObjectsV2."""
    headers, key = request.headers, request.key
    if len(key.encode()) > _KILOBYTE:
        yield Complaint("KeyTooLongError", "Your key is too long")
    metadata = [(name, value) for name, value in headers.items() if name.startswith("x-amz-meta-")]
    if sum(len(name) - len("x-amz-meta-") + len(value.encode()) for name, value in metadata) > 2 * _KILOBYTE:
        yield Complaint("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
    if request.method == "POST" and "delete" in request.query and request.body.count(b"<Key>") > 1000:  # noqa: PLR2004
        yield Complaint("MalformedXML", "The XML you provided was not well-formed: 1,000 keys at most")
    if int(request.text("max-keys") or "0") > 1000:  # noqa: PLR2004 never more, whatever is asked
        yield _not_here("a page of more than 1,000 keys")
    if "x-amz-copy-source" not in headers:
        return
    if headers.get("if-none-match") or headers.get("if-match"):
        yield _not_here("CopyObject with If-Match or If-None-Match")
    changed = {
        "x-amz-metadata-directive",
        "x-amz-storage-class",
        "x-amz-server-side-encryption",
        "x-amz-tagging-directive",
    }
    if headers["x-amz-copy-source"].lstrip("/") == f"{request.bucket}/{key}" and not changed & headers.keys():
        words = "This copy request is illegal because it is trying to copy an object to itself without changing it."
        yield Complaint("InvalidRequest", words)


def _message(request: Request) -> Found:
    """SQS, "Message quotas" and SendMessage."""
    sent = [request.json, *request.json.get("Entries", [])]
    if any(not 0 <= int(one.get("DelaySeconds") or 0) <= 900 for one in sent):  # noqa: PLR2004
        yield _invalid("DelaySeconds must be between 0 and 900.")


def _receive(request: Request) -> Found:
    """SQS, ReceiveMessage."""
    if not 0 <= int(request.json.get("WaitTimeSeconds") or 0) <= 20:  # noqa: PLR2004
        yield _invalid("WaitTimeSeconds must be between 0 and 20.")


def _queue(request: Request) -> Found:
    """SQS, CreateQueue and SetQueueAttributes."""
    name, attributes = request.json.get("QueueName"), request.json.get("Attributes") or {}
    if name is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,75}\.fifo|[A-Za-z0-9_-]{1,80}", name):
        yield _invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
    bounds = {
        "DelaySeconds": (0, 900), "VisibilityTimeout": (0, 43200), "ReceiveMessageWaitTimeSeconds": (0, 20),
        "MessageRetentionPeriod": (60, 1209600), "MaximumMessageSize": (1024, 1048576),
    }  # fmt: skip
    for attribute, (least, most) in bounds.items():
        if not least <= int(attributes.get(attribute) or least) <= most:
            yield Complaint("InvalidAttributeValue", f"Invalid value for the parameter {attribute}.")


def _purge(request: Request) -> Found:
    """SQS, PurgeQueue: once in 60 seconds."""
    queue = str(request.json.get("QueueUrl"))
    last, _purged[queue] = _purged.get(queue, -math.inf), time.monotonic()
    if time.monotonic() - last < 60:  # noqa: PLR2004
        words = "Only one PurgeQueue operation on a queue is allowed every 60 seconds."
        yield Complaint("AWS.SimpleQueueService.PurgeQueueInProgress", words, 403)


def _publish(request: Request) -> Found:
    """SNS, Publish."""
    if not request.text("Message"):
        yield Complaint("InvalidParameter", "Invalid parameter: Empty message")


def _rule(request: Request) -> Found:
    """EventBridge, "Rate expressions"."""
    expression = request.json.get("ScheduleExpression") or ""
    if not expression and not request.json.get("EventPattern"):
        words = "Parameter(s) EventPattern or ScheduleExpression must be specified."
        yield Complaint("ValidationException", words)
    if expression.startswith("rate") and not RATE.fullmatch(expression):
        yield Complaint("ValidationException", "Parameter ScheduleExpression is not valid.")


def _targets(request: Request) -> Found:
    """EventBridge, "Quotas": five targets a rule."""
    if len(request.json.get("Targets") or []) > 5:  # noqa: PLR2004
        yield Complaint("LimitExceededException", "The requested resource exceeds the maximum number allowed.")


def _schedule(request: Request) -> Found:
    """EventBridge Scheduler, "Schedule types" and CreateSchedule."""
    if wrong := schedule_complaint(request.json):
        yield Complaint("ValidationException", wrong)


def schedule_complaint(sent: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a schedule's expression, zone or window."""
    expression, zone = str(sent.get("ScheduleExpression") or ""), sent.get("ScheduleExpressionTimezone", "UTC")
    cron = CRON.fullmatch(expression)
    if not cron and not RATE.fullmatch(expression) and not AT.fullmatch(expression):
        return f"Invalid Schedule Expression {expression}."
    if cron and (cron[3] == "?") == (cron[5] == "?"):
        return f"Invalid Schedule Expression {expression}: exactly one of the two day fields must be ?."
    try:
        ZoneInfo(zone)
    except (KeyError, OSError, ValueError, TypeError):
        return f"The time zone {zone} is not valid."
    window = sent.get("FlexibleTimeWindow") or {}
    if (window.get("Mode") == "FLEXIBLE") != bool(window.get("MaximumWindowInMinutes")):
        return "FlexibleTimeWindow: MaximumWindowInMinutes belongs to the mode FLEXIBLE, and only to it."
    return None


def _function(request: Request) -> Found:
    """Lambda, "Lambda quotas" and "Using environment variables"."""
    sent = request.json
    variables = (sent.get("Environment") or {}).get("Variables") or {}
    if len(json.dumps(variables, ensure_ascii=False, separators=(",", ":")).encode()) > 4 * _KILOBYTE:
        words = "Lambda was unable to configure your environment variables because the environment variables you have "
        yield _invalid(words + "provided exceeded the 4KB limit.", "InvalidParameterValueException")
    if reserved := sorted(variables.keys() & _RESERVED_VARIABLES):
        words = "Lambda was unable to configure your environment variables because the environment variables you have "
        words += f"provided contains reserved keys that are currently not supported for modification: {reserved[0]}"
        yield _invalid(words, "InvalidParameterValueException")
    sizes = {**sent, "EphemeralStorage": (sent.get("EphemeralStorage") or {}).get("Size")}
    for name, least, most in (("MemorySize", 128, 10240), ("Timeout", 1, 900), ("EphemeralStorage", 512, 10240)):
        if not least <= int(sizes.get(name) or least) <= most:
            yield _invalid(f"{name} must be from {least} to {most}", "InvalidParameterValueException")
    if sent.get("PackageType", "Zip") != "Zip" or sent.get("Runtime", "python3.13") != "python3.13":
        yield _not_here(f"a function of {sent.get('Runtime') or sent['PackageType']}: it runs python3.13")


def _invoke(request: Request) -> Found:
    """Lambda, "Lambda quotas": 6 MB for an answer that is waited for, 1 MB for an event."""
    event = request.headers.get("x-amz-invocation-type") == "Event"
    most = _KILOBYTE * _KILOBYTE * (1 if event else 6)
    if len(request.body) > most:
        yield Complaint("RequestTooLargeException", f"Request must be smaller than {most} bytes", 413)


def _mapping(request: Request) -> Found:
    """Lambda, "Creating an event source mapping for SQS"."""
    sent = request.json
    if int(sent.get("BatchSize") or 1) > 10 and not sent.get("MaximumBatchingWindowInSeconds"):  # noqa: PLR2004
        words = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        yield _invalid(words, "InvalidParameterValueException")


def _update(request: Request) -> Found:
    """DynamoDB, UpdateItem: "Two document paths overlap"."""
    names = request.json.get("ExpressionAttributeNames") or {}
    paths = _changed_paths(str(request.json.get("UpdateExpression") or ""), names)
    for number, one in enumerate(paths):
        for other in paths[number + 1 :]:
            if one[: len(other)] == other or other[: len(one)] == one:
                words = "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite "
                yield Complaint("ValidationException", f"{words}one of these paths; {one} {other}")
                return


def _changed_paths(expression: str, names: Mapping[str, str]) -> list[list[str]]:
    paths = []
    for clause, body in re.findall(
        r"(?is)\b(SET|REMOVE|ADD|DELETE)\b\s+(.*?)(?=\b(?:SET|REMOVE|ADD|DELETE)\b\s|$)", expression
    ):
        flat = re.sub(r"\([^()]*\)", "", body)
        for part in flat.split(","):
            path = part.split("=")[0].strip() if clause.upper() == "SET" else part.strip().split(" ")[0]
            paths.append([names.get(step, step) for step in re.findall(r"[#\w-]+|\[\d+\]", path)])
    return [path for path in paths if path]


def _query(request: Request) -> Found:
    """DynamoDB, Query: "A filter expression cannot contain partition key or sort key attributes"."""
    sent = request.json
    tables = module("ministack.services.dynamodb")._tables  # noqa: SLF001 the emulator's own look-up
    table = tables.get(str(sent.get("TableName")).rpartition("/")[2]) or {}
    indexes = [*(table.get("GlobalSecondaryIndexes") or []), *(table.get("LocalSecondaryIndexes") or [])]
    asked = next((index for index in indexes if index["IndexName"] == sent.get("IndexName")), table)
    names = sent.get("ExpressionAttributeNames") or {}
    filtered = {names.get(word, word) for word in re.findall(r"[#\w.-]+", str(sent.get("FilterExpression") or ""))}
    for key in asked.get("KeySchema", []):
        if key["AttributeName"] in filtered:
            words = "Filter Expression can only contain non-primary key attributes: Primary key attribute: "
            yield Complaint("ValidationException", words + key["AttributeName"])


def _trust(request: Request) -> Found:
    """IAM, "AWS JSON policy elements: Principal": a user or role that is named must be there."""
    document = request.text("AssumeRolePolicyDocument") or request.text("PolicyDocument")
    if missing := _missing_principal(document):
        yield Complaint("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{missing}"')


def _bucket_policy(request: Request) -> Found:
    if missing := _missing_principal(request.body.decode(errors="replace")):
        yield Complaint("MalformedPolicy", f"Invalid principal in policy: {missing}")


def _missing_principal(document: str) -> str | None:
    iam = module("ministack.services.iam")
    try:
        statements = json.loads(document)["Statement"]
    except (KeyError, TypeError, ValueError):
        return None  # the service says so itself
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        for arn in [named] if isinstance(named, str) else named:
            found = re.fullmatch(r"arn:aws:iam::\d{12}:(user|role)/(?:.*/)?([^/]+)", arn)
            if found and found[2] not in (iam._users if found[1] == "user" else iam._roles):  # noqa: SLF001 as above
                return str(arn)
    return None


def _policy(request: Request) -> Found:
    """IAM, "IAM and AWS STS quotas" and "Policies and permissions in IAM"."""
    text = request.text("PolicyDocument")
    if len(re.sub(r"\s", "", text)) > _POLICY_CHARACTERS[request.action]:
        words = f"Maximum policy size of {_POLICY_CHARACTERS[request.action]} bytes exceeded"
        yield Complaint("LimitExceeded", words, 409)
    if wrong := identity_policy_complaint(text):
        yield Complaint("MalformedPolicyDocument", wrong)


def _invalid(message: str, code: str = "InvalidParameterValue") -> Complaint:
    return Complaint(code, message)


def _not_here(what: str) -> Complaint:
    return Complaint("NotImplemented", f"not in the twin: {what}", 501)


_CHECKS: Final[Mapping[str, Callable[[Request], Found]]] = {
    "sqs:SendMessage": _message, "sqs:SendMessageBatch": _message, "sqs:ReceiveMessage": _receive,
    "sqs:CreateQueue": _queue, "sqs:SetQueueAttributes": _queue, "sns:Publish": _publish, "sqs:PurgeQueue": _purge,
    "events:PutRule": _rule, "events:PutTargets": _targets,
    "scheduler:CreateSchedule": _schedule, "scheduler:UpdateSchedule": _schedule,
    "lambda:CreateFunction": _function, "lambda:UpdateFunctionConfiguration": _function,
    "lambda:InvokeFunction": _invoke, "lambda:CreateEventSourceMapping": _mapping,
    "dynamodb:UpdateItem": _update, "dynamodb:Query": _query,
    "iam:CreateRole": _trust, "iam:UpdateAssumeRolePolicy": _trust,
    "s3:PutBucketPolicy": _bucket_policy, **dict.fromkeys(_POLICY_CHARACTERS, _policy),
}  # fmt: skip

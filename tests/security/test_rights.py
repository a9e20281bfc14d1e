"""What each principal may do is listed here; all else that its keys are used for is refused by the twin's IAM."""

from __future__ import annotations

import pytest

from tests.security.policies import PRINCIPALS, allowed_by
from tests.security.questions import questions
from tests.template.test_template import RESOURCES

pytestmark = pytest.mark.process
QUESTIONS = tuple(questions())
LEAST_REFUSED = 40

_TRACE = ("PutTraceSegments", "PutTelemetryRecords")
_LEDGER = ("GetItem ledger", "BatchGetItem ledger", "Query ledger")
_WRITES = (*_LEDGER, "PutItem ledger", "UpdateItem ledger")
_TELL = ("Publish alerts", "Publish chat", "PutEvents suimon drop.loaded", "PutEvents suimon incident.opened")
_TAG = ("GetObjectVersionTagging raw", "PutObjectVersionTagging raw")
_TOKEN = ("SendTaskSuccess", "SendTaskFailure")
_OWN_STATEMENTS = ("DescribeStatement own", "GetStatementResult own", "CancelStatement own", "GetCredentials")


def _log(function: str) -> tuple[str, str]:
    return f"PutLogEvents {function}", f"CreateLogStream {function}"


def _key(*services: str, writes: bool = True) -> list[str]:
    actions = ("Decrypt", "GenerateDataKey") if writes else ("Decrypt",)
    return [f"{action} by {service}" for action in actions for service in services]


MAY = {
    "upstream": {"Put raw sales/a", *_key("s3")},
    "operator": {
        *_LEDGER,
        *("Query by_partition", "Query by_state", "Invoke freshness", "Invoke replay-plan"),
        *("StartExecution replay", "DescribeExecution replay", "DescribeStacks s"),
        "StopExecution replay",
        *("Get reports sales/a", "FilterLogEvents intake"),
        *("Get reports freshness/sources.json", "Get reports status/index.en.html", "Get reports replays/sales/a.json"),
        *("Get reports undeliverable/a", "Delete reports undeliverable/a", "ListBucket reports undeliverable/"),
        *_key("s3", "dynamodb", writes=False),
        *("GetBucketNotification raw", "GetBucketVersioning raw", "GetFunctionConfiguration intake"),
        *("DescribeRule object-created", "ListTargetsByRule object-created", "TestEventPattern"),
        *("GetQueueAttributes intake", "GetQueueAttributes intake-dead", "GetQueueAttributes undelivered"),
        *("ListEventSourceMappings", "ListSubscriptionsByTopic alerts", "ListSubscriptionsByTopic watch"),
        *("GetJob ours", "Invoke questions"),
    },
    "viewer": {
        *_LEDGER,
        *("Query by_partition", "Query by_state", "DescribeStacks s", "Invoke questions"),
        *("GetBucketNotification raw", "GetBucketVersioning raw", "GetFunctionConfiguration intake", "GetJob ours"),
        *("DescribeRule object-created", "ListTargetsByRule object-created", "TestEventPattern"),
        *("GetQueueAttributes intake", "GetQueueAttributes intake-dead", "GetQueueAttributes undelivered"),
        *("ListEventSourceMappings", "ListSubscriptionsByTopic alerts", "ListSubscriptionsByTopic watch"),
        *("Get reports sales/a", "Get reports status/index.en.html", "Get reports replays/sales/a.json"),
        *("Get reports freshness/sources.json", "Get reports undeliverable/a"),
        *_key("s3", "dynamodb", writes=False),
    },
    "DAG": {
        *("Get lake processed/a", "ListBucket lake processed/"),
        *("GetJob ours", "StartJobRun ours", "GetJobRun ours", "GetJobRuns ours"),
        *("ExecuteStatement", "BatchExecuteStatement", *_OWN_STATEMENTS),
        *("Publish alerts", "PutEvents suimon.dag Run Finished"),
        *_key("sns"),
        *_key("s3", writes=False),
    },
    "intake": {
        *_TAG,
        *("Put lake accepted/a", "Put lake aside/a", "Put reports sales/a", "Put reports undeliverable/a"),
        *("GetObjectVersion raw", "ListBucket raw", "ListBucketVersions raw", "ListBucket lake accepted/"),
        *("ReceiveMessage intake", "DeleteMessage intake", "ChangeMessageVisibility intake"),
        *("GetQueueAttributes intake", "InvokeRestApi User", *_TELL),
        *_WRITES,
        *_TOKEN,
        *_log("intake"),
        *_key("s3", "dynamodb", "sqs", "sns"),
        *_TRACE,
    },
    "outcome": {
        *_TAG,
        *("SendMessage undelivered", "InvokeRestApi Viewer", *_TELL),
        *_WRITES,
        *_TOKEN,
        *_log("outcome"),
        *_key("dynamodb", "sqs", "sns"),
        *_TRACE,
    },
    "freshness": {
        *_TAG,
        *("Put reports undeliverable/a", "Put reports freshness/sources.json", "Put reports status/index.en.html"),
        *("ListBucket reports undeliverable/", "ListBucketVersions raw", "ListBucket lake accepted/"),
        *("SendMessage intake", "GetQueueAttributes intake", "SendMessage undelivered"),
        *(f"{verb}Message {queue}" for verb in ("Receive", "Delete") for queue in ("intake-dead", "undelivered")),
        *("Query by_partition", "Query by_state", "InvokeRestApi Viewer", "GetEnvironment", *_TELL),
        *("ListSubscriptionsByTopic alerts", "ListSubscriptionsByTopic watch"),
        *("ExecuteStatement", *_OWN_STATEMENTS),
        *_WRITES,
        *_TOKEN,
        *_log("freshness"),
        *_key("s3", "dynamodb", "sqs", "sns"),
        *_TRACE,
    },
    "replay plan": {
        *("Get reports replays/sales/a.json", "Put reports replays/sales/a.json", "DescribeExecution replay"),
        *("Query by_partition", "Publish alerts"),
        *_WRITES,
        *_log("replay-plan"),
        *_key("s3", "dynamodb", "sns"),
        *_TRACE,
    },
    "replay machine": {
        *("Invoke intake", "Invoke replay-plan", "StartExecution replay", "Get reports replays/sales/a.json"),
        *("DescribeExecution replay child", "StopExecution replay child"),
        *_key("s3", writes=False),
        *_TRACE,
    },
    "schedule": {"Invoke freshness", "SendMessage undelivered", *_key("sqs")},
    "Glue": {
        *("Get lake accepted/a", "Get lake processed/a", "Put lake processed/a", "Delete lake processed/a"),
        *("ListBucket lake accepted/", "ListBucket lake processed/", "Get script"),
        *("PutMetricData Glue", "PutLogEvents glue"),
        *_key("s3"),
    },
    "COPY": {"Get lake processed/a", "ListBucket lake processed/", *_key("s3", writes=False)},
}


@pytest.fixture(scope="module")
def allowed() -> dict[str, set[str]]:
    return allowed_by(RESOURCES)


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_a_principal_may_do_what_is_listed_and_is_refused_all_else(
    allowed: dict[str, set[str]], principal: str
) -> None:
    assert allowed[principal] == MAY[principal]
    assert len(QUESTIONS) - len(MAY[principal]) >= LEAST_REFUSED


def test_every_name_in_the_list_is_a_question() -> None:
    names = [question.name for question in QUESTIONS]
    assert len(names) == len(set(names))
    assert set().union(*MAY.values()) <= set(names)


def test_every_role_and_policy_of_the_template_is_a_principal() -> None:
    kinds = {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}
    assert set(PRINCIPALS.values()) == {name for name, one in RESOURCES.items() if one["Type"] in kinds}


def test_nobody_may_change_rights_code_or_the_stack() -> None:
    taken = {"PutRolePolicy", "CreateAccessKey", "UpdateStack", "DeleteStack", "DisableRule object-created"}
    assert not taken & set().union(*MAY.values())


@pytest.mark.parametrize("folder", ["status/index.en.html", "freshness/sources.json", "replays/sales/a.json"])
def test_what_a_function_tells_or_does_by_is_written_by_no_other(folder: str) -> None:
    assert sum(f"Put reports {folder}" in may for may in MAY.values()) == 1


def test_what_only_reads_airflow_asks_it_as_viewer() -> None:
    for principal in ("outcome", "freshness"):
        assert {name for name in MAY[principal] if name.startswith("InvokeRestApi")} == {"InvokeRestApi Viewer"}

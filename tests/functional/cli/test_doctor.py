"""`suimon doctor` on moto: every check is seen to pass, and seen to fail."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from moto.events.models import EventPattern

from suimon.cli import doctor, doctor_checks
from suimon.cli.doctor_checks import OUTPUTS, Finding, Stack
from suimon.cli.main import main
from suimon.mwaa.airflow import Airflow
from suimon.mwaa.check_up import look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ACCOUNT = "arn:aws:sns:ap-northeast-1:123456789012"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAG = {"is_paused": False, "is_stale": False, "has_import_errors": False}
HEALTHY: dict[str, Any] = {"version": "3.2.1", "dags": {"sales_etl": DAG}, "denied": []}


class Events:
    """moto's EventBridge, and the one operation that it has not."""

    def __init__(self) -> None:
        self._client = boto3.client("events")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def test_event_pattern(self, *, EventPattern: str, Event: str) -> dict[str, bool]:  # noqa: N803 the API's names
        return {"Result": pattern_of(EventPattern).matches_event(json.loads(Event))}


def pattern_of(text: str) -> EventPattern:
    return EventPattern.load(text)


class Buckets:
    """moto's S3, but for the switch of EventBridge, which it forgets."""

    def __init__(self) -> None:
        self._client = boto3.client("s3")
        self.tells = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_bucket_notification_configuration(self, **_: Any) -> dict[str, Any]:
        return {"EventBridgeConfiguration": {}} if self.tells else {}


class Topic:
    """A topic with the subscriptions that it is given: ARN, or what stands there before it is confirmed."""

    def __init__(self, *arns: str, authenticated: str = "true") -> None:
        self.arns, self.authenticated = arns, authenticated

    def list_subscriptions_by_topic(self, **_: Any) -> dict[str, Any]:
        return {"Subscriptions": [{"SubscriptionArn": arn} for arn in self.arns]}

    def get_subscription_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ConfirmationWasAuthenticated": self.authenticated}}


class Functions:
    """The stack's functions and what feeds intake."""

    def __init__(self, state: str = "Enabled", queue: str = "intake", **changed: str) -> None:
        self.mapping = {"State": state, "EventSourceArn": f"arn:aws:sqs:r:1:{queue}", "UUID": "u-u"}
        self.changed = changed

    def list_event_source_mappings(self, **_: Any) -> dict[str, Any]:
        return {"EventSourceMappings": [self.mapping] if self.mapping["State"] else []}

    def get_function_configuration(self, **request: Any) -> dict[str, Any]:
        name = request["FunctionName"]
        known = {"FunctionName": name, "Runtime": "python3.13", "LastUpdateStatus": "Successful"}
        return known | (self.changed if name == "IntakeFunctionName" else {})


@dataclass
class Deployed:
    """A stack whose parts are as the template makes them."""

    stack: Stack
    events: Events = field(default_factory=Events)
    sqs: Any = field(default_factory=lambda: boto3.client("sqs"))
    s3: Buckets = field(default_factory=Buckets)


@pytest.fixture
def deployed(aws: None) -> Deployed:
    del aws
    s3, sqs, events = boto3.client("s3"), boto3.client("sqs"), boto3.client("events")
    s3.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": ["raw"]}},
    }
    rule = events.put_rule(Name="s-object-created", EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(Rule="s-object-created", Targets=[{"Id": "intake", "Arn": "arn:aws:sqs:r:1:intake"}])
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "*",
                "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
            }
        ],
    }
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("intake", "intake-dead", "s-undelivered")}
    sqs.set_queue_attributes(QueueUrl=urls["intake"], Attributes={"Policy": json.dumps(policy)})
    outputs = {name: name for name in OUTPUTS} | {
        "RawBucket": "raw",
        "IntakeQueueUrl": urls["intake"],
        "IntakeDeadLetterQueueUrl": urls["intake-dead"],
    }
    return Deployed(Stack("s", "UPDATE_COMPLETE", outputs, "Sun, 22 Nov 2026 12:00:00 GMT"))


def failing(findings: Iterable[Finding]) -> dict[str, str]:
    """Return what is to be done, by check."""
    return {one.check: one.do for one in findings if not one.ok}


# ---------------------------------------------------------------- each check, well and unwell


def test_a_stack_without_an_output_or_rolled_back_is_told(deployed: Deployed) -> None:
    stack = deployed.stack
    assert failing(doctor_checks.outputs(stack)) == {}
    less = replace(stack, outputs={**stack.outputs, "LedgerTable": ""})
    [finding] = doctor_checks.outputs(less)
    assert (finding.text, "sam deploy" in finding.do) == ("missing: LedgerTable", True)
    for status in ("UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_IN_PROGRESS"):
        [finding] = doctor_checks.outputs(replace(stack, status=status))
        assert "describe-stack-events" in finding.do


@pytest.mark.parametrize(("seconds", "ok"), [(0, True), (60, True), (-60, True), (61, False), (-3600, False)])
def test_a_clock_is_off_by_more_than_a_minute(deployed: Deployed, seconds: int, ok: bool) -> None:  # noqa: FBT001 a table
    [finding] = doctor_checks.clock(deployed.stack, NOON + timedelta(seconds=seconds))
    assert finding.ok is ok


def test_a_bucket_that_tells_nobody_or_keeps_no_versions_is_told(deployed: Deployed) -> None:
    assert failing(doctor_checks.raw_bucket(deployed.s3, "raw")) == {}
    deployed.s3.tells = False
    deployed.s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Suspended"})
    found = failing(doctor_checks.raw_bucket(deployed.s3, "raw"))
    assert found.keys() == {"bucket's events", "bucket's versions"}


def test_a_rule_that_is_off_misses_the_bucket_or_leads_elsewhere_is_told(deployed: Deployed) -> None:
    assert failing(doctor_checks.rule(deployed.events, deployed.stack)) == {}
    deployed.events.disable_rule(Name="s-object-created")
    found = failing(doctor_checks.rule(deployed.events, deployed.stack))
    assert found == {"rule": "aws events enable-rule --name s-object-created"}
    pattern = json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": ["another"]}}})
    deployed.events.put_rule(Name="s-object-created", EventPattern=pattern)
    deployed.events.put_targets(Rule="s-object-created", Targets=[{"Id": "intake", "Arn": "arn:aws:sqs:r:1:another"}])
    found = failing(doctor_checks.rule(deployed.events, deployed.stack))
    assert found.keys() == {"rule's pattern", "rule's target"}


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"Effect": "Deny"},
        {"Principal": {"Service": "s3.amazonaws.com"}},
        {"Principal": "*"},
        {"Action": "sqs:ReceiveMessage"},
        {"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:r:1:rule/another"}}},
    ],
)
def test_a_queue_that_does_not_let_the_rule_send_is_told(deployed: Deployed, statement: dict[str, Any]) -> None:
    assert failing(doctor_checks.queue_policy(deployed.sqs, deployed.stack)) == {}
    url = deployed.stack.outputs["IntakeQueueUrl"]
    policy = json.loads(
        deployed.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    )
    policy["Statement"] = [policy["Statement"][0] | statement] if statement else []
    if statement:
        deployed.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    else:
        deployed.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "its events are lost" in failing(doctor_checks.queue_policy(deployed.sqs, deployed.stack))["queue's policy"]


def test_an_event_source_that_is_off_gone_or_another_s_is_told(deployed: Deployed) -> None:
    stack = deployed.stack
    assert failing(doctor_checks.mapping(Functions(), stack)) == {}
    assert "--enabled --uuid u-u" in failing(doctor_checks.mapping(Functions("Disabled"), stack))["event source"]
    for functions in (Functions(state=""), Functions(queue="another")):
        assert "deploy the stack again" in failing(doctor_checks.mapping(functions, stack))["event source"]


def test_a_dead_letter_is_told(deployed: Deployed) -> None:
    assert failing(doctor_checks.dead_letters(deployed.sqs, deployed.stack)) == {}
    for queue in ("intake-dead", "s-undelivered"):
        url = deployed.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        deployed.sqs.send_message(QueueUrl=url, MessageBody="m")
        found = [one for one in doctor_checks.dead_letters(deployed.sqs, deployed.stack) if not one.ok]
        assert found[-1].text == f"1 messages in {queue}"
        assert found[-1].do.endswith("suimon reconcile --stack s")


@pytest.mark.parametrize(
    ("topic", "wrong"),
    [
        (Topic(f"{ACCOUNT}:a:1"), set()),
        (Topic(), {"subscriptions"}),
        (Topic("PendingConfirmation"), {"subscriptions"}),
        (Topic(f"{ACCOUNT}:a:1", "PendingConfirmation"), {"subscriptions"}),
        (Topic("Deleted"), {"subscriptions"}),
        (Topic(f"{ACCOUNT}:a:1", authenticated="false"), {"unsubscribing"}),
    ],
)
def test_alerts_that_reach_nobody_or_that_anybody_can_end_are_told(topic: Topic, wrong: set[str]) -> None:
    assert failing(doctor_checks.subscriptions(topic, f"{ACCOUNT}:a")).keys() == wrong


@pytest.mark.parametrize("changed", [{"LastUpdateStatus": "Failed"}, {"Runtime": "python3.12"}])
def test_a_function_that_was_not_updated_is_told(deployed: Deployed, changed: dict[str, str]) -> None:
    assert failing(doctor_checks.releases(Functions(), deployed.stack)) == {}
    assert failing(doctor_checks.releases(Functions(**changed), deployed.stack)).keys() == {"functions"}


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, set()),
        ({"version": "2.10.3"}, {"Airflow's version"}),
        ({"version": {"error": "AccessDeniedException"}}, {"Airflow's version"}),
        ({"dags": {"sales_etl": {"error": "not there", "status": 404}}}, {"DAG sales_etl"}),
        ({"dags": {"sales_etl": DAG | {"is_paused": True}}}, {"DAG sales_etl"}),
        ({"dags": {"sales_etl": DAG | {"is_stale": True}}}, {"DAG sales_etl"}),
        ({"dags": {"sales_etl": DAG | {"has_import_errors": True}}}, {"DAG sales_etl"}),
        ({"denied": ["forbidden-dag:sales_etl"]}, {"gate's rights"}),
    ],
)
def test_what_is_wrong_in_airflow_is_told(changed: dict[str, Any], wrong: set[str]) -> None:
    assert failing(doctor_checks.airflow(HEALTHY | changed)).keys() == wrong


# ---------------------------------------------------------------- asking Airflow


def asked(respond: Callable[..., Any]) -> dict[str, Any]:
    pace: Any = SimpleNamespace(wait=lambda: None)
    client: Any = SimpleNamespace(invoke_rest_api=respond)
    return look(Airflow(client, "env", pace), ["sales_etl"])


def test_airflow_is_asked_for_its_version_and_each_dag() -> None:
    bodies = {"/version": {"version": "3.2.1", "git_version": None}, "/dags/sales_etl": {**DAG, "owners": ["x"]}}

    def respond(**request: Any) -> dict[str, Any]:
        assert request["Method"] == "GET"
        return {"RestApiStatusCode": 200, "RestApiResponse": bodies[request["Path"]]}

    assert asked(respond) == {"version": "3.2.1", "dags": {"sales_etl": DAG}}


def test_what_airflow_does_not_answer_is_no_error_of_the_check_up() -> None:
    def respond(**_: Any) -> dict[str, Any]:
        error: Any = {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 404}
        raise ClientError(error, "InvokeRestApi")

    assert asked(respond)["dags"] == {"sales_etl": {"error": "not there", "status": 404}}

    def deny(**_: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "InvokeRestApi")

    assert "AccessDeniedException" in asked(deny)["version"]["error"]


# ---------------------------------------------------------------- the command


@pytest.fixture
def run(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    fakes = {"s3": deployed.s3, "events": deployed.events, "sns": Topic(f"{ACCOUNT}:a:1"), "lambda": Functions()}
    client = boto3.client
    monkeypatch.setattr(boto3, "client", lambda name, **more: fakes.get(name) or client(name, **more))
    monkeypatch.setattr(doctor, "read_stack", lambda _name: deployed.stack)
    monkeypatch.setattr(doctor, "ask", lambda *_: HEALTHY)
    monkeypatch.setattr(doctor, "utc_now", lambda: NOON)

    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["doctor", "--stack", "s", *arguments])

    return invoke


def test_a_healthy_stack_has_a_line_for_each_check_and_exit_status_0(run: Callable[..., Any]) -> None:
    done = run()
    lines = done.output.splitlines()
    checks = [line for line in lines[:-1] if not line.startswith(" ")]  # a long one goes on in the next line
    assert (done.exit_code, lines[-1]) == (0, f"{len(checks)} checks, all is well.")
    assert all(line.startswith("OK    ") for line in checks)


def test_what_is_wrong_says_what_to_do_in_80_columns_and_hides_nothing_else(
    run: Callable[..., Any], deployed: Deployed
) -> None:
    deployed.s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Suspended"})
    deployed.events.remove_targets(Rule="s-object-created", Ids=["intake"])
    deployed.events.delete_rule(Name="s-object-created")
    done = run()
    assert done.exit_code == 1
    assert max(map(len, done.output.splitlines())) <= doctor.WIDTH
    assert "FAIL  bucket's versions: versioning is Suspended\n      -> turn versioning on" in done.output
    assert "FAIL  rule: could not be looked at" in done.output
    assert "OK    unsubscribing" in done.output


def test_scripts_get_json_and_nothing_else(run: Callable[..., Any]) -> None:
    found = json.loads(run("--json").output)
    assert {one["check"] for one in found} >= {"stack outputs", "clock", "rule", "DAG sales_etl", "gate's rights"}
    assert all(one["ok"] for one in found)


def test_an_output_that_is_missing_is_the_only_thing_that_can_be_told(
    run: Callable[..., Any], deployed: Deployed
) -> None:
    deployed.stack = replace(deployed.stack, outputs={"RawBucket": "raw"})
    done = run()
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "2 checks, 1 to mend.")


def test_a_stack_that_is_not_there_is_exit_status_2_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def describe_stacks(**request: Any) -> dict[str, Any]:
        error: Any = {"Error": {"Code": "ValidationError", "Message": f"{request['StackName']} does not exist"}}
        raise ClientError(error, "DescribeStacks")

    monkeypatch.setattr(boto3, "client", lambda _name: SimpleNamespace(describe_stacks=describe_stacks))
    done = CliRunner().invoke(main, ["doctor", "--stack", "nowhere"])
    said = done.output + done.stderr
    assert (done.exit_code, "Traceback" in said, "stack nowhere" in said) == (2, False, True)


def test_a_stack_is_read_with_its_outputs_and_the_time_at_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {
        "Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": [{"OutputKey": "RawBucket", "OutputValue": "raw"}]}],
        "ResponseMetadata": {"HTTPHeaders": {"date": "Sun, 22 Nov 2026 12:00:00 GMT"}},
    }
    monkeypatch.setattr(boto3, "client", lambda _name: SimpleNamespace(describe_stacks=lambda **_: answer))
    expected = Stack("s", "CREATE_COMPLETE", {"RawBucket": "raw"}, "Sun, 22 Nov 2026 12:00:00 GMT")
    assert doctor.read_stack("s") == expected

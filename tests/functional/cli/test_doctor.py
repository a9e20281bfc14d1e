"""`suimon doctor` on moto: every check is seen to pass, and seen to fail."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.cli import doctor_checks
from suimon.cli.doctor_airflow import airflow
from suimon.cli.doctor_checks import UNNAMED
from suimon.mwaa.airflow import Airflow
from suimon.mwaa.check_up import look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from suimon.cli.doctor_checks import Finding
from tests.functional.cli.checked_up import (
    ACCOUNT,
    ALARMS_MAY,
    DAG,
    HEALTHY,
    NOON,
    RELEASE,
    Deployed,
    Functions,
    Glue,
    Topic,
)


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


BY_ITSELF = {  # what SNS writes when a topic is made without a policy
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": ["SNS:Subscribe", "SNS:Publish"],
    "Condition": {"StringEquals": {"AWS:SourceOwner": "123456789012"}},
}


@pytest.mark.parametrize(
    ("policy", "lets"),
    [
        (ALARMS_MAY, True),
        (BY_ITSELF, True),
        ({}, False),
        (ALARMS_MAY | {"Effect": "Deny"}, False),
        (ALARMS_MAY | {"Action": "sns:Subscribe"}, False),
        (ALARMS_MAY | {"Principal": {"Service": "events.amazonaws.com"}}, False),
        (ALARMS_MAY | {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::raw"}}}, False),
        (BY_ITSELF | {"Action": "SNS:Subscribe"}, False),
    ],
)
def test_a_topic_that_lets_no_alarm_publish_is_reported(
    deployed: Deployed, policy: dict[str, Any], *, lets: bool
) -> None:
    found = failing(doctor_checks.topic_policy(Topic(policy=policy), deployed.stack))
    assert ("nobody hears them" in found.get("topic's policy", "")) is not lets


SUBSCRIBE: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": ["SNS:Subscribe"]}


@pytest.mark.parametrize(
    ("statement", "anybody"),
    [
        (SUBSCRIBE, True),
        (SUBSCRIBE | {"Principal": {"AWS": ["arn:aws:iam::1:root", "*"]}}, True),
        (SUBSCRIBE | {"Action": "sns:*"}, True),
        (SUBSCRIBE | {"Action": "*"}, True),
        (SUBSCRIBE | {"Action": "SNS:Publish"}, True),
        ({"Effect": "Allow", "Principal": "*", "NotAction": "sns:DeleteTopic"}, True),
        (SUBSCRIBE | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
        (SUBSCRIBE | {"Condition": {"StringEquals": {"AWS:SourceOwner": "1"}}}, False),
        (SUBSCRIBE | {"Principal": {"AWS": "arn:aws:iam::1:root"}}, False),
        (SUBSCRIBE | {"Principal": {"Service": "cloudwatch.amazonaws.com"}}, False),
        (SUBSCRIBE | {"Effect": "Deny"}, False),
        (SUBSCRIBE | {"Action": "SNS:GetTopicAttributes"}, False),
    ],
)
def test_a_topic_that_anybody_may_hear_or_speak_to_is_told(
    deployed: Deployed, statement: dict[str, Any], *, anybody: bool
) -> None:
    found = failing(doctor_checks.topic_policy(Topic(policy=statement), deployed.stack))
    assert ("name who may" in found.get("topic's policy", "")) is anybody


@pytest.mark.parametrize("name", ["LakeBucket", "ReportsBucket"])
def test_a_raw_bucket_that_is_the_stack_s_own_is_told(deployed: Deployed, name: str) -> None:
    assert list(doctor_checks.own_bucket(deployed.stack)) == []
    outputs = {**deployed.stack.outputs, "RawBucket": deployed.stack.outputs[name]}
    found = failing(doctor_checks.own_bucket(replace(deployed.stack, outputs=outputs)))
    assert "another OwnRawBucket" in found["raw bucket"]


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


@pytest.mark.parametrize("variables", [{}, {"SUIMON_RELEASE": "2026.10"}])
def test_a_function_of_another_release_is_named(deployed: Deployed, variables: dict[str, str]) -> None:
    found = failing(doctor_checks.releases(Functions(Environment={"Variables": variables}), deployed.stack))
    assert found.keys() == {"functions' release"}


@pytest.mark.parametrize("arguments", [{}, {"deployed_release": "2026.10"}])
def test_a_glue_job_of_another_release_is_told(deployed: Deployed, arguments: dict[str, str]) -> None:
    assert failing(doctor_checks.glue_job(Glue(deployed_release=RELEASE), deployed.stack)) == {}
    assert failing(doctor_checks.glue_job(Glue(**arguments), deployed.stack)).keys() == {"Glue job's release"}


def test_what_was_deployed_by_hand_has_no_name_and_fits(deployed: Deployed) -> None:
    outputs = {**deployed.stack.outputs, "Release": ""}
    by_hand = replace(deployed.stack, outputs=outputs)
    assert by_hand.release == UNNAMED
    assert failing(doctor_checks.glue_job(Glue(deployed_release=UNNAMED), by_hand)) == {}
    assert failing(doctor_checks.releases(Functions(), by_hand)).keys() == {"functions' release"}


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, set()),
        ({"version": "2.10.3"}, {"Airflow's version"}),
        ({"version": {"error": "AccessDeniedException"}}, {"Airflow's version"}),
        ({"version": {"detail": "no such page"}}, {"Airflow's version"}),
        ({"dags": {"sales_etl": {"error": "not there", "status": 404}}}, {"DAG sales_etl"}),
        ({"dags": {"sales_etl": DAG | {"is_paused": True}}}, {"DAG sales_etl"}),
        ({"dags": {"sales_etl": DAG | {"is_stale": True}}}, {"DAG sales_etl"}),
        ({"dags": {"sales_etl": DAG | {"has_import_errors": True}}}, {"DAG sales_etl"}),
        ({"dags": {"sales_etl": DAG | {"release": "2026.10"}}}, {"DAG sales_etl"}),
        ({"dags": {"own_etl": {"is_paused": False}}}, set()),
        ({"denied": ["forbidden-dag:sales_etl"]}, {"gate's rights"}),
    ],
)
def test_what_is_wrong_in_airflow_is_told(changed: dict[str, Any], wrong: set[str]) -> None:
    assert failing(airflow(HEALTHY | changed, RELEASE)).keys() == wrong


# ---------------------------------------------------------------- asking Airflow
def asked(respond: Callable[..., Any]) -> dict[str, Any]:
    pace: Any = SimpleNamespace(wait=lambda: None)
    client: Any = SimpleNamespace(invoke_rest_api=respond)
    return look(Airflow(client, "env", pace), ["sales_etl"])


def test_airflow_is_asked_for_its_version_and_each_dag() -> None:
    tags = [{"name": "sales"}, {"name": f"release {RELEASE}"}]
    dag = {name: value for name, value in DAG.items() if name != "release"}
    bodies = {
        "/version": {"version": "3.2.1", "git_version": None},
        "/dags/sales_etl": {**dag, "owners": ["x"], "tags": tags},
    }

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

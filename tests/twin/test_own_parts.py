"""A bucket and a topic that were there before the stack serve it, and are left as they were."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.deploy import physical_name
from local.rollout.kept import bring_back
from local.rollout.stacks import DeployError
from local.template_check.reading import template_of
from tests.twin.bare import NEEDED, Outputs, deploy
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.twin import Twin

pytestmark = pytest.mark.process
STACK, BUCKET, TOPIC = "suimon-own", "company-landing", "company-alerts"
TLS = {
    "Sid": "OfTheCompany",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@dataclass(frozen=True)
class Company:
    """What is there before: a bucket with a policy and notifications of its own, a topic that a queue listens to."""

    cloud: Twin
    topic: str
    inbox: str
    other: str

    def client(self, name: str) -> Any:
        return self.cloud.session().client(name)  # type: ignore[call-overload] # the test's words

    def of_the_bucket(self) -> dict[str, Any]:
        s3 = self.client("s3")
        answers = {
            "policy": json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"]),
            "notifications": s3.get_bucket_notification_configuration(Bucket=BUCKET),
            "versions": s3.get_bucket_versioning(Bucket=BUCKET),
        }
        for answer in answers.values():
            answer.pop("ResponseMetadata", None)
        return answers


@pytest.fixture(scope="module")
def company(cloud: Twin) -> Company:
    session: Any = cloud.session()
    s3, sqs, sns = (session.client(name) for name in ("s3", "sqs", "sns"))
    inbox, other = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("company-on-call", "company-archive"))
    arns = {
        url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for url in (inbox, other)
    }
    topic = sns.create_topic(Name=TOPIC)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arns[inbox])
    for url, service in ((inbox, "sns"), (other, "s3")):
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arns[url],
        }
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [allowed]})})
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [TLS]}))
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arns[other], "Events": ["s3:ObjectCreated:*"]}],
            "EventBridgeConfiguration": {},
        },
    )
    return Company(cloud, topic, inbox, other)


@pytest.fixture(scope="module")
def before(company: Company) -> dict[str, Any]:
    return company.of_the_bucket()


@pytest.fixture(scope="module")
def stack(cloud: Twin, company: Company, before: dict[str, Any]) -> Iterator[Outputs]:
    assert before["notifications"]["QueueConfigurations"]
    given = {"OwnRawBucket": BUCKET, "OwnAlertsTopicArn": company.topic}
    yield deploy(cloud, template_of(cloud.root / "template.yaml"), STACK, NEEDED | given)
    cloud.session().client("cloudformation").delete_stack(StackName=STACK)


def test_the_stack_names_them_as_its_own(company: Company, stack: Outputs) -> None:
    assert (stack["RawBucket"], stack["AlertsTopicArn"]) == (BUCKET, company.topic)
    made = {one["Name"] for one in company.client("s3").list_buckets()["Buckets"] if one["Name"].startswith(STACK)}
    assert {name.split("-")[2] for name in made} == {"lake", "reports"}


def test_a_file_comes_in_and_goes_where_it_went_before(company: Company, stack: Outputs) -> None:
    key, group = "sales/2026-11-20/sales_data.csv", f"/aws/lambda/{stack['IntakeFunctionName']}"
    company.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")

    def told_as_before() -> bool:
        messages = company.client("sqs").receive_message(QueueUrl=company.other).get("Messages", [])
        return any(key in one["Body"] for one in messages)

    eventually(told_as_before, "the notification of before")

    def seen_by_intake() -> bool:
        events = company.client("logs").filter_log_events(logGroupName=group)["events"]
        return any(key in one["message"] for one in events)

    eventually(seen_by_intake, "the event at the gate")


def test_alarms_and_functions_publish_to_the_topic(company: Company, stack: Outputs) -> None:
    watch, sqs = company.client("cloudwatch"), company.client("sqs")
    watch.set_alarm_state(AlarmName=f"{STACK}-intake-errors", StateValue="ALARM", StateReason="a test")
    for role in ("IntakeRole", "OutcomeRole", "FreshnessRole"):
        arn = company.client("iam").get_role(RoleName=physical_name(company.cloud, role, STACK))["Role"]["Arn"]
        company.cloud.role_session(arn).client("sns").publish(TopicArn=stack["AlertsTopicArn"], Message=role)
    told: set[str] = set()

    def heard() -> bool:
        for one in sqs.receive_message(QueueUrl=company.inbox, MaxNumberOfMessages=10).get("Messages", []):
            told.update(word for word in WANTED if word in one["Body"])
        return told == WANTED

    eventually(heard, "an alarm and three functions")


WANTED = {f"{STACK}-intake-errors", "IntakeRole", "OutcomeRole", "FreshnessRole"}


def test_intake_reads_versions_of_that_bucket_and_of_no_other(company: Company, stack: Outputs) -> None:
    assert stack
    s3 = company.client("s3")
    role = physical_name(company.cloud, "IntakeRole", STACK)
    reader = company.cloud.role_session(company.client("iam").get_role(RoleName=role)["Role"]["Arn"]).client("s3")
    version = s3.put_object(Bucket=BUCKET, Key="stock/a.csv", Body=b"x")["VersionId"]
    assert reader.get_object(Bucket=BUCKET, Key="stock/a.csv", VersionId=version)["Body"].read() == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.get_object(Bucket=f"{STACK}-lake-000000000000", Key="stock/a.csv", VersionId=version)


def test_policy_notifications_and_versions_are_as_they_were(
    company: Company, before: dict[str, Any], stack: Outputs
) -> None:
    assert stack
    assert company.of_the_bucket() == before


def test_a_stack_that_is_torn_down_leaves_every_file_and_the_ledger(company: Company, stack: Outputs) -> None:
    s3, client = company.client("s3"), company.client("cloudformation")
    s3.put_object(Bucket=stack["LakeBucket"], Key="accepted/sales/a.csv", Body=b"x")
    ledger = company.cloud.session().resource("dynamodb").Table(stack["LedgerTable"])
    ledger.put_item(Item={"pk": "drop#1", "sk": "drop"})
    client.delete_stack(StackName=STACK)

    def gone() -> bool:
        try:
            [found] = client.describe_stacks(StackName=STACK)["Stacks"]
        except ClientError:
            return True
        return bool(found["StackStatus"] == "DELETE_COMPLETE")

    eventually(gone, "the end of the stack")
    assert s3.get_object(Bucket=stack["LakeBucket"], Key="accepted/sales/a.csv")["Body"].read() == b"x"
    assert s3.list_object_versions(Bucket=BUCKET)["Versions"]
    assert s3.head_bucket(Bucket=stack["ReportsBucket"])
    assert ledger.get_item(Key={"pk": "drop#1", "sk": "drop"})["Item"]
    assert company.client("sns").get_topic_attributes(TopicArn=company.topic)["Attributes"]["TopicArn"]
    queues = company.client("sqs").list_queues(QueueNamePrefix=f"{STACK}-").get("QueueUrls", [])
    assert queues == []  # a file whose event waited there lies in the bucket


def test_a_new_stack_of_that_name_goes_on_with_what_it_left(company: Company, stack: Outputs) -> None:
    """Behind the test before, in whose end the stack is gone."""
    cloud = company.cloud
    template, client = template_of(cloud.root / "template.yaml"), company.client("cloudformation")
    given = NEEDED | {"OwnRawBucket": BUCKET, "OwnAlertsTopicArn": company.topic}
    names = bring_back(client, "000000000000", STACK, template, given)
    assert names == sorted([stack["LakeBucket"], stack["LedgerTable"], stack["ReportsBucket"]])
    again = deploy(cloud, template, STACK, given, over=True)
    for name in ("LakeBucket", "ReportsBucket", "LedgerTable", "RawBucket"):
        assert again[name] == stack[name]
    kept = company.client("s3").get_object(Bucket=again["LakeBucket"], Key="accepted/sales/a.csv")
    assert kept["Body"].read() == b"x"
    ledger = cloud.session().resource("dynamodb").Table(again["LedgerTable"])
    assert ledger.get_item(Key={"pk": "drop#1", "sk": "drop"})["Item"]
    role = company.client("iam").get_role(RoleName=physical_name(cloud, "IntakeRole", STACK))["Role"]["Arn"]
    cloud.role_session(role).resource("dynamodb").Table(again["LedgerTable"]).put_item(
        Item={"pk": "drop#2", "sk": "drop"}
    )


def test_what_is_not_there_cannot_be_taken_into_a_stack(company: Company) -> None:
    template = template_of(company.cloud.root / "template.yaml")
    with pytest.raises(DeployError, match="suimon-nothing-ledger"):
        bring_back(company.client("cloudformation"), "000000000000", "suimon-nothing", template, NEEDED)

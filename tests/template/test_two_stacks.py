"""Two stacks in one account never hear each other and never meet in a name."""

from __future__ import annotations

import pytest

from tests.template.test_template import RESOURCES, of_type

BUS = {"Ref": "Bus"}
RAW = {"If": ["MakesRawBucket", {"Ref": "RawBucket"}, {"Ref": "OwnRawBucket"}]}
OWN_NAMES = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::StateMachine": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Glue::Job": "Name",
    "AWS::Glue::SecurityConfiguration": "Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::CloudWatch::Alarm": "AlarmName",
}
NAMED = [(name, OWN_NAMES[one["Type"]]) for name, one in RESOURCES.items() if one["Type"] in OWN_NAMES]


@pytest.mark.parametrize("rule", of_type("AWS::Events::Rule"))
def test_a_rule_hears_the_bus_of_its_stack_or_names_the_stacks_own_bucket(rule: str) -> None:
    properties = RESOURCES[rule]["Properties"]
    if "EventBusName" in properties:
        assert properties["EventBusName"] == BUS
    else:  # AWS services put their events on the default bus alone
        assert properties["EventPattern"]["source"] == ["aws.s3"]
        assert properties["EventPattern"]["detail"]["bucket"] == {"name": [RAW]}


def test_dags_may_put_events_on_the_bus_of_their_stack_and_no_other() -> None:
    [statement] = [
        one
        for one in RESOURCES["DagPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        if one.get("Action") == "events:PutEvents"
    ]
    assert statement["Resource"] == {"GetAtt": "Bus.Arn"}


@pytest.mark.parametrize("rule", of_type("AWS::Events::Rule"))
def test_queues_take_what_a_rule_could_not_deliver(rule: str) -> None:
    properties = RESOURCES[rule]["Properties"]
    bus = "${Bus}/" if "EventBusName" in properties else ""
    arn = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/" + bus + properties["Name"]["Sub"]
    [statement] = RESOURCES["QueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {"Sub": arn} in statement["Condition"]["ArnEquals"]["aws:SourceArn"]


@pytest.mark.parametrize(("name", "key"), NAMED)
def test_a_name_of_ours_begins_with_the_stacks(name: str, key: str) -> None:
    folders, _, last = RESOURCES[name]["Properties"][key]["Sub"].rpartition("/")
    assert last.startswith("${AWS::StackName}-")
    assert "$" not in folders

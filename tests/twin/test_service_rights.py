"""What AWS's services may do with each other's resources: as little as on AWS."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.supervisor import wait_for
from local.twin import Twin
from tests.waiting import PATIENCE

CODE = "import json\ndef handler(event, context):\n    print('EVENT', json.dumps(event))\n"
EVENT: Any = {"Source": "river", "DetailType": "Rose", "Detail": "{}"}


@pytest.fixture(scope="module")
def role(cloud: Twin) -> Callable[..., str]:
    """Make a role that `service` may assume, with at most one allowed action."""
    iam = cloud.session().client("iam")

    def make(name: str, service: str, action: str = "") -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        if action:
            allow = {"Effect": "Allow", "Action": action, "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
        return made["Role"]["Arn"]

    return make


@pytest.fixture(scope="module")
def function(cloud: Twin, role: Callable[..., str]) -> str:
    """Deploy a function that writes its event to its log; give its ARN."""
    artifact = io.BytesIO()
    with zipfile.ZipFile(artifact, "w") as code:
        code.writestr("app.py", CODE)
    made = (
        cloud.session()
        .client("lambda")
        .create_function(
            FunctionName="gauge",
            Runtime="python3.13",
            Handler="app.handler",
            Role=role("gauge", "lambda.amazonaws.com"),
            Code={"ZipFile": artifact.getvalue()},
        )
    )
    return made["FunctionArn"]


def seen(cloud: Twin) -> list[dict[str, Any]]:
    """Return every event that the function has got so far."""
    logs = cloud.session().client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/gauge")["logGroups"]:
        return []
    lines = [event["message"] for event in logs.filter_log_events(logGroupName="/aws/lambda/gauge")["events"]]
    return [json.loads(line.split("EVENT ", 1)[1]) for line in lines if "EVENT " in line]


def refusals(cloud: Twin) -> list[str]:
    return [line for line in cloud.log("cloud").read_text().splitlines() if "not delivered" in line]


def test_a_rule_reaches_a_queue_only_when_the_queues_policy_names_it(cloud: Twin) -> None:
    sqs, events = cloud.session().client("sqs"), cloud.session().client("events")
    queue = sqs.create_queue(QueueName="intake")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = events.put_rule(Name="to-queue", EventPattern=json.dumps({"source": ["river"]}))["RuleArn"]
    events.put_targets(Rule="to-queue", Targets=[{"Id": "q", "Arn": arn}])

    def put(source_arn: str) -> int:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
        }
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Statement": [statement]})})
        events.put_events(Entries=[EVENT])
        return len(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []))

    assert put("arn:aws:events:ap-northeast-1:000000000000:rule/another") == 0
    assert put(rule) == 1
    events.remove_targets(Rule="to-queue", Ids=["q"])


def test_a_rule_reaches_a_function_only_with_the_functions_permission(cloud: Twin, function: str) -> None:
    events = cloud.session().client("events")
    rule = events.put_rule(Name="to-function", EventPattern=json.dumps({"source": ["river"]}))["RuleArn"]
    events.put_targets(Rule="to-function", Targets=[{"Id": "f", "Arn": function}])
    before = len(refusals(cloud))
    events.put_events(Entries=[EVENT])
    wait_for(lambda: len(refusals(cloud)) > before, cloud, PATIENCE, "the refusal")

    cloud.session().client("lambda").add_permission(
        FunctionName=function,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    events.put_events(Entries=[EVENT])

    wait_for(
        lambda: any(event.get("source") == "river" for event in seen(cloud)), cloud, PATIENCE, "the function's call"
    )
    assert len([event for event in seen(cloud) if event.get("source") == "river"]) == 1


def test_a_schedule_acts_with_its_role_and_says_when_it_was_due(
    cloud: Twin, function: str, role: Callable[..., str]
) -> None:
    scheduler = cloud.session().client("scheduler")
    due = datetime.now(UTC) + timedelta(seconds=1)
    for name, service, action in (
        ("barred", "scheduler.amazonaws.com", ""),
        ("entitled", "scheduler.amazonaws.com", "lambda:InvokeFunction"),
    ):
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": function,
                "RoleArn": role(name, service, action),
                "Input": json.dumps({"who": name, "time": "<aws.scheduler.scheduled-time>"}),
            },
        )

    def called() -> list[dict[str, Any]]:
        return [event for event in seen(cloud) if "who" in event]

    wait_for(lambda: bool(called()), cloud, PATIENCE, "the schedule's call")
    assert [event["who"] for event in called()] == ["entitled"]
    assert due.replace(microsecond=0) <= datetime.fromisoformat(called()[0]["time"]) <= datetime.now(UTC)
    assert any("role/barred is not authorized to perform lambda:InvokeFunction" in line for line in refusals(cloud))


def test_a_state_machine_calls_a_function_only_with_its_roles_rights(
    cloud: Twin, function: str, role: Callable[..., str]
) -> None:
    states = cloud.session().client("stepfunctions")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {"FunctionName": function, "Payload": {"token": "{% $states.context.Task.Token %}"}},
        "TimeoutSeconds": 60,
        "End": True,
    }
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Ask", "States": {"Ask": task}})

    def start(name: str, action: str) -> str:
        arn = role(name, "states.amazonaws.com", action)
        machine = states.create_state_machine(name=name, definition=definition, roleArn=arn)["stateMachineArn"]
        return states.start_execution(stateMachineArn=machine)["executionArn"]

    refused = start("powerless", "")
    wait_for(
        lambda: states.describe_execution(executionArn=refused)["status"] == "FAILED", cloud, PATIENCE, "the failure"
    )
    assert (
        "is not authorized to perform lambda:InvokeFunction" in states.describe_execution(executionArn=refused)["cause"]
    )

    waiting = start("empowered", "lambda:InvokeFunction")
    wait_for(lambda: any("token" in event for event in seen(cloud)), cloud, PATIENCE, "the function's call")
    token = next(event["token"] for event in seen(cloud) if "token" in event)
    states.send_task_success(taskToken=token, output="{}")
    wait_for(
        lambda: states.describe_execution(executionArn=waiting)["status"] == "SUCCEEDED", cloud, PATIENCE, "the end"
    )


def test_a_queue_feeds_a_function_only_when_its_role_may_read_the_queue(cloud: Twin, function: str) -> None:
    formation = cloud.session().client("cloudformation")
    sqs = cloud.session().client("sqs")
    queue = sqs.create_queue(QueueName="locked")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    properties = {
        "FunctionName": function,
        "EventSourceArn": arn,
        "ScalingConfig": {"MaximumConcurrency": {"Ref": "N"}},
    }
    template = {
        "Parameters": {"N": {"Type": "Number", "Default": 2}},
        "Resources": {"Feed": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}},
    }
    formation.create_stack(StackName="feed", TemplateBody=json.dumps(template))

    def status() -> str:
        return formation.describe_stacks(StackName="feed")["Stacks"][0]["StackStatus"]

    wait_for(lambda: "IN_PROGRESS" not in status(), cloud, PATIENCE, "the stack's end")
    reasons = [
        event.get("ResourceStatusReason", "")
        for event in formation.describe_stack_events(StackName="feed")["StackEvents"]
    ]
    assert status() != "CREATE_COMPLETE"
    assert any("is not authorized to perform sqs:ReceiveMessage" in reason for reason in reasons)


def test_a_function_finds_no_package_that_its_artifact_lacks(cloud: Twin, role: Callable[..., str]) -> None:
    artifact = io.BytesIO()
    with zipfile.ZipFile(artifact, "w") as code:
        code.writestr("app.py", "import duckdb\ndef handler(event, context):\n    return 1\n")
    functions = cloud.session().client("lambda")
    functions.create_function(
        FunctionName="bare",
        Runtime="python3.13",
        Handler="app.handler",
        Role=role("bare", "lambda.amazonaws.com"),
        Code={"ZipFile": artifact.getvalue()},
    )

    answer = functions.invoke(FunctionName="bare")

    assert answer["FunctionError"]
    assert b"duckdb" in answer["Payload"].read()

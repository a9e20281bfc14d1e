"""What a stack grants and what it says, without what its functions do: the template deployed with empty code."""

from __future__ import annotations

import io
import json
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.deploy import physical_name
from local.mailbox import confirm, letters
from local.rollout import stacks
from local.template_check.reading import of_type, template_of
from local.twin import Keys
from tests.twin.refused import REFUSED, filled
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import boto3

    from local.twin import Twin

pytestmark = pytest.mark.process
STACK, CODE = "suimon-bare", "suimon-bare-code"
PARAMETERS = {
    "AlertEmail": "data-alerts@suimon.test",
    "MwaaEnvironment": "suimon-local",
    "RedshiftWorkgroup": "suimon-local",
    "RedshiftWorkgroupId": "6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4",
    "GateDownAlarm": "no",  # the emulator's CloudFormation makes no composite alarm
    "RolePath": "/data/",
    "Sender1Prefix": "sales/",
    "Sender1Principals": "arn:aws:iam::210987654321:role/shop/sender",
}
Outputs = dict[str, str]
REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}  # the last is SNS's word


@pytest.fixture(scope="module")
def template(cloud: Twin) -> dict[str, Any]:
    return template_of(cloud.root / "template.yaml")


@pytest.fixture(scope="module")
def stack(cloud: Twin, template: dict[str, Any]) -> Iterator[Outputs]:
    """Deploy the template; its functions are an empty archive, for nobody calls them."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("app.py", "def handler(event, context): ...\n")
    machine = (cloud.root / "statemachine" / "replay.asl.json").read_bytes()
    s3 = cloud.session().client("s3")
    s3.create_bucket(Bucket=CODE, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    whole: dict[str, Any] = json.loads(json.dumps(template))
    for _, function in of_type(whole, "AWS::Serverless::Function"):
        function["Properties"]["CodeUri"] = {"Bucket": CODE, "Key": "code.zip"}
        function.pop("Metadata")
    for _, one in of_type(whole, "AWS::Serverless::StateMachine"):
        one["Properties"]["DefinitionUri"] = {"Bucket": CODE, "Key": "replay.asl.json"}
    for key, body in (
        ("code.zip", archive.getvalue()),
        ("replay.asl.json", machine),
        ("t", json.dumps(whole).encode()),
    ):
        s3.put_object(Bucket=CODE, Key=key, Body=body)
    client = cloud.session().client("cloudformation")
    client.create_stack(
        StackName=STACK,
        TemplateURL=f"{cloud.endpoint()}/{CODE}/t",
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in PARAMETERS.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )

    def described() -> dict[str, Any] | None:
        [found] = client.describe_stacks(StackName=STACK)["Stacks"]
        return dict(found) if not found["StackStatus"].endswith("IN_PROGRESS") else None

    found = eventually(described, "the stack's creation")
    assert found["StackStatus"] == "CREATE_COMPLETE", found.get("StackStatusReason")
    yield {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    client.delete_stack(StackName=STACK)


def test_each_alarm_reaches_the_mailbox_with_what_to_do(cloud: Twin, template: dict[str, Any], stack: Outputs) -> None:
    assert stack["AlertsTopicArn"]
    for letter in letters(cloud.mail):
        if letter.confirmation_url:
            confirm(letter)
    watch = cloud.session().client("cloudwatch")
    alarms = watch.describe_alarms(AlarmNamePrefix="suimon-bare-", MaxRecords=100)["MetricAlarms"]
    assert len(alarms) == len(list(of_type(template, "AWS::CloudWatch::Alarm")))
    for alarm in alarms:
        watch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason="a test")

    def heard() -> bool:
        return all(any(alarm["AlarmName"] in one.subject for one in letters(cloud.mail)) for alarm in alarms)

    eventually(heard, "a letter of each alarm")
    for alarm in alarms:
        [letter, *_] = [one for one in letters(cloud.mail) if alarm["AlarmName"] in one.subject]
        page = f"docs/operations/alarms.md#{alarm['AlarmName'].removeprefix('suimon-bare-')}"
        assert page in letter.body, alarm["AlarmName"]


@pytest.fixture(scope="module")
def acting(cloud: Twin, stack: Outputs) -> Callable[[str], boto3.Session]:
    """Return what opens a session with nothing but one role or one policy of the stack."""
    iam = cloud.session().client("iam")
    sessions: dict[str, boto3.Session] = {}

    def session(name: str) -> boto3.Session:
        if name not in sessions:
            if name.endswith("Policy"):
                user = iam.create_user(UserName=f"refused-{name}")["User"]["UserName"]
                iam.attach_user_policy(UserName=user, PolicyArn=stack[f"{name}Arn"])
                key = iam.create_access_key(UserName=user)["AccessKey"]
                keys = {**cloud.principals, name: Keys(key["AccessKeyId"], key["SecretAccessKey"])}
                sessions[name] = cloud.with_(principals=keys).session(name)
            else:
                role = physical_name(cloud, name, STACK)
                sessions[name] = cloud.role_session(iam.get_role(RoleName=role)["Role"]["Arn"])
        return sessions[name]

    return session


@pytest.mark.parametrize(
    ("who", "service", "method", "arguments"), REFUSED, ids=lambda one: one if isinstance(one, str) else ""
)
def test_what_a_role_does_not_need_it_is_refused(
    acting: Callable[[str], boto3.Session],
    stack: Outputs,
    who: str,
    service: str,
    method: str,
    arguments: dict[str, Any],
) -> None:
    client: Any = acting(who).client(service)  # type: ignore[call-overload] # the table's words
    assert refusal(partial(getattr(client, method), **filled(arguments, stack))) in REFUSALS


def refusal(call: Callable[[], dict[str, Any]]) -> str:
    """Return the code by which a call is refused; PutEvents answers 200 and refuses each entry by itself."""
    try:
        answer = call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return str(answer.get("Entries", [{}])[0].get("ErrorCode"))


@pytest.mark.parametrize("role", ["ReplayRole", "ScheduleRole"])
def test_nobody_takes_the_role_of_a_service_that_names_the_account(cloud: Twin, stack: Outputs, role: str) -> None:
    iam = cloud.session().client("iam")
    assert stack
    arn = iam.get_role(RoleName=physical_name(cloud, role, STACK))["Role"]["Arn"]
    assert refusal(lambda: {"Entries": [cloud.role_session(arn)]}) == "AccessDenied"


def test_roles_are_made_under_the_path_that_was_given(cloud: Twin, stack: Outputs) -> None:
    paths = {one["Path"] for one in cloud.session().client("iam").list_roles()["Roles"] if STACK in one["RoleName"]}
    assert (paths, stack["DagPolicyArn"].split(":policy")[1][:6]) == ({"/data/"}, "/data/")


def test_a_deployment_knows_a_stack_that_is_there_from_one_that_is_not(cloud: Twin, stack: Outputs) -> None:
    client = cloud.session().client("cloudformation")
    found = stacks.read(client, STACK)
    assert found
    assert (found.status, found.outputs) == ("CREATE_COMPLETE", stack)
    assert stacks.read(client, "suimon-nowhere") is None


@pytest.mark.usefixtures("stack")  # which has put the template where it lies
def test_a_folder_without_its_senders_is_refused_before_anything_is_made(cloud: Twin) -> None:
    client = cloud.session().client("cloudformation")
    values = PARAMETERS | {"Sender2Prefix": "stock/"}
    with pytest.raises(ClientError, match="Sender2Prefix needs Sender2Principals"):
        client.create_stack(
            StackName="suimon-half",
            TemplateURL=f"{cloud.endpoint()}/{CODE}/t",
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )

"""What a stack grants and what it says, without what its functions do: the template deployed with empty code."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.deploy import physical_name
from local.mailbox import Letter, confirm, letters
from local.rollout import stacks
from local.template_check.reading import of_type, template_of
from local.twin import Keys
from suimon.cli.doctor_checks import Stack, topic_policy
from suimon.status.questions import QUESTIONS_ALIAS
from tests.twin.bare import CODE, NEEDED, Outputs, deploy
from tests.twin.policy_questions import decisions
from tests.twin.refused import REFUSED, filled
from tests.twin.typed import DENIED, typed_by
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import boto3

    from local.twin import Twin

pytestmark = pytest.mark.process
STACK = "suimon-bare"
GATE_DOWN = ("intake-age", "intake-throttles", "freshness-silent", "object-created-failed", "object-created-lost")
PARAMETERS = NEEDED | {
    "RolePath": "/data/",
    "Sender1Prefix": "sales/",
    "Sender1Principals": "arn:aws:iam::210987654321:role/shop/sender",
}
OF_SERVICES = ("ReplayRole", "ScheduleRole")  # each names the account that its service must act for
REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}  # the last is SNS's word


@pytest.fixture(scope="module")
def template(cloud: Twin) -> dict[str, Any]:
    return template_of(cloud.root / "template.yaml")


@pytest.fixture(scope="module")
def stack(cloud: Twin, template: dict[str, Any]) -> Iterator[Outputs]:
    """Deploy the template and confirm its subscriptions; its functions are an empty archive, for nobody calls them."""
    outputs = deploy(cloud, template, STACK, PARAMETERS)

    def asked() -> list[Letter]:  # others have been here, and are gone
        found = [one for one in letters(cloud.mail) if one.confirmation_url and f":{STACK}-" in one.body]
        return found if len(found) >= len(list(of_type(template, "AWS::SNS::Subscription"))) else []

    for letter in eventually(asked, "a letter that asks, of each subscription"):
        confirm(letter)
    yield outputs
    cloud.session().client("cloudformation").delete_stack(StackName=STACK)


def test_each_alarm_reaches_the_mailbox_with_what_to_do(cloud: Twin, template: dict[str, Any], stack: Outputs) -> None:
    assert stack["AlertsTopicArn"]
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


def test_the_gate_is_down_when_one_of_its_alarms_rings_and_up_when_none_does(cloud: Twin, stack: Outputs) -> None:
    """The alarm is made of others: nobody sets it, the emulator evaluates its AlarmRule."""
    assert stack
    watch, name = cloud.session().client("cloudwatch"), f"{STACK}-gate-down"
    whole = [f"{STACK}-{one}" for one in GATE_DOWN]
    for one in whole:
        watch.set_alarm_state(AlarmName=one, StateValue="OK", StateReason="before the test")
    before = len([one for one in letters(cloud.mail) if name in one.subject])
    for one in whole:
        for state in ("ALARM", "OK"):
            watch.set_alarm_state(AlarmName=one, StateValue=state, StateReason="a test")
            [found] = watch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
            assert (one, found["StateValue"]) == (one, state)

    def heard() -> bool:
        return len([one for one in letters(cloud.mail) if name in one.subject]) == before + 2 * len(whole)

    eventually(heard, "a letter of each ringing and of each end")
    rings = [one for one in letters(cloud.mail) if name in one.subject and one.subject.startswith("ALARM")]
    assert "docs/operations/alarms.md#gate-down" in rings[-1].body
    assert {STACK in one.body and f"{STACK}-watch" in one.body for one in rings} == {True}


def test_an_alarm_that_is_not_of_the_gate_leaves_it_up(cloud: Twin, stack: Outputs) -> None:
    assert stack
    watch, name = cloud.session().client("cloudwatch"), f"{STACK}-gate-down"
    watch.set_alarm_state(AlarmName=f"{STACK}-outcome-errors", StateValue="ALARM", StateReason="a test")
    [found] = watch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert found["StateValue"] == "OK"


def test_an_alarm_reaches_nobody_through_a_topic_whose_policy_leaves_it_out(cloud: Twin, stack: Outputs) -> None:
    session = cloud.session()
    sns, watch = session.client("sns"), session.client("cloudwatch")
    topic, name = stack["WatchTopicArn"], f"{STACK}-freshness-silent"
    policy = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    nobody = {"Version": "2012-10-17", "Statement": []}
    before = [one for one in letters(cloud.mail) if name in one.subject]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(nobody))
    try:
        for state in ("ALARM", "OK"):
            watch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")
    finally:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert [one for one in letters(cloud.mail) if name in one.subject] == before


def test_the_check_up_sees_that_alarms_may_publish(acting: Callable[[str], boto3.Session], stack: Outputs) -> None:
    sns = acting("OperatorPolicy").client("sns")
    [finding] = topic_policy(sns, Stack(STACK, "CREATE_COMPLETE", stack))
    assert finding.ok, finding


def test_a_viewer_calls_the_function_by_its_alias_for_questions_and_by_no_other_name(
    acting: Callable[[str], boto3.Session], stack: Outputs
) -> None:
    functions = acting("ViewerPolicy").client("lambda")
    alias, name = stack["QuestionsAliasArn"], stack["FreshnessFunctionName"]
    answer = functions.invoke(FunctionName=alias, Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == alias
    assert alias.endswith(f":{name}:{QUESTIONS_ALIAS}")
    for other in (name, f"{name}:$LATEST", stack["ReplayFunctionName"], stack["IntakeFunctionName"]):
        with pytest.raises(ClientError, match="AccessDenied"):
            functions.invoke(FunctionName=other, Payload=b"{}")
    answer = acting("OperatorPolicy").client("lambda").invoke(FunctionName=name, Payload=b"{}")
    assert json.loads(answer["Payload"].read()).endswith(f":{name}")


@pytest.mark.parametrize(
    "command",
    [
        *("drops --state rejected", "explain s3://raw/sales/a.csv", "explain 0123456789abcdef"),
        *("report 0123456789abcdef", "tail --once"),
    ],
)
@pytest.mark.parametrize("policy", ["ViewerPolicy", "OperatorPolicy"])
def test_whoever_may_look_reads_the_ledger_by_every_command_that_does(
    command: str, policy: str, cloud: Twin, acting: Callable[[str], boto3.Session]
) -> None:
    keys = acting(policy).get_credentials()
    assert keys
    twin = cloud.with_(principals={**cloud.principals, policy: Keys(keys.access_key, keys.secret_key)})
    typed = typed_by(twin, policy, *command.split(), "--stack", STACK)
    assert typed.exit_code in {0, 1}, typed.output
    assert not DENIED.search(typed.output)


@pytest.fixture(scope="module")
def acting(cloud: Twin, stack: Outputs) -> Callable[[str], boto3.Session]:
    """Return what opens a session with nothing but one role or one policy of the stack."""
    iam = cloud.session().client("iam")
    sessions: dict[str, boto3.Session] = {}

    def session(name: str) -> boto3.Session:
        if name not in sessions:
            if name.endswith("Policy") or name in OF_SERVICES:
                user = iam.create_user(UserName=f"refused-{name}")["User"]["UserName"]
                if name in OF_SERVICES:  # whose role only a service takes: somebody has its policies
                    _copy_policies(iam, physical_name(cloud, name, STACK), user)
                else:
                    iam.attach_user_policy(UserName=user, PolicyArn=stack[f"{name}Arn"])
                key = iam.create_access_key(UserName=user)["AccessKey"]
                keys = {**cloud.principals, name: Keys(key["AccessKeyId"], key["SecretAccessKey"])}
                sessions[name] = cloud.with_(principals=keys).session(name)
            else:
                role = physical_name(cloud, name, STACK)
                sessions[name] = cloud.role_session(iam.get_role(RoleName=role)["Role"]["Arn"])
        return sessions[name]

    return session


def _copy_policies(iam: Any, role: str, user: str) -> None:
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        iam.put_user_policy(UserName=user, PolicyName=policy, PolicyDocument=json.dumps(document))


@pytest.mark.parametrize("role", OF_SERVICES)
def test_what_a_service_does_by_its_role_it_may(
    acting: Callable[[str], boto3.Session], stack: Outputs, role: str
) -> None:
    called = {"ReplayRole": "ReplayFunctionName", "ScheduleRole": "FreshnessFunctionName"}[role]
    answer = acting(role).client("lambda").invoke(FunctionName=stack[called], Payload=b"{}")
    assert answer["StatusCode"] == 200


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


@pytest.mark.parametrize("role", OF_SERVICES)
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


SENDER, KEY = "arn:aws:iam::210987654321:role/shop/sender", "sales/2026-11-20/sales_data.csv"
FOREIGN_KEY = "arn:aws:kms:ap-northeast-1:210987654321:key/6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4"


@pytest.mark.parametrize(
    ("changed", "decision"),
    [
        ({}, "Allow"),
        ({"granted_at_home": False}, "ImplicitDeny"),  # its own account has to let it, too
        ({"principal": "arn:aws:iam::210987654321:role/shop/another"}, "ImplicitDeny"),
        ({"principal": "arn:aws:iam::210987654321:root"}, "ImplicitDeny"),
        ({"principal": "arn:aws:iam::109876543210:role/shop/sender"}, "ImplicitDeny"),
        ({"key": "stock/2026-11-20/stock.csv"}, "ImplicitDeny"),
        ({"key": "salesman/a.csv"}, "ImplicitDeny"),
        ({"action": "s3:GetObject"}, "ImplicitDeny"),
        ({"action": "s3:DeleteObject"}, "ImplicitDeny"),
        ({"action": "s3:PutObjectAcl"}, "ImplicitDeny"),
        ({"tls": False}, "Deny"),
        ({"keys": {"s3:x-amz-storage-class": "DEEP_ARCHIVE"}}, "Deny"),
        ({"keys": {"s3:x-amz-storage-class": "STANDARD_IA"}}, "Allow"),
        ({"keys": {"s3:x-amz-server-side-encryption-customer-algorithm": "AES256"}}, "Deny"),
        ({"keys": {"s3:x-amz-server-side-encryption-aws-kms-key-id": FOREIGN_KEY}}, "Deny"),
    ],
    ids=str,
)
def test_a_sender_of_another_account_may_put_into_its_folder_and_nothing_else(
    cloud: Twin, stack: Outputs, changed: dict[str, Any], decision: str
) -> None:
    bucket = stack["RawBucket"]
    policy = json.loads(cloud.session().client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    question = {"principal": SENDER, "action": "s3:PutObject", "tls": True, "keys": {}, "granted_at_home": True}
    question |= {"policy": policy, "owner": "000000000000", "key": KEY} | changed
    question["resource"] = f"arn:aws:s3:::{bucket}/{question['key']}"
    assert decisions([question]) == [decision]


def test_a_deployment_that_fails_leaves_the_stack_as_it_was(
    cloud: Twin, template: dict[str, Any], stack: Outputs
) -> None:
    """The last test of the module: an update that changes a function and comes to something that cannot be made."""
    functions, client = cloud.session().client("lambda"), cloud.session().client("cloudformation")
    before = functions.get_function_configuration(FunctionName=stack["ReplayFunctionName"])
    worse: dict[str, Any] = json.loads(json.dumps(template))
    worse["Resources"]["ReplayFunction"]["Properties"]["Timeout"] = 30
    worse["Resources"]["TooMuch"] = {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "DependsOn": "ReplayFunction",
        "Properties": {"AlarmName": f"{STACK}-too-much", "AlarmRule": 'ALARM("an alarm that is not there")'},
    }
    with pytest.raises(AssertionError):  # of what deploys: the stack is not what it wanted
        deploy(cloud, worse, STACK, PARAMETERS, over=True)
    [found] = client.describe_stacks(StackName=STACK)["Stacks"]
    after = functions.get_function_configuration(FunctionName=stack["ReplayFunctionName"])
    assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]} == stack
    assert (after["Timeout"], after["CodeSha256"]) == (before["Timeout"], before["CodeSha256"])
    resources = client.describe_stack_resources(StackName=STACK)["StackResources"]
    assert "TooMuch" not in {one["LogicalResourceId"] for one in resources if "DELETE" not in one["ResourceStatus"]}

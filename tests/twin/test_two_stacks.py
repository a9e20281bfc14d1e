"""Two stacks side by side in one account: what happens to one, the other never hears."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.deploy import build, deploy, physical_name
from local.mailbox import confirm, letters
from local.template_check.reading import of_type, template_of
from local.twin import Keys
from suimon.drops.states import State
from tests.twin.refused import REFUSED, filled
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import boto3

    from local.twin import Twin

pytestmark = pytest.mark.process
STACKS = ("suimon-left", "suimon-right")
Outputs = dict[str, str]


@pytest.fixture(scope="module")
def stacks(cloud: Twin) -> Iterator[tuple[Outputs, Outputs]]:
    """The unchanged template deployed twice, as two teams of one account would."""
    build(cloud)
    left, right = (deploy(cloud, stack) for stack in STACKS)
    yield left, right
    for stack in STACKS:
        cloud.session().client("cloudformation").delete_stack(StackName=stack)


def calls(cloud: Twin, function: str) -> int:
    """Return how often EventBridge has called a function; the emulator writes it down, and counts no metric of it."""
    return cloud.log("cloud").read_text(encoding="utf-8").count(f"Lambda {function}: dispatched")


def in_the_ledger(cloud: Twin, outputs: Outputs) -> list[dict[str, Any]]:
    items = cloud.session().resource("dynamodb").Table(outputs["LedgerTable"]).scan()["Items"]
    return [item for item in items if str(item["pk"]).startswith("drop#")]


def finish(cloud: Twin, outputs: Outputs, run_id: str) -> None:
    """Put what a DAG of the stack puts at the end of a run."""
    drop_id, _, attempt = run_id.partition(".")
    detail = {"drop_id": drop_id, "attempt": int(attempt), "dag_id": "d", "run_id": run_id, "outcome": "loaded"}
    entry = {"Source": "suimon.dag", "DetailType": "Run Finished", "Detail": json.dumps({**detail, "rows": {}})}
    bus = outputs["EventBusName"]
    put = cloud.session().client("events").put_events(Entries=[{"EventBusName": bus, **entry}])  # type: ignore[typeddict-item]
    assert put["FailedEntryCount"] == 0


def test_the_end_of_a_run_is_heard_by_the_stack_that_started_it_alone(
    cloud: Twin, stacks: tuple[Outputs, Outputs]
) -> None:
    left, right = (outputs["OutcomeFunctionName"] for outputs in stacks)
    finish(cloud, stacks[0], f"{'a' * 16}.1")
    eventually(lambda: calls(cloud, left) == 1, f"the call of {left}")
    finish(cloud, stacks[1], f"{'b' * 16}.1")
    eventually(lambda: calls(cloud, right) == 1, f"the call of {right}")
    # Both have been delivered by now, and neither to the other.
    assert (calls(cloud, left), calls(cloud, right)) == (1, 1)


def test_a_file_is_seen_by_the_stack_in_whose_bucket_it_lands_alone(
    cloud: Twin, stacks: tuple[Outputs, Outputs]
) -> None:
    s3 = cloud.session().client("s3")
    for place, outputs in enumerate(stacks):
        s3.put_object(Bucket=outputs["RawBucket"], Key=f"nobody/asked-for-{place}.csv", Body=b"x")
    for place, outputs in enumerate(stacks):
        eventually(partial(in_the_ledger, cloud, outputs), f"file {place} in its ledger")
    for place, outputs in enumerate(stacks):
        [drop] = in_the_ledger(cloud, outputs)
        assert (drop["key"], drop["bucket"]) == (f"nobody/asked-for-{place}.csv", outputs["RawBucket"])
        assert drop["state"] == State.UNMATCHED


def test_each_alarm_reaches_the_mailbox_with_what_to_do(cloud: Twin, stacks: tuple[Outputs, Outputs]) -> None:
    del stacks
    for letter in letters(cloud.mail):
        if letter.confirmation_url:
            confirm(letter)
    watch = cloud.session().client("cloudwatch")
    alarms = watch.describe_alarms(AlarmNamePrefix="suimon-left-", MaxRecords=100)["MetricAlarms"]
    assert len(alarms) == len(list(of_type(template_of(cloud.root / "template.yaml"), "AWS::CloudWatch::Alarm")))
    for alarm in alarms:
        watch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason="a test")

    def heard() -> bool:
        return all(any(alarm["AlarmName"] in one.subject for one in letters(cloud.mail)) for alarm in alarms)

    eventually(heard, "a letter of each alarm")
    for alarm in alarms:
        [letter, *_] = [one for one in letters(cloud.mail) if alarm["AlarmName"] in one.subject]
        page = f"docs/operations/alarms.md#{alarm['AlarmName'].removeprefix('suimon-left-')}"
        assert page in letter.body, alarm["AlarmName"]
    assert not any("suimon-right" in one.subject for one in letters(cloud.mail))


@pytest.fixture(scope="module")
def acting(cloud: Twin, stacks: tuple[Outputs, Outputs]) -> Callable[[str], boto3.Session]:
    """Return what opens a session with nothing but one role or one policy of the left stack."""
    iam = cloud.session().client("iam")
    sessions: dict[str, boto3.Session] = {}

    def session(name: str) -> boto3.Session:
        if name not in sessions:
            if name.endswith("Policy"):
                user = iam.create_user(UserName=f"refused-{name}")["User"]["UserName"]
                iam.attach_user_policy(UserName=user, PolicyArn=stacks[0][f"{name}Arn"])
                key = iam.create_access_key(UserName=user)["AccessKey"]
                keys = {**cloud.principals, name: Keys(key["AccessKeyId"], key["SecretAccessKey"])}
                sessions[name] = cloud.with_(principals=keys).session(name)
            else:
                role = physical_name(cloud, name, STACKS[0])
                sessions[name] = cloud.role_session(iam.get_role(RoleName=role)["Role"]["Arn"])
        return sessions[name]

    return session


@pytest.mark.parametrize(
    ("who", "service", "method", "arguments"), REFUSED, ids=lambda one: one if isinstance(one, str) else ""
)
def test_what_a_role_does_not_need_it_is_refused(
    acting: Callable[[str], boto3.Session],
    stacks: tuple[Outputs, Outputs],
    who: str,
    service: str,
    method: str,
    arguments: dict[str, Any],
) -> None:
    client: Any = acting(who).client(service)  # type: ignore[call-overload] # the table's words
    assert refusal(partial(getattr(client, method), **filled(arguments, stacks[0]))).startswith("AccessDenied")


def refusal(call: Callable[[], dict[str, Any]]) -> str:
    """Return the code by which a call is refused; PutEvents answers 200 and refuses each entry by itself."""
    try:
        answer = call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return str(answer.get("Entries", [{}])[0].get("ErrorCode"))

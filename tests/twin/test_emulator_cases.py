"""What AWS refuses, call by call: `emulator_cases/README.md` says how a case is written."""

from __future__ import annotations

import io
import itertools
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.twin import Keys, Twin

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "emulator_cases" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]
MACHINE = {"QueryLanguage": "JSONata", "StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
_numbers = itertools.count()


@pytest.fixture(scope="module")
def made(cloud: Twin) -> dict[str, Any]:
    """What cases may name."""
    session = cloud.session()
    s3, sqs, kms, functions = (
        session.client("s3"),
        session.client("sqs"),
        session.client("kms"),
        session.client("lambda"),
    )
    made: dict[str, Any] = {"machine": json.dumps(MACHINE), "zip": _zip("def handler(event, context): return 1\n")}
    made["queue"] = sqs.create_queue(QueueName="cases")["QueueUrl"]
    made["queue_arn"] = "arn:aws:sqs:ap-northeast-1:000000000000:cases"
    made["topic"] = session.client("sns").create_topic(Name="cases")["TopicArn"]
    for name in ("function", "machine", "schedule", "reader"):
        made[f"{name}_role"] = _role(cloud, name)
    reading = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    session.client("iam").put_role_policy(
        RoleName="cases-reader",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [reading]}),
    )
    for name, role in (("function", "function_role"), ("reader", "reader_role")):
        code: Any = {"ZipFile": made["zip"]}
        functions.create_function(
            FunctionName=f"cases-{name}",
            Runtime="python3.13",
            Handler="app.handler",
            Role=made[role],
            Code=code,
            Timeout=60,
        )
        made[name] = f"cases-{name}"
    states = session.client("stepfunctions")
    machine = states.create_state_machine(name="cases", definition=made["machine"], roleArn=made["machine_role"])
    made["machine_arn"] = machine["stateMachineArn"]
    made["key"], disabled = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    for bucket, key in (("open", ""), ("sealed", made["key"]), ("shut", disabled)):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
        if key:
            rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
            s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        s3.put_object(Bucket=bucket, Key="there", Body=b"x")
    s3.put_object(Bucket="open", Key="tagged", Body=b"x", Tagging="a=b")
    kms.disable_key(KeyId=disabled)
    session.client("iam").create_user(UserName="nobody")
    session.client("dynamodb").create_table(
        TableName="cases",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    return made


@pytest.fixture(scope="module")
def caller(cloud: Twin) -> Callable[[dict[str, Any] | None], Any]:
    """Open a session of root, or of a new user with one statement."""
    iam = cloud.session().client("iam")

    def session(may: dict[str, Any] | None) -> Any:
        if may is None:
            return cloud.session()
        name = f"caller-{next(_numbers)}"
        iam.create_user(UserName=name)
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **may}]}
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return cloud.with_(principals={name: Keys(key["AccessKeyId"], key["SecretAccessKey"])}).session(name)

    return session


@pytest.mark.parametrize("case", [pytest.param(case, id=case["case"]) for case in CASES])
def test_the_twin_answers_as_aws(case: dict[str, Any], made: dict[str, Any], caller: Any) -> None:
    service, _, method = case["call"].partition(".")
    call = getattr(caller(case.get("may")).client(service), method)
    try:
        answer = call(**filled(case["with"], made))
        failed = [entry["ErrorCode"] for entry in answer.get("Entries", []) if entry.get("ErrorCode")]
        code = failed[0] if failed else ""
    except ClientError as error:
        code = error.response["Error"]["Code"]
    assert code == case.get("refused", "")


def test_no_two_cases_are_called_alike() -> None:
    names = [case["case"] for case in CASES]
    assert sorted(set(names)) == sorted(names)


def filled(value: Any, made: dict[str, Any]) -> Any:
    """Put in what a case names."""
    if isinstance(value, dict):
        return {name: filled(inner, made) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, made) for inner in value]
    if not isinstance(value, str):
        return value
    if value[1:-1] in made and value[0] == "{":
        return made[value[1:-1]]
    return re.sub(r"\{(.)\*(\d+)\}", lambda found: found[1] * int(found[2]), value)


def _role(twin: Twin, name: str) -> str:
    services = {"function": "lambda", "reader": "lambda", "machine": "states", "schedule": "scheduler"}
    principal = {"Service": f"{services[name]}.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    iam = twin.session().client("iam")
    made = iam.create_role(RoleName=f"cases-{name}", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    return made["Role"]["Arn"]


def _zip(code: str) -> bytes:
    artifact = io.BytesIO()
    with zipfile.ZipFile(artifact, "w") as file:
        file.writestr("app.py", code)
    return artifact.getvalue()

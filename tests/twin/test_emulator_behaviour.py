"""What the emulator does over time, held to AWS: limits of functions, of state machines, of batches and of uploads."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.functions import understood
from local.function_python import VERSION, is_lambdas
from local.supervisor import wait_for
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local.twin import Twin

LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
STATES = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
MEGABYTES = 1024 * 1024


@pytest.fixture(scope="module")
def role(cloud: Twin) -> str:
    """Make a role of functions and state machines that may do everything."""
    iam = cloud.session().client("iam")
    made = iam.create_role(RoleName="bounded", AssumeRolePolicyDocument=json.dumps({"Statement": [LAMBDA, STATES]}))
    iam.put_role_policy(RoleName="bounded", PolicyName="p", PolicyDocument=json.dumps(ANYTHING))
    return made["Role"]["Arn"]


@pytest.fixture(scope="module")
def deploy(cloud: Twin, role: str) -> Callable[..., str]:
    """Deploy a function of some lines; give its name."""

    def made(name: str, body: str, **settings: Any) -> str:
        artifact = io.BytesIO()
        with zipfile.ZipFile(artifact, "w") as code:
            code.writestr("app.py", f"import os, tempfile\ndef handler(event, context):\n    {body}\n")
        functions: Any = cloud.session().client("lambda")
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.handler",
            Role=role,
            Code={"ZipFile": artifact.getvalue()},
            **settings,
        )
        return name

    return made


def failure(cloud: Twin, name: str) -> str:
    answer = cloud.session().client("lambda").invoke(FunctionName=name)
    payload = json.loads(answer["Payload"].read())
    return payload["errorType"] if answer.get("FunctionError") else f"no failure: {str(payload)[:80]}"


def test_a_function_that_takes_more_memory_than_it_has_is_killed(cloud: Twin, deploy: Callable[..., str]) -> None:
    take = "import time; held = bytearray(os.urandom(1)) * (300 * 1024 * 1024); time.sleep(1); return len(held)"
    assert failure(cloud, deploy("greedy", take, Timeout=60)) == "Runtime.ExitError"
    assert failure(cloud, deploy("roomy", take, Timeout=60, MemorySize=512)).startswith("no failure")


@pytest.mark.skipif(not is_lambdas(), reason="this machine has no Python of Lambda's version: docs/twin.md, e29")
def test_a_function_runs_on_the_python_of_production(cloud: Twin, deploy: Callable[..., str]) -> None:
    name = deploy("versioned", "import sys; return '%d.%d' % sys.version_info[:2]", Timeout=60)
    answer = cloud.session().client("lambda").invoke(FunctionName=name)
    assert json.loads(answer["Payload"].read()) == VERSION
    # Gone since 3.12 and 3.13; on the Python of this project they are there.
    assert failure(cloud, deploy("outdated", "import imp, cgi", Timeout=60)) == "ModuleNotFoundError"


def test_a_function_that_fills_its_tmp_is_ended(cloud: Twin, deploy: Callable[..., str]) -> None:
    fill = (
        "import time; file = tempfile.NamedTemporaryFile();"
        " [file.write(bytes(1024 * 1024)) for _ in range(600)]; file.flush(); time.sleep(1)"
    )
    assert failure(cloud, deploy("full", fill, Timeout=60)) == "Runtime.ExitError"
    assert failure(cloud, deploy("empty", fill, Timeout=60, EphemeralStorage={"Size": 1024})).startswith("no failure")


def test_the_folder_of_the_code_is_read_only(cloud: Twin, deploy: Callable[..., str]) -> None:
    beside = "open(os.path.join(os.path.dirname(__file__), 'notes.txt'), 'w').write('x')"
    assert failure(cloud, deploy("writing", beside)) == "OSError"
    assert failure(cloud, deploy("reading", "return open(__file__).read(6)")) == "no failure: import"


def test_two_functions_do_not_share_a_tmp(cloud: Twin, deploy: Callable[..., str]) -> None:
    listing = "tmp = tempfile.gettempdir(); open(f'{tmp}/{context.function_name}', 'w'); return os.listdir(tmp)"
    for name in ("left", "right"):
        assert failure(cloud, deploy(name, listing)) == f"no failure: ['{name}']"


def test_an_answer_of_7_megabytes_is_too_long(cloud: Twin, deploy: Callable[..., str]) -> None:
    assert failure(cloud, deploy("wordy", "return 'x' * 7_000_000")) == "Function.ResponseSizeTooLarge"


def run_machine(
    cloud: Twin, role: str, name: str, states: dict[str, Any], given: Any = None, **machine: Any
) -> dict[str, Any]:
    steps: Any = cloud.session().client("stepfunctions")
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **machine}
    arn = steps.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)["stateMachineArn"]
    execution = steps.start_execution(stateMachineArn=arn, input=json.dumps(given, ensure_ascii=False))["executionArn"]

    def ended() -> bool:
        return bool(steps.describe_execution(executionArn=execution)["status"] != "RUNNING")

    wait_for(ended, cloud, PATIENCE, "the execution's end")
    return dict(steps.describe_execution(executionArn=execution))


@pytest.mark.parametrize(
    ("size", "end"), [(200_000, ("SUCCEEDED", None)), (262_144, ("FAILED", "States.DataLimitExceeded"))]
)
def test_a_task_gives_256_kibibytes_at_most_and_nothing_catches_more(
    cloud: Twin, role: str, deploy: Callable[..., str], size: int, end: tuple[str, str | None]
) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": deploy(f"giving-{size}", f"return 'x' * {size}")},
        "Output": "short",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
        "End": True,
    }
    ended = run_machine(cloud, role, f"giving-{size}", {"Ask": task, "Caught": {"Type": "Succeed"}})
    assert (ended["status"], ended.get("error")) == end


def test_a_state_passes_on_256_kibibytes_counted_in_utf_8(cloud: Twin, role: str) -> None:
    grow = {"Type": "Pass", "Output": "{% $states.input & $states.input %}", "Next": "End"}
    states = {"Grow": grow, "End": {"Type": "Succeed"}}
    assert run_machine(cloud, role, "growing", states, given="水" * 40_000)["status"] == "SUCCEEDED"
    ended = run_machine(cloud, role, "grown", states, given="水" * 50_000)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_a_machine_ends_at_its_timeout(cloud: Twin, role: str) -> None:
    wait = {"Type": "Wait", "Seconds": 7200, "End": True}  # longer than anybody waits for the machine
    ended = run_machine(cloud, role, "waiting", {"Wait": wait}, TimeoutSeconds=1)
    assert ended["status"] == "TIMED_OUT"


SENT = {"a", "b", "c"}


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"ItemIdentifier": "a"}]},
        {"batchItemFailures": [{"itemIdentifier": "of another batch"}]},
        {"batchItemFailures": ["a"]},
        {"batchItemFailures": "a"},
        "a",
        ["a"],
    ],
    ids=str,
)
def test_an_answer_that_lambda_does_not_understand_fails_the_whole_batch(answer: Any) -> None:
    assert not understood(answer, SENT)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"batchItemFailures": []},
        {"batchItemFailures": None},
        {"batchItemFailures": [{"itemIdentifier": "a"}]},
    ],
    ids=str,
)
def test_an_answer_that_lambda_understands_is_taken(answer: Any) -> None:
    assert understood(answer, SENT)


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("{'batchItemFailures': [{'itemIdentifier': ''}]}", 3),
        ("{'batchItemFailures': [{'itemIdentifier': event['Records'][0]['messageId']}]}", 1),
        ("{'batchItemFailures': []}", 0),
    ],
    ids=["an empty id", "one id", "nothing failed"],
)
def test_messages_of_a_failed_batch_stay_in_the_queue(
    cloud: Twin, deploy: Callable[..., str], answer: str, left: int
) -> None:
    sqs: Any = cloud.session().client("sqs")
    functions = cloud.session().client("lambda")
    name = f"batch-{left}"
    queue = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "120"})["QueueUrl"]
    sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": one, "MessageBody": one} for one in sorted(SENT)])
    functions.create_event_source_mapping(
        FunctionName=deploy(name, f"print('BATCH', len(event['Records'])); return {answer}"),
        EventSourceArn=f"arn:aws:sqs:ap-northeast-1:000000000000:{name}",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )

    def counts() -> tuple[int, int]:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    wait_for(lambda: counts() == (0, left) and _asked(cloud, name), cloud, PATIENCE, "the batch's end")


def test_an_event_that_a_function_fails_at_comes_again_and_then_to_its_end(
    cloud: Twin, deploy: Callable[..., str], tmp_path: Path
) -> None:
    """What a rule sends is an asynchronous invocation: three times in all, and as often as it is throttled."""
    events, functions = cloud.session().client("events"), cloud.session().client("lambda")
    asked = tmp_path / "asked"
    log = f"open({str(asked)!r}, 'a').write(event['detail']['n'])"
    deploy("fails-once", f"{log}; 1 / (os.path.getsize({str(asked)!r}) - 1)")
    arn = functions.get_function_configuration(FunctionName="fails-once")["FunctionArn"]
    functions.put_function_concurrency(FunctionName="fails-once", ReservedConcurrentExecutions=1)
    events.put_rule(Name="fails-once", EventPattern=json.dumps({"source": ["test.fails"]}))
    events.put_targets(Rule="fails-once", Targets=[{"Id": "f", "Arn": arn}])
    functions.add_permission(
        FunctionName="fails-once", StatementId="e", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    entries: Any = [{"Source": "test.fails", "DetailType": "t", "Detail": json.dumps({"n": n})} for n in "abcde"]
    assert events.put_events(Entries=entries)["FailedEntryCount"] == 0
    wait_for(lambda: asked.is_file() and len(asked.read_text()) > len(entries), cloud, PATIENCE, "every event")
    counted = Counter(asked.read_text())
    assert set(counted) == set("abcde")
    assert sorted(counted.values()) == [1, 1, 1, 1, 2]


def _asked(cloud: Twin, name: str) -> bool:
    logs = cloud.session().client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]:
        return False
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return (
        sum(int(event["message"].split("BATCH ")[1].split()[0]) for event in events if "BATCH " in event["message"])
        >= 3
    )


def test_parts_of_an_upload_are_5_mebibytes_but_the_last_one(cloud: Twin) -> None:
    s3 = cloud.session().client("s3")
    s3.create_bucket(Bucket="parts", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})

    def upload(*sizes: int) -> None:
        started = s3.create_multipart_upload(Bucket="parts", Key="k")["UploadId"]
        parts: Any = [
            {
                "PartNumber": number,
                "ETag": s3.upload_part(Bucket="parts", Key="k", UploadId=started, PartNumber=number, Body=bytes(size))[
                    "ETag"
                ],
            }
            for number, size in enumerate(sizes, start=1)
        ]
        s3.complete_multipart_upload(Bucket="parts", Key="k", UploadId=started, MultipartUpload={"Parts": parts})

    upload(5 * MEGABYTES, 100)
    with pytest.raises(ClientError, match="EntityTooSmall"):
        upload(100, 5 * MEGABYTES)


def test_1001_keys_are_not_deleted_at_once(cloud: Twin) -> None:
    s3 = cloud.session().client("s3")
    s3.create_bucket(Bucket="thousand", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    with pytest.raises(ClientError, match="MalformedXML"):
        s3.delete_objects(Bucket="thousand", Delete={"Objects": [{"Key": str(number)} for number in range(1001)]})

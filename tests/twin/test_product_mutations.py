"""Mistakes of the product that the twin once forgave: each runs as shipped, and with the mistake, which must be seen.

The others of the ten that docs/twin.md lists are in the tests that it names.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from botocore.exceptions import ClientError

from local.cloud.functions import understood
from local.redshift import dialect
from local.redshift.session import Session
from local.twin import Keys, Twin
from suimon.aws.objects import S3Version, UnreadableError
from tests.twin.test_fence import control_sums, given, has_started, loaded_drop, redshift, send
from tests.waiting import eventually

sys.path.append(str(Path(__file__).parents[2] / "dags"))  # as Airflow does

from suimon_etl.load import BATCH, load_parameters, load_statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.twin.redshift_server import Endpoint

__all__ = ["redshift"]  # the fixture
ROOT: Final = Path(__file__).resolve().parents[2]
ETL: Final = ROOT / "dags" / "suimon_etl"
NAMES: Final = {
    "RawBucket": "mutated-raw", "LakeBucket": "mutated-lake", "ReportsBucket": "mutated-reports",
}  # fmt: skip


HOLD: Final = {"MakesRawBucket", "MakesAlerts"}


class _Template(yaml.SafeLoader):
    """CloudFormation's functions as text: `!GetAtt A.Arn`, `!Ref A` and `!Sub ${A.Arn}` alike.

    A stack without a customer's key and without chat, of whose conditions those of `HOLD` hold.
    """


def _function(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> Any:
    if name == "If" and isinstance(node, yaml.SequenceNode):
        condition, yes, no = loader.construct_sequence(node, deep=True)
        return yes if condition in HOLD else no
    if name == "Sub" and isinstance(node, yaml.SequenceNode):
        text, names = loader.construct_sequence(node, deep=True)
        for own, value in names.items():
            text = text.replace(f"${{{own}}}", value)
        return text
    if not isinstance(node, yaml.ScalarNode):
        return None
    return node.value if name == "Sub" else f"${{{node.value}}}"


_Template.add_multi_constructor("!", _function)


def resources() -> dict[str, Any]:
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, _Template)["Resources"]  # noqa: S506 a safe loader with one more tag
    return loaded


def s3_statements(resource: str) -> list[dict[str, Any]]:
    """Return what a role or policy of the template may do in S3, for the buckets of this file."""
    properties = resources()[resource]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [properties])]
    statements = [one for document in documents for one in document["Statement"] if isinstance(one, dict)]
    text = json.dumps([one for one in statements if "s3:" in str(one["Action"])])
    text = text.replace("${AWS::Partition}", "aws")
    for name, bucket in NAMES.items():
        text = text.replace(f"${{{name}.Arn}}", f"arn:aws:s3:::{bucket}").replace(f"${{{name}}}", bucket)
    named: list[dict[str, Any]] = json.loads(text)
    return [statement for statement in named if "${" not in str(statement["Resource"])]


@pytest.fixture(scope="module")
def buckets(cloud: Twin) -> Any:
    s3 = cloud.session().client("s3")
    for name, bucket in NAMES.items():
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
        encryption = resources()[name]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        rules: Any = [
            {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]} for rule in encryption
        ]
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    s3.put_bucket_versioning(Bucket=NAMES["RawBucket"], VersioningConfiguration={"Status": "Enabled"})
    return s3


@pytest.fixture
def session_of(cloud: Twin, request: pytest.FixtureRequest) -> Callable[[list[dict[str, Any]]], Any]:
    """Open a session that may do what some statements say."""
    iam, opened = cloud.session().client("iam"), list[str]()
    account = cloud.session().client("sts").get_caller_identity()["Account"]

    def session(statements: list[dict[str, Any]]) -> Any:
        opened.append(name := f"mutant-{abs(hash(request.node.name))}-{len(opened)}")
        iam.create_user(UserName=name)
        document = {"Version": "2012-10-17", "Statement": statements}
        iam.put_user_policy(
            UserName=name, PolicyName="p", PolicyDocument=json.dumps(document).replace("${AWS::AccountId}", account)
        )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return cloud.with_(principals={name: Keys(key["AccessKeyId"], key["SecretAccessKey"])}).session(name)

    return session


def mutated(monkeypatch: pytest.MonkeyPatch, path: Path, *changes: tuple[str, str]) -> Any:
    """Load a module of the product with some of its text changed."""
    text = path.read_text(encoding="utf-8")
    for shipped, wrong in changes:
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, wrong)
    module = types.ModuleType(f"mutated_{path.stem}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(text, str(path), "exec"), module.__dict__)  # noqa: S102 the project's own text
    return module


LISTED = """if not s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
        return None
    result = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())"""
ASKED = """try:
        result = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None"""


@pytest.mark.usefixtures("buckets")
def test_1_a_report_that_is_asked_for_by_its_key(monkeypatch: pytest.MonkeyPatch, session_of: Any) -> None:
    s3 = session_of(s3_statements("DagPolicy")).client("s3")
    folder = f"s3://{NAMES['LakeBucket']}/processed/sales/2026-11-20/a.1/"
    assert mutated(monkeypatch, ETL / "parquet.py").read_report(s3, folder) is None
    wrong = mutated(monkeypatch, ETL / "parquet.py", (LISTED, ASKED))
    with pytest.raises(ClientError, match="AccessDenied"):
        wrong.read_report(s3, folder)


@pytest.mark.parametrize("bound", [None, {"StringLike": {"s3:prefix": "sales/*"}}])
def test_1_the_gate_without_the_right_to_list(buckets: Any, session_of: Any, bound: dict[str, Any] | None) -> None:
    def look(statements: list[dict[str, Any]]) -> None:
        s3 = session_of(statements).client("s3")
        S3Version(s3, NAMES["RawBucket"], "sales/x.csv", version, etag=etag, size=1).read(0, 1)

    put = buckets.put_object(Bucket=NAMES["RawBucket"], Key="sales/x.csv", Body=b"x")
    version, etag = put["VersionId"], put["ETag"].strip('"')
    buckets.delete_object(Bucket=NAMES["RawBucket"], Key="sales/x.csv", VersionId=version)
    shipped = s3_statements("IntakeRole")
    with pytest.raises(UnreadableError, match="was deleted"):
        look(shipped)
    listing = next(one for one in shipped if "s3:ListBucket" in one["Action"])
    others = [one for one in shipped if one is not listing]
    with pytest.raises(ClientError, match="AccessDenied"):
        look([*others, {**listing, "Condition": bound}] if bound else others)


def test_6_a_customers_key_on_a_bucket_without_its_grants(cloud: Twin, buckets: Any, session_of: Any) -> None:
    s3, place = session_of(s3_statements("IntakeRole")).client("s3"), {"Bucket": NAMES["LakeBucket"]}
    s3.put_object(**place, Key="accepted/sales/x.csv", Body=b"x")
    key = cloud.session().client("kms").create_key()["KeyMetadata"]["Arn"]
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    buckets.put_bucket_encryption(**place, ServerSideEncryptionConfiguration={"Rules": [rule]})
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(**place, Key="accepted/sales/y.csv", Body=b"x")


@pytest.mark.parametrize(
    ("shipped", "wrong"),
    [
        ('"DetailType": DETAIL_TYPE, ', ""),
        ("json.dumps(detail, ensure_ascii=False)", "str(detail)"),
        ("json.dumps(detail, ensure_ascii=False)", "json.dumps([detail])"),
        ("json.dumps(detail, ensure_ascii=False)", "json.dumps({**detail, 'log': 'x' * 300_000})"),
    ],
)
def test_7_the_end_of_a_run_that_eventbridge_cannot_take(
    cloud: Twin, monkeypatch: pytest.MonkeyPatch, shipped: str, wrong: str
) -> None:
    events, detail = cloud.session().client("events"), {"run_id": "a.1", "error": "失敗"}
    assert mutated(monkeypatch, ETL / "report.py").publish(events, "default", detail)
    module = mutated(monkeypatch, ETL / "report.py", (shipped, wrong))
    with pytest.raises((module.ReportError, ClientError)):
        module.publish(events, "default", detail)


@pytest.mark.parametrize(
    "wrong",
    [
        {"Timeout": 901},
        {"MemorySize": 20_000},
        {"EphemeralStorage": {"Size": 20_480}},
        {"Environment": {"Variables": {"SUIMON_CONTRACT": "x" * 5_000}}},
        {"Environment": {"Variables": {"AWS_REGION": "ap-northeast-1"}}},
    ],
)
def test_8_a_function_beyond_lambdas_limits(cloud: Twin, wrong: dict[str, Any]) -> None:
    session = cloud.session()
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    name = f"mutated-{next(iter(wrong)).lower()}-{len(str(wrong))}"
    role = session.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [statement]})
    )
    properties = resources()["IntakeFunction"]["Properties"]
    kept = {key: properties[key] for key in ("Timeout", "MemorySize", "EphemeralStorage")}

    def create(function: str, **changed: Any) -> Any:
        functions: Any = session.client("lambda")
        given: Any = {
            **kept,
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Code": {"ZipFile": b"PK\x05\x06" + bytes(18)},
        }
        return functions.create_function(FunctionName=function, Role=role["Role"]["Arn"], **{**given, **changed})

    assert create(f"{name}-shipped")["FunctionArn"]
    with pytest.raises(ClientError, match=r"InvalidParameterValue|ValidationException"):
        create(name, **wrong)


@pytest.mark.parametrize("behind", [None, "fence", "delete"])
def test_10_a_load_that_locks_behind_its_first_read(
    redshift: Endpoint, monkeypatch: pytest.MonkeyPatch, behind: str | None
) -> None:
    batch = [name for name in BATCH if name != "lock"]
    batch.insert(batch.index(behind) + 1 if behind else 0, "lock")
    monkeypatch.setattr("suimon_etl.load.BATCH", tuple(batch))
    newer, older = given(redshift, 2), given(redshift, 1)
    parameters = {one["name"]: one["value"] for one in load_parameters(newer, control_sums(newer))}
    session = Session(redshift.warehouse, pid=101)
    session.begin()
    for number, sql in enumerate(load_statements("sales_fact", newer, control_sums(newer))):
        session.run(dialect.plan(sql, frozenset(parameters)), parameters, number)
    waiting = send(redshift, older)
    # It waits for the lock, or, behind the DELETE, for that.
    stands = batch.index("lock") if behind != "delete" else batch.index("delete")
    eventually(lambda: has_started(redshift, f"{waiting}:{stands + 1}"))
    session.commit()
    session.close()
    redshift.ended(waiting)
    if behind is None:
        assert loaded_drop(redshift) == 2
    else:
        with pytest.raises(AssertionError):
            loaded_drop(redshift)


def test_11_a_partial_answer_of_another_form() -> None:
    messages = [{"messageId": "m-1", "eventSource": "aws:sqs", "body": "{}"}]

    def fail(_record: Any) -> None:
        raise ValueError

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    with processor(messages, fail):
        processor.process()
    shipped = processor.response()
    assert shipped == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert understood(shipped, {"m-1"})
    for wrong in (
        {"batchItemFailures": [{"messageId": "m-1"}]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        "m-1",
    ):
        assert not understood(wrong, {"m-1"})

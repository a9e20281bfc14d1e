"""The cloud that functions are tested on: moto, the ledger's table, a topic that can be read, and the entry points."""

from __future__ import annotations

import importlib.util
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from tests.both_languages import refusals_are_in_both_languages  # noqa: F401 a fixture
from tests.fast_moto import kept_session, make_moto_fast
from tests.functional.intake.set_world import World
from tests.one_database import one_database  # noqa: F401 a fixture
from tests.simulation.services.table import Table as MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.contract.model import Contracts
    from suimon.contract.set_rule import SetRule
    from suimon.contract.volume import Volume
    from suimon.incidents.store import IncidentStore

# What speaks to DynamoDB by other ways than the table that it is given.
ON_MOTO = ("tests/functional/ledger/", "tests/functional/cli/", "tests/functional/intake/test_requests.py")
FUNCTIONS = Path(__file__).parents[2] / "functions"


@dataclass(frozen=True)
class Published:
    """One publish, as SNS got it."""

    subject: str
    mail: str
    machine: dict[str, Any]
    attributes: dict[str, str]


class Post:
    """A topic of which a test reads what people and machines would get."""

    def __init__(self) -> None:
        self.sns = boto3.client("sns")
        self.topic_arn = self.sns.create_topic(Name="alerts")["TopicArn"]
        self._taken = 0

    def published(self) -> list[Published]:
        """Take what has come since last asked."""
        backend = sns_backends[DEFAULT_ACCOUNT_ID][self.sns.meta.region_name]
        sent = backend.topics[self.topic_arn].sent_notifications[self._taken :]
        self._taken += len(sent)
        found = []
        for _, message, subject, attributes, _ in sent:
            texts, chosen = json.loads(message), attributes or {}
            values = {name: value["Value"] for name, value in chosen.items()}
            found.append(Published(subject or "", texts["email"], json.loads(texts["default"]), values))
        return found

    def letters(self) -> list[tuple[str, str]]:
        """Take what has come since last asked: subject and message of each e-mail."""
        return [(one.subject, one.mail) for one in self.published()]

    def subjects(self) -> list[str]:
        """Take what has come since last asked: the subjects."""
        return [subject for subject, _ in self.letters()]


def open_ids(incidents: IncidentStore) -> list[str]:
    """Return the ids of what is open."""
    return [str(one.id) for one in incidents.open_incidents()]


@dataclass
class LambdaContext:
    """What Powertools reads of Lambda's context."""

    function_name: str = "function"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:ap-northeast-1:123456789012:function:function"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"
    seconds_left: float = 900

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds_left * 1000)


@pytest.fixture
def context() -> LambdaContext:
    return LambdaContext()


@pytest.fixture(scope="session", autouse=True)
def _moto_is_fast() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        make_moto_fast(patch)
        yield


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Amazon's services in this process; nothing of the user's own credentials or endpoints is seen."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-1")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr(boto3, "_get_default_session", kept_session)
    with mock_aws():
        yield


@pytest.fixture
def table(aws: None, request: pytest.FixtureRequest) -> Any:
    """The ledger's table: in memory, as tests/conformance compares it with moto's; moto's in ON_MOTO and by night."""
    del aws
    needs_moto = request.node.nodeid.startswith(ON_MOTO) or "entry_point" in request.fixturenames
    return ledger_on_moto() if needs_moto or request.config.getoption("--long") else MemoryTable()


def ledger_on_moto() -> Table:
    """Make the ledger's table with the keys and indexes of the template."""
    keys = ("pk", "sk", "state", "updated_at", "of_dataset", "partition")

    def schema(partition: str, order: str) -> list[Any]:
        return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": order, "KeyType": "RANGE"}]

    def index(name: str, partition: str, order: str) -> Any:
        return {
            "IndexName": name,
            "KeySchema": schema(partition, order),
            "Projection": {"ProjectionType": "ALL"},
        }

    return boto3.resource("dynamodb").create_table(
        TableName="ledger",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=schema("pk", "sk"),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        GlobalSecondaryIndexes=[
            index("by_state", "state", "updated_at"),
            index("by_partition", "of_dataset", "partition"),
        ],
    )


@pytest.fixture
def post(aws: None) -> Post:
    del aws
    return Post()


@pytest.fixture
def entry_point(tmp_path: Path) -> Callable[[str, Contracts], ModuleType]:
    """Load a function as its artifact holds it: app.py with the compiled contracts beside it."""

    def load(name: str, contracts: Contracts) -> ModuleType:
        artifact = tmp_path / name
        artifact.mkdir()
        path = Path(shutil.copy(FUNCTIONS / name / "app.py", artifact))
        (artifact / "contracts.json").write_text(json.dumps(contracts.to_json()), encoding="utf-8")
        spec = importlib.util.spec_from_file_location(f"{name}_app", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def world(table: Table, post: Post) -> Callable[..., World]:
    """Return what builds a gate for a dataset of shards."""

    def build(rule: SetRule, volume: Volume | None = None) -> World:
        s3 = boto3.client("s3")
        for bucket in ("raw", "lake", "reports"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
        s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
        return World(table, s3, post.sns, post.topic_arn, rule, volume)

    return build

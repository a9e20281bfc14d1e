"""The gate on moto: real S3, DynamoDB and SNS calls, the real checker, a scripted Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from suimon.aws.objects import Objects
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.intake.gate import Gate
from suimon.intake.inspection import FileInspector
from suimon.ledger.drops import Ledger
from suimon.ledger.shares import Shares
from suimon.mwaa.airflow import Airflow
from suimon.mwaa.pace import Pace
from tests.settings import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.contract.model import Contracts
    from tests.functional.conftest import Post

from tests.datasets import release
from tests.functional.intake.gated import Clock, FakeMwaa, FakeSfn


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return release().contracts


@pytest.fixture
def mwaa() -> FakeMwaa:
    return FakeMwaa()


@pytest.fixture
def sfn() -> FakeSfn:
    return FakeSfn()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(
    table: Table, post: Post, contracts: Contracts, mwaa: FakeMwaa, sfn: FakeSfn, clock: Clock, tmp_path: Path
) -> Gate:
    s3 = boto3.client("s3")
    for bucket in ("raw", "lake", "reports"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    objects = Objects(s3)
    return Gate(
        ledger=Ledger(table),
        objects=objects,
        airflow=Airflow(mwaa, "env", Pace(table, "env", clock, lambda _: None)),  # type: ignore[arg-type]  # a fake
        incidents=IncidentStore(table, Publisher(post.sns, post.topic_arn)),
        sfn=sfn,  # type: ignore[arg-type]  # a fake
        contracts=contracts,
        settings=SETTINGS,
        inspector=FileInspector(objects=objects, reports_bucket="reports", scratch=tmp_path, clock=clock),
        shares=Shares(table, 4),
        owner="this invocation",
        clock=clock,
    )

"""`suimon check s3://…` on moto. Which version is read, which partition its key gives, and how failures are told."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from click.testing import CliRunner, Result

from suimon.check.verdict import Verdict
from suimon.cli import check
from suimon.cli.main import main
from tests.datasets import contract_file

SALES = str(contract_file("sales"))
KEY = "sales/2026-11-20/sales_data.csv"


class Engine:
    """Reads all bytes, accepts them, and remembers what it was given."""

    def __init__(self) -> None:
        self.content = b""
        self.partition: str | None = None

    def __call__(self, source: Any, contract: Any, partition: str | None, **options: Any) -> Verdict:
        del contract, options
        self.content, self.partition = b"".join(source.chunks()), partition
        return Verdict(accepted=True, rows=1)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    fake = Engine()
    monkeypatch.setattr(check, "judge", fake)
    return fake


@pytest.fixture
def versions(aws: None) -> list[str]:
    del aws
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    return [s3.put_object(Bucket="raw", Key=KEY, Body=content)["VersionId"] for content in (b"old", b"new")]


def suimon(*arguments: str) -> Result:
    return CliRunner().invoke(main, ("check", *arguments, "--contract", SALES), catch_exceptions=False)


@pytest.mark.usefixtures("versions")
def test_the_newest_version_is_checked_for_the_date_in_its_key(engine: Engine) -> None:
    result = suimon(f"s3://raw/{KEY}")
    assert result.exit_code == 0
    assert (engine.content, engine.partition) == (b"new", "2026-11-20")
    assert result.stderr == ""


def test_an_older_version_is_checked_when_it_is_named(engine: Engine, versions: list[str]) -> None:
    assert suimon(f"s3://raw/{KEY}?versionId={versions[0]}").exit_code == 0
    assert engine.content == b"old"


@pytest.mark.usefixtures("versions")
def test_a_partition_that_is_given_wins_over_the_key(engine: Engine) -> None:
    assert suimon(f"s3://raw/{KEY}", "--partition", "2026-11-21").exit_code == 0
    assert engine.partition == "2026-11-21"


@pytest.mark.usefixtures("engine", "versions")
@pytest.mark.parametrize("address", ["s3://raw/gone.csv", "s3://gone/x.csv", f"s3://raw/{KEY}?versionId=gone"])
def test_what_is_not_there_is_told_without_a_traceback(address: str) -> None:
    result = suimon(address)
    assert result.exit_code == 2
    assert f"Error: {address}: " in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("versions")
def test_missing_credentials_are_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*_: Any, **__: Any) -> Verdict:
        raise NoCredentialsError

    monkeypatch.setattr(check, "judge", judge)
    result = suimon(f"s3://raw/{KEY}")
    assert result.exit_code == 2
    assert "no credentials: set AWS_PROFILE" in result.stderr

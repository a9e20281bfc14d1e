"""`suimon report` and `suimon put` on S3 and DynamoDB (moto)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import click
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from suimon.cli import put, report
from suimon.cli.errors import CommandError
from suimon.cli.main import main
from suimon.cli.stack import advice
from suimon.contract.keys import KeyPattern
from suimon.drops.drop import Drop, DropRecord, Rejection
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.ledger.drops import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.type_defs import CreateBucketConfigurationTypeDef

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = "2026-11-20"
FOLDER = f"sales/{DAY}/run/"
FILES = {"report.html": b"<p>page", "report.json": b"{}", "bad_cells.jsonl": b"", "bad_records.csv": b"x"}


@pytest.fixture
def ledger(table: Table, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    place: CreateBucketConfigurationTypeDef = {"LocationConstraint": "ap-northeast-1"}
    for bucket in ("reports", "raw"):
        boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    outputs = {"LedgerTable": table.name, "RawBucket": "raw", "ReportsBucket": "reports"}
    for module in (report, put):
        monkeypatch.setattr(module, "outputs_of", lambda _, *names: [outputs[name] for name in names])
    return Ledger(table, "intake 1")


def suimon(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def rejected(ledger: Ledger, page: str = f"s3://reports/{FOLDER}report.html") -> DropRecord:
    record = ledger.receive(Drop("raw", "s.csv", "v", "etag", 1, "01"), Match("sales", DAY), NOON)
    record = ledger.claim(record, NOON, owner="a", lease=timedelta(minutes=16), attempt=1)
    return ledger.move(record, State.REJECTED, NOON, rejection=Rejection(1, "1 fault.", ("type-error",), page))


def kept() -> None:
    for name, body in FILES.items():
        boto3.client("s3").put_object(Bucket="reports", Key=FOLDER + name, Body=body)


def test_the_parts_of_a_report_are_fetched_into_a_folder_of_the_drops_name(ledger: Ledger, tmp_path: Path) -> None:
    record = rejected(ledger)
    kept()
    result = suimon("report", f"{record.id}.1", "--out", str(tmp_path / "new"))
    folder = tmp_path / "new" / record.id
    link = f"A link to it for whoever sent the file:\n  suimon report {record.id} --link\n"
    assert (result.exit_code, result.stdout) == (0, f"{folder / 'report.html'}\n{link}")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES


def test_a_report_without_bad_records_is_fetched_without_them(ledger: Ledger, tmp_path: Path) -> None:
    record = rejected(ledger)
    kept()
    boto3.client("s3").delete_object(Bucket="reports", Key=f"{FOLDER}bad_records.csv")
    assert suimon("report", record.id, "--out", str(tmp_path)).exit_code == 0
    assert {path.name for path in (tmp_path / record.id).iterdir()} == set(FILES) - {"bad_records.csv"}


@pytest.mark.parametrize("name", FILES)
def test_a_part_that_s3_does_not_give_now_is_not_left_out_in_silence(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    record, client = rejected(ledger), boto3.client("s3")
    kept()
    download = client.download_file

    def refused(bucket: str, key: str, path: str) -> None:
        if key.endswith(name):
            raise ClientError({"Error": {"Code": "SlowDown", "Message": "Reduce your request rate."}}, "HeadObject")
        download(bucket, key, path)

    monkeypatch.setattr(client, "download_file", refused)
    monkeypatch.setattr(boto3, "client", lambda *_, **__: client)
    result = suimon("report", record.id, "--out", str(tmp_path))
    assert (result.exit_code, "SlowDown" in result.output) == (2, True)


def test_a_link_opens_the_page_and_nothing_else_for_so_many_hours(ledger: Ledger) -> None:
    record = rejected(ledger)
    kept()
    link = suimon("report", record.id, "--link", "--hours", "48").stdout
    assert f"{FOLDER}report.html?" in link
    assert "X-Amz-Expires=172800" in link
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link


def test_a_link_to_the_bad_records_is_one_to_them(ledger: Ledger) -> None:
    record = rejected(ledger)
    kept()
    assert f"{FOLDER}bad_records.csv?" in suimon("report", record.id, "--link", "--records").stdout
    assert suimon("report", record.id, "--records").exit_code == 2
    boto3.client("s3").delete_object(Bucket="reports", Key=f"{FOLDER}bad_records.csv")
    assert suimon("report", record.id, "--link", "--records").exit_code == 1


@pytest.mark.parametrize("asked", [["--link"], []])
def test_a_report_that_is_no_longer_kept_is_said_to_be_gone(ledger: Ledger, tmp_path: Path, asked: list[str]) -> None:
    record = rejected(ledger)
    result = suimon("report", record.id, "--out", str(tmp_path), *asked)
    assert (result.exit_code, "no longer kept" in result.output) == (1, True)


@pytest.mark.parametrize(
    "named",
    [
        "s3://raw/s.csv",
        f"s3://raw/{FOLDER}report.html",
        f"s3://reports-of-others/{FOLDER}report.html",
        "s3://reports/replays/sales/a.json",
        "s3://reports/replays/report.html",
        f"s3://reports/{FOLDER}bad_cells.jsonl",
        f"s3://reports/{FOLDER}report.html?versionId=1",
        f"s3://reports//{FOLDER}report.html",
        f"https://reports.s3.amazonaws.com/{FOLDER}report.html",
        f"arn:aws:s3:::reports/{FOLDER}report.html",
        "javascript:report.html",
        "s3://reports/sales\u202e/report.html",
        "/etc/passwd",
        " ",
    ],
)
@pytest.mark.parametrize("asked", [["--link"], ["--link", "--records"], []])
def test_a_report_is_of_the_drops_dataset_in_the_reports_bucket_whatever_the_ledger_says(
    ledger: Ledger, tmp_path: Path, named: str, asked: list[str]
) -> None:
    record = rejected(ledger, page=named)
    kept()
    boto3.client("s3").put_object(Bucket="raw", Key="s.csv", Body=b"secret")
    result = suimon("report", record.id, "--out", str(tmp_path), *asked)
    assert (result.exit_code, "names no report of sales" in result.output) == (2, True)
    assert "X-Amz-Signature" not in result.output
    assert "\u202e" not in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "asked", ["../../etc", "%2e%2e/a", "drop#1", "x" * 5_000, "\u202e", "ａ", "*", "s3://raw/s.csv"]
)
def test_a_link_for_what_is_no_drop_is_not_made(ledger: Ledger, asked: str) -> None:
    rejected(ledger)
    kept()
    result = suimon("report", asked, "--link")
    assert result.exit_code in {1, 2}
    assert "X-Amz" not in result.output


@pytest.mark.parametrize("hours", ["0", "169", "-1", "1e9", "24.5", "nan", "９"])
def test_a_link_that_s3_would_refuse_is_not_made(hours: str) -> None:
    assert suimon("report", "0123456789abcdef", "--link", "--hours", hours).exit_code == 2


def test_what_has_no_report_says_why(ledger: Ledger) -> None:
    unknown = suimon("report", "0123456789abcdef")
    assert (unknown.exit_code, "knows no drop" in unknown.output) == (1, True)
    unread = suimon("report", rejected(ledger, page="").id)
    assert (unread.exit_code, "there is no report" in unread.output) == (1, True)


def test_a_file_is_put_under_the_key_of_its_date_and_the_next_command_is_named(ledger: Ledger, tmp_path: Path) -> None:
    del ledger
    (tmp_path / "any.csv").write_bytes(b"a,b")
    result = suimon("put", str(tmp_path / "any.csv"), "--contract", "sales", "--partition", DAY, "--stack", "prod")
    key = f"sales/{DAY}/sales_data.csv"
    assert result.stdout.splitlines() == [f"sent to s3://raw/{key}", f"  suimon explain sales {DAY} --stack prod"]
    assert boto3.client("s3").get_object(Bucket="raw", Key=key)["Body"].read() == b"a,b"


def test_a_sender_who_may_not_look_at_the_stack_names_the_bucket(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del ledger
    monkeypatch.setattr(put, "outputs_of", lambda *_: pytest.fail("the stack was asked"))
    (tmp_path / "any.csv").write_bytes(b"a,b")
    arguments = ("put", str(tmp_path / "any.csv"), "--contract", "sales", "--partition", DAY)
    assert suimon(*arguments, "--bucket", "raw").exit_code == 0
    monkeypatch.setenv("SUIMON_RAW_BUCKET", "raw")
    assert suimon(*arguments).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--contract", "sales", "--partition", "2026-W47"], "not a real date"),
        (["--contract", "sales", "--partition", "11/20"], "did you mean 202"),
        (["--contract", "sales", "--partition", DAY, "--shard", "1"], "--shard is not"),
        (["--contract", "slaes", "--partition", DAY], "did you mean sales?"),
        (["--contract", "sales", "--partition", DAY, "--bucket", "no-such-bucket"], "NoSuchBucket"),
    ],
)
def test_a_file_that_no_key_fits_is_not_sent(ledger: Ledger, tmp_path: Path, arguments: list[str], said: str) -> None:
    del ledger
    (tmp_path / "any.csv").write_bytes(b"a,b")
    result = suimon("put", str(tmp_path / "any.csv"), *arguments)
    assert (result.exit_code, said in " ".join(result.output.split())) == (2, True)
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="raw")


def test_whose_partition_is_none_is_told_all_of_it_in_japanese(ledger: Ledger, tmp_path: Path) -> None:
    del ledger
    (tmp_path / "any.csv").write_bytes(b"a,b")
    asked = [str(tmp_path / "any.csv"), "--contract", "sales", "--partition", "2026-W47", "--lang", "ja"]
    for command in ("put", "check"):
        result = suimon(command, *asked)
        assert result.exit_code == 2
        assert "'2026-W47' は sales のパーティションではありません。YYYY-MM-DD の形で" in result.stderr


def test_a_sender_who_names_no_bucket_hears_how(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del ledger

    def refused(*_: Any) -> Any:
        raise CommandError("stack prod: you may not")

    monkeypatch.setattr(put, "outputs_of", refused)
    (tmp_path / "any.csv").write_bytes(b"a,b")
    result = suimon("put", str(tmp_path / "any.csv"), "--contract", "sales", "--partition", DAY)
    assert (result.exit_code, "SUIMON_RAW_BUCKET" in result.stderr, "you may not" in result.stderr) == (2, True, True)


def test_the_rights_that_are_missing_are_those_of_what_was_asked() -> None:
    for operation, policy in {
        "PutObject": "UpstreamPolicy",
        "ExecuteStatement": "redshift-data",
        "Query": "Viewer",
    }.items():
        error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
        assert policy in advice(error)


def test_a_shard_has_a_name_that_its_key_can_hold() -> None:
    pattern = KeyPattern("orders/{ds}/part-{shard}.csv")
    assert put.key_of(pattern, DAY, "01") == f"orders/{DAY}/part-01.csv"
    for shard, said in (("", "--shard is needed"), ("a/b", "is not 1 to 64 of")):
        with pytest.raises(click.UsageError, match=said):
            put.key_of(pattern, DAY, shard)

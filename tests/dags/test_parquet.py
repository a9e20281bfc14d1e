"""The Glue job's report against what lies in S3."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from suimon_etl.parquet import Report, list_folder, problems, read_report
from suimon_etl.request import RunRequest
from suimon_etl.tables import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

SALES = table_of("sales")
COLUMNS = ("order_id", "order_date", "customer_id", "product_name", "quantity", "unit_price", "amount")
FOLDER = "processed/sales/2026-11-20/0123456789abcdef.1"


@pytest.fixture
def request_(conf: dict[str, Any]) -> RunRequest:
    return RunRequest.from_params(conf)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    with mock_aws():
        client = boto3.client("s3", region_name="ap-northeast-1")
        client.create_bucket(Bucket="suimon-lake", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
        yield client


def report(**changed: Any) -> Report:
    return replace(
        Report(
            run="0123456789abcdef.1",
            rows=3,
            sizes={"part-0": 10, "part-1": 20},
            version="1.0.0",
            columns=COLUMNS,
            sums={"quantity": "6", "unit_price": "300.00", "amount": "600.00"},
        ),
        **changed,
    )


def test_a_folder_that_is_what_the_job_reports_has_no_problem(request_: RunRequest) -> None:
    assert problems(request_, SALES, report(), {"part-0": 10, "part-1": 20}) == []


@pytest.mark.parametrize(
    ("changed", "found", "told"),
    [
        ({"rows": 2}, {}, "the Parquet files hold 2 rows, the file 3"),
        ({"run": "0123456789abcdef.2"}, {}, "the result is of run 0123456789abcdef.2, not of 0123456789abcdef.1"),
        ({}, {"part-1": None}, "part-1 is missing"),
        (
            {"columns": (*COLUMNS[:5], "amount", "unit_price"), "version": "2.0.0"},
            {},
            (
                f"the Parquet has the columns {', '.join(COLUMNS[:5])}, amount, unit_price of contract 2.0.0, "
                f"the DAGs know {', '.join(COLUMNS)} of 1.0.0: deploy dags/ of the gate's release, then replay"
            ),
        ),
        (
            {"sums": {"quantity": "6", "unit_price": "300.00"}},
            {},
            "the result has the control sums of other columns than the table: amount",
        ),
        ({}, {"part-1": 19}, "part-1 has 19 bytes, the job wrote 20"),
        ({}, {"_SUCCESS": 0}, "_SUCCESS is not of this run, yet COPY would load it"),
    ],
)
def test_each_difference_is_told(
    request_: RunRequest, changed: dict[str, Any], found: dict[str, int | None], told: str
) -> None:
    lying = {name: size for name, size in ({"part-0": 10, "part-1": 20} | found).items() if size is not None}
    assert problems(request_, SALES, report(**changed), lying) == [told]


def test_all_differences_are_told_at_once(request_: RunRequest) -> None:
    assert len(problems(request_, SALES, report(rows=2), {"part-0": 9, "part-7": 1})) == 4


def test_report_and_listing_come_from_their_own_places(s3: S3Client, request_: RunRequest) -> None:
    result = {"run": "0123456789abcdef.1", "rows": 99, "files": [{"name": "part-0", "size": 4, "rows": 3}]}
    result |= {"version": "1.0.0", "columns": ["a"], "sums": {"a": "1.50"}}
    s3.put_object(Bucket="suimon-lake", Key=f"{FOLDER}.result.json", Body=json.dumps(result))
    s3.put_object(Bucket="suimon-lake", Key=f"{FOLDER}/part-0", Body=b"PAR1")
    s3.put_object(Bucket="suimon-lake", Key=f"{FOLDER}0/part-0", Body=b"the tenth attempt")

    assert read_report(s3, request_.target_uri) == Report(
        "0123456789abcdef.1", 3, {"part-0": 4}, "1.0.0", ("a",), {"a": "1.50"}
    )
    assert list_folder(s3, request_.target_uri) == {"part-0": 4}


def test_a_job_that_wrote_no_result_has_done_nothing_to_load(s3: S3Client, request_: RunRequest) -> None:
    assert read_report(s3, request_.target_uri) is None
    assert problems(request_, SALES, None, {"part-0": 10}) == [
        "the Glue job left no result beside the folder, which it writes last of all"
    ]


def test_an_empty_folder_lists_as_empty(s3: S3Client, request_: RunRequest) -> None:
    assert list_folder(s3, request_.target_uri) == {}


@pytest.mark.parametrize(("rows", "told"), [(0, ["the set has 0 rows, allowed: at least 1"]), (1, [])])
def test_a_set_of_too_few_rows_is_a_problem_before_the_load(conf: dict[str, Any], rows: int, told: list[str]) -> None:
    at_least_one = {"minimum": "1", "text": "at least 1"}
    whole = replace(SALES, rows_of_set=(at_least_one,))
    found = problems(
        RunRequest.from_params(conf | {"rows": rows}), whole, report(rows=rows), {"part-0": 10, "part-1": 20}
    )
    assert found == told


def test_what_empties_a_partition_of_sets_may_have_no_rows(conf: dict[str, Any]) -> None:
    whole = replace(SALES, rows_of_set=({"minimum": "1", "text": "at least 1"},))
    request = RunRequest.from_params(conf | {"rows": 0, "empties": True})
    assert problems(request, whole, report(rows=0), {"part-0": 10, "part-1": 20}) == []

"""COPY … FORMAT AS PARQUET, with Parquet as Spark and pyarrow write it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from local.redshift.columns import ColumnType
from local.redshift.errors import RedshiftError
from local.redshift.objects import S3Objects, StoredObject
from local.redshift.parquet import ParquetColumn, incompatible
from tests.twin.redshift_server import COPY_ROLE, Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COPY = f"COPY sales FROM 's3://lake/run.1/part-' IAM_ROLE '{COPY_ROLE}' FORMAT AS PARQUET"
ROWS: dict[str, Any] = {
    "order_id": pa.array(["a", "b"]),
    "order_date": pa.array([date(2026, 11, 20), date(2026, 11, 21)]),
    "name": pa.array(["日本茶", "two\nlines"]),
    "quantity": pa.array([1, 2], pa.int32()),
    "big": pa.array([1, 2], pa.int64()),
    "amount": pa.array([Decimal("1.25"), Decimal("-2.50")], pa.decimal128(14, 2)),
    "ratio": pa.array([0.5, None]),
    "ok": pa.array([True, None]),
    "sold_at": pa.array([datetime.fromisoformat("2026-11-20 10:00:00.250"), None], pa.timestamp("us")),
}


@pytest.fixture
def redshift(tmp_path: Path) -> Iterator[Endpoint]:
    with endpoint(tmp_path) as running:
        described = running.run(
            "CREATE TABLE sales (order_id VARCHAR(4) NOT NULL, order_date DATE, name VARCHAR(12), quantity INTEGER, "
            "big BIGINT, amount DECIMAL(14, 2), ratio DOUBLE PRECISION, ok BOOLEAN, sold_at TIMESTAMP)"
        )
        assert described.get("Error") is None
        yield running


def put(redshift: Endpoint, file: str = "part-00000.snappy.parquet", **changed: pa.Array) -> None:
    path = redshift.bucket / "run.1" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(ROWS | changed), path)


def test_rows_arrive_by_position(redshift: Endpoint) -> None:
    columns = {f"renamed_{number}": column for number, column in enumerate(ROWS.values())}
    path = redshift.bucket / "run.1" / "part-0.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table(columns), path)
    described = redshift.run(COPY)
    assert described.get("Error") is None
    assert described["ResultRows"] == 2
    assert redshift.rows("SELECT * FROM sales ORDER BY order_id") == [
        ["a", "2026-11-20", "日本茶", 1, 1, "1.25", 0.5, True, "2026-11-20 10:00:00.25"],
        ["b", "2026-11-21", "two\nlines", 2, 2, "-2.50", None, None, None],
    ]


def test_every_object_under_the_prefix_is_loaded(redshift: Endpoint) -> None:
    put(redshift, "part-00000.parquet")
    put(redshift, "part-00001.parquet")
    (redshift.bucket / "run.1" / "_SUCCESS").touch()
    assert redshift.run(COPY)["ResultRows"] == 4
    assert redshift.rows("SELECT COUNT(*) FROM sales") == [[4]]


def test_only_the_named_columns_are_filled(redshift: Endpoint) -> None:
    path = redshift.bucket / "run.1" / "part-0.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"q": ROWS["quantity"], "id": ROWS["order_id"]}), path)
    assert redshift.run(COPY.replace("sales FROM", "sales (quantity, order_id) FROM")).get("Error") is None
    assert redshift.rows("SELECT quantity, order_id, big FROM sales ORDER BY 1") == [[1, "a", None], [2, "b", None]]


def test_timestamps_come_in_every_form_that_spark_and_pyarrow_write(redshift: Endpoint) -> None:
    instant = pa.array([datetime(2026, 11, 20, 1, tzinfo=UTC)] * 2, pa.timestamp("us", "Asia/Tokyo"))
    put(redshift, "part-utc.parquet", sold_at=instant)
    path = redshift.bucket / "run.1" / "part-int96.parquet"
    pq.write_table(pa.table(ROWS | {"sold_at": instant}), path, use_deprecated_int96_timestamps=True)
    assert redshift.run(COPY).get("Error") is None
    assert {row[0] for row in redshift.rows("SELECT sold_at FROM sales")} == {"2026-11-20 01:00:00"}


def test_decimals_come_as_integers_too(redshift: Endpoint) -> None:
    path = redshift.bucket / "run.1" / "part-0.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table(ROWS), path, store_decimal_as_integer=True)
    assert redshift.run(COPY).get("Error") is None
    assert redshift.rows("SELECT SUM(amount) FROM sales") == [["-1.25"]]


def test_a_copy_in_a_batch_that_fails_leaves_nothing(redshift: Endpoint) -> None:
    put(redshift)
    assert redshift.run(COPY, "SELECT 1/0")["Status"] == "FAILED"
    assert redshift.rows("SELECT COUNT(*) FROM sales") == [[0]]


def test_no_file_stays_behind(redshift: Endpoint) -> None:
    put(redshift)
    redshift.run(COPY)
    put(redshift, "part-1.parquet", ok=ROWS["quantity"])
    redshift.error(COPY)
    assert list(redshift.staging.iterdir()) == []


def test_a_prefix_without_objects_does_not_exist(redshift: Endpoint) -> None:
    assert redshift.error(COPY) == "ERROR: The specified S3 prefix 'run.1/part-' does not exist"


def test_a_role_that_redshift_may_not_assume(redshift: Endpoint) -> None:
    error = redshift.error(COPY.replace(COPY_ROLE, "arn:aws:iam::111122223333:role/other"))
    assert "not authorized to assume IAM Role arn:aws:iam::111122223333:role/other" in error


@pytest.mark.parametrize(
    ("name", "body"), [("_SUCCESS", b""), ("_result.json", b'{"rows": 2}'), ("notes.txt", b"x" * 99)]
)
def test_what_is_no_parquet_under_the_prefix_fails_the_copy(name: str, body: bytes, redshift: Endpoint) -> None:
    put(redshift)
    (redshift.bucket / "run.1" / name).write_bytes(body)
    error = redshift.error(COPY.replace("/part-", "/"))
    assert error.startswith("ERROR: Spectrum Scan Error\n  Detail: ")
    assert "code:      15007" in error
    assert f"File 'https://s3.ap-northeast-1.amazonaws.com/lake/run.1/{name}' has an invalid version number" in error
    assert redshift.rows("SELECT COUNT(*) FROM sales") == [[0]]


def test_the_number_of_columns_must_match(redshift: Endpoint) -> None:
    put(redshift, extra=ROWS["ok"])
    error = redshift.error(COPY)
    assert (
        "Unmatched number of columns between table and file. Table columns: 9, Data columns: 10, File name: " in error
    )


@pytest.mark.parametrize(
    ("column", "values", "complaint"),
    [
        ("quantity", pa.array([1, 2], pa.int64()), "Column type: INT, Parquet schema:\noptional int64 quantity"),
        (
            "quantity",
            pa.array([1, 2], pa.int16()),
            "Column type: INT, Parquet schema:\noptional int32 quantity (INT_16)",
        ),
        ("big", pa.array([1, 2], pa.int32()), "Column type: BIGINT, Parquet schema:\noptional int32 big"),
        ("name", pa.array([1, 2], pa.int32()), "Column type: STRING, Parquet schema:\noptional int32 name"),
        (
            "order_date",
            pa.array(["x", "y"]),
            "Column type: DATE, Parquet schema:\noptional byte_array order_date (UTF8)",
        ),
        ("amount", pa.array([1.5, 2.5]), "Column type: DECIMAL(14,2), Parquet schema:\noptional double amount"),
        (
            "ratio",
            ROWS["amount"],
            "Column type: DOUBLE, Parquet schema:\noptional fixed_len_byte_array(6) ratio (DECIMAL)",
        ),
        ("amount", pa.array([None, None], pa.decimal128(14, 3)), "Column type: DECIMAL(14,2), Parquet schema:"),
        (
            "sold_at",
            pa.array([0, 0], pa.timestamp("ns")),
            "Column type: TIMESTAMP, Parquet schema:\noptional int64 sold_at",
        ),
        ("ok", pa.array([[True], []]), "Column type: BOOLEAN, Parquet schema:\noptional group ok (LIST)"),
    ],
)
def test_types_must_match(column: str, values: pa.Array, complaint: str, redshift: Endpoint) -> None:
    put(redshift, **{column: values})
    error = redshift.error(COPY)
    uri = f"s3://lake/run.1/part-00000.snappy.parquet.{column}"
    assert f"has an incompatible Parquet schema for column '{uri}'. {complaint}" in error


def test_a_decimal_of_another_width_is_told_by_its_length(redshift: Endpoint) -> None:
    put(redshift, amount=pa.array([None, None], pa.decimal128(29, 2)))
    assert "column 'amount' has an invalid type length. Expecting: 6 len in file: 13" in redshift.error(COPY)


def test_the_length_of_a_decimal_is_that_which_redshift_expects() -> None:
    # NUMERIC(18,9) and a file of 13 bytes, as reported to the makers of ParquetSharp.
    column = ParquetColumn("num", "FIXED_LEN_BYTE_ARRAY", "DECIMAL", length=13, precision=29, scale=9)
    complaint = incompatible(column, ColumnType("numeric", 18, 9), "https://x", "s3://x")
    assert complaint == "File 'https://x' column 'num' has an invalid type length. Expecting: 8 len in file: 13"


def test_text_may_not_be_longer_than_the_column_in_bytes(redshift: Endpoint) -> None:
    put(redshift, name=pa.array(["日本の茶碗", "b"]))
    error = redshift.error(COPY)
    assert (
        "The length of the data column name is longer than the length defined in the table. Table: 12, Data: 15"
        in error
    )


def test_null_may_not_go_where_none_may_be(redshift: Endpoint) -> None:
    put(redshift, order_id=pa.array(["a", None]))
    assert "not-null field order_id" in redshift.error(COPY)
    assert redshift.rows("SELECT COUNT(*) FROM sales") == [[0]]


def test_an_unknown_table_or_column_fails_before_s3_is_asked(redshift: Endpoint) -> None:
    assert redshift.error(COPY.replace("sales", "nowhere")) == 'ERROR: relation "nowhere" does not exist'
    error = redshift.error(COPY.replace("sales FROM", "sales (order_id, nothing) FROM"))
    assert error == 'ERROR: column "nothing" of relation "sales" does not exist'


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        client.create_bucket(Bucket="lake")
        yield client


def test_s3_is_listed_beyond_one_page_and_fetched(s3: Any, tmp_path: Path) -> None:
    for number in range(1001):
        s3.put_object(Bucket="lake", Key=f"run.1/part-{number:04}", Body=b"x")
    s3.put_object(Bucket="lake", Key="run.10/part-0", Body=b"other")
    objects = S3Objects(s3)
    found = list(objects.under("lake", "run.1/part-"))
    assert len(found) == 1001
    assert found[0] == StoredObject("run.1/part-0000", 1)
    objects.fetch("lake", "run.10/part-0", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"other"


def test_errors_of_s3_are_told_as_copy_tells_them(s3: Any, tmp_path: Path) -> None:
    objects = S3Objects(s3)
    with pytest.raises(RedshiftError, match=r"S3ServiceException:.*,Status 404,Error NoSuchBucket"):
        list(objects.under("nowhere", "x"))
    with pytest.raises(RedshiftError, match=r"S3ServiceException:.*,Status 404,Error NoSuchKey"):
        objects.fetch("lake", "nothing", tmp_path / "file")

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses

from glue import casting, reading
from glue import csv_to_parquet as job
from suimon.check.engine import check_file
from suimon.contract.file import COMPRESSIONS, ENCODINGS, Column, FileFormat
from suimon.contract.model import Contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame, SparkSession

    Drop = Callable[..., job.Arguments]
    Read = Callable[[job.Arguments], DataFrame]
    Run = Callable[[job.Arguments], list[job.ParquetFile]]

HEADER = b"order_id,order_date,product_name,quantity,amount\n"
GOOD = ["A1", "2026-11-20", "茶", "1", "10.00"]


def written(arguments: job.Arguments) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(arguments.target_uri).to_pylist()
    return rows


def test_every_cell_arrives_as_it_stood_in_the_file(drop: Drop, run: Run) -> None:
    arguments = drop(
        [
            ["A1", "2026-11-20", '"上" 煎茶,\n100g\r\n箱', "2147483647", "999999999999.99"],
            ["A2", "2024-02-29", " two spaces ", "-1", "-0.01"],
            ["A3", "0001-01-01", 'back\\slash "" 😀', "+7", "00001.5"],
        ],
        3,
    )

    run(arguments)

    assert written(arguments) == [
        {
            "order_id": "A1",
            "order_date": date(2026, 11, 20),
            "product_name": '"上" 煎茶,\n100g\r\n箱',
            "quantity": 2147483647,
            "amount": Decimal("999999999999.99"),
        },
        {
            "order_id": "A2",
            "order_date": date(2024, 2, 29),
            "product_name": " two spaces ",
            "quantity": -1,
            "amount": Decimal("-0.01"),
        },
        {
            "order_id": "A3",
            "order_date": date(1, 1, 1),
            "product_name": 'back\\slash "" 😀',
            "quantity": 7,
            "amount": Decimal("1.50"),
        },
    ]


def test_windows_line_ends_and_a_byte_order_mark_are_no_content(drop: Drop, run: Run) -> None:
    content = b"\xef\xbb\xbf" + (HEADER + 'A1,2026-11-20,"上\n下",1,10.00\n'.encode()).replace(b"0\n", b"0\r\n")
    dialect = FileFormat(encoding="utf-8-sig").to_json()
    arguments = drop(content.replace(b"amount\n", b"amount\r\n"), 1, file=dialect)

    run(arguments)

    assert [(row["order_id"], row["product_name"], row["amount"]) for row in written(arguments)] == [
        ("A1", "上\n下", Decimal("10.00"))
    ]


def test_line_breaks_inside_quotes_stay_as_they_are_whatever_ends_the_lines(drop: Drop, run: Run) -> None:
    lines = b'A1,2026-11-20,"a\r\nb",1,1\nA2,2026-11-20,"a\nb",1,1\r\nA3,2026-11-20,"a\rb",1,1'
    arguments = drop(HEADER + lines, 3)

    run(arguments)

    assert [row["product_name"] for row in written(arguments)] == ["a\r\nb", "a\nb", "a\rb"]


def test_types_are_those_that_redshift_takes_by_position(drop: Drop, run: Run) -> None:
    columns = [
        {"name": "amount", "type": "decimal", "precision": 14, "scale": 2},
        {"name": "quantity", "type": "integer"},
        {"name": "stock", "type": "integer", "bits": 64},
        {"name": "at", "type": "timestamp", "format": "%Y-%m-%dT%H:%M:%S"},
        {"name": "day", "type": "date", "format": "%d/%m/%Y"},
        {"name": "paid", "type": "boolean"},
    ]
    lines = b"amount,quantity,stock,at,day,paid\n1.25,3,4,2026-11-20T23:59:58,20/11/2026,true\n"
    arguments = drop(lines, 1, columns=columns)

    (file,) = run(arguments)

    schema = pq.ParquetFile(Path(arguments.target_uri) / file.name).schema
    physical = [(schema.column(i).name, schema.column(i).physical_type, schema.column(i).length) for i in range(6)]
    assert physical == [
        ("amount", "FIXED_LEN_BYTE_ARRAY", 6),
        ("quantity", "INT32", 0),
        ("stock", "INT64", 0),
        ("at", "INT96", 0),
        ("day", "INT32", 0),
        ("paid", "BOOLEAN", 0),
    ]
    assert written(arguments) == [
        {
            "amount": Decimal("1.25"),
            "quantity": 3,
            "stock": 4,
            "at": datetime(2026, 11, 20, 23, 59, 58),  # noqa: DTZ001 without a zone, as the file has it
            "day": date(2026, 11, 20),
            "paid": True,
        }
    ]


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([""], [None, None, "NULL", "-"]),
        (["", "NULL", "-"], [None, None, None, None]),
        (["NULL"], ["", "", None, "-"]),
        ([], ["", "", "NULL", "-"]),
    ],
)
def test_the_contract_decides_which_cells_are_missing(
    drop: Drop, read: Read, tokens: list[str], expected: list[str | None]
) -> None:
    lines = b'A1,2026-11-20,,1,1\nA2,2026-11-20,"",1,1\nA3,2026-11-20,"NULL",1,1\nA4,2026-11-20,-,1,1\n'
    arguments = drop(HEADER + lines, 4, file={"null_tokens": tokens})

    rows = read(arguments).collect()

    assert [row["product_name"] for row in rows] == expected


def test_every_clause_of_a_compiled_contract_is_known() -> None:
    assert {field.name for field in fields(reading.Dialect)} == {field.name for field in fields(FileFormat)}
    assert {field.name for field in fields(Column)} == reading.READING | reading.RULES | reading.BOUNDS
    assert (reading.ENCODINGS, reading.COMPRESSIONS) == (ENCODINGS, COMPRESSIONS)


def test_a_second_run_leaves_the_same_rows_no_other_file_and_a_result(drop: Drop, run: Run) -> None:
    arguments = drop([GOOD, ["A2", *GOOD[1:]]], 2)
    target = Path(arguments.target_uri)
    target.mkdir(parents=True)
    (target / "part-00000-of-an-earlier-run.snappy.parquet").write_bytes(b"not even Parquet")

    run(arguments)
    (file,) = run(arguments)

    assert [path.name for path in target.iterdir() if not path.name.endswith(".crc")] == [file.name]
    result = json.loads((target.parent / "0123456789abcdef.1.result.json").read_text())
    assert result == {
        "run": "0123456789abcdef.1",
        "dataset": "sales",
        "version": "1.0.0",
        "columns": ["order_id", "order_date", "product_name", "quantity", "amount"],
        "rows": 2,
        "sums": {"quantity": "2", "amount": "20.00"},
        "files": [{"name": file.name, "size": (target / file.name).stat().st_size, "rows": 2}],
    }
    assert not list(target.parent.glob("*.records"))


def test_a_large_file_is_read_by_many_tasks_and_written_in_parts_without_losing_a_row(
    drop: Drop, run: Run, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "TEXT_BYTES_PER_FILE", 1000)
    spark.conf.set("spark.sql.files.maxPartitionBytes", "500")
    names = [f"A{n}" + ("\n", ",", "", "\r\n,")[n % 4] for n in range(100)]
    arguments = drop([[name, GOOD[1], name * (n % 7), *GOOD[3:]] for n, name in enumerate(names)], 100)

    files = run(arguments)

    spark.conf.set("spark.sql.files.maxPartitionBytes", job.SETTINGS["spark.sql.files.maxPartitionBytes"])
    assert len(files) > 2
    rows = sorted((row["order_id"], row["product_name"]) for row in written(arguments))
    assert rows == sorted((name, name * (n % 7) or None) for n, name in enumerate(names))


def test_sums_are_exact_to_the_last_digit(drop: Drop, run: Run) -> None:
    columns = [
        {"name": "id", "type": "integer", "bits": 64},
        {"name": "価格", "type": "decimal", "precision": 38, "scale": 20},
        {"name": "text", "type": "string"},
    ]
    largest = "9223372036854775807"
    arguments = drop(
        f"id,価格,text\n{largest},0.00000000000000000001,a\n{largest},-3.1,b\n,,c\n".encode(), 3, columns=columns
    )

    run(arguments)

    sums = json.loads(Path(job.result_uri(arguments.target_uri)).read_text())["sums"]
    assert sums == {"id": "18446744073709551614", "価格": "-3.09999999999999999999"}


def test_a_personal_number_is_in_the_parquet_and_nowhere_in_the_result(drop: Drop, run: Run) -> None:
    columns = [
        {"name": "id", "type": "integer", "bits": 64, "personal": True},
        {"name": "income", "type": "decimal", "precision": 12, "scale": 2, "personal": True},
        {"name": "pieces", "type": "integer"},
    ]
    arguments = drop(b"id,income,pieces\n770077007700,7700.77,1\n", 1, columns=columns)

    run(arguments)

    assert [row["id"] for row in written(arguments)] == [770077007700]
    result = Path(job.result_uri(arguments.target_uri)).read_text()
    assert json.loads(result)["sums"] == {"pieces": "1"}
    assert "7700" not in result


def test_the_sum_of_nothing_is_zero_in_the_columns_scale(drop: Drop, run: Run) -> None:
    arguments = drop([], 0)

    run(arguments)

    assert json.loads(Path(job.result_uri(arguments.target_uri)).read_text())["sums"] == {
        "quantity": "0",
        "amount": "0.00",
    }


def test_a_file_without_records_is_an_empty_table(drop: Drop, run: Run) -> None:
    arguments = drop([], 0)

    (file,) = run(arguments)

    assert file.rows == 0
    assert written(arguments) == []


def test_the_script_reads_its_contract_through_spark_and_ignores_glues_arguments(
    drop: Drop, spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = drop([GOOD], 1)

    job.main([
        "--JOB_NAME", "csv", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://scratch/", "--enable-metrics", "",
        "--source_uri", arguments.source_uri, "--contract_uri", arguments.contract_uri,
        "--target_uri", arguments.target_uri, "--expected_rows", "1",
    ])  # fmt: skip

    assert json.loads(capsys.readouterr().out) == {"target_uri": arguments.target_uri, "rows": 1}
    assert spark.getActiveSession() is spark


RULES: dict[str, dict[str, Any]] = {
    "decimal": {"precision": 14, "scale": 2},
    "date": {"format": "%Y-%m-%d"},
    "timestamp": {"format": "%Y-%m-%d %H:%M:%S"},
    "moment": {"type": "timestamp", "format": "%Y-%m-%dT%H:%M:%S%z"},
    "fraction": {"type": "timestamp", "format": "%Y%m%d%H%M%S%f%z"},
}
CELLS = {
    "integer": ["0", "-0", "+7", "007", "2147483647", "-2147483648", "2147483648", "1.0", "1e3", " 1", "1 ", "１",
                "0x1", "1_000", "--1", "1\n"],
    "decimal": ["0", "1.5", "1.50", "1.500", "1.005", ".5", "5.", "-0.01", "+1", "1e3", "NaN", "Infinity", " 1", "1,5",
                "999999999999.99", "1000000000000", "00000000000000000001.10", "1.5\n"],
    "date": ["2026-11-20", "2024-02-29", "2026-02-29", "2026-1-5", "0001-01-01", "0000-01-01", "9999-12-31",
             "12026-01-01", "2026-11-20 ", "2026-11-20T00:00:00", "26-11-20", "1582-10-10", "epoch", "2026-11-20\n"],
    "timestamp": ["2026-11-20 23:59:59", "2026-11-20 24:00:00", "2026-11-20 23:59:60", "2026-11-20",
                  "2026-03-08 02:30:00", "2026-11-20 1:00:00", "0001-01-01 00:00:00", "2026-11-20 00:00:00.5",
                  "2026-02-30 00:00:00"],
    "moment": ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+09:00", "0001-01-01T09:00:00+09:00",
               "0001-01-01T08:59:59+09:00", "0001-01-01T17:59:59+18:00", "0001-01-01T18:00:00+18:00",
               "0001-01-01T00:00:00-00:01", "0001-01-02T00:00:00+18:00",
               "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-18:00", "9999-12-31T23:59:59+18:00",
               "10000-01-01T00:00:00Z", "2026-11-20T00:00:00+18:01", "2026-11-20T00:00:00+0900", "2026-11-20T00:00:00"],
    "fraction": ["00010101000000000000+00:01", "00010101000000000000-00:01", "00010101000059999999+00:01",
                 "00010101000100000000+00:01", "20261120130405123456Z", "2026112013040512345Z", "20261120130405123456"],
    "boolean": ["true", "false", "True", "t", "1", "0", "yes", " true"],
}  # fmt: skip


@pytest.mark.parametrize("kind", CELLS)
def test_the_gate_and_the_job_read_every_cell_alike(drop: Drop, read: Read, tmp_path: Path, kind: str) -> None:
    columns = [{"name": "key", "type": "string"}, {"name": "cell", "type": kind} | RULES.get(kind, {})]
    text = io.StringIO()
    lines = [["key", "cell"], *([f"k{n}", c] for n, c in enumerate(CELLS[kind]))]
    csv.writer(text, lineterminator="\n").writerows(lines)
    arguments = drop(text.getvalue().encode(), len(CELLS[kind]), columns=columns)
    contract = Contract.from_json(json.loads(Path(arguments.contract_uri).read_text()))

    verdict = check_file(Path(arguments.source_uri), contract, None, scratch=tmp_path)
    refused_by_gate = {CELLS[kind][(cell.record or 0) - 1] for cell in verdict.bad_cells}
    value, _ = casting.value_of(F.col("cell"), columns[1], ".")
    rows = read(arguments).select("cell", value.isNull().alias("refused")).collect()
    refused_by_job = {row.cell for row in rows if row.refused}

    assert len(rows) == len(CELLS[kind])
    assert refused_by_job == refused_by_gate

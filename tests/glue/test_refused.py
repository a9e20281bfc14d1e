"""What the Glue job refuses, without showing a value and without leaving anything behind."""

from __future__ import annotations

import io
import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses

from glue import casting, reading
from glue import csv_to_parquet as job

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame

    Drop = Callable[..., job.Arguments]
    Read = Callable[[job.Arguments], DataFrame]
    Run = Callable[[job.Arguments], list[job.ParquetFile]]

HEADER = b"order_id,order_date,product_name,quantity,amount\n"
GOOD = ["A1", "2026-11-20", "茶", "1", "10.00"]


@pytest.mark.parametrize(
    ("position", "value", "problem"),
    [
        (0, "", "column order_id, record 2 is missing"),
        (1, "2026-02-30", "column order_date, record 2 is not date"),
        (4, "1000000000000.00", "column amount, record 2 is not decimal(14,2)"),
    ],
)
def test_a_cell_that_does_not_fit_fails_and_names_column_and_record(
    drop: Drop, run: Run, position: int, value: str, problem: str
) -> None:
    bad = [*GOOD]
    bad[position] = value
    arguments = drop([GOOD, bad], 2)

    with pytest.raises(reading.ConversionError, match=f"^{problem}$".replace("(", r"\(").replace(")", r"\)")):
        run(arguments)

    assert not Path(job.result_uri(arguments.target_uri)).exists()


def test_a_broken_record_fails_without_showing_it_and_leaves_nothing_behind(drop: Drop, run: Run) -> None:
    arguments = drop(HEADER + b"A1,2026-11-20,tea,1,1\nA2,2026-11-20,tea,1,1,secret\n", 2)

    with pytest.raises(reading.ConversionError, match=r"^record 2 does not have the 5 fields of the contract$"):
        run(arguments)

    assert list(Path(arguments.target_uri).parent.glob("*")) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,b\n1\n", "record 1 does not have the 2 fields of the contract"),
        ("a,b\n\n", "record 1 does not have the 2 fields of the contract"),
        ('a,b\n1,2\n3,"secret\n', "after record 1: unexpected end of data"),
        ('a,b\n1,2\n3,"secret"x\n', "after record 1: ',' expected after '\"'"),
        ("a,b\n1,se\rcret\n", "after record 0: new-line character seen in unquoted field"),
        ("a,b\n1,\0,secret\n", "record 1 does not have"),
        ("a,b\n1,secret\0\n", "record 1 holds a NUL"),
        ("a,c\n1,2\n", "the header does not have each label of the contract once"),
        ("a,b,b\n1,2,3\n", "the header does not have each label of the contract once"),
        ("A,b\n1,2\n", "the header does not have each label of the contract once"),
        ("\ufeffa,b\n1,2\n", "the header does not have each label of the contract once"),
        ("", "the header does not have each label of the contract once"),
        ("a,secret,b\n1,2,3\n", "the header has labels that the contract does not know"),
        ("b,a\n1,2\n", "the header has its labels in another order than the contract"),
    ],
)
def test_what_the_gate_would_not_accept_fails_without_showing_a_value(text: str, problem: str) -> None:
    with pytest.raises(reading.ConversionError) as caught:
        list(reading.records_of(io.StringIO(text, newline="\n"), reading.Dialect(), [{"name": "a"}, {"name": "b"}]))

    assert str(caught.value).startswith(problem)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("contract", "clause"),
    [
        ({"file": {"encoding": "ebcdic"}}, "file.encoding: 'ebcdic'"),
        ({"file": {"compression": "bzip2"}}, "file.compression: 'bzip2'"),
        ({"file": {"escape": "^"}}, "file.escape: '^'"),
        ({"file": {"decimal": "'"}}, 'file.decimal: "\'"'),
        ({"file": {"thousands": "."}}, "file.thousands: not known here"),
        ({"columns": [{"name": "a", "type": "string", "trim": True}]}, "trim of column a: not known here"),
    ],
)
def test_a_clause_that_would_be_passed_over_is_refused(contract: dict[str, Any], clause: str) -> None:
    with pytest.raises(reading.ContractError, match=f"^{re.escape(clause)}"):
        reading.dialect_of({"file": {}, "columns": [], **contract})


def test_a_row_count_other_than_the_gates_fails_and_leaves_no_result(drop: Drop, run: Run) -> None:
    arguments = drop([GOOD], 2)

    with pytest.raises(reading.RowCountError, match="gate counted 2 rows, the job read 1, the Parquet files hold 1"):
        run(arguments)

    assert not Path(job.result_uri(arguments.target_uri)).exists()


@pytest.mark.parametrize("cell", ["7700x", "7700770077007700770077"])
def test_the_error_of_a_cell_that_does_not_fit_shows_its_place_and_never_its_value(
    drop: Drop, run: Run, cell: str
) -> None:
    columns = [{"name": "id", "type": "integer", "personal": True}]

    with pytest.raises(Exception, match="column id, record 1 is not int") as failed:
        run(drop(f"id\n{cell}\n".encode(), 1, columns=columns))

    assert "7700" not in str(failed.value)


def test_a_target_that_is_no_folder_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        job.parse_arguments(
            ["--source_uri", "a", "--contract_uri", "b", "--target_uri", "s3://lake/processed", "--expected_rows", "1"]
        )
    assert "must end in /" in capsys.readouterr().err


@pytest.mark.usefixtures("spark")  # a column needs Java
def test_a_date_format_that_would_be_read_differently_is_refused() -> None:
    column = {"name": "day", "type": "date", "format": "%d %b %Y"}
    with pytest.raises(reading.ContractError, match="%b is not supported"):
        casting.value_of(F.col("day"), column, ".")


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ([], True),
        (["--release", "unnamed", "--deployed_release", "unnamed"], True),
        (["--release", "0123456789ab", "--deployed_release", "0123456789ab"], True),
        (["--release", "0123456789ab"], False),
        (["--deployed_release", "0123456789ab"], False),
        (["--release", "0123456789ab", "--deployed_release", "ba9876543210"], False),
    ],
)
def test_a_run_of_another_release_than_the_jobs_is_refused(given: list[str], *, fits: bool) -> None:
    others = [
        "--source_uri",
        "a",
        "--contract_uri",
        "b",
        "--target_uri",
        "s3://lake/processed/",
        "--expected_rows",
        "1",
    ]
    with nullcontext() if fits else pytest.raises(job.ReleaseError, match="suimon retry"):
        assert job.parse_arguments([*others, *given]).target_uri == "s3://lake/processed/"

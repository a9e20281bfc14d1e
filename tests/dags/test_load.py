"""The batch that replaces a partition: its text, what may stand in it, and what its failure means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from suimon.warehouse.ddl import statements as tables
from suimon_etl.load import (
    FENCE,
    RECONCILE,
    SQL,
    UnsafeLiteralError,
    failed_file,
    failure_text,
    load_parameters,
    load_statements,
    quality_problems,
    quoted,
)
from suimon_etl.request import ROLE_ARN, S3_FOLDER, RunRequest

FILES = (
    "1_lock",
    FENCE,
    "3_stage",
    "4_copy",
    RECONCILE,
    "6_delete",
    "7_insert",
    "8_forget",
    "9_log",
)


@pytest.fixture
def request_(conf: dict[str, Any]) -> RunRequest:
    return RunRequest.from_params(conf)


def described(failed: int | None, error: str = "", status: str = "FAILED") -> dict[str, Any]:
    states = ["FINISHED"] * len(FILES)
    if failed is not None:
        states = ["FINISHED"] * failed + ["FAILED"] + ["ABORTED"] * (len(FILES) - failed - 1)
    return {"Status": status, "Error": error, "SubStatements": [{"Status": state} for state in states]}


def test_the_batch_is_redshift_one_statement_each(request_: RunRequest) -> None:
    batch = load_statements("sales_fact", request_)

    trees = [sqlglot.parse(sql, read="redshift") for sql in batch]
    assert all(len(tree) == 1 for tree in trees)
    kinds = [type(tree[0]) for tree in trees]
    # sqlglot keeps LOCK as a mere command; the twin's Redshift runs it.
    assert kinds == [
        *(exp.Command, exp.Select, exp.Create, exp.Copy, exp.Select),
        *(exp.Delete, exp.Insert, exp.Delete, exp.Insert),
    ]
    assert len(batch) <= 40  # BatchExecuteStatement's limit


def test_copy_reads_the_folder_of_this_attempt_alone_as_the_given_role(request_: RunRequest) -> None:
    copy = load_statements("sales_fact", request_)[3]

    assert f"FROM '{request_.target_uri}'\n" in copy
    assert f"IAM_ROLE '{request_.copy_role_arn}'\n" in copy
    assert request_.target_uri.endswith(".1/")


def test_the_insert_names_every_column_of_the_table_in_its_order(request_: RunRequest) -> None:
    table = sqlglot.parse_one(tables()["sales_fact"], read="redshift")
    columns = [column.name for column in table.find_all(exp.ColumnDef)]

    insert = sqlglot.parse_one(load_statements("sales_fact", request_)[6], read="redshift")
    assert [column.name for column in insert.this.expressions] == columns
    assert insert.expression.named_selects == columns


def test_every_bound_value_is_used_and_every_name_is_bound(request_: RunRequest) -> None:
    bound = {parameter["name"] for parameter in load_parameters(request_)}
    used = {
        found.name
        for sql in load_statements("sales_fact", request_)
        for found in sqlglot.parse_one(sql, read="redshift").find_all(exp.Placeholder)
    }
    assert used == bound == {"partition", "written", "drop_id", "attempt", "rows"}


def test_the_log_is_written_into_every_column_of_its_table(request_: RunRequest) -> None:
    log = sqlglot.parse_one(tables()["sales_fact_loads"], read="redshift")
    insert = sqlglot.parse_one(load_statements("sales_fact", request_)[8], read="redshift")
    assert [column.name for column in insert.this.expressions] == [c.name for c in log.find_all(exp.ColumnDef)]


def test_another_table_needs_only_what_names_its_columns() -> None:
    shared = {file.stem for file in (SQL / "load").iterdir()}
    own = {file.stem for file in (SQL / "sales_fact" / "load").iterdir()}
    assert own == {RECONCILE, "6_delete", "7_insert"}
    assert not shared & own
    assert tuple(sorted(shared | own)) == FILES
    assert not any("sales" in file.read_text() for file in [*(SQL / "load").iterdir(), SQL / "newer.sql"])


def test_a_table_without_statements_of_its_own_is_never_loaded(request_: RunRequest) -> None:
    with pytest.raises(FileNotFoundError):
        load_statements("inventory", request_)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target_uri", "s3://suimon-lake/a'; DROP TABLE sales_fact; --/"),
        ("target_uri", "s3://suimon-lake/a/\n"),
        ("target_uri", "s3://suimon-lake/"),
        ("target_uri", "s3://suimon-lake/a"),
        ("target_uri", "https://suimon-lake/a/"),
        ("copy_role_arn", "arn:aws:iam::000000000000:role/x' ACCESS_KEY_ID 'y"),
        ("copy_role_arn", "arn:aws:iam::000000000000:role/x\n"),
        ("copy_role_arn", "default"),
    ],
)
def test_what_does_not_match_never_stands_in_sql(request_: RunRequest, name: str, value: str) -> None:
    changed: dict[str, Any] = {name: value}
    with pytest.raises(UnsafeLiteralError):
        load_statements("sales_fact", replace(request_, **changed))


def test_other_partitions_of_aws_have_role_arns_too() -> None:
    assert quoted("arn:aws-cn:iam::123456789012:role/path/x", ROLE_ARN) == "'arn:aws-cn:iam::123456789012:role/path/x'"
    assert quoted("s3://b-1.x/a/b=2026-11-20/c.1/", S3_FOLDER) == "'s3://b-1.x/a/b=2026-11-20/c.1/'"


def test_the_place_of_the_failed_statement_says_which_it_is() -> None:
    assert [failed_file("sales_fact", described(failed)) for failed in (*range(len(FILES)), None)] == [*FILES, None]


def test_a_refused_load_says_what_was_expected_and_what_redshift_said(request_: RunRequest) -> None:
    text = failure_text("sales_fact", request_, described(4, "staged 2 rows"))

    assert "does not agree with the file's 3 rows of 2026-11-20" in text
    assert "sales_fact is unchanged" in text
    assert "staged 2 rows" in text


def test_another_failure_names_the_statement(request_: RunRequest) -> None:
    assert "ended as FAILED at 4_copy.sql" in failure_text("sales_fact", request_, described(3, "SlowDown"))


def test_a_cancelled_batch_has_a_text_as_well(request_: RunRequest) -> None:
    text = failure_text("sales_fact", request_, {"Status": "ABORTED"})
    assert text == "Loading sales_fact ended as ABORTED; it is unchanged. Redshift: Redshift gave no reason"


@pytest.mark.parametrize(
    ("rows", "order_ids", "told"),
    [
        (3, 3, []),
        (4, 4, ["the table holds 4 rows of 2026-11-20, the file 3"]),
        (0, 0, ["the table holds 0 rows of 2026-11-20, the file 3"]),
        (3, 2, ["order ids are not unique: 2 in 3 rows"]),
    ],
)
def test_quality_is_the_files_rows_each_once(request_: RunRequest, rows: int, order_ids: int, told: list[str]) -> None:
    assert quality_problems(request_, {"row_count": rows, "order_ids": order_ids, "total_amount": None}) == told

"""The batch that replaces a partition: its text, what may stand in it, and what its failure means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from suimon_etl.load import (
    BATCH,
    SQL,
    ControlSumsError,
    UnsafeLiteralError,
    failed_statement,
    failure_text,
    is_wrong_data,
    load_parameters,
    load_statements,
    quoted,
)
from suimon_etl.request import ROLE_ARN, S3_FOLDER, RunRequest
from tests.datasets import statements as tables

LOADED = ("sales_fact", "user_events", "inventory")
SUMS = {
    "sales_fact": {"quantity": "6", "unit_price": "300.00", "amount": "600.00"},
    "user_events": {},
    "inventory": {"quantity": "12"},
}


@pytest.fixture
def request_(conf: dict[str, Any]) -> RunRequest:
    return RunRequest.from_params(conf)


def described(failed: int | None, error: str = "", status: str = "FAILED") -> dict[str, Any]:
    states = ["FINISHED"] * len(BATCH)
    if failed is not None:
        states = ["FINISHED"] * failed + ["FAILED"] + ["ABORTED"] * (len(BATCH) - failed - 1)
    return {"Status": status, "Error": error, "SubStatements": [{"Status": state} for state in states]}


def statement(table: str, request: RunRequest, name: str) -> Any:
    return sqlglot.parse_one(load_statements(table, request, SUMS[table])[BATCH.index(name)], read="redshift")


@pytest.mark.parametrize("table", LOADED)
def test_the_batch_is_redshift_one_statement_each(request_: RunRequest, table: str) -> None:
    batch = load_statements(table, request_, SUMS[table])

    trees = [sqlglot.parse(sql, read="redshift") for sql in batch]
    assert all(len(tree) == 1 for tree in trees)
    kinds = [type(tree[0]) for tree in trees]
    # sqlglot keeps LOCK as a mere command; the twin's Redshift runs it.
    assert kinds == [
        *(exp.Command, exp.Select, exp.Create, exp.Copy, exp.Select),
        *(exp.Delete, exp.Insert, exp.Select, exp.Delete, exp.Insert),
    ]
    assert len(batch) <= 40  # BatchExecuteStatement's limit


def test_copy_reads_the_folder_of_this_attempt_alone_as_the_given_role(request_: RunRequest) -> None:
    copy = load_statements("sales_fact", request_, SUMS["sales_fact"])[BATCH.index("copy")]

    assert f"FROM '{request_.target_uri}'\n" in copy
    assert f"IAM_ROLE '{request_.copy_role_arn}'\n" in copy
    assert request_.target_uri.endswith(".1/")


@pytest.mark.parametrize("table", LOADED)
def test_the_insert_names_every_column_of_the_table_in_its_order(request_: RunRequest, table: str) -> None:
    created = sqlglot.parse_one(tables()[table], read="redshift")
    columns = [column.name for column in created.find_all(exp.ColumnDef)]

    insert = statement(table, request_, "insert")
    assert [column.name for column in insert.this.expressions] == columns
    staged = [column.name for column in statement(table, request_, "stage").find_all(exp.ColumnDef)]
    assert [*staged, "partition_date"][: len(columns)] == columns


@pytest.mark.parametrize("table", LOADED)
def test_every_bound_value_is_used_and_every_name_is_bound(request_: RunRequest, table: str) -> None:
    bound = {parameter["name"] for parameter in load_parameters(request_, SUMS[table])}
    used = {
        found.name
        for sql in load_statements(table, request_, SUMS[table])
        for found in sqlglot.parse_one(sql, read="redshift").find_all(exp.Placeholder)
    }
    assert used == bound
    assert bound == {"partition", "written", "drop_id", "attempt", "rows"} | {f"sum_{name}" for name in SUMS[table]}


def test_the_log_is_written_into_every_column_of_its_table(request_: RunRequest) -> None:
    log = sqlglot.parse_one(tables()["sales_fact_loads"], read="redshift")
    insert = statement("sales_fact", request_, "log")
    assert [column.name for column in insert.this.expressions] == [c.name for c in log.find_all(exp.ColumnDef)]


def test_no_file_of_sql_knows_a_table_or_a_column_of_one() -> None:
    named = {column for table in LOADED for column in [table, *SUMS[table], "order_id", "event_id", "sku"]}
    for file in SQL.rglob("*.sql"):
        assert not [name for name in named if name in file.read_text()], file.name


def test_what_is_deleted_is_what_is_proved(request_: RunRequest) -> None:
    assert statement("sales_fact", request_, "delete").args["where"].sql() == (
        "WHERE order_date = CAST(:partition AS DATE)"
    )
    # An event's time lands in UTC, each from a zone of its own: the rows carry the partition that they came with.
    for name in ("delete", "prove"):
        where = statement("user_events", request_, name).args["where"]
        assert where.sql() == "WHERE partition_date = CAST(:partition AS DATE)"


def test_a_table_that_the_release_does_not_load_has_no_batch(request_: RunRequest) -> None:
    with pytest.raises(KeyError):
        load_statements("sales_fact_loads", request_, {})


@pytest.mark.parametrize("sums", [{}, {"quantity": "6"}, SUMS["sales_fact"] | {"order_id": "1"}])
def test_no_load_goes_without_the_control_sum_of_every_number(request_: RunRequest, sums: dict[str, str]) -> None:
    with pytest.raises(ControlSumsError):
        load_statements("sales_fact", request_, sums)


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
        load_statements("sales_fact", replace(request_, **changed), SUMS["sales_fact"])


def test_other_partitions_of_aws_have_role_arns_too() -> None:
    assert quoted("arn:aws-cn:iam::123456789012:role/path/x", ROLE_ARN) == "'arn:aws-cn:iam::123456789012:role/path/x'"
    assert quoted("s3://b-1.x/a/b=2026-11-20/c.1/", S3_FOLDER) == "'s3://b-1.x/a/b=2026-11-20/c.1/'"


def test_the_place_of_the_failed_statement_says_which_it_is() -> None:
    assert [failed_statement(described(failed)) for failed in (*range(len(BATCH)), None)] == [*BATCH, None]


@pytest.mark.parametrize(
    ("check", "sentence", "wrong"),
    [
        (
            "reconcile",
            "staged",
            "What COPY read from s3://suimon-lake/processed/sales/2026-11-20/0123456789abcdef.1/ does",
        ),
        ("prove", "would hold", "COPY read the file, but the rows that sales_fact would hold do"),
    ],
)
def test_a_refused_load_says_what_was_wrong_what_was_expected_and_what_redshift_said(
    request_: RunRequest, check: str, sentence: str, wrong: str
) -> None:
    error = f"ERROR: Invalid digit, Value '{sentence[0]}', Pos 0, Type: Integer context: {sentence} 2 rows of 3"
    refused = described(BATCH.index(check), error)
    assert is_wrong_data(refused)
    assert failure_text("sales_fact", request_, refused) == (
        f"{wrong} not agree with the file's 3 rows of 2026-11-20. sales_fact is unchanged. Redshift: "
        f"ERROR: Invalid digit, Value '…', Pos 0, Type: Integer context: {sentence} 2 rows of 3"
    )


@pytest.mark.parametrize("statement", BATCH)
@pytest.mark.parametrize(
    "error",
    [
        'ERROR: Query (1234567) cancelled by WLM abort action of Query Monitoring Rule "abort_long_scan"',
        "ERROR: Query cancelled on user's request",
        "ERROR: Disk Full",
        "ERROR: 1023 Serializable isolation violation on table",
        "ERROR: the statement is longer than 102400 bytes",
        "ERROR: Numeric data overflow (result precision)",
        "",
    ],
)
def test_what_redshift_cancels_is_not_taken_for_wrong_data_wherever_it_happens(
    request_: RunRequest, statement: str, error: str
) -> None:
    cancelled = described(BATCH.index(statement), error)
    text = failure_text("sales_fact", request_, cancelled)
    assert not is_wrong_data(cancelled)
    assert f"ended as FAILED at {statement}.sql" in text
    assert error in text
    assert "agree" not in text


def test_our_sentence_at_another_statement_is_not_wrong_data() -> None:
    assert not is_wrong_data(described(BATCH.index("copy"), "context: staged 2 rows of 3"))


def test_another_failure_names_the_statement(request_: RunRequest) -> None:
    assert "ended as FAILED at copy.sql" in failure_text("sales_fact", request_, described(3, "SlowDown"))


def test_a_cancelled_batch_has_a_text_as_well(request_: RunRequest) -> None:
    text = failure_text("sales_fact", request_, {"Status": "ABORTED"})
    assert text == "Loading sales_fact ended as ABORTED; it is unchanged. Redshift: Redshift gave no reason"

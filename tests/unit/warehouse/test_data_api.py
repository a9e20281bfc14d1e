"""Statements through the Redshift Data API, against a client that answers like it; and the tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import Mock

import pytest
import sqlglot
from botocore.exceptions import ClientError
from click.testing import CliRunner
from sqlglot import TokenType, exp
from sqlglot.generators.redshift import RedshiftGenerator

from suimon.cli.warehouse import warehouse
from suimon.contract.redshift_names import RESERVED_WORDS, is_plain, quoted
from suimon.warehouse import ddl
from suimon.warehouse.data_api import Warehouse, WarehouseError, run, run_query
from tests.datasets import DATASETS, release, statements, table_of

TARGET = Warehouse(database="analytics", workgroup_name="suimon")


class DataApi:
    """A Redshift Data API whose statement goes through `states`, one a look."""

    def __init__(self, *states: str, error: str = "", pages: list[dict[str, Any]] | None = None) -> None:
        self.states, self.error, self.pages = list(states) or ["FINISHED"], error, pages or []
        self.requests: list[dict[str, Any]] = []
        self.looks: list[int] = []
        self.tokens: list[str | None] = []
        self.cancelled: list[str] = []
        self.refuses_to_cancel = False

    def cancel_statement(self, Id: str) -> dict[str, Any]:  # noqa: N803 boto3's names
        if self.refuses_to_cancel:
            told = f"Could not cancel a query that is already in FINISHED state with ID: {Id}"
            raise ClientError({"Error": {"Code": "ValidationException", "Message": told}}, "CancelStatement")
        self.cancelled.append(Id)
        return {"Status": True}

    def execute_statement(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"Id": "s-1", "Status": "SUBMITTED"}

    def describe_statement(self, Id: str, WaitTimeSeconds: int) -> dict[str, Any]:  # noqa: N803 boto3's names
        self.looks.append(WaitTimeSeconds)
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"Id": Id, "Status": state, **({"Error": self.error} if state in {"FAILED", "ABORTED"} else {})}

    def get_statement_result(self, Id: str, NextToken: str | None = None) -> dict[str, Any]:  # noqa: ARG002, N803 as above
        self.tokens.append(NextToken)
        return self.pages[len(self.tokens) - 1]


def client(api: DataApi) -> Any:
    return api


def page(columns: dict[str, str], *records: list[dict[str, Any]], token: str = "") -> dict[str, Any]:
    metadata = [{"name": name, "typeName": kind} for name, kind in columns.items()]
    return {"ColumnMetadata": metadata, "Records": list(records), **({"NextToken": token} if token else {})}


def test_a_statement_names_its_target_and_binds_its_values() -> None:
    api = DataApi()
    run(client(api), TARGET, "DELETE FROM t WHERE d = CAST(:day AS DATE)", {"day": date(2026, 11, 20)})

    (request,) = api.requests
    assert (request["Database"], request["WorkgroupName"]) == ("analytics", "suimon")
    assert request["Parameters"] == [{"name": "day", "value": "2026-11-20"}]
    assert not request.keys() & {"ClusterIdentifier", "SecretArn"}


def test_without_values_no_empty_list_is_sent_which_the_service_refuses() -> None:
    api = DataApi()
    run(client(api), TARGET, "SELECT 1")
    assert "Parameters" not in api.requests[0]


def test_a_cluster_with_a_secret_is_a_target_too() -> None:
    target = Warehouse(database="d", cluster_identifier="c", secret_arn="arn:secret")
    assert target.request() == {"Database": "d", "ClusterIdentifier": "c", "SecretArn": "arn:secret"}
    assert str(target) == "database d of cluster c"


@pytest.mark.parametrize("both", [{}, {"workgroup_name": ""}, {"workgroup_name": "w", "cluster_identifier": "c"}])
def test_a_target_is_one_of_workgroup_and_cluster(both: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either a workgroup or a cluster"):
        Warehouse(database="d", **both)


def test_values_come_with_their_types() -> None:
    kinds = {
        "n": "int8",
        "x": "float8",
        "b": "bool",
        "money": "numeric",
        "day": "date",
        "at": "timestamp",
        "zoned": "timestamptz",
        "text": "varchar",
        "nothing": "date",
    }
    record: list[dict[str, Any]] = [
        {"longValue": 3},
        {"doubleValue": 0.5},
        {"booleanValue": False},
        {"stringValue": "600.00"},
        {"stringValue": "2026-11-20"},
        {"stringValue": "2026-11-20 01:02:03.456"},
        {"stringValue": "2026-11-20 01:02:03+00"},
        {"stringValue": "2026-11-20"},
        {"isNull": True},
    ]
    (row,) = run_query(client(DataApi(pages=[page(kinds, record)])), TARGET, "SELECT …")

    assert row == {
        "n": 3,
        "x": 0.5,
        "b": False,
        "money": Decimal("600.00"),
        "day": date(2026, 11, 20),
        "at": datetime(2026, 11, 20, 1, 2, 3, 456_000),  # noqa: DTZ001 TIMESTAMP has no zone
        "zoned": datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC),
        "text": "2026-11-20",
        "nothing": None,
    }


def test_every_page_is_read() -> None:
    pages = [page({"n": "int4"}, [{"longValue": 1}], token="more"), page({"n": "int4"}, [{"longValue": 2}])]
    api = DataApi(pages=pages)

    assert run_query(client(api), TARGET, "SELECT n FROM t") == [{"n": 1}, {"n": 2}]
    assert api.tokens == [None, "more"]


def test_a_running_statement_is_waited_for_at_the_service() -> None:
    api = DataApi("SUBMITTED", "STARTED", "FINISHED")
    run(client(api), TARGET, "SELECT 1", timeout_seconds=100)

    assert len(api.looks) == 3
    assert all(1 <= seconds <= 30 for seconds in api.looks)


@pytest.mark.parametrize("status", ["FAILED", "ABORTED"])
def test_a_failure_says_what_where_and_why(status: str) -> None:
    api = DataApi("STARTED", status, error='ERROR: relation "t" does not exist')

    with pytest.raises(WarehouseError) as failure:
        run(client(api), TARGET, "SELECT * FROM t")
    assert str(failure.value) == (
        f'{status} in database analytics of workgroup suimon: ERROR: relation "t" does not exist\nSELECT * FROM t'
    )
    assert failure.value.status == status


def test_a_statement_that_does_not_end_is_given_up_and_cancelled() -> None:
    api = DataApi("STARTED")
    with pytest.raises(WarehouseError, match=r"statement s-1 is not finished after 0\.2 s, and was cancelled"):
        run(client(api), TARGET, "SELECT 1", timeout_seconds=0.2)
    assert api.cancelled == ["s-1"]


def test_a_statement_that_ends_while_it_is_cancelled_is_given_up_all_the_same() -> None:
    api = DataApi("STARTED")
    api.refuses_to_cancel = True
    with pytest.raises(WarehouseError, match=r"could not be cancelled: .*already in FINISHED state"):
        run(client(api), TARGET, "SELECT 1", timeout_seconds=0.2)


def test_a_statement_that_cannot_be_looked_at_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    api = DataApi("STARTED")
    refused = ClientError({"Error": {"Code": "InternalServerException", "Message": "try again"}}, "DescribeStatement")
    monkeypatch.setattr(api, "describe_statement", Mock(side_effect=refused))
    with pytest.raises(ClientError, match="try again"):
        run(client(api), TARGET, "SELECT 1")
    assert api.cancelled == ["s-1"]


TABLES = sorted(name for dataset in DATASETS for name in (table_of(dataset), f"{table_of(dataset)}_loads"))


def test_every_dataset_has_a_table_and_its_load_log_one_statement_each() -> None:
    assert list(statements()) == TABLES
    for name, sql in statements().items():
        (tree,) = sqlglot.parse(sql, read="redshift")
        assert isinstance(tree, exp.Create)
        assert tree.find(exp.Table).name == name  # type: ignore[union-attr] # every CREATE names one
        assert tree.args["exists"]


def test_no_table_declares_a_key_that_redshift_would_believe_and_not_check() -> None:
    for sql in statements().values():
        tree = sqlglot.parse_one(sql, read="redshift")
        assert not list(tree.find_all(exp.PrimaryKey, exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint))


def test_create_runs_every_statement() -> None:
    api = DataApi()
    ddl.create(client(api), TARGET, release().tables)
    assert [request["Sql"] for request in api.requests] == list(statements().values())


def test_the_command_creates_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.client", lambda _service: DataApi())
    done = CliRunner().invoke(warehouse, ["create", "--workgroup", "suimon", "--database", "analytics"])
    assert (done.exit_code, done.output) == (
        0,
        f"{', '.join(TABLES)} are there, in database analytics of workgroup suimon\n",
    )


def test_the_command_shows_what_redshift_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.client", lambda _service: DataApi("FAILED", error="permission denied"))
    done = CliRunner().invoke(warehouse, ["create", "--cluster", "c", "--database", "analytics"])
    assert done.exit_code == 1
    assert "FAILED in database analytics of cluster c: permission denied" in done.output


@pytest.mark.parametrize("where", [[], ["--workgroup", "w", "--cluster", "c"]])
def test_the_command_wants_one_target(where: list[str]) -> None:
    done = CliRunner().invoke(warehouse, ["create", "--database", "analytics", *where])
    assert done.exit_code == 2
    assert "either --workgroup or --cluster" in done.output


LISTED = ", ".join(TABLES)


def test_who_loads_may_read_write_and_lock_the_tables_and_make_temporary_ones() -> None:
    assert ddl.grants("analytics", release().tables, loaders=["IAMR:dags", "loader"]) == [
        'GRANT USAGE ON SCHEMA public TO "IAMR:dags", "loader"',
        f'GRANT SELECT, INSERT, DELETE ON TABLE {LISTED} TO "IAMR:dags", "loader"',
        'GRANT TEMP ON DATABASE "analytics" TO "IAMR:dags", "loader"',
    ]


def test_who_reads_may_only_read() -> None:
    assert ddl.grants("analytics", release().tables, readers=["IAMR:freshness"]) == [
        'GRANT USAGE ON SCHEMA public TO "IAMR:freshness"',
        f'GRANT SELECT ON TABLE {LISTED} TO "IAMR:freshness"',
    ]


def test_nobody_is_granted_anything_unasked() -> None:
    assert ddl.grants("analytics", release().tables) == []


def test_every_grant_is_one_statement_of_redshift() -> None:
    for sql in ddl.grants("a", release().tables, loaders=['a"; DROP TABLE inventory; --'], readers=["b"]):
        tokens = sqlglot.tokenize(sql, read="redshift")
        assert tokens[0].text == "GRANT"
        assert not any(token.token_type == TokenType.SEMICOLON for token in tokens)


def test_the_command_grants_after_the_tables_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    api = DataApi()
    monkeypatch.setattr("boto3.client", lambda _service: api)
    users = ["--grant-to", "IAMR:dags", "--grant-to", "ops", "--grant-read-to", "IAMR:freshness"]
    done = CliRunner().invoke(warehouse, ["create", "--workgroup", "suimon", "--database", "analytics", *users])

    granted = ddl.grants("analytics", release().tables, loaders=["IAMR:dags", "ops"], readers=["IAMR:freshness"])
    assert done.exit_code == 0
    assert [request["Sql"] for request in api.requests] == [*statements().values(), *granted]
    assert done.output.splitlines()[1:] == granted


@pytest.mark.parametrize("user", ["", "a\nb", "a\0b", "x" * 128])
def test_what_can_be_no_user_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch, user: str) -> None:
    api = DataApi()
    monkeypatch.setattr("boto3.client", lambda _service: api)
    done = CliRunner().invoke(warehouse, ["create", "--workgroup", "w", "--database", "d", "--grant-to", user])
    assert (done.exit_code, api.requests) == (2, [])
    assert "is no name of a database user" in done.output


def test_a_quote_in_a_users_name_is_doubled() -> None:
    assert quoted('IAM:o"neil') == '"IAM:o""neil"'


def test_reserved_words_are_those_that_others_have_read_in_the_documentation_too() -> None:
    # sqlglot's list of the same page has a word that is not on it, and one with its blanks.
    assert {word.strip() for word in RedshiftGenerator.RESERVED_KEYWORDS} - {"type"} == RESERVED_WORDS
    # Named on the page as words that are not reserved.
    assert not RESERVED_WORDS & {"start", "connect"}


@pytest.mark.parametrize("name", ["order", "ctid", "Amount", "unit price", "1st", "", "x" * 128, "数量"])
def test_a_name_that_needs_quotes_is_not_plain(name: str) -> None:
    assert not is_plain(name)


@pytest.mark.parametrize("name", ["order_id", "_x", "x9$", "date", "x" * 127])
def test_a_name_that_needs_none_is_plain(name: str) -> None:
    assert is_plain(name)

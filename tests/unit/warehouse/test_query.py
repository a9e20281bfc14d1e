"""`suimon warehouse query` reads, and nothing else."""

from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from suimon.cli import warehouse
from suimon.cli.main import main
from suimon.cli.warehouse import is_one_select
from suimon.warehouse.data_api import Warehouse


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "select * from sales_fact where order_date = '2026-11-20' limit 5;",
        "WITH a AS (SELECT 1 AS n) SELECT n FROM a",
        "SELECT 1 UNION ALL SELECT 2",
    ],
)
def test_one_select_is_sent(sql: str) -> None:
    assert is_one_select(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        ";",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE sales_fact",
        "DELETE FROM sales_fact",
        "TRUNCATE sales_fact",
        "SELECT * INTO copied FROM sales_fact",
        "CREATE TABLE a AS SELECT 1",
        "INSERT INTO a SELECT 1",
        "GRANT SELECT ON a TO b",
        "COPY a FROM 's3://b'",
        "UNLOAD ('SELECT 1') TO 's3://b'",
        "SELECT (",
    ],
)
def test_whatever_else_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    monkeypatch.setattr("boto3.client", lambda *_: pytest.fail("asked"))
    done = CliRunner().invoke(main, ["warehouse", "query", sql])
    assert done.exit_code == 2
    assert "only one SELECT is sent" in done.output


ROWS: list[dict[str, Any]] = [{"n": 1}, {"n": None}, {"n": 3}]
OF_THE_STACK = {"RedshiftWorkgroup": "", "RedshiftCluster": "c", "RedshiftDatabase": "prod"}


def ask(monkeypatch: pytest.MonkeyPatch, *arguments: str, **parameters: str) -> tuple[list[Warehouse], Any]:
    asked: list[Warehouse] = []
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    stacks = SimpleNamespace(describe_stacks=lambda **_: {"Stacks": [{"Parameters": given}]})
    monkeypatch.setattr("boto3.client", lambda name: stacks if name == "cloudformation" else None)

    def answered(_client: Any, target: Warehouse, _sql: str) -> list[dict[str, Any]]:
        asked.append(target)
        return ROWS

    monkeypatch.setattr(warehouse, "run_query", answered)
    done = CliRunner().invoke(main, ["warehouse", "query", "SELECT n FROM a", *arguments])
    return asked, done


def test_by_default_the_warehouse_is_that_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, done = ask(monkeypatch, "--stack", "s", **OF_THE_STACK)
    assert [target.request() for target in asked] == [{"Database": "prod", "ClusterIdentifier": "c"}]
    assert done.output.splitlines()[-2:] == ["3 rows", "  suimon status --stack s"]


@pytest.mark.parametrize(
    ("arguments", "database"), [(["--workgroup", "w"], "analytics"), (["--workgroup", "w", "--database", "d"], "d")]
)
def test_one_that_is_named_is_asked_without_looking_at_a_stack(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], database: str
) -> None:
    asked, _ = ask(monkeypatch, *arguments)
    assert asked == [Warehouse(database=database, workgroup_name="w")]


def test_in_japanese_it_says_how_many_rows_there_are_and_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _, done = ask(monkeypatch, "--lang", "ja", "--most", "2", **OF_THE_STACK)
    assert "3 行、最初の 2 行を表示しています" in done.output
    _, done = ask(monkeypatch, "--lang", "ja", "--workgroup", "w", "--cluster", "c")
    assert (done.exit_code, "どちらか一方" in done.output) == (2, True)


def test_a_stack_that_is_not_ours_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    _, done = ask(monkeypatch, "--stack", "other")
    assert (done.exit_code, "has no parameter 'RedshiftWorkgroup'" in done.output) == (2, True)

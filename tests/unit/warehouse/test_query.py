"""`suimon warehouse query` reads, and nothing else."""

import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.cli.warehouse import is_one_select


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
    monkeypatch.setattr("boto3.client", lambda _service: pytest.fail("asked"))
    done = CliRunner().invoke(main, ["warehouse", "query", sql])
    assert done.exit_code == 2
    assert "only one SELECT is sent" in done.output

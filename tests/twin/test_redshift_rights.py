"""Who may do what with a table: its owner, and whom `suimon warehouse create --grant-to` lets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from suimon.warehouse import ddl
from tests.datasets import release, statements
from tests.twin.redshift_server import COPY_ROLE, Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHERE: Any = {"Database": "analytics", "WorkgroupName": "suimon-local", "WaitTimeSeconds": 20}
OWNER, LOADER, READER, STRANGER = "user.admin", "role.dags.run", "role.freshness.round", "user.stranger"
INSERT = "INSERT INTO inventory VALUES ('a', 'tokyo', '2026-11-20', 1, '2026-11-20 03:30:00')"
DENIED = "ERROR: permission denied for relation inventory"


def error(redshift: Endpoint, user: str, *sqls: str) -> str | None:
    """Run statements as one batch; return the error, without the number of the statement."""
    client = redshift.client(user)
    started = client.batch_execute_statement(Sqls=list(sqls), **WHERE)
    told = client.describe_statement(Id=started["Id"], WaitTimeSeconds=20).get("Error")
    return told.partition(" failed with ")[2] if told else None


@pytest.fixture(scope="module")
def redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The shipped tables, made by their owner and granted as the command does it."""
    with endpoint(tmp_path_factory.mktemp("rights")) as running:
        for user in (LOADER, READER, STRANGER):
            assert error(running, user, "SELECT 1") is None
        grants = ddl.grants("analytics", release().tables, loaders=["IAMR:dags"], readers=["IAMR:freshness"])
        assert error(running, OWNER, *statements().values(), *grants) is None
        yield running


@pytest.mark.parametrize(
    "sqls",
    [
        ("LOCK TABLE inventory", "DELETE FROM inventory WHERE counted_on = '2026-11-20'", INSERT),
        ("CREATE TEMP TABLE staged (a INTEGER)", "INSERT INTO staged VALUES (1)", "SELECT a FROM staged"),
        ("SELECT COUNT(*) FROM inventory",),
    ],
)
def test_who_loads_may_do_what_a_load_does(redshift: Endpoint, sqls: tuple[str, ...]) -> None:
    assert error(redshift, LOADER, *sqls) is None


@pytest.mark.parametrize(
    "sql", ["TRUNCATE inventory", "DROP TABLE inventory", 'GRANT SELECT ON inventory TO "IAM:stranger"']
)
def test_who_loads_is_not_the_owner(redshift: Endpoint, sql: str) -> None:
    assert error(redshift, LOADER, sql) == DENIED


def test_who_reads_may_only_read(redshift: Endpoint) -> None:
    assert error(redshift, READER, "SELECT MAX(updated_at) FROM inventory") is None
    for sql in (INSERT, "DELETE FROM inventory", "LOCK TABLE inventory", "TRUNCATE inventory"):
        assert error(redshift, READER, sql) == DENIED


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM inventory",
        "SELECT (SELECT COUNT(*) FROM inventory) AS n",
        "INSERT INTO inventory SELECT sku, warehouse, counted_on, quantity, updated_at FROM inventory",
        INSERT,
        "DELETE FROM inventory",
        "LOCK TABLE inventory",
        f"COPY inventory FROM 's3://lake/x' IAM_ROLE '{COPY_ROLE}' FORMAT AS PARQUET",
        "DROP TABLE inventory",
    ],
)
def test_without_a_grant_nothing_goes(redshift: Endpoint, sql: str) -> None:
    assert error(redshift, STRANGER, sql) == DENIED


def test_a_grant_that_is_rolled_back_grants_nothing(redshift: Endpoint) -> None:
    granted = 'GRANT SELECT ON sales_fact TO "IAM:stranger"'
    assert error(redshift, OWNER, granted, "SELECT 1/0") == "ERROR: Divide by zero"
    assert (
        error(redshift, STRANGER, "SELECT COUNT(*) FROM sales_fact")
        == "ERROR: permission denied for relation sales_fact"
    )


def test_a_grant_outlives_the_endpoint(tmp_path: Path) -> None:
    with endpoint(tmp_path) as redshift:
        assert error(redshift, READER, "SELECT 1") is None
        made = ("CREATE TABLE kept (a INTEGER)", 'GRANT SELECT ON kept TO "IAMR:freshness"')
        assert error(redshift, OWNER, *made) is None
    with endpoint(tmp_path) as redshift:
        assert error(redshift, READER, "SELECT a FROM kept") is None
        assert error(redshift, STRANGER, "SELECT a FROM kept") == "ERROR: permission denied for relation kept"


def test_a_user_may_be_made_before_its_first_statement_and_only_once(tmp_path: Path) -> None:
    with endpoint(tmp_path) as redshift:
        granted = ("CREATE TABLE kept (a INTEGER)", 'GRANT SELECT ON kept TO "IAMR:freshness"')
        assert error(redshift, "root", *granted) == 'ERROR: user "iamr:freshness" does not exist'
        assert error(redshift, "root", 'CREATE USER "IAMR:freshness" PASSWORD DISABLE') is None
        assert error(redshift, "root", *granted) is None
        assert error(redshift, READER, "SELECT a FROM kept") is None
        again = 'ERROR: user "iamr:freshness" already exists'
        assert error(redshift, "root", 'CREATE USER "IAMR:freshness" PASSWORD DISABLE') == again
        assert error(redshift, STRANGER, 'CREATE USER "IAMR:me" PASSWORD DISABLE') == (
            "ERROR: must be superuser to create users"
        )

"""The tables of the warehouse, made where they do not exist yet, and what their users may do with them."""

from __future__ import annotations

from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from suimon.contract.redshift_names import quoted
from suimon.warehouse.data_api import WarehouseError, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.warehouse.data_api import Warehouse


# COPY goes into a temporary table, whose owner the loader is. LOCK wants UPDATE or DELETE (PostgreSQL 8.0, on which
# Redshift is based: "LOCK"; Redshift's own page names no privilege).
LOADING, READING = "SELECT, INSERT, DELETE", "SELECT"


def statements(tables: Mapping[str, str]) -> dict[str, str]:
    """Return the CREATE TABLE of each table and, after it, that of its load log, by the table's name."""
    load_log = Template(files("suimon.warehouse").joinpath("load_log.sql").read_text())
    every = {}
    for table in sorted(tables):
        every[table] = tables[table]
        every[f"{table}_loads"] = load_log.substitute(table=table)
    return every


def grants(
    database: str, tables: Mapping[str, str], *, loaders: Sequence[str] = (), readers: Sequence[str] = ()
) -> list[str]:
    """Return the GRANTs of those who load the tables (the DAGs) and of those who only read them (the freshness check).

    Whoever creates a table owns it, and nobody else may even read it. ValueError when a user's name can be none.
    """
    names = ", ".join(statements(tables))
    given = []
    for privileges, users in ((LOADING, loaders), (READING, readers)):
        if users:
            named = ", ".join(quoted(user) for user in users)
            given.append(f"GRANT USAGE ON SCHEMA public TO {named}")
            given.append(f"GRANT {privileges} ON TABLE {names} TO {named}")
    if loaders:
        # The staging tables; by default everyone may, which many take back.
        named = ", ".join(quoted(user) for user in loaders)
        given.append(f"GRANT TEMP ON DATABASE {quoted(database)} TO {named}")
    return given


def create_users(client: RedshiftDataAPIServiceClient, target: Warehouse, users: Sequence[str]) -> None:
    """Make these database users of IAM's, which can then be granted rights before their first statement.

    Raises WarehouseError when Redshift refuses one for another reason than that it is there.
    """
    for user in users:
        try:
            run(client, target, f"CREATE USER {quoted(user)} PASSWORD DISABLE")
        except WarehouseError as error:
            if "already exists" not in str(error):
                raise


def create(
    client: RedshiftDataAPIServiceClient,
    target: Warehouse,
    tables: Mapping[str, str],
    *,
    granted: Sequence[str] = (),
    timeout_seconds: float = 300,
) -> None:
    """Make every table that is not there, then run the GRANTs of `granted`; what is there stays as it is.

    Raises WarehouseError with the statement and Redshift's error when one fails or takes over `timeout_seconds`.
    """
    for sql in (*statements(tables).values(), *granted):
        run(client, target, sql, timeout_seconds=timeout_seconds)

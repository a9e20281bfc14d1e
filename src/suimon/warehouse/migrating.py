"""A migration carried out: the table is looked at in the catalog, and each statement sent by itself."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from suimon.warehouse.data_api import run, run_query
from suimon.warehouse.migration import Migration, declared, from_catalog, plan_migration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.warehouse.data_api import Warehouse


def planned(
    client: RedshiftDataAPIServiceClient, target: Warehouse, tables: Mapping[str, str]
) -> Iterator[Migration | str]:
    """Yield how each table comes to be what its CREATE TABLE says; the name of a table that is not there.

    Raises WarehouseError when the catalog cannot be asked.
    """
    sql = files("suimon.warehouse").joinpath("columns.sql").read_text(encoding="utf-8")
    for table in sorted(tables):
        rows = run_query(client, target, sql, {"database": target.database, "table": table})
        yield plan_migration(table, list(from_catalog(rows)), declared(tables[table])) if rows else table


def carry_out(client: RedshiftDataAPIServiceClient, target: Warehouse, migration: Migration) -> Iterator[str]:
    """Send each statement and yield it once it is done; run again, only what is still missing is planned.

    WarehouseError at the first that fails; those before it stay done, and each of them is harmless alone.
    """
    for sql in migration.statements:
        run(client, target, sql)
        yield sql

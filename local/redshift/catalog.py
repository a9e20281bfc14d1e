"""What tables there are, as DuckDB's catalog has them and Redshift would tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from local.redshift.columns import result_type
from local.redshift.errors import relation_missing
from local.redshift.tree import ColumnDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fetch(Protocol):
    """Run one query of DuckDB's in a session and give its rows."""

    def __call__(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Raise RedshiftError when it fails."""


def exists(fetch: Fetch, table: str, *, temporary: bool) -> bool:
    """Say whether there is such a table."""
    sql = "SELECT count(*) FROM duckdb_tables() WHERE table_name = $name AND temporary = $temporary"
    return bool(fetch(sql, {"name": table, "temporary": temporary})[0][0])


def columns_of(fetch: Fetch, table: str, *, temporary: bool) -> list[ColumnDefinition]:
    """Give the columns of a table in their order, without defaults; raises RedshiftError when there is no table."""
    rows = fetch(
        "SELECT column_name, data_type, comment, is_nullable FROM duckdb_columns() WHERE table_name = $name"
        " AND (database_name = 'temp') = $temporary ORDER BY column_index",
        {"name": table, "temporary": temporary},
    )
    if not rows:
        raise relation_missing(table)
    return [ColumnDefinition(name, result_type(kind, comment), nullable) for name, kind, comment, nullable in rows]

"""SVV_TRANSACTIONS: who has which lock, and who waits for one; the columns of which the twin knows something. Pure.

A table of the session, for DuckDB has no view over what this process knows. Documentation: "SVV_TRANSACTIONS": users
see their own transactions, superusers all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.redshift import ddl
from local.redshift.columns import ColumnType
from local.redshift.names import Relation, quoted
from local.redshift.texts import literal
from local.redshift.tree import ColumnDefinition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VIEW = Relation("svv_transactions")
_COLUMNS = (
    ColumnDefinition("txn_owner", ColumnType("varchar", 256)),
    ColumnDefinition("pid", ColumnType("int4")),
    ColumnDefinition("granted", ColumnType("bool")),
)


def as_of(locks: Iterable[tuple[str, int, bool]]) -> Iterator[str]:
    """Yield the statements after which the view shows these locks: owner, process, whether it was granted."""
    yield f"DROP TABLE IF EXISTS temp.main.{quoted(VIEW.name)}"
    yield from ddl.table_sql(VIEW, _COLUMNS, temporary=True)
    for owner, pid, is_granted in locks:
        yield f"INSERT INTO temp.main.{quoted(VIEW.name)} VALUES ({literal(owner)}, {pid}, {is_granted})"

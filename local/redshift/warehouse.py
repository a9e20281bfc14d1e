"""The database file behind the endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import duckdb

from local.redshift.locks import TableLocks
from local.redshift.names import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from local.redshift.objects import Objects


_DATABASE: Final = "warehouse"
# SQL reaches neither Python's variables nor the network: DuckDB would download what it does not find.
CLOSED: Final[dict[str, Any]] = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}


@dataclass
class Warehouse:
    """The database file, opened once for all sessions; only this process may hold it."""

    root: duckdb.DuckDBPyConnection
    staging: Path
    region: str
    open_objects: Callable[[str], Objects]
    now: Callable[[], datetime]
    locks: TableLocks = field(default_factory=TableLocks)
    users: set[str] = field(default_factory=set)  # those who have come: IAM's exist from then on

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Open a connection for one session, which sees the warehouse's schema."""
        connection = self.root.cursor()
        connection.execute(f"USE {_DATABASE}.{SCHEMA}")
        return connection

    def close(self) -> None:
        """Close the file."""
        self.root.close()


def open_warehouse(
    path: Path,
    staging: Path,
    region: str,
    open_objects: Callable[[str], Objects],
    now: Callable[[], datetime],
    *,
    serializable: bool = False,
) -> Warehouse:
    """Open the database file at `path`, made on first use; `staging` holds files of running COPYs.

    Its isolation is SNAPSHOT, as a new workgroup's, unless `serializable`.

    The file is attached, not connected to: after `kill -9` DuckDB replays its log before its own functions are loaded
    when it connects, misses those of the CHECK constraints, and looks for them on the internet.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    root = duckdb.connect(config={**CLOSED, "temp_directory": str(path.with_suffix(".spill"))})
    file = str(path).replace("'", "''")
    root.execute(f"ATTACH '{file}' AS {_DATABASE}")
    root.execute(f"CREATE SCHEMA IF NOT EXISTS {_DATABASE}.{SCHEMA}")
    return Warehouse(root, staging, region, open_objects, now, TableLocks(serializable=serializable))

"""The database file behind the endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from local.redshift.locks import TableLocks
from local.redshift.names import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from local.redshift.objects import Objects


@dataclass
class Warehouse:
    """The database file, opened once for all sessions; only this process may hold it."""

    root: duckdb.DuckDBPyConnection
    staging: Path
    region: str
    open_objects: Callable[[str], Objects]
    now: Callable[[], datetime]
    locks: TableLocks = field(default_factory=TableLocks)

    def close(self) -> None:
        """Close the file."""
        self.root.close()


def open_warehouse(
    path: Path, staging: Path, region: str, open_objects: Callable[[str], Objects], now: Callable[[], datetime]
) -> Warehouse:
    """Open the database file at `path`, made on first use; `staging` holds files of running COPYs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQL must not reach Python's variables.
    root = duckdb.connect(str(path), config={"python_enable_replacements": "false"})
    root.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    return Warehouse(root, staging, region, open_objects, now)

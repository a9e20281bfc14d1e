"""The warehouse: tables by partition, their load logs, and the load as the one transaction that the DAG submits.

What the SQL in dags/sql does, statement by statement, is one step here: the lock on the table makes it one there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LOADED, SUPERSEDED = "loaded", "superseded"


@dataclass(frozen=True)
class Load:
    """One row of a load log: a load of a partition that was committed. `at`: Unix seconds."""

    partition: str
    drop_id: str
    attempt: int
    written: str
    rows: int
    at: float


class Warehouse:
    """Tables and load logs; `commits` keeps every load in the order of its commit, with its table."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.tables: dict[str, dict[str, list[str]]] = {}  # rows by table and partition
        self.logs: dict[str, dict[tuple[str, int], Load]] = {}  # by table, then drop and attempt
        # Of a table's partition, whoever has loaded it, in their order.
        self._loaders: dict[tuple[str, str], dict[tuple[str, int], None]] = {}
        self.commits: list[tuple[str, Load]] = []
        self.committed: set[tuple[str, int]] = set()  # drops and attempts of these

    def load(self, *, table: str, partition: str, drop_id: str, attempt: int, written: str, rows: Sequence[str]) -> str:
        """Replace the partition, unless a later write or a later attempt is in it: LOADED or SUPERSEDED."""
        log = self.logs.setdefault(table, {})
        if self.later(table, partition, drop_id, attempt, written) is not None:
            return SUPERSEDED
        self.tables.setdefault(table, {})[partition] = list(rows)
        load = Load(partition, drop_id, attempt, written, len(rows), self.now())
        log[drop_id, attempt] = load
        self.commits.append((table, load))
        self.committed.add((drop_id, attempt))
        self._loaders.setdefault((table, partition), {})[drop_id, attempt] = None
        return LOADED

    def later(self, table: str, partition: str, drop_id: str, attempt: int, written: str) -> Load | None:
        """Return a load that fences off this one, if there is one."""
        for loader in self._loaders.get((table, partition), ()):
            load = self.logs[table][loader]
            if load.partition == partition and (
                load.written > written or (load.drop_id == drop_id and load.attempt > attempt)
            ):
                return load
        return None

    def rows(self, table: str, partition: str) -> list[str]:
        """Return what a partition holds."""
        return self.tables.get(table, {}).get(partition, [])

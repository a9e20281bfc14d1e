"""Table locks and isolation as Redshift has them, above DuckDB's.

DuckDB finds conflicts row by row, as Redshift does under SNAPSHOT isolation, the default of new workgroups and
clusters; whole tables are locked for writing. Under SERIALIZABLE the second of two transactions that cannot be
serialized is ended (documentation: "Isolation levels", "Concurrent write examples"):

    load A                               load B
    CREATE TEMP TABLE (LIKE t)           CREATE TEMP TABLE (LIKE t)     both have their snapshot
    DELETE FROM t, INSERT INTO t         DELETE FROM t                  B waits for A's write lock
    COMMIT                               SERIALIZABLE: 1023, t changed since B's snapshot, and its DELETE reads t
                                         SNAPSHOT: goes on, and does not see what A has inserted: rows are double

With `LOCK t` first, B waits before it has a snapshot, and goes through under both; whoever reads t waits as well
(documentation: "LOCK": reads and writes of other transactions wait). What is not modelled: a LOCK that waits for
readers, and, under SERIALIZABLE, cycles over several tables in which no transaction writes a table that it read.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.redshift.errors import CancelledError, RedshiftError, serializable_violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime


@dataclass(eq=False)
class Transaction:
    """One open transaction of the process `pid`; `snapshot` counts the commits that it sees.

    `cancelled` tells whether it should wait no longer, `began` is its SYSDATE, `user` who runs it; `locked` are those
    of `writes` that it took by LOCK.
    """

    pid: int
    cancelled: Callable[[], bool]
    began: datetime
    user: str = ""
    snapshot: int | None = None
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)
    waits_for: str | None = None


class TableLocks:
    """The write locks of one warehouse, and which commit last wrote each table."""

    def __init__(self, *, serializable: bool = False) -> None:
        """Under SNAPSHOT isolation, unless `serializable`."""
        self._serializable = serializable
        self._changed = threading.Condition()
        self._holders: dict[str, Transaction] = {}
        self._waiting: set[Transaction] = set()
        self._written: dict[str, int] = {}
        self._commits = 0

    def take_snapshot(self, transaction: Transaction, open_snapshot: Callable[[], object]) -> None:
        """Fix what the transaction sees; `open_snapshot` does so in DuckDB, with no commit in between."""
        with self._changed:
            if transaction.snapshot is None:
                open_snapshot()
                transaction.snapshot = self._commits

    def write(self, transaction: Transaction, table: str, *, exclusive: bool = False) -> None:
        """Wait for the write lock of `table`, and keep it until the transaction ends; `exclusive`: readers wait, too.

        Raises RedshiftError when waiting would be a deadlock, CancelledError when it is cancelled.
        """
        with self._changed:
            self._wait(transaction, table, for_lock_only=False)
            self._holders[table] = transaction
            transaction.writes.add(table)
            if exclusive:
                transaction.locked.add(table)

    def read(self, transaction: Transaction, tables: Iterable[str]) -> None:
        """Wait until nobody else has taken one of `tables` by LOCK; raises as `write` does."""
        with self._changed:
            for table in sorted(tables):
                self._wait(transaction, table, for_lock_only=True)

    def check_serializable(self, transaction: Transaction, reads: Iterable[str]) -> None:
        """Raise error 1023 when the transaction writes a table that it reads as it was before another's commit."""
        transaction.reads |= set(reads)
        if not self._serializable:
            return
        with self._changed:
            for table in sorted(transaction.writes & transaction.reads):
                if transaction.snapshot is not None and self._written.get(table, 0) > transaction.snapshot:
                    raise serializable_violation(table, transaction.pid)

    def commit(self, transaction: Transaction, commit: Callable[[], object]) -> None:
        """Run `commit` and release the locks as one step to every other transaction."""
        with self._changed:
            commit()
            self._commits += 1
            for table in transaction.writes:
                self._written[table] = self._commits
            self._release(transaction)

    def rollback(self, transaction: Transaction) -> None:
        """Release the locks; nothing was written."""
        with self._changed:
            self._release(transaction)

    def seen_by(self, user: str | None) -> list[tuple[str, int, bool]]:
        """Return owner, process and whether it was granted of every lock that a user sees; None: who sees all."""
        with self._changed:
            held = [(one.user, one.pid, True) for one in self._holders.values()]
            asked = [(one.user, one.pid, False) for one in self._waiting]
        return [lock for lock in sorted([*held, *asked]) if user in (None, lock[0])]

    def _wait(self, transaction: Transaction, table: str, *, for_lock_only: bool) -> None:
        transaction.waits_for = table
        self._waiting.add(transaction)
        try:
            while (holder := self._holders.get(table)) is not None and holder is not transaction:
                if for_lock_only and table not in holder.locked:
                    return
                if self._waits_for(holder, transaction):
                    raise RedshiftError("deadlock detected", f"table {table} is held by pid {holder.pid}")
                if transaction.cancelled():
                    raise CancelledError
                self._changed.wait(timeout=0.05)  # the bound only matters to cancelling
        finally:
            transaction.waits_for = None
            self._waiting.discard(transaction)

    def _release(self, transaction: Transaction) -> None:
        self._holders = {table: holder for table, holder in self._holders.items() if holder is not transaction}
        self._changed.notify_all()

    def _waits_for(self, waiter: Transaction | None, target: Transaction) -> bool:
        seen: set[int] = set()
        while waiter is not None and waiter.waits_for is not None and id(waiter) not in seen:
            seen.add(id(waiter))
            waiter = self._holders.get(waiter.waits_for)
            if waiter is target:
                return True
        return False

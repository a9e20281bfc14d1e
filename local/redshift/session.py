"""One session in the warehouse: its transaction, its temporary tables, and one plan after another."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import duckdb

from local.redshift import columns, copying, ddl, locks_view, tree
from local.redshift.errors import CancelledError, CastError, RedshiftError, from_duckdb
from local.redshift.locks import Transaction
from local.redshift.names import SCHEMA, Relation, folded, quoted
from local.redshift.queries import Compiler, tables_of
from local.redshift.texts import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.redshift.warehouse import Warehouse

_BATCH_ROWS: Final = 1000
SUPERUSER: Final = "iam:root"  # the account's root, as which the twin is set up, stands for Redshift's administrator


@dataclass(frozen=True)
class Outcome:
    """What a statement gave: affected or returned `rows`, and for a SELECT its columns and records of Fields."""

    rows: int
    metadata: list[dict[str, Any]] | None = None
    records: list[list[Mapping[str, Any]]] = field(default_factory=list)


class Session:
    """One session: `begin`, `run` and `commit` or `rollback`, `close`. `cancel` may come from another thread."""

    def __init__(self, warehouse: Warehouse, pid: int, user: str = SUPERUSER, database: str = "") -> None:
        self._warehouse, self._pid, self._user, self._database = warehouse, pid, folded(user), database
        warehouse.users.add(self._user)
        self._connection = warehouse.connection()
        self._transaction: Transaction | None = None
        self._temporary: set[str] = set()
        self._temporary_before: set[str] = set()
        self._cancelled = threading.Event()
        self._closed = False
        # Held to commit and to close: an interrupt in a COMMIT would leave open whether it happened.
        self._uninterrupted = threading.Lock()

    def begin(self) -> None:
        """Open a transaction; it sees nothing until its first statement that reads or writes."""
        self._transaction = Transaction(self._pid, self._cancelled.is_set, self._warehouse.now(), self._user)
        self._temporary_before = set(self._temporary)
        self._execute("BEGIN TRANSACTION")

    def commit(self) -> None:
        """Commit; raises RedshiftError when DuckDB finds a conflict and CancelledError: then nothing is written."""
        transaction = self._open()
        with self._uninterrupted:
            self.check_cancelled()
            self._warehouse.locks.commit(transaction, lambda: self._execute("COMMIT"))
            self._transaction = None

    def rollback(self) -> None:
        """Undo the open transaction, if there is one."""
        transaction, self._transaction = self._transaction, None
        if transaction is None:
            return
        while True:
            try:
                self._connection.execute("ROLLBACK")
            except duckdb.InterruptException:  # meant for what is being undone
                continue
            except duckdb.TransactionException:  # a COMMIT that failed has left none to roll back
                pass
            break
        self._temporary = self._temporary_before
        self._warehouse.locks.rollback(transaction)

    def close(self) -> None:
        """End the session and with it its temporary tables."""
        self.rollback()
        with self._uninterrupted:
            self._closed = True
            self._connection.close()

    def cancel(self) -> None:
        """Stop what runs now, and everything after it; may be called again until it is seen to have worked."""
        with self._uninterrupted:
            self._cancelled.set()
            if not self._closed:
                self._connection.interrupt()

    def check_cancelled(self) -> None:
        """Raise CancelledError once `cancel` was called."""
        if self._cancelled.is_set():
            raise CancelledError

    def run(self, plan: tree.Plan, parameters: Mapping[str, str], query_id: int) -> Outcome:
        """Run one plan in the open transaction; after RedshiftError or CancelledError there is only rollback left."""
        self.check_cancelled()
        try:
            return self._run(plan, parameters, query_id)
        except CastError as error:
            raise error.of_query(query_id) from error

    def _run(self, plan: tree.Plan, parameters: Mapping[str, str], query_id: int) -> Outcome:  # noqa: C901, PLR0911 a branch per plan
        match plan:
            case tree.Query():
                return self._query(plan, parameters)
            case tree.Insert() | tree.Delete():
                return self._change(plan, parameters)
            case tree.Copy():
                return self._copy(plan, query_id)
            case tree.OfTables(command="truncate"):
                return self._truncate(plan.tables[0])
            case tree.OfTables(command="drop"):
                return self._drop(plan.tables[0], if_exists=plan.if_exists)
            case tree.OfTables():
                for table in plan.tables:
                    self._write(table, exclusive=True)
                for table in plan.tables:
                    self._may(table, "update", "delete")
                return Outcome(-1)
            case tree.CreateTable():
                return self._create(plan)
            case tree.Grant():
                return self._grant(plan)
            case tree.CreateUser():
                return self._create_user(plan.user)

    def _compiler(self, parameters: Mapping[str, str]) -> Compiler:
        return Compiler(self._columns, parameters, self._open().began)

    def _query(self, plan: tree.Query, parameters: Mapping[str, str]) -> Outcome:
        tables = tables_of(plan)
        if locks_view.VIEW in tables:
            self._show_locks()
        self._read(tables)
        for table in sorted(tables):
            self._may(table, "select")
        sql, named = self._compiler(parameters).query(plan)
        self._execute(sql)
        metadata = [columns.metadata(name, kind) for name, kind in named]
        records: list[list[Mapping[str, Any]]] = []
        while rows := self._fetch_some():
            records += [
                [columns.field(value, kind) for value, (_, kind) in zip(row, named, strict=True)] for row in rows
            ]
            self.check_cancelled()
        return Outcome(len(records), metadata, records)

    def _show_locks(self) -> None:
        seen = self._warehouse.locks.seen_by(None if self._user == SUPERUSER else self._user)
        for statement in locks_view.as_of(seen):
            self._execute(statement)
        self._temporary.add(locks_view.VIEW.name)

    def _change(self, plan: tree.Insert | tree.Delete, parameters: Mapping[str, str]) -> Outcome:
        # What is changed row by row is read first.
        tables = tables_of(plan) | (frozenset() if isinstance(plan, tree.Insert) else {plan.target})
        self._write(plan.target)
        self._read(tables)
        for table in sorted(tables):
            self._may(table, "select")
        self._may(plan.target, "insert" if isinstance(plan, tree.Insert) else "delete")
        compiler = self._compiler(parameters)
        sql = compiler.insert(plan) if isinstance(plan, tree.Insert) else compiler.delete(plan)
        ((count,),) = self._fetch(sql)
        return Outcome(int(count))

    def _copy(self, plan: tree.Copy, query_id: int) -> Outcome:
        self._write(plan.table)
        self._read(())
        self._may(plan.table, "insert")
        known = self._columns(plan.table)
        by_name = {column.name: column for column in known}
        if unknown := [name for name in plan.columns if name not in by_name]:
            raise RedshiftError(f'column "{unknown[0]}" of relation "{plan.table.name}" does not exist')
        target = copying.CopyTarget(plan.table.sql, [by_name[name] for name in plan.columns] or known)
        count = copying.load(
            self._connection,
            plan,
            target,
            self._warehouse.open_objects(plan.role_arn),
            staging=self._warehouse.staging,
            region=self._warehouse.region,
            query_id=query_id,
            cancelled=self._cancelled.is_set,
        )
        return Outcome(count)

    def _truncate(self, table: Relation) -> Outcome:
        """TRUNCATE commits all work before it and itself (documentation: "TRUNCATE"); its lock is kept throughout."""
        self._write(table, exclusive=True)
        self._read(())
        self._may(table, "truncate")  # one that fails commits nothing
        self.commit()
        self.begin()
        self._write(table, exclusive=True)
        self._read(())
        self._execute(f"TRUNCATE {table.sql}")
        self.commit()
        self.begin()
        return Outcome(-1)

    def _create(self, plan: tree.CreateTable) -> Outcome:
        if not plan.temporary:
            self._write(Relation(plan.table.name, qualified=True))
        self._read(())
        if self._exists(plan.table, temporary=plan.temporary):
            if plan.if_not_exists:
                return Outcome(-1)
            raise RedshiftError(f'Relation "{plan.table.name}" already exists')
        for statement in ddl.table_sql(plan.table, plan.columns, temporary=plan.temporary):
            self._execute(statement)
        if plan.temporary:
            self._temporary.add(plan.table.name)
        else:
            self._set_rights(plan.table, {"": [self._user]})
        return Outcome(-1)

    def _create_user(self, user: str) -> Outcome:
        if user in self._warehouse.users:
            raise RedshiftError(f'user "{user}" already exists')
        if self._user != SUPERUSER:
            raise RedshiftError("must be superuser to create users")
        self._warehouse.users.add(user)
        return Outcome(-1)

    def _grant(self, plan: tree.Grant) -> Outcome:
        if plan.database not in {"", self._database}:
            raise RedshiftError(f'database "{plan.database}" does not exist')
        if unknown := [user for user in plan.users if user not in self._warehouse.users]:
            raise RedshiftError(f'user "{unknown[0]}" does not exist')
        for table in plan.tables:
            self._write(table)
        self._read(())
        for table in plan.tables:
            self._may(table)
            rights = self._rights(table)
            for user in plan.users:
                rights[user] = sorted({*rights.get(user, ()), *plan.privileges})
            self._set_rights(table, rights)
        return Outcome(-1)

    def _drop(self, table: Relation, *, if_exists: bool) -> Outcome:
        self._write(table, exclusive=True)  # as TRUNCATE, it keeps readers out (documentation: "LOCK")
        self._read(())
        if not self._find(table):
            if if_exists:
                return Outcome(-1)
            raise RedshiftError(f'Table "{table.name}" does not exist')
        self._may(table, "drop")
        self._execute(f"DROP TABLE {table.sql}")
        if self._is_temporary(table):
            self._temporary.discard(table.name)
        return Outcome(-1)

    # Rights: the table's comment is JSON of users and their privileges; the owner stands under "".

    def _may(self, table: Relation, *privileges: str) -> None:
        """Raise RedshiftError unless there is such a table, and the user owns it or has one of the privileges."""
        self._columns(table)
        if self._is_temporary(table) or self._user == SUPERUSER:
            return
        rights = self._rights(table)
        if self._user not in rights[""] and not {*privileges} & {*rights.get(self._user, ())}:
            raise RedshiftError(f"permission denied for relation {table.name}")

    def _rights(self, table: Relation) -> dict[str, list[str]]:
        sql = "SELECT comment FROM duckdb_tables() WHERE table_name = $name AND NOT temporary"
        rights: dict[str, list[str]] = json.loads(self._fetch(sql, {"name": table.name})[0][0])
        return rights

    def _set_rights(self, table: Relation, rights: Mapping[str, list[str]]) -> None:
        self._execute(f"COMMENT ON TABLE {SCHEMA}.{quoted(table.name)} IS {literal(json.dumps(rights))}")

    # What a statement sees and holds.

    def _read(self, tables: frozenset[Relation] | tuple[Relation, ...]) -> None:
        """Fix the snapshot, and refuse what could not be serialized with what others committed since."""
        transaction, locks = self._open(), self._warehouse.locks
        shared = {table.name for table in tables if not self._is_temporary(table)}
        locks.read(transaction, shared)
        locks.take_snapshot(transaction, lambda: self._execute("SELECT 1 FROM duckdb_tables() LIMIT 0"))
        locks.check_serializable(transaction, shared)

    def _write(self, table: Relation, *, exclusive: bool = False) -> None:
        if not self._is_temporary(table):
            self._warehouse.locks.write(self._open(), table.name, exclusive=exclusive)

    def _is_temporary(self, table: Relation) -> bool:
        return not table.qualified and table.name in self._temporary

    def _open(self) -> Transaction:
        if self._transaction is None:
            raise RuntimeError("no transaction is open: call begin() first")
        return self._transaction

    # The catalog.

    def _exists(self, table: Relation, *, temporary: bool) -> bool:
        sql = "SELECT count(*) FROM duckdb_tables() WHERE table_name = $name AND temporary = $temporary"
        return bool(self._fetch(sql, {"name": table.name, "temporary": temporary})[0][0])

    def _find(self, table: Relation) -> bool:
        return self._is_temporary(table) or self._exists(table, temporary=False)

    def _columns(self, table: Relation) -> list[tree.ColumnDefinition]:
        """Return the columns of a table in their order; raises RedshiftError when there is no table."""
        rows = self._fetch(
            "SELECT column_name, data_type, comment, is_nullable FROM duckdb_columns() WHERE table_name = $name"
            " AND (database_name = 'temp') = $temporary ORDER BY column_index",
            {"name": table.name, "temporary": self._is_temporary(table)},
        )
        if not rows:
            raise RedshiftError(f'relation "{table.name}" does not exist')
        return [tree.ColumnDefinition(name, columns.column_type(kind, words), null) for name, kind, words, null in rows]

    def _execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql, dict(parameters)) if parameters else self._connection.execute(sql)
        except duckdb.Error as error:
            raise from_duckdb(error) from error

    def _fetch(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        cursor = self._execute(sql, parameters)
        try:
            return cursor.fetchall()
        except duckdb.Error as error:
            raise from_duckdb(error) from error

    def _fetch_some(self) -> list[tuple[Any, ...]]:
        try:
            return self._connection.fetchmany(_BATCH_ROWS)
        except duckdb.Error as error:
            raise from_duckdb(error) from error

"""One session in the warehouse: its transaction, its temporary tables, and one plan after another."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import duckdb

from local.redshift import catalog, columns, copying, ddl, tree
from local.redshift.errors import CancelledError, CastError, NotInTwinError, RedshiftError, from_duckdb
from local.redshift.locks import Transaction
from local.redshift.names import Relation
from local.redshift.outcome import Outcome
from local.redshift.queries import Compiler, tables_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.redshift.warehouse import Warehouse

_BATCH_ROWS: Final = 1000


class Session:
    """One session: `begin`, `run` and `commit` or `rollback`, `close`. `cancel` may come from another thread."""

    def __init__(self, warehouse: Warehouse, pid: int) -> None:
        self._warehouse, self._pid = warehouse, pid
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
        self._transaction = Transaction(self._pid, self._cancelled.is_set, self._warehouse.now())
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

    def _run(  # noqa: PLR0911 one branch per kind of plan
        self, plan: tree.Plan, parameters: Mapping[str, str], query_id: int
    ) -> Outcome:
        match plan:
            case tree.Query():
                return self._query(plan, parameters)
            case tree.Insert() | tree.Update() | tree.Delete():
                return self._change(plan, parameters)
            case tree.Copy():
                return self._copy(plan, query_id)
            case tree.Truncate():
                return self._truncate(plan)
            case tree.Lock():
                for table in plan.tables:
                    self._write(table, exclusive=True)
                for table in plan.tables:
                    self._columns(table)
                return Outcome(-1)
            case tree.CreateTable():
                return self._create(plan)
            case tree.DropTable():
                return self._drop(plan)

    def _compiler(self, parameters: Mapping[str, str]) -> Compiler:
        return Compiler(self._columns, parameters, self._open().began)

    def _query(self, plan: tree.Query, parameters: Mapping[str, str]) -> Outcome:
        tables = tables_of(plan)
        self._read(tables)
        for table in sorted(tables):
            self._columns(table)
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

    def _change(self, plan: tree.Insert | tree.Update | tree.Delete, parameters: Mapping[str, str]) -> Outcome:
        # What is changed row by row is read first.
        tables = tables_of(plan) | (frozenset() if isinstance(plan, tree.Insert) else {plan.target})
        self._write(plan.target)
        self._read(tables)
        for table in sorted(tables):
            self._columns(table)
        compiler = self._compiler(parameters)
        match plan:
            case tree.Insert():
                sql = compiler.insert(plan)
            case tree.Update():
                sql = compiler.update(plan)
            case tree.Delete():
                sql = compiler.delete(plan)
        ((count,),) = self._fetch(sql)
        return Outcome(int(count))

    def _copy(self, plan: tree.Copy, query_id: int) -> Outcome:
        self._write(plan.table)
        self._read(())
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
            staging=self._warehouse.staging / f"copy-{query_id}",
            region=self._warehouse.region,
            query_id=query_id,
            cancelled=self._cancelled.is_set,
        )
        return Outcome(count)

    def _truncate(self, plan: tree.Truncate) -> Outcome:
        """TRUNCATE commits all work before it and itself (documentation: "TRUNCATE"); its lock is kept throughout."""
        self._write(plan.table, exclusive=True)
        self._read(())
        self._columns(plan.table)  # a TRUNCATE that fails commits nothing
        self.commit()
        self.begin()
        self._write(plan.table, exclusive=True)
        self._read(())
        self._execute(f"TRUNCATE {plan.table.sql}")
        self.commit()
        self.begin()
        return Outcome(-1)

    def _create(self, plan: tree.CreateTable) -> Outcome:  # noqa: C901 one step after another
        """CREATE TABLE; AS gives a text the length of the one column or cast that it is."""
        if not plan.temporary:
            self._write(Relation(plan.table.name, qualified=True))
        self._read(tables_of(plan.query) if plan.query else ())
        definitions: Sequence[tree.ColumnDefinition] = plan.columns
        if plan.parent is not None:
            definitions = self._columns(plan.parent)
        sql = ""
        if plan.query is not None:
            sql, named = self._compiler({}).query(plan.query)
            definitions = [tree.ColumnDefinition(name, kind) for name, kind in named]
            if unknown := [name for name in plan.keys if name not in dict(named)]:
                raise RedshiftError(f'column "{unknown[0]}" named in key does not exist')
            _check_lengths(plan.query, named)
        if self._exists(plan.table, temporary=plan.temporary):
            if plan.if_not_exists:
                return Outcome(-1)
            raise RedshiftError(f'Relation "{plan.table.name}" already exists')
        for table, names in plan.referenced:
            known = {column.name for column in self._columns(table)}
            if unknown := [name for name in names if name not in known]:
                raise RedshiftError(f'column "{unknown[0]}" referenced in foreign key constraint does not exist')
        for statement in ddl.table_sql(plan.table, definitions, temporary=plan.temporary):
            self._execute(statement)
        if plan.temporary:
            self._temporary.add(plan.table.name)
        if not sql:
            return Outcome(-1)
        ((count,),) = self._fetch(f"INSERT INTO {plan.table.sql} {sql}")
        return Outcome(int(count))

    def _drop(self, plan: tree.DropTable) -> Outcome:
        self._write(plan.table, exclusive=True)  # as TRUNCATE, it keeps readers out (documentation: "LOCK")
        self._read(())
        if not self._find(plan.table):
            if plan.if_exists:
                return Outcome(-1)
            raise RedshiftError(f'Table "{plan.table.name}" does not exist')
        self._execute(f"DROP TABLE {plan.table.sql}")
        if self._is_temporary(plan.table):
            self._temporary.discard(plan.table.name)
        return Outcome(-1)

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
        return catalog.exists(self._fetch, table.name, temporary=temporary)

    def _find(self, table: Relation) -> bool:
        return self._is_temporary(table) or self._exists(table, temporary=False)

    def _columns(self, table: Relation) -> list[tree.ColumnDefinition]:
        return catalog.columns_of(self._fetch, table.name, temporary=self._is_temporary(table))

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


def _check_lengths(query: tree.Query, named: Sequence[tuple[str, columns.ColumnType]]) -> None:
    """Refuse a text whose length in CREATE TABLE AS is not documented: anything but a column or a cast."""
    select = query.parts[0]
    items = select.items if len(query.parts) == 1 and isinstance(select, tree.Select) else ()
    if any(item.value is None for item in items):
        return
    for place, (name, kind) in enumerate(named):
        shown = items[place].value if place < len(items) else None
        if kind.name == "varchar" and not isinstance(shown, tree.Column | tree.Cast):
            raise NotInTwinError(f"the length that CREATE TABLE AS gives to {name}", f"CAST(… AS VARCHAR(n)) AS {name}")

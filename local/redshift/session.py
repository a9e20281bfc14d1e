"""One session in the warehouse: its transaction, its temporary tables, and one plan after another."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Final

import duckdb
from sqlglot import exp

from local.redshift import catalog, columns, copying, ddl, dialect
from local.redshift.errors import CancelledError, CastError, RedshiftError, from_duckdb
from local.redshift.locks import Transaction
from local.redshift.names import Relation
from local.redshift.outcome import Outcome
from local.redshift.rewriting import Rewriting

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        self._transaction = Transaction(self._pid, self._cancelled.is_set)
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

    def run(self, plan: dialect.Plan, parameters: Mapping[str, str], query_id: int) -> Outcome:
        """Run one plan in the open transaction; after RedshiftError or CancelledError there is only rollback left."""
        self.check_cancelled()
        try:
            return self._run(plan, parameters, query_id)
        except CastError as error:
            raise error.of_query(query_id) from error
        except RedshiftError as error:
            if isinstance(plan, dialect.Query | dialect.Change) and re.fullmatch(
                r'column ".*" does not exist', error.message
            ):
                names = sorted(table.name for table in plan.tables) or ["unnamed_subquery"]
                raise RedshiftError(f"{error.message} in {', '.join(names)}") from error
            raise

    def _run(  # noqa: C901, PLR0911 one branch per kind of plan
        self, plan: dialect.Plan, parameters: Mapping[str, str], query_id: int
    ) -> Outcome:
        match plan:
            case dialect.Query():
                return self._query(plan, parameters)
            case dialect.Change():
                return self._change(plan, parameters)
            case dialect.Copy():
                return self._copy(plan, query_id)
            case dialect.Truncate():
                return self._truncate(plan)
            case dialect.Lock():
                for table in plan.tables:
                    self._write(table, exclusive=True)
                for table in plan.tables:
                    self._columns(table)
                return Outcome(-1)
            case ddl.CreateTable():
                return self._create(plan.table, plan.columns, plan)
            case ddl.CreateTableLike():
                return self._create(plan.table, None, plan)
            case ddl.CreateTableAs():
                return self._create_as(plan)
            case ddl.DropTable():
                return self._drop(plan)

    def _query(self, plan: dialect.Query, parameters: Mapping[str, str]) -> Outcome:
        self._read(plan.tables)
        for table in sorted(plan.tables):
            self._columns(table)
        sql = Rewriting(parameters, self._warehouse.now(), self._type_of).query(plan.tree)
        cursor = self._execute(sql, _used(plan.tree, parameters))
        kinds = [columns.result_type(str(column[1])) for column in cursor.description or []]
        metadata = [
            columns.metadata(column[0], kind) for column, kind in zip(cursor.description or [], kinds, strict=True)
        ]
        records: list[list[Mapping[str, Any]]] = []
        while rows := self._fetch_some():
            records += [[columns.field(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows]
            self.check_cancelled()
        return Outcome(len(records), metadata, records)

    def _change(self, plan: dialect.Change, parameters: Mapping[str, str]) -> Outcome:
        self._write(plan.target)
        self._read(plan.tables)
        for table in sorted(plan.tables):
            self._columns(table)
        known = {column.name: column.type for column in self._columns(plan.target)}
        sql = Rewriting(parameters, self._warehouse.now(), self._type_of).change(plan.tree, known)
        ((count,),) = self._fetch(sql, _used(plan.tree, parameters))
        return Outcome(int(count))

    def _copy(self, plan: dialect.Copy, query_id: int) -> Outcome:
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

    def _truncate(self, plan: dialect.Truncate) -> Outcome:
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

    def _create(
        self,
        table: Relation,
        definitions: tuple[ddl.ColumnDefinition, ...] | None,
        plan: ddl.CreateTable | ddl.CreateTableLike | ddl.CreateTableAs,
    ) -> Outcome:
        if not plan.temporary:
            self._write(Relation(table.name, qualified=True))
        self._read(())
        if isinstance(plan, ddl.CreateTableLike):
            definitions = tuple(self._columns(plan.parent))
        if self._exists(table, temporary=plan.temporary):
            if not isinstance(plan, ddl.CreateTableAs) and plan.if_not_exists:
                return Outcome(-1)
            raise RedshiftError(f'Relation "{table.name}" already exists')
        for sql in ddl.table_sql(table, definitions or (), temporary=plan.temporary):
            self._execute(sql)
        if plan.temporary:
            self._temporary.add(table.name)
        return Outcome(-1)

    def _create_as(self, plan: ddl.CreateTableAs) -> Outcome:
        """A text gets the length of the one column that it is; what another would get is not documented."""
        self._read(plan.tables)
        known = [column for table in sorted(plan.tables) for column in self._columns(table)]
        sql = Rewriting({}, self._warehouse.now(), self._type_of).query(plan.query)
        definitions = [
            ddl.as_column(str(name), str(kind), plan.query.selects, known)
            for name, kind, *_ in self._fetch(f"DESCRIBE {sql}")
        ]
        self._create(plan.table, tuple(definitions), plan)
        ((count,),) = self._fetch(f"INSERT INTO {plan.table.sql} {sql}")
        return Outcome(int(count))

    def _drop(self, plan: ddl.DropTable) -> Outcome:
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

    def _columns(self, table: Relation) -> list[ddl.ColumnDefinition]:
        return catalog.columns_of(self._fetch, table.name, temporary=self._is_temporary(table))

    def _type_of(self, sql: str) -> str:
        return str(self._fetch(f"DESCRIBE {sql}")[0][1])

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


def _used(tree: exp.Expr, parameters: Mapping[str, str]) -> dict[str, str]:
    """Give the parameters that this statement names; DuckDB refuses others."""
    return {node.name: parameters[node.name] for node in tree.find_all(exp.Placeholder)}

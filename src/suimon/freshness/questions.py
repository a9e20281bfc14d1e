"""Questions to Redshift about the newest values of tables, side by side: a slow one holds up no other.

submit up to MOST_TOGETHER statements; the Data API takes them at once and answers later
look at each in turn: finished, failed, or over its time (then it is cancelled); another takes its place
shortly before one is over its time, ask whether it waits for a lock: then nothing is slow, and somebody can end it
until all have ended, or the time for all is over
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon.contract.redshift_names import is_plain
from suimon.contract.table_freshness import TableFreshness
from suimon.freshness.stale_tables import Answer
from suimon.values import dataclass
from suimon.warehouse.data_api import RUNNING, cancel, rows_of
from suimon.warehouse.error_text import without_values
from suimon.warehouse.table_state import TableState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient
    from mypy_boto3_redshift_data.type_defs import SqlParameterTypeDef

    from suimon.warehouse.data_api import Warehouse

# A serverless workgroup that sleeps takes its time to wake up.
QUERY_SECONDS = 60
# All tables together: so that a Redshift that hangs does not use up what the sweep needs of the function's time.
TABLES_SECONDS = 180
# Of a question's time, what is kept for asking what it waits for.
LOCK_SECONDS = 10
# A warehouse runs some five statements of a queue at once, and an account may have 500 of them.
MOST_TOGETHER = 10
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_SQL = Path(__file__).with_name("newest_value.sql")
_LOCK_SQL = Path(__file__).with_name("waits_for_lock.sql")


class IdentifierError(ValueError):
    """A table or column name that may not stand in SQL; the message says which."""


class NoTimeError(Exception):
    """A column whose newest value is no time."""


@dataclass
class _Asked:
    """A question that is under way. about_lock: the statement that asks what it waits for; empty: none could."""

    statement_id: str
    until: float
    about_lock: str | None = None


@dataclass(frozen=True, kw_only=True)
class Questions:
    """Asks tables. ticks: returns seconds that pass, whatever the time is; sleep: waits for some."""

    redshift: RedshiftDataAPIServiceClient
    warehouse: Warehouse
    ticks: Callable[[], float]
    sleep: Callable[[float], None]

    def ask(self, tables: Sequence[TableFreshness], now: datetime) -> dict[TableFreshness, Answer]:
        """Return the answer of every table, within TABLES_SECONDS and one call of the service."""
        end = self.ticks() + TABLES_SECONDS
        waiting, asked = list(dict.fromkeys(tables)), dict[TableFreshness, _Asked]()
        answers = dict[TableFreshness, Answer]()
        pause = _FIRST_PAUSE
        while waiting or asked:
            while waiting and len(asked) < MOST_TOGETHER and self.ticks() < end:
                table = waiting.pop(0)
                try:
                    asked[table] = _Asked(self._submit(table), min(self.ticks() + QUERY_SECONDS, end))
                except (ClientError, BotoCoreError, IdentifierError) as error:
                    answers[table] = _failed(error, now)
            ended = {table: answer for table, one in asked.items() if (answer := self._look(one, now))}
            answers |= ended
            asked = {table: one for table, one in asked.items() if table not in ended}
            if waiting and not asked and self.ticks() >= end:
                late = f"other questions have taken the {TABLES_SECONDS} seconds that there are for all tables"
                return answers | {table: _unanswered(TableState.UNASKED, late, now) for table in waiting}
            if asked and not ended:
                self.sleep(pause)
            pause = _FIRST_PAUSE if ended else min(pause * 2, _LONGEST_PAUSE)
        return answers

    def _submit(self, table: TableFreshness) -> str:
        sql = newest_value_query(table)
        return self.redshift.execute_statement(Sql=sql, **self.warehouse.request())["Id"]

    def _look(self, asked: _Asked, now: datetime) -> Answer | None:
        """Return the answer of a question; None while it may still come."""
        try:
            found = self.redshift.describe_statement(Id=asked.statement_id)
            status = found["Status"]
            if status == "FINISHED":
                return _read(next(rows_of(self.redshift, asked.statement_id)), now)
        except (ClientError, BotoCoreError) as error:
            cancel(self.redshift, asked.statement_id)
            return _failed(error, now)
        except NoTimeError as error:
            return _failed(error, now)
        if status not in RUNNING:
            text = f"{status}: {without_values(found.get('Error') or 'Redshift gave no reason')}"
            return Answer(asked_at=now, failure=TableState.FAILED, error="WarehouseError", text=text, failing_since=now)
        is_running = status == "STARTED"
        if is_running and asked.about_lock is None and self.ticks() >= asked.until - LOCK_SECONDS:
            asked.about_lock = self._ask_for_lock(found.get("RedshiftPid"))
        if self.ticks() < asked.until:
            return None
        late = f"statement {asked.statement_id} is {status} and not finished after {QUERY_SECONDS} s"
        state = TableState.SLOW if is_running else TableState.QUEUED
        if asked.about_lock and self._waits_for_lock(asked.about_lock):
            state, late = TableState.LOCKED, f"{late}: it waits for a lock that another transaction has"
        return _unanswered(state, f"{late}, {cancel(self.redshift, asked.statement_id)}", now)

    def _ask_for_lock(self, pid: int | None) -> str:
        """Ask whether a process waits for a lock; return the statement, or nothing if that cannot be asked."""
        if pid is None:
            return ""
        its_pid: list[SqlParameterTypeDef] = [{"name": "pid", "value": str(pid)}]
        sql = _LOCK_SQL.read_text(encoding="utf-8")
        try:
            return self.redshift.execute_statement(Sql=sql, Parameters=its_pid, **self.warehouse.request())["Id"]
        except (ClientError, BotoCoreError):  # then nobody knows what it waits for, and it is slow
            return ""

    def _waits_for_lock(self, statement_id: str) -> bool:
        try:
            status = self.redshift.describe_statement(Id=statement_id)["Status"]
            if status == "FINISHED":
                return int(next(rows_of(self.redshift, statement_id))["waiting"]) > 0
        except (ClientError, BotoCoreError):
            return False
        if status in RUNNING:
            cancel(self.redshift, statement_id)
        return False


def newest_value_query(table: TableFreshness) -> str:
    """Return the query for a table's newest value; IdentifierError unless its names need no quotes."""
    schema, dot, name = table.table.rpartition(".")
    for part in (*((schema,) if dot else ()), name, table.column):
        if not is_plain(part):
            raise IdentifierError(f"{part!r} needs quotes in Redshift: correct the contract")
    where = f"\nWHERE {table.where}" if table.where else ""
    return _SQL.read_text(encoding="utf-8").format(table=table.table, column=table.column, where=where)


def _read(row: dict[str, Any], now: datetime) -> Answer:
    newest, rows = row["newest"], int(row["row_count"])
    if newest is None:
        return Answer(asked_at=now, rows=rows)
    if isinstance(newest, datetime):
        return Answer(asked_at=now, newest=newest if newest.tzinfo else newest.replace(tzinfo=UTC), rows=rows)
    if isinstance(newest, date):
        return Answer(asked_at=now, newest=datetime.combine(newest, time(), UTC), rows=rows)
    raise NoTimeError(f"the newest value is of the type {type(newest).__name__}: only dates and timestamps have an age")


def _failed(error: Exception, now: datetime) -> Answer:
    name = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    return Answer(asked_at=now, failure=TableState.FAILED, error=name, text=str(error), failing_since=now)


def _unanswered(state: TableState, text: str, now: datetime) -> Answer:
    return Answer(asked_at=now, failure=state, error=str(state), text=text, failing_since=now)

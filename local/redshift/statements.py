"""What a caller sees of a statement, and how it gets there: SUBMITTED, PICKED, STARTED; FINISHED, FAILED or ABORTED.

A single statement and a batch are the same thing here: a list of parts with one transaction around it.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from local.redshift import dialect
from local.redshift.errors import CancelledError, RedshiftError
from local.redshift.session import Outcome, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from local.redshift.warehouse import Warehouse

ENDED: Final = frozenset({"FINISHED", "FAILED", "ABORTED"})
# Documentation: "Troubleshooting issues for Amazon Redshift Data API".
MAX_ROW_BYTES: Final = 64 * 1024
MAX_RESULT_BYTES: Final = 500 * 1000 * 1000
_CANCELLED: Final = "Query cancelled on user's request"


@dataclass
class Part:
    """One SQL text of a statement, and how far it came. Durations in nanoseconds; -1 where there is nothing."""

    sql: str
    created: datetime
    status: str = "SUBMITTED"
    error: str | None = None
    query_id: int = -1
    duration: int = -1
    rows: int = -1
    size: int = -1
    updated: datetime | None = None
    outcome: Outcome | None = None

    @property
    def has_result(self) -> bool:
        """Whether the part gave a result set, be it empty."""
        return self.outcome is not None and self.outcome.metadata is not None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a statement runs, as its caller named it."""

    database: str
    workgroup: str | None = None
    cluster: str | None = None
    user: str | None = None
    secret: str | None = None


@dataclass
class Statement:
    """One call of ExecuteStatement (one part) or BatchExecuteStatement. Written by its worker, read by anyone.

    `owner` may look at it: a user, or a role whatever its session. `owner_user_id` is IAM's id of who made it.
    """

    target: Target
    owner: str
    owner_user_id: str
    parts: list[Part]
    parameters: Mapping[str, str]
    created: datetime
    batch: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "SUBMITTED"
    error: str | None = None
    pid: int = 0
    duration: int = -1
    updated: datetime | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    session: Session | None = None

    @property
    def has_result(self) -> bool:
        """Whether any part gave a result set."""
        return any(part.has_result for part in self.parts)


def execute(statement: Statement, warehouse: Warehouse, database: str, numbers: Iterator[int]) -> None:
    """Run `statement` to its end on this thread; `database` is the one there is, `numbers` give ids. Never raises."""
    started = time.monotonic_ns()
    try:
        _set(statement, warehouse, "PICKED")
        statement.pid = next(numbers)
        _check_database(statement.target.database, database)
        statement.session = session = Session(warehouse, statement.pid, statement.target.user or "", database)
        try:
            _set(statement, warehouse, "STARTED")
            _run(statement, session, warehouse, numbers)
        finally:
            session.close()
    except CancelledError:
        _fail(statement, warehouse, "ABORTED", RedshiftError(_CANCELLED).text)
    except RedshiftError as error:
        _fail(statement, warehouse, "FAILED", error.text)
    except Exception as error:
        # Our own mistake: the caller must see a failure, and the log must say which.
        _fail(statement, warehouse, "FAILED", f"ERROR: the twin's Redshift failed: {type(error).__name__}: {error}")
        raise
    finally:
        statement.duration = time.monotonic_ns() - started
        statement.ended.set()


def _run(statement: Statement, session: Session, warehouse: Warehouse, numbers: Iterator[int]) -> None:
    """Run all parts in one transaction: the first failure rolls back all that no TRUNCATE has committed."""
    session.begin()
    for number, part in enumerate(statement.parts, start=1):
        try:
            _run_part(part, statement, session, warehouse, numbers)
        except RedshiftError as error:
            session.rollback()
            prefix = f"Query #{number} failed with " if statement.batch else ""
            _fail(statement, warehouse, "FAILED", prefix + error.text)
            return
    session.check_cancelled()
    session.commit()
    _set(statement, warehouse, "FINISHED")


def _run_part(part: Part, statement: Statement, session: Session, warehouse: Warehouse, numbers: Iterator[int]) -> None:
    started = time.monotonic_ns()
    part.status, part.query_id, part.updated = "STARTED", next(numbers), warehouse.now()
    try:
        plan = dialect.plan(part.sql, frozenset(statement.parameters))
        outcome = session.run(plan, statement.parameters, part.query_id)
        size = _checked_size(outcome)
    except RedshiftError as error:
        part.status, part.error = "FAILED", error.text
        raise
    else:
        part.outcome, part.rows, part.status = outcome, outcome.rows, "FINISHED"
        part.size = size if outcome.metadata is not None else 0
    finally:
        part.duration, part.updated = time.monotonic_ns() - started, warehouse.now()


def _check_database(asked: str, existing: str) -> None:
    if asked != existing:
        raise RedshiftError(f'database "{asked}" does not exist', severity="FATAL")


def _checked_size(outcome: Outcome) -> int:
    sizes = [len(json.dumps(record, ensure_ascii=False).encode()) for record in outcome.records]
    if sizes and max(sizes) > MAX_ROW_BYTES:
        raise RedshiftError(f"Packet for query is too large ({max(sizes)} > {MAX_ROW_BYTES})")
    if sum(sizes) > MAX_RESULT_BYTES:
        raise RedshiftError(f"Database response exceeded size limit ({sum(sizes)} > {MAX_RESULT_BYTES})")
    return sum(sizes)


def _set(statement: Statement, warehouse: Warehouse, status: str) -> None:
    statement.status, statement.updated = status, warehouse.now()


def _fail(statement: Statement, warehouse: Warehouse, status: str, error: str) -> None:
    """End the statement without success; parts that did not run, and one that was stopped, are ABORTED."""
    statement.error = error
    for part in statement.parts:
        if part.status not in ENDED:
            part.status, part.updated = "ABORTED", warehouse.now()
    if not statement.batch and statement.parts[0].status == "FINISHED":
        statement.parts[0].outcome = None  # the COMMIT failed
    _set(statement, warehouse, status)


class History:
    """The statements of the last 24 hours, in memory; a restarted endpoint knows none."""

    def __init__(self, keep_seconds: float = 24 * 3600, keep_tokens_seconds: float = 8 * 3600) -> None:
        self._lock = threading.Lock()
        self._statements: dict[str, Statement] = {}
        self._tokens: dict[tuple[str, str], tuple[str, Statement]] = {}
        self._keep, self._keep_tokens = keep_seconds, keep_tokens_seconds

    def admit(
        self, statement: Statement, token: str | None, fingerprint: str, *, check: Callable[[int], None]
    ) -> tuple[Statement, bool]:
        """Keep a new statement, or find the one that the caller's client token already made: (statement, is new).

        `fingerprint` stands for the request's parameters. Raises ValueError when the token came with others before, and
        what `check` raises for the number of statements under way.
        """
        with self._lock:
            self._forget(statement.created)
            if token and (known := self._tokens.get((statement.owner, token))):
                if known[0] != fingerprint:
                    raise ValueError(token)
                return known[1], False
            check(sum(not other.ended.is_set() for other in self._statements.values()))
            self._statements[statement.id] = statement
            if token:
                self._tokens[statement.owner, token] = (fingerprint, statement)
            return statement, True

    def get(self, statement_id: str, owner: str) -> Statement | None:
        """Return the owner's statement of that id."""
        with self._lock:
            statement = self._statements.get(statement_id)
        return statement if statement is not None and statement.owner == owner else None

    def creator(self, statement_id: str) -> str | None:
        """Return the user id of who made a statement, whoever asks: IAM's condition key for those who look at it."""
        with self._lock:
            statement = self._statements.get(statement_id.partition(":")[0])
        return statement.owner_user_id if statement else None

    def _forget(self, now: datetime) -> None:
        def age(statement: Statement) -> float:
            return (now - statement.created).total_seconds()

        self._statements = {
            key: one for key, one in self._statements.items() if age(one) < self._keep or not one.ended.is_set()
        }
        self._tokens = {key: one for key, one in self._tokens.items() if age(one[1]) < self._keep_tokens}

"""Transactions that overlap: locks, snapshots, deadlocks and violations, as Redshift has them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from local.redshift import dialect
from local.redshift.errors import CancelledError, RedshiftError
from local.redshift.session import Session
from tests.twin.redshift_server import WHERE, Endpoint, endpoint, with_ten_rows
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def redshift(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    """Under SNAPSHOT isolation, as new workgroups are, unless a test asks for the other."""
    with with_ten_rows(tmp_path, serializable=hasattr(request, "param")) as running:
        yield running


class Overlapping:
    """Two sessions with a transaction each; a step may run on a thread and be waited for."""

    def __init__(self, redshift: Endpoint) -> None:
        self.locks = redshift.warehouse.locks
        self.sessions = {name: Session(redshift.warehouse, pid) for pid, name in ((101, "A"), (102, "B"))}
        for session in self.sessions.values():
            session.begin()

    def run(self, name: str, *sqls: str) -> None:
        for sql in sqls:
            self.sessions[name].run(dialect.plan(sql), {}, 1)

    def start(self, name: str, sql: str) -> Callable[[], Exception | None]:
        """Start a step that has to wait; gives what waits for its end and gives its error."""
        errors: list[Exception] = []

        def step() -> None:
            try:
                self.run(name, sql)
            except (RedshiftError, CancelledError) as error:
                errors.append(error)

        thread = threading.Thread(target=step)
        thread.start()
        transaction = self.sessions[name]._transaction
        eventually(lambda: transaction is not None and transaction.waits_for)

        def ended() -> Exception | None:
            thread.join(PATIENCE)
            assert not thread.is_alive()
            return errors[0] if errors else None

        return ended

    def commit(self, name: str) -> None:
        self.sessions[name].commit()
        self.sessions[name].close()


@pytest.fixture
def two(redshift: Endpoint) -> Iterator[Overlapping]:
    overlapping = Overlapping(redshift)
    yield overlapping
    for session in overlapping.sessions.values():
        session.close()


def test_a_delete_that_began_after_the_other_commit_waits_and_goes_through(
    redshift: Endpoint, two: Overlapping
) -> None:
    two.run("A", "DELETE FROM t WHERE d = 1", "INSERT INTO t VALUES (100)")
    waiting = two.start("B", "DELETE FROM t WHERE d = 100")
    two.commit("A")
    assert waiting() is None
    two.commit("B")
    assert redshift.rows("SELECT COUNT(*), MAX(d) FROM t") == [[9, 9]]


LOADS = ("CREATE TEMP TABLE staged (d BIGINT)", "DELETE FROM t WHERE d = 1000", "INSERT INTO t VALUES (1000)")


def test_without_a_lock_two_loads_of_an_empty_partition_double_it_under_snapshot_isolation(
    redshift: Endpoint, two: Overlapping
) -> None:
    two.run("A", *LOADS)
    two.run("B", LOADS[0])
    waiting = two.start("B", LOADS[1])
    two.commit("A")
    assert waiting() is None
    two.run("B", LOADS[2])
    two.commit("B")
    assert redshift.rows("SELECT COUNT(*) FROM t WHERE d = 1000") == [[2]]


@pytest.mark.parametrize("isolation", ["snapshot", "serializable"])
def test_with_a_lock_two_loads_of_an_empty_partition_load_it_once_under_both(tmp_path: Path, isolation: str) -> None:
    with endpoint(tmp_path / isolation, serializable=isolation == "serializable") as running:
        running.run("CREATE TABLE t (d BIGINT)")
        two = Overlapping(running)
        two.run("A", "LOCK t", *LOADS)
        waiting = two.start("B", "LOCK t")
        two.commit("A")
        assert waiting() is None
        two.run("B", *LOADS)
        two.commit("B")
        assert running.rows("SELECT COUNT(*) FROM t WHERE d = 1000") == [[1]]
        for session in two.sessions.values():
            session.close()


@pytest.mark.parametrize("redshift", ["serializable"], indirect=True)
def test_a_delete_in_an_older_snapshot_violates_serializable_isolation(redshift: Endpoint, two: Overlapping) -> None:
    two.run("A", "CREATE TEMP TABLE staged (d BIGINT)", "DELETE FROM t WHERE d = 1")
    two.run("B", "CREATE TEMP TABLE staged (d BIGINT)")
    waiting = two.start("B", "DELETE FROM t WHERE d = 2")
    two.commit("A")
    error = waiting()
    assert isinstance(error, RedshiftError)
    assert error.text == "ERROR: 1023\n  Detail: Serializable isolation violation on table - t (pid:102)"
    two.sessions["B"].rollback()
    assert redshift.count() == 9


def test_a_lock_taken_first_makes_the_second_load_wait_for_the_first(redshift: Endpoint, two: Overlapping) -> None:
    two.run("A", "LOCK TABLE t", "CREATE TEMP TABLE staged (d BIGINT)", "DELETE FROM t WHERE d = 1")
    waiting = two.start("B", "LOCK t")
    two.run("A", "INSERT INTO t VALUES (1)")
    two.commit("A")
    assert waiting() is None
    two.run("B", "CREATE TEMP TABLE staged (d BIGINT)", "DELETE FROM t WHERE d = 1", "INSERT INTO t VALUES (1)")
    two.commit("B")
    assert redshift.count() == 10


def test_two_inserts_that_read_nothing_of_the_table_both_go_through(redshift: Endpoint, two: Overlapping) -> None:
    two.run("A", "CREATE TEMP TABLE staged (d BIGINT)", "INSERT INTO t VALUES (100)")
    two.run("B", "CREATE TEMP TABLE staged (d BIGINT)")
    waiting = two.start("B", "INSERT INTO t VALUES (200)")
    two.commit("A")
    assert waiting() is None
    two.commit("B")
    assert redshift.count() == 12


def test_a_deadlock_ends_the_transaction_that_would_close_the_circle(redshift: Endpoint, two: Overlapping) -> None:
    assert redshift.run("CREATE TABLE u (a INTEGER)")["Status"] == "FINISHED"
    two.run("A", "INSERT INTO t VALUES (100)")
    two.run("B", "INSERT INTO u VALUES (1)")
    waiting = two.start("A", "INSERT INTO u VALUES (2)")
    with pytest.raises(RedshiftError, match="deadlock detected"):
        two.run("B", "INSERT INTO t VALUES (200)")
    two.sessions["B"].rollback()
    assert waiting() is None
    two.commit("A")
    assert redshift.count() == 11


def test_readers_do_not_wait_for_who_writes(redshift: Endpoint, two: Overlapping) -> None:
    two.run("A", "DELETE FROM t")
    assert redshift.count() == 10


def test_readers_wait_for_a_lock_and_see_what_it_guarded(redshift: Endpoint, two: Overlapping) -> None:
    two.run("A", "LOCK t", "DELETE FROM t")
    started = redshift.client().execute_statement(Sql="SELECT COUNT(*) AS n FROM t", WaitTimeSeconds=1, **WHERE)
    assert started["Status"] == "STARTED"
    two.commit("A")
    assert redshift.ended(started["Id"])["Status"] == "FINISHED"
    assert redshift.client().get_statement_result(Id=started["Id"])["Records"] == [[{"longValue": 0}]]


def test_a_reader_may_close_the_circle_of_a_deadlock(redshift: Endpoint, two: Overlapping) -> None:
    assert redshift.run("CREATE TABLE u (a INTEGER)")["Status"] == "FINISHED"
    two.run("A", "LOCK t")
    two.run("B", "LOCK u")
    waiting = two.start("A", "SELECT COUNT(*) AS n FROM u")
    with pytest.raises(RedshiftError, match="deadlock detected"):
        two.run("B", "SELECT COUNT(*) AS n FROM t")
    two.sessions["B"].rollback()
    assert waiting() is None


@pytest.mark.parametrize("redshift", ["serializable"], indirect=True)
def test_loads_of_two_tables_end_each_other_by_a_log_that_they_share(redshift: Endpoint, two: Overlapping) -> None:
    redshift.run("CREATE TABLE u (d INTEGER)", "CREATE TABLE log (d INTEGER)")
    two.run("A", "LOCK t", "SELECT MAX(d) AS last FROM log")
    two.run("B", "LOCK u", "SELECT MAX(d) AS last FROM log")
    two.run("A", "INSERT INTO log VALUES (1)")
    two.commit("A")
    with pytest.raises(RedshiftError, match="1023"):
        two.run("B", "INSERT INTO log VALUES (2)")


def test_cancelling_stops_what_waits_for_a_lock(redshift: Endpoint, two: Overlapping) -> None:
    two.run("A", "LOCK t")
    started = redshift.begin("DELETE FROM t")
    assert redshift.client().cancel_statement(Id=started)["Status"] is True
    two.commit("A")
    assert redshift.count() == 10

"""Batches, transactions, locks and cancelling, as Redshift has them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.redshift import dialect
from local.redshift.errors import CancelledError, RedshiftError
from local.redshift.session import Session
from tests.twin.redshift_server import Endpoint, endpoint
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WHERE: dict[str, Any] = {"Database": "analytics", "WorkgroupName": "suimon-local"}
# Ten rows, twelve times with each other: far more than any test waits for.
ENDLESS = """
    SELECT SUM(a.d * b.d * c.d * e.d * f.d * g.d * h.d * i.d * j.d * k.d * l.d * m.d)
    FROM t a, t b, t c, t e, t f, t g, t h, t i, t j, t k, t l, t m
"""


@pytest.fixture
def redshift(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    """Under SNAPSHOT isolation, as new workgroups are, unless a test asks for the other."""
    with endpoint(tmp_path, serializable=hasattr(request, "param")) as running:
        rows = "INSERT INTO t VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)"
        assert running.run("CREATE TABLE t (d BIGINT)", rows).get("Error") is None
        yield running


def count(redshift: Endpoint) -> Any:
    return redshift.rows("SELECT COUNT(*) FROM t")[0][0]


def states(description: Any) -> list[str]:
    return [part["Status"] for part in description["SubStatements"]]


def test_a_batch_is_described_part_by_part(redshift: Endpoint) -> None:
    described = redshift.run("INSERT INTO t VALUES (10)", "SELECT COUNT(*) AS n FROM t")
    assert described["Status"] == "FINISHED"
    assert described["ExecutionMode"] == "TRANSACTION"
    assert described["HasResultSet"] is True
    assert (described["ResultRows"], described["ResultSize"]) == (-1, -1)
    insert, select = described["SubStatements"]
    assert insert["Id"] == f"{described['Id']}:1"
    assert (insert["Status"], insert["ResultRows"], insert["HasResultSet"]) == ("FINISHED", 1, False)
    assert (select["Status"], select["ResultRows"], select["HasResultSet"]) == ("FINISHED", 1, True)
    assert select["QueryString"] == "SELECT COUNT(*) AS n FROM t"
    assert select["RedshiftQueryId"] > insert["RedshiftQueryId"] > 0
    assert select["Duration"] > 0
    result = redshift.client().get_statement_result(Id=f"{described['Id']}:2")
    assert result["Records"] == [[{"longValue": 11}]]
    assert redshift.client().describe_statement(Id=f"{described['Id']}:2")["Status"] == "FINISHED"
    with pytest.raises(ClientError, match="Query does not have result"):
        redshift.client().get_statement_result(Id=f"{described['Id']}:1")


def test_a_batch_that_fails_has_done_nothing(redshift: Endpoint) -> None:
    described = redshift.run("INSERT INTO t VALUES (10)", "SELECT 1/0", "DELETE FROM t")
    assert described["Status"] == "FAILED"
    assert described["Error"] == "Query #2 failed with ERROR: Divide by zero"
    assert states(described) == ["FINISHED", "FAILED", "ABORTED"]
    assert described["SubStatements"][1]["Error"] == "ERROR: Divide by zero"
    assert described["SubStatements"][2]["RedshiftQueryId"] == -1
    assert count(redshift) == 10


def test_ddl_is_rolled_back_too(redshift: Endpoint) -> None:
    described = redshift.run("CREATE TABLE u (a INTEGER)", "DROP TABLE t", "SELECT 1/0")
    assert described["Status"] == "FAILED"
    assert redshift.error("SELECT * FROM u") == 'ERROR: relation "u" does not exist'
    assert count(redshift) == 10


def test_truncate_commits_what_stands_before_it(redshift: Endpoint) -> None:
    described = redshift.run(
        "CREATE TABLE u (a INTEGER)", "INSERT INTO u VALUES (1)", "TRUNCATE t", "INSERT INTO u VALUES (2)", "SELECT 1/0"
    )
    assert described["Status"] == "FAILED"
    assert states(described) == ["FINISHED", "FINISHED", "FINISHED", "FINISHED", "FAILED"]
    assert count(redshift) == 0
    assert redshift.rows("SELECT a FROM u") == [[1]]


def test_a_truncate_that_fails_commits_nothing(redshift: Endpoint) -> None:
    described = redshift.run("INSERT INTO t VALUES (10)", "TRUNCATE nowhere")
    assert described["Error"] == 'Query #2 failed with ERROR: relation "nowhere" does not exist'
    assert count(redshift) == 10


@pytest.mark.parametrize("word", ["BEGIN", "START TRANSACTION", "COMMIT", "END", "ROLLBACK"])
def test_a_batch_has_no_transaction_of_its_own(word: str, redshift: Endpoint) -> None:
    described = redshift.run("INSERT INTO t VALUES (10)", word, "SELECT 1")
    assert states(described) == ["FINISHED", "FAILED", "ABORTED"]
    assert count(redshift) == 10


def test_one_element_of_a_batch_is_one_statement(redshift: Endpoint) -> None:
    described = redshift.run("SELECT 1", "SELECT 2; SELECT 3")
    assert described["Error"].endswith("ERROR: cannot insert multiple commands into a prepared statement")


def test_a_parameter_is_for_every_statement_that_names_it(redshift: Endpoint) -> None:
    described = redshift.run("DELETE FROM t WHERE d = :a", "INSERT INTO t VALUES (:b), (:a)", "SELECT 1", a="3", b="99")
    assert described["Status"] == "FINISHED"
    assert redshift.rows("SELECT d FROM t WHERE d = 3 OR d > 9 ORDER BY d") == [[3], [99]]


def test_a_temporary_table_lives_as_long_as_the_batch(redshift: Endpoint) -> None:
    described = redshift.run(
        "CREATE TEMP TABLE staged (d BIGINT)",
        "INSERT INTO staged SELECT d FROM t WHERE d > 4",
        "SELECT COUNT(*) FROM staged",
    )
    result = redshift.client().get_statement_result(Id=f"{described['Id']}:3")
    assert result["Records"] == [[{"longValue": 5}]]
    assert redshift.error("SELECT * FROM staged") == 'ERROR: relation "staged" does not exist'


def test_a_temporary_table_hides_one_of_the_same_name(redshift: Endpoint) -> None:
    described = redshift.run(
        "CREATE TEMP TABLE t (d INTEGER)", "SELECT COUNT(*) FROM t", "SELECT COUNT(*) FROM public.t"
    )
    counts = [
        redshift.client().get_statement_result(Id=f"{described['Id']}:{number}")["Records"][0][0]["longValue"]
        for number in (2, 3)
    ]
    assert counts == [0, 10]


def test_table_attributes_of_redshift_are_accepted(redshift: Endpoint) -> None:
    described = redshift.run(
        "CREATE TABLE IF NOT EXISTS attributes (a VARCHAR(10) NOT NULL DISTKEY, b DATE SORTKEY, c INTEGER) "
        "DISTSTYLE KEY",
        "CREATE TABLE IF NOT EXISTS attributes (other INTEGER)",
        "CREATE TABLE automatic (a INTEGER) DISTSTYLE AUTO SORTKEY AUTO",
        "CREATE TABLE compound (a INTEGER, b INTEGER) DISTKEY (a) COMPOUND SORTKEY (a, b)",
        "SELECT a, b, c FROM attributes",
    )
    assert described["Status"] == "FINISHED", described.get("Error")


# What overlaps: sessions of the endpoint's own warehouse, so that a test decides who does what when.


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
    assert count(redshift) == 9


def test_a_lock_taken_first_makes_the_second_load_wait_for_the_first(redshift: Endpoint, two: Overlapping) -> None:
    two.run("A", "LOCK TABLE t", "CREATE TEMP TABLE staged (d BIGINT)", "DELETE FROM t WHERE d = 1")
    waiting = two.start("B", "LOCK t")
    two.run("A", "INSERT INTO t VALUES (1)")
    two.commit("A")
    assert waiting() is None
    two.run("B", "CREATE TEMP TABLE staged (d BIGINT)", "DELETE FROM t WHERE d = 1", "INSERT INTO t VALUES (1)")
    two.commit("B")
    assert count(redshift) == 10


def test_two_inserts_that_read_nothing_of_the_table_both_go_through(redshift: Endpoint, two: Overlapping) -> None:
    two.run("A", "CREATE TEMP TABLE staged (d BIGINT)", "INSERT INTO t VALUES (100)")
    two.run("B", "CREATE TEMP TABLE staged (d BIGINT)")
    waiting = two.start("B", "INSERT INTO t VALUES (200)")
    two.commit("A")
    assert waiting() is None
    two.commit("B")
    assert count(redshift) == 12


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
    assert count(redshift) == 11


def test_readers_do_not_wait_for_who_writes(redshift: Endpoint, two: Overlapping) -> None:
    two.run("A", "DELETE FROM t")
    assert count(redshift) == 10


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


def running(redshift: Endpoint, *sqls: str) -> str:
    started = redshift.client().batch_execute_statement(Sqls=list(sqls), **WHERE)["Id"]
    last = f"{started}:{len(sqls)}"
    eventually(lambda: redshift.client().describe_statement(Id=last)["Status"] == "STARTED")
    return started


def test_cancelling_stops_what_runs_and_undoes_it(redshift: Endpoint) -> None:
    started = running(redshift, "INSERT INTO t VALUES (10)", ENDLESS)
    assert redshift.client().describe_statement(Id=started)["Status"] == "STARTED"
    assert redshift.client().cancel_statement(Id=started)["Status"] is True
    described = redshift.client().describe_statement(Id=started)
    assert described["Status"] == "ABORTED"
    assert described["Error"] == "ERROR: Query cancelled on user's request"
    assert states(described) == ["FINISHED", "ABORTED"]
    assert count(redshift) == 10


def test_cancelling_stops_what_waits_for_a_lock(redshift: Endpoint, two: Overlapping) -> None:
    two.run("A", "LOCK t")
    started = running(redshift, "DELETE FROM t")
    assert redshift.client().cancel_statement(Id=started)["Status"] is True
    two.commit("A")
    assert count(redshift) == 10


def test_one_statement_of_a_batch_cannot_be_cancelled_alone(redshift: Endpoint) -> None:
    started = running(redshift, "SELECT 1", ENDLESS)
    with pytest.raises(ClientError, match="ValidationException"):
        redshift.client().cancel_statement(Id=f"{started}:2")
    assert redshift.client().cancel_statement(Id=started)["Status"] is True


def test_waiting_gives_up_with_the_state_as_it_is(redshift: Endpoint) -> None:
    started = redshift.client().execute_statement(Sql=ENDLESS, WaitTimeSeconds=1, **WHERE)
    assert started["Status"] == "STARTED"
    assert redshift.client().cancel_statement(Id=started["Id"])["Status"] is True


def test_sysdate_is_the_start_of_the_transaction(tmp_path: Path) -> None:
    with endpoint(tmp_path, now=None) as running:
        described = running.run(
            "CREATE TEMP TABLE loaded (t TIMESTAMP)",
            "INSERT INTO loaded SELECT SYSDATE",
            "SELECT COUNT(*) AS n FROM loaded WHERE t = SYSDATE",
        )
        assert described["Status"] == "FINISHED", described.get("Error")
        result = running.client().get_statement_result(Id=f"{described['Id']}:3")
        assert result["Records"] == [[{"longValue": 1}]]
        first, second = (running.rows("SELECT SYSDATE") for _ in range(2))
        assert first < second

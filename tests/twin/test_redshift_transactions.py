"""Batches, transactions, locks and cancelling, as Redshift has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.redshift_server import WHERE, Endpoint, endpoint, with_ten_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Ten rows, twelve times with each other: far more than any test waits for.
ENDLESS = """
    SELECT SUM(a.d * b.d * c.d * e.d * f.d * g.d * h.d * i.d * j.d * k.d * l.d * m.d)
    FROM t a, t b, t c, t e, t f, t g, t h, t i, t j, t k, t l, t m
"""


@pytest.fixture
def redshift(tmp_path: Path) -> Iterator[Endpoint]:
    with with_ten_rows(tmp_path) as running:
        yield running


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
    assert redshift.count() == 10


def test_ddl_is_rolled_back_too(redshift: Endpoint) -> None:
    described = redshift.run("CREATE TABLE u (a INTEGER)", "DROP TABLE t", "SELECT 1/0")
    assert described["Status"] == "FAILED"
    assert redshift.error("SELECT * FROM u") == 'ERROR: relation "u" does not exist'
    assert redshift.count() == 10


def test_truncate_commits_what_stands_before_it(redshift: Endpoint) -> None:
    described = redshift.run(
        "CREATE TABLE u (a INTEGER)", "INSERT INTO u VALUES (1)", "TRUNCATE t", "INSERT INTO u VALUES (2)", "SELECT 1/0"
    )
    assert described["Status"] == "FAILED"
    assert states(described) == ["FINISHED", "FINISHED", "FINISHED", "FINISHED", "FAILED"]
    assert redshift.count() == 0
    assert redshift.rows("SELECT a FROM u") == [[1]]


def test_a_truncate_that_fails_commits_nothing(redshift: Endpoint) -> None:
    described = redshift.run("INSERT INTO t VALUES (10)", "TRUNCATE nowhere")
    assert described["Error"] == 'Query #2 failed with ERROR: relation "nowhere" does not exist'
    assert redshift.count() == 10


@pytest.mark.parametrize("word", ["BEGIN", "START TRANSACTION", "COMMIT", "END", "ROLLBACK"])
def test_a_batch_has_no_transaction_of_its_own(word: str, redshift: Endpoint) -> None:
    described = redshift.run("INSERT INTO t VALUES (10)", word, "SELECT 1")
    assert states(described) == ["FINISHED", "FAILED", "ABORTED"]
    assert redshift.count() == 10


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


def test_cancelling_stops_what_runs_and_undoes_it(redshift: Endpoint) -> None:
    started = redshift.begin("INSERT INTO t VALUES (10)", ENDLESS)
    assert redshift.client().describe_statement(Id=started)["Status"] == "STARTED"
    assert redshift.client().cancel_statement(Id=started)["Status"] is True
    described = redshift.client().describe_statement(Id=started)
    assert described["Status"] == "ABORTED"
    assert described["Error"] == "ERROR: Query cancelled on user's request"
    assert states(described) == ["FINISHED", "ABORTED"]
    assert redshift.count() == 10


def test_one_statement_of_a_batch_cannot_be_cancelled_alone(redshift: Endpoint) -> None:
    started = redshift.begin("SELECT 1", ENDLESS)
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

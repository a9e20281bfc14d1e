"""The newest value of a table, asked in the twin's Redshift as the freshness function asks."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest

from suimon.contract.calendar import EVERY_DAY
from suimon.contract.table_freshness import Age, TableFreshness
from suimon.freshness import questions
from suimon.freshness.questions import QUERY_SECONDS, Questions
from suimon.freshness.stale_tables import Answer, judge_answer
from suimon.warehouse.data_api import Warehouse, run
from suimon.warehouse.table_state import TableState
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from local.twin import Twin

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WAREHOUSE = Warehouse(database="analytics", workgroup_name="suimon-local")


@pytest.fixture(scope="module")
def sql(redshift: Twin) -> Callable[[str], str]:
    client = redshift.session().client("redshift-data")
    return lambda text: run(client, WAREHOUSE, text, timeout_seconds=QUERY_SECONDS)


def ask(client: RedshiftDataAPIServiceClient, table: str, column: str) -> Answer:
    watched = TableFreshness(table, column, Age(1))
    asked = Questions(redshift=client, warehouse=WAREHOUSE, ticks=monotonic, sleep=sleep)
    return asked.ask([watched], NOW)[watched]


@pytest.fixture(scope="module")
def client(redshift: Twin) -> RedshiftDataAPIServiceClient:
    return redshift.session().client("redshift-data")


def test_a_table_without_rows_is_empty_and_one_of_nulls_has_no_value(
    client: RedshiftDataAPIServiceClient, sql: Callable[[str], str]
) -> None:
    empty = TableFreshness("empty_fact", "order_date", Age(1))
    sql("CREATE TABLE empty_fact (order_date date)")
    answer = ask(client, "empty_fact", "order_date")
    assert judge_answer(empty, answer, EVERY_DAY, NOW) is TableState.EMPTY
    sql("INSERT INTO empty_fact VALUES (NULL)")
    answer = ask(client, "empty_fact", "order_date")
    assert judge_answer(empty, answer, EVERY_DAY, NOW) is TableState.NO_VALUE


@pytest.mark.parametrize(
    ("kind", "value", "newest"),
    [
        ("date", "2026-11-20", "2026-11-20T00:00:00+00:00"),
        ("timestamp", "2026-11-20 23:59:59", "2026-11-20T23:59:59+00:00"),
    ],
)
def test_the_newest_value_is_a_time_in_utc(
    client: RedshiftDataAPIServiceClient, sql: Callable[[str], str], kind: str, value: str, newest: str
) -> None:
    sql(f"CREATE TABLE {kind}_fact (at {kind})")
    sql(f"INSERT INTO {kind}_fact VALUES ('2026-11-18'), ('{value}')")  # noqa: S608 names of this test
    answer = ask(client, f"{kind}_fact", "at")
    assert (answer.newest, answer.rows) == (datetime.fromisoformat(newest), 2)


def test_a_column_of_texts_has_no_age(client: RedshiftDataAPIServiceClient, sql: Callable[[str], str]) -> None:
    sql("CREATE TABLE text_fact (at varchar(20))")
    sql("INSERT INTO text_fact VALUES ('2026-11-18')")
    answer = ask(client, "text_fact", "at")
    assert (answer.failure, answer.error) == (TableState.FAILED, "NoTimeError")


def test_a_table_that_is_not_there_is_an_error_with_its_name(client: RedshiftDataAPIServiceClient) -> None:
    answer = ask(client, "nowhere_fact", "order_date")
    assert answer.failure is TableState.FAILED
    assert "nowhere_fact" in answer.text


# A few seconds, in which a machine that is busy has answered what a lock is waited for.
ENOUGH = 4.0
# Ten rows, twelve times with each other: what holds a lock for far longer than the question has.
LONG = """
    SELECT SUM(a.d * b.d * c.d * e.d * f.d * g.d * h.d * i.d * j.d * k.d * l.d * m.d)
    FROM digits a, digits b, digits c, digits e, digits f, digits g, digits h, digits i, digits j, digits k, digits l,
        digits m
"""


@pytest.fixture(scope="module")
def digits(sql: Callable[[str], str]) -> None:
    sql("CREATE TABLE digits (d bigint)")
    sql("INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)")


@pytest.mark.usefixtures("digits")
def test_a_question_that_waits_for_a_load_is_locked_given_up_and_leaves_nothing_behind(
    redshift: Twin, sql: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sql("CREATE TABLE busy_fact (order_date date)")
    sql("INSERT INTO busy_fact VALUES ('2026-11-20')")
    client = redshift.session().client("redshift-data")
    load = client.batch_execute_statement(Sqls=["LOCK TABLE busy_fact", LONG], **WAREHOUSE.request())["Id"]
    eventually(lambda: client.describe_statement(Id=load)["SubStatements"][0]["Status"] == "FINISHED")
    asked = list[str]()
    client.meta.events.register(
        "after-call.redshift-data.ExecuteStatement", lambda parsed, **_: asked.append(parsed["Id"])
    )
    monkeypatch.setattr(questions, "QUERY_SECONDS", ENOUGH)
    monkeypatch.setattr(questions, "LOCK_SECONDS", ENOUGH - 0.5)
    assert ask(client, "busy_fact", "order_date").failure is TableState.LOCKED
    assert [client.describe_statement(Id=one)["Status"] for one in asked] == ["ABORTED", "FINISHED"]
    client.cancel_statement(Id=load)
    monkeypatch.undo()
    assert ask(client, "busy_fact", "order_date").rows == 1


@pytest.mark.usefixtures("digits")
def test_a_question_that_runs_for_too_long_and_waits_for_no_lock_is_slow(
    redshift: Twin, sql: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sql("CREATE TABLE large_fact (order_date date)")
    sql("INSERT INTO large_fact VALUES ('2026-11-20')")
    client = redshift.session().client("redshift-data")
    monkeypatch.setattr(questions, "newest_value_query", lambda _: LONG)
    monkeypatch.setattr(questions, "QUERY_SECONDS", ENOUGH)
    monkeypatch.setattr(questions, "LOCK_SECONDS", ENOUGH - 0.5)
    found = ask(client, "large_fact", "order_date")
    assert (found.failure, found.error) == (TableState.SLOW, "slow")


def test_a_table_with_its_schema_is_asked_for_the_rows_of_its_filter(
    client: RedshiftDataAPIServiceClient, sql: Callable[[str], str]
) -> None:
    sql("CREATE TABLE events (at timestamp, kind varchar(8))")
    sql("INSERT INTO events VALUES ('2026-11-20 10:00:00', 'done'), ('2026-11-22 10:00:00', 'it''s')")
    asked = Questions(redshift=client, warehouse=WAREHOUSE, ticks=monotonic, sleep=sleep)
    tables = [
        TableFreshness("public.events", "at", Age(1, "h"), where=where)
        for where in ("kind = 'done'", "kind = 'it''s'", "kind = 'none'")
    ]
    answers = asked.ask(tables, NOW)
    found = [(answers[one].newest, answers[one].rows) for one in tables]
    assert [(newest and f"{newest:%d %H:%M}", rows) for newest, rows in found] == [
        ("20 10:00", 1),
        ("22 10:00", 1),
        (None, 0),
    ]

"""The age of a table, asked in the twin's Redshift by the very query and client that the freshness function uses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from suimon.contract.model import TableFreshness
from suimon.freshness.tables import QUERY_SECONDS, ask_age
from suimon.warehouse.data_api import Warehouse, WarehouseError, run
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.twin import Twin

WAREHOUSE = Warehouse(database="analytics", workgroup_name="suimon-local")


@pytest.fixture(scope="module")
def sql(redshift: Twin) -> Callable[[str], str]:
    client = redshift.session().client("redshift-data")
    return lambda text: run(client, WAREHOUSE, text, timeout_seconds=QUERY_SECONDS)


def age(redshift: Twin, table: str, column: str, now: str) -> int | None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    client = redshift.session().client("redshift-data")
    return ask_age(client, WAREHOUSE, TableFreshness(table, column, 1), moment)


def test_an_empty_table_has_no_age(redshift: Twin, sql: Callable[[str], str]) -> None:
    sql("CREATE TABLE empty_fact (order_date date)")
    assert age(redshift, "empty_fact", "order_date", "2026-11-22T00:00:00") is None


def test_a_date_ages_at_midnight_in_utc(redshift: Twin, sql: Callable[[str], str]) -> None:
    sql("CREATE TABLE dated_fact (order_date date)")
    sql("INSERT INTO dated_fact VALUES ('2026-11-18'), ('2026-11-20')")
    assert age(redshift, "dated_fact", "order_date", "2026-11-21T23:59:59") == 1
    assert age(redshift, "dated_fact", "order_date", "2026-11-22T00:00:00") == 2


def test_a_timestamp_ages_by_day_boundaries_and_not_by_hours(redshift: Twin, sql: Callable[[str], str]) -> None:
    sql("CREATE TABLE timed_fact (updated_at timestamp)")
    sql("INSERT INTO timed_fact VALUES ('2026-11-20 23:59:59')")
    assert age(redshift, "timed_fact", "updated_at", "2026-11-21T00:00:00") == 1


def test_a_table_that_is_not_there_is_an_error_with_its_name(redshift: Twin) -> None:
    with pytest.raises(WarehouseError, match="nowhere_fact"):
        age(redshift, "nowhere_fact", "order_date", "2026-11-22T00:00:00")


# Ten rows, twelve times with each other: what holds a lock for far longer than the question has.
LONG = """
    SELECT SUM(a.d * b.d * c.d * e.d * f.d * g.d * h.d * i.d * j.d * k.d * l.d * m.d)
    FROM digits a, digits b, digits c, digits e, digits f, digits g, digits h, digits i, digits j, digits k, digits l,
        digits m
"""


def test_a_question_that_waits_for_a_load_is_given_up_and_leaves_nothing_behind(
    redshift: Twin, sql: Callable[[str], str]
) -> None:
    sql("CREATE TABLE busy_fact (order_date date)")
    sql("INSERT INTO busy_fact VALUES ('2026-11-20')")
    sql("CREATE TABLE digits (d bigint)")
    sql("INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)")
    client = redshift.session().client("redshift-data")
    load = client.batch_execute_statement(Sqls=["LOCK TABLE busy_fact", LONG], **WAREHOUSE.request())["Id"]
    eventually(lambda: client.describe_statement(Id=load)["SubStatements"][0]["Status"] == "FINISHED")
    asked = list[str]()
    client.meta.events.register(
        "after-call.redshift-data.ExecuteStatement", lambda parsed, **_: asked.append(parsed["Id"])
    )
    table, moment = TableFreshness("busy_fact", "order_date", 1), datetime(2026, 11, 21, tzinfo=UTC)
    with pytest.raises(WarehouseError, match=r"is not finished after 0\.5 s, and was cancelled"):
        ask_age(client, WAREHOUSE, table, moment, seconds=0.5)
    assert [client.describe_statement(Id=one)["Status"] for one in asked] == ["ABORTED"]
    client.cancel_statement(Id=load)
    assert ask_age(client, WAREHOUSE, table, moment) == 1

"""Tables by the age of their newest row: the question, and what is wrong with the answer."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from botocore.exceptions import ClientError

from suimon.contract.calendar import Calendar
from suimon.contract.model import Arrival, Contract, TableFreshness
from suimon.freshness.tables import (
    IdentifierError,
    NoTimeError,
    age_query,
    closed_days,
    judge_age,
    readable,
    unreadable,
)
from suimon.warehouse.data_api import Warehouse, WarehouseError


@pytest.mark.parametrize(
    ("age_days", "kind"),
    [(None, "empty"), (2, "stale"), (1, None), (0, None), (-1, None), (-2, "future")],
)
def test_a_table_is_fresh_up_to_its_age_and_never_when_empty(age_days: int | None, kind: str | None) -> None:
    check = judge_age(TableFreshness("sales_fact", "order_date", 1), age_days)
    assert str(check.incident_id) == "stale-table:sales_fact"
    assert (check.problem.fingerprint if check.problem else None) == kind


def test_an_empty_table_is_not_fresh_even_where_any_age_is_allowed() -> None:
    assert judge_age(TableFreshness("sales_fact", "order_date", 100_000), None).problem


def test_a_table_of_weekdays_is_fresh_on_monday_with_the_rows_of_friday() -> None:
    arrival = Arrival(1, time(6), "Asia/Tokyo", 5, Calendar(weekdays=frozenset(range(5))))
    contract = Contract("sales", "1", "sales_fact", arrival=arrival)
    table, monday = TableFreshness("sales_fact", "order_date", 1), datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert closed_days(contract, 3, monday) == 2
    assert judge_age(table, 3, 2).problem is None
    problem = judge_age(table, 4, closed_days(contract, 4, monday)).problem
    assert problem
    assert "is 4 days old (2 days without those that its calendar closes), allowed are 1 day." in problem.body


@pytest.mark.parametrize("age_days", [None, 0, -1, 100_000])
def test_a_table_without_an_age_that_days_could_be_taken_from_keeps_it(age_days: int | None) -> None:
    contract = Contract("sales", "1", "sales_fact", arrival=Arrival(1, time(6), "Asia/Tokyo", 5, Calendar(frozenset())))
    assert closed_days(contract, age_days, datetime(2026, 11, 23, tzinfo=UTC)) == 0


def test_the_age_is_asked_with_the_time_as_a_parameter() -> None:
    query = age_query(TableFreshness("user_events", "event_timestamp", 1))
    assert query.splitlines()[-2:] == [
        "SELECT DATEDIFF(day, MAX(event_timestamp), CAST(:as_of AS timestamp)) AS age_days",
        "FROM user_events",
    ]


@pytest.mark.parametrize("name", ["sales_fact; DROP TABLE x", "Sales", "1st", "", "a.b", 'a"b', "sales_fact\n"])
def test_a_name_that_is_no_plain_identifier_never_enters_sql(name: str) -> None:
    with pytest.raises(IdentifierError):
        age_query(TableFreshness(name, "order_date", 1))
    with pytest.raises(IdentifierError):
        age_query(TableFreshness("sales_fact", name, 1))


def test_the_same_kind_of_error_about_a_table_is_the_same_news() -> None:
    warehouse = Warehouse(database="analytics", workgroup_name="main")
    table = TableFreshness("sales_fact", "order_date", 1)
    checks = [
        unreadable(table, warehouse, WarehouseError("SELECT 1", warehouse, "FAILED", f"statement {number} is gone"))
        for number in (1, 2)
    ]
    fingerprints = {check.problem.fingerprint for check in checks if check.problem}
    assert len(fingerprints) == 1
    assert checks[0].problem
    assert "database analytics of workgroup main" in checks[0].problem.body


def test_an_error_of_aws_is_news_by_its_code_and_any_other_by_its_kind() -> None:
    warehouse, table = Warehouse(database="analytics", workgroup_name="main"), TableFreshness("sales_fact", "d", 1)
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ExecuteStatement")
    checks = [unreadable(table, warehouse, error) for error in (denied, NoTimeError("none left"))]
    assert [check.problem.fingerprint for check in checks if check.problem] == ["AccessDeniedException", "NoTimeError"]
    assert [check.may_pass for check in checks] == [False, True]
    recovered = readable(table)
    assert (str(recovered.incident_id), recovered.may_pass, recovered.problem) == (
        str(checks[0].incident_id),
        True,
        None,
    )

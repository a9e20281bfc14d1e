"""Tables by the age of their newest row: the question, and what is wrong with the answer."""

from __future__ import annotations

import pytest

from suimon.contract.model import TableFreshness
from suimon.freshness.tables import IdentifierError, age_query, judge_age, unreadable
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

"""The table's own figures against the file and the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from suimon_etl.quality import checks, judge
from suimon_etl.request import RunRequest
from suimon_etl.tables import Column, PartitionColumn, Table, table_named, table_of
from tests.datasets import DATASETS


@pytest.fixture
def request_(conf: dict[str, Any]) -> RunRequest:
    return RunRequest.from_params(conf)


def figures(table: str, rows: int = 3, **found: int) -> dict[str, int]:
    """Return the figures of a good partition; `found` by words of a check's name, its blanks as underscores."""
    told = {"row_count": rows}
    for number, check in enumerate(checks(table_named(table))):
        name = check.name.replace(" ", "_")
        told[f"check_{number}"] = found.get(name, rows if check.sql == "count(*)" else 0)
    return told


@pytest.mark.parametrize("table", [table_of(dataset).name for dataset in DATASETS])
def test_a_partition_that_is_the_file_is_good(request_: RunRequest, table: str) -> None:
    found = judge(table, request_, figures(table))
    assert (found.problems, found.warnings) == ((), ())


@pytest.mark.parametrize(
    ("table", "found", "problem"),
    [
        ("sales_fact", {"rows": 2}, "the table holds 2 rows of 2026-11-20, the file 3"),
        ("sales_fact", {"repeated_order_id": 1}, "repeated order_id: 1 of 3 rows, allowed: none"),
        ("sales_fact", {"customer_id_missing": 2}, "customer_id missing: 2 of 3 rows, allowed: none"),
        (
            "sales_fact",
            {"quantity_beyond_its_minimum_1": 1},
            "quantity beyond its minimum 1: 1 of 3 rows, allowed: none",
        ),
        ("user_events", {"event_type_not_among_its_values": 1}, "event_type not among its values: 1 of 3 rows"),
        ("inventory", {"repeated_sku,_warehouse": 1}, "repeated sku, warehouse: 1 of 3 rows, allowed: none"),
    ],
)
def test_what_is_wrong_is_told_with_its_figure(
    request_: RunRequest, table: str, found: dict[str, int], problem: str
) -> None:
    (told,) = judge(table, request_, figures(table, **found)).problems
    assert told.startswith(problem)


def test_an_empty_partition_breaks_the_contract_and_is_not_the_file(request_: RunRequest) -> None:
    told = judge("sales_fact", request_, figures("sales_fact", rows=0)).problems
    assert told == (
        "the table holds 0 rows of 2026-11-20, the file 3",
        "rows: 0 of 0 rows, allowed: at least 1",
    )


def test_a_partition_that_a_retraction_empties_keeps_no_threshold_and_must_be_empty(request_: RunRequest) -> None:
    empties = replace(request_, rows=0, empties=True)
    assert judge("sales_fact", empties, figures("sales_fact", rows=0)).problems == ()
    assert judge("sales_fact", empties, figures("sales_fact", rows=2)).problems == (
        "the table holds 2 rows of 2026-11-20, the file 0",
    )


def test_what_the_contract_only_wants_to_be_told_fails_nothing(request_: RunRequest) -> None:
    found = judge("user_events", request_, figures("user_events", user_id_missing=2))
    assert found.problems == ()
    assert found.warnings == ("user_id missing: 2 of 3 rows, allowed: at most 60 percent",)


def test_rows_set_aside_do_not_fail_the_run_of_those_that_were_accepted(request_: RunRequest) -> None:
    """A count of 100 records of which the gate has set one aside: 99 are what the file is to the run."""
    described = table_of("inventory")
    assert [check.name for check in checks(described)] == [
        "repeated sku, warehouse",
        *(f"{name} missing" for name in ("sku", "warehouse", "counted_on", "quantity")),
        "quantity beyond its minimum 0",
        "updated_at missing",
    ]
    found = judge("inventory", replace(request_, rows=99), figures("inventory", rows=99))
    assert (found.problems, found.warnings) == ((), ())
    (told,) = judge("inventory", replace(request_, rows=100), figures("inventory", rows=99)).problems
    assert told == "the table holds 99 rows of 2026-11-20, the file 100"


TEXT = Column("a", "VARCHAR(20)", "string")


def table(*metrics: dict[str, Any], column: Column = TEXT) -> Table:
    return Table(
        "d", "d_etl", "1", "t", (column,), "", (PartitionColumn("day", "date", "partition", in_file=True),), (), metrics
    )


def test_values_of_the_contract_are_bound_and_never_stand_in_sql() -> None:
    asked = checks(
        table(
            {"name": "missingValues", "columns": ["a"], "values": ["N/A", "'; --"]},
            {"name": "invalidValues", "columns": ["a"], "values": ["x"]},
        )
    )
    assert [check.sql for check in asked] == [
        "count(CASE WHEN a IS NULL OR a = :metric_0_0 OR a = :metric_0_1 THEN 1 END)",
        "count(CASE WHEN a NOT IN (:metric_1_0) THEN 1 END)",
    ]
    assert [dict(check.values) for check in asked] == [
        {"metric_0_0": "N/A", "metric_0_1": "'; --"},
        {"metric_1_0": "x"},
    ]


def test_an_empty_text_is_no_parameter_for_the_service_takes_none() -> None:
    asked = checks(
        table(
            {"name": "missingValues", "columns": ["a"], "values": ["", "-"]},
            {"name": "missingValues", "columns": ["a"], "values": [""]},
            {"name": "invalidValues", "columns": ["a"], "values": ["x", ""]},
            {"name": "invalidValues", "columns": ["a"], "values": [""]},
        )
    )
    assert [check.sql for check in asked] == [
        "count(CASE WHEN a IS NULL OR LEN(a) = 0 OR a = :metric_0_1 THEN 1 END)",
        "count(CASE WHEN a IS NULL OR LEN(a) = 0 THEN 1 END)",
        "count(CASE WHEN a NOT IN (:metric_2_0) AND LEN(a) > 0 THEN 1 END)",
        "count(CASE WHEN LEN(a) > 0 THEN 1 END)",
    ]
    assert all(value for check in asked for value in check.values.values())


def test_patterns_are_left_to_the_gate() -> None:
    assert checks(table({"name": "invalidValues", "columns": ["a"], "pattern": "^x$"})) == []


def test_the_allowed_values_are_bound_in_the_query_of_the_dataset() -> None:
    (asked,) = (check for check in checks(table_of("user_events")) if "values" in check.name)
    assert list(asked.values.values()) == ["page_view", "search", "add_to_cart", "purchase", "sign_up"]

"""What functions know of their stack: each variable that is missing is named, and the template sets those there are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from suimon.settings import (
    CLUSTER,
    DATABASE,
    NEEDED,
    OF_ALL,
    SECRET,
    TABLE_HOURS,
    VARIABLES,
    WORKGROUP,
    Settings,
    SettingsError,
)
from suimon.warehouse.data_api import Warehouse

ALL = {variable: name for name, variable in VARIABLES.items()}


def test_each_setting_comes_from_its_variable() -> None:
    settings = Settings.of("intake", ALL)
    assert {name: getattr(settings, name) for name in VARIABLES} == {name: name for name in VARIABLES}


@pytest.mark.parametrize(("function", "name"), [(function, name) for function in NEEDED for name in VARIABLES])
def test_a_variable_that_is_missing_is_named_by_the_function_that_needs_it(function: str, name: str) -> None:
    others = {variable: value for variable, value in ALL.items() if value != name}
    if name in {*OF_ALL, *NEEDED[function]}:
        with pytest.raises(SettingsError, match=f"{VARIABLES[name]} is not set"):
            Settings.of(function, others)
    else:
        assert getattr(Settings.of(function, others), name) == ""


@pytest.mark.parametrize(
    ("given", "warehouse"),
    [
        ({WORKGROUP: "w"}, Warehouse(database="d", workgroup_name="w")),
        ({CLUSTER: "c", SECRET: "s"}, Warehouse(database="d", cluster_identifier="c", secret_arn="s")),
    ],
)
def test_a_warehouse_is_a_workgroup_or_a_cluster(given: dict[str, str], warehouse: Warehouse) -> None:
    assert Settings.of("intake", ALL | {DATABASE: "d"} | given).warehouse == warehouse


@pytest.mark.parametrize("given", [{}, {WORKGROUP: "w", CLUSTER: "c"}])
def test_a_warehouse_is_not_neither_and_not_both(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="exactly one"):
        Settings.of("intake", ALL | {DATABASE: "d"} | given)


def test_a_function_without_a_warehouse_says_so_when_it_is_asked_for() -> None:
    with pytest.raises(SettingsError, match=f"{DATABASE} is not set"):
        _ = Settings.of("intake", ALL).warehouse


@pytest.mark.parametrize(("given", "hours"), [({}, 24), ({TABLE_HOURS: ""}, 24), ({TABLE_HOURS: "0"}, 0)])
def test_a_fresh_table_is_asked_once_a_day_or_as_often_as_the_stack_says(given: dict[str, str], hours: int) -> None:
    assert Settings.of("freshness", ALL | given).tables_every == timedelta(hours=hours)


@pytest.mark.parametrize("given", ["-1", "1.5", "12345", "often", "\u0661"])
def test_hours_that_are_no_number_are_refused(given: str) -> None:
    with pytest.raises(SettingsError, match=TABLE_HOURS):
        Settings.of("freshness", ALL | {TABLE_HOURS: given})

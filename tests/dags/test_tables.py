"""What the DAGs know of contracts and tables is of one release, and a table that fits no contract has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from suimon.contract.file import Column, ContractError, Metric, Tolerance
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from suimon.warehouse import describe as described
from suimon_etl.load import ControlSumsError, figures, statements_of
from suimon_etl.measure import REQUEST
from suimon_etl.tables import DESCRIPTION, _table, table_named, table_of
from tests.datasets import release


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return release().contracts


def describe(contracts: Contracts) -> dict[str, Any]:
    return described.describe(contracts, release().tables)


def test_the_dags_carry_the_contracts_and_tables_of_this_release(contracts: Contracts) -> None:
    released = described.written(describe(contracts))
    assert DESCRIPTION.read_text(encoding="utf-8") == released, "run `make tables`"


def test_every_dataset_with_a_dag_has_a_table(contracts: Contracts) -> None:
    for contract in contracts.all:
        table = table_of(contract.dataset)
        assert table == table_named(contract.table)
        assert (table.dag_id, table.version) == (contract.dag_id, contract.version)
        assert [column.name for column in table.columns] == [column.name for column in contract.columns]


def test_keys_and_partition_are_the_contracts() -> None:
    assert (table_of("sales").keys, table_of("inventory").keys) == ((("order_id",),), (("sku", "warehouse"),))
    in_file = {
        name: [(one.column, one.in_file) for one in table_of(name).partition]
        for name in ("sales", "inventory", "user_events")
    }
    assert in_file == {
        "sales": [("order_date", True)],
        "inventory": [("counted_on", True)],
        "user_events": [("partition_date", False)],
    }


def test_sums_are_taken_of_every_number() -> None:
    assert {column.name: column.scale for column in table_of("sales").summed} == {
        "quantity": 0,
        "unit_price": 2,
        "amount": 2,
    }
    assert table_of("user_events").summed == ()


def test_no_sum_is_taken_of_a_personal_number_and_nothing_of_it_reaches_the_sql(contracts: Contracts) -> None:
    [(dataset, raw)] = describe(changed(contracts.of("sales"), "amount", personal=True)).items()
    table = _table(dataset, raw)
    assert [column.name for column in table.summed] == ["quantity", "unit_price"]
    names = {figure.name for figure in figures(table, "sales_fact_staging")}
    assert names == {"different order_id", "of the partition", "sum of quantity", "sum of unit_price"}
    sums = {"quantity": "1", "unit_price": "2.00"}
    assert not any("(amount)" in statement for statement in statements_of(table, REQUEST, sums))
    with pytest.raises(ControlSumsError, match="too many: amount"):
        statements_of(table, REQUEST, sums | {"amount": "7700.77"})


def changed(contract: Contract, column: str, **fields: Any) -> Contracts:
    columns = tuple(replace(one, **fields) if one.name == column else one for one in contract.columns)
    return Contracts((replace(contract, columns=columns),))


@pytest.mark.parametrize(
    ("column", "fields", "told"),
    [
        ("amount", {"name": "total"}, "COPY loads by position, so they must be order_id"),
        ("amount", {"scale": 3}, r"amount of sales_fact is DECIMAL\(14, 2\), must be DECIMAL\(14, 3\)"),
        ("quantity", {"bits": 64}, "quantity of sales_fact is INTEGER, must be BIGINT"),
        ("order_date", {"type": "timestamp"}, "COPY loads by position"),
        ("order_id", {"max_length": 33}, r"order_id of sales_fact is VARCHAR\(128\), must be VARCHAR\(132\) or more"),
        ("customer_id", {"required": False}, "customer_id of sales_fact must be NULL, as in the contract"),
    ],
)
def test_a_table_that_does_not_fit_its_contract_is_told(
    contracts: Contracts, column: str, fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(ContractError, match=told):
        describe(changed(contracts.of("sales"), column, **fields))


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        (None, r"order_id has no maxLength, and VARCHAR\(128\) of sales_fact holds no more than 32 characters"),
        (("x" * 129,), r"order_id of sales_fact is VARCHAR\(128\), must be VARCHAR\(129\) or more"),
        (("茶", "水" * 43), r"order_id of sales_fact is VARCHAR\(128\), must be VARCHAR\(129\) or more"),
    ],
)
def test_a_text_that_the_table_may_not_hold_is_told(
    contracts: Contracts, allowed: tuple[str, ...] | None, told: str
) -> None:
    with pytest.raises(ContractError, match=told):
        describe(changed(contracts.of("sales"), "order_id", max_length=None, allowed=allowed))


def test_allowed_values_say_how_long_a_text_is(contracts: Contracts) -> None:
    listed = changed(contracts.of("sales"), "order_id", max_length=None, allowed=("水" * 42, "x" * 128))
    assert describe(listed)


def test_more_columns_than_a_table_of_redshift_has_are_told(contracts: Contracts) -> None:
    sales = contracts.of("sales")
    more = tuple(Column(f"c{number}", "boolean") for number in range(1_601))
    with pytest.raises(ContractError, match="sales: 1,602 columns; a table of Redshift has 1,600 at most"):
        describe(Contracts((replace(sales, columns=more),)))


def test_a_column_that_may_be_missing_in_the_file_may_be_missing_in_the_table(contracts: Contracts) -> None:
    with pytest.raises(ContractError, match="user_id of user_events must be NOT NULL"):
        describe(changed(contracts.of("user_events"), "user_id", required=True))


def test_a_contract_without_a_table_is_told(contracts: Contracts) -> None:
    nowhere = replace(contracts.of("sales"), table="sales_facts")
    with pytest.raises(ContractError, match="there is no CREATE TABLE of sales_facts"):
        describe(Contracts((nowhere,)))


def test_staging_is_spread_as_its_table_is() -> None:
    for name in ("sales_fact", "user_events", "inventory"):
        spread = table_named(name).distribution.replace("(", " (").split()
        assert " ".join(spread) in " ".join(release().tables[name].split())


@pytest.mark.parametrize("name", ["timestamp", "user", "open", "ctid", "Amount", "total amount"])
def test_a_column_that_redshift_takes_in_quotes_only_is_told(contracts: Contracts, name: str) -> None:
    with pytest.raises(ContractError, match=f"sales: '{name}' needs quotes in Redshift"):
        describe(changed(contracts.of("sales"), "amount", name=name))


@pytest.mark.parametrize(
    "metrics",
    [
        (),
        (Metric("rowCount", maximum="10"),),
        (Metric("rowCount", minimum="1", severity="warning"),),
        (Metric("rowCount", minimum="1", maximum="5", negated=True),),
    ],
)
def test_a_contract_that_does_not_say_whether_a_file_may_be_empty_is_refused(
    contracts: Contracts, metrics: tuple[Metric, ...]
) -> None:
    with pytest.raises(ContractError, match="sales: nothing says whether a file without records is right"):
        describe(Contracts((replace(contracts.of("sales"), metrics=metrics),)))


@pytest.mark.parametrize("open_", [False, True])
def test_a_contract_may_say_that_no_records_are_right_or_too_few(contracts: Contracts, *, open_: bool) -> None:
    said = replace(contracts.of("sales"), metrics=(Metric("rowCount", minimum="0", minimum_open=open_),))
    assert describe(Contracts((said,)))["sales"]["rows_of_set"] == []


def test_how_many_records_a_set_has_is_asked_of_its_run(contracts: Contracts) -> None:
    rule = SetRule(shards=2, manifest=None, marker=None, reload=False, complete_within_minutes=60)
    asked = (Metric("rowCount", minimum="1"), Metric("rowCount", maximum="10"))
    warned = Metric("rowCount", minimum="100", severity="warning")
    of_shards = replace(contracts.of("sales"), metrics=(*asked, warned), set_rule=rule)
    told = describe(Contracts((of_shards,)))["sales"]["rows_of_set"]
    assert told == [metric.to_json() for metric in asked]


AT_MOST_TWO = Metric("nullValues", ("product_name",), maximum="2")
MOVED = (
    Metric("rowCount", minimum="100"),
    Metric("nullValues", ("product_name",), maximum="5", unit="percent"),
    Metric("nullValues", ("product_name",), minimum="1"),
    Metric("nullValues", ("product_name",), maximum="3", negated=True),
)


def test_what_rows_set_aside_can_change_is_left_to_the_gate(contracts: Contracts) -> None:
    sales = replace(contracts.of("sales"), metrics=(*MOVED, AT_MOST_TWO))
    tolerant = replace(sales, tolerance=Tolerance(max_rows=20))

    assert len(describe(Contracts((sales,)))["sales"]["metrics"]) == 5
    assert describe(Contracts((tolerant,)))["sales"]["metrics"] == [AT_MOST_TWO.to_json()]


def test_what_holds_for_each_shard_alone_is_left_to_the_gate(contracts: Contracts) -> None:
    kept = (Metric("rowCount", minimum="1"), Metric("nullValues", ("product_name",), maximum="5", unit="percent"))
    alone = (AT_MOST_TWO, Metric("rowCount", maximum="10"), Metric("duplicateValues", ("customer_id",), maximum="9"))
    rule = SetRule(shards=2, manifest=None, marker=None, reload=False, complete_within_minutes=60)
    of_shards = replace(contracts.of("sales"), metrics=(*kept, *alone), set_rule=rule)

    assert describe(Contracts((of_shards,)))["sales"]["metrics"] == [metric.to_json() for metric in kept]

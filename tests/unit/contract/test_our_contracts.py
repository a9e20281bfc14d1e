"""The project's own contracts: read as agreed upon, valid for other tools, compiled to the same bytes."""

import json
from pathlib import Path

import pytest
import sqlglot
from open_data_contract_standard.model import OpenDataContractStandard
from sqlglot import exp

from suimon.contract.file import Column, FileFormat, Metric, Tolerance, Trailer
from suimon.contract.model import read_contracts
from suimon.contract.odcs.parse import compile_contracts, read_contract, read_contract_files
from tests.datasets import FOLDERS, contract_file, release

FILES = [folder.contract for folder in FOLDERS.values()]


SALES = contract_file("sales").read_text(encoding="utf-8")


def test_sales_is_the_contract_agreed_upon() -> None:
    sales = read_contract(contract_file("sales"))
    assert sales.columns == (
        Column("order_id", "string", required=True, unique=True, max_length=32),
        Column("order_date", "date", required=True, partition="ds", format="%Y-%m-%d"),
        Column("customer_id", "string", required=True, personal=True, max_length=32),
        Column("product_name", "string", required=True, max_length=400),
        Column("quantity", "integer", required=True, bits=32, minimum="1"),
        Column("unit_price", "decimal", required=True, precision=12, scale=2, minimum="0"),
        Column("amount", "decimal", required=True, precision=14, scale=2, minimum="0"),
    )
    assert sales.file == FileFormat()
    assert sales.metrics == (Metric("rowCount", minimum="1", text="at least 1"),)
    assert (sales.primary_key, sales.conditions, sales.tolerance) == ((), (), None)
    compiled = sales.to_json()
    assert {key: compiled[key] for key in ("dataset", "table", "dag_id", "key_pattern", "arrival", "freshness")} == {
        "dataset": "sales",
        "table": "sales_fact",
        "dag_id": "daily_sales_etl",
        "key_pattern": "sales/{ds}/sales_data.csv",
        "arrival": {"days_after": 1, "deadline": "06:00", "time_zone": "Asia/Tokyo", "lookback_days": 5},
        "freshness": {"table": "sales_fact", "column": "order_date", "error_after": {"count": 1, "unit": "d"}},
    }


def test_user_events_is_the_contract_agreed_upon() -> None:
    events = read_contract(contract_file("user_events"))
    assert events.columns == (
        Column("event_id", "string", required=True, unique=True, max_length=32),
        Column("user_id", "string", personal=True, max_length=32),
        Column(
            "event_type", "string", required=True, allowed=("page_view", "search", "add_to_cart", "purchase", "sign_up")
        ),
        Column("event_timestamp", "timestamp", required=True, partition="ds", format="%Y-%m-%dT%H:%M:%S%z"),
    )
    assert events.file == FileFormat(delimiter="\t", quote="", escape="", line_ending="lf", compression="gzip")
    assert [(metric.name, metric.severity, metric.text) for metric in events.metrics] == [
        ("rowCount", "error", "at least 1"),
        ("nullValues", "warning", "at most 60 percent"),
    ]
    assert events.key_pattern is not None
    assert events.key_pattern.text == "user_events/{ds}/events.tsv.gz"
    assert events.dag_id == "user_events_etl"


def test_inventory_is_the_contract_agreed_upon() -> None:
    inventory = read_contract(contract_file("inventory"))
    assert inventory.columns == (
        Column("sku", "string", label="商品コード", required=True, max_length=32),
        Column("warehouse", "string", label="倉庫", required=True, max_length=32),
        Column("counted_on", "date", label="棚卸日", required=True, partition="ds", format="%Y/%m/%d"),
        Column("quantity", "integer", label="在庫数", required=True, bits=32, minimum="0"),
        Column("updated_at", "timestamp", label="更新日時", required=True, format="%Y/%m/%d %H:%M:%S"),
    )
    assert inventory.primary_key == ("sku", "warehouse")
    assert inventory.file == FileFormat(encoding="cp932", line_ending="crlf", trailer=Trailer("件数", 2))
    assert inventory.tolerance == Tolerance(20, "1")
    assert inventory.key_pattern is not None
    assert inventory.key_pattern.text == "inventory/{ds}/inventory.csv"
    assert inventory.dag_id == "inventory_etl"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_columns_stand_in_the_order_of_the_table_that_copy_loads_by_position(path: Path) -> None:
    contract = read_contract(path)
    table = sqlglot.parse_one(release().tables[contract.table], read="redshift")
    types = {"string": "VARCHAR", "integer": "INT"}
    columns = list(table.find_all(exp.ColumnDef))
    if columns[-1].name == "partition_date":  # which no file has: the load writes it
        columns.pop()
    declared = [(column.name, column.kind.this.name) for column in columns if column.kind]
    assert declared == [(column.name, types.get(column.type, column.type.upper())) for column in contract.columns]
    required = {column.name for column in columns if column.find(exp.NotNullColumnConstraint)}
    assert required == {column.name for column in contract.columns if column.required}
    bytes_ = {
        column.name: int(column.kind.expressions[0].name)
        for column in columns
        if column.kind and column.kind.this.name == "VARCHAR"
    }
    assert all(
        bytes_[column.name] >= 4 * (column.max_length or 1) for column in contract.columns if column.name in bytes_
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_our_contracts_are_odcs_for_other_tools(path: Path) -> None:
    standard = OpenDataContractStandard.from_file(str(path))
    assert standard.apiVersion == "v3.1.0"


def test_compiling_gives_the_same_bytes_whatever_the_order(tmp_path: Path) -> None:
    compile_contracts(FILES, tmp_path / "a.json")
    compile_contracts(FILES[::-1], tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert read_contracts(tmp_path / "a.json") == read_contract_files(FILES)
    assert set(json.loads((tmp_path / "a.json").read_text())) == {"contracts"}

import json
import subprocess
import sys
from datetime import time
from pathlib import Path

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.file import Column, Condition, ContractError, FileFormat, Metric, Tolerance, Trailer
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts, Role, read_contracts
from suimon.contract.set_rule import SetRule
from suimon.contract.table_freshness import Age, TableFreshness

SALES = Contract(
    dataset="sales",
    version="1.0.0",
    table="sales_fact",
    dag_id="daily_sales_etl",
    key_pattern=KeyPattern("sales/{ds}/sales_data.csv"),
    file=FileFormat(),
    columns=(
        Column("order_id", "string", required=True, unique=True, max_length=32),
        Column("order_date", "date", required=True, partition="ds", format="%Y-%m-%d"),
        Column("amount", "decimal", required=True, precision=14, scale=2, minimum="0"),
    ),
    metrics=(Metric("rowCount", minimum="1", text="at least 1"),),
    arrival=Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=5),
    freshness=TableFreshness("sales_fact", "order_date", Age(1)),
)
RICH = Contract(
    dataset="stock",
    version="1",
    table="stock",
    dag_id="stock_etl",
    key_pattern=KeyPattern("stock/{ds}.csv"),
    file=FileFormat(
        encoding="cp932",
        null_tokens=("", "NULL"),
        comment="#",
        compression="zip",
        trailer=Trailer("END", 2, (("amount", 3), ("pieces", 4))),
    ),
    columns=(
        Column("sku", "string", label="商品", allowed=("A", "B")),
        Column("pieces", "integer", bits=64),
        Column("amount", "decimal", precision=9, scale=2),
        Column("active", "boolean", true_words=("1",), false_words=("0", "-")),
    ),
    primary_key=("sku", "pieces"),
    conditions=(Condition("positive", "t1 > 0 OR t2 > 0", ("pieces", "amount"), "pieces or amount"),),
    metrics=(
        Metric("duplicateValues", ("sku", "active"), maximum="5", unit="percent", severity="warning", text="at most 5"),
        Metric("invalidValues", ("sku",), minimum="0", maximum="0", values=("A",), pattern="^A$", text="exactly 0"),
    ),
    tolerance=Tolerance(max_rows=3, max_percent="0.5"),
)
ORDERS = Contract(
    dataset="orders",
    version="1",
    table="orders",
    dag_id="orders_etl",
    key_pattern=KeyPattern("orders/{ds}/part-{shard}.csv"),
    file=FileFormat(),
    columns=(Column("id", "string"),),
    set_rule=SetRule(None, None, KeyPattern("orders/{ds}/_SUCCESS"), reload=True, complete_within_minutes=60),
)
WATCHED = Contract("inventory", "1.0.0", "inventory", freshness=TableFreshness("inventory", "updated_at", Age(7)))


@pytest.mark.parametrize("contract", [SALES, RICH, ORDERS, WATCHED], ids=lambda contract: contract.dataset)
def test_a_contract_survives_its_compiled_form(contract: Contract) -> None:
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract


def test_the_compiled_form_is_the_one_agreed_upon() -> None:
    raw = SALES.to_json()
    assert raw["key_pattern"] == "sales/{ds}/sales_data.csv"
    assert raw["arrival"] == {"days_after": 1, "deadline": "06:00", "time_zone": "Asia/Tokyo", "lookback_days": 5}
    assert raw["freshness"] == {"table": "sales_fact", "column": "order_date", "error_after": {"count": 1, "unit": "d"}}
    # What the Glue job reads of a dialect.
    assert {key: raw["file"][key] for key in ("encoding", "delimiter", "quote", "escape", "header", "null_tokens")} == {
        "encoding": "utf-8",
        "delimiter": ",",
        "quote": '"',
        "escape": '"',
        "header": True,
        "null_tokens": ("",),
    }
    assert raw["columns"][2] == {
        "name": "amount",
        "type": "decimal",
        "required": True,
        "may_be_absent": False,
        "trimmed": False,
        "full_width": False,
        "unique": False,
        "personal": False,
        "precision": 14,
        "scale": 2,
        "minimum": "0",
    }


def test_a_key_yields_its_contract_and_partition() -> None:
    assert Contracts((WATCHED, SALES)).match("sales/2026-11-20/sales_data.csv") == (SALES, "2026-11-20")


@pytest.mark.parametrize(
    "key",
    [
        "sales/2026-02-30/sales_data.csv",
        "sales/0000-01-01/sales_data.csv",
        "sales/2026-1-02/sales_data.csv",
        "sales/20261120/sales_data.csv",
        "sales/２０２６-11-20/sales_data.csv",
        "sales/2026-11-20/sales_data.csv.tmp",
        "sales/2026-11-20/sales_data.csv\n",
        "sales/2026-11-20/sales_dataxcsv",
        "x/sales/2026-11-20/sales_data.csv",
        "Sales/2026-11-20/sales_data.csv",
        "sales/{ds}/sales_data.csv",
        "",
    ],
)
def test_a_key_that_only_resembles_the_pattern_does_not_match(key: str) -> None:
    assert Contracts((SALES,)).match(key) is None


def test_a_date_that_stands_twice_in_a_key_must_be_the_same_date() -> None:
    pattern = KeyPattern("s/{ds}/s_{ds}.csv")
    assert pattern.match("s/2026-11-20/s_2026-11-20.csv") == "2026-11-20"
    assert pattern.match("s/2026-11-20/s_2026-11-21.csv") is None


def test_a_partition_has_one_key() -> None:
    assert KeyPattern("sales/{ds}/sales_data.csv").key_for("2026-11-20") == "sales/2026-11-20/sales_data.csv"


@pytest.mark.parametrize("partition", ["2026-02-30", "20261120", "", "2026-11-20/x"])
def test_a_partition_that_is_no_date_has_no_key(partition: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        KeyPattern("sales/{ds}/sales_data.csv").key_for(partition)


def test_the_shards_of_a_partition_share_it_and_differ_in_their_names() -> None:
    pattern = KeyPattern("orders/{ds}/{ds}-part-{shard}.csv")
    key = "orders/2026-11-20/2026-11-20-part-00-a_B.csv"
    assert (pattern.match(key), pattern.shard(key)) == ("2026-11-20", "00-a_B")
    assert pattern.key_for("2026-11-20", "00-a_B") == key
    assert pattern.key_for("2026-11-20") == "orders/2026-11-20/2026-11-20-part-{shard}.csv"
    assert pattern.prefix_for("2026-11-20") == "orders/2026-11-20/2026-11-20-part-"


@pytest.mark.parametrize("shard", ["", "a/b", "a.b", "é", "a b", "x" * 65])
def test_a_shard_is_a_short_plain_name_within_a_segment(shard: str) -> None:
    assert KeyPattern("orders/{ds}/{shard}.csv").match(f"orders/2026-11-20/{shard}.csv") is None


def test_a_date_beside_a_shard_is_read_in_one_way_only() -> None:
    pattern = KeyPattern("o/{shard}{ds}")
    assert (pattern.match("o/1-12026-11-20"), pattern.shard("o/1-12026-11-20")) == ("2026-11-20", "1-1")


def test_what_a_key_is_to_its_dataset() -> None:
    contracts = Contracts((SALES, ORDERS))
    assert contracts.match("orders/2026-11-20/_SUCCESS") == (ORDERS, "2026-11-20")
    assert contracts.match("orders/2026-11-20/part-1.csv") == (ORDERS, "2026-11-20")
    assert ORDERS.role_of("orders/2026-11-20/_SUCCESS") is Role.CONTROL
    assert ORDERS.role_of("orders/2026-11-20/part-1.csv") is Role.SHARD
    assert SALES.role_of("sales/2026-11-20/sales_data.csv") is Role.FILE


def test_a_marker_that_another_contract_takes_for_its_file_is_refused() -> None:
    other = Contract("other", "1", "t", key_pattern=KeyPattern("orders/{ds}/{shard}"))
    with pytest.raises(ContractError, match="could match the same key"):
        Contracts((ORDERS, other))


@pytest.mark.parametrize("text", ["sales/{ds}/{store}.csv", "sales/{ds}/}.csv", "sales/{ds}/{shard}-{shard}.csv"])
def test_a_key_pattern_knows_its_placeholders_and_nothing_else(text: str) -> None:
    with pytest.raises(ContractError, match="key pattern"):
        KeyPattern(text)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("a/{ds}.csv", "a/{ds}.csv", True),
        ("a/{ds}.csv", "a/2026-11-2{ds}", False),
        ("a/{ds}/2026-11-20", "a/2026-11-20/{ds}", True),
        ("a/{ds}.csv", "a/{ds}.tsv", False),
        ("a/{ds}.csv", "a/x/{ds}.csv", False),
        ("a/{ds}/{shard}.csv", "a/{ds}/b.csv", True),
        ("a/{ds}/{shard}.csv", "a/{ds}/b-{shard}.csv", True),
        ("a/{ds}/{shard}.csv", "a/{ds}/{shard}-b.csv", True),
        ("a/{ds}/a-{shard}.csv", "a/{ds}/b-{shard}.csv", False),
        ("a/{ds}/{shard}-a.csv", "a/{ds}/{shard}-b.csv", False),
        ("a/{ds}/{shard}.csv", "a/{ds}/{shard}/x.csv", False),
        ("a/{ds}/{shard}.csv", "a/{ds}/.csv", False),
        ("a/{shard}/{ds}", "a/{ds}/{shard}", True),
        ("{ds}{shard}", "{shard}{ds}", True),
    ],
)
def test_two_patterns_that_could_match_one_key_are_told(one: str, other: str, meet: bool) -> None:  # noqa: FBT001 - a table of cases
    assert KeyPattern(one).may_meet(KeyPattern(other)) is meet
    assert KeyPattern(other).may_meet(KeyPattern(one)) is meet


def test_contracts_that_share_keys_or_a_name_are_refused() -> None:
    twin = Contract("sales2", "1", "t", key_pattern=KeyPattern("sales/{ds}/sales_data.csv"))
    with pytest.raises(ContractError, match="could match the same key"):
        Contracts((SALES, twin))
    with pytest.raises(ContractError, match="two contracts for dataset 'sales'"):
        Contracts((SALES, SALES))


def test_compiled_contracts_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "contracts.json"
    path.write_text(json.dumps(Contracts((SALES, RICH, WATCHED)).to_json()))
    assert read_contracts(path) == Contracts((SALES, RICH, WATCHED))
    assert read_contracts(path).of("inventory") == WATCHED


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"contracts": [{}]}', '{"contracts": [{"dataset": "x"}]}', "3"])
def test_a_file_that_is_no_compiled_contract_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "contracts.json"
    path.write_text(text)
    with pytest.raises(ContractError, match="compile"):
        read_contracts(path)


def test_an_unknown_dataset_is_told_which_there_are() -> None:
    with pytest.raises(ContractError, match="there are: sales, inventory"):
        Contracts((SALES, WATCHED)).of("sale")


@pytest.mark.process
def test_the_model_imports_nothing_that_a_function_does_not_carry() -> None:
    code = "import sys, suimon.contract.model; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pydantic", "yaml", "rich", "click", "duckdb", "boto3"} & set(loaded)

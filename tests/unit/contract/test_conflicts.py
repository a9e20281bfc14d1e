"""Contracts that cannot be of one release: with the same table or DAG each would delete what the other loads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.contract.file import ContractError
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.table_freshness import Age, TableFreshness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ONE = Contract("goods", "1", "goods", dag_id="goods_etl", key_pattern=KeyPattern("goods/{ds}.csv"))
OTHER = Contract("stock", "1", "stock", dag_id="stock_etl", key_pattern=KeyPattern("stock/{ds}.csv"))


@pytest.fixture
def lint(tmp_path: Path, draft: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Return what lint and describe say of two contracts of which the second one has some changes."""

    def say(**changes: str) -> list[str]:
        monkeypatch.setenv("SUIMON_DATASETS", str(tmp_path))
        texts = {"goods": draft(), "stock": draft()}
        for old, new in (("goods/{ds}", "stock/{ds}"), ("name: goods\n", "name: stock\n"), *changes.items()):
            texts["stock"] = texts["stock"].replace(old.replace("__", ": "), new)
        for name, text in texts.items():
            (tmp_path / name).mkdir()
            (tmp_path / name / "contract.odcs.yaml").write_text(text, encoding="utf-8")
        commands = (
            ["contract", "lint"],
            ["contract", "compile", "--out", str(tmp_path / "c.json")],
            ["warehouse", "describe", "--out", str(tmp_path)],
        )
        said = []
        for command in commands:
            told = CliRunner().invoke(main, command)
            assert (told.exit_code != 0, told.exception.__class__) == (True, SystemExit), told.output
            said.append(next(line for line in told.output.splitlines() if ".odcs.yaml:" in line))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["goods", "stock"]
        return [line.partition(f"{tmp_path}/")[2] for line in said]

    return say


def test_two_contracts_of_one_table_are_refused_with_file_and_line(lint: Callable[..., list[str]]) -> None:
    for line in lint(goods_etl="stock_etl"):
        assert line.startswith(
            "stock/contract.odcs.yaml:6: schema[0].physicalName: contracts 'goods' and 'stock' load the same table"
        )


def test_two_contracts_of_one_dag_are_refused_with_file_and_line(lint: Callable[..., list[str]]) -> None:
    for line in lint(physicalName__goods="physicalName: stock"):
        assert line.startswith("stock/contract.odcs.yaml:17: customProperties")
        assert "contracts 'goods' and 'stock' open the same DAG 'goods_etl'" in line


@pytest.mark.parametrize("table", ["goods_loads", "stock_staging", "_loads"])
def test_a_table_named_as_the_loads_of_another_name_theirs_is_refused(
    lint: Callable[..., list[str]], table: str
) -> None:
    for line in lint(physicalName__goods=f"physicalName: {table}", goods_etl="stock_etl"):
        assert line.startswith("stock/contract.odcs.yaml:6: schema[0].physicalName: ")
        assert "must not end in _" in line


@pytest.mark.parametrize("dataset", ["status", "freshness", "undeliverable", "replays"])
def test_a_dataset_whose_reports_would_lie_among_other_pages_is_refused(
    lint: Callable[..., list[str]], dataset: str
) -> None:
    lines = lint(**{"name: stock\n": f"name: {dataset}\n"}, physicalName__goods="physicalName: stock")
    for line in lines:
        assert f"must not be {dataset}: a folder of that name in the reports bucket holds" in line


def test_a_dataset_without_files_may_have_any_name() -> None:
    assert len(Contracts((ONE, Contract("status", "1", "status"))).all) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": "status"}, "must not be status"),
        ({"table": "goods"}, "load the same table 'goods'"),
        ({"dag_id": "goods_etl"}, "open the same DAG 'goods_etl'"),
        ({"table": "goods_loads"}, "must not end in _loads"),
        ({"table": "goods_staging"}, "must not end in _staging"),
        ({"dataset": "goods"}, "two contracts for dataset 'goods'"),
    ],
)
def test_a_release_does_not_load_with_contracts_that_conflict(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ContractError, match=words):
        Contracts((ONE, replace(OTHER, **changes)))


def test_a_table_that_is_only_watched_may_be_one_that_another_contract_loads_or_its_log() -> None:
    for table in ("goods", "goods_loads"):
        assert len(Contracts((ONE, Contract("watched", "1", table))).all) == 2


def test_one_contract_watches_a_table_for_the_incidents_of_two_would_be_one() -> None:
    one = TableFreshness("events", "at", Age(1))
    watched = Contract("events", "1", "events", freshness=one)
    again = replace(watched, dataset="events_x", freshness=replace(one, where="kind = 'x'"))
    with pytest.raises(ContractError, match="'events' and 'events_x' watch the same table 'events'"):
        Contracts((watched, again))
    Contracts((watched, replace(again, freshness=replace(one, table="other"))))
    Contracts((watched, replace(again, freshness=None)))

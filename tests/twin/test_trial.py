"""What `suimon dataset try` decides before it sends a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from local.__main__ import main
from local.trial import TrialError, business_date
from suimon.contract.keys import KeyPattern
from tests.datasets import golden_cases, release

if TYPE_CHECKING:
    from pathlib import Path

CONTRACTS = release().contracts
DATED = replace(CONTRACTS.of("sales"), key_pattern=KeyPattern("sales/s_{ds:yyyyMMdd}.csv"))


def test_the_business_date_is_the_one_in_the_files_name(tmp_path: Path) -> None:
    assert business_date(DATED, tmp_path / "s_20261121.csv") == "2026-11-21"


@pytest.mark.parametrize("dataset", ["sales", "inventory", "user_events"])
def test_else_it_is_the_one_of_the_first_record(tmp_path: Path, dataset: str) -> None:
    case, contract = golden_cases()[dataset], CONTRACTS.of(dataset)
    file = tmp_path / "any.csv"
    file.write_text(case.file.read_text(encoding="utf-8"), encoding="utf-8")
    assert business_date(contract, file) == case.day


def test_a_date_of_the_era_is_one_too(tmp_path: Path) -> None:
    columns = tuple(replace(one, format="%E%-n年%-m月%-d日") if one.partition else one for one in DATED.columns)
    file = tmp_path / "any.csv"
    file.write_text("order_id,order_date\nA,令和8年11月20日\n", encoding="utf-8")
    assert business_date(replace(DATED, columns=columns), file) == "2026-11-20"


def test_where_neither_tells_it_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "any.csv"
    file.write_text("order_id,order_date\nA,yesterday\n", encoding="utf-8")
    columns = tuple(replace(one, partition=None) for one in DATED.columns)
    for contract in (DATED, replace(DATED, columns=columns)):
        with pytest.raises(TrialError, match=r"which business date is any\.csv\? Name it: --partition"):
            business_date(contract, file)


def test_without_a_twin_nothing_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.__main__.ROOT", tmp_path)
    file = tmp_path / "any.csv"
    file.touch()
    done = CliRunner().invoke(main, ["try", "sales", str(file)])
    assert done.exit_code == 1
    assert "Start one with `make up`" in done.output

"""What is wrong with a dataset's folder is told at once, and a folder with nothing wrong in it is left in peace."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from suimon.dataset.check_up import problems_of
from suimon.dataset.folder import DatasetFolder
from tests.datasets import FOLDERS

if TYPE_CHECKING:
    from pathlib import Path

DAY = "2026-11-20"


@pytest.fixture
def sales(tmp_path: Path) -> DatasetFolder:
    shutil.copytree(FOLDERS["sales"].path, tmp_path / "sales")
    return DatasetFolder(tmp_path / "sales")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_faults_of_contract_table_and_golden_case_are_told_together(sales: DatasetFolder) -> None:
    change(sales.contract, "maxLength: 400", "maxLength: 500")
    change(sales.table, "quantity INTEGER NOT NULL", "quantity BIGINT")
    change(sales.golden / f"{DAY}.rows.txt", "148.00|148.00", "148.00|149.00")
    change(sales.golden / f"{DAY}.bad.txt", "line 5: extra-cell\n", "")

    told = problems_of(sales)

    for number, said in enumerate(
        (
            "product_name of sales_fact is VARCHAR(1600), must be VARCHAR(2000) or more",
            "quantity of sales_fact is BIGINT, must be INTEGER",
            "quantity of sales_fact must be NOT NULL, as in the contract",
            "- ORD-1|2026-11-20|C-1|緑茶 500ml|1|148.00|149.00",
            "+ line 5: extra-cell",
        )
    ):
        assert said in told[number]
    assert len(told) == 5


def test_a_contract_that_cannot_be_read_hides_no_golden_case_that_is_not_whole(sales: DatasetFolder) -> None:
    change(sales.contract, "value: sales/{ds}/sales_data.csv", "value: sales/{ds}/x.csv  # DECIDE: where?")
    (sales.golden / f"{DAY}.rows.txt").unlink()
    decide, golden = problems_of(sales)
    assert "is marked DECIDE" in decide
    assert "must hold, DATE being a business date" in golden


def test_a_good_file_that_the_gate_rejects_and_a_bad_one_that_it_accepts_are_told(sales: DatasetFolder) -> None:
    good, bad = (sales.golden / f"{DAY}{ending}" for ending in (".csv", ".bad.csv"))
    texts = bad.read_text(encoding="utf-8"), good.read_text(encoding="utf-8")
    for path, text in zip((good, bad), texts, strict=True):
        path.write_text(text, encoding="utf-8")
    rejected, accepted, verdict = problems_of(sales)
    assert f"{DAY}.csv: the gate rejects it: line 3: order_id unique-error; line 3: quantity minimum-error" in rejected
    assert f"{DAY}.bad.csv: the gate accepts it" in accepted
    assert "- rejected" in verdict


def test_a_missing_table_and_one_that_is_no_sql_are_told(sales: DatasetFolder) -> None:
    sales.table.write_text("CREATE TABLE (", encoding="utf-8")
    assert "its CREATE TABLE cannot be read" in problems_of(sales)[0]
    sales.table.unlink()
    assert "there is no CREATE TABLE of sales_fact" in problems_of(sales)[0]


def test_two_datasets_that_cannot_stand_side_by_side_are_told(sales: DatasetFolder) -> None:
    shutil.copytree(sales.path, sales.path.with_name("orders"))
    orders = DatasetFolder(sales.path.with_name("orders"))
    named, conflict = problems_of(orders, [sales])
    assert "schema.name is sales, the folder orders: rename one" in named
    assert "two contracts for dataset 'sales'" in conflict


def test_a_golden_file_that_its_encoding_cannot_write_is_told(sales: DatasetFolder) -> None:
    change(sales.contract, "encoding: utf-8", "encoding: cp932")
    [told] = problems_of(sales)
    assert "cannot be judged" in told

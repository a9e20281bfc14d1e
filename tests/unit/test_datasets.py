"""Every dataset has a whole golden case, and one that is not whole is an error."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from suimon.contract.file import ContractError
from suimon.dataset.dag_folder import TABLES, generate, generated
from suimon.dataset.folder import SETTING, DatasetFolder, datasets_below, datasets_root
from suimon.dataset.golden import GoldenCaseError, golden_case
from suimon.dataset.release import read_release
from tests.datasets import DATASETS, FOLDERS, golden_cases, release

WHOLE = ("2026-11-20.csv", "2026-11-20.rows.txt")


@pytest.fixture
def folder(tmp_path: Path) -> DatasetFolder:
    (tmp_path / "sales" / "golden").mkdir(parents=True)
    return DatasetFolder(tmp_path / "sales")


def test_every_dataset_of_the_release_has_a_golden_case() -> None:
    assert DATASETS
    assert tuple(golden_cases()) == DATASETS


@pytest.mark.parametrize(
    "names",
    [
        (),
        WHOLE[:1],
        WHOLE[1:],
        (*WHOLE, "2026-11-20.tsv"),
        (*WHOLE, "2026-11-21.csv"),
        (*WHOLE, "2026-11-21.csv", "2026-11-21.rows.txt"),
        ("2026-02-30.csv", "2026-02-30.rows.txt"),
        ("sales.csv", "sales.rows.txt"),
    ],
)
def test_a_golden_case_that_is_not_whole_is_an_error(folder: DatasetFolder, names: tuple[str, ...]) -> None:
    for name in names:
        (folder.golden / name).touch()
    with pytest.raises(GoldenCaseError, match=r"must hold one file DATE\.csv|belongs to no golden case"):
        golden_case(folder)


def test_a_whole_golden_case_is_of_the_date_that_its_files_name(folder: DatasetFolder) -> None:
    for name in WHOLE:
        (folder.golden / name).touch()
    case = golden_case(folder)
    assert (case.day, case.file.name, case.rows.name) == ("2026-11-20", *WHOLE)


def test_one_setting_names_the_folder_of_all_datasets(tmp_path: Path) -> None:
    assert datasets_root({}, tmp_path) == tmp_path
    assert datasets_root({SETTING: "/elsewhere"}, tmp_path) == Path("/elsewhere")


def test_a_folder_that_is_called_otherwise_than_its_contract_is_told(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "contract.odcs.yaml").write_bytes(FOLDERS["sales"].contract.read_bytes())
    with pytest.raises(ContractError, match="the folder is called orders, and no dataset is: rename one"):
        read_release(datasets_below(tmp_path))


def test_a_dag_that_a_dataset_brings_lies_beside_the_others_until_it_brings_none(tmp_path: Path) -> None:
    (tmp_path / "suimon_etl").mkdir()
    brought = generated(replace(release(), dags={"sales": "dag = 1\n"}))
    generate(brought, tmp_path)
    assert (tmp_path / "dag_of_sales.py").read_text(encoding="utf-8") == "dag = 1\n"
    described = json.loads((tmp_path / TABLES).read_text(encoding="utf-8"))
    assert {dataset for dataset, table in described.items() if table["own_dag"]} == {"sales"}

    generate(generated(release()), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["suimon_etl"]

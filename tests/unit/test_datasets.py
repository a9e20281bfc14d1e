"""Every dataset has a whole golden case, and one that is not whole is an error."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from suimon.contract.file import ContractError
from suimon.dataset.check_up import problems_of
from suimon.dataset.dag_folder import TABLES, generate, generated
from suimon.dataset.folder import SETTING, DatasetFolder, datasets_below, datasets_root
from suimon.dataset.golden import GoldenCaseError, golden_case
from suimon.dataset.release import read_release
from tests.datasets import DATASETS, FOLDERS, release

WHOLE = ("2026-11-20.csv", "2026-11-20.rows.txt", "2026-11-20.bad.csv", "2026-11-20.bad.txt")


@pytest.fixture
def folder(tmp_path: Path) -> DatasetFolder:
    (tmp_path / "sales" / "golden").mkdir(parents=True)
    return DatasetFolder(tmp_path / "sales")


def test_there_are_datasets() -> None:
    assert DATASETS


@pytest.mark.parametrize("dataset", DATASETS)
def test_nothing_is_wrong_with_a_dataset_of_the_release(dataset: str) -> None:
    assert problems_of(FOLDERS[dataset], [other for name, other in FOLDERS.items() if name != dataset]) == []


@pytest.mark.parametrize(
    "names",
    [
        (),
        WHOLE[:2],
        WHOLE[:3],
        WHOLE[1:],
        (*WHOLE, "2026-11-20.tsv"),
        (*WHOLE, "notes.md"),
        (*WHOLE[:2], "2026-11-20.bad.tsv", WHOLE[3]),
        (*WHOLE, "2026-11-21.csv"),
        (*WHOLE, "2026-11-21.csv", "2026-11-21.rows.txt"),
        tuple(name.replace("2026-11-20", "2026-02-30") for name in WHOLE),
        tuple(name.replace("2026-11-20", "sales") for name in WHOLE),
    ],
)
def test_a_golden_case_that_is_not_whole_is_an_error(folder: DatasetFolder, names: tuple[str, ...]) -> None:
    for name in names:
        (folder.golden / name).touch()
    with pytest.raises(GoldenCaseError, match=r"must hold, DATE being a business date .* It holds "):
        golden_case(folder)


def test_a_whole_golden_case_is_of_the_date_that_its_files_name(folder: DatasetFolder) -> None:
    for name in WHOLE:
        (folder.golden / name).touch()
    case = golden_case(folder)
    files = (case.file, case.rows, case.bad, case.verdict)
    assert (case.day, *(path.name for path in files)) == ("2026-11-20", *WHOLE)


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

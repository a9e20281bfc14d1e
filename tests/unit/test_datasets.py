"""Every dataset has a whole golden case, and one that is not whole is an error."""

from pathlib import Path

import pytest

from tests.datasets import DATASETS, GoldenCaseError, golden_cases

WHOLE = ("sales.csv", "sales.expected.txt")


def test_every_dataset_of_the_release_has_a_golden_case() -> None:
    assert DATASETS
    assert tuple(golden_cases()) == DATASETS


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("sales.csv",),
        ("sales.expected.txt",),
        (*WHOLE, "sales.tsv"),
        (*WHOLE, "orders.csv"),
        (*WHOLE, "orders.csv", "orders.expected.txt"),
    ],
)
def test_a_golden_case_that_is_not_whole_or_is_no_dataset_s_is_an_error(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(GoldenCaseError):
        golden_cases(tmp_path, ["sales"])


def test_a_whole_golden_case_is_found_by_its_dataset_s_name(tmp_path: Path) -> None:
    for name in WHOLE:
        (tmp_path / name).touch()
    case = golden_cases(tmp_path, ["sales"])["sales"]
    assert (case.file.name, case.rows.name) == WHOLE

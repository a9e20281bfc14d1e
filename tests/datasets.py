"""The datasets of the release, found by their contracts, and the golden case of each: no test lists them by hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from suimon.contract.odcs.parse import read_contract

if TYPE_CHECKING:
    from collections.abc import Collection

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "dags" / "golden"
_CONTRACT = ".odcs.yaml"
_ROWS = ".expected.txt"
DATASETS = tuple(
    sorted(path.name.removesuffix(_CONTRACT) for path in (ROOT / "contracts").glob(f"*{_CONTRACT}")),
)


@cache
def table_of(dataset: str) -> str:
    """Return the name of the table that a dataset's files are loaded into."""
    return read_contract(ROOT / "contracts" / f"{dataset}{_CONTRACT}").table


class GoldenCaseError(Exception):
    """A dataset has no whole golden case, or a file of the folder belongs to none."""


@dataclass(frozen=True)
class GoldenCase:
    """A file as readable text, and the rows that the table must hold of it, a line a row."""

    file: Path
    rows: Path


def golden_cases(folder: Path = GOLDEN, datasets: Collection[str] = DATASETS) -> dict[str, GoldenCase]:
    """Return each dataset's golden case.

    Raises:
        GoldenCaseError: a dataset lacks its file or its rows, has two files, or a file is no dataset's.

    """
    cases = {}
    for dataset in datasets:
        rows = folder / f"{dataset}{_ROWS}"
        files = [path for path in folder.glob(f"{dataset}.*") if path != rows]
        if len(files) != 1 or not rows.is_file():
            raise GoldenCaseError(
                f"{folder} must hold a file {dataset}.csv or .tsv, as it comes, and {rows.name}, the rows of its table"
            )
        cases[dataset] = GoldenCase(files[0], rows)
    used = {path for case in cases.values() for path in (case.file, case.rows)}
    if stray := sorted(path.name for path in folder.iterdir() if path not in used):
        raise GoldenCaseError(f"no contract is called as {', '.join(stray)} in {folder}")
    return cases

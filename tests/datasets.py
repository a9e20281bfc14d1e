"""The datasets of the release, each a folder, and the golden case of each: no test lists them by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from suimon.contract.odcs.parse import read_contract
from suimon.dataset.folder import datasets_below
from suimon.dataset.golden import golden_case
from suimon.dataset.release import Release, read_release
from suimon.freshness.expected import newest_due
from suimon.warehouse import ddl

if TYPE_CHECKING:
    from datetime import date

    from suimon.dataset.golden import GoldenCase

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {folder.name: folder for folder in datasets_below(ROOT / "datasets")}
DATASETS = tuple(FOLDERS)


def contract_file(dataset: str) -> Path:
    """Return the file of a dataset's contract."""
    return FOLDERS[dataset].contract


@cache
def release() -> Release:
    """Return the contracts and tables of this release."""
    return read_release(tuple(FOLDERS.values()))


@cache
def statements() -> dict[str, str]:
    """Return the CREATE TABLE of each table of the release and of its load log, by name."""
    return ddl.statements(release().tables)


@cache
def table_of(dataset: str) -> str:
    """Return the name of the table that a dataset's files are loaded into."""
    return read_contract(contract_file(dataset)).table


def last_due(dataset: str) -> date:
    """Return the newest day of which a file is due: yesterday's is only from its deadline on."""
    arrival = read_contract(contract_file(dataset)).arrival
    found = newest_due(arrival, datetime.now(UTC)) if arrival else None
    assert found
    assert found.first
    return found.first


def golden_cases() -> dict[str, GoldenCase]:
    """Return each dataset's golden case."""
    return {name: golden_case(folder) for name, folder in FOLDERS.items()}

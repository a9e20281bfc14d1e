"""The datasets of a release together: their contracts, their tables, and the DAGs that some bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.contract.file import ContractError
from suimon.contract.odcs.parse import read_contract_files
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suimon.contract.model import Contracts
    from suimon.dataset.folder import DatasetFolder


@dataclass(frozen=True, slots=True)
class Release:
    """What is deployed together. `tables`: each CREATE TABLE by the table's name; `dags`: source, by dataset."""

    contracts: Contracts
    tables: Mapping[str, str]
    dags: Mapping[str, str]


def read_release(folders: Sequence[DatasetFolder]) -> Release:
    """Read every folder; ContractError when a contract cannot be used, or is another dataset's than its folder."""
    contracts = read_contract_files([folder.contract for folder in folders])
    for folder in folders:
        if folder.name not in {one.dataset for one in contracts.all}:
            raise ContractError(f"{folder.contract}: the folder is called {folder.name}, and no dataset is: rename one")
    gated = [contracts.of(folder.name) for folder in folders]
    return Release(
        contracts,
        {
            contract.table: folder.table.read_text(encoding="utf-8")
            for contract, folder in zip(gated, folders, strict=True)
            if folder.table.is_file()
        },
        {folder.name: folder.dag.read_text(encoding="utf-8") for folder in folders if folder.dag.is_file()},
    )

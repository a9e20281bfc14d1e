"""What the DAG folder has of a release's datasets: the description of their tables, and the DAGs that some bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.warehouse.describe import describe, written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from suimon.dataset.release import Release

TABLES = "suimon_etl/tables.json"
_OWN_DAG = "dag_of_{}.py"


def generated(release: Release) -> dict[str, str]:
    """Return each generated file, by its path in the DAG folder; ContractError if a table does not fit its contract."""
    described = describe(release.contracts, release.tables, release.dags)
    own = {_OWN_DAG.format(dataset): source for dataset, source in release.dags.items()}
    return {TABLES: written(described)} | own


def generate(files: Mapping[str, str], folder: Path) -> None:
    """Write generated files into the DAG folder, and remove the DAG of a dataset that brings none any more."""
    for path in folder.glob(_OWN_DAG.format("*")):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")

"""Where everything of a dataset lies: `datasets/<name>/`, or the same below the folder that SUIMON_DATASETS names.

contract.odcs.yaml        what its files must look like, under which key they come, which DAG loads them
versions/<v>.odcs.yaml    optional: earlier versions of it, each for the dates before the next one's effectiveFrom
table.sql                 the CREATE TABLE of its table; none where a table is only watched
golden/<date>.csv         a file of that business date, or another partition, as readable text (or .tsv, .txt)
golden/<date>.rows.txt    the rows of the table once it is loaded, a line each
golden/<date>.bad.csv     a file that the gate must reject
golden/<date>.bad.txt     its verdict, a fault a line; of each version a date of its time
dag.py                    optional: its DAG, where the one that every other dataset gets does not do
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SETTING = "SUIMON_DATASETS"
NAME = re.compile(r"[a-z][a-z0-9_]*")
CONTRACT, TABLE = "contract.odcs.yaml", "table.sql"


@dataclass(frozen=True, slots=True)
class DatasetFolder:
    """The folder of one dataset, whose name is the dataset's."""

    path: Path

    @property
    def name(self) -> str:
        """The dataset."""
        return self.path.name

    @property
    def contract(self) -> Path:
        """The file of its contract."""
        return self.path / CONTRACT

    @property
    def table(self) -> Path:
        """The file of its CREATE TABLE."""
        return self.path / TABLE

    @property
    def dag(self) -> Path:
        """The file of a DAG of its own."""
        return self.path / "dag.py"

    @property
    def golden(self) -> Path:
        """The folder of its golden case."""
        return self.path / "golden"


def datasets_below(root: Path) -> tuple[DatasetFolder, ...]:
    """Return every folder of `root` that has a contract, by name."""
    return tuple(DatasetFolder(contract.parent) for contract in sorted(root.glob(f"*/{CONTRACT}")))


def datasets_root(environment: Mapping[str, str], default: Path) -> Path:
    """Return the folder that SUIMON_DATASETS names; `default` without that setting."""
    named = environment.get(SETTING)
    return type(default)(named) if named else default

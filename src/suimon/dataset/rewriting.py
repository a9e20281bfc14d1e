"""What follows from a contract, written again after it was changed: the table, the golden rows, the verdict."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from suimon.contract.odcs.parse import read_contract
from suimon.dataset.create_table import create_table
from suimon.dataset.golden import golden_cases, judged, verdict_lines
from suimon.dataset.table_rows import rows_of
from suimon.warehouse.describe import misfits

if TYPE_CHECKING:
    from suimon.dataset.folder import DatasetFolder


def rewrite(folder: DatasetFolder) -> list[Path]:
    """Write what does not fit the contract any more, and return it; a table that fits stays as somebody wrote it."""
    contract = read_contract(folder.contract)
    texts = dict[Path, str]()
    create = folder.table.read_text(encoding="utf-8") if folder.table.is_file() else None
    if any(misfits(contract, create)):
        texts[folder.table] = create_table(contract)
    for case in golden_cases(folder):
        good, bad = (path.read_text(encoding="utf-8") for path in (case.file, case.bad))
        with tempfile.TemporaryDirectory(prefix="suimon-") as scratch:
            verdict = judged(bad, contract, case.day, Path(scratch))
        texts[case.rows] = "".join(f"{row}\n" for row in rows_of(good, contract, case.day))
        texts[case.verdict] = "".join(f"{line}\n" for line in verdict_lines(verdict))
    changed = [path for path, text in texts.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in changed:
        path.write_text(texts[path], encoding="utf-8", newline="\n")
    return changed

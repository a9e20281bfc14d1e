"""Suimon itself, through the function that the gate calls."""

import tempfile
from pathlib import Path

from bench.check.found import Found
from suimon.check.engine import check_file
from suimon.contract.model import Contract

DISTRIBUTION = "suimon"


def check(path: Path, contract: Contract, partition: str) -> Found:
    """Check a file, with the gate's own limits of memory and of listed cells."""
    with tempfile.TemporaryDirectory() as scratch:
        verdict = check_file(path, contract, partition, scratch=Path(scratch))
    return Found(
        accepted=verdict.accepted,
        rows=verdict.rows,
        cells=[(cell.record, cell.column) for cell in verdict.bad_cells if cell.record],
        counts=[(count.code, count.column, count.cells) for count in verdict.counts],
    )

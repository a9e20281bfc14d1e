"""Python's csv module, reading alone: the floor for whatever is written in Python."""

import csv
import gzip
from pathlib import Path

from bench.check.found import Found
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract


def check(path: Path, contract: Contract, partition: str) -> Found:  # noqa: ARG001 - there is no rule here
    """Count the records, and nothing else."""
    dialect = contract.file or FileFormat()
    opened = gzip.open if dialect.compression == "gzip" else open
    with opened(path, "rt", encoding=dialect.encoding, newline="") as stream:
        rows = sum(1 for _ in csv.reader(stream)) - dialect.header
    return Found(accepted=True, rows=rows)

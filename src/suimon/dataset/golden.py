"""The golden case of a dataset: a file as it comes, and the rows that people must find in its table.

Files are readable text; `as_sent` writes them as the upstream system does.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from suimon.contract.model import Contract
    from suimon.dataset.folder import DatasetFolder

ROWS = ".rows.txt"
_SOURCES = frozenset({".csv", ".tsv", ".txt"})


class GoldenCaseError(Exception):
    """A golden case is not whole; the message says what is missing or too much, and where."""


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """A file of a business date as readable text, and the rows that the table must hold of it, a line a row."""

    day: str
    file: Path
    rows: Path


def golden_case(folder: DatasetFolder) -> GoldenCase:
    """Return a dataset's golden case; GoldenCaseError if it is not whole."""
    every = {path.name: path for path in sorted(folder.golden.glob("*"))}
    rows = [path for name, path in every.items() if name.endswith(ROWS) and _is_date(name.removesuffix(ROWS))]
    day = rows[0].name.removesuffix(ROWS) if len(rows) == 1 else ""
    files = [path for name, path in every.items() if day and path.stem == day and path.suffix in _SOURCES]
    if len(rows) != 1 or len(files) != 1:
        raise GoldenCaseError(
            f"{folder.golden} must hold one file DATE.csv (or .tsv, .txt) as it comes, DATE being its business date, "
            f"and DATE{ROWS}, the rows of its table; it holds {', '.join(every) or 'nothing'}"
        )
    if stray := sorted(every.keys() - {rows[0].name, files[0].name}):
        raise GoldenCaseError(f"{folder.golden}: {', '.join(stray)} belongs to no golden case; rename or remove it")
    return GoldenCase(day, files[0], rows[0])


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def as_sent(text: str, contract: Contract) -> bytes:
    """Write a readable text as the contract's upstream system does: its encoding, line endings and compression."""
    form = contract.file
    assert form  # noqa: S101 - a contract with a key pattern has a dialect
    content = text.replace("\n", "\r\n" if form.line_ending == "crlf" else "\n").encode(form.encoding)
    return gzip.compress(content, mtime=0) if form.compression == "gzip" else content

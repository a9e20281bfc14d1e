"""The golden files of tests/dags as an upstream system sends them now: moved to another day, and then corrected."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from suimon.contract.odcs.parse import read_contract_files
from tests.datasets import golden_cases

if TYPE_CHECKING:
    from suimon.contract.model import Contract

ROOT = Path(__file__).resolve().parents[2]
WRITTEN_FOR = date(2026, 11, 20)


@dataclass(frozen=True)
class Correction:
    """What a corrected file has in another way, and the table with it: a record that is gone, texts that are new."""

    gone: str
    new: dict[str, str]


CORRECTIONS = {
    "user_events": Correction("E2", {"purchase": "sign_up"}),
    "inventory": Correction("㈱髙橋倉庫①", {"2147483647": "7", "件数,3": "件数,2"}),
}


@dataclass(frozen=True)
class GoldenFile:
    """A file: where it is put, its bytes, and the rows that the table must hold of it, a line a row."""

    key: str
    content: bytes
    rows: list[str]


def golden_file(dataset: str, day: date, *, corrected: bool = False) -> GoldenFile:
    """Return a dataset's golden file as if it had been written for `day`."""
    contract = read_contract_files([ROOT / "contracts" / f"{dataset}.odcs.yaml"]).of(dataset)
    case = golden_cases()[dataset]
    texts = [_moved(path.read_text(encoding="utf-8"), day) for path in (case.file, case.rows)]
    text, table = (_corrected(text, CORRECTIONS[dataset]) for text in texts) if corrected else texts
    assert contract.key_pattern
    return GoldenFile(contract.key_pattern.key_for(str(day)), as_sent(text, contract), table.splitlines())


def _moved(text: str, day: date) -> str:
    """Move every date in a text by as much as lies between the golden day and `day`."""

    def move(found: re.Match[str]) -> str:
        year, month, of_month = (int(found[place]) for place in (1, 3, 4))
        there = date(year, month, of_month) + (day - WRITTEN_FOR)
        return there.isoformat().replace("-", found[2])

    return re.sub(r"\b(\d{4})([-/])(\d{2})\2(\d{2})", move, text)


def _corrected(text: str, correction: Correction) -> str:
    text = "".join(line for line in text.splitlines(keepends=True) if correction.gone not in line)
    for old, new in correction.new.items():
        text = text.replace(old, new)
    return text


def as_sent(text: str, contract: Contract) -> bytes:
    """Write a readable text as the contract's upstream system does: its encoding, line endings and compression."""
    form = contract.file
    assert form
    content = text.replace("\n", "\r\n" if form.line_ending == "crlf" else "\n").encode(form.encoding)
    return gzip.compress(content, mtime=0) if form.compression == "gzip" else content

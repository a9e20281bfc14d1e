"""The golden files of the datasets as an upstream system sends them now: moved to another day, and then corrected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from suimon.dataset.golden import as_sent
from tests.datasets import golden_cases, release


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
    contract = release().contracts.of(dataset)
    case = golden_cases()[dataset]
    by = day - date.fromisoformat(case.day)
    texts = [_moved(path.read_text(encoding="utf-8"), by) for path in (case.file, case.rows)]
    text, table = (_corrected(text, CORRECTIONS[dataset]) for text in texts) if corrected else texts
    assert contract.key_pattern
    return GoldenFile(contract.key_pattern.key_for(str(day)), as_sent(text, contract), table.splitlines())


def _moved(text: str, by: timedelta) -> str:
    """Move every date in a text."""

    def move(found: re.Match[str]) -> str:
        year, month, of_month = (int(found[place]) for place in (1, 3, 4))
        there = date(year, month, of_month) + by
        return there.isoformat().replace("-", found[2])

    return re.sub(r"\b(\d{4})([-/])(\d{2})\2(\d{2})", move, text)


def _corrected(text: str, correction: Correction) -> str:
    text = "".join(line for line in text.splitlines(keepends=True) if correction.gone not in line)
    for old, new in correction.new.items():
        text = text.replace(old, new)
    return text

"""The golden case of a dataset: a file as it comes and the rows of its table, and a bad file and its verdict.

Files are readable text; `as_sent` writes them as the upstream system does.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING

from backports import zstd

from suimon.check.engine import check_file
from suimon.contract.partition import partition_of
from suimon.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from suimon.check.verdict import Verdict
    from suimon.contract.model import Contract
    from suimon.dataset.folder import DatasetFolder

ROWS, BAD, VERDICT = ".rows.txt", ".bad", ".bad.txt"
_SOURCES = (".csv", ".tsv", ".txt")


class GoldenCaseError(Exception):
    """A golden case is not whole; the message says what is missing or too much, and where."""


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """Of one partition, `day`: a file and the rows that its table must hold, and a bad file and what the gate finds."""

    day: str
    file: Path
    rows: Path
    bad: Path
    verdict: Path


def golden_case(folder: DatasetFolder) -> GoldenCase:
    """Return a dataset's golden case, of several that of the newest; GoldenCaseError if one is not whole."""
    return golden_cases(folder)[-1]


def golden_cases(folder: DatasetFolder) -> list[GoldenCase]:
    """Return a dataset's golden cases by their time, one for each version; GoldenCaseError if one is not whole."""
    every = {path.name: path for path in sorted(folder.golden.glob("*"))}
    days = [name.removesuffix(ROWS) for name in every if name.endswith(ROWS) and _named(name.removesuffix(ROWS))]
    found = [case for day in days if (case := _case(day, every))]
    known = {path for one in found for path in (one.file, one.rows, one.bad, one.verdict)}
    if found and known == set(every.values()):
        return found
    raise GoldenCaseError(
        f"{folder.golden} must hold, DATE being a business date or another partition, such as 2026-11-20, 2026-11, all "
        "or 2026-11-20T13,store=S01 (a comma for its slash), exactly DATE.csv (or .tsv, .txt), "
        f"a file as it comes; DATE{ROWS}, the rows of its table; DATE{BAD}.csv, a file that is wrong; and "
        f"DATE{VERDICT}, what the gate finds in that; of each version of its contract once. "
        f"It holds {', '.join(every) or 'nothing'}"
    )


def cases_by_version(folder: DatasetFolder, contract: Contract) -> list[GoldenCase]:
    """Return the golden cases, oldest first; GoldenCaseError if one is not whole, or they are not one a version."""
    cases = golden_cases(folder)
    judged_by = [contract.at(case.day).version for case in cases]
    for version in contract.versions:
        if (there := judged_by.count(version.version)) != 1:
            since = f"from {version.effective_from} on" if version.effective_from else "from the beginning"
            raise GoldenCaseError(
                f"{folder.golden} has {there} golden cases of version {version.version}, which judges {since}: "
                "it must have one of each version"
            )
    return cases


def _case(day: str, every: dict[str, Path]) -> GoldenCase | None:
    for ending in _SOURCES:
        names = [f"{day}{part}" for part in (ending, ROWS, BAD + ending, VERDICT)]
        if set(names) <= every.keys():
            return GoldenCase(_named(day), *(every[name] for name in names))
    return None


def _named(name: str) -> str:
    """Return the partition that a golden file is named by; empty if it is none. A comma stands for the slash."""
    text = name.replace(",", "/")
    try:
        partition_of(text)
    except ValueError:
        return ""
    return text


def as_sent(text: str, contract: Contract) -> bytes:
    """Write a readable text as the contract's upstream system does: its encoding, line endings and compression."""
    form = contract.file
    assert form  # noqa: S101 - a contract with a key pattern has a dialect
    content = text.replace("\n", "\r\n" if form.line_ending == "crlf" else "\n").encode(form.encoding)
    match form.compression:
        case "gzip":
            return gzip.compress(content, mtime=0)
        case "zstd":
            return zstd.compress(content)
        case "zip":
            with io.BytesIO() as archive:
                with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
                    file.writestr(zipfile.ZipInfo("data.csv"), content)
                return archive.getvalue()
        case _:
            return content


def judged(text: str, contract: Contract, day: str, scratch: Path) -> Verdict:
    """Return the gate's verdict on a readable file, written as it is sent."""
    contract = contract.at(day)
    path = scratch / "golden"
    path.write_bytes(as_sent(text, contract))
    return check_file(path, contract, day, scratch=scratch)


def verdict_lines(verdict: Verdict) -> list[str]:
    """Write a verdict for a golden case: whether the file is accepted, and each fault with its place."""
    faults = (
        " ".join([f"line {cell.line}:" if cell.line else "file:", *filter(None, (cell.column, str(cell.code)))])
        for cell in verdict.bad_cells
    )
    return ["accepted" if verdict.accepted else "rejected", *faults]

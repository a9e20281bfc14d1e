"""Everything that is wrong with a dataset's folder, at once, each with what to do."""

from __future__ import annotations

import difflib
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from suimon.check.engine import CheckError
from suimon.contract.conflicts import conflict_of
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract
from suimon.contract.odcs.runs import too_many_runs
from suimon.dataset.golden import GoldenCaseError, cases_by_version, golden_cases, judged, verdict_lines
from suimon.dataset.table_rows import rows_of
from suimon.warehouse.describe import misfits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from suimon.contract.model import Contract
    from suimon.dataset.folder import DatasetFolder
    from suimon.dataset.golden import GoldenCase

_SHOWN = 5  # lines in which rows or verdicts differ


def problems_of(folder: DatasetFolder, others: Sequence[DatasetFolder] = ()) -> list[str]:
    """Return every problem of a dataset, in the order in which to mend them; none if it can be deployed."""
    contract, problems = _contract(folder)
    if contract is None:
        return [*problems, *_golden_form(folder)]
    if contract.dataset != folder.name:
        problems.append(f"{folder.contract}: schema.name is {contract.dataset}, the folder {folder.name}: rename one")
    problems += _conflicts(contract, others)
    if contract.key_pattern is None:
        return problems
    create = folder.table.read_text(encoding="utf-8") if folder.table.is_file() else None
    problems += [f"{folder.table}: {problem}" for problem in misfits(contract, create)]
    return [*problems, *_golden(folder, contract)]


def runs_warning(folders: Sequence[DatasetFolder]) -> str | None:
    """Return a warning when the DAGs of these datasets together may start more Glue runs than the job takes."""
    return too_many_runs([contract for folder in folders if (contract := _contract(folder)[0])])


def _contract(folder: DatasetFolder) -> tuple[Contract | None, list[str]]:
    try:
        return read_contract(folder.contract), []
    except ContractFileError as error:
        return None, [str(problem) for problem in error.problems]


def _conflicts(contract: Contract, others: Sequence[DatasetFolder]) -> Iterator[str]:
    for other in others:
        known, _ = _contract(other)
        if known and (conflict := conflict_of(contract, known)):
            yield f"{other.contract}: {conflict.message}"


def _golden_form(folder: DatasetFolder) -> Iterator[str]:
    try:
        golden_cases(folder)
    except GoldenCaseError as error:
        yield str(error)


def _golden(folder: DatasetFolder, contract: Contract) -> Iterator[str]:
    try:
        cases = cases_by_version(folder, contract)
    except GoldenCaseError as error:
        yield str(error)
        return
    for case in cases:
        yield from _case(folder, contract, case)


def _case(folder: DatasetFolder, contract: Contract, case: GoldenCase) -> Iterator[str]:
    text, wrong = (path.read_text(encoding="utf-8") for path in (case.file, case.bad))
    try:
        with tempfile.TemporaryDirectory(prefix="suimon-") as scratch:
            good, bad = (judged(one, contract, case.day, Path(scratch)) for one in (text, wrong))
    except (CheckError, UnicodeEncodeError) as error:
        yield f"{folder.golden}: cannot be judged: {error}"
        return
    if not good.accepted:
        first = "; ".join(verdict_lines(good)[1 : _SHOWN + 1])
        yield f"{case.file}: the gate rejects it: {first}. Mend file or contract"
    else:
        yield from _rows(case.rows, text, contract, case.day)
    if bad.accepted:
        yield f"{case.bad}: the gate accepts it; put a mistake into it that must be found"
    yield from _different(case.verdict, case.verdict.read_text(encoding="utf-8").splitlines(), verdict_lines(bad))


def _rows(path: Path, text: str, contract: Contract, day: str) -> Iterator[str]:
    rows = sorted(path.read_text(encoding="utf-8").splitlines())
    yield from _different(path, rows, rows_of(text, contract, day))


def _different(path: Path, written: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    """Yield in which lines a golden file is not what the contract makes of its source: - is there, + is wanted."""
    lines = (line for line in difflib.ndiff(written, wanted) if line[:2] in {"- ", "+ "})
    if shown := list(islice(lines, _SHOWN)):
        yield "\n  ".join(
            [f"{path}: is not what the contract makes of its file (- as written, + by the contract):", *shown]
        )

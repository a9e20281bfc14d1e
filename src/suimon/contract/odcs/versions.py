"""Contract versions side by side: each judges the business dates from its `effectiveFrom` up to the next one's.

The newest is the dataset's contract.odcs.yaml, the earlier ones lie beside it in versions/. So there is neither a gap
between two nor a date that both have. A version says how files look and what is right; all else is of the dataset.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from suimon.contract.odcs.clauses import Problem, brief
from suimon.contract.partition import Partition, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from suimon.contract.model import Contract
    from suimon.contract.odcs.clauses import Clause
    from suimon.contract.odcs.reader import Reader

FOLDER, CONTRACT, ENDING = "versions", "contract.odcs.yaml", ".odcs.yaml"

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What is of the dataset, by the clause that says it: read from the newest version alone, so all must say the same.
_OF_THE_DATASET = {
    "dataset": "schema.name",
    "table": "schema.physicalName",
    "dag_id": "dag",
    "key_pattern": "keyPattern",
    "language": "language",
    "dates": "dates",
    "arrival": "arrival",
    "volume": "volume",
    "freshness": "freshness",
    "set_rule": "set",
    "owner": "team and support",
    "runs_at_once": "runsAtOnce",
    "max_run_minutes": "maxRunMinutes",
}


def earlier_files(path: Path) -> list[Path]:
    """Return the files of earlier versions that lie beside a dataset's contract; none of any other file."""
    return sorted((path.parent / FOLDER).glob(f"*{ENDING}")) if path.name == CONTRACT else []


def read_effective_from(clause: Clause | None, unit: Unit, reader: Reader) -> date | None:
    """Read `effectiveFrom`: the first business date of a version, which begins a week or a month of such a dataset."""
    if clause is None:
        return None
    if unit is Unit.NONE:
        reader.refuse(clause, "effectiveFrom is not enforced: a file that replaces the whole table has no date")
        return None
    try:
        first = date.fromisoformat(str(clause.value) if _DATE.fullmatch(str(clause.value)) else "")
    except ValueError:
        reader.refuse(clause, f"must be a date YYYY-MM-DD, is {brief(clause)}")
        return None
    if (begin := Partition.containing(unit, first).first) != first:
        reader.refuse(clause, f"{first} lies inside a {unit}, which one version judges: write {begin} or a later first")
    return first


def with_earlier(path: Path, found: Sequence[tuple[Contract, Clause]]) -> tuple[Contract, list[Problem]]:
    """Return the contract with its earlier versions, and what is wrong with them together. `found`: the newest first.

    A version in versions/, or any file that is not a dataset's, stands for itself.
    """
    newest, _ = found[0]
    ordered = sorted(found[1:], key=lambda one: one[0].effective_from or date.min, reverse=True)
    problems = [_at(clause, "effectiveFrom", text) for clause, text in _out_of_order(path, [found[0], *ordered])]
    for one, clause in ordered:
        problems += [_at(clause, name, text) for name, text in _disagreements(newest, one)]
    return replace(newest, earlier=tuple(one for one, _ in ordered)), problems


def _out_of_order(path: Path, versions: Sequence[tuple[Contract, Clause]]) -> Iterator[tuple[Clause, str]]:
    """Yield what keeps each date from being judged by exactly one version."""
    newest, document = versions[0]
    if len(versions) == 1 and newest.effective_from and path.name == CONTRACT:
        yield document, f"needs an earlier version in {FOLDER}/ for the dates before; without one take it out"
    for (later, clause), (sooner, of_sooner) in pairwise(versions):
        if later.effective_from is None or later.effective_from <= (sooner.effective_from or date.min):
            text = f"version {later.version} must begin after {sooner.version}"
            yield clause, f"{text}, whose effectiveFrom is {sooner.effective_from or 'none, from the beginning'}"
        if later.version == sooner.version:
            yield of_sooner, f"two versions are called {later.version}: reports could not tell them apart"
    oldest, clause = versions[-1]
    if len(versions) > 1 and oldest.effective_from:
        yield (
            clause,
            "the earliest version judges from the beginning: take effectiveFrom out (dates.notBefore bounds keys)",
        )


def _disagreements(newest: Contract, earlier: Contract) -> Iterator[tuple[str, str]]:
    """Yield in which clauses an earlier version contradicts the newest."""
    of = f"is of the dataset and not of a version: {newest.version} says it otherwise, write the same"
    for field, clause in _OF_THE_DATASET.items():
        if getattr(newest, field) != getattr(earlier, field):
            yield clause, f"{clause} {of}"
    known = {column.name: column for column in newest.columns}
    if _partition(newest) != _partition(earlier):
        yield "partition", f"partition {of}"
    for column in earlier.columns:
        if (same := known.get(column.name)) and same.personal != column.personal:
            yield "schema", f"classification of {column.name} {of}: what is personal now was so before"


def _partition(contract: Contract) -> list[tuple[str, str | None]]:
    return sorted((column.name, column.partition) for column in contract.columns if column.partition)


def _at(document: Clause, name: str, message: str) -> Problem:
    """Return a problem at the clause of customProperties that a name is of, or else of the file."""
    given = document["customProperties"] or ()
    found = (one.at(("value",)) for one in given if (known := one["property"]) and known.value == name)
    return next(found, document).problem(message)

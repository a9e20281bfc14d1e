"""What a tool found, held against what there is to find."""

from collections import Counter
from dataclasses import dataclass

from bench.check.data import Fault, Truth
from bench.check.found import Found


@dataclass(frozen=True, slots=True)
class Marks:
    """How right an answer is. None where a tool names no places, or does not count.

    Cells are told by record and column, faults of structure by record.
    """

    verdict: bool  # accepted or rejected, as it should
    found: int | None
    missed: int | None
    false: int | None
    counted: bool | None  # every count of a rule and column is right
    by_fault: dict[Fault, float]  # share of the bad cells of each kind that were placed or, that failing, counted


def judge(answer: Found, truth: Truth) -> Marks:
    """Compare an answer with the truth."""
    counts = None if answer.counts is None else Counter({(code, column): n for code, column, n in answer.counts})
    counted = None if counts is None else counts == truth.counts
    verdict = answer.accepted == (not truth.counts)
    if answer.cells is None:
        shares = {fault: _counted(fault, counts, truth) for fault in truth.faults} if counts is not None else {}
        return Marks(verdict, None, None, None, counted, shares)
    placed = any(fault.column for fault in truth.faults) or not truth.faults
    told = {(record, column if placed else None) for record, column in answer.cells}
    right = told & truth.cells.keys()
    by_fault = Counter(truth.cells[place] for place in right)
    totals = Counter(truth.cells.values())
    return Marks(
        verdict=verdict,
        found=len(right),
        missed=len(truth.cells) - len(right),
        false=len(told - right) + answer.unplaced,
        counted=counted,
        by_fault={fault: by_fault[fault] / totals[fault] for fault in truth.faults if totals[fault]},
    )


def _counted(fault: Fault, counts: Counter[tuple[str, str | None]], truth: Truth) -> float:
    rule = (fault.code, fault.column)
    return float(counts[rule] == truth.counts[rule])

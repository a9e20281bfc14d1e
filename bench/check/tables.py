"""Results as tables of text, for the terminal and the page alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.check.cases import CHECKERS, MEGABYTE
from bench.check.run import Result
from bench.check.targets import Target

_GIGABYTE = 1000 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the first column is text, the others stand to the right if they are figures."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: int = 0  # how many columns after the first hold figures


def reached(targets: Iterable[Target]) -> Sheet:
    """Return which targets are met."""
    rows = tuple(
        (one.text, one.measured, {True: "met", False: "not met", None: "not measured"}[one.met]) for one in targets
    )
    return Sheet("Targets", ("target", "measured", ""), rows)


def measured(results: Sequence[Result]) -> Sheet:
    """Show what each tool took for one case's file, and how right it was."""
    first = results[0]
    title = f"{first.case.title}: {first.case.sample.rows:,} records, {size(first.bytes)}"
    header = ("tool", "MB/s per core", "wall s", "peak MB", "runs", "found / missed / false", "")
    return Sheet(title, header, tuple(map(_row, results)), figures=5)


def size(number: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{number / _GIGABYTE:.1f} GB" if number >= _GIGABYTE else f"{number / MEGABYTE:,.0f} MB"


def rate(result: Result) -> str:
    """Return the speed for each core with two digits at least."""
    return f"{result.per_core:,.1f}" if result.per_core < 10 else f"{result.per_core:,.0f}"  # noqa: PLR2004


def _row(result: Result) -> tuple[str, ...]:
    name = result.tool.name
    if not result.runs:
        return (name, *[""] * 5, result.not_run)
    figures = (
        rate(result) if result.whole else "–",
        f"{result.wall:,.2f}",
        f"{result.peak / MEGABYTE:,.0f}",
        f"{len(result.runs)}",
    )
    return (name, *figures, _right(result), _remark(result))


def _right(result: Result) -> str:
    marks = result.marks
    if marks is None or marks.found is None or result.case.sample.faults == "none":
        return ""
    return f"{marks.found:,} / {marks.missed:,} / {marks.false:,}"


def _remark(result: Result) -> str:
    found, marks = result.found, result.marks
    if result.stopped or found is None or marks is None:
        return result.stopped
    if found.complaint:
        return f"stopped: {_short(found.complaint)}"
    if not marks.verdict:
        return "rejected a good file" if result.case.sample.faults == "none" else "accepted a bad file"
    if result.case.sample.faults == "none" or marks.counted is None:
        return ""
    return "every count right" if marks.counted else "counts wrong"


def _short(complaint: str, length: int = 90) -> str:
    line = " ".join(complaint.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def by_fault(results: Sequence[Result]) -> Sheet:
    """Show for each kind of bad cell which tool found it."""
    faults = next(result.marks.by_fault for result in results if result.marks and result.marks.by_fault)
    rows = [
        (f"{fault.column} {fault.example}", fault.code, *(_mark(result, fault.name) for result in results))
        for fault in faults
    ]
    title = "Which bad cells were found: ● with its place, ○ counted, – not found"
    return Sheet(title, ("cell", "rule", *(result.tool.name for result in results)), tuple(rows))


def _mark(result: Result, name: str) -> str:
    if result.marks is None or result.found is None:
        return ""
    share = next((share for fault, share in result.marks.by_fault.items() if fault.name == name), 0.0)
    if share in {0.0, 1.0}:
        return {0.0: "–", 1.0: "○" if result.found.cells is None else "●"}[share]
    return f"{share:.0%}"


def able(results: Sequence[Result]) -> Sheet:
    """Show what becomes of files that are broken, in another encoding, compressed."""
    names = tuple(dict.fromkeys(result.case for result in results))
    rows = []
    for tool in CHECKERS:
        mine = {result.case.name: result for result in results if result.tool is tool}
        rows.append((tool.name, *(_ability(mine[case.name]) for case in names if case.name in mine)))
    return Sheet("Other files", ("tool", *(case.title for case in names)), tuple(rows))


def _ability(result: Result) -> str:
    found, marks = result.found, result.marks
    if result.stopped or found is None or marks is None:
        return result.stopped or "no answer"
    if found.complaint:
        return f"no: {_short(found.complaint, 70)}"
    if result.case.sample.faults == "none":
        return "yes" if marks.verdict else "no: rejected a good file"
    if marks.found is not None:
        return f"{marks.found:,} of {marks.found + (marks.missed or 0):,} found, {marks.false:,} false"
    return "accepted" if found.accepted else f"rejected; counts {'right' if marks.counted else 'wrong or none'}"


def asked(results: Sequence[Result]) -> Sheet:
    """Return what each tool was asked and what it answers."""
    rows = tuple(
        (result.tool.name, result.found.version if result.found else "", result.tool.rules, result.tool.answer)
        for result in results
        if not result.tool.reference
    )
    return Sheet("Who was asked what", ("tool", "version", "rules", "what it tells of a bad cell"), rows)

"""The last line of a file whose contract has it end with control totals: they must be those of the records."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from suimon.check.grammar import Grammar
from suimon.check.structure import first_record
from suimon.check.verdict import MASK, BadCell, Code, shown
from suimon.contract.file import Trailer
from suimon.contract.model import Contract

_COUNT = re.compile("[0-9]{1,18}")
_FIGURE = re.compile("[+-]?[0-9]*(?:[.,][0-9]*)?")
_DIGITS_MORE = 2
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def judge_trailer(
    found: bytes | None,
    line: int,
    trailer: Trailer,
    contract: Contract,
    grammar: Grammar,
    rows: int,
    sums: Mapping[str, Any],
) -> Iterator[BadCell]:
    """Yield what is wrong with a trailer that stands on `line`; `sums` has those columns whose sum is known."""
    cells = grammar.values(found) if found is not None else None
    if found is None or cells is None:
        yield BadCell(Code.MISSING_TRAILER, line, details={"marker": trailer.marker})
        return
    for fault in first_record(grammar, found, last=True)[1]:
        yield BadCell(fault.code, line, details=fault.details)
    # The line may be a record that starts with the marker.
    guarded = any(column.personal for column in contract.columns)
    if trailer.count is not None:
        written = _cell(cells, trailer.count)
        if not _COUNT.fullmatch(written) or int(written) != rows:
            value = shown(written, personal=not _FIGURE.fullmatch(written) or (guarded and not _like(written, rows)))
            yield BadCell(Code.TRAILER_COUNT_ERROR, line, value=value, details={"rows": rows})
    by_name = {column.name: column for column in contract.columns}
    separator = grammar.dialect.decimal
    for name, place in trailer.sums:
        if name not in sums:
            continue
        written = _cell(cells, place)
        form = by_name[name].form(separator)
        written = form.plain(written) if form else written
        plain = written.replace(separator, ".") if separator != "." else written
        if not _NUMBER.fullmatch(plain) or ("." in written and separator != ".") or Decimal(plain) != sums[name]:
            value = shown(written, personal=by_name[name].personal or (guarded and not _like(written, sums[name])))
            total = MASK if by_name[name].personal else f"{Decimal(sums[name]):f}"
            yield BadCell(Code.TRAILER_SUM_ERROR, line, column=name, value=value, details={"sum": total})


def _like(written: str, figure: Any) -> bool:
    """Whether a wrong total may be shown where there are personal columns: it is a number of some such size."""
    return bool(_FIGURE.fullmatch(written)) and len(written) <= len(f"{figure:f}") + _DIGITS_MORE


def _cell(cells: list[str], place: int) -> str:
    return cells[place - 1] if place <= len(cells) else ""

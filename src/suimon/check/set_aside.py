"""Bad records set apart from the good ones, within what the contract tolerates; together they are the whole file."""

import csv
import io
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from suimon.check.duckdb_input import Sheet
from suimon.check.found import CheckError
from suimon.check.judged import Lend, Piece
from suimon.check.scanned import Run, Scan
from suimon.check.segment_check import Judge
from suimon.check.segments import Segment
from suimon.check.verdict import Code
from suimon.check.workers import Rounds
from suimon.contract.model import Contract
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.check.duckdb_reader import Duck

OWN_COLUMNS = ("suimon_line", "suimon_record", "suimon_reasons")


@dataclass(frozen=True, slots=True)
class Aside:
    """Where to write: `accepted` gets the good records as CSV in `FileFormat.plain` form, with a header.

    `bad` gets the others: the line, record number and reasons, then the cells as they stand, to be mended and sent
    again; the text of a record whose cells cannot be told apart stands in the first of them. This is data, not a
    report: nothing in it is masked.
    """

    accepted: Path
    bad: Path


@dataclass(frozen=True, slots=True)
class _Parts:
    good: Path | None
    good_rows: int
    bad_rows: list[list[str]]


def write_aside(aside: Aside, contract: Contract, judge: Judge, rounds: Rounds, good_rows: int) -> None:
    """Read the judged file again and write both files; CheckError if they are not the whole of it."""
    titles = [column.title for column in contract.columns]
    delimiter = judge.grammar.dialect.delimiter
    written = 0
    with aside.accepted.open("wb") as good, aside.bad.open("w", encoding="utf-8", newline="") as bad:
        header = io.StringIO()
        there = sorted(place for place in judge.places if place is not None)  # a column may be absent
        csv.writer(header, delimiter=delimiter, lineterminator="\n").writerow([titles[place] for place in there])
        good.write(header.getvalue().encode())
        # All quoted: before Python 3.13 the writer leaves a lone carriage return bare.
        writer = csv.writer(bad, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
        labels = [titles[place] if place is not None else f"column_{own + 1}" for own, place in enumerate(judge.places)]
        writer.writerow([*OWN_COLUMNS, *labels])
        for parts in rounds.each(lambda lend, piece, segment: _part(lend, piece, segment, judge)):
            written += parts.good_rows
            writer.writerows(parts.bad_rows)
            if parts.good:
                with parts.good.open("rb") as stream:
                    shutil.copyfileobj(stream, good)
                parts.good.unlink()
    if written != good_rows:
        raise CheckError(f"{written} records were written as good ones, {good_rows} were found; please report it")


def _part(lend: Lend, piece: Piece, segment: Segment, judge: Judge) -> _Parts:
    duck = lend()
    sheet, text, scan = judge.sheet(segment, piece, keep=True)
    target = segment.path.with_suffix(".accepted.csv")
    good_rows = duck.write_good(sheet, judge.rules, target) if sheet.rows else 0
    bad = set(duck.bad_between(piece.record + 1, piece.record + piece.records))
    rows = list[list[str]]()
    if bad:
        reasons = _reasons(duck, sheet, scan, piece, judge)
        rows = sorted(_bad_rows(text or segment.text(), scan, piece, judge, bad, reasons), key=lambda row: int(row[1]))
    if scan:
        sheet.path.unlink()
    return _Parts(target if good_rows else None, good_rows, rows)


def _reasons(duck: "Duck", sheet: Sheet, scan: Scan | None, piece: Piece, judge: Judge) -> dict[int, list[str]]:
    """Return the reasons why records are bad, by their number in the file."""
    reasons = defaultdict[int, list[str]](list)
    for fault in scan.faults if scan else ():
        if fault.record is not None:
            reasons[piece.record + fault.record].append(_reason(fault.code, judge.cells.of_fault(fault).column))
    for record in duck.bad_records(sheet, judge.rules, judge.listed, None) if sheet.rows else ():
        reasons[record.record] += [_reason(cell.code, cell.column) for cell in judge.cells.of_record(record)]
    for number, key in enumerate(judge.rules.keys):
        names = ", ".join(judge.contract.columns[place].name for place in key.columns)
        for repeated in duck.repeated_between(number, judge.rules, piece.record + 1, piece.record + piece.records):
            if key.metric is None:
                reasons[repeated].append(_reason(key.code, names))
    return reasons


def _reason(code: Code, column: str | None) -> str:
    return f"{code} {column}" if column else code.value


def _bad_rows(
    text: bytes, scan: Scan | None, piece: Piece, judge: Judge, bad: set[int], reasons: dict[int, list[str]]
) -> Iterator[list[str]]:
    grammar = judge.grammar
    for run in scan.plain_runs(text, grammar) if scan else [Run(0, len(text), 1, 1, piece.records)]:
        line = run.line
        for record, match in enumerate(grammar.records(text, run.start, run.end), run.record):
            if (number := record + piece.record) in bad:
                cells = [grammar.value(cell) for _, cell in grammar.cells(match[0])]
                yield [str(line + piece.line), str(number), "; ".join(reasons[number]), *cells]
            line += match[0].count(b"\n")
    for broken in scan.broken if scan else ():
        number = broken.record + piece.record
        raw = text[broken.start : broken.end].rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        yield [str(broken.line + piece.line), str(number), "; ".join(reasons[number]), raw]

"""Bad records set apart from the good ones, within what the contract tolerates; together they are the whole file."""

import csv
import io
import shutil
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from suimon.check.duckdb_input import Sheet, with_line_feed
from suimon.check.found import CheckError, MalformedSheetError
from suimon.check.grammar import Grammar, NoRecordError
from suimon.check.judged import Lend, Piece
from suimon.check.kernel.library import CELLS
from suimon.check.kernel_doubts import Record, sheet_of_doubtful
from suimon.check.scanned import Run, Scan
from suimon.check.segment_check import Judge
from suimon.check.segments import Segment
from suimon.check.structure import MOST_KEPT
from suimon.check.verdict import Code
from suimon.check.workers import Rounds
from suimon.contract.model import Contract
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.check.duckdb_reader import Duck

_QUOTE, _CHANGED = b'"', "the file has changed while it was checked; check it again"
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


class _Row(NamedTuple):
    """A bad record, by its number, as it is written: not its cells, of which there may be millions."""

    number: int
    text: str

    @classmethod
    def of(cls, line: int, number: int, reasons: list[str], cells: Iterable[str], delimiter: str) -> "_Row":
        """Write all in quotes, so that no reader takes a carriage return for an end."""
        given = "; ".join([*reasons[:MOST_KEPT], *(["and more"] if len(reasons) > MOST_KEPT else [])])
        return cls(number, _all_quoted((str(line), str(number), given, *cells), delimiter))


@dataclass(frozen=True, slots=True)
class _Parts:
    good: Path
    good_rows: int
    bad_rows: list[_Row]


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
        labels = [titles[place] if place is not None else f"column_{own + 1}" for own, place in enumerate(judge.places)]
        bad.write(_all_quoted((*OWN_COLUMNS, *labels), delimiter))
        for parts in rounds.each(lambda lend, piece, segment: _part(lend, piece, segment, judge)):
            written += parts.good_rows
            bad.writelines(row.text for row in parts.bad_rows)
            with parts.good.open("rb") as stream:
                shutil.copyfileobj(stream, good)
            parts.good.unlink()
    if written != good_rows:
        counts = f"{written:,} records were written as good ones, {good_rows:,} were found"
        raise CheckError(f"{_CHANGED}. If it has not changed, please report it: {counts}")


def _part(lend: Lend, piece: Piece, segment: Segment, judge: Judge) -> _Parts:
    duck = lend()
    bad = duck.bad_between(piece.record + 1, piece.record + piece.records)
    if (sifted := _sifted(duck, piece, segment, judge, bad)) is not None:
        return sifted
    text, scan, reasons = segment.text(), None, dict[int, list[str]]()
    if bad or judge.grammar.rewrites(text):
        sheet, text, scan = judge.sheet(segment, piece, keep=True)
        text = text or segment.text()
        if bad:
            reasons = _reasons(duck, sheet, scan, piece, judge)
        if scan:
            sheet.path.unlink()
    target = segment.path.with_suffix(".accepted.csv")
    runs = list(scan.plain_runs(text, judge.grammar)) if scan else [Run(0, len(text), 1, 1, piece.records)]
    try:
        with target.open("wb") as good:
            rows = _apart(text, runs, piece, judge, bad, reasons, good)
    except NoRecordError:
        raise CheckError(_CHANGED) from None
    good_rows = sum(run.records for run in runs) - len(rows)
    rows += _broken_rows(text, scan, piece, judge, reasons) if scan else ()
    return _Parts(target, good_rows, sorted(rows, key=attrgetter("number")))


def _sifted(duck: "Duck", piece: Piece, segment: Segment, judge: Judge, bad: list[int]) -> _Parts | None:
    """Take the bad records out of those that the kernel doubts, and copy the others as they stand between.

    None where they cannot be told so: records are broken, comments stand between, or one is bad that repeats a key.
    """
    grammar, data = judge.grammar, segment.data
    if judge.sieve is None or not piece.sifted or piece.strict or grammar.comment:
        return None
    sifted = judge.sieve.sift(data, segment.size, last=segment.last)
    if not sifted.settled or sifted.records != piece.records or any(one.kind != CELLS for one in sifted.doubts):
        raise CheckError(_CHANGED)
    doubts = {piece.record + doubt.record + 1: doubt for doubt in sifted.doubts}
    if not doubts.keys() >= set(bad):
        return None
    position, parts, records, texts = 0, list[bytes](), list[Record](), list[bytes]()
    for number in bad:
        doubt = doubts[number]
        parts.append(data[position : doubt.start])
        texts.append(segment.decoded(data[doubt.start : doubt.end]))
        records.append(Record(with_line_feed(texts[-1], grammar), number, piece.line + doubt.line + 1))
        position = doubt.end
    parts.append(data[position : segment.size])
    target = segment.path.with_suffix(".accepted.csv")
    target.write_bytes(_plain(segment.decoded(b"".join(parts)), judge))
    rows = list[_Row]()
    if bad:
        sheet = sheet_of_doubtful(segment.path.with_suffix(".bad.csv"), records, grammar, judge.places)
        reasons = _reasons(duck, sheet, None, piece, judge)
        sheet.path.unlink()
        for record, text in zip(records, texts, strict=True):
            given, cells = reasons[record.record], _texts(text, grammar)
            rows.append(_Row.of(record.line, record.record, given, cells, grammar.dialect.delimiter))
    return _Parts(target, piece.records - len(bad), rows)


def _apart(
    text: bytes,
    runs: list[Run],
    piece: Piece,
    judge: Judge,
    bad: list[int],
    reasons: Mapping[int, list[str]],
    good: BinaryIO,
) -> list[_Row]:
    """Write the records of sound form that are not bad; return the others."""
    grammar, rows = judge.grammar, list[_Row]()
    for run in runs:
        first = run.record + piece.record
        own = bad[bisect_left(bad, first) : bisect_left(bad, first + run.records)]
        line, position, parts = run.line + piece.line, run.start, list[bytes]()
        for before, number in pairwise((first - 1, *own)):
            start = grammar.passed(text, position, run.end, number - before - 1)
            parts.append(text[position:start])
            line += text.count(b"\n", position, start)
            match = grammar.record(text, start, run.end)
            cells = _texts(match[0], grammar)
            rows.append(_Row.of(line, number, reasons[number], cells, grammar.dialect.delimiter))
            line += match[0].count(b"\n")
            position = match.end()
        if behind := first + run.records - (own[-1] + 1 if own else first):
            start = grammar.passed(text, position, run.end, behind - 1)
            if grammar.record(text, start, run.end).end() != run.end:
                raise NoRecordError
        good.write(_plain(b"".join((*parts, text[position : run.end])), judge))
    return rows


def _texts(record: bytes, grammar: Grammar) -> list[str]:
    """Return what the cells of a whole record mean: most hold no quote, and are taken apart at once."""
    if b"\r" in record or grammar.has_quotes(record, 0, len(record)):
        return [grammar.value(cell) for _, cell in grammar.cells(record)]
    return grammar.value(record.removesuffix(b"\n")).split(grammar.dialect.delimiter)


def _plain(records: bytes, judge: Judge) -> bytes:
    """Return whole records as `FileFormat.plain` has them: as they stand where that says the same."""
    grammar, quote = judge.grammar, judge.grammar.dialect.quote.encode()
    places = [place for place in judge.places if place is not None]
    in_order = places == sorted(places) and len(places) == len(judge.places)
    if in_order and (quote == _QUOTE or not (_QUOTE in records or grammar.has_quotes(records, 0, len(records)))):
        plain = grammar.rewritten(records)
        return plain if not plain or plain.endswith(b"\n") else plain + b"\n"
    delimiter, lines = grammar.dialect.delimiter, list[str]()
    order = sorted((place, own) for own, place in enumerate(judge.places) if place is not None)
    for match in grammar.records(records, 0, len(records)):
        cells = grammar.cells(match[0])
        lines.append(delimiter.join(_quoted(grammar.value(cells[own][1]), delimiter) for _, own in order))
    return "".join(f"{line}\n" for line in lines).encode()


def _quoted(value: str, delimiter: str) -> str:
    """Return a cell in quotes if it needs them; an empty one too, which alone would be a blank line."""
    if value and not any(mark in value for mark in (delimiter, '"', "\n", "\r")):
        return value
    return '"' + value.replace('"', '""') + '"'


def _all_quoted(cells: Iterable[str], delimiter: str) -> str:
    return '"' + f'"{delimiter}"'.join(cell.replace('"', '""') for cell in cells) + '"\n'


def _reasons(duck: "Duck", sheet: Sheet, scan: Scan | None, piece: Piece, judge: Judge) -> dict[int, list[str]]:
    """Return the reasons why records are bad, by their number in the file."""
    reasons = defaultdict[int, list[str]](list)
    for fault in scan.faults if scan else ():
        if fault.record is not None:
            reasons[piece.record + fault.record].append(_reason(fault.code, judge.cells.of_fault(fault).column))
    of_rules = [_reason(rule.code, judge.cells.column_of(rule)) for rule in judge.rules.rules]
    try:
        broken = duck.broken_rules(sheet, judge.rules, judge.listed) if sheet.rows else {}
    except MalformedSheetError:
        raise CheckError(_CHANGED) from None
    for record, numbers in broken.items():
        reasons[record] += [of_rules[number] for number in numbers]
    for number, key in enumerate(judge.rules.keys):
        names = ", ".join(judge.contract.columns[place].name for place in key.columns)
        for repeated in duck.repeated_between(number, judge.rules, piece.record + 1, piece.record + piece.records):
            if key.metric is None:
                reasons[repeated].append(_reason(key.code, names))
    return reasons


def _reason(code: Code, column: str | None) -> str:
    return f"{code} {column}" if column else code.value


def _broken_rows(
    text: bytes, scan: Scan, piece: Piece, judge: Judge, reasons: Mapping[int, list[str]]
) -> Iterator[_Row]:
    for broken in scan.broken:
        number = broken.record + piece.record
        raw = text[broken.start : broken.end].rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        yield _Row.of(broken.line + piece.line, number, reasons[number], (raw,), judge.grammar.dialect.delimiter)

"""The bad records of a file for whoever sent it: in the file's own dialect and encoding, with the reason before each.

It is a part of a file, never a file: a load replaces a whole partition, so what is mended here belongs into the whole
file, and the gate refuses every file with this column.

Three things keep it harmless. Of a contract with personal columns, a cell is shown only if a report may show it. What a
spreadsheet takes for a formula gets an apostrophe before it. And it is bounded: in records, in bytes, and in how much
of the file is read again for it.
"""

from __future__ import annotations

import codecs
import re
from collections import defaultdict
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from suimon.check.decode import utf8_chunks
from suimon.check.grammar import MAX_RECORD_BYTES, Grammar
from suimon.check.header import REASON, read_head
from suimon.check.masking import Discretion, learn
from suimon.check.structure import scan
from suimon.check.verdict import MASK
from suimon.drops.foreign_text import one_line, printable
from suimon.report.as_json import labels_of, place
from suimon.report.messages import Lang, either, say
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from suimon.check.header import Head
    from suimon.check.scanned import Run, Scan
    from suimon.check.source import Source
    from suimon.check.verdict import Verdict
    from suimon.contract.file import FileFormat
    from suimon.contract.model import Contract

NAME = "bad_records.csv"
MOST_BYTES = 5 * 1024 * 1024
# Of the file, decompressed and as UTF-8: some seconds' reading.
MOST_READ = 512 * 1024 * 1024
_PIECE_BYTES = 2 * MAX_RECORD_BYTES
_MOST_STEPS = 100_000  # records looked at one by one in a piece; a check ends long before
_REASONS = 10  # of one record, which may break a thousand rules

_MARKS = {"utf-8-sig": codecs.BOM_UTF8, "utf-16": codecs.BOM_UTF16_LE}
_CODECS = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}
_STRAY = re.compile("[\udc00-\udcff]")
# What a spreadsheet reads as a formula where a cell begins, in full width as well; and a cell may begin wherever it
# takes a character for its list separator, whatever the file's is.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"""(^|[,;|\t\n"'])([ \u3000]*)(?=[=+\-@＝＋－＠])""")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")


class _Record(NamedTuple):
    """A record of the file: its cells, or all of its text where they cannot be told apart."""

    number: int
    cells: list[str]
    sound: bool


def bad_records(source: Source, contract: Contract, verdict: Verdict, lang: Lang = "en") -> bytes | None:
    """Return the records with a listed fault as a CSV file; None if there is none.

    The source is read again up to the last of them. What cannot be read raises as it does in a check.
    """
    labels = labels_of(contract, lang)
    reasons = defaultdict[int, list[str]](list)
    for cell in verdict.bad_cells:
        if cell.record is not None:
            reasons[cell.record].append(f"{place(cell, lang, labels)}: {say(cell.code, cell.details, lang)}")
    dialect = contract.file
    if dialect is None or not reasons:
        return None
    head = read_head(iter(utf8_chunks(source, dialect)), contract, dialect)
    grammar = Grammar(dialect, len(head.places))
    shown = _Shown(contract, head, learn(head.sample, grammar, head.places, contract.columns))
    writer = _Writer(dialect)
    if dialect.header:
        writer.add([REASON, *shown.labels()])
    written = 0
    for record in _records(head, grammar, reasons, max(reasons)):
        if not writer.fits([_joined(reasons[record.number], lang), *shown.cells(record)]):
            break
        written += 1
    if not written:
        return None
    if verdict.truncated or written < len(reasons):
        first = f"There are more bad records. These are the first {written:,}."
        writer.add([either(lang, first, f"誤りのあるレコードはほかにもあります。これは最初の {written:,} 件です。")])
    return b"".join(writer.parts)


def _joined(reasons: list[str], lang: Lang) -> str:
    more = len(reasons) - _REASONS
    rest = [either(lang, f"and {more:,} more", f"ほか {more:,} 件")] if more > 0 else []
    return "; ".join([*reasons[:_REASONS], *rest])


@dataclass(frozen=True, slots=True)
class _Shown:
    """What may be shown of a file's records: of a contract without personal columns everything."""

    contract: Contract
    head: Head
    discretion: Discretion

    def labels(self) -> list[str]:
        if not self.discretion.needed:
            return list(self.head.labels)
        return [MASK if at is None else self.contract.columns[at].title for at in self.head.places]

    def cells(self, record: _Record) -> list[str]:
        if not self.discretion.needed:
            return record.cells
        # Where a record or the header is broken, a personal value may stand anywhere.
        if not record.sound or self.head.faults or len(record.cells) != len(self.head.places):
            return [MASK for _ in record.cells]
        columns = self.contract.columns
        there = [(at, cell) for at, cell in zip(self.head.places, record.cells, strict=True) if at is not None]
        personal = {at: cell for at, cell in there if columns[at].personal}
        shifted = cache(lambda: self.discretion.may_be_shifted(personal))
        return [
            MASK
            if at is None
            or (columns[at].personal and cell)
            or self.discretion.hides(columns[at], cell, shifted=shifted)
            else cell
            for at, cell in zip(self.head.places, record.cells, strict=True)
        ]


@dataclass(slots=True)
class _Writer:
    """Rows in a dialect, as bytes of its encoding, up to MOST_BYTES."""

    dialect: FileFormat
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def __post_init__(self) -> None:
        self.parts.append(_MARKS.get(self.dialect.encoding, b""))

    def fits(self, cells: list[str]) -> bool:
        """Add a row if there is room for it; return whether there was."""
        row = self._row(cells)
        if self.size + len(row) > MOST_BYTES:
            return False
        self._append(row)
        return True

    def add(self, cells: list[str]) -> None:
        """Add a row whatever its size."""
        self._append(self._row(cells))

    def _append(self, row: bytes) -> None:
        self.parts.append(row)
        self.size += len(row)

    def _row(self, cells: list[str]) -> bytes:
        ending = "\r\n" if self.dialect.line_ending == "crlf" else "\n"
        text = self.dialect.delimiter.join(map(self._cell, cells)) + ending
        return text.encode(_CODECS.get(self.dialect.encoding, self.dialect.encoding), "backslashreplace")

    def _cell(self, value: str) -> str:
        dialect, text = self.dialect, _STRAY.sub(lambda stray: f"\\x{ord(stray[0]) - 0xDC00:02x}", value)
        if not dialect.quote:
            return _harmless(one_line(text).replace(dialect.delimiter, " "))
        text = _harmless("\n".join(map(printable, re.split(r"\r\n|\r|\n", text))))
        if dialect.escape == "\\":
            text = text.replace("\\", "\\\\").replace(dialect.quote, f"\\{dialect.quote}")
        else:
            text = text.replace(dialect.quote, dialect.quote * 2)
        return f"{dialect.quote}{text}{dialect.quote}"


def _harmless(text: str) -> str:
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(r"\1\2'", text)


def _records(head: Head, grammar: Grammar, wanted: Container[int], last: int) -> Iterator[_Record]:
    """Yield the wanted records by the numbers that the check gives them."""
    before = 0
    for text, found in _scans(head, grammar):
        yield from _in_order(text, found, grammar, before, wanted)
        before += found.records
        if before >= last:
            return


def _scans(head: Head, grammar: Grammar) -> Iterator[tuple[bytes, Scan]]:
    """Go through the records piece by piece, up to where a check would stop or MOST_READ is read."""
    unread, size, least, ended = b"", 0, _PIECE_BYTES, False
    while not ended or unread:
        parts, held = [unread], len(unread)
        while not ended and held < least:
            chunk = next(head.body, b"")
            ended = not chunk
            parts.append(chunk)
            held += len(chunk)
            size += len(chunk)
        unread = b"".join(parts)
        # Do not wait for the end of a line that is longer than any record may be.
        cut = len(unread) if ended else unread.rfind(b"\n") + 1 or (len(unread) if held > MAX_RECORD_BYTES else 0)
        text = unread[:cut]
        found = scan(grammar, text, last=ended, room=0, most=_MOST_STEPS, keep=True)
        yield text, found
        if found.stopped or size > MOST_READ or (ended and not found.end):
            return
        least = _PIECE_BYTES if found.end else 2 * len(unread)
        unread = unread[found.end :]


def _in_order(text: bytes, found: Scan, grammar: Grammar, before: int, wanted: Container[int]) -> Iterator[_Record]:
    """Yield the wanted records of a piece; `before` are the records before it."""
    sound = (record for run in found.runs for record in _of_run(text, run, grammar, before, wanted))
    broken = (
        _Record(one.record + before, _cells(text[one.start : one.end], grammar), sound=False)
        for one in found.broken
        if one.record + before in wanted
    )
    yield from sorted((*sound, *broken))


def _of_run(text: bytes, run: Run, grammar: Grammar, before: int, wanted: Container[int]) -> Iterator[_Record]:
    numbers = range(before + run.record, before + run.record + run.records)
    if not any(number in wanted for number in numbers):
        return
    for number, match in zip(numbers, grammar.records(text, run.start, run.end), strict=False):
        if number in wanted:
            yield _Record(number, [grammar.value(cell) for _, cell in grammar.cells(match[0])], sound=True)


def _cells(raw: bytes, grammar: Grammar) -> list[str]:
    cells = grammar.values(raw)
    if cells is not None:
        return cells
    return [raw.rstrip(b"\r\n").decode("utf-8", "surrogatepass" if grammar.transcoded else "surrogateescape")]

"""What DuckDB reads: records that stand in a file of their own, below a header line that sets the line ending."""

import os
from collections.abc import Callable
from dataclasses import field, replace
from functools import cache, partial
from pathlib import Path

from suimon.check.grammar import STAINS, Grammar
from suimon.check.scanned import Scan
from suimon.check.segments import Segment, header_line
from suimon.contract.file import FileFormat
from suimon.values import dataclass

CRLF, LF = b"\r\n", b"\n"


@dataclass(frozen=True, slots=True)
class Numbering:
    """Where the records of a sheet stand in the file: each list by runs of records that follow each other there.

    From the sheet's record `own_record` on (starting on its line `own_line`), it is `record` and `line` in the file.
    All are counted from 1, the sheet's without its header line.
    """

    own_record: list[int] = field(default_factory=lambda: [1])
    own_line: list[int] = field(default_factory=lambda: [1])
    record: list[int] = field(default_factory=lambda: [1])
    line: list[int] = field(default_factory=lambda: [1])

    def after(self, records: int, lines: int) -> "Numbering":
        """Return the same for a piece of a file that follows so many records and lines."""
        return replace(
            self, record=[number + records for number in self.record], line=[number + lines for number in self.line]
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file for DuckDB: `width` columns, of which `places` are the contract's (None: a column it does not know).

    `plain_bytes` are those of the records that are no quote character: cells, delimiters, line endings.
    """

    path: Path
    delimiter: str
    quote: str
    places: tuple[int | None, ...]
    ending: bytes
    size: int
    plain_bytes: int
    newlines: int
    quotes: int
    doubled: bool  # cells hold quote characters
    unended: bool  # the last record has no line ending
    numbering: Callable[[], Numbering]  # made when a bad cell is to be placed, for as many runs as there are comments
    rows: int | None = None  # how many records there are, where that is known before it is read

    def accounts_for(self, rows: int, cell_bytes: int) -> bool:
        """Return whether every byte, quotes aside, is in a cell, a delimiter or a line ending.

        DuckDB passes over blank lines, an empty cell too many, a lost quote and blanks around quotes without a word.
        It only ever drops bytes, so the sum is right only when it dropped none.
        """
        around = rows * (len(self.places) - 1 + len(self.ending))
        if rows and self.unended:
            around -= len(self.ending)
        return self.plain_bytes == cell_bytes + around and (rows > 0 or not self.size)

    def text(self) -> bytes:
        """Return its records."""
        with self.path.open("rb") as file:
            file.seek(-self.size, os.SEEK_END)
            return file.read()

    @property
    def embedded(self) -> bool:
        """Whether cells hold line breaks, as far as is known."""
        return self.rows is None or self.newlines != self.rows - self.unended


def sheet_of(segment: Segment, grammar: Grammar, places: tuple[int | None, ...]) -> Sheet | None:
    """Put the segment itself before DuckDB; None when it must be read strictly: DuckDB would not notice a fault.

    Line endings must all be of one kind, which here is known only if every newline is.
    """
    text, dialect = segment.text(), grammar.dialect
    quote = dialect.quote.encode()
    newlines, quotes = text.count(LF), text.count(quote) if quote else 0
    crlf = b"\r" in text
    uniform = text.count(b"\r") == text.count(CRLF) == newlines if crlf else True
    wanted = dialect.line_ending == "any" or not newlines or (dialect.line_ending == "crlf") == crlf
    if any(stain in text for stain in STAINS) or not uniform or not wanted or quotes % 2 or grammar.rewrites(text):
        return None
    ending = CRLF if crlf else LF
    _write(segment.path, dialect, places, ending, text)
    return Sheet(
        path=segment.path,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        places=places,
        ending=ending,
        size=len(text),
        plain_bytes=len(text) - quotes,
        newlines=newlines,
        quotes=quotes,
        doubled=False,
        unended=segment.last and not segment.ended,
        numbering=Numbering,
    )


def copy_of(segment: Segment, text: bytes, scan: Scan, grammar: Grammar, places: tuple[int | None, ...]) -> Sheet:
    """Put the good records of a segment before DuckDB, with line feeds at their ends."""
    parts = list[bytes]()
    for run in scan.runs:
        good = text[run.start : run.end]
        parts.append(grammar.without_comments(good) if run.commented else good)
    path, rows = segment.path.with_suffix(".good.csv"), sum(run.records for run in scan.runs)
    numbering = cache(partial(_numbered, text, scan, grammar))
    return sheet_of_records(path, grammar.rewritten(b"".join(parts)), rows, numbering, grammar.dialect, places)


def _numbered(text: bytes, scan: Scan, grammar: Grammar) -> Numbering:
    numbering = Numbering([], [], [], [])
    records = lines = 1
    for run in scan.plain_runs(text, grammar):
        numbering.own_record.append(records)
        numbering.own_line.append(lines)
        numbering.record.append(run.record)
        numbering.line.append(run.line)
        records += run.records
        lines += text.count(LF, run.start, run.end)
    return numbering


def sheet_of_records(
    path: Path,
    good: bytes,
    rows: int,
    numbering: Callable[[], Numbering],
    dialect: FileFormat,
    places: tuple[int | None, ...],
) -> Sheet:
    """Put records of sound form before DuckDB that end with line feeds."""
    quote = dialect.quote.encode()
    quotes = good.count(quote) if quote else 0
    _write(path, dialect, places, LF, good)
    return Sheet(
        path=path,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        places=places,
        ending=LF,
        size=len(good),
        plain_bytes=len(good) - quotes,
        newlines=good.count(LF),
        quotes=quotes,
        doubled=bool(quote) and quote * 2 in good,
        unended=bool(good) and not good.endswith(LF),
        numbering=numbering,
        rows=rows,
    )


def _write(path: Path, dialect: FileFormat, places: tuple[int | None, ...], ending: bytes, text: bytes) -> None:
    with path.open("wb") as file:
        file.write(header_line(dialect, len(places)) + ending)
        file.write(text)


def with_line_feed(record: bytes, grammar: Grammar) -> bytes:
    """Return a record of sound form as DuckDB reads it: its quotes doubled, a line feed at its end."""
    record = grammar.rewritten(record)
    return record if record.endswith(LF) else record + LF

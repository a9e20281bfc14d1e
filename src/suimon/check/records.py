"""A strict, streaming reader of CSV records that knows where each stands; slower than DuckDB, it judges structure."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from suimon.check.verdict import Code
from suimon.contract.model import FileFormat

MAX_RECORD_BYTES = 2_000_000  # longer is no record but a lost quote; both readers hold one record in memory

_STRAY_BYTE = re.compile("[\udc80-\udcff]")  # what "surrogateescape" makes of a byte that is no UTF-8
_LONE_CR = re.compile("\r(?!\n)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule of structure; `cell` is the place in the record where there is one."""

    code: Code
    message: str
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file as it stands there. Its cells are whole only if it has no faults."""

    line: int  # physical line on which it starts, from 1
    raw: str  # with its line ending
    cells: tuple[str, ...]
    faults: tuple[Fault, ...] = ()

    def line_of(self, cell: int) -> int:
        """Give the physical line on which a cell starts: quoted line breaks before it count."""
        return self.line + sum(text.count("\n") for text in self.cells[:cell])


def scan(path: Path, dialect: FileFormat) -> Iterator[Record]:
    """Yield every record of a file, the header too, blank lines too (as a record with a BLANK_ROW fault).

    After an unterminated quote or a record past MAX_RECORD_BYTES nothing more is yielded: records cannot be told apart.
    """
    csv.field_size_limit(MAX_RECORD_BYTES)
    strict = _strict_form(dialect)
    with path.open("rb") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
        while True:
            lines.start_record()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except _TooLongError:
                yield Record(lines.first, lines.raw, (), (_too_long(lines),))
                return
            except csv.Error:
                yield Record(lines.first, lines.raw, (), (_unreadable(lines, dialect),))
                continue
            raw = lines.raw
            yield Record(lines.first, raw, tuple(cells), tuple(_faults(raw, cells, strict, dialect)))


class _Lines:
    """Physical lines as text for csv.reader; remembers those of the record being read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._record: list[str] = []
        self._size = 0
        self.last = 0  # the number of the line read last
        self.first = 1  # that of the record's first line
        self.ended = False

    def start_record(self) -> None:
        self.first = self.last + 1
        self._record.clear()
        self._size = 0

    @property
    def raw(self) -> str:
        return "".join(self._record)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._stream.readline(MAX_RECORD_BYTES + 1)
        if not line:
            self.ended = True
            raise StopIteration
        self.last += 1
        self._size += len(line)
        if self._size > MAX_RECORD_BYTES:
            raise _TooLongError
        text = line.decode("utf-8", "surrogateescape")
        self._record.append(text)
        return text


class _TooLongError(Exception):
    """The record has passed MAX_RECORD_BYTES."""


def _too_long(lines: _Lines) -> Fault:
    if lines.last > lines.first:  # only an open quote carries a record over a line's end
        return Fault(
            Code.UNTERMINATED_QUOTE,
            f"a quote opened in this record is not closed within {MAX_RECORD_BYTES:,} bytes; the rest was not judged",
        )
    return Fault(
        Code.RECORD_TOO_LONG,
        f"the line does not end within {MAX_RECORD_BYTES:,} bytes; the rest was not judged",
    )


def _unreadable(lines: _Lines, dialect: FileFormat) -> Fault:
    if lines.ended:
        return Fault(
            Code.UNTERMINATED_QUOTE, "a quote opened in this record is never closed; what follows was not judged"
        )
    try:
        mended = _LONE_CR.sub(" ", lines.raw)
        next(csv.reader([mended], delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True))
    except csv.Error:
        extent = f" (lines {lines.first} to {lines.last})" if lines.last > lines.first else ""
        return Fault(Code.QUOTE_ERROR, f"a closing quote is followed by text{extent}; double quotes inside a value")
    return Fault(Code.LINE_ENDING_ERROR, "a carriage return without line feed stands outside quotes")


def _faults(raw: str, cells: list[str], strict: re.Pattern[str], dialect: FileFormat) -> Iterator[Fault]:
    if not cells:
        yield Fault(Code.BLANK_ROW, "the line is empty")
        return
    if raw.endswith("\r"):  # csv.reader takes it for an ending, at the end of the file
        yield Fault(Code.LINE_ENDING_ERROR, "a carriage return without line feed ends the file")
    if dialect.quote in raw and strict.fullmatch(raw) is None:
        yield Fault(Code.QUOTE_ERROR, "blanks stand before an opening quote; quote the whole cell")
    if _STRAY_BYTE.search(raw):
        for place, cell in enumerate(cells):
            if stray := _STRAY_BYTE.search(cell):
                byte = ord(stray[0]) - 0xDC00
                yield Fault(Code.ENCODING_ERROR, f"byte 0x{byte:02X} is not {dialect.encoding}", place)
    if "\0" in raw:
        for place, cell in enumerate(cells):
            if "\0" in cell:
                yield Fault(Code.NULL_BYTE, "a NUL byte stands in the cell", place)


def _strict_form(dialect: FileFormat) -> re.Pattern[str]:
    """The form of a record whose quotes stand only where they belong.

    Readers differ over ` "a,b"`: for csv the blank makes the quotes text, DuckDB drops the blank and takes the quotes.
    """
    quote, delimiter = re.escape(dialect.quote), re.escape(dialect.delimiter)
    quoted = f"{quote}(?:[^{quote}]|{quote}{quote})*+{quote}"
    plain = rf"(?! +{quote})[^{quote}{delimiter}\r\n][^{delimiter}\r\n]*"
    cell = f"(?:{quoted}|{plain}|)"
    return re.compile(rf"{cell}(?:{delimiter}{cell})*(?:\r?\n)?")

"""The grammar of CSV records, as regular expressions over UTF-8 bytes: strict, and exact about where each fault stands.

One expression takes as many good records as there are in one step, so that only broken ones cost time. What is good
here, DuckDB reads in the same way; what is not, nobody reads.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from suimon.check.verdict import Code, Details
from suimon.contract.file import FileFormat

MAX_RECORD_BYTES = 2_000_000  # longer is no record but a lost quote; all readers hold one record in memory

_ENDINGS = {"any": rb"\r?\n", "lf": rb"\n", "crlf": rb"\r\n"}
_WANTED = {"any": "LF or CRLF", "lf": "LF", "crlf": "CRLF"}
_STRAY = re.compile("[\udc00-\udcff]")


@dataclass(frozen=True, slots=True)
class Fault:
    """A broken rule of structure. Lines and records are counted from 1 within what was scanned.

    `cell` is the place in the record where there is one, `value` its text.
    """

    code: Code
    line: int
    record: int | None
    cell: int | None = None
    value: str | None = None
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """`count` good records in a row: bytes from `start` to `end`, the first of them as it is numbered."""

    start: int
    end: int
    record: int
    line: int
    count: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that is broken, blank (then without number) or a comment (then without faults)."""

    start: int
    end: int
    record: int | None
    line: int


@dataclass(slots=True)
class Scan:
    """What a piece of a file is made of, in its order."""

    runs: list[Run] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    records: int = 0
    end: int = 0  # where reading stopped: before an open quote that the next piece may close
    stopped: bool = False  # after a fault behind which records cannot be told apart

    def take(self, start: int, end: int, line: int, count: int) -> None:
        """Add good records."""
        if self.runs and self.runs[-1].end == start:
            self.runs[-1] = replace(self.runs[-1], end=end, count=self.runs[-1].count + count)
        else:
            self.runs.append(Run(start, end, self.records + 1, line, count))
        self.records += count


class Grammar:
    """The records of a dialect, `width` cells each. `transcoded`: stray bytes are written as lone surrogates."""

    def __init__(self, dialect: FileFormat, width: int) -> None:
        self.dialect, self.width = dialect, width
        self._quote = dialect.quote.encode()
        self._escaped = dialect.escape == "\\"
        self._comment = dialect.comment.encode() if dialect.comment else None
        self.transcoded = not dialect.encoding.startswith("utf-8")
        self._delimiter = dialect.delimiter.encode()
        delimiter = re.escape(self._delimiter)
        plain = rb"[^" + delimiter + re.escape(self._quote) + rb"\r\n]*+"
        quoted = self._quoted()
        self._quoted_cell = re.compile(quoted)
        self._cell = re.compile(rb"(?:" + quoted + rb"|" + plain + rb")" if quoted else plain)
        cell = self._cell.pattern
        body = cell + rb"(?:" + delimiter + cell + rb"){%d}" % (width - 1)
        comment = rb"(?!" + re.escape(self._comment) + rb")" if self._comment else b""
        ended = comment + body + _ENDINGS[dialect.line_ending]
        self._record = re.compile(ended)
        self._records = re.compile(rb"(?:" + ended + rb")*+")
        self._last = re.compile(comment + rb"(?=[\s\S])" + body + rb"\Z")
        self._any_record = re.compile(cell + rb"(?:" + delimiter + cell + rb")*+(?:\r?\n|\Z)")

    def _quoted(self) -> bytes:
        if not self._quote:
            return b""
        q = re.escape(self._quote)
        if self._escaped:
            return q + rb"[^" + q + rb"\\]*+(?:\\[\s\S][^" + q + rb"\\]*+)*+" + q
        return q + rb"[^" + q + rb"]*+(?:" + q + q + rb"[^" + q + rb"]*+)*+" + q

    def scan(self, text: bytes, *, last: bool) -> Scan:
        """Tell good records from broken ones. Unless it is the `last`, a piece ends with a line's end.

        Faults of records that are whole but hold NUL or stray bytes are told by cell.
        """
        found = Scan()
        position, line = 0, 1
        while position < len(text):
            if self._comment and text.startswith(self._comment, position):
                start, position = position, _next_line(text, position)
                found.broken.append(Broken(start, position, None, line))
                line += 1
                continue
            window = min(len(text), position + MAX_RECORD_BYTES)
            end = self._good_until(text, position, window)
            if end > position:
                line = self._sound(text, position, end, line, found)
                position = end
                continue
            broken = self._break(text, position, window, line, found, last=last)
            if broken is None:
                found.end = position
                return found
            line += text.count(b"\n", position, broken)
            position = broken
            if found.stopped:
                break
        found.end = position
        return found

    def first(self, text: bytes, *, last: bool) -> tuple[tuple[str, ...], list[Fault], int]:
        """Read one record of any width: its cells, its faults, where it ends. Without cells when it is broken."""
        window = min(len(text), MAX_RECORD_BYTES)
        match = self._any_record.match(text, 0, window)
        found = Scan()
        if match is None or not (match[0].endswith(b"\n") or window == len(text)):
            end = self._break(text, 0, window, 1, found, last=last)
            return (), found.faults, len(text) if end is None else end
        cells = tuple(self.value(cell) for _, cell in self.cells(match[0]))
        if not match[0].rstrip(b"\r\n"):
            return cells, [Fault(Code.BLANK_ROW, 1, None)], match.end()
        return cells, [*self._misended(match[0], 1, 1), *self._stains(match[0], 1, 1)], match.end()

    def whole(self, text: bytes) -> bool:
        """Tell whether a text is records of the right width from end to end."""
        position = 0
        while position < len(text):
            end = self._good_until(text, position, min(len(text), position + MAX_RECORD_BYTES))
            if end == position:
                return False
            position = end
        return True

    def values(self, record: bytes) -> list[str] | None:
        """Give the cells of one record of any width; None if it is not one from end to end."""
        if not self._any_record.fullmatch(record):
            return None
        return [self.value(cell) for _, cell in self.cells(record)]

    def cells(self, record: bytes) -> list[tuple[int, bytes]]:
        """Give where each cell of a whole record starts, and the cell as it is written, quotes and all."""
        cells, position = list[tuple[int, bytes]](), 0
        while match := self._cell.match(record, position):  # always: it takes nothing, too
            cells.append((position, match[0]))
            if record[match.end() : match.end() + 1] != self._delimiter:
                break
            position = match.end() + 1
        return cells

    def value(self, cell: bytes) -> str:
        """Give what a cell means: without its quotes, its escapes undone; stray bytes as lone surrogates."""
        if self._quote and cell.startswith(self._quote):
            cell = cell[1:-1]
            cell = re.sub(rb"\\([\s\S])", rb"\1", cell) if self._escaped else cell.replace(self._quote * 2, self._quote)
        return self._text(cell)

    def records(self, text: bytes, run: Run) -> Iterator[re.Match[bytes]]:
        """Yield the records of a run."""
        position = run.start
        while position < run.end:
            match = self._record.match(text, position, run.end) or self._last.match(text, position, run.end)
            assert match  # a run is made of records  # noqa: S101
            yield match
            position = match.end()

    def _text(self, raw: bytes) -> str:
        return raw.decode("utf-8", "surrogatepass" if self.transcoded else "surrogateescape")

    def _good_until(self, text: bytes, position: int, window: int) -> int:
        match = self._records.match(text, position, window)
        end = match.end() if match else position
        if end == position and window == len(text) and (match := self._last.match(text, position)):
            return match.end()
        return end

    def _sound(self, text: bytes, start: int, end: int, line: int, found: Scan) -> int:
        """Take good records in, those apart that hold bytes which are no text; give the line after them."""
        position = start
        for stain in self._stained(text[start:end]):
            if start + stain < position:
                continue  # a second one in a record that is told of already
            before = self._good_until(text, position, start + stain)
            line = self._take(text, position, before, line, found)
            match = self._record.match(text, before, end) or self._last.match(text, before, end)
            assert match  # noqa: S101 what is taken in is made of records
            found.records += 1
            found.broken.append(Broken(before, match.end(), found.records, line))
            found.faults.extend(self._stains(match[0], line, found.records))
            line += match[0].count(b"\n")
            position = match.end()
        return self._take(text, position, end, line, found)

    def _take(self, text: bytes, start: int, end: int, line: int, found: Scan) -> int:
        if start == end:
            return line
        newlines = text.count(b"\n", start, end)
        count = newlines + (text[end - 1 : end] != b"\n")
        if self._quote and text.find(self._quote, start, end) >= 0:
            count -= sum(match[0].count(b"\n") for match in self._quoted_cell.finditer(text, start, end))
        found.take(start, end, line, count)
        return line + newlines

    def _stained(self, piece: bytes) -> list[int]:
        """Give where NULs and stray bytes stand."""
        places = [match.start() for match in re.finditer(b"\0", piece)] if b"\0" in piece else []
        if not _is_text(piece):
            errors = "surrogatepass" if self.transcoded else "surrogateescape"
            text, position, told = piece.decode("utf-8", errors), 0, 0
            for match in _STRAY.finditer(text):
                position += len(text[told : match.start()].encode("utf-8", errors))
                told = match.start()
                places.append(position)
        return sorted(places)

    def _stains(self, record: bytes, line: int, number: int, *, ragged: bool = False) -> Iterator[Fault]:
        """Tell of every cell that holds a NUL or a stray byte; of a ragged record, without a column."""
        # Where cells have no columns, the record is one text.
        parts = [(0, record)] if ragged else self.cells(record)
        for place, (start, raw) in enumerate(parts):
            cell, value = (None, None) if ragged else (place, self.value(raw))
            where = line + record.count(b"\n", 0, start)
            if stray := _STRAY.search(self._text(raw)):
                details = {"byte": f"0x{ord(stray[0]) - 0xDC00:02X}", "encoding": self.dialect.encoding}
                yield Fault(Code.ENCODING_ERROR, where, number, cell, value, details)
            if b"\0" in raw:
                yield Fault(Code.NULL_BYTE, where, number, cell, value)

    def _break(self, text: bytes, start: int, window: int, line: int, found: Scan, *, last: bool) -> int | None:
        """Name what is wrong with the record at `start`, and give its end; None when the next piece may end it."""
        match = self._any_record.match(text, start, window)
        if match and (match[0].endswith(b"\n") or window == len(text)):
            self._whole(match[0], line, found, start)
            return match.end()
        fault, where = self._first_fault(text, start, window)
        if fault is None:
            if window == len(text) and not last:
                return None
            found.faults.append(self._endless(text, start, window, line, found.records + 1))
            found.records += 1
            found.stopped = True
            found.broken.append(Broken(start, len(text), found.records, line))
            return len(text)
        found.records += 1
        found.faults.append(Fault(fault[0], line, found.records, details=fault[1]))
        end = _next_line(text, where)
        found.broken.append(Broken(start, end, found.records, line))
        return end

    def _whole(self, record: bytes, line: int, found: Scan, start: int) -> None:
        """Name what is wrong with a record whose cells can be told apart."""
        width = len(self.cells(record))
        if width == 1 and not record.rstrip(b"\r\n") and self.width > 1:
            found.faults.append(Fault(Code.BLANK_ROW, line, None))
            found.broken.append(Broken(start, start + len(record), None, line))
            return
        found.records += 1
        number = found.records
        found.broken.append(Broken(start, start + len(record), number, line))
        if width != self.width:
            code = Code.EXTRA_CELL if width > self.width else Code.MISSING_CELL
            found.faults.append(Fault(code, line, number, details={"cells": width, "expected": self.width}))
        found.faults.extend(self._misended(record, line, number))
        found.faults.extend(self._stains(record, line, number, ragged=width != self.width))

    def _misended(self, record: bytes, line: int, number: int) -> Iterator[Fault]:
        """Tell of a line ending that the dialect does not declare."""
        ending, wanted = "CRLF" if record.endswith(b"\r\n") else "LF", _WANTED[self.dialect.line_ending]
        if record.endswith(b"\n") and ending not in wanted.split():
            yield Fault(Code.LINE_ENDING_ERROR, line, number, details={"found": ending, "wanted": wanted})

    def _first_fault(self, text: bytes, start: int, window: int) -> tuple[tuple[Code, Details] | None, int]:
        """Go through the cells of a record to the first that is not one; no fault when the text ends within it."""
        position = start
        while match := self._cell.match(text, position, window):
            end = match.end()
            # A carriage return at the window's end may be half of a line ending.
            follows = text[end : end + 1] if end < window - (window < len(text)) else b""
            if follows == self._delimiter:
                position = end + 1
                continue
            if not follows or (follows == self._quote and end == position):
                return None, end
            if follows == b"\r":
                wanted = _WANTED[self.dialect.line_ending]
                return (Code.LINE_ENDING_ERROR, {"found": "CR", "wanted": wanted}), end
            quoted = self._quote and match[0].startswith(self._quote)
            return (Code.QUOTE_ERROR, {"kind": "after" if quoted else "inside"}), end
        raise AssertionError("a cell may be empty, so the expression always matches")

    def _endless(self, text: bytes, start: int, window: int, line: int, number: int) -> Fault:
        if (self._quote and b"\n" in text[start:window]) or window == len(text):
            size = 0 if window == len(text) else MAX_RECORD_BYTES
            return Fault(Code.UNTERMINATED_QUOTE, line, number, details={"bytes": size})
        return Fault(Code.RECORD_TOO_LONG, line, number, details={"bytes": MAX_RECORD_BYTES})


def _is_text(raw: bytes) -> bool:
    if raw.isascii():
        return True
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _next_line(text: bytes, position: int) -> int:
    return text.find(b"\n", position) + 1 or len(text)

"""The grammar of CSV records, as regular expressions over UTF-8 bytes: strict, and exact about where each fault stands.

One expression takes as many good records as there are in one step, so that only broken ones cost time. What is good
here, DuckDB reads in the same way; what is not, nobody reads.
"""

import codecs
import re
from collections.abc import Iterator
from functools import cached_property

from suimon.check.verdict import Code, Details
from suimon.contract.file import FileFormat

MAX_RECORD_BYTES = 2_000_000  # longer is no record but a lost quote; all readers hold one record in memory

_TOGETHER = 512, 64, 8, 1  # so many records are passed in one step
_FIRST_BLOCK_BYTES, _BLOCK_BYTES, _REWRITTEN_BYTES = 256, 64 * 1024, 512 * 1024
_ENDINGS = {"any": rb"\r?\n", "lf": rb"\n", "crlf": rb"\r\n"}
WANTED = {"any": "LF or CRLF", "lf": "LF", "crlf": "CRLF"}
_STRAY = re.compile("[\udc00-\udcff]")
BYTE_ORDER_MARK = "\ufeff".encode()
# No writer of CSV puts these into a value: NUL, DOS's end of a file, and what ISO-2022-JP shifts with. In no encoding
# that a contract may declare are they part of another character.
STAINS = (b"\0", b"\x1a", b"\x1b", BYTE_ORDER_MARK)
_CONTROL, _CONTROL_BUT_NUL = re.compile(rb"[\0\x1a\x1b]"), re.compile(rb"[\x1a\x1b]")
# UTF-8 without control characters: where a match ends, the next byte is part of neither.
_UNSTAINED = re.compile(
    rb"(?:[\x01-\x19\x1c-\x7f]++|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})*+"
)
_LONGEST_CHARACTER = 4


class NoRecordError(Exception):
    """What was good records when it was judged is none now."""


class Grammar:
    """The records of a dialect, `width` cells each. `transcoded`: stray bytes are written as lone surrogates."""

    def __init__(self, dialect: FileFormat, width: int) -> None:
        self.dialect, self.width = dialect, width
        self._quote = dialect.quote.encode()
        self._escaped = dialect.escape == "\\"
        self.comment = dialect.comment.encode() if dialect.comment else None
        self.transcoded = not dialect.encoding.startswith("utf-8")
        self._delimiter = dialect.delimiter.encode()
        delimiter = re.escape(self._delimiter)
        plain = rb"[^" + delimiter + re.escape(self._quote) + rb"\r\n]*+"
        quoted = self._quoted()
        self._cell = re.compile(rb"(?:" + quoted + rb"|" + plain + rb")" if quoted else plain)
        cell = self._cell.pattern
        # A record starts with no byte order mark, in quotes or not: where one stands, files were joined.
        self._unmarked = rb"(?!" + (re.escape(self._quote) + rb"?+" if self._quote else rb"") + BYTE_ORDER_MARK + rb")"
        ended = self._unmarked + self._body(width) + _ENDINGS[dialect.line_ending]
        self._record = re.compile(ended)
        self._records = re.compile(rb"(?:" + ended + rb")*+")
        self._ended = ended
        if self.comment:
            comment = re.escape(self.comment) + rb"[^\n]*+\n"
            self._comments = re.compile(rb"(?m)^" + comment)
            self._commented = re.compile(rb"(?:" + comment + rb"|" + ended + rb")*+")
            self._apart = re.compile(rb"((?:" + comment + rb")*+)((?:" + ended + rb")*+)")
        self._last = re.compile(rb"(?=[\s\S])" + self._unmarked + self._body(width) + rb"\Z")
        self._cells_before_the_last = re.compile(rb"(?:" + cell + delimiter + rb")*+")
        self._others = dict[tuple[int, bytes], re.Pattern[bytes]]()
        self._any_record = re.compile(cell + rb"(?:" + delimiter + cell + rb")*+(?:\r?\n|\Z)")

    def _quoted(self) -> bytes:
        if not self._quote:
            return b""
        q = re.escape(self._quote)
        if self._escaped:
            return q + rb"[^" + q + rb"\\]*+(?:\\[\s\S][^" + q + rb"\\]*+)*+" + q
        return q + rb"[^" + q + rb"]*+(?:" + q + q + rb"[^" + q + rb"]*+)*+" + q

    def _body(self, width: int) -> bytes:
        """A record without its ending; without a cell it is a blank line."""
        comment = rb"(?!" + re.escape(self.comment) + rb")" if self.comment else b""
        if not width:
            return comment
        cell = self._cell.pattern
        return comment + cell + rb"(?:" + re.escape(self._delimiter) + cell + rb"){%d}" % (width - 1)

    def whole(self, text: bytes) -> bool:
        """Return whether a text is records of the right width from end to end."""
        position = 0
        while position < len(text):
            end = self.good_until(text, position, min(len(text), position + MAX_RECORD_BYTES))
            if end == position:
                return False
            position = end
        return True

    def values(self, record: bytes) -> list[str] | None:
        """Return the cells of one record of any width; None if it is not one from end to end."""
        if not self._any_record.fullmatch(record):
            return None
        return [self.value(cell) for _, cell in self.cells(record)]

    def cells(self, record: bytes) -> list[tuple[int, bytes]]:
        """Return where each cell of a whole record starts, and the cell as it is written, quotes and all."""
        cells, position = list[tuple[int, bytes]](), 0
        while match := self._cell.match(record, position):  # always: it takes nothing, too
            cells.append((position, match[0]))
            if record[match.end() : match.end() + 1] != self._delimiter:
                break
            position = match.end() + 1
        return cells

    def width_of(self, record: bytes) -> int:
        """Return how many cells a whole record has."""
        if not self._quote or self._quote not in record:
            return record.count(self._delimiter) + 1
        if self._escaped:
            return len(self.cells(record))
        return b"".join(record.split(self._quote)[::2]).count(self._delimiter) + 1

    def value(self, cell: bytes) -> str:
        """Return what a cell means: without its quotes, its escapes undone; stray bytes as lone surrogates."""
        if self._quote and cell.startswith(self._quote):
            cell = cell[1:-1]
            cell = re.sub(rb"\\([\s\S])", rb"\1", cell) if self._escaped else cell.replace(self._quote * 2, self._quote)
        return self._text(cell)

    def rewrites(self, text: bytes) -> bool:
        """Return whether a text holds escapes or comments, which DuckDB is not to read."""
        return (self._escaped and b"\\" in text) or bool(
            self.comment and (text.startswith(self.comment) or b"\n" + self.comment in text)
        )

    def rewritten(self, records: bytes) -> bytes:
        """Return whole records with quotes doubled instead of escaped, and line feeds at their ends."""
        escapes = records.count(b"\\") if self._escaped and self._quote else 0
        if b"\r" not in records and (
            not escapes or escapes == records.count(b"\\" + self._quote)
        ):  # as in most: nothing else is to be undone
            return records.replace(b"\\" + self._quote, self._quote * 2) if escapes else records
        parts, inside, start = list[bytes](), False, 0
        while start < len(records):  # cells are many: not those of a whole segment at once
            block = start + _REWRITTEN_BYTES
            stop = records.rfind(b"\n", start, block) + 1 or records.find(b"\n", block) + 1
            stop = stop if block < len(records) and stop else len(records)
            part, inside = self._rewritten(records[start:stop], inside=inside)
            parts.append(part)
            start = stop
        return b"".join(parts)

    def _rewritten(self, lines: bytes, *, inside: bool) -> tuple[bytes, bool]:
        """Rewrite some lines, which begin `inside` quotes or not; return whether they end there, too.

        They hold no control character, so some may stand for what an escape makes of itself and of a quote, another
        between cells. Outside quotes a backslash is one, and none stands before a quote.
        """
        if not self._quote:
            return lines.replace(b"\r\n", b"\n"), False
        if self._escaped:
            lines = lines.replace(b"\\\\", b"\x1b").replace(b"\\" + self._quote, b"\x1a")
        parts, quote = lines.split(self._quote), self._quote * 2
        if outside := parts[inside::2]:
            joined = b"\0".join(outside).replace(b"\r\n", b"\n").replace(b"\x1b", b"\\\\")
            parts[inside::2] = joined.split(b"\0")
        if self._escaped and (quoted := parts[not inside :: 2]):
            joined = b"\0".join(quoted).replace(b"\\", b"").replace(b"\x1b", b"\\").replace(b"\x1a", quote)
            parts[not inside :: 2] = joined.split(b"\0")
        return self._quote.join(parts), inside ^ (len(parts) % 2 == 0)

    def commented_until(self, text: bytes, position: int, window: int) -> int:
        """Return where the good records and comments end that start at `position`, looking no further than `window`."""
        match = self._commented.match(text, position, window)
        return match.end() if match else position

    def without_comments(self, text: bytes) -> bytes:
        """Return the records of a text that is good records and comments from end to end."""
        if not self.has_quotes(text, 0, len(text)):
            return self._comments.sub(b"", text)
        return b"".join(records for _, records in self._apart.findall(text))

    def apart(self, text: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield comments and the records behind them, of a text that is good records and comments from end to end."""
        yield from (pair for pair in self._apart.findall(text) if any(pair))

    @cached_property
    def _together(self) -> list[re.Pattern[bytes]]:
        return [re.compile(rb"(?:%s){%d}+" % (self._ended, records)) for records in _TOGETHER]

    def passed(self, text: bytes, position: int, end: int, records: int) -> int:
        """Return where so many good records end that start at `position`, each with an ending; NoRecordError."""
        for together, pattern in zip(_TOGETHER, self._together, strict=True):
            while records >= together:
                match = pattern.match(text, position, end)
                if match is None:
                    raise NoRecordError
                position, records = match.end(), records - together
        return position

    def records(self, text: bytes, start: int, end: int) -> Iterator[re.Match[bytes]]:
        """Yield the good records that stand there."""
        position = start
        while position < end:
            yield (match := self.record(text, position, end))
            position = match.end()

    def record(self, text: bytes, position: int, end: int) -> re.Match[bytes]:
        """Return the good record that starts at `position`; NoRecordError."""
        match = self._record.match(text, position, end) or self._last.match(text, position, end)
        if match is None:
            raise NoRecordError
        return match

    def _text(self, raw: bytes) -> str:
        return raw.decode("utf-8", "surrogatepass" if self.transcoded else "surrogateescape")

    def good_until(self, text: bytes, position: int, window: int) -> int:
        """Return where the good records end that start at `position`, looking no further than `window`."""
        match = self._records.match(text, position, window)
        end = match.end() if match else position
        if end == position and window == len(text) and (match := self._last.match(text, position)):
            return match.end()
        return end

    def is_marked(self, text: bytes, position: int) -> bool:
        """Return whether a record starts with a byte order mark, in quotes or not."""
        return text.startswith((BYTE_ORDER_MARK, self._quote + BYTE_ORDER_MARK), position)

    def record_at(self, text: bytes, position: int, window: int) -> bytes | None:
        """Return the record of any width and ending that starts at `position`; None if there is none by `window`."""
        match = self._any_record.match(text, position, window)
        return match[0] if match and (match[0].endswith(b"\n") or window == len(text)) else None

    def alike_until(self, text: bytes, position: int, window: int, width: int, ending: bytes) -> int:
        """Return where the records of another width or line ending end that start at `position`."""
        if (width, ending) not in self._others:
            not_blank = rb"(?!\r?\n)" if width == 1 else b""
            before = self._unmarked + not_blank + self._body(width) if width else b""
            self._others[width, ending] = re.compile(rb"(?:" + before + ending + rb")*+")
        match = self._others[width, ending].match(text, position, window)
        return match.end() if match else position

    def count(self, text: bytes, start: int, end: int) -> int:
        """Return how many whole records of any width there are: a line break inside a cell ends none."""
        unended = text[end - 1 : end] != b"\n"
        if not self.has_quotes(text, start, end):
            return text.count(b"\n", start, end) + unended
        count, inside = 0, False
        for part in self._unescaped(text, start, end):
            pieces = part.split(self._quote)  # a doubled quote opens again what it closes
            count += b"".join(pieces[inside::2]).count(b"\n")
            inside ^= len(pieces) % 2 == 0
        return count + unended

    def has_quotes(self, text: bytes, start: int, end: int) -> bool:
        """Return whether a quote character stands there."""
        return bool(self._quote) and text.find(self._quote, start, end) >= 0

    def _unescaped(self, text: bytes, start: int, end: int) -> Iterator[bytes]:
        """Yield whole records without what an escape makes of a quote, in parts of bounded size."""
        if self._escaped:
            text = text[start:end].replace(b"\\\\", b"").replace(b"\\" + self._quote, b"")
            start, end = 0, len(text)
        for at in range(start, end, _BLOCK_BYTES):
            yield text[at : min(end, at + _BLOCK_BYTES)]

    def stain_at(self, text: bytes, start: int, end: int) -> int | None:
        """Return where the first control character or stray byte stands. It takes time by how far away that is."""
        block, size = min(end, start + _FIRST_BLOCK_BYTES), 2 * _FIRST_BLOCK_BYTES
        if match := _UNSTAINED.match(text, start, block):
            start = match.end()
        if start < block and (block == end or block - start >= _LONGEST_CHARACTER):
            return start
        with memoryview(text) as view:
            while start < end:
                block = min(end, start + size)
                control = _CONTROL.search(text, start, block)
                size = min(2 * size, _BLOCK_BYTES)
                stop = control.start() if control else block
                try:
                    _, read = codecs.utf_8_decode(view[start:stop], "strict", control is not None or block == end)
                except UnicodeDecodeError as error:
                    return start + error.start
                if control:
                    return stop
                start += read
        return None

    def unstained_until(self, record: bytes, start: int) -> int:
        """Return where the first control character or stray byte of a short text stands, or where it ends."""
        match = _UNSTAINED.match(record, start)
        return match.end() if match else start

    def has_control(self, raw: bytes) -> bool:
        """Return whether a control character stands in it, NUL or another."""
        return _CONTROL.search(raw) is not None

    def stained_cells(self, record: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yield the cells of a whole record that hold control characters or stray bytes: place, start, what is written.

        The others cost next to nothing, however many there are.
        """
        base, passed = 0, 0
        while (stain := self.stain_at(record, base, len(record))) is not None:
            place, start = self._cell_around(record, base, stain)
            match = self._cell.match(record, start)
            if match is None:
                raise AssertionError("a cell may be empty, so the expression always matches")
            passed += place
            yield passed, start, match[0]
            base, passed = match.end() + len(self._delimiter), passed + 1

    def _cell_around(self, record: bytes, base: int, at: int) -> tuple[int, int]:
        """Return how many cells stand between `base`, where one starts, and the one around `at`; where that starts."""
        if self._escaped:
            cells = [start for start, _ in self.cells(record[base:]) if base + start <= at]
            return len(cells) - 1, base + cells[-1]
        pieces = record[base:at].split(self._quote) if self._quote else [record[base:at]]
        last = len(pieces) - 1
        if last % 2 == 0:  # outside quotes
            start = record.rfind(self._delimiter, base, at) + len(self._delimiter)
            return b"".join(pieces[::2]).count(self._delimiter), max(base, start)
        first = last
        while first > 1 and not pieces[first - 1]:  # between two quotes that follow each other the cell goes on
            first -= 2
        start = at - sum(map(len, pieces[first:])) - (last - first + 1)
        return b"".join(pieces[:first:2]).count(self._delimiter), start

    def stains(self, raw: bytes) -> Iterator[tuple[Code, Details]]:
        """Yield what is wrong with the bytes of a cell."""
        if not raw.isascii() and (stray := _STRAY.search(self._text(raw))):
            byte = f"0x{ord(stray[0]) - 0xDC00:02X}"
            yield Code.ENCODING_ERROR, {"byte": byte, "encoding": self.dialect.encoding}
        if b"\0" in raw:
            yield Code.NULL_BYTE, {}
        if control := _CONTROL_BUT_NUL.search(raw):
            yield Code.CONTROL_CHARACTER, {"byte": f"0x{control[0][0]:02X}"}

    def first_fault(self, text: bytes, start: int, window: int) -> tuple[tuple[Code, Details] | None, int]:
        """Go through the cells of a record to the first that is not one; no fault when the text ends within it."""
        match = self._cells_before_the_last.match(text, start, window)
        position = match.end() if match else start
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
                return (Code.LINE_ENDING_ERROR, {"found": "CR", "wanted": WANTED[self.dialect.line_ending]}), end
            quoted = self._quote and match[0].startswith(self._quote)
            return (Code.QUOTE_ERROR, {"kind": "after" if quoted else "inside"}), end
        raise AssertionError("a cell may be empty, so the expression always matches")

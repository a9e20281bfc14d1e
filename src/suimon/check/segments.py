"""A stream of UTF-8 text, cut into files of a few records' ends each: as much as is judged at a time, by one thread."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from suimon.check.records import MAX_RECORD_BYTES
from suimon.contract.file import FileFormat

# Large enough that DuckDB's start does not count, small enough that a few of them fit memory and disk.
SEGMENT_BYTES = 32 * 1024 * 1024
# How far back a cut looks for a line's end outside quotes; further back it is left to the grammar to find the fault.
_LOOK_BACK = 4 * 1024 * 1024
# A trailer is one line; the end of the stream is where it is looked for.
_TRAILER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the file that starts where a record starts; unless it is the `last`, it ends with a line's end.

    Its file has a header line of our own in front, `header` bytes long. Figures over its own bytes: size, newlines,
    carriage returns, both together, quote characters, quotes doubled, any NUL.
    """

    path: Path
    header: int
    size: int
    newlines: int
    returns: int
    pairs: int
    quotes: int
    doubled: bool
    null: bool
    ended: bool  # with a line's end
    last: bool

    @property
    def crlf(self) -> bool:
        """Whether the header line ends so, as the records are thought to."""
        return self.returns > 0

    def text(self) -> bytes:
        """Give its bytes."""
        return self.path.read_bytes()[self.header :]


def header_line(dialect: FileFormat, width: int) -> bytes:
    """Give a header of our own, without its line ending: DuckDB takes the ending of all records from it."""
    return dialect.delimiter.join("h" * width).encode()


class Cutter:
    """Cuts chunks of text into segments. Once `sizes` of an earlier round are given, exactly there."""

    def __init__(
        self, chunks: Iterable[bytes], dialect: FileFormat, width: int, folder: Path, sizes: Iterable[int] | None = None
    ) -> None:
        self._chunks = iter(chunks)
        self._quote = dialect.quote.encode()
        self._marker = dialect.trailer.marker.encode() if dialect.trailer else None
        self._delimiter = dialect.delimiter.encode()
        self._header = header_line(dialect, width)
        self._folder = folder
        self._sizes = None if sizes is None else iter(sizes)
        self._buffer = bytearray()
        self._wanted = SEGMENT_BYTES
        self._ended = False
        self._count = 0
        self.trailer: bytes | None = None

    def next(self) -> Segment | None:
        """Give the next segment, None after the last; a file without records has none."""
        size = self._next_size()
        if not size:
            return None
        text = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return self._write(text)

    def push_back(self, unread: bytes, texts: Iterable[bytes]) -> None:
        """Take text back: a record that has not ended, and what came after it. All of it is cut anew."""
        self._wanted = max(SEGMENT_BYTES, 2 * len(unread))
        back = [unread, *texts, bytes(self._buffer)]
        self._buffer.clear()
        if self.trailer is not None:
            back.append(self.trailer)
            self.trailer = None
        self._chunks = chain(back, self._chunks)
        self._ended = False

    def _next_size(self) -> int:
        if self._sizes is not None:
            size = next(self._sizes, 0)
            self._fill(size)
            return size
        held = _TRAILER_BYTES if self._marker is not None else 0
        while True:
            self._fill(self._wanted + held)
            if self._ended:
                break
            if size := self._boundary(len(self._buffer) - held):
                self._wanted = SEGMENT_BYTES
                return size
            if len(self._buffer) > MAX_RECORD_BYTES + held:  # no record is that long: let the grammar say so
                return len(self._buffer)
            self._wanted *= 2
        if self._marker is not None and self.trailer is None:
            self._take_trailer()
        return len(self._buffer)

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and not self._ended:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
            else:
                self._buffer += chunk

    def _boundary(self, limit: int) -> int:
        """Give where the last line outside quotes ends, as far as counting quotes can tell; 0 if no line ends."""
        last = end = self._buffer.rfind(b"\n", 0, limit)
        if not self._quote:
            return end + 1
        odd = self._buffer.count(self._quote, 0, end + 1) % 2
        while end >= 0 and odd:
            if last - end > _LOOK_BACK:
                return last + 1
            before = self._buffer.rfind(b"\n", 0, end)
            odd = (odd + self._buffer.count(self._quote, before + 1, end + 1)) % 2
            end = before
        return (end if end >= 0 else last) + 1

    def _take_trailer(self) -> None:
        """Keep the last line apart if it is a trailer; if not, it is a record like the others."""
        start = self._buffer.rfind(b"\n", 0, max(len(self._buffer) - 1, 0)) + 1
        line = bytes(self._buffer[start:])
        first = line.rstrip(b"\r\n").split(self._delimiter)[0]
        if first in {self._marker, self._quote + (self._marker or b"") + self._quote}:
            del self._buffer[start:]
            self.trailer = line

    def _write(self, text: bytes) -> Segment:
        self._count += 1
        path = self._folder / f"segment-{self._count}.csv"
        returns = text.count(b"\r")
        header = self._header + (b"\r\n" if returns else b"\n")
        with path.open("wb") as file:
            file.write(header)
            file.write(text)
        return Segment(
            path=path,
            header=len(header),
            size=len(text),
            newlines=text.count(b"\n"),
            returns=returns,
            pairs=text.count(b"\r\n") if returns else 0,
            quotes=text.count(self._quote) if self._quote else 0,
            doubled=bool(self._quote) and self._quote * 2 in text,
            null=b"\0" in text,
            ended=text.endswith(b"\n"),
            last=self._ended and not self._buffer,
        )

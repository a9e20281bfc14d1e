"""A stream of UTF-8 text, cut into files of a few records' ends each: as much as is judged at a time, by one thread."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from suimon.check.grammar import BYTE_ORDER_MARK, MAX_RECORD_BYTES, STAINS, Grammar
from suimon.contract.file import FileFormat

# Large enough that DuckDB's start does not count, small enough that a few of them fit memory and disk.
SEGMENT_BYTES = 32 * 1024 * 1024
SEGMENT_LINES = 600_000
# How far back a cut looks for a line's end outside quotes; further back it is left to the grammar to find the fault.
_LOOK_BACK = 4 * 1024 * 1024
# A trailer is one line; the end of the stream is where it is looked for.
_TRAILER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the file that starts where a record starts; unless it is the `last`, it ends with a line's end.

    Its file has a header line of our own in front, `header` bytes long, with the line ending that the records are
    thought to have: CRLF where there is any carriage return. Figures over its own bytes: size, newlines,
    carriage returns, both together, quote characters; whether any is a control character or part of a byte order mark.
    """

    path: Path
    header: int
    size: int
    newlines: int
    returns: int
    pairs: int
    quotes: int
    stained: bool
    ended: bool  # with a line's end
    last: bool

    def text(self) -> bytes:
        """Give its bytes."""
        with self.path.open("rb") as file:
            file.seek(self.header)
            return file.read()


def header_line(dialect: FileFormat, width: int) -> bytes:
    """Give a header of our own, without its line ending: DuckDB takes the ending of all records from it."""
    return dialect.delimiter.join("h" * width).encode()


class Cutter:
    """Cuts chunks of text into segments. Once `sizes` of an earlier round are given, exactly there."""

    def __init__(
        self, chunks: Iterable[bytes], grammar: Grammar, folder: Path, sizes: Iterable[int] | None = None
    ) -> None:
        self._chunks: Iterator[bytes] = filter(None, chunks)  # an empty chunk is not the end
        self._grammar = grammar
        self._quote = grammar.dialect.quote.encode()
        self._header = header_line(grammar.dialect, grammar.width)
        self._folder = folder
        self._sizes = None if sizes is None else iter(sizes)
        self._wanted = SEGMENT_BYTES
        self._count = 0
        self.trailer: bytes | None = None
        if grammar.dialect.trailer and sizes is None:
            self._chunks = self._before_trailer(self._chunks, grammar.dialect.trailer.marker)

    def next(self) -> Segment | None:
        """Give the next segment, None after the last; a file without records has none."""
        chunk = next(self._chunks, b"")
        if not chunk:
            return None
        exact = None if self._sizes is None else next(self._sizes)
        self._count += 1
        path = self._folder / f"segment-{self._count}.csv"
        figures = _Figures(self._quote)
        with path.open("wb") as file:
            file.write(self._header + b"h\n")
            while chunk:
                end = self._end(chunk, figures, exact)
                part = chunk if end >= len(chunk) else chunk[:end]
                file.write(part)
                figures.add(part)
                if end < len(chunk):
                    self._chunks = chain([chunk[end:]], self._chunks)
                    break
                # A line longer than any record may be is not waited for: the grammar says so.
                if figures.size >= (exact or self._wanted + MAX_RECORD_BYTES):
                    break
                chunk = next(self._chunks, b"")
            # DuckDB takes the line ending of all records from the header's, and this one is as long either way.
            file.seek(0)
            file.write(self._header + (b"\r\n" if figures.returns else b"h\n"))
        self._wanted = SEGMENT_BYTES
        return figures.segment(path, len(self._header) + 2, last=not chunk)

    def push_back(self, unread: bytes, texts: Iterable[bytes], *, longer: bool) -> None:
        """Take text back that has not been settled, and what came after it. All of it is cut anew.

        `longer`: a segment as long as before would not hold one record.
        """
        self._wanted = 2 * len(unread) if longer else SEGMENT_BYTES
        self._chunks = chain([unread, *texts], self._chunks)

    def _end(self, chunk: bytes, figures: "_Figures", exact: int | None) -> int:
        """Give where in a chunk the segment ends; the chunk's length if it goes on."""
        if exact is not None:
            return min(len(chunk), exact - figures.size)
        # Keys take memory by the record, so many short ones end a segment, too.
        window = max(self._wanted - figures.size, 1) if figures.newlines < SEGMENT_LINES else 1
        if window > len(chunk):
            return len(chunk)
        while not (end := _boundary(chunk, window, self._quote, figures.quotes)) and window < len(chunk):
            window = min(2 * window, len(chunk))
        return end or len(chunk)

    def _before_trailer(self, chunks: Iterator[bytes], marker: str) -> Iterator[bytes]:
        """Keep the last line apart if it is a trailer; if not, it is a record like the others."""
        held = b""
        for chunk in chunks:
            held += chunk
            if len(held) > _TRAILER_BYTES:
                yield held[:-_TRAILER_BYTES]
                held = held[-_TRAILER_BYTES:]
        start = held.rfind(b"\n", 0, max(len(held) - 1, 0)) + 1
        cells = self._grammar.values(held[start:])
        if cells and cells[0] == marker:
            self.trailer = held[start:]
            held = held[:start]
        if held:
            yield held


def _boundary(chunk: bytes, limit: int, quote: bytes, before: int) -> int:
    """Give where the last line outside quotes ends, as far as counting quotes can tell; 0 if no line ends.

    Before the chunk there were quotes, too.
    """
    last = end = chunk.rfind(b"\n", 0, limit)
    if not quote:
        return end + 1
    odd = (before + chunk.count(quote, 0, end + 1)) % 2
    while end >= 0 and odd and last - end < _LOOK_BACK:
        earlier = chunk.rfind(b"\n", 0, end)
        odd = (odd + chunk.count(quote, earlier + 1, end + 1)) % 2
        end = earlier
    return (end if end >= 0 and not odd else last) + 1


@dataclass(slots=True)
class _Figures:
    """Counts over text that comes in chunks."""

    quote: bytes
    size: int = 0
    newlines: int = 0
    returns: int = 0
    pairs: int = 0
    quotes: int = 0
    stained: bool = False
    _tail: bytes = b""

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.newlines += chunk.count(b"\n")
        self.quotes += chunk.count(self.quote) if self.quote else 0
        joint = self._tail + chunk[:2]  # the bytes of a mark may stand in two chunks
        self.stained = self.stained or any(stain in chunk for stain in STAINS) or BYTE_ORDER_MARK in joint
        if b"\r" in chunk:
            self.returns += chunk.count(b"\r")
            self.pairs += chunk.count(b"\r\n")
        self.pairs += self._tail.endswith(b"\r") and chunk.startswith(b"\n")
        self._tail = (self._tail + chunk[-2:])[-2:]

    def segment(self, path: Path, header: int, *, last: bool) -> Segment:
        return Segment(
            path=path,
            header=header,
            size=self.size,
            newlines=self.newlines,
            returns=self.returns,
            pairs=self.pairs,
            quotes=self.quotes,
            stained=self.stained,
            ended=self._tail.endswith(b"\n"),
            last=last,
        )

"""A stream of text, cut at the ends of records: as much as is judged at a time, by one thread."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from suimon.check.grammar import MAX_RECORD_BYTES, Grammar
from suimon.contract.file import FileFormat
from suimon.values import dataclass

# Large enough that DuckDB's start does not count, small enough that a few of them fit memory and disk.
SEGMENT_BYTES = 8 * 1024 * 1024
SEGMENT_LINES = 600_000
# How far back a cut looks for a line's end outside quotes; further back it is left to the grammar to find the fault.
_LOOK_BACK = 2 * 1024 * 1024
# A trailer is one line; the end of the stream is where it is looked for.
_TRAILER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the file that starts where a record starts; unless it is the `last`, it ends with a line's end.

    It is the first `size` bytes of `data`, in the file's own encoding if there is a way to `decode` it. DuckDB reads it
    at `path`, once it is written there.
    """

    data: bytes
    size: int
    path: Path
    last: bool
    decode: Callable[[bytes], bytes] | None = None

    def text(self) -> bytes:
        """Return it as UTF-8."""
        return self.decoded(self.data[: self.size])

    def decoded(self, part: bytes) -> bytes:
        """Return a part of it as UTF-8; the part starts and ends with a record."""
        return self.decode(part) if self.decode else part

    @property
    def ended(self) -> bool:
        """Whether it ends with a line's end."""
        return self.data[self.size - 1 : self.size] == b"\n"

    def size_of(self, text: bytes, end: int) -> int:
        """Return how many of its bytes are the first `end` of its text, which end with a line."""
        if self.decode is None or end in {0, len(text)}:
            return end if self.decode is None or not end else self.size
        place = 0
        for _ in range(text.count(b"\n", 0, end)):
            place = self.data.index(b"\n", place) + 1
        return place


def header_line(dialect: FileFormat, width: int) -> bytes:
    """Return a header of our own, without its line ending: DuckDB takes the ending of all records from it."""
    return dialect.delimiter.join("h" * width).encode()


class Cutter:
    """Cuts chunks of text into segments. Once `sizes` of an earlier round are given, exactly there.

    `find_cut` returns where the last line outside quotes ends in the first bytes of a text, 0 if none does.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        grammar: Grammar,
        folder: Path,
        sizes: Iterable[int] | None = None,
        *,
        decode: Callable[[bytes], bytes] | None = None,
        find_cut: Callable[[bytes, int], int] | None = None,
    ) -> None:
        self._chunks: Iterator[bytes] = filter(None, chunks)  # an empty chunk is not the end
        self._ahead = deque[bytes]()  # comes before them; a chain of iterators would keep all that it has given
        self._grammar, self._decode, self._find_cut = grammar, decode, find_cut
        self._quote = grammar.dialect.quote.encode()
        self._folder = folder
        self._sizes = None if sizes is None else iter(sizes)
        self._usual = self._wanted = SEGMENT_BYTES
        self._least = 0  # a segment that is no longer would not hold one record
        self._count = 0
        self.trailer: bytes | None = None
        if grammar.dialect.trailer and sizes is None:
            self._chunks = self._before_trailer(self._chunks, grammar.dialect.trailer.marker)

    def next(self) -> Segment | None:
        """Return the next segment, None after the last; a file without records has none."""
        chunk = self._chunk()
        if not chunk:
            return None
        exact = None if self._sizes is None else next(self._sizes, 0)
        wanted, longest = exact or self._wanted, exact or self._wanted + MAX_RECORD_BYTES
        data, end = chunk, 0
        while not end:
            data, ended = self._gathered(data, wanted)
            if ended and len(data) <= wanted:
                end, last = len(data), True
            else:
                end, last = self._end(data, wanted) if exact is None else wanted, False
                end = end if end > self._least else 0
                # A line longer than any record may be is not waited for: the grammar reports it.
                if not end and wanted >= longest:
                    end = wanted
                wanted = min(2 * wanted, longest)
        if end < len(data):
            self._ahead.appendleft(data[end:])
        self._count += 1
        # Where lines are so short that a segment has few bytes, so will the next one.
        self._wanted, self._least = (2 * end if not last and 4 * end < self._usual else self._usual), 0
        return Segment(data, end, self._folder / f"segment-{self._count}.csv", last, self._decode)

    def _chunk(self) -> bytes:
        return self._ahead.popleft() if self._ahead else next(self._chunks, b"")

    def _gathered(self, data: bytes, wanted: int) -> tuple[bytes, bool]:
        """Return one byte more than is wanted, or all there is; and whether it is all."""
        parts, size = [data], len(data)
        while size <= wanted:
            chunk = self._chunk()
            if not chunk:
                return b"".join(parts), True
            parts.append(chunk)
            size += len(chunk)
        return b"".join(parts) if len(parts) > 1 else data, False

    def push_back(self, unread: bytes, texts: Iterable[bytes], *, longer: bool) -> None:
        """Take text back that has not been settled, and what came after it. All of it is cut again.

        `longer`: a segment as long as before would not hold one record.
        """
        self._wanted, self._least = (2 * len(unread), len(unread)) if longer else (self._usual, 0)
        self._ahead.extendleft(reversed([unread, *texts]))

    def _end(self, data: bytes, wanted: int) -> int:
        """Return where the segment ends that is to have so many bytes; 0 if no line ends there."""
        if self._find_cut:
            cut = self._find_cut(data, wanted)
            # After a quote too many every line seems to stand within quotes.
            return cut if wanted - cut < _LOOK_BACK else data.rfind(b"\n", 0, wanted) + 1
        cut = _boundary(data, wanted, self._quote)
        while cut and data.count(b"\n", 0, cut) > SEGMENT_LINES:
            # Keys take memory by the record, so many short ones end a segment, too.
            cut = _boundary(data, cut // 2, self._quote)
        return cut

    def _before_trailer(self, chunks: Iterator[bytes], marker: str) -> Iterator[bytes]:
        """Keep the last line apart if it is a trailer; if not, it is a record like the others."""
        held = b""
        for chunk in chunks:
            held += chunk
            if len(held) > _TRAILER_BYTES:
                yield held[:-_TRAILER_BYTES]
                held = held[-_TRAILER_BYTES:]
        start = held.rfind(b"\n", 0, max(len(held) - 1, 0)) + 1
        line = held[start:]
        cells = self._grammar.values(self._decode(line) if self._decode else line)
        if cells and cells[0] == marker:
            self.trailer = self._decode(line) if self._decode else line
            held = held[:start]
        if held:
            yield held


def _boundary(text: bytes, limit: int, quote: bytes) -> int:
    """Return where the last line outside quotes ends, as far as counting quotes can tell; 0 if no line ends."""
    last = end = text.rfind(b"\n", 0, limit)
    if not quote:
        return end + 1
    odd = text.count(quote, 0, end + 1) % 2
    while end >= 0 and odd and last - end < _LOOK_BACK:
        earlier = text.rfind(b"\n", 0, end)
        odd = (odd + text.count(quote, earlier + 1, end + 1)) % 2
        end = earlier
    return (end if end >= 0 and not odd else last) + 1

"""A piece of a file sifted by the kernel: how many records it answers for, their figures, and which are in doubt."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from suimon.check.kernel import library
from suimon.check.kernel.plan import Plan
from suimon.values import dataclass

RECORD_ROOM = 256 * 1024  # records that one call takes; what follows takes another
_DOUBT_ROOM = 64 * 1024
_SCRATCH_BYTES = 64 * 1024
PARTS = 256  # of hashes, by their first byte
# Past these shares the whole piece is better read again than its records one by one.
_BYTES_PER_DOUBT = 256
_LEAST_DOUBTS = 16


class Doubt(NamedTuple):
    """A record in doubt, as kernel.h has it."""

    start: int
    end: int
    record: int
    line: int
    kind: int


class Hashes(NamedTuple):
    """The hashes of one key, parted by their first byte; `counts` are those of the parts."""

    parted: bytes
    counts: list[int]


@dataclass(slots=True)
class Sifted:
    """What was found in a piece. Records in doubt are among `records`, and in no other figure."""

    records: int = 0
    lines: int = 0
    broken: int = 0  # records of no sound form
    stop: int = library.DONE
    doubts: list[Doubt] = field(default_factory=list)
    hashes: list[list[Hashes]] = field(default_factory=list)  # for each key
    sums: list[int] = field(default_factory=list)
    metrics: list[int] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Whether every record was read to its end, doubtful or not."""
        return self.stop == library.DONE

    @property
    def doubted_bytes(self) -> int:
        """How many bytes the records have whose form is sound, and a cell in doubt."""
        return sum(doubt.end - doubt.start for doubt in self.doubts if doubt.kind == library.CELLS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hashes of a key to look for, as the kernel's table of them."""

    key: int
    table: Any
    size: int


class Sieve:
    """The kernel with a plan. Threads may sift at the same time."""

    def __init__(self, kernel: ctypes.CDLL, plan: Plan) -> None:
        self.plan, self.kernel = plan, kernel
        self._rooms = SimpleQueue[_Room]()

    def sift(
        self, text: bytes, size: int, *, last: bool, wanted: Wanted | None = None, every_doubt: bool = False
    ) -> Sifted:
        """Go through the first `size` bytes of a text. Only for `every_doubt` list more than are worth a look."""
        return self.sift_at(_address(text), size, last=last, wanted=wanted, every_doubt=every_doubt)

    def sift_at(
        self, address: int, size: int, *, last: bool, wanted: Wanted | None = None, every_doubt: bool = False
    ) -> Sifted:
        """Do as `sift` with bytes that lie at an address."""
        found = Sifted(hashes=[[] for _ in range(self.plan.keys)], metrics=[0] * len(self.plan.metrics))
        found.sums = [0] * self.plan.sums
        with self._room() as room:
            start, too_many = 0, False
            while start < size:
                most = 0 if too_many else size // _BYTES_PER_DOUBT + _LEAST_DOUBTS - len(found.doubts)
                piece = room.piece(_DOUBT_ROOM if every_doubt else max(0, min(most, _DOUBT_ROOM)), last=last)
                piece.every_doubt = every_doubt
                if wanted:
                    piece.wanted, piece.wanted_size, piece.wanted_key = wanted.table, wanted.size, wanted.key
                stop = self.kernel.suimon_scan(self.plan.structure, address + start, size - start, piece)
                too_many |= piece.stop == library.TOO_MANY and not every_doubt
                if not too_many:  # else nobody looks at them one by one
                    self._take_doubts(found, room, start)
                self._take(found, room, hashes=wanted is None)
                start += piece.end
                if stop not in {library.FULL, library.TOO_MANY}:
                    found.stop = stop
                    break
            if too_many and found.stop == library.DONE:
                found.stop = library.TOO_MANY
        return found

    def _take_doubts(self, found: Sifted, room: "_Room", start: int) -> None:
        piece = room.given
        doubts = (
            memoryview(room.doubts).cast("B")[: piece.doubt_count * ctypes.sizeof(library.Doubt)].cast("q").tolist()
        )
        for at in range(0, len(doubts), 5):
            begin, end, record, line, kind = doubts[at : at + 5]
            found.doubts.append(Doubt(begin + start, end + start, record + found.records, line + found.lines, kind))

    def _take(self, found: Sifted, room: "_Room", *, hashes: bool) -> None:
        piece = room.given
        found.records += piece.records
        found.broken += piece.broken
        found.lines += piece.lines
        for key, kept in enumerate(found.hashes if hashes else ()):
            if count := room.hash_counts[key]:
                kept.append(self.parted(room.hashes[key], count))
        for place, half in enumerate(room.sums[: self.plan.sums]):
            found.sums[place] += (half.high << 64) + half.low
        for place in range(len(found.metrics)):
            found.metrics[place] += room.metrics[place]

    def parted(self, hashes: Any, count: int) -> Hashes:
        """Return hashes parted by their first byte."""
        parted, counts = (ctypes.c_uint64 * count)(), (ctypes.c_int64 * PARTS)()
        self.kernel.suimon_scatter(hashes, count, parted, counts)
        return Hashes(bytes(parted), list(counts))

    def cut(self, text: bytes, size: int) -> int:
        """Return where the last line ends that stands outside quotes; 0 if none does."""
        return int(self.kernel.suimon_cut(_address(text), size, self.plan.structure.quote))

    @contextmanager
    def _room(self) -> Iterator["_Room"]:
        try:
            room = self._rooms.get_nowait()
        except Empty:
            room = _Room(self.plan)
        try:
            yield room
        finally:
            self._rooms.put(room)


def _address(text: bytes) -> int:
    """Return where bytes lie in memory, for as long as whoever asks keeps them."""
    return ctypes.cast(ctypes.c_char_p(text), ctypes.c_void_p).value or 0


class _Room:
    """Memory for what one call finds."""

    def __init__(self, plan: Plan) -> None:
        self.doubts = (library.Doubt * _DOUBT_ROOM)()
        self.hashes = [(ctypes.c_uint64 * RECORD_ROOM)() for _ in range(plan.keys)]
        pointer = ctypes.POINTER(ctypes.c_uint64)
        self.pointers = (pointer * max(1, plan.keys))(*(ctypes.cast(one, pointer) for one in self.hashes))
        self.hash_counts = (ctypes.c_int64 * max(1, plan.keys))()
        self.sums = (library.Wide * max(1, plan.sums))()
        self.metrics = (ctypes.c_int64 * max(1, len(plan.metrics)))()
        self.scratch = (ctypes.c_uint8 * _SCRATCH_BYTES)()
        self.given = library.Piece()

    def piece(self, doubt_room: int, *, last: bool) -> library.Piece:
        """Return room for one more call."""
        for used in (self.hash_counts, self.sums, self.metrics):
            ctypes.memset(used, 0, ctypes.sizeof(used))
        self.given = library.Piece(
            doubts=self.doubts,
            doubt_room=doubt_room,
            hashes=self.pointers,
            record_room=RECORD_ROOM,
            sums=self.sums,
            metrics=self.metrics,
            scratch=self.scratch,
            scratch_size=_SCRATCH_BYTES,
            last=last,
            hash_counts=self.hash_counts,
        )
        return self.given

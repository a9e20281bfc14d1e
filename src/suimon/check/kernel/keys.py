"""The keys of a whole file, as hashes: which of them stand twice, in bounded memory, whatever the file."""

import ctypes
from array import array
from collections.abc import Collection, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

from suimon.check.kernel.sift import PARTS, Hashes, Wanted

_HASH_BYTES = 8
# Beyond this the hashes in memory go to disk, parted: a part is later looked through by itself.
MEMORY_BYTES = 48 * 1024 * 1024
# More keys than these are not looked for one by one: then every record of the file is a candidate.
MOST_REPEATED = 1_000_000
_CHUNK_BYTES = 1024 * 1024


class Keys:
    """The hashes of one key, by their first byte. What stands twice may be the same key; what stands once is unique."""

    def __init__(self, kernel: ctypes.CDLL, folder: Path, key: int) -> None:
        self._kernel, self._folder, self._key = kernel, folder, key
        # As they come, in large pieces: cut into small ones, part by part, they would leave holes in the heap.
        self._kept: list[tuple[memoryview, list[int]]] = []  # with where each part of them starts, and the end
        self._bytes = 0
        self._spilled = False

    def add(self, hashes: Hashes) -> None:
        """Keep hashes."""
        starts = list(accumulate((_HASH_BYTES * count for count in hashes.counts), initial=0))
        self._kept.append((memoryview(hashes.parted), starts))
        self._bytes += len(hashes.parted)
        if self._bytes > MEMORY_BYTES:
            self._spill()

    def repeated(self) -> Collection[int] | None:
        """Return the hashes that stand more than once, each once; None if they are too many to be looked for."""
        found = array("Q")
        for part in range(PARTS):
            own = set[int]()
            for repeats in self._repeats(self._chunks(part)):
                own.update(repeats)
            found.extend(own)
            if len(found) > MOST_REPEATED:
                break
        self._kept.clear()
        return found if len(found) <= MOST_REPEATED else None

    def _repeats(self, chunks: Iterable[bytes]) -> Iterator[Any]:
        """Yield what comes again in a part; its table holds each hash once, so that repetitions take no memory."""
        size, held = 0, 0
        table: Any = None
        for chunk in chunks:
            count = len(chunk) // _HASH_BYTES
            if 2 * (held + count) > size:
                wanted = 1 << (2 * (held + count)).bit_length()
                grown = (ctypes.c_uint64 * wanted)()
                if table is not None:
                    self._kernel.suimon_repeats(table, size, grown, wanted, (ctypes.c_uint64 * 1)())
                table, size = grown, wanted
            again = (ctypes.c_uint64 * count)()
            repeats = self._kernel.suimon_repeats(chunk, count, table, size, again)
            held += count - repeats
            if repeats:
                yield again[:repeats]

    def _chunks(self, part: int) -> Iterator[bytes]:
        if self._spilled:
            path = self._path(part)
            with path.open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    yield chunk
            path.unlink()
        if kept := b"".join(self._part(part)):
            yield kept

    def _part(self, part: int) -> Iterator[memoryview]:
        return (hashes[starts[part] : starts[part + 1]] for hashes, starts in self._kept)

    def _path(self, part: int) -> Path:
        return self._folder / f"keys-{self._key}-{part}"

    def _spill(self) -> None:
        for part in range(PARTS):
            with self._path(part).open("ab") as stream:
                stream.writelines(self._part(part))
        self._kept.clear()
        self._bytes, self._spilled = 0, True


def wanted_of(kernel: ctypes.CDLL, key: int, hashes: Collection[int]) -> Wanted:
    """Return a table of hashes as the kernel looks them up."""
    size = 1 << max(4, (2 * len(hashes)).bit_length())
    table, given = (ctypes.c_uint64 * size)(), (ctypes.c_uint64 * max(1, len(hashes)))(*hashes)
    kernel.suimon_repeats(given, len(hashes), table, size, (ctypes.c_uint64 * max(1, len(hashes)))())
    return Wanted(key, table, size)

"""Bytes between pages that nobody may read: the kernel crashes if it looks beyond them."""

import ctypes
import mmap
from ctypes.util import find_library

from suimon.check.kernel.sift import Sieve, Sifted, Wanted

PAGE = mmap.PAGESIZE
_NOTHING, _READ_AND_WRITE = 0, 3
_LIBC = ctypes.CDLL(find_library("c"), use_errno=True)


class Guarded:
    """Room for so many bytes; the pages before and after may not be touched."""

    def __init__(self, size: int) -> None:
        self._size = -(-size // PAGE) * PAGE or PAGE
        self._map = mmap.mmap(-1, self._size + 2 * PAGE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self._start = start + PAGE
        for guard in (start, self._start + self._size):
            if _LIBC.mprotect(ctypes.c_void_p(guard), ctypes.c_size_t(PAGE), _NOTHING):
                raise OSError(ctypes.get_errno(), "mprotect")

    def at_the_end(self, text: bytes) -> int:
        """Put bytes just before the page after; return their address."""
        return self._put(text, self._start + self._size - len(text))

    def at_the_start(self, text: bytes) -> int:
        """Put bytes just behind the page before."""
        return self._put(text, self._start)

    def _put(self, text: bytes, address: int) -> int:
        assert len(text) <= self._size
        ctypes.memmove(address, text, len(text))
        return address


_ROOMS = dict[int, Guarded]()


def sifted(sieve: Sieve, text: bytes, *, last: bool = True, wanted: Wanted | None = None) -> Sifted:
    """Sift a text that ends where memory ends, and one that begins where it begins: both are found alike."""
    room = _room(text)
    ends = sieve.sift_at(room.at_the_end(text), len(text), last=last, wanted=wanted, every_doubt=True)
    begins = sieve.sift_at(room.at_the_start(text), len(text), last=last, wanted=wanted, every_doubt=True)
    assert ends == begins
    return ends


def sifted_at_the_end(sieve: Sieve, text: bytes, *, last: bool = True) -> Sifted:
    """Sift a text that ends where memory ends."""
    return sieve.sift_at(_room(text).at_the_end(text), len(text), last=last, every_doubt=True)


def _room(text: bytes) -> Guarded:
    pages = -(-len(text) // PAGE) or 1
    if pages not in _ROOMS:
        _ROOMS[pages] = Guarded(pages * PAGE)
    return _ROOMS[pages]

"""A file is cut into segments without keeping what was cut off: memory does not grow with the file."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from suimon.check import segments
from suimon.check.grammar import Grammar
from suimon.check.segments import SEGMENT_BYTES, Cutter
from suimon.contract.file import FileFormat


def chunks(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield b"%07d,x\n" % number * (SEGMENT_BYTES // 18)  # two of them are less than a segment


def peak(count: int) -> int:
    """Return the most bytes that are held while so many chunks are cut."""
    cutter = Cutter(chunks(count), Grammar(FileFormat(), 2), Path())
    tracemalloc.start()
    try:
        while cutter.next():
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_what_was_cut_off_is_not_kept() -> None:
    assert peak(40) < peak(8) + segments.SEGMENT_BYTES // 2

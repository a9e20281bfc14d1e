"""A local file as a source of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.check.source import CHUNK_BYTES, LocalFile

if TYPE_CHECKING:
    from pathlib import Path


def test_a_range_is_exactly_those_bytes_and_fewer_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"0123456789")
    source = LocalFile(path)
    assert (source.name, source.size) == (str(path), 10)
    assert [source.read(2, 3), source.read(8, 5), source.read(10, 1)] == [b"234", b"89", b""]


def test_the_chunks_are_all_bytes_in_order_as_often_as_one_asks(tmp_path: Path) -> None:
    content = bytes(range(256)) * (2 * CHUNK_BYTES // 256) + b"the end"
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    source = LocalFile(path)
    for _ in range(2):
        assert b"".join(source.chunks()) == content
    assert max(map(len, source.chunks())) == CHUNK_BYTES

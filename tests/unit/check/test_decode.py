"""From the bytes of an object to UTF-8: every compression and encoding, cut anywhere, damaged or made to harm."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zipfile
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from suimon.check import decode
from suimon.check.decode import DecodeError, utf8_chunks
from suimon.check.verdict import Code
from suimon.contract.file import COMPRESSIONS, Compression, Encoding, FileFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = "".join(f"{number},2026-11-20,緑茶500ml,ﾊﾝｶｸ,表示\r\n" for number in range(50_000))


@dataclass(frozen=True)
class Cut:
    """Bytes that come in chunks ending at given places."""

    content: bytes
    places: tuple[int, ...] = ()
    name: str = "cut.csv"

    @property
    def size(self) -> int:
        return len(self.content)

    def read(self, start: int, length: int) -> bytes:
        return self.content[start : start + length]

    def chunks(self) -> Iterator[bytes]:
        for start, end in pairwise((0, *sorted(self.places), self.size)):
            yield self.content[start:end]


def read(source: Cut, dialect: FileFormat) -> tuple[bytes, Code | None]:
    """Return what is sound, and the fault that ends it."""
    chunks: list[bytes] = []
    try:
        chunks.extend(utf8_chunks(source, dialect))
    except DecodeError as error:
        return b"".join(chunks), error.code
    return b"".join(chunks), None


def fault(content: bytes, dialect: FileFormat) -> tuple[Code, dict[str, str | int]]:
    with pytest.raises(DecodeError) as raised:
        list(utf8_chunks(Cut(content), dialect))
    return raised.value.code, dict(raised.value.details)


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


PACK: dict[Compression, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": gzip.compress,
    "zstd": zstd.compress,
    "zip": lambda content: zipped(("rows.csv", content)),
}


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_what_was_compressed_comes_out_again(compression: Compression) -> None:
    packed = PACK[compression](ROWS.encode())
    assert read(Cut(packed), FileFormat(compression=compression)) == (ROWS.encode(), None)


def test_a_chunk_is_never_large() -> None:
    dense = gzip.compress(bytes(50_000_000))
    chunks = utf8_chunks(Cut(dense), FileFormat(compression="gzip", max_ratio=2000))
    assert max(map(len, chunks)) <= 4 * 1024 * 1024


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
@given(contents=st.lists(st.binary(max_size=50), min_size=1, max_size=4), cuts=st.lists(st.integers(0, 300)))
def test_members_one_after_the_other_are_one_file_wherever_the_chunks_end(
    pack: Callable[[bytes], bytes], contents: list[bytes], cuts: list[int]
) -> None:
    packed = b"".join(map(pack, contents))
    source = Cut(packed, tuple(cut % len(packed) for cut in cuts))
    compression: Compression = "gzip" if pack is gzip.compress else "zstd"
    assert read(source, FileFormat(compression=compression)) == (b"".join(contents), None)


@pytest.mark.parametrize("compression", ["gzip", "zstd", "zip"])
def test_a_file_that_is_cut_is_truncated_and_its_sound_part_is_read(compression: Compression) -> None:
    packed = PACK[compression](os.urandom(3_000_000))
    sound, code = read(Cut(packed[: len(packed) * 2 // 3]), FileFormat(compression=compression))
    assert code is Code.TRUNCATED_FILE
    # The directory of a zip stands at its end: without it nothing is certain.
    assert bool(sound) == (compression != "zip")


@pytest.mark.parametrize("compression", ["gzip", "zstd", "zip"])
def test_another_kind_of_file_is_a_compression_error(compression: Compression) -> None:
    for content in (b"id,name\n1,a\n", PACK["gzip" if compression != "gzip" else "zstd"](b"id,name\n1,a\n")):
        assert fault(content, FileFormat(compression=compression)) == (
            Code.COMPRESSION_ERROR,
            {"compression": compression},
        )


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_garbage_after_the_end_is_a_compression_error(compression: Compression) -> None:
    packed = PACK[compression](ROWS.encode())
    for garbage in (b"garbage", bytes(512)):
        dialect = FileFormat(compression=compression)
        assert read(Cut(packed + garbage), dialect) == (ROWS.encode(), Code.COMPRESSION_ERROR)


def test_a_checksum_that_is_wrong_is_a_compression_error() -> None:
    packed = bytearray(gzip.compress(b"id\n1\n"))
    packed[-5] ^= 1  # the last byte of the CRC
    assert fault(bytes(packed), FileFormat(compression="gzip"))[0] is Code.COMPRESSION_ERROR
    packed = bytearray(zipped(("rows.csv", b"id\n1\n"), method=zipfile.ZIP_STORED))
    packed[packed.index(b"id\n1\n")] ^= 1
    assert fault(bytes(packed), FileFormat(compression="zip"))[0] is Code.COMPRESSION_ERROR


@pytest.mark.parametrize(
    ("members", "found"),
    [((), 0), ((("folder/", b""),), 0), ((("a.csv", b"a"), ("b.csv", b"b")), 2)],
)
def test_a_zip_of_anything_but_one_file_is_refused_with_their_number(
    members: tuple[tuple[str, bytes], ...], found: int
) -> None:
    assert fault(zipped(*members), FileFormat(compression="zip")) == (
        Code.COMPRESSION_ERROR,
        {"compression": "zip", "members": found},
    )


def test_a_zip_may_hold_the_folder_of_its_one_file_beside_it() -> None:
    """As Explorer and `zip -r` write it."""
    packed = zipped(("folder/", b""), ("folder/rows.csv", ROWS.encode()))
    assert read(Cut(packed), FileFormat(compression="zip")) == (ROWS.encode(), None)


@pytest.mark.parametrize("member", [b"\x50\x2a\x4d\x18\0\0\0\0", zstd.compress(b""), zstd.compress(b"a")])
@pytest.mark.parametrize("most", [2_000, pytest.param(decode._SMALL_MEMBERS, marks=pytest.mark.large)])
def test_very_many_tiny_frames_are_more_than_is_read(member: bytes, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "_SMALL_MEMBERS", most)
    dialect = FileFormat(compression="zstd", max_ratio=10**6)
    assert fault(member * (most + 1_000), dialect) == (
        Code.DECOMPRESSION_LIMIT,
        {"limit": "members", "allowed": most},
    )
    assert read(Cut(member * 1_000 + zstd.compress(ROWS.encode())), dialect)[0].endswith(ROWS.encode())


def test_a_zip_that_is_encrypted_or_of_a_rare_method_is_refused() -> None:
    encrypted = bytearray(zipped(("rows.csv", b"id\n1\n")))
    encrypted[6] |= 1
    encrypted[encrypted.index(b"PK\1\2") + 8] |= 1
    for packed in (bytes(encrypted), zipped(("rows.csv", b"id\n1\n"), method=zipfile.ZIP_LZMA)):
        assert fault(packed, FileFormat(compression="zip"))[0] is Code.COMPRESSION_ERROR


def test_a_zip_whose_directory_is_a_file_of_its_own_is_not_read_into_memory() -> None:
    packed = zipped(("rows.csv", b"id\n1\n"))
    tail = packed[-22:]
    huge = 9 * 1024 * 1024
    bloated = packed[:-22] + bytes(huge) + tail[:12] + (46 + 8 + huge).to_bytes(4, "little") + tail[16:]
    assert fault(bloated, FileFormat(compression="zip"))[0] is Code.COMPRESSION_ERROR


@given(st.data())
def test_a_damaged_archive_is_read_or_refused_and_never_breaks_the_reader(data: st.DataObject) -> None:
    compression: Compression = data.draw(st.sampled_from(("gzip", "zstd", "zip")))
    packed = bytearray(PACK[compression](b"id,name\n1,a\n" * 20))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    _, code = read(Cut(bytes(packed)), FileFormat(compression=compression))
    assert code in {None, Code.COMPRESSION_ERROR, Code.TRUNCATED_FILE}


@pytest.mark.parametrize("compression", ["gzip", "zstd", "zip"])
def test_a_bomb_stops_at_the_limit_and_never_fills_the_memory(compression: Compression) -> None:
    bomb = PACK[compression](bytes(300_000_000))
    tracemalloc.start()
    given, code = 0, None
    try:
        for chunk in utf8_chunks(Cut(bomb), FileFormat(compression=compression)):
            given += len(chunk)
    except DecodeError as error:
        code = error.code
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code is Code.DECOMPRESSION_LIMIT
    assert given <= max(1024 * 1024, 100 * len(bomb))
    assert peak < 32 * 1024 * 1024


def test_each_limit_is_named_with_what_is_allowed() -> None:
    packed = gzip.compress(bytes(10_000_000))
    assert fault(packed, FileFormat(compression="gzip", max_ratio=50)) == (
        Code.DECOMPRESSION_LIMIT,
        {"limit": "ratio", "allowed": 50},
    )
    assert fault(packed, FileFormat(compression="gzip", max_ratio=2000, max_bytes=5_000_000)) == (
        Code.DECOMPRESSION_LIMIT,
        {"limit": "bytes", "allowed": 5_000_000},
    )


def test_a_small_file_may_be_as_dense_as_it_likes() -> None:
    rows = b"0,0,0\n" * 100_000
    packed = gzip.compress(rows)
    assert len(rows) > 100 * len(packed)
    assert read(Cut(packed), FileFormat(compression="gzip")) == (rows, None)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932"])
def test_an_object_without_a_byte_is_an_empty_file_whatever_it_should_be(
    compression: Compression, encoding: Encoding
) -> None:
    assert read(Cut(b""), FileFormat(compression=compression, encoding=encoding)) == (b"", None)


def test_utf8_passes_untouched_mark_and_stray_bytes_and_all() -> None:
    content = b"\xef\xbb\xbfid\n\xff\xc3\n"
    assert read(Cut(content), FileFormat()) == (content, None)


@pytest.mark.parametrize("places", [(), (1,), (2,), (1, 2, 3), (3,)])
def test_the_mark_of_utf_8_sig_is_removed_once_and_only_at_the_beginning(places: tuple[int, ...]) -> None:
    dialect = FileFormat(encoding="utf-8-sig")
    mark = "\ufeff".encode()
    assert read(Cut(mark + mark + b"id\n" + mark, places), dialect) == (mark + b"id\n" + mark, None)
    assert read(Cut(b"id\n", places), dialect) == (b"id\n", None)
    assert read(Cut(mark[:2]), dialect) == (mark[:2], None)


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_needs_its_mark_and_loses_it(order: str) -> None:
    dialect = FileFormat(encoding="utf-16")
    content = "表,𩸽\r\n".encode(order)
    assert read(Cut("\ufeff".encode(order) + content), dialect) == ("表,𩸽\r\n".encode(), None)
    assert read(Cut(content), dialect) == (b"", Code.MISSING_BYTE_ORDER_MARK)
    assert read(Cut(b"\xff"), dialect) == (b"", Code.MISSING_BYTE_ORDER_MARK)


def strays(*values: int) -> bytes:
    return "".join(chr(0xDC00 + value) for value in values).encode("utf-8", "surrogatepass")


def test_a_stray_byte_stays_in_its_place_and_takes_nothing_with_it() -> None:
    # 0x8F begins a character of three bytes in EUC-JP, the other one of two; 0x81 is one that begins and does not end.
    for encoding, stray in (("euc-jp", 0x8F), ("euc-jp", 0xFF), ("cp932", 0x81), ("shift_jis", 0xFD)):
        for text in ("a,?\n", "?,a\n", "?\n", "?"):
            content = text.encode().replace(b"?", bytes([stray]))
            assert read(Cut(content), FileFormat(encoding=encoding)) == (  # type: ignore[arg-type] # of the list above
                text.encode().replace(b"?", strays(stray)),
                None,
            )


def test_bytes_that_cp932_leaves_open_are_stray_though_python_reads_them() -> None:
    content = b"\x80,\xa0,\xfd\xfe\xff,\xb1,\xf0\x40\n"  # the last two: half-width katakana, a character of the user's
    expected = strays(0x80) + b"," + strays(0xA0) + b"," + strays(0xFD, 0xFE, 0xFF) + ",ｱ,\ue000\n".encode()
    assert read(Cut(content), FileFormat(encoding="cp932")) == (expected, None)


def test_half_a_pair_in_utf_16_is_two_stray_bytes() -> None:
    content = b"\xff\xfe" + "a".encode("utf-16-le") + b"\x3d\xd8" + ",\n".encode("utf-16-le")
    assert read(Cut(content), FileFormat(encoding="utf-16")) == (b"a" + strays(0x3D, 0xD8) + b",\n", None)
    assert read(Cut(content + b"x"), FileFormat(encoding="utf-16"))[0].endswith(b"\n" + strays(0x78))


TEXT = st.text(st.sampled_from('a,"\n\r0表ソ能ﾊあ−～①𩸽'), max_size=30)
BYTES = st.lists(
    st.one_of(TEXT.map(lambda text: text.encode("cp932", "ignore")), st.binary(max_size=3)), max_size=8
).map(b"".join)


@given(content=BYTES, cuts=st.lists(st.integers(0, 10**6), max_size=12))
@pytest.mark.parametrize("encoding", ["cp932", "shift_jis", "euc-jp", "utf-16"])
def test_where_the_chunks_end_changes_nothing(encoding: Encoding, content: bytes, cuts: list[int]) -> None:
    content = b"\xff\xfe" * (encoding == "utf-16") + content
    places = tuple(cut % (len(content) + 1) for cut in cuts)
    dialect = FileFormat(encoding=encoding)
    assert read(Cut(content, places), dialect) == read(Cut(content), dialect)


@given(content=BYTES)
@pytest.mark.parametrize("encoding", ["cp932", "shift_jis", "euc-jp"])
def test_no_byte_is_lost_and_no_line_end_swallowed(encoding: Encoding, content: bytes) -> None:
    decoded, code = read(Cut(content), FileFormat(encoding=encoding))
    assert code is None
    assert decoded.count(b"\n") == content.count(b"\n")
    text = decoded.decode("utf-8", "surrogatepass")
    back = b"".join(bytes([ord(one) - 0xDC00]) if "\udc00" <= one <= "\udcff" else one.encode(encoding) for one in text)
    # A few characters have two codes in these sets: they come back as the usual one.
    assert back == content or back.decode(encoding, "ignore") == content.decode(encoding, "ignore")


def test_large_chunks_of_each_kind_are_what_one_step_gives() -> None:
    for encoding in ("cp932", "euc-jp", "utf-16"):
        content = ROWS.encode(encoding)
        dialect = FileFormat(encoding=encoding)
        assert read(Cut(content, (100_001, 1_000_003)), dialect) == (ROWS.encode(), None)


def test_deflate_without_gzip_s_frame_is_no_gzip() -> None:
    assert fault(zlib.compress(b"id\n1\n"), FileFormat(compression="gzip"))[0] is Code.COMPRESSION_ERROR

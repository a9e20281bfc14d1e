"""What a sender may put beside its shards: manifests, markers, stamps and zips that lie."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest

from suimon.check.decode import DecodeError, utf8_chunks
from suimon.contract.file import FileFormat
from suimon.contract.keys import KeyPattern
from suimon.contract.set_rule import MOST_SHARDS
from suimon.drops.sets import SetError, names_among, names_in
from suimon.drops.stamps import is_ahead
from tests.unit.check.test_decode import Cut

DAY = "2026-11-20"
PATTERN = KeyPattern("orders/{ds}/part-{shard}.csv")
KEY = f"orders/{DAY}/manifest.json"
ROWS = b"id\n1\n"


def listing(*files: object) -> bytes:
    return json.dumps({"files": files}).encode()


STRANGERS = [
    f"../{DAY}/part-1.csv",
    f"orders/{DAY}/../2026-11-19/part-1.csv",
    "/etc/passwd",
    f"s3://other/orders/{DAY}/part-1.csv",
    f"other/{DAY}/part-1.csv",
    "orders/2026-11-19/part-1.csv",
    f"orders//{DAY}/part-1.csv",
    f"orders/{DAY}/part-1.csv/../part-2.csv",
    "part-1.csv\n",
    "part-1.csv\0",
    "part-\u202e1.csv",
    "part-1.csv?versionId=a",
    "part-1/2.csv",
    "part-.csv",
    "PART-1.csv",
    " part-1.csv",
    "part-1.csv;DROP TABLE orders",
    "\ud800",
    "",
    "*",
    "manifest.json",
    "x" * 100_000,
]


@pytest.mark.parametrize("file", STRANGERS, ids=ascii)
def test_a_manifest_names_no_file_of_another_place(file: str) -> None:
    with pytest.raises(SetError) as caught:
        names_in(listing("part-1.csv", file), KEY, DAY, PATTERN)
    said = str(caught.value)
    assert said.encode()  # nothing that cannot be stored
    assert len(said) < 2_000  # a key has a thousand
    assert not {"\n", "\0", "\u202e"} & set(said)


@pytest.mark.parametrize(
    "manifest",
    [
        b'{"files": ' + b"1" * 500_000 + b"}",
        b'{"files": 1e999}',
        b'{"files": NaN}',
        b'{"files": [true]}',
        b'{"files": [null]}',
        b'{"files": [["part-1.csv"]]}',
        b'{"files": {"part-1.csv": 1}}',
        b'{"files": ["part-1.csv"], "files": []}',
        b'{"files": ["part-1.csv"]} {"files": ["part-2.csv"]}',
        b'\xef\xbb\xbf{"FILES": ["part-1.csv"]}',
        b"\0" * 1_000,
        b'"' * 1_000_000,
        b"PK\3\4",
        json.dumps([f"part-{number}.csv" for number in range(10)]).encode(),
    ],
    ids=lambda manifest: ascii(manifest[:24]),
)
def test_a_manifest_that_is_something_else_is_told_as_a_bad_one(manifest: bytes) -> None:
    with pytest.raises(SetError, match="manifest"):
        names_in(manifest, KEY, DAY, PATTERN)


def test_a_set_has_no_more_shards_than_a_run_can_take() -> None:
    most = [f"part-{number}.csv" for number in range(MOST_SHARDS)]
    assert len(names_in(listing(*most, *most), KEY, DAY, PATTERN)) == MOST_SHARDS
    with pytest.raises(SetError, match="too many"):
        names_in(listing(*most, "part-more.csv"), KEY, DAY, PATTERN)


def test_a_marker_beside_millions_of_files_lists_no_more_than_it_needs() -> None:
    asked = count()

    def keys() -> Iterator[str]:
        for number in asked:
            yield f"orders/{DAY}/part-{number}.csv"

    with pytest.raises(SetError, match="too many"):
        names_among(keys(), DAY, PATTERN)
    assert next(asked) <= MOST_SHARDS + 2


@pytest.mark.parametrize(
    "stamp",
    [
        "99999999999999",
        "20261332000000",
        "20260230000000",
        "2026112000000",
        "２０２６１１２００００００００",
        "-0261120000000",
        "20261120250000",
        "00000000000000",
        "202611200000 0",
        "20261120T00000",
        "2026112000000\u0660",
        "1e13",
    ],
    ids=ascii,
)
def test_a_stamp_that_is_no_time_is_no_key(stamp: str) -> None:
    pattern = KeyPattern("orders/{ds}/orders_{stamp}.csv")
    assert pattern.match(f"orders/{DAY}/orders_{stamp}.csv") is None


def test_a_stamp_of_the_last_year_there_is_lies_ahead() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert is_ahead("99991231235959", now)
    assert not is_ahead("00010101000000", now)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "C:\\windows\\win.ini", "a\0b.csv", "con", "\u202evsc.a", "a\nb", "x" * 60_000,
     "-rf", "a.zip"],
    ids=lambda name: ascii(name[:12]),
)  # fmt: skip
def test_what_a_zip_calls_its_file_decides_nothing(name: str) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, ROWS)
    assert b"".join(utf8_chunks(Cut(made.getvalue()), FileFormat(compression="zip"))) == ROWS


def _lying(at: int, width: int, value: int) -> bytes:
    """A zip whose directory says something else of its one member."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("rows.csv", ROWS)
    packed = bytearray(made.getvalue())
    start = packed.index(b"PK\1\2") + at
    packed[start : start + width] = value.to_bytes(width, "little")
    return bytes(packed)


def _twice() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("rows.csv", ROWS)
    packed = made.getvalue()
    return packed + packed


@pytest.mark.parametrize(
    "packed",
    [
        _lying(20, 4, 2**32 - 1),  # compressed size
        _lying(24, 4, 0),  # size
        _lying(24, 4, 2**31),
        _lying(16, 4, 1),  # checksum
        _lying(42, 4, 2**32 - 2),  # where it begins
        _lying(42, 4, 10),
        _lying(10, 2, 99),  # method
        _lying(28, 2, 2**16 - 1),  # length of the name
        _lying(32, 2, 2**16 - 1),  # of the comment
        _lying(8, 2, 1),  # encrypted
    ],
)
def test_a_zip_that_lies_is_refused_or_read_as_what_it_holds(packed: bytes) -> None:
    try:
        read = b"".join(utf8_chunks(Cut(packed), FileFormat(compression="zip")))
    except DecodeError:
        return
    assert read == ROWS


def test_a_zip_behind_another_is_the_last_one() -> None:
    assert b"".join(utf8_chunks(Cut(_twice()), FileFormat(compression="zip"))) == ROWS

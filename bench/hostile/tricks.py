"""Tricks where a reader changes hands: members and frames of one byte, ends of segments, marks amid text."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from backports import zstd

from bench.hostile.kind import COLUMNS, HEADER, PLAIN, Kind, again
from suimon.check.segments import SEGMENT_BYTES
from suimon.contract.file import FileFormat, Tolerance

# The same record over and over: no key.
_KEYLESS = partial(Kind, columns=(replace(COLUMNS[0], unique=False), *COLUMNS[1:]))
_GOOD = b"1,2026-11-20,some name\n"
_MEMBER = gzip.compress(b"\n", 1)
_FRAME = zstd.compress(b"\n", 1)


def _members(text: bytes) -> bytes:
    return gzip.compress(HEADER) + _MEMBER * (len(text) // len(_MEMBER))


def _frames(text: bytes) -> bytes:
    return zstd.compress(HEADER) + _FRAME * (len(text) // len(_FRAME))


def _deep_zip(text: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(len(text) // 70_000):
            archive.writestr("a/" * 32_000 + str(number), b"")
    return made.getvalue()


def _at_the_end_of_segments(cell: bytes) -> Callable[[], Iterator[bytes]]:
    """Good records, and `cell` in the middle of the place where each segment ends."""

    def parts() -> Iterator[bytes]:
        good = _GOOD * (SEGMENT_BYTES // len(_GOOD))
        while True:
            yield good[: -len(_GOOD) * 2]
            yield b"1,2026-11-20," + cell + b"\n"

    return parts


def _packed(name: str, code: str, how: str, wrap: Callable[[bytes], bytes]) -> Kind:
    dialect = replace(PLAIN, compression=how, max_ratio=10_000)  # type: ignore[arg-type] # one of its words
    return _KEYLESS(name, code, again(b"\n"), dialect, wrap=wrap)


TRICKS: tuple[Kind, ...] = (
    _packed("members of gzip of a byte each", "decompression-limit", "gzip", _members),
    _packed("frames of zstd of a byte each", "decompression-limit", "zstd", _frames),
    _packed("names in a zip as deep as can be", "compression-error", "zip", _deep_zip),
    _KEYLESS("records that end with carriage returns", "line-ending-error", again(b"1,2026-11-20,some name\r")),
    _KEYLESS("a byte order mark within every record", "", again("1,2026-11-20,some\ufeffname\n".encode())),
    _KEYLESS("NULs between records", "too-many-faults", again(_GOOD + b"\0\0\0\0\n")),
    _KEYLESS("a cell as long as a segment", "record-too-long", again(b"1,2026-11-20," + b"x" * SEGMENT_BYTES + b"\n")),
    _KEYLESS("quotes about the ends of segments", "", _at_the_end_of_segments(b'"a ""name""\nof two lines"')),
    _KEYLESS("an open quote about the ends of segments", "unterminated-quote", _at_the_end_of_segments(b'"open')),
    _KEYLESS("a label of two megabytes", "record-too-long", again(_GOOD), header=b"id,day," + b"n" * 2_100_000 + b"\n"),
    _KEYLESS(
        "comments between records in quotes",
        "",
        again(b'# a comment\n1,2026-11-20,"some ""name"""\n'),
        FileFormat(comment="#"),
    ),
    _KEYLESS(
        "a stain between comments, in one of fifty records, tolerated",
        "",
        again(b"# a comment\n" + _GOOD * 49 + b"# a comment\n1,2026-11-20,na\xffme\n"),
        FileFormat(comment="#"),
        Tolerance(max_percent="5"),
    ),
    _KEYLESS(
        "comments, every other of them stained",
        "",
        again(b"# a comment\n" + _GOOD + b"# \xff\0\n" + _GOOD),
        FileFormat(comment="#"),
    ),
    _KEYLESS("escapes of letters", "", again(b'1,2026-11-20,"\\a \\name\\\\"\n'), FileFormat(escape="\\")),
    _KEYLESS("escapes before line ends of CRLF", "", again(b'1,2026-11-20,"\\"\\\r\n"\r\n'), FileFormat(escape="\\")),
)

"""The kinds of hostile and broken files, each written at any size."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

from bench.hostile.asking import ASKING
from bench.hostile.kind import HEADER, PLAIN, Kind, again
from bench.hostile.tricks import TRICKS
from bench.hostile.wide import WIDE
from suimon.contract.file import FileFormat, Tolerance


def _records(*lines: bytes) -> Callable[[], Iterator[bytes]]:
    """Lines in turn, in each the number of its record for `%d`."""

    def parts() -> Iterator[bytes]:
        number = 0
        while True:
            block = []
            for _ in range(5_000):
                for line in lines:
                    block.append(line.replace(b"%d", b"%d" % number))
                    number += 1
            yield b"".join(block)

    return parts


def _once(first: bytes, then: Callable[[], Iterator[bytes]]) -> Callable[[], Iterator[bytes]]:
    def parts() -> Iterator[bytes]:
        yield first
        yield from then()

    return parts


def _broken(line: bytes, every: int = 1) -> Callable[[], Iterator[bytes]]:
    """A broken line behind every so many good ones."""
    return _records(*(_GOOD,) * (every - 1), line)


def _pairs() -> Iterator[bytes]:
    for start in count(step=5_000):
        yield b"".join(b"%d,2026-11-20,some name\n" % (number // 2) for number in range(start, start + 5_000))


def _zstd_frames(text: bytes) -> bytes:
    """Frames that are skipped, one of eight bytes for each eight of the text."""
    return struct.pack("<II", 0x184D2A50, 0) * (len(text) // 8)


def _gzip_members(text: bytes) -> bytes:
    return gzip.compress(b"") * (len(text) // 20)


def _gzip(text: bytes) -> bytes:
    return gzip.compress(HEADER + text, 6)


def _zip(text: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", HEADER + text)
    return made.getvalue()


def _compressed(
    name: str, code: str, parts: Callable[[], Iterator[bytes]], how: str, wrap: Callable[[bytes], bytes]
) -> Kind:
    return Kind(name, code, parts, replace(PLAIN, compression=how, max_ratio=10_000), wrap=wrap)  # type: ignore[arg-type]


_GOOD = b"%d,2026-11-20,some name\n"
_LATIN = "%d,2026-11-20,Käthe Müller\n".encode("latin-1")
_CP932 = "%d,2026-11-20,山田太郎\n".encode("cp932")

KINDS: tuple[Kind, ...] = (
    # What is no record at all.
    Kind("open quotes before delimiters", "quote-error", again(b'"a,')),
    Kind("delimiters in quotes, no end of a line", "record-too-long", again(b'",",')),
    Kind("quotes only", "record-too-long", again(b'"')),
    Kind("a quote on every line", "missing-cell", again(b'"\n')),
    Kind("an open quote before good records", "unterminated-quote", _once(b'1,2026-11-20,"open\n', _records(_GOOD))),
    Kind("open quotes on every line", "too-many-faults", _records(b'%d,2026-11-20,"open\n')),
    Kind("one line without an end", "record-too-long", again(b"x")),
    Kind("delimiters only", "record-too-long", again(b",")),
    Kind("lines of a million cells", "extra-cell", again(b"," * 999_999 + b"\n")),
    Kind("cells of two megabytes", "max-length-error", again(b"1,2026-11-20," + b"x" * 1_900_000 + b"\n")),
    Kind("NUL only", "record-too-long", again(b"\0")),
    Kind("0xFF only", "record-too-long", again(b"\xff")),
    Kind("carriage returns only", "line-ending-error", again(b"\r")),
    Kind("line feeds only", "blank-row", again(b"\n")),
    Kind("byte order marks only", "byte-order-mark", again("\ufeff".encode())),
    Kind("lone surrogates", "record-too-long", again(b"\xed\xa0\x80")),
    # Records, all of them broken.
    Kind("a stray byte in every record", "too-many-faults", _broken(b"%d,2026-11-20,na\xffme\n")),
    Kind("Latin-1 as UTF-8", "too-many-faults", _broken(_LATIN)),
    Kind("CP932 as UTF-8", "too-many-faults", _broken(_CP932)),
    Kind("stray bytes as CP932", "too-many-faults", _broken(b"%d,2026-11-20,na\xfdme\n"), FileFormat(encoding="cp932")),
    Kind(
        "lone surrogates in UTF-16",
        "too-many-faults",
        again("1,2026-11-20,na\ud800me\n".encode("utf-16-le", "surrogatepass")),
        FileFormat(encoding="utf-16"),
        header=HEADER.decode().encode("utf-16"),
    ),
    Kind("NUL in every record", "too-many-faults", _broken(b"%d,2026-11-20,na\0me\n")),
    Kind("a control character in every record", "too-many-faults", _broken(b"%d,2026-11-20,na\x1ame\n")),
    Kind("every other record ragged", "too-many-faults", _broken(b"%d,2026-11-20\n", every=2)),
    Kind(
        "records of ever another width",
        "too-many-faults",
        _records(*(b"%d" + b",x" * width + b"\n" for width in range(3, 60))),
    ),
    Kind("every other line blank", "too-many-faults", _broken(b"\n", every=2)),
    Kind(
        "every other record ends with CRLF",
        "too-many-faults",
        _broken(_GOOD[:-1] + b"\r\n", every=2),
        FileFormat(line_ending="lf"),
    ),
    Kind("a lone carriage return in every record", "too-many-faults", _broken(b"%d,2026-11-20,na\rme\n")),
    Kind("a quote within every record", "too-many-faults", _broken(b'%d,2026-11-20,so"me\n')),
    Kind("text behind a quote in every record", "too-many-faults", _broken(b'%d,2026-11-20,"so"me\n')),
    Kind("a byte order mark before every record", "too-many-faults", _broken("\ufeff".encode() + _GOOD)),
    Kind("a stray byte in every tenth record", "too-many-faults", _broken(b"%d,2026-11-20,na\xffme\n", every=10)),
    Kind("every tenth record ragged", "too-many-faults", _broken(b"%d,2026-11-20\n", every=10)),
    # Whole records, their cells bad.
    Kind("every cell bad", "type-error", _records(b"x%d,2026-11-31," + b"y" * 50 + b"\n")),
    Kind("two keys in all records", "unique-error", again(b"1,2026-11-20,some name\n2,2026-11-20,some name\n")),
    Kind("every key twice", "unique-error", _pairs),
    Kind("good records", "", _records(_GOOD)),
    Kind("quotes in every cell", "", _records(b'%d,2026-11-20,"a ""name"", of two"\n')),
    # The same where some records may be bad.
    Kind(
        "a stray byte in every record, tolerated",
        "too-many-faults",
        _broken(b"%d,2026-11-20,na\xffme\n"),
        PLAIN,
        Tolerance(max_percent="5"),
    ),
    Kind(
        "every other record ragged, tolerated",
        "too-many-faults",
        _broken(b"%d,2026-11-20\n", every=2),
        PLAIN,
        Tolerance(max_percent="50"),
    ),
    Kind(
        "every cell bad, tolerated",
        "type-error",
        _records(b"x%d,2026-11-31," + b"y" * 50 + b"\n"),
        PLAIN,
        Tolerance(max_percent="5"),
    ),
    Kind(
        "a stray byte in quotes in every record, tolerated",
        "too-many-faults",
        _broken(b'%d,2026-11-20,"na\xffme"\n'),
        PLAIN,
        Tolerance(max_percent="5"),
    ),
    Kind(
        "a lone carriage return in every record, tolerated",
        "too-many-faults",
        _broken(b"%d,2026-11-20,na\rme\n"),
        PLAIN,
        Tolerance(max_percent="5"),
    ),
    Kind(
        "a quote within every record, tolerated",
        "too-many-faults",
        _broken(b'%d,2026-11-20,so"me\n'),
        PLAIN,
        Tolerance(max_percent="5"),
    ),
    Kind(
        "every other record stained, the others' cells bad, tolerated",
        "too-many-faults",
        _records(b"%d,2026-11-20,na\xffme\n", b"x%d,2026-11-31,name\n"),
        PLAIN,
        Tolerance(max_percent="90"),
    ),
    Kind("tiny ragged records, tolerated", "too-many-faults", again(b",\n1\n"), PLAIN, Tolerance(max_percent="50")),
    Kind(
        "one of fifty records bad, set aside",
        "",
        _records(*(_GOOD,) * 49, b"%d,2026-11-31,some name\n"),
        PLAIN,
        Tolerance(max_percent="5"),
    ),
    # What the kernel doubts, is slow to read, or comes many times.
    Kind("dates that the kernel doubts, in every other record", "", _records(_GOOD, b"%d,1500-01-01,some name\n")),
    Kind("line breaks in every other record", "", _records(_GOOD, b'%d,2026-11-20,"some\nname"\n')),
    Kind("tiny records", "", _records(b"%d,,\n")),
    Kind("tiny ragged records", "too-many-faults", again(b",\n1\n")),
    Kind(
        "lines of ever another encoding",
        "too-many-faults",
        _records(
            _GOOD,
            _CP932,
            _LATIN,
            "%d,2026-11-20,山田太郎\n".encode("euc-jp"),
            "%d,2026-11-20,山田\n".encode("utf-16-le"),
        ),
    ),
    Kind("a comment before every record", "", _records(b"# a comment\n" + _GOOD), FileFormat(comment="#")),
    Kind("escaped quotes in every record", "", _records(b'%d,2026-11-20,"a \\"name\\""\n'), FileFormat(escape="\\")),
    Kind(
        "a stray byte behind escapes in every record",
        "too-many-faults",
        _records(b'%d,2026-11-20,"a \\"na\xffme\\""\n'),
        FileFormat(escape="\\"),
    ),
    # Bombs.
    _compressed("frames of zstd that are skipped", "decompression-limit", again(b"x"), "zstd", _zstd_frames),
    _compressed("empty members of gzip", "decompression-limit", again(b"x"), "gzip", _gzip_members),
    _compressed("open quotes in gzip", "quote-error", again(b'"a,'), "gzip", _gzip),
    _compressed("open quotes in a zip", "record-too-long", again(b'",",'), "zip", _zip),
    *TRICKS,
    *WIDE,
    *ASKING,
)

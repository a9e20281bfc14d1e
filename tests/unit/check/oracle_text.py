"""The oracle's reading of a file's form: bytes to text to records, one character after the other."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pyarrow as pa

from suimon.check.encoding_evidence import EncodingEvidence
from suimon.check.verdict import Code
from suimon.contract.file import FileFormat

_HARMLESS = 2**20  # a file that unpacks to this is no bomb, whatever its ratio
_UNDEFINED = {b"\x80", b"\xa0", b"\xfd", b"\xfe", b"\xff"}  # Python gives them characters of private use
_SWAPPED = re.compile("[\ufffe\u0a00]")  # a mark and a line feed of UTF-16 in the other byte order


class UnreadableError(Exception):
    """The bytes are no text at all."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Reading:
    """One record as the automaton reads it."""

    line: int
    cells: list[tuple[int, str]] = field(default_factory=list)  # line on which it starts, and its text
    fault: Code | None = None
    about: str | int | None = None  # the detail that is the fault's own
    ending: str = ""  # "\n", "\r\n", or "" at the end of the file
    end: int = 0  # where the next one starts
    blank: bool = False
    lines: int = 1
    guessed: bool = False  # quotes are broken, so where it ends is a guess


def text_of(contents: bytes, dialect: FileFormat) -> str:
    """Return a file's text; UnreadableError if it cannot be had."""
    return _decoded(_unpacked(contents, dialect), dialect)


def other_encoding(contents: bytes, dialect: FileFormat) -> str | None:
    """Return the encoding that a file is in beyond doubt, if it is another than declared."""
    plain = _unpacked(contents, dialect)
    if re.search(rb"\x1b(\$[@B]|\([BIJ])", plain):
        return "iso-2022-jp"
    if dialect.encoding in {"cp932", "shift_jis", "euc-jp"}:
        with suppress(UnicodeDecodeError):
            if any(character > "\u07ff" for character in plain.decode("utf-8")):
                return "utf-8"
    evidence = EncodingEvidence(dialect.encoding)  # how sure EUC-JP must be has tests of its own
    list(evidence.watch([plain]))
    return "euc-jp" if evidence.other() == "euc-jp" else None


def _unpacked(contents: bytes, dialect: FileFormat) -> bytes:
    if not contents:
        return b""
    unpack: dict[str, Callable[[bytes], bytes]] = {"none": bytes, "gzip": _gzip, "zip": _zip, "zstd": _zstd}
    plain = unpack[dialect.compression](contents)
    allowed = min(max(dialect.max_ratio * len(contents), _HARMLESS), dialect.max_bytes)
    if dialect.compression != "none" and len(plain) > allowed:
        raise UnreadableError(Code.DECOMPRESSION_LIMIT)
    return plain


def _gzip(contents: bytes) -> bytes:
    plain = b""
    while contents:
        member = zlib.decompressobj(31)
        try:
            plain += member.decompress(contents) + member.flush()
        except zlib.error as error:
            raise UnreadableError(Code.COMPRESSION_ERROR) from error
        if not member.eof:
            raise UnreadableError(Code.TRUNCATED_FILE)
        contents = member.unused_data
    return plain


def _zip(contents: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(contents)) as archive:
            members = [name for name in archive.namelist() if not name.endswith("/")]
            if len(members) != 1:
                raise UnreadableError(Code.COMPRESSION_ERROR)
            return archive.read(members[0])
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError) as error:
        raise UnreadableError(Code.COMPRESSION_ERROR) from error


def _zstd(contents: bytes) -> bytes:
    try:
        return bytes(pa.input_stream(pa.py_buffer(contents), compression="zstd").read())
    except OSError as error:
        code = Code.TRUNCATED_FILE if "Truncated" in str(error) else Code.COMPRESSION_ERROR
        raise UnreadableError(code) from error


def _decoded(contents: bytes, dialect: FileFormat) -> str:
    """Return the text; a byte that is none becomes the surrogate U+DC00 + byte, which no sound text holds."""
    if dialect.encoding in {"utf-8", "utf-8-sig"}:
        text = contents.decode("utf-8", "surrogateescape")
        return text.removeprefix("\ufeff") if dialect.encoding == "utf-8-sig" else text
    if dialect.encoding != "utf-16":
        return "".join(_characters(contents, dialect.encoding, (1, 2, 3)))
    if contents and contents[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise UnreadableError(Code.MISSING_BYTE_ORDER_MARK)
    order = "utf-16-le" if contents[:2] == b"\xff\xfe" else "utf-16-be"
    text = "".join(_characters(contents[2:], order, (2, 4)))
    if _SWAPPED.search(text):
        raise UnreadableError(Code.BYTE_ORDER_MARK)
    return text


def _characters(contents: bytes, encoding: str, sizes: tuple[int, ...]) -> Iterator[str]:
    place = 0
    while place < len(contents):
        for size in sizes:
            raw = contents[place : place + size]
            if encoding == "cp932" and raw[:1] in _UNDEFINED:
                continue
            try:
                yield raw.decode(encoding)
            except UnicodeDecodeError:
                continue
            break
        else:  # no character starts here
            size = sizes[0]
            yield from (chr(0xDC00 + byte) for byte in contents[place : place + size])
        place += size


def readings(text: str, dialect: FileFormat, line: int = 1) -> Iterator[Reading]:
    """Yield the records of a text, character by character. After an unterminated quote there are no more."""
    place = 0
    while place < len(text):
        if dialect.comment and text.startswith(dialect.comment, place):
            place, line = next_line(text, place), line + 1
            continue
        reading = _reading(text, place, line, dialect)
        if text.startswith("\ufeff", place):
            after = _reading(text, place + 1, line, dialect)
            end, cells = (next_line(text, place), []) if after.fault else (after.end, after.cells)
            reading = Reading(line, cells, fault=Code.BYTE_ORDER_MARK, end=end)
        elif dialect.quote and text.startswith(f"{dialect.quote}\ufeff", place):
            end, cells = (next_line(text, place), []) if reading.fault else (reading.end, reading.cells)
            reading = Reading(line, cells, fault=Code.BYTE_ORDER_MARK, end=end)
        whole = text[place : reading.end]
        reading.lines = whole.count("\n") + (not whole.endswith("\n"))
        quoting = {Code.QUOTE_ERROR, Code.LINE_ENDING_ERROR, Code.UNTERMINATED_QUOTE}
        reading.guessed = reading.fault in quoting and bool(dialect.quote) and dialect.quote in whole
        yield reading
        if reading.fault is Code.UNTERMINATED_QUOTE:
            return
        line += text.count("\n", place, reading.end)
        place = reading.end


def next_line(text: str, place: int) -> int:
    """Return the place behind the next line feed."""
    newline = text.find("\n", place)
    return len(text) if newline < 0 else newline + 1


def _reading(text: str, start: int, line: int, dialect: FileFormat) -> Reading:  # noqa: C901, PLR0912 - the automaton, whole
    reading = Reading(line)
    state, cell, cell_line, place = "start", "", line, start
    while True:
        character = text[place] if place < len(text) else ""
        if state == "quoted":
            if not character:
                reading.fault, reading.about, reading.end = Code.UNTERMINATED_QUOTE, 0, place
                return reading
            if character == dialect.quote:
                state = "after"
            elif character == "\\" and dialect.escape == "\\":
                place += 1
                character = text[place] if place < len(text) else ""
                cell, line = cell + character, line + (character == "\n")
            else:
                cell, line = cell + character, line + (character == "\n")
        elif not character or character == "\n" or text.startswith("\r\n", place):
            reading.ending = text[place : place + len(character) + (character == "\r")]
            reading.end = place + len(reading.ending)
            reading.blank = place == start
            reading.cells.append((cell_line, cell))
            return reading
        elif character == dialect.delimiter:
            reading.cells.append((cell_line, cell))
            state, cell, cell_line = "start", "", line
        elif character == "\r":
            return _broken(reading, Code.LINE_ENDING_ERROR, "CR", text, place)
        elif character == dialect.quote and state == "start":
            state = "quoted"
        elif character == dialect.quote == dialect.escape and state == "after":
            state, cell = "quoted", cell + character
        elif state == "after" or character == dialect.quote:
            kind = "after" if state == "after" else "inside"
            return _broken(reading, Code.QUOTE_ERROR, kind, text, place)
        else:
            state, cell = "plain", cell + character
        place += 1


def _broken(reading: Reading, code: Code, about: str, text: str, place: int) -> Reading:
    reading.fault, reading.about, reading.end = code, about, next_line(text, place)
    return reading

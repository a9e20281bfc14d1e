"""A file's bytes as UTF-8: decompressed within limits, then transcoded. What is damaged is an error, never a guess."""

import codecs
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import chain

from suimon.check.source import Source
from suimon.check.verdict import Code, Details
from suimon.contract.file import FileFormat
from suimon.values import dataclass

# One step takes so much and, however dense the file, gives at most so much; the first stays in the processor's cache.
_STEP_BYTES = 256 * 1024
_PIECE_BYTES = 1024 * 1024
_FRAME_BYTES = 2 * 1024
# Each member or frame costs some ten microseconds, however little it holds: so many may, of fewer bytes than that.
_SMALL_MEMBERS, _SMALL_BYTES = 100_000, 4 * 1024
# A few repeated rows compress a thousandfold, and no file of this size has ever harmed anybody.
_HARMLESS_BYTES = 1024 * 1024
_ZIP_BLOCK = 8 * 1024 * 1024


class DecodeError(Exception):
    """The bytes are not what the contract declares, from here on; `code` and `details` go into the verdict."""

    def __init__(self, code: Code, details: Details) -> None:
        super().__init__(f"{code}: {dict(details)}")
        self.code = code
        self.details = details


def utf8_chunks(source: Source, dialect: FileFormat) -> Iterator[bytes]:
    """Return the file as UTF-8, in chunks of up to a few MB; DecodeError where that ends, after what is sound."""
    return as_utf8(decompressed(source, dialect), dialect)


def decompressed(source: Source, dialect: FileFormat) -> Iterator[bytes]:
    """Return the file's bytes as they were before they were compressed, in chunks of up to a few MB."""
    if not source.size:
        return iter(())
    if dialect.compression == "none":
        return source.chunks()
    return _limited(_DECOMPRESSION[dialect.compression](source), source.size, dialect)


def as_utf8(chunks: Iterator[bytes], dialect: FileFormat) -> Iterator[bytes]:
    """Return chunks as UTF-8.

    UTF-8 passes as it is. Elsewhere a stray byte b becomes the lone surrogate U+DC00+b in three bytes, which are no
    UTF-8 either. The byte order mark of utf-8-sig is removed, the one of utf-16 required.
    """
    match dialect.encoding:
        case "utf-8":
            return chunks
        case "utf-8-sig":
            return _without_mark(chunks)
        case "utf-16":
            return _utf16_as_utf8(chunks)
        case encoding:
            return _multibyte_as_utf8(chunks, encoding)


def _limited(pieces: Iterator[bytes], size: int, dialect: FileFormat) -> Iterator[bytes]:
    given, by_ratio = 0, max(_HARMLESS_BYTES, size * dialect.max_ratio)
    for piece in pieces:
        given += len(piece)
        if given > dialect.max_bytes:
            raise DecodeError(Code.DECOMPRESSION_LIMIT, {"limit": "bytes", "allowed": dialect.max_bytes})
        if given > by_ratio:
            raise DecodeError(Code.DECOMPRESSION_LIMIT, {"limit": "ratio", "allowed": dialect.max_ratio})
        yield piece


@dataclass(slots=True)
class _Members:
    """The members (of gzip) or frames (of zstd) of a file so far, and the bytes that they gave."""

    count: int = 1
    given: int = 0

    def next(self) -> None:
        self.count += 1
        if self.count > _SMALL_MEMBERS + self.given // _SMALL_BYTES:
            raise DecodeError(Code.DECOMPRESSION_LIMIT, {"limit": "members", "allowed": _SMALL_MEMBERS})


def _gunzip(source: Source) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=31)  # gzip's own header and checksum, nothing else
    members = _Members()
    try:
        for step in _steps(source.chunks()):
            piece, rest = b"", step
            # A full piece may not be all that the bytes so far hold.
            while rest or (len(piece) == _PIECE_BYTES and not inflate.eof):
                if inflate.eof:
                    inflate = zlib.decompressobj(wbits=31)  # the next member
                    members.next()
                piece = inflate.decompress(rest, _PIECE_BYTES)
                if piece:
                    members.given += len(piece)
                    yield piece
                rest = inflate.unused_data or inflate.unconsumed_tail
    except zlib.error as error:
        raise DecodeError(Code.COMPRESSION_ERROR, {"compression": "gzip"}) from error
    if not inflate.eof:
        raise DecodeError(Code.TRUNCATED_FILE, {"compression": "gzip"})


def _unzstd(source: Source) -> Iterator[bytes]:
    from backports import zstd  # noqa: PLC0415 few files need it

    decompress, fresh, members = zstd.ZstdDecompressor(), True, _Members()
    try:
        for step in _steps(source.chunks()):
            place = 0
            while place < len(step) or not (decompress.needs_input or decompress.eof):
                if decompress.eof:
                    decompress, fresh = zstd.ZstdDecompressor(), True  # the next frame
                    members.next()
                # What a frame leaves over is copied for each: of very short frames a step may hold thousands.
                given = step[place : place + (_FRAME_BYTES if fresh else _STEP_BYTES)]
                if piece := decompress.decompress(given, _PIECE_BYTES):
                    members.given += len(piece)
                    yield piece
                place += len(given) - (len(decompress.unused_data) if decompress.eof else 0)
                fresh = False
    except zstd.ZstdError as error:
        raise DecodeError(Code.COMPRESSION_ERROR, {"compression": "zstd"}) from error
    if not decompress.eof:
        raise DecodeError(Code.TRUNCATED_FILE, {"compression": "zstd"})


def _unzip(source: Source) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(_Archive(_Seekable(source), _ZIP_BLOCK)) as archive:
            members = [member for member in archive.infolist() if not member.filename.endswith("/")]
            if len(members) != 1:
                raise DecodeError(Code.COMPRESSION_ERROR, {"compression": "zip", "members": len(members)})
            [member] = members
            # zipfile bounds what a step gives for these two only.
            if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise NotImplementedError("of zip's methods, only deflate is read")
            with archive.open(member) as content:
                while piece := content.read(_PIECE_BYTES):
                    yield piece
    # RuntimeError is what zipfile raises for an encrypted member; the others come from damaged directories.
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, _SeekError) as error:
        # The directory stands at the end: a file that begins as a zip and has none was cut.
        cut = source.read(0, 4) == b"PK\3\4" and not zipfile.is_zipfile(_Archive(_Seekable(source), _ZIP_BLOCK))
        code = Code.TRUNCATED_FILE if cut else Code.COMPRESSION_ERROR
        raise DecodeError(code, {"compression": "zip"}) from error


_DECOMPRESSION: dict[str, Callable[[Source], Iterator[bytes]]] = {"gzip": _gunzip, "zstd": _unzstd, "zip": _unzip}


class _SeekError(OSError):
    """A damaged directory points outside the file; zipfile expects what a file on disk would raise."""


class _Seekable(io.RawIOBase):
    """A source as a file object."""

    def __init__(self, source: Source) -> None:
        self._source, self._size, self._position = source, source.size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        position = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence] + offset
        if position < 0:
            raise _SeekError(f"{position} is before the beginning")
        self._position = position
        return position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # the buffers there are
        piece = self._source.read(self._position, min(len(buffer), max(0, self._size - self._position)))
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


class _Archive(io.BufferedReader):
    """Reads ahead, and refuses to read what only a directory of very many members would need at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _ZIP_BLOCK:
            raise zipfile.BadZipFile(f"{size} bytes in one read: the directory of one member is smaller")
        return super().read(size)


def _without_mark(chunks: Iterator[bytes]) -> Iterator[bytes]:
    head = _head(chunks, len(codecs.BOM_UTF8))
    if rest := head.removeprefix(codecs.BOM_UTF8):
        yield rest
    yield from chunks


def _utf16_as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    head = _head(chunks, len(codecs.BOM_UTF16))
    order = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(head[:2])
    if head and order is None:
        raise DecodeError(Code.MISSING_BYTE_ORDER_MARK, {})
    if order:
        decode = codecs.getincrementaldecoder(order)(_STRAY_BYTES).decode
        for step in _steps(chain([head[2:]], chunks)):
            text = decode(step)
            if any(swapped in text for swapped in _SWAPPED_IN_UTF16):
                raise DecodeError(Code.BYTE_ORDER_MARK, {})
            yield text.encode("utf-8", "surrogatepass")
        yield decode(b"", True).encode("utf-8", "surrogatepass")  # noqa: FBT003 the codec's own signature


# A byte order mark and a line feed of the other order, neither a character: a file of that order was joined to it.
_SWAPPED_IN_UTF16 = ("\ufffe", "\u0a00")


def _multibyte_as_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(_STRAY_BYTES)
    undefined = _UNDEFINED_IN_CP932 if encoding == "cp932" else {}

    def utf8(text: str) -> bytes:
        for character, stray in undefined.items():  # much faster than str.translate()
            text = text.replace(character, stray)
        return text.encode("utf-8", "surrogatepass")

    for chunk in chunks:
        # In all of these a byte below 0x80 is itself, unless it ends a character of two bytes.
        if chunk.isascii() and not decoder.getstate()[0]:
            yield chunk
        else:
            yield b"".join(utf8(decoder.decode(step)) for step in _steps(iter((chunk,))))
    if rest := decoder.decode(b"", True):  # noqa: FBT003 the codec's own signature
        yield utf8(rest)


# Python gives these bytes private characters, as Windows does on the quiet; no character set defines them, and other
# readers (Java's, and so Spark's) replace them by U+FFFD.
_UNDEFINED_IN_CP932 = {bytes([byte]).decode("cp932"): chr(0xDC00 + byte) for byte in (0x80, 0xA0, 0xFD, 0xFE, 0xFF)}


def is_undefined(point: int, encoding: str) -> bool:
    """Return whether Python reads a byte as this character that the encoding does not define."""
    return encoding == "cp932" and chr(point) in _UNDEFINED_IN_CP932


_STRAY_BYTES = "suimon.stray-bytes"
_STRAY = [chr(0xDC00 + byte) for byte in range(256)]
_STRAY_OR_ASCII = [chr(byte) for byte in range(128)] + _STRAY[128:]


def _stray_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    start, end = error.start, error.end
    if error.encoding.startswith("utf-16"):
        return "".join(map(_STRAY.__getitem__, error.object[start:end])), end
    # What EUC-JP's decoder calls incomplete at the end of a file may be one stray byte and a line end.
    return "".join(map(_STRAY_OR_ASCII.__getitem__, error.object[start:end])), end


codecs.register_error(_STRAY_BYTES, _stray_bytes)


def _head(chunks: Iterator[bytes], length: int) -> bytes:
    """Take chunks until there are so many bytes, or no more."""
    head = b""
    while len(head) < length and (chunk := next(chunks, None)) is not None:
        head += chunk
    return head


def _steps(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut chunks small; empty ones vanish."""
    for chunk in chunks:
        for start in range(0, len(chunk), _STEP_BYTES):
            yield chunk[start : start + _STEP_BYTES]

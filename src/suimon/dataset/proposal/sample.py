"""The first bytes of a file as text: compression and encoding, guessed for a proposal; the gate never guesses."""

import codecs
import re
from collections import Counter
from pathlib import Path

from suimon.check.decode import DecodeError, utf8_chunks
from suimon.check.source import LocalFile
from suimon.contract.file import Compression, Encoding, FileFormat
from suimon.report import messages
from suimon.values import dataclass

SAMPLE_BYTES = 4 * 2**20  # decompressed: tens of thousands of records, looked through in about a second

_COMPRESSIONS: dict[bytes, Compression] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}
_NO_TABLES = {
    b"PAR1": "is Parquet, not CSV",
    b"Obj\x01": "is Avro, not CSV",
    b"%PDF": "is a PDF, not CSV",
    b"[Content_Types].xml": "is an Office document, not CSV",
    b"\xd0\xcf\x11\xe0": "is an old Office document, not CSV",
    b"BZh": "is compressed with bzip2; Suimon reads gzip, zstd and zip",
    b"\xfd7zXZ\0": "is compressed with xz; Suimon reads gzip, zstd and zip",
}
_BOMS: dict[bytes, Encoding] = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
JAPANESE: tuple[Encoding, ...] = ("cp932", "euc-jp")  # what is valid Shift_JIS is valid CP932
_PLAUSIBLE = 0.6
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class SampleError(ValueError):
    """A sample from which no contract can be proposed; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was read of a file."""

    text: str
    compression: Compression
    encoding: Encoding
    doubt: str | None  # why the encoding may be another one
    size: int  # bytes that were read, decompressed
    whole: bool  # nothing was left unread


def read_sample(path: Path, limit: int = SAMPLE_BYTES) -> Sample:
    """Read at most `limit` decompressed bytes of a file; SampleError if they are no text that a contract can name."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
        compression = _compression(start)
        _refuse_what_is_no_table(path, start)
        content, whole = _first_bytes(path, compression, limit)
    except OSError as error:
        raise SampleError(f"{path} cannot be read: {error.strerror}") from error
    except DecodeError as error:
        raise SampleError(f"{path} cannot be read: {messages.say(error.code, error.details)}") from error
    if not content.strip():
        raise SampleError(f"{path} is empty; a proposal needs a header and some records")
    _refuse_what_is_no_table(path, content)
    text, encoding, doubt = _decoded(content, path, whole=whole)
    return Sample(text, compression, encoding, doubt, len(content), whole)


def _compression(start: bytes) -> Compression:
    return next((name for magic, name in _COMPRESSIONS.items() if start.startswith(magic)), "none")


def _first_bytes(path: Path, compression: Compression, limit: int) -> tuple[bytes, bool]:
    content = bytearray()
    for chunk in utf8_chunks(LocalFile(path), FileFormat(compression=compression)):  # "utf-8" passes bytes as they are
        content += chunk
        if len(content) > limit:
            return bytes(content[:limit]), False
    return bytes(content), True


def _refuse_what_is_no_table(path: Path, content: bytes) -> None:
    for magic, what in _NO_TABLES.items():
        # In a zip file of an Office document, the name of its first member stands 30 bytes in.
        if content.startswith(magic) or (content.startswith(b"PK\x03\x04") and content.startswith(magic, 30)):
            raise SampleError(f"{path} {what}")


def _decoded(content: bytes, path: Path, *, whole: bool) -> tuple[str, Encoding, str | None]:
    """Return the text, its encoding, and what is uncertain about that."""
    marked = next((encoding for bom, encoding in _BOMS.items() if content.startswith(bom)), None)
    text = _strictly(content, marked or "utf-8", whole=whole)
    if marked and text is None:
        raise SampleError(f"{path} has the byte order mark of {marked}, and bytes that are not {marked}")
    if text is not None:
        if _is_binary(text):
            raise SampleError(f"{path} holds control characters: it is binary, or UTF-16 without a byte order mark")
        alike = marked is None and text.isascii()
        return text, marked or "utf-8", "all ASCII so far, which CP932 and EUC-JP write alike" if alike else None
    readings = {encoding: _strictly(content, encoding, whole=whole) for encoding in JAPANESE}
    likely = {encoding: _plausibility(reading) for encoding, reading in readings.items() if reading is not None}
    best = max(likely, key=lambda encoding: likely[encoding], default=None)
    if best is None or likely[best] < _PLAUSIBLE:
        raise SampleError(
            f"{path} is not UTF-8 ({_first_stray_byte(content)}), and does not read as Japanese in CP932 or EUC-JP: "
            "it is damaged, binary, or in an encoding that Suimon does not read; ask for UTF-8"
        )
    doubt = "not UTF-8, and Japanese when read so" + (", though EUC-JP and CP932 both fit" if len(likely) > 1 else "")
    return readings[best] or "", best, doubt


def _strictly(content: bytes, encoding: Encoding, *, whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(content, final=whole)  # a cut may split a character
    except UnicodeDecodeError:
        return None


def _first_stray_byte(content: bytes) -> str:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"byte 0x{content[error.start]:02X} on line {line}"
    return "cut within a character"


def _is_binary(text: str) -> bool:
    return "\0" in text or len(_CONTROLS.findall(text)) > len(text) / 100


def _plausibility(text: str) -> float:
    """Return how much like everyday Japanese the characters beyond ASCII are, from 0 to 1."""
    if _is_binary(text):
        return 0
    counts = Counter(character for character in text if not character.isascii())
    return sum(_everyday(character) * count for character, count in counts.items()) / max(1, counts.total())


def _everyday(character: str) -> float:
    if "\uff61" <= character <= "\uff9f":
        return 0.7  # half-width kana: real in CP932, but also what EUC-JP looks like when read as CP932
    try:
        row = character.encode("euc_jp")[0] - 0xA0
    except UnicodeEncodeError:
        return 0.7 if character in "①②③④⑤⑥⑦⑧⑨⑩㈱㈲№髙﨑～－∥" else 0  # in CP932 alone, and common
    return 1 if row <= 47 else 0  # noqa: PLR2004 - JIS X 0208: signs, kana and the kanji of level 1 are rows 1 to 47

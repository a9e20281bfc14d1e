"""The one cause behind the faults of a rejected file, where it is the whole file that is other than declared. Pure.

A guess for people, said before the faults: it rejects no file and accepts none.
"""

import unicodedata
from collections.abc import Iterator, Sequence

from suimon.check.encoding_evidence import encoding_of
from suimon.check.verdict import Cause, CauseKind, Code, RuleCount
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract
from suimon.values import dataclass

_DELIMITERS = ",;\t|:"
# How files of other kinds begin. A zip that holds `xl/` is an Excel workbook.
_SIGNATURES = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\xd0\xcf\x11\xe0": "xls",
    b"%PDF": "pdf",
    b"PAR1": "parquet",
}
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"{\n", b'{"', b"[{", b'["')


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a rejected file.

    `raw`: its first bytes as they lie there. `head`: its first bytes decompressed, before decoding. `labels`: its
    header's, none when it could not be read. `width`: cells of its first record, 0 if unknown. `encoding`: the one
    that it is beyond doubt. `ends_with_mark`: its last byte is DOS's end of a file. `joined_at`: a line on which a
    byte order mark stands before a record.
    """

    raw: bytes
    head: bytes
    labels: tuple[str, ...]
    width: int
    counts: Sequence[RuleCount]
    encoding: str | None = None
    ends_with_mark: bool = False
    joined_at: int | None = None


def likely_cause(seen: Seen, contract: Contract, dialect: FileFormat) -> Cause | None:
    """Return the first cause that explains the faults, the most fundamental first; None if they have no single one."""
    return next(_causes(seen, contract, dialect), None)


def _causes(seen: Seen, contract: Contract, dialect: FileFormat) -> Iterator[Cause]:
    codes = {count.code for count in seen.counts}
    yield from _packed(seen, dialect, codes)
    yield from _encoded(seen, dialect, codes)
    if not codes & {Code.EMPTY_FILE, Code.COMPRESSION_ERROR, Code.TRUNCATED_FILE, Code.DECOMPRESSION_LIMIT}:
        yield from _headed(seen, contract, dialect, codes)
    if seen.joined_at is not None:
        yield Cause(CauseKind.JOINED, {"line": seen.joined_at})
    if Code.CONTROL_CHARACTER in codes and seen.ends_with_mark:
        yield Cause(CauseKind.END_MARK)


def _packed(seen: Seen, dialect: FileFormat, codes: set[Code]) -> Iterator[Cause]:
    found = next((name for start, name in _SIGNATURES.items() if seen.raw.startswith(start)), None)
    if found == "zip" and (b"xl/" in seen.raw or b"[Content_Types].xml" in seen.raw):
        found = "xlsx"
    if found in {"xlsx", "xls", "pdf", "parquet", "bzip2", "xz"}:
        yield Cause(CauseKind.OTHER_KIND, {"found": found})
    elif found and found != dialect.compression:
        yield Cause(CauseKind.COMPRESSED, {"found": found, "compression": dialect.compression})
    elif not found and dialect.compression != "none" and Code.COMPRESSION_ERROR in codes and seen.raw:
        yield Cause(CauseKind.NOT_COMPRESSED, {"compression": dialect.compression})
    if (start := seen.head.lstrip().lower()).startswith(_MARKUP):
        yield Cause(CauseKind.OTHER_KIND, {"found": "html" if start.startswith(b"<") else "json"})


def _encoded(seen: Seen, dialect: FileFormat, codes: set[Code]) -> Iterator[Cause]:
    if seen.encoding:
        yield Cause(CauseKind.ENCODING, {"found": seen.encoding, "encoding": dialect.encoding})
    elif codes & {Code.ENCODING_ERROR, Code.NULL_BYTE, Code.MISSING_BYTE_ORDER_MARK, Code.MISSING_HEADER}:
        guessed = encoding_of(seen.head)
        if guessed is not None and guessed != dialect.encoding.removesuffix("-sig"):
            yield Cause(CauseKind.ENCODING, {"found": guessed, "encoding": dialect.encoding})


def _headed(seen: Seen, contract: Contract, dialect: FileFormat, codes: set[Code]) -> Iterator[Cause]:
    if b"\r" in seen.head and b"\n" not in seen.head:
        yield Cause(CauseKind.LINE_ENDING, {"found": "CR"})
    titles = [column.title for column in contract.columns]
    if (other := _other_delimiter(seen.head, titles, dialect)) is not None:
        yield Cause(CauseKind.DELIMITER, {"found": other, "delimiter": dialect.delimiter})
    if not dialect.header:
        return
    lost = {title for title in titles if title not in seen.labels}
    unknown = [label for label in seen.labels if label not in titles]
    forms = {unicodedata.normalize("NFC", label) for label in unknown}
    if lost and any(unicodedata.normalize("NFC", title) in forms for title in lost):
        yield Cause(CauseKind.UNICODE_FORM)
    if seen.labels and seen.width == len(titles) != len(seen.labels) and len(lost) < len(titles):
        yield Cause(CauseKind.HEADER_WIDTH, {"cells": len(seen.labels), "expected": len(titles)})
    if Code.MISSING_HEADER in codes and len(seen.labels) > 1 and len(lost) == len(titles):
        yield Cause(CauseKind.OTHER_CONTRACT, {"dataset": contract.dataset})


def _other_delimiter(head: bytes, titles: Sequence[str], dialect: FileFormat) -> str | None:
    """Return the delimiter by which the first line has the contract's labels, or its number of cells without header."""
    text = head.decode("utf-8" if dialect.encoding.startswith("utf-8") else dialect.encoding, "replace")
    line = next((line for line in text.splitlines()[dialect.skip_lines :] if line), "")
    if len(titles) < 2 or not line:  # noqa: PLR2004 with one column there is no delimiter
        return None

    def fits(delimiter: str) -> bool:
        quote = dialect.quote or '"'
        cells = [cell.strip().strip(quote) for cell in line.split(delimiter)]
        if not dialect.header:
            return len(cells) == len(titles)
        return len(set(cells) & set(titles)) * 2 > len(titles)

    if fits(dialect.delimiter):
        return None
    return next((other for other in _DELIMITERS if other != dialect.delimiter and fits(other)), None)

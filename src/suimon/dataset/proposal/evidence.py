"""Every value of a sample, in bounded memory: what a column is guessed from.

A column's values are counted until there are 20,000 different ones. From then on a new one counts as another that looks
alike: as many characters, digits and marks in the same places. So the whole of a large file is looked at, and a value
unlike all before it is seen wherever it stands.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from suimon.check.decode import DecodeError, utf8_chunks
from suimon.check.source import LocalFile
from suimon.contract.file import FileFormat
from suimon.dataset.proposal.sample import SampleError
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from suimon.contract.file import Encoding

DIFFERENT = 20_000
_FORM = str.maketrans("123456789", "999999999")  # a zero in front is more than a digit
_TYPED = re.compile(r"[-+0-9.,:/ TZ'年月日]+")

_MOST_CHARACTERS = 2**27  # of one cell


@dataclass(slots=True)
class Column:
    """The values of one column of one sample, and how often each stands there."""

    values: Counter[str] = field(default_factory=Counter)
    is_key: bool = True  # no value came twice, as far as all are known
    _alike: dict[tuple[int, str], str] = field(default_factory=dict)

    def add(self, value: str) -> None:
        """Count one value."""
        values = self.values
        if value in values:
            self.is_key = self.is_key and not value
        elif len(values) >= DIFFERENT:
            form = value.translate(_FORM) if _TYPED.fullmatch(value) else ""
            value = self._alike.setdefault((len(value), form), value)
        values[value] += 1


@dataclass(slots=True)
class Evidence:
    """The columns of one sample and the number of its records; `others` have another number of cells."""

    columns: list[Column]
    records: int = 0
    others: int = 0

    def add(self, record: list[str]) -> None:
        """Take in one record."""
        if len(record) != len(self.columns):
            self.others += record != []
            return
        self.records += 1
        for column, cell in zip(self.columns, record, strict=True):
            column.add(cell)


def of_rows(rows: list[list[str]], width: int) -> Evidence:
    """Return what the records of a small file are evidence of."""
    evidence = Evidence([Column() for _ in range(width)])
    for row in rows:
        evidence.add(row)
    return evidence


def of_file(path: Path, form: FileFormat, width: int) -> Evidence:
    """Return what a whole file is evidence of, read as a stream; SampleError where it cannot be decoded."""
    evidence = Evidence([Column() for _ in range(width)])
    csv.field_size_limit(_MOST_CHARACTERS)  # the process has one, which others set, too
    reader = csv.reader(
        _lines(path, form),
        delimiter=form.delimiter,
        quotechar=form.quote or None,
        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
        doublequote=form.escape == form.quote,
        escapechar=form.escape if form.quote and form.escape != form.quote else None,
    )
    try:
        for number, record in enumerate(reader):
            if number or not form.header:
                evidence.add(record)
    except csv.Error as error:
        raise SampleError(f"{path}: line {reader.line_num + form.skip_lines}: {error}") from error
    return evidence


def _lines(path: Path, form: FileFormat) -> Iterator[str]:
    rest, skipped = "", form.skip_lines
    for text in _texts(path, form.encoding, FileFormat(compression=form.compression)):
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            if skipped:
                skipped -= 1
            else:
                yield line + "\n"
    if rest:
        yield rest


def _texts(path: Path, encoding: Encoding, form: FileFormat) -> Iterator[str]:
    decoder, lines = codecs.getincrementaldecoder(encoding)(), 0
    try:
        for chunk in utf8_chunks(LocalFile(path), form):  # "utf-8" passes bytes as they are
            text = decoder.decode(chunk)
            lines += text.count("\n")
            yield text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = lines + error.object.count(b"\n", 0, error.start) + 1
        stray = f"byte 0x{error.object[error.start]:02X} near line {line} is not {encoding}"
        raise SampleError(f"{path}: {stray}, as all before it is: it is damaged, or of two encodings") from error
    except DecodeError as error:
        raise SampleError(f"{path} cannot be read: {error.code}") from error

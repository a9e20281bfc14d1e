"""Records of a CSV file by its dialect, read as the gate reads them: with Python's own codecs and csv module.

Spark's CSV reader takes no part: it chooses the decompression by the name, reads backslashes, comments and mixed line
endings in another way than the gate, and in one task. Java's character sets differ too (815C of Shift_JIS, A1BD and
8FA2B7 of EUC-JP).
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from glue.hadoop import fetch, put
from suimon.contract.written import CellForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pyspark.sql import SparkSession

# The gate takes no longer records.
MAX_RECORD_CHARACTERS = 2_000_000

# What ends a cell and a record of the plain records: no file that the gate accepts holds a NUL.
CELL_END, RECORD_END = "\0,", "\0\n"

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp932", "shift_jis", "euc-jp")
COMPRESSIONS = ("none", "gzip", "zstd", "zip")
# The clauses of a compiled column that decide how a cell is read; the others are rules on cells that were read already.
READING = {
    *("name", "type", "label", "may_be_absent"),
    *("format", "bits", "precision", "scale", "true_words", "false_words"),
    *("trimmed", "full_width", "thousands", "pivot"),
}
RULES = {"required", "unique", "personal", "partition", "pattern", "allowed"}
BOUNDS = {"min_length", "max_length", "minimum", "maximum"}


class ConversionError(Exception):
    """The file is not what its contract says; the message names column and record, never a value."""


class ContractError(ValueError):
    """The contract asks for something that this job cannot read."""


class RowCountError(Exception):
    """Rows in the file, in the Parquet written from it and as counted by the gate are not the same number."""


@dataclass(frozen=True)
class Dialect:
    """How the file is written: `file` of the compiled contract, as `suimon.contract.file.FileFormat` explains it."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    line_ending: str = "any"  # checked by the gate, as are the two limits of decompression
    header: bool = True
    header_order: str = "fixed"
    header_case: str = "exact"
    extra_columns: str = "refuse"
    null_tokens: Sequence[str] = ("",)
    decimal: str = "."
    skip_lines: int = 0
    comment: str | None = None
    compression: str = "none"
    max_ratio: int = 0
    max_bytes: int = 0
    trailer: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Source:
    """One CSV file: where it lies and how it is written. In a set, also its name and the rows that the gate counted."""

    uri: str
    dialect: Dialect
    name: str = ""
    rows: int | None = None


def dialect_of(contract: Mapping[str, Any]) -> Dialect:
    """Return the dialect; ContractError for a clause that this job would ignore and so read differently."""
    raw = contract["file"]
    unknown = [f"file.{name}" for name in raw.keys() - {field.name for field in fields(Dialect)}]
    for column in contract["columns"]:
        unknown += [f"{name} of column {column['name']}" for name in column.keys() - READING - RULES - BOUNDS]
    if unknown:
        raise ContractError(f"{', '.join(sorted(unknown))}: not known here; deploy the job that fits the gate")
    dialect = Dialect(**raw)
    for name, known in (
        ("encoding", ENCODINGS),
        ("compression", COMPRESSIONS),
        ("escape", (dialect.quote, "\\", "")),
        ("decimal", (".", ",")),
    ):
        if (value := getattr(dialect, name)) not in known:
            raise ContractError(f"file.{name}: {value!r} is not known here")
    return dialect


def write_plain(
    spark: SparkSession, columns: Sequence[Mapping[str, Any]], sources: Sequence[Source], records_uri: str
) -> tuple[int, int]:
    """Write the records of files as plain ones, numbered from 1; return how many they are and their size in bytes.

    Needs room on the driver's disk for one file and the plain text of all, which G.1X has for some ten GB.
    """
    read = 0
    with TemporaryDirectory(prefix="suimon-") as folder:
        plain = Path(folder, "records")
        with plain.open("w", encoding="utf-8", newline="") as file:
            for source in sources:
                number = _append(spark, columns, source, Path(folder, "source"), file)
                check_rows(source, number)
                read += number
        size = plain.stat().st_size
        put(spark, plain, records_uri)
    return read, size


def _append(
    spark: SparkSession,
    columns: Sequence[Mapping[str, Any]],
    source: Source,
    path: Path,
    file: io.TextIOBase,
) -> int:
    dialect, of = source.dialect, f" of {source.name}" if source.name else ""
    fetch(spark, source.uri, path, zstd=dialect.compression == "zstd")
    number = 0
    try:
        with open_text(path, dialect) as text:
            for number, cells in enumerate(records_of(text, dialect, columns), 1):
                file.write(f"{number}{of}{CELL_END}{CELL_END.join(cells)}{RECORD_END}")
    except UnicodeError as error:  # the error's own text shows the cell, which may be personal
        raise ConversionError(f"a record after {number}{of} holds bytes that are no {dialect.encoding}") from error
    except ConversionError as error:
        raise ConversionError(f"{source.name}: {error}" if of else str(error)) from error
    return number


def open_text(path: Path, dialect: Dialect) -> io.TextIOWrapper:
    """Open a file as text whose lines end where a line feed stands and nowhere else."""
    stream: Any
    match dialect.compression:
        case "gzip":
            stream = gzip.GzipFile(path)
        case "zip":
            archive = ZipFile(path)
            # The folder of the one file may stand beside it, as Explorer and `zip -r` write it.
            stream = archive.open(next(member for member in archive.infolist() if not member.is_dir()))
        case _:
            stream = path.open("rb")
    # Stray bytes may stand in lines that are no records. From a record they cannot be written, and fail the job.
    return io.TextIOWrapper(stream, encoding=dialect.encoding, errors="surrogateescape", newline="\n")


def records_of(text: Iterable[str], dialect: Dialect, columns: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """Yield the cells of every record, in the contract's order of columns."""
    lines: Iterator[str] = islice(text, dialect.skip_lines, None)
    if dialect.trailer:
        lines = _before_last(lines)
    if dialect.comment or dialect.escape == "\\":
        lines = _simplified(lines, dialect)
    try:
        first = reader(lines, dialect)
        labels = next(first, []) if dialect.header else [title(column) for column in columns]
    except csv.Error as error:
        raise ConversionError(f"after record 0: {error}") from error
    yield from cells_of(lines, dialect, len(labels), places_of(labels, dialect, columns), forms_of(columns, dialect))


def cells_of(
    lines: Iterable[str],
    dialect: Dialect,
    width: int,
    places: Sequence[int | None],
    forms: Mapping[int, CellForm],
    before: int = 0,
) -> Iterator[list[str]]:
    """Yield the cells at `places` of every record, all of `width`; `before` is the number of the record before them.

    Those of a column that `forms` has are written plain, unless they are null tokens as they stand.

    Of a column that the file does not have, whose place is None, every cell is missing: a null token.
    """
    number, missing = before, next(iter(dialect.null_tokens), "")
    try:
        for number, record in enumerate(reader(lines, dialect), before + 1):
            # Of one column, an empty line is an empty cell.
            cells = record or [""]
            if len(cells) != width:
                raise ConversionError(f"record {number} does not have the {width} fields of the contract")
            if "\0" in "".join(cells):
                raise ConversionError(f"record {number} holds a NUL")
            ours = [missing if place is None else cells[place] for place in places]
            for column, form in forms.items():
                ours[column] = ours[column] if ours[column] in dialect.null_tokens else form.plain(ours[column])
            yield ours
    except csv.Error as error:
        raise ConversionError(f"after record {number}: {error}") from error


def forms_of(columns: Sequence[Mapping[str, Any]], dialect: Dialect) -> dict[int, CellForm]:
    """Return how the cells of columns are written that are not plain, by the column's place in the contract."""
    forms = {number: CellForm.of(column, dialect.decimal) for number, column in enumerate(columns)}
    return {number: form for number, form in forms.items() if form}


def reader(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    """Return Python's reader for the dialect; csv.Error at what the gate would not accept."""
    csv.field_size_limit(MAX_RECORD_CHARACTERS)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )


def title(column: Mapping[str, Any]) -> str:
    """Return the label of a column in the header."""
    return str(column.get("label") or column["name"])


def places_of(labels: Sequence[str], dialect: Dialect, columns: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """Return where each column of the contract stands in the file; None of one that may be absent and is."""
    fold = str.casefold if dialect.header_case == "ignore" else str
    found, wanted = [fold(label) for label in labels], [fold(title(column)) for column in columns]
    counts = [found.count(label) for label in wanted]
    if any(
        count > 1 or (count == 0 and not column.get("may_be_absent"))
        for count, column in zip(counts, columns, strict=True)
    ):
        raise ConversionError("the header does not have each label of the contract once")
    if len(found) > sum(counts) and dialect.extra_columns == "refuse":
        raise ConversionError("the header has labels that the contract does not know")
    places = [found.index(label) if label in found else None for label in wanted]
    there = [place for place in places if place is not None]
    if there != sorted(there) and dialect.header_order != "free":
        raise ConversionError("the header has its labels in another order than the contract")
    return places


def check_rows(source: Source, read: int) -> None:
    """Raise RowCountError unless a file of a set has as many rows as the gate has counted in it."""
    if source.rows is not None and source.rows != read:
        raise RowCountError(
            f"{source.name}: The gate counted {source.rows} rows, the job read {read}. "
            "The target is not to be loaded; replay the drop, and if it stays, compare the contract's CSV dialect."
        )


def _before_last(lines: Iterator[str]) -> Iterator[str]:
    """Leave out the last line, the trailer: the gate has compared it with the records."""
    held = next(lines, "")
    for line in lines:
        yield held
        held = line


def _simplified(lines: Iterator[str], dialect: Dialect) -> Iterator[str]:
    """Leave out comments, and double quotes instead of escaping: csv would take backslashes outside quotes, too."""
    quote, inside = dialect.quote, False
    outside = re.compile(f"[^{re.escape(quote)}]*" if quote else "")
    content = re.compile(rf"[^{re.escape(quote)}\\]*(?:\\[\s\S]?[^{re.escape(quote)}\\]*)*")
    for line in lines:
        if dialect.comment and not inside and line.startswith(dialect.comment):
            continue
        if dialect.escape != "\\" or "\\" not in line:
            yield line
            inside ^= bool(quote) and line.count(quote) % 2 == 1
            continue
        simple, position = "", 0
        while position < len(line):
            piece = (content if inside else outside).match(line, position)[0]  # type: ignore[index] # nothing is a match
            position += len(piece) + 1
            simple += re.sub(r"\\([\s\S])", r"\1", piece).replace(quote, quote * 2) if inside else piece
            if position <= len(line):  # a quote follows
                simple, inside = simple + quote, not inside
        yield simple

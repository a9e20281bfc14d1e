"""The Glue job of every dataset: accepted CSV to typed Parquet that Redshift's COPY loads by position.

Arguments: `--source_uri` the CSV, or the `_set.json` of a set of them, `--contract_uri` its compiled contract,
`--target_uri` a folder of this run alone (ends in `/`), `--expected_rows` what the gate has counted. Last of all the
job writes the result beside the folder, `<target_uri without the slash>.result.json`:

    {"run": "0123456789abcdef.1", "dataset": "sales", "version": "1.0.0", "columns": ["order_id", …], "rows": 50000,
     "sums": {"quantity": "125000", "amount": "6250000.50"},
     "files": [{"name": "part-00000-….snappy.parquet", "size": 1234567, "rows": 50000}]}

`sums` are those of every number of the contract over the Parquet that was written: exact, with the column's scale.
Beside, not inside: COPY takes every object below the prefix, and AWS promises nowhere that it skips names with `_`.

A set's `_set.json` names its shards and, from its own folder, where each lies; beside each lies the contract that it
was checked by, which says its dialect:

    {"rows": 3, "sources": [
        {"name": "orders/2026-11-20/part-1.csv", "path": "../0123456789abcdef/data.csv", "rows": 3}]}

Every file is read with Python's own codecs and csv module, record by record. Spark's own CSV reader takes no part: it
picks the decompression by the name, reads backslashes, comments and mixed line endings in another way than the gate,
and in one task. Java's character sets would differ too (815C of Shift_JIS, A1BD and 8FA2B7 of EUC-JP). Two ways:

- The driver reads the file from its disk and writes the cells as plain records beside the target, where they stay until
  the job ends; all of Spark's tasks read those, since they can be told apart anywhere. Any dialect; one core's pace.
- A large file whose dialect lets its records be told apart from anywhere (`can_be_cut`: neither compressed nor escaped
  by backslashes, no comments, no trailer) is read by all workers, a block of 128 MiB each. One look over the blocks
  counts their quotes, so that each knows whether it begins inside a cell; the next reads.

Glue 5.0 is Spark 3.5.4 on Python 3.11. It loads one file, so everything stands here and needs only PySpark.
"""

import argparse
import csv
import gzip
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from decimal import Decimal, Inexact, localcontext
from functools import reduce
from itertools import chain, groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped] # it ships no types
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses

SETTINGS = {
    # Nothing may become a silent null: what the casts below do not catch themselves is an error.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # COPY reads Parquet through Redshift Spectrum, which reads timestamps from INT96 and takes 64-bit ones for numbers
    # (dask/fastparquet issue 432). INT96 is UTC, so the session must be too: the digits of the file arrive unchanged.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "INT96",
    # Spectrum expects a decimal in the fewest bytes its precision needs ("invalid type length. Expecting: 8 len in
    # file: 13", G-Research/ParquetSharp issue 252). Spark writes exactly that in its legacy format only.
    "spark.sql.parquet.writeLegacyFormat": "true",
    "spark.sql.parquet.compression.codec": "snappy",
    # What one task reads and one file holds: see TEXT_BYTES_PER_FILE.
    "spark.sql.files.maxPartitionBytes": str(128 * 1024 * 1024),
    # No shifting of days before 1582 between calendars.
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}

# Redshift's slices share the work of a COPY file by file: Parquet below 128 MB is never split (Redshift's guide,
# "Loading data files"). 128 MiB of plain text come to some 20-50 MB of Parquet, and are what one task reads: files of
# one size, as many as there are tasks, without a shuffle. A cluster of more slices than files has some idle; its COPY
# is short.
TEXT_BYTES_PER_FILE = 128 * 1024 * 1024
# Below this the driver is done before the workers would be; it has the disk for it (G.1X: 94 GB).
CUT_BYTES = 1024 * 1024 * 1024
# The gate takes no longer records.
MAX_RECORD_CHARACTERS = 2_000_000
COPY_BYTES = 1024 * 1024
MAX_DIGITS = 38

# What ends a cell and a record of the plain records: no file that the gate accepts holds a NUL.
CELL_END, RECORD_END = "\0,", "\0\n"

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp932", "shift_jis", "euc-jp")
COMPRESSIONS = ("none", "gzip", "zstd", "zip")
# What else a compiled column says are rules on cells that were read already.
READING = {"name", "type", "label", "format", "bits", "precision", "scale", "true_words", "false_words"}
RULES = {"required", "unique", "personal", "partition", "pattern", "allowed"}
BOUNDS = {"min_length", "max_length", "minimum", "maximum"}

# Directives of strptime and what Spark calls them; both read exactly this many digits.
SPARK_DATE_PARTS = {
    "Y": "yyyy",
    "m": "MM",
    "d": "dd",
    "H": "HH",
    "M": "mm",
    "S": "ss",
    "g": "SSS",
    "f": "SSSSSS",
    "z": "XXX",  # up to 18 hours, as the gate
}

SET_NAME = "_set.json"

# The column of the frame beside the contract's own: which record of the file it is, from 1; in a set, of which file.
RECORD = "__record"


class ConversionError(Exception):
    """The file does not hold what its contract says; the message names column and record, never a value."""


class ContractError(ValueError):
    """The contract asks for something that this job cannot read."""


class RowCountError(Exception):
    """Rows in the file, in the Parquet written from it and as counted by the gate are not the same number."""


@dataclass(frozen=True)
class Arguments:
    """What a run is told."""

    source_uri: str
    contract_uri: str
    target_uri: str
    expected_rows: int


@dataclass(frozen=True)
class Dialect:
    """How the file is written: `file` of the compiled contract, as `suimon.contract.file.FileFormat` explains it."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    line_ending: str = "any"  # the gate has found it kept, as the two limits of decompression
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
    """One CSV file: where it lies and how it is written. Of a set also its name and how many rows the gate counted."""

    uri: str
    dialect: Dialect
    name: str = ""
    rows: int | None = None


@dataclass(frozen=True)
class Cells:
    """Records as Spark has them: one column `cells` of texts, the record's number first; `size` of their text."""

    cells: DataFrame
    rows: int
    size: int


@dataclass(frozen=True)
class Block:
    """Where a task of a file that is cut begins: `skip` lines belong to the record before, `tail` is of its last one.

    `number` is that of the first record that begins in the block.
    """

    skip: int
    tail: Sequence[bytes]
    number: int


@dataclass(frozen=True)
class ParquetFile:
    """One written file; `rows` as they were read from it again, `size` in bytes."""

    name: str
    size: int
    rows: int


def main(argv: Sequence[str]) -> None:
    """Run the job once; any exception fails the run."""
    arguments = parse_arguments(argv)
    spark = open_session()
    contract = json.loads(read_text(spark, arguments.contract_uri))
    files = convert(spark, contract, arguments)
    print(json.dumps({"target_uri": arguments.target_uri, "rows": sum(file.rows for file in files)}))  # noqa: T201


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Read our own arguments and leave Glue's (--JOB_NAME, --JOB_RUN_ID, --TempDir …) alone."""
    # Not awsglue.utils.getResolvedOptions: it exists on Glue only.
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("--source_uri", "--contract_uri", "--target_uri"):
        parser.add_argument(name, required=True)
    parser.add_argument("--expected_rows", type=int, required=True)
    known, _ = parser.parse_known_args(argv)
    if not known.target_uri.endswith("/"):
        parser.error(f"--target_uri {known.target_uri} must end in /: the run empties that folder and nothing else")
    return Arguments(**vars(known))


def open_session() -> SparkSession:
    """Give the session with the settings that the conversion relies on."""
    builder = SparkSession.builder.appName("csv_to_parquet")
    return reduce(lambda before, setting: before.config(*setting), SETTINGS.items(), builder).getOrCreate()


def convert(spark: SparkSession, contract: Mapping[str, Any], arguments: Arguments) -> list[ParquetFile]:
    """Write file or set as Parquet, check that no row is lost, and write the result; the same again leaves the same.

    Raises:
        ContractError: a clause of the contract is unknown here.
        ConversionError: header or cells are not what the contract says.
        RowCountError: the counts differ.

    """
    groups = alike(sources_of(spark, contract, arguments.source_uri))
    records = [f"{arguments.target_uri.rstrip('/')}.{number}.records" for number in range(len(groups))]
    delete(spark, result_uri(arguments.target_uri))
    read, size, frames = 0, 0, []
    try:
        with _plain_errors():
            for sources, uri in zip(groups, records, strict=True):
                for laid in read_group(spark, contract, sources, uri):
                    read, size = read + laid.rows, size + laid.size
                    frames.append(typed(named(laid.cells, contract, sources[0].dialect), contract, sources[0].dialect))
            write_parquet(
                reduce(DataFrame.unionAll, frames), arguments.target_uri, parts=-(-size // TEXT_BYTES_PER_FILE)
            )
            files, sums = written(spark, contract, arguments.target_uri)
    finally:
        for uri in records:
            delete(spark, uri)
    check_counts(gate=arguments.expected_rows, read=read, written=sum(file.rows for file in files))
    write_text(spark, result_uri(arguments.target_uri), json.dumps(result_of(contract, arguments, files, sums)))
    return files


def dialect_of(contract: Mapping[str, Any]) -> Dialect:
    """Give the dialect; ContractError for what this job would pass over and so read differently from the gate."""
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


def sources_of(spark: SparkSession, contract: Mapping[str, Any], source_uri: str) -> list[Source]:
    """Give the files to read: the one, or those of a set, each with the dialect that it was checked by."""
    folder, _, name = source_uri.rpartition("/")
    if name != SET_NAME:
        return [Source(source_uri, dialect_of(contract))]
    sources = []
    for source in json.loads(read_text(spark, source_uri))["sources"]:
        uri = _from(folder, source["path"])
        own = json.loads(read_text(spark, f"{uri.rpartition('/')[0]}/_contract.json"))
        if _as_read(own) != _as_read(contract):
            raise ContractError(f"{source['name']} was checked by a contract of other columns: send it again")
        sources.append(Source(uri, dialect_of(own), source["name"], source["rows"]))
    return sources


def _as_read(contract: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{key: column[key] for key in READING & column.keys()} for column in contract["columns"]]


def _from(folder: str, path: str) -> str:
    """Give where a path leads from a folder; S3 takes `..` for a name like any other."""
    places = folder.split("/")
    for step in path.split("/"):
        places = places[:-1] if step == ".." else [*places, step]
    return "/".join(places)


def alike(sources: Sequence[Source]) -> list[list[Source]]:
    """Put together what can be read as one frame once it lies there as plain records."""
    groups: dict[tuple[object, ...], list[Source]] = {}
    for source in sources:
        groups.setdefault((*source.dialect.null_tokens, source.dialect.decimal), []).append(source)
    return list(groups.values())


def read_group(
    spark: SparkSession, contract: Mapping[str, Any], sources: Sequence[Source], records_uri: str
) -> Iterator[Cells]:
    """Read files that are alike: large ones by all workers where their dialect allows it, the others by the driver."""
    sizes = {source.uri: _size(spark, source.uri) for source in sources}
    cut = [source for source in sources if sizes[source.uri] >= CUT_BYTES and can_be_cut(source.dialect)]
    for source in cut:
        cells = cut_apart(spark, contract, source, sizes[source.uri])
        if source.rows is not None:
            check_counts(gate=source.rows, read=cells.rows, written=cells.rows, of=source.name)
        yield cells
    if rest := [source for source in sources if source not in cut]:
        rows, size = lay_records(spark, contract, rest, records_uri)
        lines = spark.read.text(records_uri, lineSep=RECORD_END)
        yield Cells(_split(lines), rows, size)


def can_be_cut(dialect: Dialect) -> bool:
    """Tell whether a line feed after an even number of quotes ends a record, wherever one begins to count.

    The gate accepts quotes around cells and doubled inside them, nowhere else. No character of these encodings has a
    line feed or such a quote as its second byte.
    """
    return (
        dialect.compression == "none"
        and dialect.encoding in {"utf-8", "utf-8-sig", "cp932", "shift_jis"}
        and dialect.quote in {"", '"', "'"}
        and dialect.escape in {"", dialect.quote}
        and not (dialect.skip_lines or dialect.comment or dialect.trailer)
    )


def cut_apart(spark: SparkSession, contract: Mapping[str, Any], source: Source, size: int) -> Cells:
    """Read one file by as many tasks as it has blocks."""
    dialect, columns = source.dialect, contract["columns"]
    # Text passes through as the bytes that it is; a block's lines are those that begin in it.
    text = spark.read.text(source.uri, lineSep="\n")
    lines: Any = text.select(F.col("value").cast("binary"), F.col("_metadata.file_block_start")).rdd
    labels = _labels(spark, source) if dialect.header else [_title(column) for column in columns]
    places = _places(labels, dialect, columns)
    quote = dialect.quote.encode()
    surveyed = sorted(lines.mapPartitions(lambda rows: survey(rows, quote)).collect())
    inside = frozenset(starts_inside(surveyed))
    heads = dict(lines.mapPartitions(lambda rows: heads_of(rows, quote, inside)).collect()) if inside else {}
    blocks, rows = plan_blocks(surveyed, heads, header=dialect.header)
    of = f" of {source.name}" if source.name else ""
    read: Any = lines.mapPartitions(lambda rows: read_blocks(rows, blocks, dialect, len(labels), places, of))
    return Cells(_split(spark.createDataFrame(read, "value string", verifySchema=False)), rows, size)


def survey(rows: Iterable[Any], quote: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Give of each block where it starts, its quotes modulo 2, and its records' ends if it starts outside or inside."""
    for start, lines in groupby(rows, key=_block_start):
        odd, ends = 0, [0, 0]
        for line, _ in lines:
            odd ^= line.count(quote) & 1 if quote else 0
            ends[odd] += 1
        yield start, odd, ends[0], ends[1]


def starts_inside(surveyed: Iterable[tuple[int, int, int, int]]) -> Iterator[int]:
    """Give the blocks that start inside a quoted cell; ConversionError when the file ends inside one."""
    odd = 0
    for start, quotes, *_ in surveyed:
        if odd:
            yield start
        odd ^= quotes
    if odd:
        raise ConversionError("the file ends inside a quoted cell")


def heads_of(
    rows: Iterable[Any], quote: bytes, inside: frozenset[int]
) -> Iterator[tuple[int, tuple[list[bytes], bool]]]:
    """Give of each block that starts inside a cell the lines to the end of that record, and whether it ends there."""
    for start, lines in groupby(rows, key=_block_start):
        if start not in inside:
            continue
        head: list[bytes] = []
        odd, length = 1, 0
        for line, _ in lines:
            head.append(bytes(line))
            odd, length = odd ^ (line.count(quote) & 1), length + len(line)
            if not odd:
                break
            if length > 4 * MAX_RECORD_CHARACTERS:
                raise ConversionError("a record is longer than any that the gate accepts")
        yield start, (head, not odd)


def plan_blocks(
    surveyed: Sequence[tuple[int, int, int, int]], heads: Mapping[int, tuple[list[bytes], bool]], *, header: bool
) -> tuple[dict[int, Block], int]:
    """Give each block's part by its start, and how many records there are beside the header."""
    blocks: dict[int, Block] = {}
    tails: dict[int, list[bytes]] = {}
    number, open_in, odd = 0 if header else 1, 0, 0
    for start, quotes, outside, inside in surveyed:
        head, ended = heads[start] if odd else ([], True)
        if odd:
            tails.setdefault(open_in, []).extend(head)
        # The record that was open ended here; it began, and was counted, before.
        begun = (inside - 1 if odd else outside) + (odd ^ quotes) if ended else 0
        blocks[start] = Block(len(head), tails.setdefault(start, []), number)
        number += begun
        if ended:
            open_in = start
        odd ^= quotes
    return blocks, number - 1


def read_blocks(
    rows: Iterable[Any], blocks: Mapping[int, Block], dialect: Dialect, width: int, places: Sequence[int], of: str
) -> Iterator[tuple[str]]:
    """Yield every record that begins in these blocks as a plain one."""
    encoding = "utf-8" if dialect.encoding == "utf-8-sig" else dialect.encoding
    for start, lines in groupby(rows, key=_block_start):
        block = blocks[start]
        own = chain((line for line, _ in islice(lines, block.skip, None)), block.tail)
        number = before = block.number - 1
        try:
            text = (line.decode(encoding) + "\n" for line in own)
            for number, cells in enumerate(cells_of(text, dialect, width, places, before), block.number):
                if number:  # the header is record 0
                    yield (f"{number}{of}{CELL_END}{CELL_END.join(cells)}",)
        except UnicodeError as error:
            raise ConversionError(f"a record after {number}{of} holds bytes that are no {dialect.encoding}") from error


def _split(lines: DataFrame) -> DataFrame:
    return lines.select(F.split("value", CELL_END).alias("cells"))


def _block_start(row: Any) -> int:
    return int(row[1])


def _labels(spark: SparkSession, source: Source) -> list[str]:
    _, path, file_system = _hadoop(spark, source.uri)
    stream = file_system.open(path)
    try:
        start = bytes(stream.readNBytes(4 * MAX_RECORD_CHARACTERS)).removeprefix(b"\xef\xbb\xbf")
    finally:
        stream.close()
    encoding = "utf-8" if source.dialect.encoding == "utf-8-sig" else source.dialect.encoding
    return next(_reader(io.StringIO(start.decode(encoding, "replace"), newline="\n"), source.dialect), [])


def _size(spark: SparkSession, uri: str) -> int:
    _, path, file_system = _hadoop(spark, uri)
    return int(file_system.getFileStatus(path).getLen())


def lay_records(
    spark: SparkSession, contract: Mapping[str, Any], sources: Sequence[Source], records_uri: str
) -> tuple[int, int]:
    """Write the records of files as plain ones, numbered from 1; give how many they are and their size in bytes.

    Needs room on the driver's disk for one file and the plain text of all, which G.1X has for some ten GB.
    """
    read = 0
    with TemporaryDirectory(prefix="suimon-") as folder:
        plain = Path(folder, "records")
        with plain.open("w", encoding="utf-8", newline="") as file:
            for source in sources:
                number = _lay(spark, contract, source, Path(folder, "source"), file)
                if source.rows is not None:
                    check_counts(gate=source.rows, read=number, written=number, of=source.name)
                read += number
        size = plain.stat().st_size
        _put(spark, plain, records_uri)
    return read, size


def _lay(spark: SparkSession, contract: Mapping[str, Any], source: Source, path: Path, file: io.TextIOBase) -> int:
    dialect, of = source.dialect, f" of {source.name}" if source.name else ""
    _fetch(spark, source.uri, path, zstd=dialect.compression == "zstd")
    number = 0
    try:
        with open_text(path, dialect) as text:
            for number, cells in enumerate(records_of(text, dialect, contract["columns"]), 1):
                file.write(f"{number}{of}{CELL_END}{CELL_END.join(cells)}{RECORD_END}")
    except UnicodeError as error:  # nothing else is told: the cell may be personal
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
            stream = archive.open(archive.namelist()[0])
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
        first = _reader(lines, dialect)
        labels = next(first, []) if dialect.header else [_title(column) for column in columns]
    except csv.Error as error:
        raise ConversionError(f"after record 0: {error}") from error
    yield from cells_of(lines, dialect, len(labels), _places(labels, dialect, columns))


def cells_of(
    lines: Iterable[str], dialect: Dialect, width: int, places: Sequence[int], before: int = 0
) -> Iterator[list[str]]:
    """Yield the cells at `places` of every record, all of `width`; `before` is the number of the record before them."""
    number = before
    try:
        for number, record in enumerate(_reader(lines, dialect), before + 1):
            # Of one column, an empty line is an empty cell.
            cells = record or [""]
            if len(cells) != width:
                raise ConversionError(f"record {number} does not have the {width} fields of the contract")
            if "\0" in "".join(cells):
                raise ConversionError(f"record {number} holds a NUL")
            yield [cells[place] for place in places]
    except csv.Error as error:
        raise ConversionError(f"after record {number}: {error}") from error


def _reader(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_RECORD_CHARACTERS)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )


def _before_last(lines: Iterator[str]) -> Iterator[str]:
    """Leave the last line out, the trailer: the gate has held it against the records."""
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


def _title(column: Mapping[str, Any]) -> str:
    return str(column.get("label") or column["name"])


def _places(labels: Sequence[str], dialect: Dialect, columns: Sequence[Mapping[str, Any]]) -> list[int]:
    """Give where each column of the contract stands in the file."""
    fold = str.casefold if dialect.header_case == "ignore" else str
    found, wanted = [fold(label) for label in labels], [fold(_title(column)) for column in columns]
    if any(found.count(title) != 1 for title in wanted):
        raise ConversionError("the header does not have each label of the contract once")
    if len(found) > len(wanted) and dialect.extra_columns != "ignore":
        raise ConversionError("the header has labels that the contract does not know")
    places = [found.index(title) for title in wanted]
    if places != sorted(places) and dialect.header_order != "free":
        raise ConversionError("the header has its labels in another order than the contract")
    return places


def named(cells: DataFrame, contract: Mapping[str, Any], dialect: Dialect) -> DataFrame:
    """Give every cell as text in a column of its name, null when it is missing, beside the record's number."""
    columns = [
        _null_tokens(F.col("cells")[place], dialect.null_tokens).alias(column["name"])
        for place, column in enumerate(contract["columns"], 1)
    ]
    return cells.select(*columns, F.col("cells")[0].alias(RECORD))


def typed(rows: DataFrame, contract: Mapping[str, Any], dialect: Dialect) -> DataFrame:
    """Cast every column of `rows` to its type, in the contract's order; a cell that does not fit fails the job."""
    return rows.select(*(_strict(column, dialect.decimal).alias(column["name"]) for column in contract["columns"]))


def write_parquet(rows: DataFrame, uri: str, parts: int) -> None:
    """Replace whatever the folder holds by `rows` in `parts` files or fewer."""
    # Not repartition: what was read in even parts needs no shuffle.
    sized = rows.coalesce(max(parts, 1))
    # COPY would try to load Spark's _SUCCESS as Parquet.
    sized.write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").mode("overwrite").parquet(uri)


def written(spark: SparkSession, contract: Mapping[str, Any], uri: str) -> tuple[list[ParquetFile], dict[str, str]]:
    """Read the folder again: its files with their rows, and the sum of every number, exact with the column's scale.

    A sum beyond 38 digits fails the job, as SUM would fail in Redshift.
    """
    scales = {
        column["name"]: column.get("scale", 0) if column["type"] == "decimal" else 0
        for column in contract["columns"]
        if column["type"] in {"integer", "decimal"}
    }
    wide = {name: F.col(f"`{name}`").cast(f"decimal(38,{scale})") for name, scale in scales.items()}
    totals = [F.sum(wide[name]).alias(f"c{place}") for place, name in enumerate(scales)]
    by_file = spark.read.parquet(uri).groupBy(F.col("_metadata.file_name").alias("name"))
    found = {row["name"]: row for row in by_file.agg(F.count(F.lit(1)).alias("rows"), *totals).collect()}
    _, path, file_system = _hadoop(spark, uri)
    files = [
        ParquetFile(name, status.getLen(), found[name]["rows"] if name in found else 0)
        for status in file_system.listStatus(path)
        for name in [status.getPath().getName()]
    ]
    sums = {}
    with localcontext(prec=MAX_DIGITS) as context:
        context.traps[Inexact] = True
        for place, (name, scale) in enumerate(scales.items()):
            total = sum((row[f"c{place}"] or 0 for row in found.values()), start=Decimal(0))
            sums[name] = f"{total:.{scale}f}"
    return files, sums


def check_counts(gate: int, read: int, written: int, of: str = "") -> None:
    """Raise RowCountError unless all three are one number."""
    if not gate == read == written:
        raise RowCountError(
            f"{of and f'{of}: '}The gate counted {gate} rows, the job read {read}, the Parquet files hold {written}. "
            "The target is not to be loaded; replay the drop, and if it stays, compare the contract's CSV dialect."
        )


def result_of(
    contract: Mapping[str, Any], arguments: Arguments, files: Sequence[ParquetFile], sums: Mapping[str, str]
) -> dict[str, Any]:
    """Give what the DAG's check reads."""
    return {
        "run": arguments.target_uri.rstrip("/").rsplit("/", 1)[-1],
        "dataset": contract["dataset"],
        "version": contract["version"],
        "columns": [column["name"] for column in contract["columns"]],
        "rows": sum(file.rows for file in files),
        "sums": dict(sums),
        "files": [{"name": file.name, "size": file.size, "rows": file.rows} for file in files],
    }


def result_uri(target_uri: str) -> str:
    """Give the place of the result of a run: beside its folder, where COPY of the folder does not see it."""
    return target_uri.rstrip("/") + ".result.json"


def read_text(spark: SparkSession, uri: str) -> str:
    """Read one small object."""
    # Not by spark.read.text: Spark passes over names that begin with `_`, such as the contract's.
    _, path, file_system = _hadoop(spark, uri)
    stream = file_system.open(path)
    try:
        return bytes(stream.readAllBytes()).decode()
    finally:
        stream.close()


def write_text(spark: SparkSession, uri: str, text: str) -> None:
    """Write one small object; one that is there is replaced."""
    _, path, file_system = _hadoop(spark, uri)
    stream = file_system.create(path, True)  # noqa: FBT003 Hadoop's own signature
    try:
        stream.write(bytearray(text.encode()))
    finally:
        stream.close()


def delete(spark: SparkSession, uri: str) -> None:
    """Remove one object; nothing happens where there is none."""
    _, path, file_system = _hadoop(spark, uri)
    file_system.delete(path, False)  # noqa: FBT003 Hadoop's own signature


def _fetch(spark: SparkSession, uri: str, path: Path, *, zstd: bool) -> None:
    """Copy an object to the driver's disk; zstd is taken off on the way, which Python 3.11 cannot do by itself."""
    jvm, remote, file_system = _hadoop(spark, uri)
    source = file_system.open(remote)
    source = jvm.com.github.luben.zstd.ZstdInputStream(source) if zstd else source
    jvm.org.apache.hadoop.io.IOUtils.copyBytes(source, jvm.java.io.FileOutputStream(str(path)), COPY_BYTES, True)  # noqa: FBT003


def _put(spark: SparkSession, path: Path, uri: str) -> None:
    """Copy a file on the driver's disk to an object; one that is there is replaced."""
    jvm, remote, file_system = _hadoop(spark, uri)
    target = file_system.create(remote, True)  # noqa: FBT003 Hadoop's own signature
    jvm.org.apache.hadoop.io.IOUtils.copyBytes(jvm.java.io.FileInputStream(str(path)), target, COPY_BYTES, True)  # noqa: FBT003


def _null_tokens(cell: Column, tokens: Sequence[str]) -> Column:
    return F.when(~cell.isin(list(tokens)), cell) if tokens else cell


def _strict(column: Mapping[str, Any], separator: str) -> Column:
    cell = F.col(f"`{column['name']}`")
    value, kind = _cast(cell, column, separator)
    where = f"column {column['name']}, "
    checked = F.when(cell.isNotNull() & value.isNull(), _fail(where, f"is not {kind}", kind)).otherwise(value)
    if column.get("required"):
        return F.when(cell.isNull(), _fail(where, "is missing", kind)).otherwise(checked)
    return checked


def _cast(cell: Column, column: Mapping[str, Any], separator: str) -> tuple[Column, str]:
    """Give the value, null where the text does not fit, and the name of the Spark type.

    A cast alone takes blanks and 1e3, and rounds; the forms before it are those of the gate
    (`suimon.check.rules_as_sql`).
    """
    name = f"`{column['name']}`"
    match column["type"]:
        case "string":
            return cell, "string"
        case "integer":
            # As wide as Redshift's column: COPY refuses a 64-bit column for an INTEGER.
            kind = "bigint" if column.get("bits") == 64 else "int"  # noqa: PLR2004 the one other width there is
            return F.when(cell.rlike(r"^[+-]?[0-9]+\z"), F.expr(f"try_cast({name} AS {kind})")), kind
        case "decimal":
            precision, scale = column.get("precision", 38), column.get("scale", 0)
            fraction = rf"([{separator}][0-9]{{1,{scale}}})?" if scale else ""
            kind = f"decimal({precision},{scale})"
            value = F.expr(f"try_cast(replace({name}, '{separator}', '.') AS {kind})")
            return F.when(cell.rlike(rf"^[+-]?[0-9]+{fraction}\z"), value), kind
        case "date" | "timestamp" as kind:
            written = spark_date_format(column.get("format", "%Y-%m-%d"))
            moment = F.try_to_timestamp(cell, F.lit(written))
            return F.when(F.year(moment) > 0, moment.cast(kind)), kind  # there is no year 0
        case "boolean":
            yes, no = (list(column.get(f"{word}_words") or [word]) for word in ("true", "false"))
            return F.when(cell.isin(yes), F.lit(True)).when(cell.isin(no), F.lit(False)), "boolean"  # noqa: FBT003
    raise ContractError(f"column {column['name']}: no type {column['type']!r} is known here")


def spark_date_format(strptime_format: str) -> str:
    """Translate a strptime format; ContractError for directives whose reading would differ between the two."""
    text = ""
    for directive, literal in re.findall(r"%(.)|([^%]+)", strptime_format):
        if directive and directive not in SPARK_DATE_PARTS:
            raise ContractError(f"format {strptime_format!r}: %{directive} is not supported")
        text += SPARK_DATE_PARTS[directive] if directive else _literal(literal)
    return text


def _literal(text: str) -> str:
    """Quote what Java could take for a part of a pattern."""
    quoted = text.replace("'", "''")
    return text if re.fullmatch("[-/:., ]+", text) else f"'{quoted}'"


def _fail(where: str, problem: str, kind: str) -> Column:
    return F.raise_error(F.concat(F.lit(f"{where}record "), F.col(RECORD), F.lit(f" {problem}"))).cast(kind)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Say Spark's error in the words of its innermost cause: the last line of the log is what Glue shows."""
    try:
        yield
    except (Py4JJavaError, PySparkException) as error:
        raise ConversionError(innermost(error)) from error


def innermost(error: Py4JJavaError | PySparkException) -> str:
    """Give the first line of the message at the end of Java's chain of causes."""
    throwable = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    if throwable is None:
        return str(error)
    while throwable.getCause() is not None:
        throwable = throwable.getCause()
    message = str(throwable.getMessage() or throwable.toString()).strip()
    if message.startswith("Traceback"):  # of Python on a worker, whose last line has the error
        return message.splitlines()[-1].partition(": ")[2]
    return message.partition("\n")[0]


def _hadoop(spark: SparkSession, uri: str) -> tuple[Any, Any, Any]:
    """Give the JVM, the path and its file system: the way that is the same for s3:// on Glue and for local files."""
    context: Any = spark.sparkContext
    path = context._jvm.org.apache.hadoop.fs.Path(uri)  # noqa: SLF001 PySpark offers no other way to Hadoop's file systems
    return context._jvm, path, path.getFileSystem(context._jsc.hadoopConfiguration())  # noqa: SLF001 as above


if __name__ == "__main__":
    main(sys.argv[1:])

"""The Glue job of every dataset: accepted CSV to typed Parquet that Redshift's COPY loads by position.

Arguments: `--source_uri` the CSV, or the `_set.json` of a set of them, `--contract_uri` its compiled contract,
`--target_uri` a folder of this run alone (ends in `/`), `--expected_rows` what the gate has counted. Last of all the
job writes the result beside the folder, `<target_uri without the slash>.result.json`:

    {"run": "0123456789abcdef.1", "dataset": "sales", "version": "1.0.0", "columns": ["order_id", …], "rows": 50000,
     "files": [{"name": "part-00000-….snappy.parquet", "size": 1234567, "rows": 50000}]}

Beside, not inside: COPY takes every object below the prefix, and AWS promises nowhere that it skips names with `_`.

A set's `_set.json` names its shards and, from its own folder, where each lies; beside each lies the contract that it
was checked by, which says its dialect:

    {"rows": 3, "sources": [
        {"name": "orders/2026-11-20/part-1.csv", "path": "../0123456789abcdef/data.csv", "rows": 3}]}

Every file goes one way, whatever its dialect. The driver reads it from its disk with Python's own codecs and csv
module, record by record, and writes the cells as plain records beside the target, where they stay until the job ends;
all of Spark's tasks read those, since they can be told apart anywhere. Spark's own CSV reader takes no part: it picks
the decompression by the name, reads backslashes, comments and mixed line endings in another way than the gate, and in
one task. Java's character sets would differ too (815C of Shift_JIS, A1BD and 8FA2B7 of EUC-JP).

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
from functools import reduce
from itertools import islice
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
    # No shifting of days before 1582 between calendars.
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}

# One Parquet file for each 256 MiB of plain text comes to some 40-100 MB, within the 1 MB-1 GB that Redshift asks for.
CSV_BYTES_PER_FILE = 256 * 1024 * 1024
# The gate takes no longer records.
MAX_RECORD_CHARACTERS = 2_000_000
COPY_BYTES = 1024 * 1024

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
class ParquetFile:
    """One written file; `rows` as its footer says, `size` in bytes."""

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
                dialect, laid = sources[0].dialect, lay_records(spark, contract, sources, uri)
                read, size = read + laid[0], size + laid[1]
                frames.append(typed(read_records(spark, contract, dialect, uri), contract, dialect))
            write_parquet(
                reduce(DataFrame.unionAll, frames), arguments.target_uri, parts=-(-size // CSV_BYTES_PER_FILE)
            )
    finally:
        for uri in records:
            delete(spark, uri)
    files = list(written_files(spark, arguments.target_uri))
    check_counts(gate=arguments.expected_rows, read=read, written=sum(file.rows for file in files))
    write_text(spark, result_uri(arguments.target_uri), json.dumps(result_of(contract, arguments, files)))
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
    csv.field_size_limit(MAX_RECORD_CHARACTERS)
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )
    number = 0
    try:
        labels = next(reader, []) if dialect.header else [_title(column) for column in columns]
        places = _places(labels, dialect, columns)
        for number, record in enumerate(reader, 1):
            # Of one column, an empty line is an empty cell.
            cells = record or [""]
            if len(cells) != len(labels):
                raise ConversionError(f"record {number} does not have the {len(labels)} fields of the contract")
            if "\0" in "".join(cells):
                raise ConversionError(f"record {number} holds a NUL")
            yield [cells[place] for place in places]
    except csv.Error as error:
        raise ConversionError(f"after record {number}: {error}") from error


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


def read_records(spark: SparkSession, contract: Mapping[str, Any], dialect: Dialect, uri: str) -> DataFrame:
    """Read plain records: every cell as text, null when it is missing, beside the record's number."""
    cells = spark.read.text(uri, lineSep=RECORD_END).select(F.split("value", CELL_END).alias("cells"))
    columns = [
        _null_tokens(F.col("cells")[place], dialect.null_tokens).alias(column["name"])
        for place, column in enumerate(contract["columns"], 1)
    ]
    return cells.select(*columns, F.col("cells")[0].alias(RECORD))


def typed(rows: DataFrame, contract: Mapping[str, Any], dialect: Dialect) -> DataFrame:
    """Cast every column of `rows` to its type, in the contract's order; a cell that does not fit fails the job."""
    return rows.select(*(_strict(column, dialect.decimal).alias(column["name"]) for column in contract["columns"]))


def write_parquet(rows: DataFrame, uri: str, parts: int) -> None:
    """Replace whatever the folder holds by `rows` in `parts` files."""
    sized = rows.repartition(parts) if parts > 1 else rows.coalesce(1)
    # COPY would try to load Spark's _SUCCESS as Parquet.
    sized.write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").mode("overwrite").parquet(uri)


def written_files(spark: SparkSession, uri: str) -> Iterator[ParquetFile]:
    """Read the footer of every file in the folder: what is there, not what we meant to write."""
    jvm, path, file_system = _hadoop(spark, uri)
    for status in file_system.listStatus(path):
        source = jvm.org.apache.parquet.hadoop.util.HadoopInputFile.fromStatus(status, file_system.getConf())
        reader = jvm.org.apache.parquet.hadoop.ParquetFileReader.open(source)
        try:
            yield ParquetFile(status.getPath().getName(), status.getLen(), reader.getRecordCount())
        finally:
            reader.close()


def check_counts(gate: int, read: int, written: int, of: str = "") -> None:
    """Raise RowCountError unless all three are one number."""
    if not gate == read == written:
        raise RowCountError(
            f"{of and f'{of}: '}The gate counted {gate} rows, the job read {read}, the Parquet footers hold {written}. "
            "The target is not to be loaded; replay the drop, and if it stays, compare the contract's CSV dialect."
        )


def result_of(contract: Mapping[str, Any], arguments: Arguments, files: Sequence[ParquetFile]) -> dict[str, Any]:
    """Give what the DAG's check reads."""
    return {
        "run": arguments.target_uri.rstrip("/").rsplit("/", 1)[-1],
        "dataset": contract["dataset"],
        "version": contract["version"],
        "columns": [column["name"] for column in contract["columns"]],
        "rows": sum(file.rows for file in files),
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

    A cast alone takes blanks and 1e3, and rounds; the forms before it are those of the gate (`suimon.check.rules`).
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
    return str(throwable.getMessage() or throwable.toString()).strip().partition("\n")[0]


def _hadoop(spark: SparkSession, uri: str) -> tuple[Any, Any, Any]:
    """Give the JVM, the path and its file system: the way that is the same for s3:// on Glue and for local files."""
    context: Any = spark.sparkContext
    path = context._jvm.org.apache.hadoop.fs.Path(uri)  # noqa: SLF001 PySpark offers no other way to Hadoop's file systems
    return context._jvm, path, path.getFileSystem(context._jsc.hadoopConfiguration())  # noqa: SLF001 as above


if __name__ == "__main__":
    main(sys.argv[1:])

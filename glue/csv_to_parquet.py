"""The Glue job of every dataset: one accepted CSV file to typed Parquet that Redshift's COPY loads by position.

Arguments: `--source_uri` the CSV, `--contract_uri` its compiled contract, `--target_uri` a folder of this run alone
(ends in `/`), `--expected_rows` what the gate has counted. Last of all the job writes the result beside the folder,
`<target_uri without the slash>.result.json`:

    {"run": "0123456789abcdef.1", "dataset": "sales", "version": "1.0.0", "columns": ["order_id", …], "rows": 50000,
     "files": [{"name": "part-00000-….snappy.parquet", "size": 1234567, "rows": 50000}]}

Beside, not inside: COPY takes every object below the prefix, and AWS promises nowhere that it skips names with `_`.
Glue 5.0 is Spark 3.5.4 on Python 3.11. It loads one file, so everything stands here and needs only PySpark.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import Any

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped] # it ships no types
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses
from pyspark.sql.types import StringType, StructField, StructType

SETTINGS = {
    # Nothing may become a silent null: what the casts below do not catch themselves is an error.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # The parser sees a record of the wrong length only if it is not told to skip columns.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
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

# One Parquet file for each 256 MiB of CSV comes to roughly 40-100 MB, within the 1 MB-1 GB that Redshift asks for.
CSV_BYTES_PER_FILE = 256 * 1024 * 1024

# Python's names of encodings where Java's differ.
JAVA_CHARSETS = {"cp932": "windows-31j", "ms932": "windows-31j", "utf-8-sig": "UTF-8", "utf_8": "UTF-8"}

# Directives of strptime and what Spark calls them; both read exactly this many digits.
SPARK_DATE_PARTS = {"Y": "yyyy", "m": "MM", "d": "dd", "H": "HH", "M": "mm", "S": "ss", "f": "SSSSSS", "%": "'%'"}

# Columns of the frame beside the contract's own.
RECORD, MALFORMED = "__record", "__malformed"


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
    """Write the file as Parquet, check that no row is lost, and write the result; the same again leaves the same.

    Raises:
        ConversionError: header or cells are not what the contract says.
        RowCountError: the counts differ.

    """
    delete(spark, result_uri(arguments.target_uri))
    observed = Observation("read")
    with _plain_errors():
        rows = read_csv(spark, contract, arguments.source_uri).observe(observed, F.count(F.lit(1)).alias("rows"))
        write_parquet(typed(rows, contract), arguments.target_uri, parts=parts_for(spark, arguments.source_uri))
    files = list(written_files(spark, arguments.target_uri))
    check_counts(gate=arguments.expected_rows, read=observed.get["rows"], written=sum(file.rows for file in files))
    write_text(spark, result_uri(arguments.target_uri), json.dumps(result_of(contract, arguments, files)))
    return files


def read_csv(spark: SparkSession, contract: Mapping[str, Any], uri: str) -> DataFrame:
    """Read every cell as text; missing cells (null tokens, quoted or not) as null; records numbered from 1."""
    names = [column["name"] for column in contract["columns"]]
    dialect = contract["file"]
    frame = (
        spark.read.schema(StructType([StructField(name, StringType()) for name in [*names, MALFORMED]]))
        .options(
            sep=dialect["delimiter"],
            quote=dialect["quote"],
            # Spark's default is the backslash, which breaks the "" inside quotes of RFC 4180.
            escape=dialect["escape"],
            header=dialect["header"],
            # Compares the header with our names instead of ignoring it.
            enforceSchema=False,
            encoding=JAVA_CHARSETS.get(dialect["encoding"].lower(), dialect["encoding"]),
            # FAILFAST would print the whole record, personal data and all, into the logs: typed() refuses it instead.
            mode="PERMISSIVE",
            columnNameOfCorruptRecord=MALFORMED,
            unescapedQuoteHandling="RAISE_ERROR",
            # When it finds out by itself, the parser turns CRLF inside quotes into LF.
            lineSep=line_separator(read_head(spark, uri), dialect["quote"]),
            ignoreLeadingWhiteSpace=False,
            ignoreTrailingWhiteSpace=False,
            # Both kinds of empty cell arrive as null; _null_tokens puts "" back where the contract wants it.
            nullValue="",
            emptyValue="",
            # A quoted line break may stand anywhere, so one task reads the whole file from its beginning: Spark can
            # split a CSV only between lines. Enough for files of some GB; beyond that, upstream must send parts.
            multiLine=True,
        )
        .csv(uri)
    )
    cells = [_null_tokens(F.col(f"`{name}`"), dialect["null_tokens"]).alias(name) for name in names]
    # One task, hence one sequence of ids without gaps.
    return frame.select(*cells, MALFORMED, (F.monotonically_increasing_id() + 1).alias(RECORD))


def line_separator(head: bytes, quote: str) -> str:
    """Give the first line end of a file that stands outside quotes: CRLF, or LF where there is none."""
    for found in re.finditer(rb"\r?\n", head):
        if head.count(quote.encode(), 0, found.start()) % 2 == 0:
            return found.group().decode()
    return "\n"


def typed(rows: DataFrame, contract: Mapping[str, Any]) -> DataFrame:
    """Cast every column of `rows` to its type, in the contract's order; a cell that does not fit fails the job."""
    problem = f"does not have the {len(contract['columns'])} fields of the contract"
    whole = F.when(F.col(MALFORMED).isNull(), F.lit(True)).otherwise(_fail("", problem, "boolean"))  # noqa: FBT003
    return rows.where(whole).select(*(_strict(column).alias(column["name"]) for column in contract["columns"]))


def write_parquet(rows: DataFrame, uri: str, parts: int) -> None:
    """Replace whatever the folder holds by `rows` in `parts` files."""
    sized = rows.repartition(parts) if parts > 1 else rows
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


def parts_for(spark: SparkSession, uri: str) -> int:
    """Give the number of Parquet files for a CSV of this size."""
    _, path, file_system = _hadoop(spark, uri)
    size: int = file_system.getFileStatus(path).getLen()
    return max(1, -(-size // CSV_BYTES_PER_FILE))


def check_counts(gate: int, read: int, written: int) -> None:
    """Raise RowCountError unless all three are one number."""
    if not gate == read == written:
        raise RowCountError(
            f"The gate counted {gate} rows, Spark read {read}, the Parquet footers hold {written}. "
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


def read_head(spark: SparkSession, uri: str) -> bytes:
    """Read the first 64 KiB of a file."""
    _, path, file_system = _hadoop(spark, uri)
    stream = file_system.open(path)
    try:
        return bytes(stream.readNBytes(64 * 1024))
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


def _null_tokens(cell: Column, tokens: Sequence[str]) -> Column:
    text = cell if "" in tokens else F.coalesce(cell, F.lit(""))
    return F.when(~text.isin(list(tokens)), text) if tokens else text


def _strict(column: Mapping[str, Any]) -> Column:
    cell = F.col(f"`{column['name']}`")
    value, kind = _cast(cell, column)
    where = f"column {column['name']}, "
    checked = F.when(cell.isNotNull() & value.isNull(), _fail(where, f"is not {kind}", kind)).otherwise(value)
    if column.get("required"):
        return F.when(cell.isNull(), _fail(where, "is missing", kind)).otherwise(checked)
    return checked


def _cast(cell: Column, column: Mapping[str, Any]) -> tuple[Column, str]:
    """Give the value, null where the text does not fit, and the name of the Spark type.

    A cast alone takes blanks and 1e3, and rounds; the forms before it are those of the gate (`suimon.check.rules`).
    """
    name = f"`{column['name']}`"
    match column["type"]:
        case "string":
            return cell, "string"
        case "integer":
            # 32 bits, as Redshift's INTEGER: COPY refuses a 64-bit column for it.
            return F.when(cell.rlike(r"^[+-]?[0-9]+\z"), F.expr(f"try_cast({name} AS int)")), "int"
        case "decimal":
            precision, scale = column.get("precision", 38), column.get("scale", 0)
            fraction = rf"(\.[0-9]{{1,{scale}}})?" if scale else ""
            kind = f"decimal({precision},{scale})"
            return F.when(cell.rlike(rf"^[+-]?[0-9]+{fraction}\z"), F.expr(f"try_cast({name} AS {kind})")), kind
        case "date" | "timestamp" as kind:
            written = spark_date_format(column.get("format", "%Y-%m-%d"))
            moment = F.try_to_timestamp(cell, F.lit(written))
            return F.when(F.year(moment) > 0, moment.cast(kind)), kind  # there is no year 0
        case "boolean":
            return F.when(cell == "true", F.lit(True)).when(cell == "false", F.lit(False)), "boolean"  # noqa: FBT003
    raise ContractError(f"column {column['name']}: no type {column['type']!r} is known here")


def spark_date_format(strptime_format: str) -> str:
    """Translate a strptime format; ContractError for directives whose reading would differ between the two."""
    pieces = strptime_format.replace("%%", "%\0").split("%")
    text = _literal(pieces[0])
    for piece in pieces[1:]:
        directive = "%" if piece[0] == "\0" else piece[0]
        if directive not in SPARK_DATE_PARTS:
            raise ContractError(f"format {strptime_format!r}: %{directive} is not supported")
        text += SPARK_DATE_PARTS[directive] + _literal(piece[1:])
    return text


def _literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'" if any(letter.isalpha() for letter in text) else quoted


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

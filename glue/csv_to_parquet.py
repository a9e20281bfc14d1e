"""The Glue job of every dataset: accepted CSV to typed Parquet that Redshift's COPY loads by position.

Arguments: `--source_uri` the CSV, or the `_set.json` of a set of them, `--contract_uri` its compiled contract,
`--target_uri` a folder of this run alone (ends in `/`), `--expected_rows` the gate's count,
`--release` the gate's. Last of all the job writes
the result beside the folder, `<target_uri without the slash>.result.json`:

    {"run": "0123456789abcdef.1", "dataset": "sales", "version": "1.0.0", "columns": ["order_id", …], "rows": 50000,
     "sums": {"quantity": "125000", "amount": "6250000.50"},
     "files": [{"name": "part-00000-….snappy.parquet", "size": 1234567, "rows": 50000}]}

`sums` are those of every number of the contract over the Parquet that was written: exact, with the column's scale.
None is taken of a personal column, for of a file with one record it would be the value.
Beside, not inside: COPY takes every object below the prefix, and AWS promises nowhere that it skips names with `_`.

A set's `_set.json` names its shards and, from its own folder, where each lies; beside each lies the contract that it
was checked by, which says its dialect:

    {"rows": 3, "sources": [
        {"name": "orders/2026-11-20/part-1.csv", "path": "../0123456789abcdef/data.csv", "rows": 3}]}

Two ways to read: a large file whose dialect allows it by all workers (`cutting`); any other by the driver (`reading`),
which writes the cells as plain records beside the target, where they stay until the job ends; all of Spark's tasks read
those, since they can be told apart anywhere.

Glue 5.0 is Spark 3.5.4 on Python 3.11; these modules need only PySpark.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from decimal import Decimal, Inexact, localcontext
from functools import reduce
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses

from glue.casting import named, typed
from glue.cutting import can_be_cut, read_cut
from glue.hadoop import delete, read_text, size_of, sizes_in, write_text
from glue.reading import (
    CELL_END,
    READING,
    RECORD_END,
    ContractError,
    RowCountError,
    Source,
    dialect_of,
    write_plain,
)
from glue.spark_errors import plain_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SETTINGS = {
    # Nothing may become a silent null: what the casts do not catch themselves is an error.
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
MAX_DIGITS = 38

SET_NAME = "_set.json"
UNNAMED = "unnamed"  # a release that was deployed by hand


class ReleaseError(Exception):
    """Another release has asked for the run than that of the job: they might not mean the same."""


@dataclass(frozen=True)
class Arguments:
    """The arguments of a run."""

    source_uri: str
    contract_uri: str
    target_uri: str
    expected_rows: int
    release: str = UNNAMED
    deployed_release: str = UNNAMED


@dataclass(frozen=True)
class Records:
    """Records as Spark has them: one column `cells` of texts, the record's number first; `size` of their text."""

    cells: DataFrame
    rows: int
    size: int


@dataclass(frozen=True)
class ParquetFile:
    """One written file; `rows` as they were read from it again, `size` in bytes."""

    name: str
    size: int
    rows: int


def main(argv: Sequence[str], modules: str | None = None) -> None:
    """Run the job once; any exception fails the run. `modules` is the archive of these modules, for the workers."""
    arguments = parse_arguments(argv)
    spark = open_session()
    if modules:
        spark.sparkContext.addPyFile(modules)
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
    # The run's, from the gate, and the job's own, which template.yaml sets.
    parser.add_argument("--release", default=UNNAMED)
    parser.add_argument("--deployed_release", default=UNNAMED)
    known, _ = parser.parse_known_args(argv)
    if not known.target_uri.endswith("/"):
        parser.error(f"--target_uri {known.target_uri} must end in /: the run empties that folder and nothing else")
    if known.release != known.deployed_release:
        raise ReleaseError(
            f"the run is of release {known.release}, the job of {known.deployed_release}: "
            "deploy gate, DAGs and job together (make deploy), then suimon retry"
        )
    return Arguments(**vars(known))


def open_session() -> SparkSession:
    """Return the session with the settings that the conversion relies on."""
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
    plain = [f"{arguments.target_uri.rstrip('/')}.{number}.records" for number in range(len(groups))]
    delete(spark, result_uri(arguments.target_uri))
    read, size, frames = 0, 0, []
    try:
        with plain_errors():
            for sources, uri in zip(groups, plain, strict=True):
                dialect = sources[0].dialect
                for records in read_group(spark, contract, sources, uri):
                    read, size = read + records.rows, size + records.size
                    frames.append(typed(named(records.cells, contract, dialect), contract, dialect))
            write_parquet(
                reduce(DataFrame.unionAll, frames), arguments.target_uri, parts=-(-size // TEXT_BYTES_PER_FILE)
            )
            files, sums = written(spark, contract, arguments.target_uri)
    finally:
        for uri in plain:
            delete(spark, uri)
    check_counts(gate=arguments.expected_rows, read=read, written=sum(file.rows for file in files))
    write_text(spark, result_uri(arguments.target_uri), json.dumps(result_of(contract, arguments, files, sums)))
    return files


def sources_of(spark: SparkSession, contract: Mapping[str, Any], source_uri: str) -> list[Source]:
    """Return the files to read: the one, or those of a set, each with the dialect that it was checked by."""
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
    """Return where a path leads from a folder; S3 takes `..` for a name like any other."""
    steps = folder.split("/")
    for step in path.split("/"):
        steps = steps[:-1] if step == ".." else [*steps, step]
    return "/".join(steps)


def alike(sources: Sequence[Source]) -> list[list[Source]]:
    """Group the files that can be read as one frame once they are plain records."""
    groups: dict[tuple[object, ...], list[Source]] = {}
    for source in sources:
        groups.setdefault((*source.dialect.null_tokens, source.dialect.decimal), []).append(source)
    return list(groups.values())


def read_group(
    spark: SparkSession, contract: Mapping[str, Any], sources: Sequence[Source], records_uri: str
) -> Iterator[Records]:
    """Read files that are alike: large ones by all workers where their dialect allows it, the others by the driver."""
    columns = contract["columns"]
    sizes = {source.uri: size_of(spark, source.uri) for source in sources}
    cut = [source for source in sources if sizes[source.uri] >= CUT_BYTES and can_be_cut(source.dialect)]
    for source in cut:
        lines, rows = read_cut(spark, columns, source)
        yield Records(_split(lines), rows, sizes[source.uri])
    if rest := [source for source in sources if source not in cut]:
        rows, size = write_plain(spark, columns, rest, records_uri)
        yield Records(_split(spark.read.text(records_uri, lineSep=RECORD_END)), rows, size)


def _split(lines: DataFrame) -> DataFrame:
    return lines.select(F.split("value", CELL_END).alias("cells"))


def write_parquet(rows: DataFrame, uri: str, parts: int) -> None:
    """Replace whatever the folder holds by `rows` in `parts` files or fewer."""
    # Not repartition: what was read in even parts needs no shuffle.
    sized = rows.coalesce(max(parts, 1))
    # COPY would try to load Spark's _SUCCESS as Parquet.
    sized.write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").mode("overwrite").parquet(uri)


def written(spark: SparkSession, contract: Mapping[str, Any], uri: str) -> tuple[list[ParquetFile], dict[str, str]]:
    """Read the folder again: its files with their rows, and the sum of every number, exact with the column's scale.

    Of a personal column no sum is taken: of one record it is the value. A sum beyond 38 digits fails the job, as SUM
    would fail in Redshift.
    """
    scales = {
        column["name"]: column.get("scale", 0) if column["type"] == "decimal" else 0
        for column in contract["columns"]
        if column["type"] in {"integer", "decimal"} and not column.get("personal")
    }
    wide = {name: F.col(f"`{name}`").cast(f"decimal(38,{scale})") for name, scale in scales.items()}
    totals = [F.sum(wide[name]).alias(f"c{place}") for place, name in enumerate(scales)]
    by_file = spark.read.parquet(uri).groupBy(F.col("_metadata.file_name").alias("name"))
    found = {row["name"]: row for row in by_file.agg(F.count(F.lit(1)).alias("rows"), *totals).collect()}
    files = [
        ParquetFile(name, size, found[name]["rows"] if name in found else 0)
        for name, size in sizes_in(spark, uri).items()
    ]
    sums = {}
    with localcontext(prec=MAX_DIGITS) as context:
        context.traps[Inexact] = True
        for place, (name, scale) in enumerate(scales.items()):
            total = sum((row[f"c{place}"] or 0 for row in found.values()), start=Decimal(0))
            sums[name] = f"{total:.{scale}f}"
    return files, sums


def check_counts(gate: int, read: int, written: int) -> None:
    """Raise RowCountError unless all three are one number."""
    if not gate == read == written:
        raise RowCountError(
            f"The gate counted {gate} rows, the job read {read}, the Parquet files hold {written}. "
            "The target is not to be loaded; replay the drop, and if it stays, compare the contract's CSV dialect."
        )


def result_of(
    contract: Mapping[str, Any], arguments: Arguments, files: Sequence[ParquetFile], sums: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the DAG's check reads."""
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
    """Return where the result of a run lies: beside its folder, where COPY of the folder does not see it."""
    return target_uri.rstrip("/") + ".result.json"

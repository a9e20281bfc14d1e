"""COPY … FORMAT AS PARQUET: fetch every object under the prefix, check each, load by position.

COPY takes every object whose key starts with the prefix (documentation: "COPY from Amazon S3"). Only for Spectrum's
external tables is it documented that names beginning with `_`, `.` or `#` are passed over, so here a `_SUCCESS` under
the prefix is read and fails, as a file that is no Parquet does. Name a prefix that only the data have (`…/part-`).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

from local.redshift.errors import CancelledError, RedshiftError, from_duckdb, scan_error
from local.redshift.names import quoted
from local.redshift.parquet import ParquetColumn, incompatible
from local.redshift.warehouse import CLOSED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local.redshift.objects import Objects, StoredObject
    from local.redshift.tree import ColumnDefinition, Copy

_MAGIC: Final = b"PAR1"
_SMALLEST_FILE: Final = 12


@dataclass(frozen=True, slots=True)
class CopyTarget:
    """Where COPY writes: the table's name for DuckDB and the columns it fills, in order."""

    sql_name: str
    columns: Sequence[ColumnDefinition]


@dataclass(frozen=True, slots=True)
class _File:
    stored: StoredObject
    path: Path
    url: str
    uri: str


def load(
    connection: duckdb.DuckDBPyConnection,
    command: Copy,
    target: CopyTarget,
    objects: Objects,
    *,
    staging: Path,
    region: str,
    query_id: int,
    cancelled: Callable[[], bool],
) -> int:
    """Load the objects into the target within the connection's transaction, and give the number of rows.

    Their copies in `staging` are removed in any case. Raises RedshiftError, CancelledError.
    """
    staging.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=staging) as folder:
        files = []
        for number, stored in enumerate(objects.under(command.bucket, command.prefix)):
            if cancelled():
                raise CancelledError
            url = f"https://s3.{region}.amazonaws.com/{command.bucket}/{stored.key}"
            file = _File(stored, Path(folder, f"{number}.parquet"), url, f"s3://{command.bucket}/{stored.key}")
            objects.fetch(command.bucket, stored.key, file.path)
            files.append(file)
        if not files:
            raise RedshiftError(f"The specified S3 prefix '{command.prefix}' does not exist")
        for file in files:
            _check(file, target, query_id)
        return sum(_insert(connection, file, target) for file in files)


def _check(file: _File, target: CopyTarget, query_id: int) -> None:
    """Check the footer against the table, then the values that only the table bounds."""
    columns = _footer(file, query_id)
    if len(columns) != len(target.columns):
        raise scan_error(
            f"Unmatched number of columns between table and file. Table columns: {len(target.columns)}, "
            f"Data columns: {len(columns)}, File name: {file.url}",
            query_id,
        )
    for column, definition in zip(columns, target.columns, strict=True):
        if complaint := incompatible(column, definition.type, file.url, file.uri):
            raise scan_error(complaint, query_id)
    for column, definition in zip(columns, target.columns, strict=True):
        longest, missing = _measure(file, column, text=definition.type.name == "varchar")
        if definition.type.name == "varchar" and longest > definition.type.size:
            raise scan_error(
                f"The length of the data column {column.name} is longer than the length defined in the table. "
                f"Table: {definition.type.size}, Data: {longest}, File name: {file.url}",
                query_id,
            )
        if missing and not definition.nullable:
            raise scan_error(f"Missing data for not-null field {definition.name}, File name: {file.url}", query_id)


def _footer(file: _File, query_id: int) -> list[ParquetColumn]:
    with file.path.open("rb") as opened:
        opened.seek(max(0, file.path.stat().st_size - len(_MAGIC)))
        magic = opened.read()
    if magic != _MAGIC or file.path.stat().st_size < _SMALLEST_FILE:
        shown = magic.decode("ascii", "replace")
        raise scan_error(f"File '{file.url}' has an invalid version number: {shown}", query_id)
    rows = _ask(
        "SELECT name, type, converted_type, logical_type, type_length, precision, scale, num_children, repetition_type"
        " FROM parquet_schema($path)",
        file,
    )
    columns, inside = [], 0
    for name, physical, converted, logical, length, precision, scale, children, repetition in rows[1:]:
        if inside:  # a part of a nested column, which counts as one
            inside += (children or 0) - 1
            continue
        inside = children or 0
        kind, sizes = (physical or "", converted or "", logical or ""), (int(length or 0), precision or 0, scale or 0)
        columns.append(ParquetColumn(name, *kind, *sizes, bool(children), repetition != "REQUIRED"))
    return columns


def _measure(file: _File, column: ParquetColumn, *, text: bool) -> tuple[int, int]:
    """Return the greatest length in bytes of a text column (else 0) and the number of nulls."""
    name = quoted(column.name)
    length = f"max(strlen({name}))" if text else "0"
    ((longest, missing),) = _ask(
        f"SELECT {length}, count(*) - count({name})"
        " FROM read_parquet($path, hive_partitioning = false, binary_as_string = true)",
        file,
    )
    return int(longest or 0), int(missing)


def _ask(sql: str, file: _File) -> list[tuple[Any, ...]]:
    with duckdb.connect(config=CLOSED) as reader:
        try:
            return reader.execute(sql, {"path": str(file.path)}).fetchall()
        except duckdb.Error as error:
            raise from_duckdb(error) from error


def _insert(connection: duckdb.DuckDBPyConnection, file: _File, target: CopyTarget) -> int:
    names = ", ".join(quoted(definition.name) for definition in target.columns)
    positions = [f"c{number}" for number in range(len(target.columns))]
    values = ", ".join(
        # An instant of Parquet's (isAdjustedToUTC) becomes the UTC wall time, as in Redshift.
        f"make_timestamp(epoch_us({position}))" if definition.type.name == "timestamp" else position
        for position, definition in zip(positions, target.columns, strict=True)
    )
    sql = (
        f"INSERT INTO {target.sql_name} ({names}) SELECT {values} FROM"
        f" read_parquet($path, hive_partitioning = false, binary_as_string = true) AS file({', '.join(positions)})"
    )
    try:
        (count,) = connection.execute(sql, {"path": str(file.path)}).fetchone() or (0,)
    except duckdb.Error as error:
        raise from_duckdb(error) from error
    return int(count)

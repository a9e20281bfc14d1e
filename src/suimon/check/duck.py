"""DuckDB, held tight: reads one file in a declared dialect, no more memory than told, no network, nothing guessed."""

# ruff: noqa: S608 - statements are made of generated names (c0, c1, …); what a contract or file holds is a parameter

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from suimon.check.records import MAX_RECORD_BYTES
from suimon.check.rules import Rules
from suimon.check.verdict import VALUE_LENGTH, Code
from suimon.contract.model import FileFormat

_PARAMETER = re.compile(r"\$(\w+)")


class CheckError(RuntimeError):
    """The file could not be checked at all, so there is no verdict; the message says why and what to do."""


class MalformedFileError(ValueError):
    """DuckDB's reader gave up on the file's structure; the strict reader must say where."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as DuckDB is to read it: `columns` are the contract places of its columns, in the file's order."""

    path: Path
    dialect: FileFormat
    columns: tuple[int, ...]
    numbered: bool = False  # its first column holds the record's number


@dataclass(frozen=True, slots=True)
class Totals:
    """What one scan of a file gives."""

    rows: int
    failing: tuple[int, ...]  # bad cells per rule, in the order of the rules
    cell_bytes: int  # bytes of all cells without those of their quote characters


@dataclass(frozen=True, slots=True)
class BadRecord:
    """One record with bad cells."""

    record: int
    cells: tuple[str, ...]  # the first VALUE_LENGTH characters of each, in the file's order
    failing: tuple[int, ...]  # places in the rules
    first: dict[int, int]  # for columns with a repeated value: the record that had it first


class Duck:
    """One DuckDB connection that may read the given files and spill into one folder."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def totals(self, source: Source, rules: Rules) -> Totals:
        """Judge every cell in one scan; MalformedFileError if the reader cannot read the file."""
        repeated = [_repeated(rule.column) for rule in rules.rules if rule.code is Code.UNIQUE_ERROR]
        conditions = ["0" if rule.code is Code.UNIQUE_ERROR else f"count_if({rule.condition})" for rule in rules.rules]
        quote = source.dialect.quote.replace("'", "''")
        cell_bytes = [
            f"coalesce(sum(strlen(c{place}) - CASE WHEN contains(c{place}, '{quote}') "
            f"THEN strlen(c{place}) - strlen(replace(c{place}, '{quote}', '')) ELSE 0 END), 0)"
            for place in source.columns
        ]
        columns = ["count(*)", *cell_bytes, *conditions, *repeated]
        query = f"SELECT {', '.join(columns)} FROM ({_judged(source, rules, with_record=False)})"
        (row,) = self._run(query, source, rules)
        width = len(source.columns)
        failing = list(row[1 + width : 1 + width + len(rules.rules)])
        # A hash that stands twice only suspects a repetition: then the values themselves are counted.
        suspected = dict(zip(rules.unique, row[1 + width + len(rules.rules) :], strict=True))
        for number, rule in enumerate(rules.rules):
            if rule.code is Code.UNIQUE_ERROR and suspected[rule.column]:
                failing[number] = self._count_repetitions(source, rules, rule.column)
        return Totals(rows=row[0], failing=tuple(failing), cell_bytes=sum(row[1 : 1 + width]))

    def bad_records(self, source: Source, rules: Rules, limit: int) -> list[BadRecord]:
        """Give the first `limit` records with a bad cell, in the file's order. After `totals` of the same source."""
        marks = [f"coalesce({rule.condition}, false) AS m{number}" for number, rule in enumerate(rules.rules)]
        firsts = [f"first{place}" for place in rules.unique]
        joins = [f"LEFT JOIN repeated{place} ON repeated{place}.key{place} = t{place}" for place in rules.unique]
        for place in rules.unique:
            self._connection.execute(
                f"CREATE TEMP TABLE IF NOT EXISTS repeated{place} (key{place} VARCHAR, first{place} BIGINT, n BIGINT)"
            )
        cells = [f"left(coalesce(c{place}, ''), {VALUE_LENGTH}) AS x{place}" for place in source.columns]
        marked = (
            f"SELECT {', '.join(['record', *cells, *marks, *firsts])} FROM ({_judged(source, rules)}) {' '.join(joins)}"
        )
        anything = " OR ".join(f"m{number}" for number in range(len(rules.rules)))
        rows = self._run(f"SELECT * FROM ({marked}) WHERE {anything} ORDER BY record LIMIT {int(limit)}", source, rules)
        return [_bad_record(row, source, rules) for row in rows]

    def _count_repetitions(self, source: Source, rules: Rules, place: int) -> int:
        """Remember which values stand more than once and where first; give how many cells repeat an earlier one."""
        self._run(
            f"CREATE OR REPLACE TEMP TABLE repeated{place} AS SELECT t{place} AS key{place}, "
            f"min(record) AS first{place}, count(*) AS n FROM ({_judged(source, rules)}) "
            f"WHERE t{place} IS NOT NULL GROUP BY t{place} HAVING count(*) > 1",
            source,
            rules,
        )
        (row,) = self._connection.execute(f"SELECT coalesce(sum(n - 1), 0)::BIGINT FROM repeated{place}").fetchall()
        return int(row[0])

    def _run(self, query: str, source: Source, rules: Rules) -> list[Any]:
        known = rules.parameters | {"path": str(source.path)}
        parameters = {name: known[name] for name in _PARAMETER.findall(query)}
        try:
            return self._connection.execute(query, parameters).fetchall()
        except duckdb.InvalidInputException as error:
            raise MalformedFileError(str(error)) from error
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            reason = str(error).partition("\n")[
                0
            ]  # what follows is DuckDB's advice on settings that are not the user's
            raise CheckError(f"the file could not be checked: {reason}; give it more memory or disk") from error


@contextmanager
def open_duck(workspace: Path, files: tuple[Path, ...], *, memory_limit: str, threads: int | None) -> Iterator[Duck]:
    """Open a connection that may read `files` and spill into `workspace`, and nothing else."""
    config: dict[str, Any] = {
        "memory_limit": memory_limit,
        "temp_directory": str(workspace / "spill"),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_file_cache": "false",
        "allow_persistent_secrets": "false",
        "preserve_insertion_order": "true",  # record numbers are places in the file
    }
    if threads is not None:
        config["threads"] = threads
    try:
        connection = duckdb.connect(config=config)
    except (duckdb.Error, TypeError) as error:
        raise CheckError(f"DuckDB does not start: {error}") from error
    with connection:
        connection.execute("SET allowed_paths = $files", {"files": [str(path) for path in files]})
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield Duck(connection)


def _judged(source: Source, rules: Rules, *, with_record: bool = True) -> str:
    """SQL: every record with its number, its cells c, their values v and typed values t."""
    names = (
        ["record", *(f"c{place}" for place in source.columns)]
        if source.numbered
        else [f"c{place}" for place in source.columns]
    )
    number = "CAST(record AS BIGINT)" if source.numbered else "row_number() OVER ()"
    record = [f"{number} AS record"] if with_record else []
    cells = [f"c{place}" for place in source.columns]
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    quote, delimiter, escape = (
        text.replace("'", "''") for text in (source.dialect.quote, source.dialect.delimiter, source.dialect.escape)
    )
    read = (
        f"read_csv($path, auto_detect = false, columns = {{{columns}}}, header = {source.dialect.header}, "
        f"delim = '{delimiter}', quote = '{quote}', escape = '{escape}', strict_mode = true, null_padding = false, "
        f"ignore_errors = false, compression = 'none', hive_partitioning = false, max_line_size = {MAX_RECORD_BYTES})"
    )
    values = [f"{expression} AS v{place}" for place, expression in rules.values.items()]
    typed = [f"{expression} AS t{place}" for place, expression in rules.typed.items()]
    raw = f"SELECT {', '.join([*record, *cells])} FROM {read}"
    return f"SELECT *, {', '.join(typed)} FROM (SELECT *, {', '.join(values)} FROM ({raw}))"


def _repeated(place: int) -> str:
    """SQL: whether a hash stands twice. 64 bits per key take a fraction of the memory of the keys themselves."""
    return f"count(t{place}) > count(DISTINCT CASE WHEN t{place} IS NOT NULL THEN hash(t{place}) END)"


def _bad_record(row: tuple[Any, ...], source: Source, rules: Rules) -> BadRecord:
    width, height = len(source.columns), len(rules.rules)
    marks = row[1 + width : 1 + width + height]
    firsts = row[1 + width + height :]
    return BadRecord(
        record=row[0],
        cells=row[1 : 1 + width],
        failing=tuple(number for number, mark in enumerate(marks) if mark),
        first={place: first for place, first in zip(rules.unique, firsts, strict=True) if first is not None},
    )

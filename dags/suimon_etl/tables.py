"""The tables that the DAGs load, as their release describes them: tables.json, beside this module."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DESCRIPTION = Path(__file__).with_name("tables.json")


@dataclass(frozen=True)
class Column:
    """One column of file, Parquet and table; `sql` is its declaration, `scale` is None unless its values are summed.

    `allowed`, `minimum` and `maximum` (inclusive texts) are the contract's rules on its values.
    """

    name: str
    sql: str
    type: str
    scale: int | None = None
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None

    @property
    def sql_type(self) -> str:
        """The type alone, such as DECIMAL(12, 2)."""
        return re.match(r"\w+(?: ?\([^)]*\))?", self.sql)[0]  # type: ignore[index] # a declaration begins with its type


@dataclass(frozen=True)
class PartitionColumn:
    """A column by which a load finds the rows of its partition, and what it is compared with."""

    column: str
    kind: str  # date, days (of a week or month), integer or text
    parameter: str
    in_file: bool  # else the load writes it, beside the columns of the file

    @property
    def value(self) -> str:
        """The SQL of its value, of the parameter that it is bound as."""
        as_type = {"date": "DATE", "days": "DATE", "integer": "INTEGER"}.get(self.kind)
        return f"CAST(:{self.parameter} AS {as_type})" if as_type else f":{self.parameter}"

    @property
    def condition(self) -> str:
        """The SQL that is true of a row of the partition."""
        if self.kind == "days":
            first, last = "CAST(:partition_first AS DATE)", "CAST(:partition_last AS DATE)"
            return f"{self.column} >= {first} AND {self.column} <= {last}"
        return f"{self.column} = {self.value}"


@dataclass(frozen=True)
class Table:
    """One table and the files of its dataset; every name here is the release's, and may stand in SQL as it is."""

    dataset: str
    dag_id: str
    version: str  # of the contract
    name: str
    columns: tuple[Column, ...]  # in the order of the Parquet
    distribution: str
    partition: tuple[PartitionColumn, ...]  # none: the load replaces the whole table
    keys: tuple[tuple[str, ...], ...]
    metrics: tuple[Mapping[str, Any], ...]  # the contract's `quality`, compiled
    rows_of_set: tuple[Mapping[str, Any], ...] = ()  # how many rows a set may have, as `metrics`
    own_dag: bool = False  # a file of its own makes it
    runs_at_once: int = 1
    files: str = ""  # the pattern of their keys
    effective_from: str = ""  # the first day of this version of the contract, as ISO 8601 writes it
    earlier: tuple[Table, ...] = ()  # the same by its earlier versions, the newest first

    def at(self, first_day: str) -> Table:
        """Return the table as the version describes it that judges a partition, by its first day."""
        return next((one for one in (self, *self.earlier) if one.effective_from <= first_day), self)

    @property
    def where(self) -> str:
        """The WHERE clause of the partition's rows, on a line of its own; "" where they are the whole table."""
        return "\nWHERE " + " AND ".join(one.condition for one in self.partition) if self.partition else ""

    @property
    def bound(self) -> frozenset[str]:
        """The names of the parameters in `where`."""
        names = (
            ("partition_first", "partition_last") if one.kind == "days" else (one.parameter,) for one in self.partition
        )
        return frozenset(name for some in names for name in some)

    @property
    def summed(self) -> tuple[Column, ...]:
        """The columns that control sums are taken of."""
        return tuple(column for column in self.columns if column.scale is not None)


def table_of(dataset: str) -> Table:
    """Return the table of a dataset; KeyError when the release has no DAG for it."""
    return {table.dataset: table for table in tables()}[dataset]


def table_named(name: str) -> Table:
    """Return the table of that name; KeyError when the release loads no such table."""
    return {table.name: table for table in tables()}[name]


@cache
def tables() -> tuple[Table, ...]:
    """Return every table that the release loads."""
    described: Mapping[str, Mapping[str, Any]] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    return tuple(_table(dataset, raw) for dataset, raw in described.items())


def _table(dataset: str, raw: Mapping[str, Any]) -> Table:
    newest = Table(
        dataset=dataset,
        dag_id=raw["dag_id"],
        own_dag=raw["own_dag"],
        runs_at_once=raw["runs_at_once"],
        files=raw["files"],
        name=raw["table"],
        distribution=raw["distribution"],
        partition=tuple(PartitionColumn(**column) for column in raw["partition"]),
        **_version(raw),
    )
    return replace(newest, earlier=tuple(replace(newest, **_version(one)) for one in raw["earlier"]))


def _version(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": raw["version"],
        "effective_from": raw["effective_from"],
        "columns": tuple(Column(**column | {"allowed": tuple(column.get("allowed", ()))}) for column in raw["columns"]),
        "keys": tuple(tuple(key) for key in raw["keys"]),
        "metrics": tuple(raw["metrics"]),
        "rows_of_set": tuple(raw["rows_of_set"]),
    }

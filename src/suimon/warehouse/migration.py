"""Alter an existing table into what its CREATE TABLE declares, as far as no data is lost. Pure.

Redshift's ALTER TABLE (documentation: "ALTER TABLE") adds a column at the end, one a statement, and makes a VARCHAR
longer: no other type changes, so neither DECIMAL(12,2) to DECIMAL(14,2) nor INTEGER to BIGINT. A VARCHAR keeps its
length where it has a default, is encoded as BYTEDICT, RUNLENGTH, TEXT255 or TEXT32K, and inside a transaction: each
statement is to be sent by itself. There is no way to take NOT NULL away. The order of columns does not matter: COPY
loads a staging table by position, and the load goes from there by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Encodings of which Redshift does not change a VARCHAR's length.
_FIXED_ENCODINGS = frozenset({"bytedict", "runlength", "text255", "text32k"})
# How the catalog writes types, as CREATE TABLE does.
_CATALOG = {
    "character varying": "VARCHAR",
    "numeric": "DECIMAL",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
    "double precision": "DOUBLE PRECISION",
    "character": "CHAR",
}
_TYPE = re.compile(r"([A-Za-z_ ]+?)\s*(?:\(\s*([0-9]+)\s*(?:,\s*([0-9]+)\s*)?\))?")


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table: `type` as CREATE TABLE writes it, such as VARCHAR(64) or DECIMAL(12, 2)."""

    name: str
    type: str
    required: bool
    encoding: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Migration:
    """`statements` to send one by one; `refused`: what no statement does, with what to do; `notes`: what may stay."""

    table: str
    statements: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def plan_migration(table: str, there: Sequence[TableColumn], wanted: Sequence[TableColumn]) -> Migration:
    """Return how the table `there` becomes the one that is wanted."""
    known = {column.name: column for column in there}
    statements, refused, notes = list[str](), list[str](), list[str]()
    for column in wanted:
        if (old := known.pop(column.name, None)) is None:
            _added(table, column, statements, refused)
        else:
            _changed(table, old, column, statements, refused, notes)
    for old in known.values():
        where = f"{old.name} of {table} is in no contract any more"
        if old.required and not old.default:
            refused.append(f"{where} and is NOT NULL, so that every load would fail: {_built_again(table)}")
        else:
            drop = f"ALTER TABLE {table} DROP COLUMN {old.name}"
            notes.append(f"{where}: it keeps its values, new rows have none. When nobody reads it: {drop}")
    return Migration(table, tuple(statements), tuple(refused), tuple(notes))


def _added(table: str, column: TableColumn, statements: list[str], refused: list[str]) -> None:
    if column.required:
        refused.append(
            f"{column.name} {column.type} NOT NULL cannot be added: rows that are there have no value of it. Take "
            f"required from the contract until all partitions were loaded with it, or: {_built_again(table)}"
        )
        return
    statements.append(f"ALTER TABLE {table} ADD COLUMN {column.name} {column.type}")


def _changed(
    table: str,
    old: TableColumn,
    column: TableColumn,
    statements: list[str],
    refused: list[str],
    notes: list[str],
) -> None:
    where = f"{column.name} of {table}"
    if old.type != column.type:
        before, after = _varchar(old.type), _varchar(column.type)
        if before is None or after is None:
            refused.append(
                f"{where} is {old.type}, is to be {column.type}: Redshift's ALTER TABLE changes no type but the length "
                f"of a VARCHAR. {_swap(table, column)}"
            )
        elif after < before:
            notes.append(f"{where} is {old.type}, {column.type} would do: it stays as it is, for shorter loses values")
        elif old.encoding.lower() in _FIXED_ENCODINGS or old.default:
            why = f"is encoded as {old.encoding.upper()}" if not old.default else "has a default"
            refused.append(f"{where} {why}: Redshift does not make it longer. {_swap(table, column)}")
        else:
            statements.append(f"ALTER TABLE {table} ALTER COLUMN {column.name} TYPE {column.type}")
    if old.required and not column.required:
        refused.append(f"{where} is NOT NULL, is to be NULL: Redshift takes no NOT NULL away. {_swap(table, column)}")
    elif column.required and not old.required:
        notes.append(f"{where} stays NULL: the gate lets no missing value through, and each load looks again")


def _swap(table: str, column: TableColumn) -> str:
    """Return the way round for one column that is neither sort nor distribution key."""
    new = f"{column.name}_new"
    steps = (
        f"ALTER TABLE {table} ADD COLUMN {new} {column.type}",
        f"UPDATE {table} SET {new} = {column.name}",  # noqa: S608 - shown to people, never sent
        f"ALTER TABLE {table} DROP COLUMN {column.name}",
        f"ALTER TABLE {table} RENAME COLUMN {new} TO {column.name}",
    )
    null = " (the column is NULL then; the gate lets no missing value through)" if column.required else ""
    by_hand = f"While its dataset is held (suimon hold), by hand: {'; '.join(steps)}{null}"
    return f"{by_hand}; of a sort or distribution key: {_built_again(table)}"


def _built_again(table: str) -> str:
    return f"make {table} again from its table.sql under another name, INSERT INTO it what is there, and rename both"


def _varchar(type_: str) -> int | None:
    found = re.fullmatch(r"VARCHAR\(([0-9]+)\)", type_)
    return int(found[1]) if found else None


def normal_type(text: str) -> str:
    """Return a type of the catalog, or of a CREATE TABLE, in one spelling."""
    found = _TYPE.fullmatch(text.strip())
    if found is None:
        return text.upper()
    name = " ".join(found[1].lower().split())
    sizes = ", ".join(size for size in found.groups()[1:] if size)
    return (_CATALOG.get(name) or name.upper()) + (f"({sizes})" if sizes else "")


def declared(create: str) -> list[TableColumn]:
    """Return the columns of a CREATE TABLE."""
    columns = []
    for column in sqlglot.parse_one(create, read="redshift").find_all(exp.ColumnDef):
        required = any(isinstance(one.kind, exp.NotNullColumnConstraint) for one in column.constraints)
        columns.append(
            TableColumn(column.name, normal_type(column.kind.sql("redshift") if column.kind else ""), required)
        )
    return columns


def from_catalog(rows: Sequence[Mapping[str, object]]) -> Iterator[TableColumn]:
    """Yield the columns that `columns.sql` asked for."""
    for row in rows:
        yield TableColumn(
            name=str(row["column_name"]),
            type=normal_type(str(row["data_type"])),
            required=str(row["is_nullable"]).upper() == "NO",
            encoding="" if row["encoding"] in (None, "none") else str(row["encoding"]),
            default=str(row["column_default"] or ""),
        )

"""A CREATE TABLE for a contract, with the reasons for its lengths, its distribution and its sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.contract.partition import Unit
from suimon.warehouse.describe import (
    MOST_BYTES,
    most_bytes,
    partition_columns,
    sql_type,
    table_columns,
    written_beside,
)

if TYPE_CHECKING:
    from suimon.contract.file import Column
    from suimon.contract.model import Contract


def create_table(contract: Contract, spread: str | None = None) -> str:
    """Return the CREATE TABLE of a contract; `spread` names a column whose values seem to differ in every record."""
    key = next((column.name for column in contract.columns if column.unique), None) or spread
    key = key or next(iter(contract.primary_key), None)
    columns = [
        f"    {column.name} {_type(column)}{' NOT NULL' if column.required else ''}"
        for column in table_columns(contract)
    ]
    columns += [f"    {one.column} {one.sql}" for one in written_beside(contract)]
    by = [one.column for one in partition_columns(contract)]
    sorted_by = ", ".join(by) or contract.columns[0].name
    lines = [
        f"-- Columns in the order of the {contract.dataset} contract: COPY of Parquet loads by position.",
        "-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.",
        "-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.",
        *_about_spread(key),
        _about_sort(contract, sorted_by),
        f"CREATE TABLE IF NOT EXISTS {contract.table} (",
        ",\n".join(columns),
        ")",
        *((f"DISTSTYLE KEY\nDISTKEY ({key})",) if key else ("DISTSTYLE EVEN",)),
        f"SORTKEY ({sorted_by})",
    ]
    return "\n".join(lines) + "\n"


def _about_sort(contract: Contract, by: str) -> str:
    if contract.unit is Unit.NONE and not contract.parts:
        return f"-- Sorted by {by}; a load replaces all of it, so take the column that most questions select by."
    what = "the business date" if contract.unit is Unit.DAY and not contract.parts else "the partition"
    return f"-- Sorted by {by}, {what}: a load deletes by it, checks and most questions select by it."


def _about_spread(key: str | None) -> tuple[str, ...]:
    if key:
        return (
            f"-- {key} differs from record to record, so rows spread evenly, and those that are joined by it meet.",
        )
    return (
        "-- Nothing is known to differ in every record: spread in turns. Joined by one column, take that: DISTKEY.",
    )


def _type(column: Column) -> str:
    if column.type != "string":
        return sql_type(column)
    return f"VARCHAR({min(most_bytes(column) or MOST_BYTES, MOST_BYTES)})"

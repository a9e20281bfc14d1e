"""A CREATE TABLE for a contract, with the reasons for its lengths, its distribution and its sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.warehouse.describe import PARTITION_DATE, columns_of_table, most_bytes, sql_type

if TYPE_CHECKING:
    from suimon.contract.file import Column
    from suimon.contract.model import Contract

LONGEST = 65_535  # bytes of a VARCHAR


def create_table(contract: Contract, spread: str | None = None) -> str:
    """Return the CREATE TABLE of a contract; `spread` names a column whose values seem to differ in every record."""
    key = next((column.name for column in contract.columns if column.unique), None) or spread
    key = key or next(iter(contract.primary_key), None)
    columns = [
        f"    {column.name} {_type(column)}{' NOT NULL' if column.required else ''}" for column in contract.columns
    ]
    written = len(columns_of_table(contract)) > len(contract.columns)
    columns += [f"    {PARTITION_DATE} DATE NOT NULL"] if written else []
    sorted_by = columns_of_table(contract)[-1] if written else _partition(contract)
    lines = [
        f"-- Columns in the order of the {contract.dataset} contract: COPY of Parquet loads by position.",
        "-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.",
        "-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.",
        *_about_spread(key),
        f"-- Sorted by {sorted_by}, the business date: a load deletes by it, checks and most questions select by it.",
        f"CREATE TABLE IF NOT EXISTS {contract.table} (",
        ",\n".join(columns),
        ")",
        *((f"DISTSTYLE KEY\nDISTKEY ({key})",) if key else ("DISTSTYLE EVEN",)),
        f"SORTKEY ({sorted_by})",
    ]
    return "\n".join(lines) + "\n"


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
    return f"VARCHAR({min(most_bytes(column) or LONGEST, LONGEST)})"


def _partition(contract: Contract) -> str:
    return next(column.name for column in contract.columns if column.partition and column.type == "date")

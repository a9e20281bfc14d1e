"""What a Parquet file holds, and whether COPY takes it for a table. Decisions are pure; the footer comes from DuckDB.

COPY from Parquet matches by position, needs as many columns as the table, and converts nothing (documentation: "COPY
from columnar data formats"). Its errors name the physical type, as Spectrum's reader does. Which types match is not
documented; the pairs here are known to load, all others are refused: INTEGER takes no int64, nor BIGINT an int32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from local.redshift.columns import ColumnType


@dataclass(frozen=True, slots=True)
class ParquetColumn:
    """A column of a file as its footer has it; names as in the Parquet format, empty when absent."""

    name: str
    physical: str
    converted: str = ""
    logical: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    nested: bool = False
    optional: bool = True

    def __str__(self) -> str:
        """Return it as Spectrum's messages do."""
        physical = "group" if self.nested else self.physical.lower()
        length = f"({self.length})" if self.physical == "FIXED_LEN_BYTE_ARRAY" else ""
        annotation = f" ({self.converted or self.logical.split('(')[0]})" if self.converted or self.logical else ""
        return f"{'optional' if self.optional else 'required'} {physical}{length} {self.name}{annotation}"


_PLAIN: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "int2": ("INT32", frozenset({"INT_16"})),
    "int4": ("INT32", frozenset({"", "INT_32"})),
    "int8": ("INT64", frozenset({"", "INT_64"})),
    "float4": ("FLOAT", frozenset({""})),
    "float8": ("DOUBLE", frozenset({""})),
    "bool": ("BOOLEAN", frozenset({""})),
    "varchar": ("BYTE_ARRAY", frozenset({"", "UTF8", "ENUM"})),
    "date": ("INT32", frozenset({"DATE"})),
}
# Otherwise than in DuckDB.
_SPECTRUM_NAMES: Final = {"int4": "INT", "varchar": "STRING"}


def incompatible(column: ParquetColumn, target: ColumnType, url: str, s3_uri: str) -> str | None:
    """Return Spectrum's complaint when `column` of the file cannot go into a column of type `target`, or None.

    `url` and `s3_uri` name the file in the two ways in which the messages do.
    """
    if target.name == "numeric" and column.converted == "DECIMAL" and column.physical == "FIXED_LEN_BYTE_ARRAY":
        expected = _bytes_for(target.size)
        if column.length != expected:
            lengths = f"Expecting: {expected} len in file: {column.length}"
            return f"File '{url}' column '{column.name}' has an invalid type length. {lengths}"
    if not column.nested and _fits(column, target):
        return None
    name = _SPECTRUM_NAMES.get(target.name, target.duckdb)
    return (
        f"File '{url}' has an incompatible Parquet schema for column '{s3_uri}.{column.name}'. "
        f"Column type: {name}, Parquet schema:\n{column}"
    )


def _fits(column: ParquetColumn, target: ColumnType) -> bool:
    match target.name:
        case "numeric":
            sized = (column.precision, column.scale) == (target.size, target.scale)
            stored = column.physical in {"INT32", "INT64", "FIXED_LEN_BYTE_ARRAY"}
            return sized and stored and column.converted == "DECIMAL"
        case "timestamp":
            micros = column.converted in {"TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"}
            return column.physical == "INT96" or (column.physical == "INT64" and micros)
        case name:
            physical, converted = _PLAIN[name]
            return column.physical == physical and column.converted in converted


def _bytes_for(precision: int) -> int:
    """Return how many bytes a two's complement number of `precision` digits needs."""
    greatest: int = 10**precision - 1
    return greatest.bit_length() // 8 + 1

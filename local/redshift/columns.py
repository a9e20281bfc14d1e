"""Types: the declared type of a column in Redshift, its type in DuckDB, and how the API reports it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local.redshift.errors import NotInTwinError, RedshiftError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

DEFAULT_VARCHAR_BYTES: Final = 256  # documentation: "Character types"; also what TEXT becomes
MAX_VARCHAR_BYTES: Final = 65535
MAX_PRECISION: Final = 38


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A Redshift type: `name` as in typeName of the API; `size` is bytes of a varchar or precision of a numeric."""

    name: str
    size: int = 0
    scale: int = 0

    @property
    def duckdb(self) -> str:
        """The type of the column in DuckDB; a varchar's length is a CHECK constraint there, for DuckDB ignores it."""
        return f"DECIMAL({self.size},{self.scale})" if self.name == "numeric" else _DUCKDB[self.name]

    @property
    def declared(self) -> str:
        """The type as SQL declares it; kept as the column's comment in DuckDB."""
        sizes = {"numeric": f"({self.size},{self.scale})", "varchar": f"({self.size})"}
        return self.name + sizes.get(self.name, "")

    @property
    def words(self) -> str:
        """The type as Redshift's messages name it."""
        return _WORDS[self.name] + (f"({self.size},{self.scale})" if self.name == "numeric" else "")


_DUCKDB: Final = {
    "int2": "SMALLINT", "int4": "INTEGER", "int8": "BIGINT", "float4": "FLOAT", "float8": "DOUBLE", "bool": "BOOLEAN",
    "varchar": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP",
}  # fmt: skip
_WORDS: Final = {
    "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision",
    "bool": "boolean", "varchar": "character varying", "date": "date", "timestamp": "timestamp without time zone",
    "numeric": "numeric",
}  # fmt: skip
# Names of types (documentation: "Data types") that mean the same in DuckDB. CHAR pads, TIMESTAMPTZ needs a session's
# zone: whatever is not here is refused.
_NAMES: Final = {
    "smallint": "int2", "int2": "int2", "integer": "int4", "int": "int4", "int4": "int4", "bigint": "int8",
    "int8": "int8", "real": "float4", "float4": "float4", "double precision": "float8", "float8": "float8",
    "float": "float8", "boolean": "bool", "bool": "bool", "varchar": "varchar", "character varying": "varchar",
    "text": "varchar", "date": "date", "timestamp": "timestamp", "timestamp without time zone": "timestamp",
    "decimal": "numeric", "numeric": "numeric",
}  # fmt: skip
_SIZED: Final = {"numeric": 2, "varchar": 1}


def declared_type(name: str, sizes: Sequence[str]) -> ColumnType:
    """Return the type that SQL names; a varchar without length is varchar(256). Raises NotInTwinError for others."""
    kind = _NAMES.get(name)
    if kind is None or len(sizes) > _SIZED.get(kind, 0) or (name == "text" and sizes):
        lengths = f"({', '.join(sizes)})" if sizes else ""
        raise NotInTwinError(f"the data type {name.upper()}{lengths}")
    if "max" in sizes and kind != "varchar":
        raise RedshiftError("invalid type modifier max")
    if kind == "numeric":
        numbers = [int(size) for size in sizes]
        precision, scale = (*numbers, *(18, 0)[len(numbers) :])  # documentation: "Numeric types", DECIMAL is (18,0)
        if not 1 <= precision <= MAX_PRECISION or not 0 <= scale <= precision:
            raise RedshiftError(
                f"NUMERIC precision {precision} must be between 1 and {MAX_PRECISION}, scale 0 to precision"
            )
        return ColumnType(kind, precision, scale)
    if kind == "varchar":
        size = MAX_VARCHAR_BYTES if sizes and sizes[0] == "max" else int(sizes[0]) if sizes else DEFAULT_VARCHAR_BYTES
        if not 1 <= size <= MAX_VARCHAR_BYTES:
            raise RedshiftError(f"length for type character varying cannot exceed {MAX_VARCHAR_BYTES}")
        return ColumnType(kind, size)
    return ColumnType(kind)


def column_type(duckdb_type: str, declared: str | None) -> ColumnType:
    """Return the type of a table's column from DuckDB's type and the comment that the table's creation has left."""
    if declared and (found := re.fullmatch(r"varchar\((\d+)\)", declared)):
        return ColumnType("varchar", int(found[1]))
    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", duckdb_type):
        return ColumnType("numeric", int(found[1]), int(found[2]))
    return ColumnType(next(name for name, twin in _DUCKDB.items() if twin == duckdb_type))


def metadata(label: str, column: ColumnType) -> dict[str, Any]:
    """Return the ColumnMetadata of a result column. Table and schema stay empty: DuckDB does not report them."""
    numeric = column.name in {"int2", "int4", "int8", "float4", "float8", "numeric"}
    precision = {"int2": 5, "int4": 10, "int8": 19, "float4": 8, "float8": 17, "date": 13, "timestamp": 29, "bool": 1}
    return {
        "columnDefault": "", "isCaseSensitive": column.name == "varchar", "isCurrency": False, "isSigned": numeric,
        "label": label, "length": 0, "name": label, "nullable": 1, "schemaName": "", "tableName": "",
        "precision": column.size or precision.get(column.name, 0), "scale": column.scale, "typeName": column.name,
    }  # fmt: skip


def field(value: Any, column: ColumnType) -> Mapping[str, Any]:
    """Return one cell as the API's Field union (documentation: "Mapping JDBC data types when calling the Data API")."""
    if value is None:
        return {"isNull": True}
    match column.name:
        case "int2" | "int4" | "int8":
            return {"longValue": int(value)}
        case "float4" | "float8":
            if not math.isfinite(value):
                raise NotInTwinError(f"the result {value}", "JSON has no such number")
            return {"doubleValue": float(value)}
        case "bool":
            return {"booleanValue": bool(value)}
        case "timestamp":
            return {"stringValue": _timestamp(value)}
        case _:
            return {"stringValue": str(value)}


def _timestamp(value: datetime) -> str:
    text = value.isoformat(sep=" ")
    return text.rstrip("0") if value.microsecond else text

"""Types: what a column was declared as in Redshift, what it is in DuckDB, and how the API gives it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from local.redshift.errors import NotInTwinError, RedshiftError

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "bool": "BOOLEAN",
    "varchar": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
_WORDS: Final = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "varchar": "character varying",
    "date": "date",
    "timestamp": "timestamp without time zone",
    "numeric": "numeric",
}
_SQLGLOT: Final = {
    exp.DType.SMALLINT: "int2",
    exp.DType.INT: "int4",
    exp.DType.BIGINT: "int8",
    exp.DType.FLOAT: "float4",
    exp.DType.DOUBLE: "float8",
    exp.DType.BOOLEAN: "bool",
    exp.DType.VARCHAR: "varchar",
    exp.DType.TEXT: "varchar",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.DECIMAL: "numeric",
}


def declared_type(kind: exp.DataType, *, in_table: bool) -> ColumnType:
    """Give the type that SQL names; `in_table`, a varchar without length is varchar(256), in a cast it has no bound.

    Raises NotInTwinError for types whose meaning DuckDB does not share (CHAR pads, TIMESTAMPTZ needs a session's zone).
    """
    name = _SQLGLOT.get(kind.this)
    if name is None or kind.args.get("nested"):
        raise NotInTwinError(f"the data type {kind.sql('redshift')}")
    sizes = [_size(parameter) for parameter in kind.expressions]
    if name == "numeric":
        precision, scale = (*sizes, *(18, 0)[len(sizes) :])  # documentation: "Numeric types", DECIMAL is (18,0)
        if not 1 <= precision <= MAX_PRECISION or not 0 <= scale <= precision:
            raise RedshiftError(
                f"NUMERIC precision {precision} must be between 1 and {MAX_PRECISION}, scale 0 to precision"
            )
        return ColumnType(name, precision, scale)
    if name == "varchar":
        size = sizes[0] if sizes else DEFAULT_VARCHAR_BYTES if in_table else MAX_VARCHAR_BYTES
        if not 1 <= size <= MAX_VARCHAR_BYTES:
            raise RedshiftError(f"length for type character varying cannot exceed {MAX_VARCHAR_BYTES}")
        return ColumnType(name, size)
    return ColumnType(name)


def _size(parameter: exp.Expr) -> int:
    text = parameter.name.lower()
    if text == "max":
        return MAX_VARCHAR_BYTES
    if not text.isdigit():
        raise RedshiftError(f"invalid type modifier {parameter.sql('redshift')}")
    return int(text)


def result_type(duckdb_type: str, declared: str | None = None) -> ColumnType:
    """Give the Redshift type of a DuckDB type; `declared` is the column's comment, when it is a table's column.

    Raises NotInTwinError for a type the Data API could not give as Redshift would.
    """
    if declared and (found := re.fullmatch(r"varchar\((\d+)\)", declared)):
        return ColumnType("varchar", int(found[1]))
    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", duckdb_type):
        return ColumnType("numeric", int(found[1]), int(found[2]))
    if duckdb_type == "HUGEINT":
        return ColumnType("numeric", MAX_PRECISION, 0)
    if duckdb_type in {"VARCHAR", '"NULL"'}:
        return ColumnType("varchar", MAX_VARCHAR_BYTES)
    for name, twin in _DUCKDB.items():
        if twin == duckdb_type:
            return ColumnType(name)
    raise NotInTwinError(f"a result of type {duckdb_type}", "cast it")


def metadata(label: str, column: ColumnType) -> dict[str, Any]:
    """Give the ColumnMetadata of a result column. Table and schema stay empty: DuckDB does not tell them."""
    numeric = column.name in {"int2", "int4", "int8", "float4", "float8", "numeric"}
    precision = {"int2": 5, "int4": 10, "int8": 19, "float4": 8, "float8": 17, "date": 13, "timestamp": 29, "bool": 1}
    return {
        "columnDefault": "",
        "isCaseSensitive": column.name == "varchar",
        "isCurrency": False,
        "isSigned": numeric,
        "label": label,
        "length": 0,
        "name": label,
        "nullable": 1,
        "precision": column.size or precision.get(column.name, 0),
        "scale": column.scale,
        "schemaName": "",
        "tableName": "",
        "typeName": column.name,
    }


def field(value: Any, column: ColumnType) -> Mapping[str, Any]:
    """Give one cell as the API's Field union (documentation: "Mapping JDBC data types when calling the Data API")."""
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

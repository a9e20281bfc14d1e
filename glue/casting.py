"""Cells as texts cast to the contract's types; what does not fit fails the job, as it would have failed the gate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses

from glue.reading import ContractError, Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Directives of strptime and what Spark calls them; both read exactly this many digits.
SPARK_DATE_PARTS = {
    "Y": "yyyy",
    "m": "MM",
    "d": "dd",
    "H": "HH",
    "M": "mm",
    "S": "ss",
    "g": "SSS",
    "f": "SSSSSS",
    "z": "XXX",  # up to 18 hours, as the gate
}

# The column beside the contract's own: which record of the file it is, from 1; in a set, of which file.
RECORD = "__record"


def named(cells: DataFrame, contract: Mapping[str, Any], dialect: Dialect) -> DataFrame:
    """Return every cell as text in a column of its name, null when it is missing, beside the record's number."""
    columns = [
        _null_tokens(F.col("cells")[place], dialect.null_tokens).alias(column["name"])
        for place, column in enumerate(contract["columns"], 1)
    ]
    return cells.select(*columns, F.col("cells")[0].alias(RECORD))


def typed(rows: DataFrame, contract: Mapping[str, Any], dialect: Dialect) -> DataFrame:
    """Cast every column of `rows` to its type, in the contract's order; a cell that does not fit fails the job."""
    return rows.select(*(_strict(column, dialect.decimal).alias(column["name"]) for column in contract["columns"]))


def value_of(cell: Column, column: Mapping[str, Any], separator: str) -> tuple[Column, str]:
    """Return the value, null where the text does not fit, and the name of the Spark type.

    A cast alone takes blanks and 1e3, and rounds; the forms before it are those of the gate
    (`suimon.check.rules_as_sql`).
    """
    name = f"`{column['name']}`"
    match column["type"]:
        case "string":
            return cell, "string"
        case "integer":
            # As wide as Redshift's column: COPY refuses a 64-bit column for an INTEGER.
            kind = "bigint" if column.get("bits") == 64 else "int"  # noqa: PLR2004 the one other width there is
            return F.when(cell.rlike(r"^[+-]?[0-9]+\z"), F.expr(f"try_cast({name} AS {kind})")), kind
        case "decimal":
            precision, scale = column.get("precision", 38), column.get("scale", 0)
            fraction = rf"([{separator}][0-9]{{1,{scale}}})?" if scale else ""
            kind = f"decimal({precision},{scale})"
            value = F.expr(f"try_cast(replace({name}, '{separator}', '.') AS {kind})")
            return F.when(cell.rlike(rf"^[+-]?[0-9]+{fraction}\z"), value), kind
        case "date" | "timestamp" as kind:
            written = spark_date_format(column.get("format", "%Y-%m-%d"))
            moment = F.try_to_timestamp(cell, F.lit(written))
            return F.when(F.year(moment) > 0, moment.cast(kind)), kind  # there is no year 0
        case "boolean":
            yes, no = (list(column.get(f"{word}_words") or [word]) for word in ("true", "false"))
            return F.when(cell.isin(yes), F.lit(True)).when(cell.isin(no), F.lit(False)), "boolean"  # noqa: FBT003
    raise ContractError(f"column {column['name']}: no type {column['type']!r} is known here")


def spark_date_format(strptime_format: str) -> str:
    """Translate a strptime format; ContractError for directives whose reading would differ between the two."""
    text = ""
    for directive, literal in re.findall(r"%(.)|([^%]+)", strptime_format):
        if directive and directive not in SPARK_DATE_PARTS:
            raise ContractError(f"format {strptime_format!r}: %{directive} is not supported")
        text += SPARK_DATE_PARTS[directive] if directive else _literal(literal)
    return text


def _null_tokens(cell: Column, tokens: Sequence[str]) -> Column:
    return F.when(~cell.isin(list(tokens)), cell) if tokens else cell


def _strict(column: Mapping[str, Any], separator: str) -> Column:
    cell = F.col(f"`{column['name']}`")
    value, kind = value_of(cell, column, separator)
    where = f"column {column['name']}, "
    checked = F.when(cell.isNotNull() & value.isNull(), _fail(where, f"is not {kind}", kind)).otherwise(value)
    if column.get("required"):
        return F.when(cell.isNull(), _fail(where, "is missing", kind)).otherwise(checked)
    return checked


def _fail(where: str, problem: str, kind: str) -> Column:
    return F.raise_error(F.concat(F.lit(f"{where}record "), F.col(RECORD), F.lit(f" {problem}"))).cast(kind)


def _literal(text: str) -> str:
    """Quote what Java could take for a part of a pattern."""
    quoted = text.replace("'", "''")
    return text if re.fullmatch("[-/:., ]+", text) else f"'{quoted}'"

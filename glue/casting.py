"""Cells as texts cast to the contract's types; what does not fit fails the job, as it would have failed the gate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses

from glue.reading import ContractError, Dialect
from suimon.contract.written import ISO_DATE, is_of_strptime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Directives of strptime: what Spark calls them, and the text that each is for both.
DIRECTIVES = {
    "Y": ("yyyy", "[0-9]{4}"),
    "m": ("MM", "[0-9]{2}"),
    "d": ("dd", "[0-9]{2}"),
    "H": ("HH", "[0-9]{2}"),
    "M": ("mm", "[0-9]{2}"),
    "S": ("ss", "[0-9]{2}"),
    "g": ("SSS", "[0-9]{3}"),
    "f": ("SSSSSS", "[0-9]{6}"),
    "z": ("XXX", "Z|[+-][0-9]{2}:[0-9]{2}"),  # up to 18 hours, as the gate
}
# Java's year takes all digits that follow it but those of two-digit parts: a fraction's and a literal's, too. Beside a
# fraction, Spark loses a quote.
MISREAD = re.compile("%Y(?:%[mdHMS])*(?:%[gf]|[0-9])|'")

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
            moment = _moment(cell, plain_format(column))
            return F.when(F.year(moment) > 0, moment.cast(kind)), kind  # there is no year 0
        case "boolean":
            yes, no = (list(column.get(f"{word}_words") or [word]) for word in ("true", "false"))
            return F.when(cell.isin(yes), F.lit(True)).when(cell.isin(no), F.lit(False)), "boolean"  # noqa: FBT003
    raise ContractError(f"column {column['name']}: no type {column['type']!r} is known here")


def plain_format(column: Mapping[str, Any]) -> str:
    """Return the format of a column's plain cells: what strptime does not know was written plain before."""
    form = str(column.get("format", ISO_DATE))
    return form if is_of_strptime(form) else ISO_DATE


def _moment(cell: Column, written: str) -> Column:
    """Return the moment, null where the text is not written so; ContractError for an unknown directive of strptime."""
    parts = re.findall(r"%(.)|([^%]+)", written)
    found = [directive for directive, _ in parts if directive]
    if unknown := [directive for directive in found if directive not in DIRECTIVES]:
        raise ContractError(f"format {written!r}: %{unknown[0]} is not supported")
    if MISREAD.search(written):
        # A NUL between the parts keeps them apart. Text of another shape stays without one, and then is no moment.
        shape = "".join(f"({DIRECTIVES[one][1]})" if one else re.escape(literal) for one, literal in parts)
        cell = F.regexp_replace(cell, rf"^{shape}\z", "\0".join(f"${place}" for place, _ in enumerate(found, 1)))
        pattern = _quoted("\0").join(DIRECTIVES[one][0] for one in found)
    else:
        pattern = "".join(DIRECTIVES[one][0] if one else _quoted(literal) for one, literal in parts)
    return F.try_to_timestamp(cell, F.lit(pattern))


def _quoted(literal: str) -> str:
    """Quote what Java could take for a part of a pattern."""
    doubled = literal.replace("'", "''")
    return f"'{doubled}'"


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

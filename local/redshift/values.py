"""What an expression is once tables are known: its SQL for DuckDB and its type in Redshift. Values only."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from local.redshift.columns import MAX_PRECISION, MAX_VARCHAR_BYTES, ColumnType
from local.redshift.errors import MARK, NotInTwinError
from local.redshift.texts import converted, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

INTEGERS: Final = ("int2", "int4", "int8")
FLOATS: Final = frozenset({"float4", "float8"})
NUMBERS: Final = frozenset({*INTEGERS, *FLOATS, "numeric"})
MOMENTS: Final = frozenset({"date", "timestamp"})
# Decimal digits that hold every value of an integer type.
_DIGITS: Final = {"int2": 5, "int4": 10, "int8": 19}


@dataclass(frozen=True, slots=True)
class Value:
    """An expression; without a type it is a literal text, a parameter or NULL, which its context gives one.

    `text` is what such a text says; `constant` whether no column stands in it; `aggregated` whether an aggregate does;
    `fixed` the value of a numeric literal.
    """

    sql: str
    type: ColumnType | None
    text: str | None = None
    constant: bool = False
    aggregated: bool = False
    fixed: str | None = None

    @property
    def kind(self) -> str:
        """The name of the type; empty when there is none yet."""
        return self.type.name if self.type else ""

    @property
    def words(self) -> str:
        """The type in messages."""
        return self.type.words if self.type else "unknown"

    def as_type(self, target: ColumnType) -> Value:
        """Return a value that has no type yet as one of the type; any other stays. Raises RedshiftError."""
        if self.type is not None:
            return self
        if self.text is None:
            return replace(self, sql=f"CAST(NULL AS {target.duckdb})", type=target)
        kind = target
        if target.name == "varchar":
            kind = ColumnType("varchar", min(MAX_VARCHAR_BYTES, max(1, len(self.text.encode()))))
        elif target.name == "numeric" and (found := re.fullmatch(r"\s*[+-]?(\d*)\.?(\d*)\s*", self.text, re.ASCII)):
            # Compared as it is: only a column cuts it to its own scale.
            kind = ColumnType("numeric", max(1, len(found[1]) + len(found[2])), len(found[2]))
        return replace(self, sql=converted(self.text, kind), type=kind)


TEXT: Final = ColumnType("varchar", MAX_VARCHAR_BYTES)


def combined(values: list[Value]) -> list[Value]:
    """Bring values to one type, as the branches of CASE and COALESCE are; raises NotInTwinError."""
    typed = [value.type for value in values if value.type is not None]
    target = typed[0] if typed else TEXT
    for kind in typed[1:]:
        target = common(target, kind)
    found = [value.as_type(target) for value in values]
    for value in found:
        target = common(target, value.type or target)  # a literal text may be longer than any column
    return [
        replace(
            one,
            sql=one.sql if one.kind == target.name != "numeric" else f"CAST({one.sql} AS {target.duckdb})",
            type=target,
        )
        for one in found
    ]


def together(value: Value, parts: Sequence[Value]) -> Value:
    """Return a value with what its parts say of columns and aggregates in it."""
    return replace(
        value, constant=all(part.constant for part in parts), aggregated=any(part.aggregated for part in parts)
    )


def common(left: ColumnType, right: ColumnType) -> ColumnType:
    """Return the type that holds the values of both; raises NotInTwinError when they are of two categories."""
    if left == right:
        return left
    names = {left.name, right.name}
    if names == {"varchar"}:
        return ColumnType("varchar", max(left.size, right.size))
    if names == {"date", "timestamp"}:
        return ColumnType("timestamp")
    if not names <= NUMBERS:
        raise NotInTwinError(f"{left.words} and {right.words} in one place", "cast one of them")
    if names & FLOATS:
        return ColumnType("float8")
    if names <= set(INTEGERS):
        return ColumnType(max(names, key=INTEGERS.index))
    one, other = decimal(left), decimal(right)
    scale = max(one.scale, other.scale)
    precision = max(one.size - one.scale, other.size - other.scale) + scale
    if precision > MAX_PRECISION:
        raise NotInTwinError(f"{left.words} and {right.words} in one place", "cast one of them")
    return ColumnType("numeric", precision, scale)


def decimal(kind: ColumnType) -> ColumnType:
    """Return the decimal that holds an integer type; a decimal is one itself."""
    return kind if kind.name == "numeric" else ColumnType("numeric", _DIGITS[kind.name], 0)


def trimmed(value: Value) -> str:
    """Return a text without the blanks at its end, which mean nothing where values are compared."""
    return f"rtrim({value.sql}, ' ')" if value.kind == "varchar" else value.sql


def bounded(sql: str) -> str:
    """Return a text that ends the statement when it is longer than any varchar of Redshift's."""
    too_long = refusal(f"not in the twin: a text of more than {MAX_VARCHAR_BYTES} bytes")
    return f"CASE WHEN strlen({sql}) > {MAX_VARCHAR_BYTES} THEN {too_long} ELSE {sql} END"


def refusal(words: str) -> str:
    """Return SQL that ends the statement with these words when it is computed."""
    return f"error({literal(MARK + ' ' + words)})"

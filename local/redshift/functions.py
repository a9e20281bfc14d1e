"""The functions that the twin has, each with its types as Redshift documents them. Pure.

A name that is not here is refused, whatever DuckDB could make of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local.redshift.columns import ColumnType
from local.redshift.errors import NotInTwinError, RedshiftError
from local.redshift.values import FLOATS, INTEGERS, MOMENTS, TEXT, Value, combined, together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from local.redshift.tree import Expression

_BIGINT: Final = ColumnType("int8")
_DOUBLE: Final = ColumnType("float8")
_TIMESTAMP: Final = ColumnType("timestamp")
CLOCKS: Final = {"getdate": "timestamp", "sysdate": "timestamp", "current_date": "date"}
AGGREGATES: Final = frozenset({"count", "sum", "min", "max"})
# Weeks begin on Sunday for DATEDIFF in Redshift; epochs and parts of seconds have other types there.
_PARTS: Final = frozenset({"year", "quarter", "month", "day", "hour", "minute", "second"})


def call(written: Expression, value: Callable[[Expression], Value], now: datetime) -> Value:
    """Return the value of a function's call, `value` that of an argument. Raises RedshiftError."""
    name, arguments = written.text, written.parts
    if name not in {*CLOCKS, *_TEXTS, "coalesce", "nvl", "datediff"}:
        raise NotInTwinError(f"the function {name}()")
    least, most = (0, 0) if name in CLOCKS else (1, 1) if name in _TEXTS else (1, 99) if name == "coalesce" else (2, 99)
    if not least <= len(arguments) <= most or written.distinct:
        raise NotInTwinError(f"{name.upper()} of {len(arguments)} values, or of DISTINCT ones")
    if name in CLOCKS:
        return _clock(name, now)
    if name in _TEXTS:
        return _text(name, value(arguments[0]).as_type(TEXT))
    if name in {"coalesce", "nvl"}:
        found = combined([value(one) for one in arguments])
        return together(Value(f"coalesce({', '.join(one.sql for one in found)})", found[0].type), found)
    return _datediff(arguments, value)


def _clock(name: str, now: datetime) -> Value:
    """Return GETDATE() in whole seconds, SYSDATE in microseconds: the transaction's start in UTC."""
    moment = now if name == "sysdate" else now.replace(microsecond=0)
    text = now.date().isoformat() if name == "current_date" else moment.replace(tzinfo=None).isoformat(sep=" ")
    kind = ColumnType(CLOCKS[name])
    return Value(f"CAST('{text}' AS {kind.duckdb})", kind, constant=True)


# Blanks only are trimmed, whatever Unicode knows as space.
_TEXTS: Final = {
    **dict.fromkeys(("len", "length"), "CAST(length({}) AS INTEGER)"),
    "upper": "upper({})", "lower": "lower({})",
    **dict.fromkeys(("trim", "btrim"), "trim({}, ' ')"), "ltrim": "ltrim({}, ' ')", "rtrim": "rtrim({}, ' ')",
}  # fmt: skip


def _text(name: str, text: Value) -> Value:
    if text.kind != "varchar":
        raise NotInTwinError(f"{name.upper()} of {text.words}", "cast it to VARCHAR")
    kind = ColumnType("int4") if _TEXTS[name].startswith("CAST") else text.type
    return together(Value(_TEXTS[name].format(text.sql), kind), [text])


def _datediff(arguments: Sequence[Expression], value: Callable[[Expression], Value]) -> Value:
    name = arguments[0].text
    if arguments[0].kind not in {"column", "string"} or name.lower() not in _PARTS or len(arguments) != 3:  # noqa: PLR2004 a part and two moments
        raise NotInTwinError(f"the date part {name}, or a DATEDIFF of other than two moments")
    moments = [value(one).as_type(_TIMESTAMP) for one in arguments[1:]]
    for moment in moments:
        if moment.kind not in MOMENTS:
            raise NotInTwinError(f"DATEDIFF of {moment.words}", "cast it to DATE or TIMESTAMP")
    first, last = (f"CAST({moment.sql} AS TIMESTAMP)" for moment in moments)
    return together(Value(f"date_diff('{name.lower()}', {first}, {last})", _BIGINT), moments)


def aggregate_type(name: str, value: Value) -> ColumnType:
    """Return the type of SUM, MIN or MAX of a value."""
    match name:
        case "sum" if value.kind in INTEGERS:
            # Of SMALLINT and INTEGER it is BIGINT, of BIGINT NUMERIC(38,0) (documentation: "SUM function").
            return ColumnType("numeric", 38, 0) if value.kind == "int8" else _BIGINT
        case "sum" if value.kind == "numeric" and value.type is not None:
            return ColumnType("numeric", 38, value.type.scale)
        case "sum" if value.kind in FLOATS:
            return _DOUBLE
        case "min" | "max" if value.type is not None and value.kind != "bool":
            return value.type
    raise RedshiftError(f"function {name}({value.words}) does not exist")

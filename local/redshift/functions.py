"""The functions that the twin has, each with its types as Redshift documents them. Pure.

A name that is not in FUNCTIONS is refused, whatever DuckDB could make of it. CONCAT (NULL), SUBSTRING (positions below
1), TO_CHAR, regular expressions and JSON differ, so they are not here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from local.redshift.columns import MAX_VARCHAR_BYTES, ColumnType
from local.redshift.errors import NotInTwinError, RedshiftError
from local.redshift.tree import Column
from local.redshift.values import FLOATS, INTEGERS, MOMENTS, NUMBERS, TEXT, Value, combined, refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from local.redshift.tree import Call

_BIGINT: Final = ColumnType("int8")
_INTEGER: Final = ColumnType("int4")
_DOUBLE: Final = ColumnType("float8")
_TIMESTAMP: Final = ColumnType("timestamp")
# Weeks begin on Sunday for DATEDIFF in Redshift; epochs and parts of seconds have other types there.
_PARTS: Final = frozenset({"year", "quarter", "month", "day", "hour", "minute", "second"})
_ZONE: Final = re.compile(r"UTC|[A-Z][A-Za-z]+/[A-Za-z_/]+")


def call(written: Call, values: list[Value], now: datetime) -> Value:
    """Return the value of a function's call; `values` are those of its arguments. Raises RedshiftError."""
    found = FUNCTIONS.get(written.name)
    if found is None:
        raise NotInTwinError(f"the function {written.name}()")
    least, most, build = found
    if not least <= len(values) <= most:
        raise NotInTwinError(f"{written.name.upper()} of {len(values)} values")
    if written.star or written.distinct or written.within or written.over:
        raise NotInTwinError(f"{written.name.upper()} with *, DISTINCT, WITHIN GROUP or OVER")
    if written.name in _CLOCKS:
        return Value(_clock(written.name, now), ColumnType(_CLOCKS[written.name]), constant=True)
    value = build(written, values)
    return replace(
        value,
        constant=all(one.constant for one in values),
        aggregated=any(one.aggregated for one in values),
        windowed=any(one.windowed for one in values),
    )


_CLOCKS: Final = {"getdate": "timestamp", "sysdate": "timestamp", "current_date": "date"}


def _clock(name: str, now: datetime) -> str:
    """GETDATE() has whole seconds, SYSDATE microseconds and the transaction's start, both in UTC."""
    if name == "current_date":
        return f"CAST('{now.date().isoformat()}' AS DATE)"
    moment = now if name == "sysdate" else now.replace(microsecond=0)
    return f"CAST('{moment.replace(tzinfo=None).isoformat(sep=' ')}' AS TIMESTAMP)"


def _text(written: Call, value: Value) -> Value:
    value = value.as_type(TEXT)
    if value.kind != "varchar":
        raise NotInTwinError(f"{written.name.upper()} of {value.words}", "cast it to VARCHAR")
    return value


def _of_text(template: str) -> Callable[[Call, list[Value]], Value]:
    def build(written: Call, values: list[Value]) -> Value:
        text = _text(written, values[0])
        return Value(template.format(text.sql), text.type)

    return build


def _length(written: Call, values: list[Value]) -> Value:
    return Value(f"CAST(length({_text(written, values[0]).sql}) AS INTEGER)", _INTEGER)


def _end(written: Call, values: list[Value]) -> Value:
    text, count = _text(written, values[0]), values[1]
    if count.fixed is None or not count.fixed.isdigit():
        raise NotInTwinError(f"{written.name.upper()} of anything but a literal number of characters")
    return Value(f"{written.name}({text.sql}, {count.sql})", text.type)


def _replace(written: Call, values: list[Value]) -> Value:
    texts = [_text(written, value) for value in values]
    sql = f"replace({', '.join(text.sql for text in texts)})"
    return Value(bounded(sql), TEXT)


def bounded(sql: str) -> str:
    """Return a text that ends the statement when it is longer than any varchar of Redshift's."""
    too_long = refusal(f"not in the twin: a text of more than {MAX_VARCHAR_BYTES} bytes")
    return f"CASE WHEN strlen({sql}) > {MAX_VARCHAR_BYTES} THEN {too_long} ELSE {sql} END"


def _coalesce(_: Call, values: list[Value]) -> Value:
    found = combined(values)
    return Value(f"coalesce({', '.join(one.sql for one in found)})", found[0].type)


def _extreme(written: Call, values: list[Value]) -> Value:
    found = combined(values)
    if found[0].kind in {"varchar", "bool"}:
        raise NotInTwinError(f"{written.name.upper()} of {found[0].words}", "CASE")
    return Value(f"{written.name}({', '.join(one.sql for one in found)})", found[0].type)


def _nullif(_: Call, values: list[Value]) -> Value:
    one, other = combined(values)
    if one.kind == "varchar":
        raise NotInTwinError("NULLIF of texts", "CASE WHEN x <> y THEN x END")
    return Value(f"nullif({one.sql}, {other.sql})", values[0].type or one.type)


def _nvl2(_: Call, values: list[Value]) -> Value:
    there, gone = combined(values[1:])
    asked = values[0].as_type(TEXT)
    return Value(f"CASE WHEN {asked.sql} IS NOT NULL THEN {there.sql} ELSE {gone.sql} END", there.type)


def _number(written: Call, values: list[Value]) -> Value:
    """ABS keeps the type; CEIL, FLOOR and ROUND do of a double only."""
    kind = values[0].type
    allowed = NUMBERS if written.name == "abs" else FLOATS
    if kind is None or kind.name not in allowed:
        raise NotInTwinError(f"{written.name.upper()} of {values[0].words}", "cast it to double precision")
    name = "ceil" if written.name == "ceiling" else written.name
    return Value(f"{name}({values[0].sql})", kind)


def _round(written: Call, values: list[Value]) -> Value:
    """Of a decimal to a literal number of places (documentation: "ROUND function": the scale stays)."""
    if len(values) == 1 and values[0].kind in FLOATS:
        raise NotInTwinError("ROUND of double precision", "ROUND(x::DECIMAL(p, s), n)")
    places = values[1].fixed if len(values) > 1 else "0"
    kind = values[0].type
    if kind is None or kind.name != "numeric" or places is None or not places.isdigit():
        raise NotInTwinError(f"{written.name.upper()} of {values[0].words}", "ROUND(x::DECIMAL(p, s), n)")
    return Value(f"CAST(round({values[0].sql}, {places}) AS {kind.duckdb})", kind)


def _moment(written: Call, value: Value) -> Value:
    value = value.as_type(_TIMESTAMP)
    if value.kind not in MOMENTS:
        raise NotInTwinError(f"{written.name.upper()} of {value.words}", "cast it to DATE or TIMESTAMP")
    return value


def _part(written: Call, *, quoted: bool) -> str:
    """Return the date part, which stands unquoted as a word or quoted as a text, each where Redshift has it so."""
    found = written.arguments[0]
    if isinstance(found, Column) and quoted and not found.table:
        raise NotInTwinError(f"the date part {found.name} without quotes", f"{written.name.upper()}('{found.name}', …)")
    name = found.name if isinstance(found, Column) else getattr(found, "text", "")
    if name.lower() not in _PARTS:
        raise NotInTwinError(f"the date part {name}")
    return str(name.lower())


def _datediff(written: Call, values: list[Value]) -> Value:
    part = _part(written, quoted=False)
    first, last = (f"CAST({_moment(written, value).sql} AS TIMESTAMP)" for value in values[1:])
    return Value(f"date_diff('{part}', {first}, {last})", _BIGINT)


def _dateadd(written: Call, values: list[Value]) -> Value:
    part, count = _part(written, quoted=False), values[1].as_type(_INTEGER)
    if count.kind not in INTEGERS:
        raise NotInTwinError(f"DATEADD of {count.words} {part}s")
    moment = f"CAST({_moment(written, values[2]).sql} AS TIMESTAMP)"
    return Value(f"({moment} + to_{part}s(CAST({count.sql} AS INTEGER)))", _TIMESTAMP)


def _date_trunc(written: Call, values: list[Value]) -> Value:
    part = _part(written, quoted=True)
    moment = f"CAST({_moment(written, values[1]).sql} AS TIMESTAMP)"
    return Value(f"CAST(date_trunc('{part}', {moment}) AS TIMESTAMP)", _TIMESTAMP)


def _date_part(written: Call, values: list[Value]) -> Value:
    part = _part(written, quoted=False)
    if part == "second" and written.name == "extract":
        raise NotInTwinError("EXTRACT of seconds", "DATE_PART")
    sql = f"date_part('{part}', {_moment(written, values[1]).sql})"
    kind = _INTEGER if written.name == "extract" else _DOUBLE
    return Value(f"CAST({sql} AS {kind.duckdb})", kind)


def _convert_timezone(written: Call, values: list[Value]) -> Value:
    """Between zones that both know by name (documentation: "CONVERT_TIMEZONE"); from UTC when one is given."""
    zones = [value.text for value in values[:-1]]
    if len(zones) == 1:
        zones.insert(0, "UTC")
    for zone in zones:
        if zone is None or not _ZONE.fullmatch(zone):
            raise NotInTwinError(f"the time zone '{zone}'", "'UTC' or a name as 'Asia/Tokyo'")
    moment = f"CAST({_moment(written, values[-1]).sql} AS TIMESTAMP)"
    return Value(f"timezone('{zones[1]}', timezone('{zones[0]}', {moment}))", _TIMESTAMP)


FUNCTIONS: Final[dict[str, tuple[int, int, Callable[[Call, list[Value]], Value]]]] = {
    **dict.fromkeys(("getdate", "sysdate", "current_date"), (0, 0, _length)),
    **dict.fromkeys(("len", "length", "char_length", "character_length"), (1, 1, _length)),
    "upper": (1, 1, _of_text("upper({})")), "lower": (1, 1, _of_text("lower({})")),
    # Blanks only, whatever Unicode knows as space.
    **dict.fromkeys(("trim", "btrim"), (1, 1, _of_text("trim({}, ' ')"))),
    "ltrim": (1, 1, _of_text("ltrim({}, ' ')")), "rtrim": (1, 1, _of_text("rtrim({}, ' ')")),
    "left": (2, 2, _end), "right": (2, 2, _end), "replace": (3, 3, _replace),
    "coalesce": (1, 99, _coalesce), "nvl": (2, 99, _coalesce), "nullif": (2, 2, _nullif), "nvl2": (3, 3, _nvl2),
    "greatest": (2, 99, _extreme), "least": (2, 99, _extreme),
    **dict.fromkeys(("abs", "ceil", "ceiling", "floor"), (1, 1, _number)), "round": (1, 2, _round),
    **dict.fromkeys(("datediff", "date_diff"), (3, 3, _datediff)),
    **dict.fromkeys(("dateadd", "date_add"), (3, 3, _dateadd)),
    "date_trunc": (2, 2, _date_trunc), **dict.fromkeys(("date_part", "extract"), (2, 2, _date_part)),
    "convert_timezone": (2, 3, _convert_timezone),
}  # fmt: skip


def aggregate_type(written: Call, value: Value) -> tuple[str, ColumnType]:
    """Return what an aggregate's result is cast to in DuckDB (empty: nothing), and its type in Redshift."""
    kind = value.type
    match written.name:
        case "sum" if value.kind in INTEGERS:
            # Of SMALLINT and INTEGER it is BIGINT, of BIGINT NUMERIC(38,0) (documentation: "SUM function").
            wide = ColumnType("numeric", 38, 0) if value.kind == "int8" else _BIGINT
            return wide.duckdb, wide
        case "sum" if value.kind == "numeric" and kind is not None:
            wide = ColumnType("numeric", 38, kind.scale)
            return wide.duckdb, wide
        case "sum" | "avg" if value.kind in FLOATS:
            return _DOUBLE.duckdb, _DOUBLE
        case "avg":
            raise NotInTwinError(f"AVG of {value.words}", "AVG(x::double precision)")
        case "min" | "max" if kind is not None and kind.name != "bool":
            return "", kind
        case "lag" | "lead" if kind is not None:
            return "", kind
    raise RedshiftError(f"function {written.name}({value.words}) does not exist")

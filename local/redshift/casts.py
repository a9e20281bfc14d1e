"""Casts and assignments between types: what both databases do alike, guarded where only some texts are. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from local.redshift.errors import CAST, MARK, NotInTwinError, RedshiftError
from local.redshift.texts import converted, literal
from local.redshift.values import FLOATS, INTEGERS, MOMENTS, Value

if TYPE_CHECKING:
    from local.redshift.columns import ColumnType

_WHOLE: Final = r"\s*[+-]?[0-9]+\s*"
_KINDS: Final = {"int2": "Short", "int4": "Integer", "int8": "Long"}
# From each type, to which others both databases convert alike; texts apart.
_ALIKE: Final = {
    **{key: {*INTEGERS, "numeric", "float4", "float8", "varchar"} for key in INTEGERS},
    "numeric": {*INTEGERS, "numeric", "float4", "float8", "varchar"},
    "float4": {"float8"},
    "float8": {"float4"},
    "bool": set(),
    "date": {"timestamp", "varchar"},
    "timestamp": {"date", "varchar"},
}


def cast(value: Value, target: ColumnType, *, in_branch: bool) -> Value:
    """Return an explicit cast; raises RedshiftError, NotInTwinError."""
    if value.type is None:
        if value.text is None:
            return replace(value, sql=f"CAST(NULL AS {target.duckdb})", type=target)
        return replace(value, sql=converted(value.text, target), type=target, text=None)
    result = replace(value, type=target, text=None, fixed=None)
    if value.kind == "varchar":
        return replace(result, sql=_of_text(value, target, in_branch=in_branch))
    if value.kind == target.name and target.name != "numeric":
        return result
    if target.name not in _ALIKE[value.kind]:
        raise NotInTwinError(f"a cast of {value.words} to {target.words}")
    scale = {"numeric": target.scale, **dict.fromkeys(INTEGERS, 0)}.get(target.name)
    if value.kind == "numeric" and scale is not None and value.type.scale > scale and not value.constant:
        # Rounded when inserted, but "results of explicit casts of values selected from tables are not rounded"
        # (documentation: "Numeric types"); of a literal they are.
        raise NotInTwinError(f"a cast of {value.words} that drops digits", "ROUND(x, n), then cast")
    return replace(result, sql=f"CAST({value.sql} AS {target.duckdb})")


def _of_text(value: Value, target: ColumnType, *, in_branch: bool) -> str:
    if target.name == "varchar":
        return value.sql
    if target.name not in _KINDS:
        raise NotInTwinError(f"a cast of a column's or a computed text to {target.words}", "a literal or a parameter")
    if in_branch:
        # Met by others (github.com/exmergo/dex, issue 307): Redshift casts for rows that take another branch, too.
        raise NotInTwinError("a cast of text in a branch of CASE, NVL or COALESCE", "CAST(CASE … END AS …)")
    whole = f"regexp_full_match({value.sql}, {literal(_WHOLE)})"
    typed = f"CAST({value.sql} AS {target.duckdb})"
    otherwise = f"error({literal(f'{MARK}{CAST}{_KINDS[target.name]}:')} || {value.sql})"
    return f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN {whole} THEN {typed} ELSE {otherwise} END"


def assigned(value: Value, name: str, target: ColumnType) -> str:
    """Return the SQL of a value for a column (documentation: "Type compatibility and conversion")."""
    if value.type is None:
        return "NULL" if value.text is None else converted(value.text, target)
    kinds = (value.kind, target.name)
    wider = value.kind in INTEGERS and target.name in {*INTEGERS, "numeric", *FLOATS}
    wider = wider or (value.kind == "numeric" and target.name in {"numeric", *FLOATS}) or set(kinds) <= FLOATS
    if value.kind == target.name != "numeric":
        return value.sql
    if wider or kinds == ("date", "timestamp"):
        return f"CAST({value.sql} AS {target.duckdb})"
    words = f'column "{name}" is of type {target.words} but expression is of type {value.words}'
    if value.kind == "varchar" and target.name in {*INTEGERS, *FLOATS, *MOMENTS, "numeric"}:
        raise RedshiftError(words)
    raise NotInTwinError(words, "cast it")

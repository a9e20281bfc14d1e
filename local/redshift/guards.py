"""Pieces of DuckDB's SQL that end a statement where Redshift would, or where it would do what DuckDB cannot. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from local.redshift.errors import CAST, MARK

if TYPE_CHECKING:
    from local.redshift.columns import ColumnType


def error(message: exp.Expr) -> exp.Expr:
    """Give what ends the statement with `message`, when it is computed."""
    return exp.Anonymous(this="error", expressions=[message])


def function(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Give a call of a function of DuckDB's."""
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def shortened(text: exp.Expr, size: int) -> exp.Expr:
    """Cut a text as a cast to varchar(n) does: at n bytes; where that may fall inside a character, refuse."""
    bytes_, limit = function("strlen", text), exp.Literal.number(size)
    fits = exp.LTE(this=bytes_, expression=limit.copy())
    ascii_ = exp.EQ(this=bytes_.copy(), expression=function("length", text))
    refusal = error(
        exp.Literal.string(f"{MARK} not in the twin: cutting text beyond ASCII by a cast to varchar({size})")
    )
    return exp.Case(
        ifs=[exp.If(this=fits, true=text.copy()), exp.If(this=ascii_, true=function("left", text, limit))],
        default=refusal,
    )


def strict_integer(text: exp.Expr, cast: exp.Expr, target: ColumnType) -> exp.Expr:
    """Cast a text to an integer only when it is one: DuckDB would round 1.5, and says otherwise what is wrong."""
    whole = exp.Anonymous(this="regexp_full_match", expressions=[text.copy(), exp.Literal.string(r"\s*[+-]?[0-9]+\s*")])
    kind = {"int2": "Short", "int4": "Integer", "int8": "Long"}[target.name]
    refusal = error(exp.DPipe(this=exp.Literal.string(f"{MARK}{CAST}{kind}:"), expression=text.copy()))
    missing = exp.Is(this=text.copy(), expression=exp.Null())
    return exp.Case(ifs=[exp.If(this=missing, true=exp.Null()), exp.If(this=whole, true=cast)], default=refusal)

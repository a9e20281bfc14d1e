"""Expressions: every operand has a type, and SQL for DuckDB comes only of what the two databases compute alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from local.redshift import functions
from local.redshift.casts import cast
from local.redshift.columns import MAX_PRECISION, MAX_VARCHAR_BYTES, ColumnType
from local.redshift.errors import NotInTwinError, RedshiftError, divide_by_zero
from local.redshift.names import quoted
from local.redshift.texts import literal
from local.redshift.tree import Expression
from local.redshift.values import (
    INTEGERS,
    MOMENTS,
    NUMBERS,
    TEXT,
    Value,
    bounded,
    combined,
    together,
    trimmed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from local.redshift.tree import Query

_BOOL: Final = ColumnType("bool")
Columns = dict[str, ColumnType]


@dataclass
class Scope:
    """What names may mean in one SELECT: its sources by alias, and those around it, which it must not name."""

    sources: dict[str, Columns] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    outer: Scope | None = None

    def find(self, column: Expression) -> tuple[str, ColumnType] | None:
        """Return alias and type of a column; None when there is none. Raises RedshiftError when there are several."""
        found = [
            (alias, columns[column.text])
            for alias, columns in self.sources.items()
            if column.text in columns and column.table in {"", alias}
        ]
        if len(found) > 1:
            raise RedshiftError(f'column reference "{column.text}" is ambiguous')
        return found[0] if found else None


@dataclass(frozen=True)
class Expressions:
    """The expressions of one scope. `query` compiles a subquery and returns its SQL and the types of its columns."""

    scope: Scope
    parameters: Mapping[str, str]
    now: datetime
    query: Callable[[Query, Scope], tuple[str, list[tuple[str, ColumnType]]]]
    in_branch: bool = False

    def condition(self, written: Expression, where: str) -> str:
        """Return the SQL of a condition, which must be boolean and without an aggregate."""
        value = self.boolean(written, where)
        if value.aggregated:
            raise RedshiftError(f"aggregates not allowed in {where} clause")
        return value.sql

    def boolean(self, written: Expression, where: str) -> Value:
        """Return a value that is boolean."""
        value = self.of(written).as_type(_BOOL)
        if value.kind != "bool":
            raise RedshiftError(f"argument of {where} must be type boolean, not type {value.words}")
        return value

    def of(self, written: Expression) -> Value:  # noqa: C901, PLR0911 one line per kind
        """Return what an expression is; raises RedshiftError."""
        match written.kind:
            case "number" | "string" | "boolean" | "null":
                return _literal(written)
            case "parameter":
                text = self.parameters[written.text]
                return Value(literal(text), None, text, constant=True)
            case "column":
                return self._column(written)
            case "cast" if written.type is not None:
                return cast(self.of(written.parts[0]), written.type, in_branch=self.in_branch)
            case "case":
                return self._case(written.parts)
            case "call" if written.text in functions.AGGREGATES:
                return self._aggregate(written)
            case "call":
                inner = self._in_branch() if written.text in {"coalesce", "nvl"} else self
                return functions.call(written, inner.of, self.now)
            case "query" if written.query is not None:
                sql, columns = self.query(written.query, self.scope)
                if len(columns) != 1:
                    raise RedshiftError("subquery must return only one column")
                return Value(f"({sql})", columns[0][1])
            case "star":
                raise NotInTwinError("* but in COUNT(*)")
        return self._operation(written)

    def _in_branch(self) -> Expressions:
        return replace(self, in_branch=True)

    def _column(self, written: Expression) -> Value:
        found = self.scope.find(written)
        if found is not None:
            alias, kind = found
            return Value(f"{quoted(alias)}.{quoted(written.text)}", kind)
        outer = self.scope.outer
        while outer is not None:
            if outer.find(written) is not None:
                raise NotInTwinError("a correlated subquery", "FROM a, b WHERE …")
            outer = outer.outer
        if written.table:
            raise RedshiftError(f"column {written.table}.{written.text} does not exist")
        where = ", ".join(sorted(self.scope.tables)) or "unnamed_subquery"
        raise RedshiftError(f'column "{written.text}" does not exist in {where}')

    def _case(self, parts: Sequence[Expression]) -> Value:
        tests = [self.boolean(when, "CASE/WHEN") for when in parts[:-1:2]]
        found = combined([self._in_branch().of(then) for then in (*parts[1::2], parts[-1])])
        whens = " ".join(f"WHEN {test.sql} THEN {value.sql}" for test, value in zip(tests, found, strict=False))
        return together(Value(f"CASE {whens} ELSE {found[-1].sql} END", found[0].type), [*tests, *found])

    def _aggregate(self, written: Expression) -> Value:
        name, star = written.text, written.parts == (Expression("star"),)
        if star and name == "count":
            return Value("count(*)", ColumnType("int8"), aggregated=True)
        if star or len(written.parts) != 1:
            raise NotInTwinError(f"{name.upper()} of {len(written.parts)} values")
        value = self.of(written.parts[0]).as_type(TEXT)
        if value.aggregated:
            raise RedshiftError("aggregate function calls may not have nested aggregate or window functions")
        distinct = "DISTINCT " if written.distinct else ""
        if name == "count":
            inside = trimmed(value) if distinct else value.sql
            return Value(f"count({distinct}{inside})", ColumnType("int8"), aggregated=True)
        kind = functions.aggregate_type(name, value)
        inside = f"CAST({value.sql} AS DOUBLE)" if kind.name == "float8" else value.sql
        sql = f"{name}({distinct}{inside})"
        return Value(sql if name in {"min", "max"} else f"CAST({sql} AS {kind.duckdb})", kind, aggregated=True)

    def _operation(self, written: Expression) -> Value:
        operator = written.kind
        if operator in {"and", "or", "not"}:
            found = [self.boolean(one, operator.upper()) for one in written.parts]
            sql = f"NOT {found[0].sql}" if operator == "not" else f" {operator.upper()} ".join(one.sql for one in found)
            return together(Value(f"({sql})", _BOOL), found)
        values = [self.of(one) for one in written.parts]
        match operator:
            case "is null" | "is not null":
                sql = f"({values[0].as_type(TEXT).sql} {operator.upper()})"
            case "in":
                sql = f"({' OR '.join(_compared('=', values[0], other).sql for other in values[1:])})"
            case "||":
                return _concatenated(values)
            case "negative":
                return _negative(values[0])
            case "+" | "-" | "*" | "/" | "%":
                return _computed(operator, values[0], values[1])
            case _:
                return _compared(operator, values[0], values[1])
        return together(Value(sql, _BOOL), values)


def _literal(written: Expression) -> Value:
    if written.kind == "null":
        return Value("NULL", None, constant=True)
    if written.kind == "boolean":
        return Value(written.text, _BOOL, constant=True)
    if written.kind == "string":
        if "\\" in written.text:
            raise NotInTwinError("a backslash in a literal", "a parameter")
        return Value(literal(written.text), None, written.text, constant=True)
    return Value(*_number(written.text), constant=True, fixed=written.text)


def _number(digits: str) -> tuple[str, ColumnType]:
    whole, point, places = digits.partition(".")
    precision = max(1, len(whole.lstrip("0")) + len(places))
    if re.search("[eE]", digits) or precision > MAX_PRECISION:
        raise NotInTwinError(f"the number {digits}", f"CAST('{digits}' AS DOUBLE PRECISION)")
    if not point and int(whole) < 2**63:
        return (whole, ColumnType("int4" if int(whole) < 2**31 else "int8"))
    kind = ColumnType("numeric", precision, len(places))
    return f"CAST('{digits}' AS {kind.duckdb})", kind


def _compared(operator: str, left: Value, right: Value) -> Value:
    one, other = left.as_type(right.type or TEXT), right.as_type(left.type or TEXT)
    kinds = {one.kind, other.kind}
    if len(kinds) > 1 and not kinds <= NUMBERS and kinds != MOMENTS:
        raise NotInTwinError(f"a comparison of {one.words} with {other.words}", "cast one of them")
    return together(Value(f"({trimmed(one)} {operator} {trimmed(other)})", _BOOL), [one, other])


def _concatenated(values: list[Value]) -> Value:
    texts = [value.as_type(TEXT) for value in values]
    for text in texts:
        if text.kind != "varchar":
            raise NotInTwinError(f"|| of {text.words}", "cast it to VARCHAR")
    size = sum(text.type.size for text in texts if text.type)
    sql = f"({' || '.join(text.sql for text in texts)})"
    sql = bounded(sql) if size > MAX_VARCHAR_BYTES else sql
    return together(Value(sql, ColumnType("varchar", min(size, MAX_VARCHAR_BYTES))), texts)


def _negative(value: Value) -> Value:
    if value.kind not in NUMBERS:
        raise NotInTwinError(f"- of {value.words}", "cast it to a number")
    return replace(value, sql=f"(-{value.sql})", fixed=f"-{value.fixed}" if value.fixed else None)


def _computed(operator: str, left: Value, right: Value) -> Value:
    """Compute integers; decimals have other scales in Redshift, doubles other digits, moments other results."""
    if right.kind in NUMBERS and right.type is not None:
        left = left.as_type(right.type)
    if left.kind in NUMBERS and left.type is not None:
        right = right.as_type(left.type)
    kinds = {left.kind, right.kind}
    if operator in {"/", "%"} and right.fixed is not None and float(right.fixed) == 0:
        # The planner computes what is constant before any row is read, in branches of CASE that are never taken too
        # (PostgreSQL's manual: "Expression Evaluation Rules"); Redshift's planner descends from that one.
        raise divide_by_zero()
    sql = f"({left.sql} {operator} {right.sql})"
    if kinds <= set(INTEGERS):
        kind = ColumnType(max(kinds, key=INTEGERS.index))
        sql = f"({left.sql} // {right.sql})" if operator == "/" else sql
    else:
        what = "division" if operator == "/" else operator
        raise NotInTwinError(f"{what} of {left.words} and {right.words}", "whole numbers")
    return together(Value(sql, kind), [left, right])

"""Expressions: every operand has a type, and SQL for DuckDB comes only of what the two databases compute alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from local.redshift import functions, tree
from local.redshift.casts import cast
from local.redshift.columns import MAX_PRECISION, MAX_VARCHAR_BYTES, ColumnType
from local.redshift.errors import NotInTwinError, RedshiftError, divide_by_zero
from local.redshift.names import quoted
from local.redshift.texts import literal
from local.redshift.values import FLOATS, INTEGERS, MOMENTS, NUMBERS, TEXT, Value, combined, common, decimal, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

_BOOL: Final = ColumnType("bool")
_RANKS: Final = frozenset({"row_number", "rank", "dense_rank"})
_NEIGHBOURS: Final = frozenset({"lag", "lead"})
_AGGREGATES: Final = frozenset({"count", "sum", "avg", "min", "max", "listagg"})
Columns = dict[str, ColumnType]


@dataclass
class Scope:
    """What names may mean in one SELECT: its sources by alias, and those around it, which it must not name.

    `hidden` are columns (alias, name) that USING has merged with those of an earlier source.
    """

    sources: dict[str, Columns] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    outer: Scope | None = None
    hidden: set[tuple[str, str]] = field(default_factory=set)
    listagg_order: str | None = None

    def find(self, column: tree.Column) -> tuple[str, ColumnType] | None:
        """Return alias and type of a column; None when there is none. Raises RedshiftError when there are several."""
        found = [
            (alias, columns[column.name])
            for alias, columns in self.sources.items()
            if column.name in columns
            and (alias == column.table if column.table else (alias, column.name) not in self.hidden)
        ]
        if len(found) > 1:
            raise RedshiftError(f'column reference "{column.name}" is ambiguous')
        return found[0] if found else None


@dataclass(frozen=True)
class Expressions:
    """The expressions of one scope. `query` compiles a subquery and gives its SQL and the types of its columns."""

    scope: Scope
    parameters: Mapping[str, str]
    now: datetime
    query: Callable[[tree.Query, Scope], tuple[str, list[tuple[str, ColumnType]]]]
    in_branch: bool = False

    def condition(self, written: tree.Expression, where: str) -> str:
        """Return the SQL of a condition, which must be boolean and hold no aggregate nor window."""
        value = self.boolean(written, where)
        if value.aggregated and where != "HAVING":
            raise RedshiftError(f"aggregates not allowed in {where} clause")
        if value.windowed:
            raise NotInTwinError(f"a window function in {where}", "a subquery in FROM")
        return value.sql

    def boolean(self, written: tree.Expression, where: str) -> Value:
        """Return a value that is boolean."""
        value = self.of(written).as_type(_BOOL)
        if value.kind != "bool":
            raise RedshiftError(f"argument of {where} must be type boolean, not type {value.words}")
        return value

    def of(self, written: tree.Expression) -> Value:  # noqa: PLR0911 one line per kind
        """Return what an expression is; raises RedshiftError."""
        match written:
            case tree.Literal():
                return _literal(written)
            case tree.Parameter():
                text = self.parameters[written.name]
                return Value(literal(text), None, text, constant=True)
            case tree.Column():
                return self._column(written)
            case tree.Cast():
                return cast(self.of(written.value), written.type, bounded=written.bounded, in_branch=self.in_branch)
            case tree.Case():
                return self._case(written)
            case tree.Call():
                return self._call(written)
            case tree.Subquery():
                return self._subquery(written)
            case tree.Operation():
                return self._operation(written)
            case tree.Interval():
                raise NotInTwinError("INTERVAL here", "moment + INTERVAL '1 day'")

    def _column(self, written: tree.Column) -> Value:
        found = self.scope.find(written)
        if found is not None:
            alias, kind = found
            return Value(f"{quoted(alias)}.{quoted(written.name)}", kind)
        outer = self.scope.outer
        while outer is not None:
            if outer.find(written) is not None:
                raise NotInTwinError("a correlated subquery", "a join")
            outer = outer.outer
        if written.table:
            raise RedshiftError(f"column {written.table}.{written.name} does not exist")
        where = ", ".join(sorted(self.scope.tables)) or "unnamed_subquery"
        raise RedshiftError(f'column "{written.name}" does not exist in {where}')

    def _branches(self) -> Expressions:
        return replace(self, in_branch=True)

    def _case(self, written: tree.Case) -> Value:
        inner = self._branches()
        if written.value is not None:
            asked = self.of(written.value)
            if asked.kind in {"varchar", ""}:
                raise NotInTwinError("CASE x WHEN … of texts", "CASE WHEN x = … THEN …")
            tests = [_compared("=", asked, self.of(when)) for when, _ in written.branches]
        else:
            tests = [self.boolean(when, "CASE/WHEN") for when, _ in written.branches]
        values = [inner.of(then) for _, then in written.branches]
        values.append(inner.of(written.default) if written.default is not None else _literal(tree.Literal("null", "")))
        found = combined(values)
        whens = " ".join(f"WHEN {test.sql} THEN {value.sql}" for test, value in zip(tests, found, strict=False))
        kind = _widest(found)
        return _together(Value(f"CASE {whens} ELSE {found[-1].sql} END", kind), [*tests, *found])

    def _call(self, written: tree.Call) -> Value:
        if written.name in _RANKS | _NEIGHBOURS:
            return self._window(written)
        if written.name in _AGGREGATES:
            return self._aggregate(written)
        if written.name in {"coalesce", "nvl"}:
            inner = self._branches()
            values = [(inner if place else self).of(one) for place, one in enumerate(written.arguments)]
        else:
            words = written.name in _WITH_PART
            values = [
                Value("", None) if words and not place and isinstance(one, tree.Column) else self.of(one)
                for place, one in enumerate(written.arguments)
            ]
        return functions.call(written, values, self.now)

    # Aggregates and windows.

    def _aggregate(self, written: tree.Call) -> Value:  # noqa: C901 one step after another
        if written.name == "listagg":
            return self._listagg(written)
        if written.within:
            raise NotInTwinError(f"WITHIN GROUP of {written.name.upper()}")
        name, over = written.name, written.over
        if over is not None and written.distinct:
            raise RedshiftError(f"DISTINCT is not supported in the window function {name}")
        if written.star or len(written.arguments) != 1:
            if name != "count" or not written.star:
                raise NotInTwinError(f"{name.upper()} of {len(written.arguments)} values")
            value, inside, kind, outside = Value("", None), "*", ColumnType("int8"), ""
        else:
            value = self.of(written.arguments[0]).as_type(TEXT)
            if name == "count":
                inside, kind, outside = _trimmed(value) if written.distinct else value.sql, ColumnType("int8"), ""
            else:
                outside, kind = functions.aggregate_type(written, value)
                inside = f"CAST({value.sql} AS {kind.duckdb})" if kind.name == "float8" else value.sql
        if value.aggregated and over is None:
            raise RedshiftError("aggregate function calls may not have nested aggregate or window functions")
        sql = f"{name}({'DISTINCT ' if written.distinct else ''}{inside})"
        if over is not None:
            if over.order and not over.frame:
                raise RedshiftError("Aggregate window functions with an ORDER BY clause require a frame clause")
            sql += self._over(over)
        if outside:
            sql = f"CAST({sql} AS {outside})"
        return Value(sql, kind, aggregated=over is None or value.aggregated, windowed=over is not None)

    def _listagg(self, written: tree.Call) -> Value:
        """Empty texts are passed over (documentation: "LISTAGG"); it runs on the nodes, so it needs a table."""
        if len(written.arguments) != 2 or written.distinct or written.over:  # noqa: PLR2004 what and between what
            raise NotInTwinError("LISTAGG without a delimiter, with DISTINCT or OVER", "LISTAGG(x, ',')")
        if not self.scope.tables:
            raise NotInTwinError("LISTAGG without a table")
        value, between = self.of(written.arguments[0]), self.of(written.arguments[1])
        if value.kind != "varchar" or between.text is None:
            raise NotInTwinError(f"LISTAGG of {value.words}", "cast it to VARCHAR; the delimiter is a literal")
        order = self._order(written.within or ())
        if self.scope.listagg_order not in {None, order}:
            raise NotInTwinError("two LISTAGGs in different orders")
        self.scope.listagg_order = order
        sql = f"string_agg(nullif({value.sql}, ''), {between.sql}{f' ORDER BY {order}' if order else ''})"
        return Value(functions.bounded(sql), TEXT, aggregated=True)

    def _window(self, written: tree.Call) -> Value:
        over = written.over
        if over is None or not over.order:
            raise NotInTwinError(f"{written.name.upper()} without OVER (… ORDER BY …)")
        if over.frame or written.distinct or written.star or written.within:
            raise NotInTwinError(f"{written.name.upper()} with a frame, * or DISTINCT")
        arguments, kind, aggregated = "", ColumnType("int8"), False
        if written.name in _NEIGHBOURS:
            if not 1 <= len(written.arguments) <= 2:  # noqa: PLR2004 a default is not in Redshift
                raise RedshiftError(f"Default parameter not be supported for window function {written.name}")
            values = [self.of(one) for one in written.arguments]
            if len(values) > 1 and (values[1].fixed is None or not values[1].fixed.isdigit()):
                raise NotInTwinError(f"{written.name.upper()} by anything but a literal number")
            _, kind = functions.aggregate_type(written, values[0])
            arguments, aggregated = ", ".join(value.sql for value in values), values[0].aggregated
        elif written.arguments:
            raise NotInTwinError(f"{written.name.upper()} of a value")
        return Value(f"{written.name}({arguments}){self._over(over)}", kind, aggregated=aggregated, windowed=True)

    def _over(self, over: tree.Over) -> str:
        keys = [self.of(key) for key in over.partition]
        if any(key.constant for key in keys):
            raise NotInTwinError("a constant in PARTITION BY")
        if over.frame and not over.order:
            raise NotInTwinError("a frame without ORDER BY")
        partition = f"PARTITION BY {', '.join(_trimmed(key) for key in keys)} " if keys else ""
        order = f"ORDER BY {self._order(over.order, trimmed=True)} " if over.order else ""
        return f" OVER ({partition}{order}{over.frame})"

    def _order(self, keys: Sequence[tree.OrderKey], *, trimmed: bool = False) -> str:
        found = []
        for key in keys:
            value = self.of(key.value)
            if value.constant:
                raise NotInTwinError("a constant in ORDER BY of a window or a group")
            found.append(f"{_trimmed(value) if trimmed else value.sql}{direction(key)}")
        return ", ".join(found)

    # Subqueries.

    def _subquery(self, written: tree.Subquery) -> Value:
        sql, columns = self.query(written.query, self.scope)
        if written.kind == "exists":
            return Value(f"EXISTS ({sql})", _BOOL)
        if len(columns) != 1:
            raise RedshiftError("subquery must return only one column")
        kind = columns[0][1]
        if written.kind == "value":
            return Value(f"({sql})", kind)
        assert written.value is not None  # noqa: S101 the grammar gives one for IN
        value = self.of(written.value).as_type(kind)
        _comparable(value, Value("", kind))
        if kind.name != "varchar":
            return _together(Value(f"({value.sql} IN ({sql}))", _BOOL), [value])
        return _together(Value(f"({_trimmed(value)} IN (SELECT rtrim(c, ' ') FROM ({sql}) AS s(c)))", _BOOL), [value])

    # Operators.

    def _operation(self, written: tree.Operation) -> Value:  # noqa: PLR0911 one line per kind
        operator = written.operator
        if operator in {"and", "or", "not"}:
            found = [self.boolean(one, operator.upper()) for one in written.operands]
            sql = f"NOT {found[0].sql}" if operator == "not" else f" {operator.upper()} ".join(one.sql for one in found)
            return _together(Value(f"({sql})", _BOOL), found)
        if operator in {"+", "-"} and isinstance(written.operands[1], tree.Interval):
            return self._moved(operator, self.of(written.operands[0]), written.operands[1])
        values = [self.of(one) for one in written.operands]
        match operator:
            case "is null" | "is not null":
                return _together(Value(f"({values[0].as_type(TEXT).sql} {operator.upper()})", _BOOL), values)
            case "like" | "ilike":
                return _like(operator, values[0].as_type(TEXT), values[1], written.escape)
            case "between":
                low, high = _compared(">=", values[0], values[1]), _compared("<=", values[0], values[2])
                return _together(Value(f"({low.sql} AND {high.sql})", _BOOL), values)
            case "in":
                tests = [_compared("=", values[0], other).sql for other in values[1:]]
                return _together(Value(f"({' OR '.join(tests)})", _BOOL), values)
            case "||":
                return _concatenated(values)
            case "negative":
                return _negative(values[0])
            case "+" | "-" | "*" | "/" | "%":
                return _computed(operator, values[0], values[1])
            case _:
                return _compared(operator, values[0], values[1])

    def _moved(self, operator: str, moment: Value, by: tree.Interval) -> Value:
        if moment.kind not in MOMENTS or by.unit not in {"year", "month", "day", "hour", "minute", "second"}:
            raise NotInTwinError(f"{moment.words} {operator} INTERVAL in {by.unit}s", "DATEADD")
        sql = f"(CAST({moment.sql} AS TIMESTAMP) {operator} to_{by.unit}s({by.count}))"
        return _together(Value(sql, ColumnType("timestamp")), [moment])


_WITH_PART: Final = frozenset({"datediff", "date_diff", "dateadd", "date_add", "date_part", "extract", "date_trunc"})


def direction(key: tree.OrderKey) -> str:
    """Return the direction of an ORDER BY key; NULLs are the greatest values (documentation: "ORDER BY clause")."""
    first = key.descending if key.nulls_first is None else key.nulls_first
    return f" {'DESC' if key.descending else 'ASC'} NULLS {'FIRST' if first else 'LAST'}"


def _literal(written: tree.Literal) -> Value:
    if written.kind == "null":
        return Value("NULL", None, constant=True)
    if written.kind == "boolean":
        return Value(written.text, _BOOL, constant=True)
    if written.kind == "string":
        text = written.text.replace("\\\\", "\0")
        if "\\" in text or "\0" in written.text:
            raise NotInTwinError("a backslash in a literal", "\\\\ for one")
        text = text.replace("\0", "\\")
        return Value(literal(text), None, text, constant=True)
    digits = written.text
    if re.search("[eE]", digits):
        raise NotInTwinError(f"the number {digits}", f"CAST('{digits}' AS DOUBLE PRECISION)")
    return Value(*_number(digits), constant=True, fixed=digits)


def _number(digits: str) -> tuple[str, ColumnType]:
    whole, point, places = digits.partition(".")
    if not point and int(whole) < 2**63:
        return (whole, ColumnType("int4" if int(whole) < 2**31 else "int8"))
    precision = max(1, len(whole.lstrip("0")) + len(places))
    if precision > MAX_PRECISION:
        raise NotInTwinError(f"the number {digits}")
    kind = ColumnType("numeric", precision, len(places))
    return f"CAST('{digits}' AS {kind.duckdb})", kind


def _together(value: Value, parts: Sequence[Value]) -> Value:
    return replace(
        value,
        constant=all(part.constant for part in parts),
        aggregated=any(part.aggregated for part in parts),
        windowed=any(part.windowed for part in parts),
    )


def _widest(values: Sequence[Value]) -> ColumnType:
    kind = values[0].type or TEXT
    for value in values[1:]:
        kind = common(kind, value.type or kind)
    return kind


def _trimmed(value: Value) -> str:
    """Return a text without the blanks at its end, which mean nothing where values are compared."""
    return f"rtrim({value.sql}, ' ')" if value.kind == "varchar" else value.sql


def trimmed(sql: str) -> str:
    """Return the SQL of a text without the blanks at its end."""
    return f"rtrim({sql}, ' ')"


def _comparable(left: Value, right: Value) -> None:
    kinds = {left.kind, right.kind}
    if len(kinds) > 1 and not kinds <= NUMBERS and kinds != MOMENTS:
        raise NotInTwinError(f"a comparison of {left.words} with {right.words}", "cast one of them")


def _compared(operator: str, left: Value, right: Value) -> Value:
    one = left.as_type(right.type or TEXT)
    other = right.as_type(left.type or TEXT)
    _comparable(one, other)
    return _together(Value(f"({_trimmed(one)} {operator} {_trimmed(other)})", _BOOL), [one, other])


def _like(operator: str, value: Value, pattern: Value, escape: str) -> Value:
    if value.kind != "varchar":
        raise NotInTwinError(f"{operator.upper()} of {value.words}", "cast it to VARCHAR")
    text = pattern.text
    if text is None or len(escape) != 1:
        raise NotInTwinError(f"{operator.upper()} with a pattern that is no literal, or a longer ESCAPE")
    if any(not letter.isascii() and letter.lower() != letter.upper() for letter in text):
        raise NotInTwinError(f"{operator.upper()} of letters beyond ASCII", "Redshift takes ａ for Ａ there")
    if re.sub(re.escape(escape) + ".", "", text, flags=re.DOTALL).endswith(escape):
        raise RedshiftError("LIKE pattern must not end with escape character")
    sql = f"({value.sql} {operator.upper()} {literal(text)} ESCAPE {literal(escape)})"
    return _together(Value(sql, _BOOL), [value, pattern])


def _concatenated(values: list[Value]) -> Value:
    texts = [value.as_type(TEXT) for value in values]
    for text in texts:
        if text.kind != "varchar":
            raise NotInTwinError(f"|| of {text.words}", "cast it to VARCHAR")
    size = sum(text.type.size for text in texts if text.type)
    sql = f"({' || '.join(text.sql for text in texts)})"
    if size > MAX_VARCHAR_BYTES:
        sql = functions.bounded(sql)
    return _together(Value(sql, ColumnType("varchar", min(size, MAX_VARCHAR_BYTES))), texts)


def _negative(value: Value) -> Value:
    if value.kind not in NUMBERS:
        raise NotInTwinError(f"- of {value.words}", "cast it to a number")
    fixed = f"-{value.fixed}" if value.fixed else None
    return replace(value, sql=f"(-{value.sql})", fixed=fixed)


def _computed(operator: str, left: Value, right: Value) -> Value:
    if right.type is not None and right.kind in NUMBERS:
        left = left.as_type(right.type)
    if left.type is not None and left.kind in NUMBERS:
        right = right.as_type(left.type)
    kinds = {left.kind, right.kind}
    result: ColumnType | None = None
    sql = f"({left.sql} {operator} {right.sql})"
    if operator in {"/", "%"} and right.fixed is not None and float(right.fixed) == 0:
        # The planner computes what is constant before any row is read, in branches of CASE that are never taken too
        # (PostgreSQL's manual: "Expression Evaluation Rules"); Redshift's planner descends from that one.
        raise divide_by_zero()
    if kinds <= set(INTEGERS):
        result = ColumnType(max(kinds, key=INTEGERS.index))
        sql = f"({left.sql} // {right.sql})" if operator == "/" else sql
    elif kinds & FLOATS and kinds <= NUMBERS and "float4" not in kinds and operator != "%":
        result = ColumnType("float8")
        divisor = f"CASE WHEN {right.sql} = 0 THEN {refusal(divide_by_zero().message)} ELSE {right.sql} END"
        sql = f"({left.sql} / {divisor})" if operator == "/" else sql  # DuckDB gives infinity
    elif kinds <= {*INTEGERS, "numeric"} and operator in {"+", "-", "*"} and left.type and right.type:
        result = _decimal(operator, decimal(left.type), decimal(right.type))
    elif left.kind == "date" and right.kind in INTEGERS and operator in {"+", "-"}:
        result = ColumnType("date")
        sql = f"({left.sql} {operator} CAST({right.sql} AS INTEGER))"
    elif kinds == {"date"} and operator == "-":
        result = ColumnType("int4")
        sql = f"CAST({left.sql} - {right.sql} AS INTEGER)"
    if result is None:
        what = "division" if operator == "/" else operator
        raise NotInTwinError(f"{what} of {left.words} and {right.words}", "cast both to double precision")
    return _together(Value(sql, result), [left, right])


def _decimal(operator: str, left: ColumnType, right: ColumnType) -> ColumnType:
    """Return the type of a sum or product (documentation: "Computations with numeric values")."""
    if operator == "*":
        scale, precision = left.scale + right.scale, left.size + right.size + 1
    else:
        scale = max(left.scale, right.scale)
        precision = max(left.size - left.scale, right.size - right.scale) + scale + 1
    if precision > MAX_PRECISION:
        raise NotInTwinError(f"{left.words} {operator} {right.words}, which Redshift may cut", "cast to fewer digits")
    return ColumnType("numeric", precision, scale)

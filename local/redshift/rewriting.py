"""Rewrite a Redshift tree so that DuckDB gives Redshift's results, or Redshift's errors. Pure but for `type_of`.

What differs between the two depends on types (7 / 2 is 3 for integers), and a tree has none. So `type_of` asks DuckDB
what an expression would be; inner expressions are rewritten before outer ones are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from local.redshift.columns import ColumnType, declared_type, result_type
from local.redshift.errors import MARK, NotInTwinError, RedshiftError, divide_by_zero
from local.redshift.labels import labelled
from local.redshift.texts import boolean, check_text, is_ambiguous

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    # The DuckDB type of the only column of a query.
    TypeOf = Callable[[str], str]

_INTEGERS: Final = frozenset({"SMALLINT", "INTEGER", "BIGINT"})
_FLOATS: Final = frozenset({"FLOAT", "DOUBLE"})
_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


class Rewriting:
    """One statement's rewriting: `parameters` by name, `now` when it began, `type_of` answering for its session."""

    def __init__(self, parameters: Mapping[str, str], now: datetime, type_of: TypeOf) -> None:
        self._parameters, self._now, self._type_of = parameters, now, type_of

    def query(self, tree: exp.Expr) -> str:
        """Give the DuckDB SQL of a SELECT; its unnamed columns get the names that Redshift gives them."""
        tree = tree.copy()
        for select in tree.find_all(exp.Select):
            select.set("expressions", [labelled(column) for column in select.expressions])
        return self._finished(tree)

    def change(self, tree: exp.Expr, columns: Mapping[str, ColumnType]) -> str:
        """Give the DuckDB SQL of an INSERT, UPDATE or DELETE of a table with `columns` in their order."""
        tree = tree.copy()
        self._rewrite(tree)
        if isinstance(tree, exp.Insert):
            self._check_insert(tree, columns)
        if isinstance(tree, exp.Update):
            for assignment in tree.expressions:
                self._check_assigned(assignment.expression, assignment.this.name, columns)
        return _generated(tree)

    def _finished(self, tree: exp.Expr) -> str:
        self._rewrite(tree)
        return _generated(tree)

    def _rewrite(self, tree: exp.Expr) -> None:
        # Children before parents: breadth-first, backwards.
        for node in reversed(list(tree.find_all(*_REWRITTEN))):
            match node:
                case exp.CurrentTimestamp() | exp.CurrentDate():
                    node.replace(self._clock(node))
                case exp.Sum():
                    self._sum(node)
                case exp.Avg() if (kind := self._type(_argument(node))) not in _FLOATS:
                    raise NotInTwinError(f"AVG of {kind}", "AVG(x::double precision)")
                case exp.Div() | exp.Mod():
                    self._divide(node)
                case exp.Cast():
                    self._cast(node)
                case exp.Between():
                    self._check_unknowns(node.this, [node.args["low"], node.args["high"]])
                case exp.In():
                    self._check_unknowns(node.this, node.expressions)
                case exp.Binary() if isinstance(node, _COMPARISONS):
                    self._check_unknowns(node.this, [node.expression])
                    self._check_unknowns(node.expression, [node.this])

    def _clock(self, node: exp.Expr) -> exp.Expr:
        """GETDATE() has whole seconds, SYSDATE microseconds, both in UTC (documentation: "Date and time functions")."""
        if isinstance(node, exp.CurrentDate):
            return _cast(exp.Literal.string(self._now.date().isoformat()), "DATE")
        moment = self._now if node.args.get("sysdate") else self._now.replace(microsecond=0)
        return _cast(exp.Literal.string(moment.replace(tzinfo=None).isoformat(sep=" ")), "TIMESTAMP")

    def _sum(self, node: exp.Sum) -> None:
        """SUM of SMALLINT and INTEGER is BIGINT, of BIGINT NUMERIC(38,0) (documentation: "SUM function")."""
        kind = self._type(_argument(node))
        if kind in _INTEGERS:
            whole = node.parent if isinstance(node.parent, exp.Window) else node
            whole.replace(_cast(whole.copy(), "DECIMAL(38,0)" if kind == "BIGINT" else "BIGINT"))
        elif kind not in _FLOATS and not kind.startswith("DECIMAL"):
            raise RedshiftError(f"function sum({result_type(kind).words}) does not exist")

    def _divide(self, node: exp.Div | exp.Mod) -> None:
        left, right = node.this, node.expression
        if isinstance(bare := right.unnest(), exp.Literal) and not bare.is_string and float(bare.name) == 0:
            # The planner computes what is constant before any row is read, in branches of CASE that are never taken too
            # (PostgreSQL's manual: "Expression Evaluation Rules"); Redshift's planner descends from that one.
            raise divide_by_zero()
        kinds = {self._type(left), self._type(right)}
        if kinds <= _INTEGERS:
            if isinstance(node, exp.Div):
                node.replace(exp.Paren(this=exp.IntDiv(this=left.copy(), expression=right.copy())))
        elif isinstance(node, exp.Div) and kinds & _FLOATS:
            # DuckDB gives infinity.
            zero = exp.EQ(this=exp.Paren(this=right.copy()), expression=exp.Literal.number(0))
            error = _error(exp.Literal.string(f"{MARK} {divide_by_zero().message}"))
            right.replace(exp.Paren(this=exp.Case(ifs=[exp.If(this=zero, true=error)], default=right.copy())))
        else:
            operator = "division" if isinstance(node, exp.Div) else "%"
            raise NotInTwinError(f"{operator} of {' and '.join(sorted(kinds))}", "cast both to double precision")

    def _cast(self, node: exp.Cast) -> None:
        value = node.this
        bounded = node.to.this == exp.DType.VARCHAR and bool(node.to.expressions)
        target = declared_type(node.to, in_table=False)
        node.set("to", exp.DataType.build(target.duckdb, dialect="duckdb"))
        unknown = self._unknown(value)
        if unknown is not None:
            check_text(unknown, target)
            if target.name == "bool":
                node.replace(exp.Boolean(this=boolean(unknown)))
            if bounded:
                node.replace(_shortened(node.copy(), target.size))
            return
        kind = self._type(value)
        if kind == "VARCHAR" and target.name in {"int2", "int4", "int8"}:
            node.replace(_strict_integer(value.copy(), node.copy(), target))
        elif kind == "VARCHAR" and target.name == "bool":
            raise NotInTwinError("a cast of text to boolean", "CASE WHEN x = 'true' THEN TRUE …")
        elif target.name == "varchar" and kind in _FLOATS | {"BOOLEAN"}:
            raise NotInTwinError(f"a cast of {kind} to text", "it looks otherwise in Redshift")
        elif bounded:
            node.replace(_shortened(node.copy(), target.size))

    def _check_unknowns(self, known: exp.Expr, others: Sequence[exp.Expr]) -> None:
        """Check the texts that DuckDB might convert otherwise than Redshift to the type of `known`."""
        texts = [text for other in others if (text := self._unknown(other)) is not None and is_ambiguous(text)]
        if texts:
            kind = result_type(self._type(known))
            for text in texts:
                check_text(text, kind)

    def _unknown(self, node: exp.Expr) -> str | None:
        """Give the text of a string literal or parameter, which has no type until its context gives it one."""
        node = node.unnest()
        if isinstance(node, exp.Placeholder):
            return self._parameters[node.name]
        return node.name if isinstance(node, exp.Literal) and node.is_string else None

    def _check_insert(self, tree: exp.Insert, columns: Mapping[str, ColumnType]) -> None:
        named = (
            [column.name for column in tree.this.expressions] if isinstance(tree.this, exp.Schema) else list(columns)
        )
        rows = tree.expression.expressions if isinstance(tree.expression, exp.Values) else [tree.expression]
        for row in rows:
            values = (
                row.expressions if isinstance(row, exp.Tuple) else row.selects if isinstance(row, exp.Query) else [row]
            )
            if len(values) > len(named):
                raise RedshiftError("INSERT has more expressions than target columns")
            starred = any(value.is_star for value in values)
            for name, value in zip(named, () if starred else values, strict=False):
                self._check_assigned(value.unalias(), name, columns)

    def _check_assigned(self, value: exp.Expr, name: str, columns: Mapping[str, ColumnType]) -> None:
        """Refuse text for a column that is none; DuckDB would convert it (documentation: "Type compatibility")."""
        column = columns.get(name)
        if column is None or column.name == "varchar" or isinstance(value, exp.Null | exp.Var):
            return
        if (text := self._unknown(value)) is not None:
            check_text(text, column)
        elif self._type(value) == "VARCHAR":
            raise RedshiftError(
                f'column "{name}" is of type {column.words} but expression is of type character varying'
            )

    def _type(self, node: exp.Expr) -> str:
        probe = exp.Select(expressions=[node.copy()])
        scope = node.find_ancestor(exp.Select, exp.Update, exp.Delete)
        outer = scope is not None and scope.find_ancestor(exp.Select, exp.Update, exp.Delete) is not None
        if scope is not None:
            _copy_sources(scope, probe)
        ancestor: exp.Expr | None = node
        while ancestor is not None:
            if (within := ancestor.args.get("with_")) is not None and probe.args.get("with_") is None:
                probe.set("with_", within.copy())
            ancestor = ancestor.parent
        for parameter in list(probe.find_all(exp.Placeholder)):
            parameter.replace(exp.Null())
        try:
            return self._type_of(_generated(probe))
        except RedshiftError as error:
            if outer and not isinstance(error, NotInTwinError):
                raise NotInTwinError(
                    f"{node.sql('redshift')[:60]} in a subquery, whose type is not known ({error.message})"
                ) from error
            raise


_REWRITTEN: Final = (
    *(exp.CurrentTimestamp, exp.CurrentDate, exp.Sum, exp.Avg, exp.Div, exp.Mod, exp.Cast, exp.Between, exp.In),
    *_COMPARISONS,
)


def _generated(tree: exp.Expr) -> str:
    try:
        return tree.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE, comments=False)
    except UnsupportedError as error:
        raise NotInTwinError(str(error)) from error


def _copy_sources(scope: exp.Expr, probe: exp.Select) -> None:
    """Give the probe the tables that `scope` reads, for an UPDATE and DELETE its target first."""
    if isinstance(scope, exp.Select):
        for part in ("from_", "joins"):
            if value := scope.args.get(part):
                probe.set(part, [join.copy() for join in value] if isinstance(value, list) else value.copy())
        return
    probe.set("from_", exp.From(this=scope.this.copy()))
    others = scope.args.get("using") or []
    if isinstance(scope, exp.Update) and scope.args.get("from_"):
        others = [scope.args["from_"].this]
    for other in others:
        probe.append("joins", exp.Join(this=other.copy()))


def _argument(function: exp.Expr) -> exp.Expr:
    argument = function.this
    found = argument.expressions[0] if isinstance(argument, exp.Distinct) else argument
    if not isinstance(found, exp.Expr):
        raise NotInTwinError(f"{function.sql('redshift')}")
    return found


def _cast(value: exp.Expr, duckdb_type: str) -> exp.Cast:
    return exp.Cast(this=value, to=exp.DataType.build(duckdb_type, dialect="duckdb"))


def _error(message: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="error", expressions=[message])


def _function(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def _shortened(text: exp.Expr, size: int) -> exp.Expr:
    """A cast to varchar(n) cuts at n bytes. Where that may fall inside a character the twin does not guess."""
    bytes_, limit = _function("strlen", text), exp.Literal.number(size)
    fits = exp.LTE(this=bytes_, expression=limit.copy())
    ascii_ = exp.EQ(this=bytes_.copy(), expression=_function("length", text))
    refusal = _error(
        exp.Literal.string(f"{MARK} not in the twin: cutting text beyond ASCII by a cast to varchar({size})")
    )
    return exp.Case(
        ifs=[exp.If(this=fits, true=text.copy()), exp.If(this=ascii_, true=_function("left", text, limit))],
        default=refusal,
    )


def _strict_integer(text: exp.Expr, cast: exp.Expr, target: ColumnType) -> exp.Expr:
    whole = exp.Anonymous(this="regexp_full_match", expressions=[text.copy(), exp.Literal.string(r"\s*[+-]?[0-9]+\s*")])
    message = exp.Literal.string(f'{MARK} invalid input syntax for {target.words}: "')
    refusal = _error(
        exp.DPipe(this=exp.DPipe(this=message, expression=text.copy()), expression=exp.Literal.string('"'))
    )
    missing = exp.Is(this=text.copy(), expression=exp.Null())
    return exp.Case(ifs=[exp.If(this=missing, true=exp.Null()), exp.If(this=whole, true=cast)], default=refusal)

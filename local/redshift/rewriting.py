"""Rewrite a Redshift tree so that DuckDB gives Redshift's results, or Redshift's errors. Pure but for `type_of`.

What differs between the two depends on types (7 / 2 is 3 for integers), and a tree has none. So `type_of` asks DuckDB
what an expression would be; inner expressions are rewritten before outer ones are asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from local.redshift import blanks
from local.redshift.columns import ColumnType, declared_type, result_type
from local.redshift.errors import MARK, NotInTwinError, RedshiftError, divide_by_zero
from local.redshift.guards import error, function, shortened, strict_integer
from local.redshift.labels import labelled
from local.redshift.scopes import generated, type_in_scope
from local.redshift.texts import boolean, check_text, is_ambiguous

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from local.redshift.scopes import TypeOf

_INTEGERS: Final = frozenset({"SMALLINT", "INTEGER", "BIGINT"})
_FLOATS: Final = frozenset({"FLOAT", "DOUBLE"})
_WHOLE: Final = frozenset({"int2", "int4", "int8"})
_COMPARISONS: Final = exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE


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
        return generated(tree)

    def _finished(self, tree: exp.Expr) -> str:
        self._rewrite(tree)
        return generated(tree)

    def _rewrite(self, tree: exp.Expr) -> None:
        for window in tree.find_all(exp.Window):
            order = window.args.get("order")
            for key in [*(window.args.get("partition_by") or []), *(part.this for part in order or ())]:
                self._ignore_blanks([key])
        # Children before parents: breadth-first, backwards; GROUP BY last, as it names what SELECT shows.
        for node in reversed(list(tree.find_all(*_REWRITTEN))):
            if isinstance(node, exp.Select | exp.SetOperation | exp.Join | exp.Nullif | exp.Case):
                blanks.unwritten(node, self._is_text)
            elif isinstance(node, exp.Between | exp.In | exp.Count | _COMPARISONS):
                self._compare_in(node)
            else:
                self._compute(node)
        for select in list(tree.find_all(exp.Select)):
            blanks.guard(select, [key for key in blanks.keys(select) if self._is_text(key)])

    def _compute(self, node: exp.Expr) -> None:
        match node:
            case exp.CurrentTimestamp() | exp.CurrentDate():
                node.replace(self._clock(node))
            case exp.ConvertTimezone():
                node.replace(self._converted(node))
            case exp.Sum():
                self._sum(node)
            case exp.Avg() if (kind := self._type(_argument(node))) not in _FLOATS:
                raise NotInTwinError(f"AVG of {kind}", "AVG(x::double precision)")
            case exp.Div() | exp.Mod():
                self._divide(node)
            case exp.Cast():
                self._cast(node)

    def _compare_in(self, node: exp.Expr) -> None:
        """Make what compares values compare as Redshift does: operators, COUNT(DISTINCT)."""
        match node:
            case exp.Between():
                self._compare(node.this, [node.args["low"], node.args["high"]])
            case exp.In():
                self._compare(node.this, node.expressions or [node.args["query"]])
            case exp.Count() if isinstance(node.this, exp.Distinct):
                for value in node.this.expressions:
                    self._ignore_blanks([value])
            case exp.Binary():
                self._compare(node.this, [node.expression])

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
            refusal = error(exp.Literal.string(f"{MARK} {divide_by_zero().message}"))
            right.replace(exp.Paren(this=exp.Case(ifs=[exp.If(this=zero, true=refusal)], default=right.copy())))
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
                node.replace(shortened(node.copy(), target.size))
            return
        kind = self._type(value)
        if _drops_digits(value, kind, target):
            # Rounded when inserted, but "results of explicit casts of values selected from tables are not rounded"
            # (documentation: "Numeric types"); of a literal they are.
            raise NotInTwinError(f"a cast of {kind} that drops digits", "ROUND(x, n), then cast")
        # With a parameter in it DuckDB cannot tell the type of a text.
        text = kind == "VARCHAR" or (kind == '"NULL"' and value.find(exp.Placeholder) is not None)
        if text and target.name in _WHOLE and _in_branch(node):
            # Met by others (github.com/exmergo/dex, issue 307): Redshift casts for rows that take another branch, too.
            raise NotInTwinError("a cast of text in a branch of CASE, NVL or COALESCE", "CAST(CASE … END AS …)")
        if text and target.name in _WHOLE:
            node.replace(strict_integer(value.copy(), node.copy(), target))
        elif text and target.name == "bool":
            raise NotInTwinError("a cast of text to boolean", "CASE WHEN x = 'true' THEN TRUE …")
        elif target.name == "varchar" and kind in _FLOATS | {"BOOLEAN"}:
            raise NotInTwinError(f"a cast of {kind} to text", "it looks otherwise in Redshift")
        elif bounded:
            node.replace(shortened(node.copy(), target.size))

    def _compare(self, one: exp.Expr, others: Sequence[exp.Expr]) -> None:
        if any(isinstance(value, exp.Tuple) for value in (one, *others)):
            raise NotInTwinError("a comparison of rows of values", "a comparison of each")
        plain = [other for other in others if not isinstance(other, exp.Query)]
        self._check_unknowns(one, plain)
        for other in plain:
            self._check_unknowns(other, [one])
        self._ignore_blanks([one, *others])

    def _ignore_blanks(self, values: Sequence[exp.Expr]) -> None:
        """Compare texts without the blanks at their end, as Redshift does; a literal alone has no type yet."""
        typed = [value for value in values if self._unknown(value) is None]
        if all(self._is_text(value) for value in typed):
            for value in values:
                blanks.ignore(value)

    def _is_text(self, value: exp.Expr) -> bool:
        probe = value.unnest() if isinstance(value, exp.Subquery) else value
        if isinstance(probe, exp.Query):
            return self._type(probe.selects[0].unalias()) == "VARCHAR"
        return self._type(value) == "VARCHAR"

    def _converted(self, node: exp.ConvertTimezone) -> exp.Expr:
        """CONVERT_TIMEZONE between zones that both know by name (documentation: "CONVERT_TIMEZONE")."""
        moment, zones = node.args["timestamp"], (node.args["source_tz"], node.args["target_tz"])
        for zone in zones:
            name = self._unknown(zone)
            if name is None or not re.fullmatch(r"UTC|[A-Z][A-Za-z]+/[A-Za-z_/]+", name):
                raise NotInTwinError(f"the time zone {zone.sql('redshift')}", "'UTC' or a name as 'Asia/Tokyo'")
        if (text := self._unknown(moment)) is not None:
            check_text(text, ColumnType("timestamp"))
        elif self._type(moment) not in {"TIMESTAMP", "DATE"}:
            raise NotInTwinError(f"CONVERT_TIMEZONE of {self._type(moment)}", "cast it to TIMESTAMP")
        source, target = zones
        return function("timezone", target, function("timezone", source, _cast(moment.copy(), "TIMESTAMP")))

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
        return type_in_scope(node, self._type_of)


_REWRITTEN: Final = (
    *(exp.CurrentTimestamp, exp.CurrentDate, exp.Sum, exp.Avg, exp.Div, exp.Mod, exp.Cast, exp.Between, exp.In),
    *(exp.Count, exp.ConvertTimezone, exp.Select, exp.SetOperation, exp.Join, exp.Nullif, exp.Case),
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE),
)


def _in_branch(node: exp.Expr) -> bool:
    """Whether a part stands where CASE, NVL or COALESCE may not come to, within the same SELECT."""
    while (parent := node.parent) is not None and not isinstance(parent, exp.Query):
        if isinstance(parent, exp.Case) and node.arg_key == "default":
            return True
        if isinstance(parent, exp.If) and node.arg_key == "true":
            return True
        if isinstance(parent, exp.Coalesce) and node.arg_key == "expressions":
            return True
        node = parent
    return False


def _drops_digits(value: exp.Expr, kind: str, target: ColumnType) -> bool:
    digits = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", kind)
    whole = {"int2": 0, "int4": 0, "int8": 0, "numeric": target.scale}.get(target.name)
    drops = digits is not None and whole is not None and int(digits[1]) > whole
    return drops and value.find(exp.Column) is not None


def _argument(function: exp.Expr) -> exp.Expr:
    argument = function.this
    found = argument.expressions[0] if isinstance(argument, exp.Distinct) else argument
    if not isinstance(found, exp.Expr):
        raise NotInTwinError(f"{function.sql('redshift')}")
    return found


def _cast(value: exp.Expr, duckdb_type: str) -> exp.Cast:
    return exp.Cast(this=value, to=exp.DataType.build(duckdb_type, dialect="duckdb"))

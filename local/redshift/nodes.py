"""The parts of SQL that mean the same in Redshift and in DuckDB, or that `rewriting` makes so. Pure."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from local.redshift.columns import declared_type
from local.redshift.errors import NotInTwinError, syntax_error

# Clauses and operators.
_STRUCTURE: Final = (
    *(
        exp.Select,
        exp.Subquery,
        exp.From,
        exp.Join,
        exp.Where,
        exp.Group,
        exp.Having,
        exp.Order,
        exp.Ordered,
        exp.Limit,
    ),
    *(exp.Offset, exp.With, exp.CTE, exp.Union, exp.Except, exp.Intersect, exp.Table, exp.TableAlias, exp.Distinct),
    *(
        exp.Insert,
        exp.Update,
        exp.Delete,
        exp.Values,
        exp.Tuple,
        exp.Schema,
        exp.Window,
        exp.WindowSpec,
        exp.WithinGroup,
    ),
    *(exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Null, exp.Boolean, exp.Placeholder, exp.Var),
    *(exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe, exp.Interval),
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is),
    *(exp.Like, exp.ILike, exp.Escape, exp.Exists, exp.Case, exp.If, exp.Cast, exp.DataType, exp.DataTypeParam),
)
# Functions. CONCAT (NULL), SUBSTRING (positions below 1), TO_CHAR, regular expressions and JSON differ: not here.
_FUNCTIONS: Final = (
    *(exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.GroupConcat),
    *(exp.Coalesce, exp.Nullif, exp.Nvl2, exp.Greatest, exp.Least),
    *(exp.Abs, exp.Round, exp.Ceil, exp.Floor),
    *(exp.Upper, exp.Lower, exp.Length, exp.Trim, exp.Left, exp.Right, exp.Replace),
    *(exp.CurrentTimestamp, exp.CurrentDate, exp.TsOrDsDiff, exp.TsOrDsAdd, exp.TimestampTrunc, exp.Extract),
    *(exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead, exp.ConvertTimezone),
)
_ALLOWED: Final = frozenset(_STRUCTURE + _FUNCTIONS)

# Weeks begin on Sunday for DATEDIFF in Redshift; epochs and parts of seconds have other types there.
_UNITS: Final = frozenset({"year", "quarter", "month", "day", "hour", "minute", "second"})


def check_nodes(tree: exp.Expr) -> None:
    """Raise NotInTwinError for the first part of `tree` that is not known to mean the same in DuckDB."""
    for node in tree.walk():
        if type(node) not in _ALLOWED:
            raise NotInTwinError(_described(node))
        if found := _odd_form(node):
            raise NotInTwinError(found)


def _described(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return f"the function {node.name.lower()}()"
    kind = "the function" if isinstance(node, exp.Func) else "the clause"
    return f"{kind} {node.sql('redshift')[:80]}"


def _odd_form(node: exp.Expr) -> str:  # noqa: PLR0911 one line per kind of node
    """Name what is odd in an allowed node, or give nothing."""
    match node:
        case exp.Table() if isinstance(node.this, exp.Placeholder):
            raise syntax_error("$1")  # a parameter is a value, never a name
        case exp.Table() if not isinstance(node.this, exp.Identifier):
            return f"{node.sql('redshift')} as a table"
        case _ if type(node) in _PARTS:
            extra = sorted(name for name, value in node.args.items() if value and name not in _PARTS[type(node)])
            return f"{', '.join(extra)} in {node.sql('redshift')[:80]}" if extra else ""
        case exp.TsOrDsDiff() | exp.TsOrDsAdd() | exp.TimestampTrunc() | exp.Extract():
            unit = (node.args.get("unit") or node.this).name.lower() or "day"
            return "" if unit in _UNITS else f"the date part {unit}"
        case exp.Cast():
            declared_type(node.to, in_table=False)
            return f"{node.sql('redshift')[:80]}" if node.args.get("format") or node.args.get("safe") else ""
        case exp.GroupConcat() if node.args.get("separator") is None:
            return "LISTAGG without a delimiter"  # none in Redshift, a comma in DuckDB
        case exp.Placeholder() if not node.name:
            return "the parameter ?"
        case _:
            return ""


# What of these nodes may be filled; a part that a later sqlglot adds is refused until it is looked at.
_PARTS: Final[dict[type[exp.Expr], frozenset[str]]] = {
    exp.Insert: frozenset({"this", "expression", "with_"}),
    exp.Update: frozenset({"this", "expressions", "from_", "where", "with_"}),
    exp.Delete: frozenset({"this", "using", "where", "with_"}),
    exp.Table: frozenset({"this", "db", "catalog", "alias"}),
    exp.Group: frozenset({"expressions"}),
    exp.Star: frozenset(),
    exp.Distinct: frozenset({"expressions"}),
    exp.Join: frozenset({"this", "on", "using", "side", "kind"}),
    exp.Select: frozenset(
        {"expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct", "with_"}
    ),
}

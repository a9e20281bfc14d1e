"""The names of columns that a SELECT does not name. Pure."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from local.redshift.columns import declared_type

_LABELS: Final = {
    exp.GroupConcat: "listagg",
    exp.TsOrDsDiff: "date_diff",
    exp.TsOrDsAdd: "date_add",
    exp.Ceil: "ceil",
    exp.ConvertTimezone: "convert_timezone",
}


def labelled(column: exp.Expr) -> exp.Expr:
    """Give an unnamed column of a SELECT the name that PostgreSQL, and so Redshift, gives it."""
    if isinstance(column, exp.Alias | exp.Column | exp.Star) or column.is_star:
        return column
    return exp.alias_(column.copy(), _label(column), quoted=True)


def _label(column: exp.Expr) -> str:  # noqa: PLR0911 one line per kind of expression
    match column:
        case exp.Paren() | exp.Window() | exp.WithinGroup():
            return _label(column.this)
        case exp.Cast():
            inner = column.this
            return inner.name if isinstance(inner, exp.Column) else declared_type(column.to, in_table=False).name
        case exp.Column():
            return column.name
        case exp.Case():
            return "case"
        case exp.CurrentTimestamp():
            return "sysdate" if column.args.get("sysdate") else "getdate"
        case exp.CurrentDate():
            return "date"
        case exp.Func() if not isinstance(column, exp.Binary | exp.Connector):
            return _LABELS.get(type(column), type(column).sql_names()[0].lower())
        case _:
            return "?column?"

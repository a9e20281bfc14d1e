"""Blanks at the end of texts, which mean nothing in Redshift wherever values are compared. Pure.

Documentation: "Character types", "Significance of trailing blanks". For DuckDB 'a ' and 'a' are two values. In
comparisons and COUNT(DISTINCT) the blanks are taken off. Which of two equal texts GROUP BY shows is not documented, so
grouping by a text that ends in one is refused where it happens. Left as they are: SELECT DISTINCT, UNION, USING.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from local.redshift.errors import MARK

if TYPE_CHECKING:
    from collections.abc import Sequence


def ignore(value: exp.Expr) -> None:
    """Take the blanks off where `value` stands; of a subquery, off its only column."""
    inner = value.unnest() if isinstance(value, exp.Subquery) else value
    if not isinstance(inner, exp.Query):
        value.replace(_trimmed(value))
        return
    for select in [inner] if isinstance(inner, exp.Select) else inner.find_all(exp.Select):
        column = select.selects[0]
        column.unalias().replace(_trimmed(column.unalias()))


def guard(select: exp.Select, keys: Sequence[exp.Expr]) -> None:
    """End the statement when a key of GROUP BY ends in a blank."""
    for key in keys:
        ends = exp.Anonymous(this="ends_with", expressions=[key.copy(), exp.Literal.string(" ")])
        words = exp.Literal.string(f"{MARK} not in the twin: grouping by a text that ends in blanks")
        refusal = exp.Anonymous(this="error", expressions=[words])
        seen = exp.Count(this=exp.Case(ifs=[exp.If(this=ends, true=refusal)]))
        select.having(exp.EQ(this=seen, expression=exp.Literal.number(0)), copy=False)


def _trimmed(value: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="rtrim", expressions=[value.copy(), exp.Literal.string(" ")])

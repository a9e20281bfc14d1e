"""Blanks at the end of texts, which mean nothing in Redshift wherever values are compared. Pure.

Documentation: "Character types", "Significance of trailing blanks". For DuckDB 'a ' and 'a' are two values. In
comparisons, COUNT(DISTINCT) and a window's PARTITION BY and ORDER BY the blanks are taken off. Which of two equal texts
GROUP BY, SELECT DISTINCT or UNION shows is not documented, so such a text is refused where it happens to end in one; a
SELECT DISTINCT that is only counted shows none. The order of two texts that differ in nothing else is left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from local.redshift.errors import MARK, NotInTwinError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def ignore(value: exp.Expr) -> None:
    """Take the blanks off where `value` stands; of a subquery, off its only column."""
    inner = value.unnest() if isinstance(value, exp.Subquery) else value
    if not isinstance(inner, exp.Query):
        value.replace(_trimmed(value))
        return
    for select in [inner] if isinstance(inner, exp.Select) else inner.find_all(exp.Select):
        column = select.selects[0]
        column.unalias().replace(_trimmed(column.unalias()))


def keys(select: exp.Select) -> list[exp.Expr]:
    """Give what a SELECT is grouped by: a number is a place among its columns, and a constant is no key."""
    group = select.args.get("group")
    return [key for part in group.expressions for key in _key(part, select)] if group is not None else []


def _key(part: exp.Expr, select: exp.Select) -> list[exp.Expr]:
    bare = part.unnest()
    if isinstance(bare, exp.Literal):
        place = 0 if bare.is_string else int(bare.name) if bare.name.isdecimal() else 0
        if place and any(column.is_star for column in select.selects):
            raise NotInTwinError("a number in GROUP BY beside *", "name the columns")
        return [column.unalias() for column in select.selects[place - 1 : place]] if place else []
    if isinstance(bare, exp.Column) and not bare.table:
        for column in select.selects:
            shown = isinstance(column, exp.Alias) and column.alias == bare.name
            if shown and not any(one.name == bare.name for one in column.this.find_all(exp.Column)):
                # A column of that name in a table would come first, and its type cannot be asked for if there is none.
                raise NotInTwinError(f"GROUP BY the alias {bare.name}", "GROUP BY its expression or its number")
    return [part]


def guard(select: exp.Select, keys: Sequence[exp.Expr]) -> None:
    """End the statement when a key of GROUP BY ends in a blank."""
    for key in keys:
        ends = exp.Anonymous(this="ends_with", expressions=[key.copy(), exp.Literal.string(" ")])
        words = exp.Literal.string(f"{MARK} not in the twin: grouping by a text that ends in blanks")
        refusal = exp.Anonymous(this="error", expressions=[words])
        seen = exp.Count(this=exp.Case(ifs=[exp.If(this=ends, true=refusal)]))
        select.having(exp.EQ(this=seen, expression=exp.Literal.number(0)), copy=False)


def unwritten(node: exp.Expr, is_text: Callable[[exp.Expr], bool]) -> None:
    """See to what compares texts without an operator: guard it, or raise NotInTwinError."""
    match node:
        case exp.Select() if node.args.get("distinct"):
            told_apart(node, is_text, "SELECT DISTINCT")
        case exp.SetOperation() if node.args.get("distinct"):
            for select in selects_of(node):
                told_apart(select, is_text, node.key.upper())
        case exp.Join() if node.args.get("using"):
            for name in node.args["using"]:
                column = exp.column(name.copy())
                column.parent = node.parent  # where its type is looked for
                if is_text(column):
                    raise NotInTwinError(f"JOIN … USING the text {name.name}", "ON a.x = b.x")
        case exp.Nullif() if is_text(node.this):
            raise NotInTwinError("NULLIF of texts", "CASE WHEN x <> y THEN x END")
        case exp.Case() if node.this is not None and is_text(node.this):
            raise NotInTwinError("CASE x WHEN … of texts", "CASE WHEN x = … THEN …")


def told_apart(select: exp.Select, is_text: Callable[[exp.Expr], bool], what: str) -> None:
    """End the statement when a text that is shown once for all its equals ends in a blank."""
    counted = _is_only_counted(select)
    for column in select.expressions:
        if column.is_star:
            raise NotInTwinError(f"* in {what}", "name the columns")
        value = column.unalias()
        if not is_text(value):
            continue
        ends = exp.Anonymous(this="ends_with", expressions=[value.copy(), exp.Literal.string(" ")])
        words = exp.Literal.string(f"{MARK} not in the twin: {what} of a text that ends in blanks")
        refusal = exp.Anonymous(this="error", expressions=[words])
        guarded = exp.Case(ifs=[exp.If(this=ends, true=refusal)], default=value.copy())
        shown = _trimmed(value) if counted else guarded
        value.replace(exp.alias_(shown, value.name, quoted=True) if column is value and value.name else shown)


def selects_of(query: exp.Expr) -> Iterator[exp.Select]:
    """Give the SELECTs that a UNION, EXCEPT or INTERSECT puts together."""
    inner = query.unnest() if isinstance(query, exp.Subquery) else query
    if isinstance(inner, exp.SetOperation):
        yield from selects_of(inner.this)
        yield from selects_of(inner.expression)
    elif isinstance(inner, exp.Select):
        yield inner


def _is_only_counted(select: exp.Select) -> bool:
    """Whether all that is asked of a subquery is how many rows it has."""
    source = select.parent.parent if isinstance(select.parent, exp.Subquery) else None
    around = source.parent if isinstance(source, exp.From) else None
    if not isinstance(around, exp.Select) or any(
        around.args.get(part) for part in ("joins", "where", "group", "having")
    ):
        return False
    return all(
        isinstance(one := column.unalias(), exp.Count) and isinstance(one.this, exp.Star)
        for column in around.expressions
    )


def _trimmed(value: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="rtrim", expressions=[value.copy(), exp.Literal.string(" ")])

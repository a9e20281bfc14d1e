"""The type of an expression, asked of DuckDB in the place where the expression stands. Pure but for the asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from local.redshift.errors import NotInTwinError, RedshiftError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # The DuckDB type of the only column of a query.
    TypeOf = Callable[[str], str]


def type_in_scope(node: exp.Expr, type_of: TypeOf) -> str:
    """Give the DuckDB type of `node` where it stands: in its own SELECT, within those around it.

    Asked once, and nested as the statement is: a question that fails has ended DuckDB's transaction. Raises
    RedshiftError when `node` has no type, NotInTwinError when it cannot be told.
    """
    probe = exp.Select(expressions=[node.copy()])
    scopes = [scope for scope in _ancestors(node) if isinstance(scope, exp.Select | exp.Update | exp.Delete)]
    for depth, scope in enumerate(scopes):
        if depth:
            probe = exp.Select(expressions=[exp.Subquery(this=probe)])
        _copy_sources(scope, probe)
    for ancestor in _ancestors(node):
        if (within := ancestor.args.get("with_")) is not None and probe.args.get("with_") is None:
            probe.set("with_", within.copy())
    for parameter in list(probe.find_all(exp.Placeholder)):
        parameter.replace(exp.Null())
    try:
        return type_of(generated(probe))
    except RedshiftError as error:
        if isinstance(error, NotInTwinError) or not scopes[1:]:
            raise
        where = f"{node.sql('redshift')[:60]} in a subquery, whose type is not known"
        raise NotInTwinError(f"{where} ({error.message})") from error


def generated(tree: exp.Expr) -> str:
    """Give the SQL of a tree for DuckDB; NotInTwinError for what it has no words for."""
    try:
        return tree.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE, comments=False)
    except UnsupportedError as error:
        raise NotInTwinError(str(error)) from error


def _ancestors(node: exp.Expr) -> Iterator[exp.Expr]:
    found: exp.Expr | None = node
    while found is not None:
        yield found
        found = found.parent


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

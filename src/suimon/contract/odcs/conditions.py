"""Conditions over the cells of a record: SQL of a closed list, checked and rewritten so that no other can run."""

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from suimon.contract.file import Column, Condition
from suimon.contract.odcs.clauses import Clause, cut
from suimon.contract.odcs.reader import Reader

# All of them give the same for the same record. By exact type: a subclass may do more than its parent.
_ALLOWED: frozenset[type[exp.Expression]] = frozenset(
    {
        *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren),
        *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.And, exp.Or, exp.Not),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg),
        *(exp.Between, exp.In, exp.Is, exp.Like, exp.Case, exp.If, exp.Coalesce, exp.Nullif),
        *(exp.Abs, exp.Round, exp.Length, exp.Lower, exp.Upper, exp.Trim, exp.Substring),
        *(exp.Cast, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Var),
    }
)
_CASTS = frozenset({"DATE", "TIMESTAMP", "DECIMAL", "INT", "BIGINT", "VARCHAR", "TEXT"})
_LIST = (
    "columns, literals, = <> < <= > >=, + - * / // %, AND OR NOT, BETWEEN, IN, IS NULL, LIKE, CASE, COALESCE, NULLIF, "
    "ABS, ROUND, LENGTH, LOWER, UPPER, TRIM, SUBSTRING, INTERVAL, and CAST to DATE, TIMESTAMP, DECIMAL, INTEGER, "
    "BIGINT or VARCHAR"
)


def read_condition(clause: Clause, columns: tuple[Column, ...], reader: Reader) -> Condition | None:
    """Read a quality entry of `type: custom, engine: suimon`."""
    reader.choice(clause, "engine", ("suimon",))
    name = reader.text(clause, "name")
    sql = reader.text(clause, "implementation", wanted="a condition in SQL")
    given = clause["implementation"]
    if given is None or not sql or (tree := _parse(given, sql, reader)) is None:
        return None
    places = {column.name.lower(): place for place, column in enumerate(columns)}
    if problem := _forbidden(tree, columns, places):
        reader.refuse(given, problem)
        return None
    read = tuple(
        dict.fromkeys(columns[places[found.name.lower()]].name for found in tree.find_all(exp.Column, bfs=False))
    )
    if not read:
        reader.refuse(given, "reads no column: it would be the same for every record")
        return None
    rewritten = tree.transform(
        lambda node: exp.column(f"t{places[node.name.lower()]}") if isinstance(node, exp.Column) else node
    )
    bound = rewritten.sql("duckdb", comments=False)
    if problem := _unbound(bound, columns, converts=_converts(tree)):
        reader.refuse(given, problem)
        return None
    said = clause["description"]
    return Condition(
        name, bound, read, said.value.strip() if said and isinstance(said.value, str) else " ".join(sql.split())
    )


def _parse(clause: Clause, sql: str, reader: Reader) -> exp.Expression | None:
    try:
        trees = sqlglot.parse(sql, read="duckdb")
    except ParseError as error:
        at = error.errors[0]
        reader.refuse(
            clause, f"is no condition in SQL: {at['description']}, line {at['line']}, column {at['col']} of it"
        )
    except SqlglotError as error:
        reader.refuse(clause, f"is no condition in SQL: {cut(str(error), 200)}")
    else:
        if len(trees) == 1 and isinstance(trees[0], exp.Expression):
            return trees[0]
        reader.refuse(clause, "must be one condition")
    return None


def _forbidden(tree: exp.Expression, columns: tuple[Column, ...], places: dict[str, int]) -> str | None:
    """Say what in a condition may not stand there; None if all of it may."""
    for node in tree.walk():
        shown = cut(node.sql("duckdb", comments=False))
        if type(node) not in _ALLOWED:
            return f"{shown} may not stand in a condition; allowed are {_LIST}"
        if isinstance(node, exp.DataType) and node.this.name not in _CASTS:
            return f"a cast to {shown} may not stand in a condition; allowed are {_LIST}"
        if isinstance(node, exp.Column) and (node.table or node.name.lower() not in places):
            return f"{shown} is no column; there are {', '.join(column.name for column in columns)}"
    return None


def _converts(tree: exp.Expression) -> bool:
    """Return whether a condition turns cells into another type itself, which some values may not survive."""
    return any(not isinstance(cast.this, exp.Literal) for cast in tree.find_all(exp.Cast))


def _unbound(sql: str, columns: tuple[Column, ...], *, converts: bool) -> str | None:
    """Say why DuckDB cannot evaluate a condition over the columns; None if it can."""
    rows = [", ".join(f"CAST(NULL AS {column.sql_type}) AS t{place}" for place, column in enumerate(columns))]
    if not converts:
        # A literal that is no value of the type it is compared with shows itself at the first record only.
        rows.append(
            ", ".join(
                f"CAST('{_sample(column)}' AS {column.sql_type}) AS t{place}" for place, column in enumerate(columns)
            )
        )
    for row in rows:
        try:
            # Made of generated names and of the closed list above.
            found = duckdb.execute(f"SELECT typeof(x), x FROM (SELECT {sql} AS x FROM (SELECT {row}))").fetchone()  # noqa: S608
        except duckdb.OutOfRangeException:
            continue  # of these values; others may fit
        except duckdb.Error as error:
            return f"cannot be evaluated: {cut(str(error), 400)}"
        if found is None or found[0] != "BOOLEAN":
            return f"is no condition: it gives {found[0] if found else 'nothing'}, not true or false"
    return None


def _sample(column: Column) -> str:
    return {"string": "x", "integer": "0", "decimal": "0", "boolean": "true"}.get(column.type, "2000-01-01")

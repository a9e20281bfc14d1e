"""Conditions over the cells of a record: SQL of a closed list, checked and rewritten so that no other can run."""

import re
from zoneinfo import available_timezones

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from suimon.contract.file import Column, Condition
from suimon.contract.odcs.clauses import Clause, brief, cut
from suimon.contract.odcs.reader import Reader
from suimon.contract.placeholders import DS

# All of them give the same for the same record. By exact type: a subclass may do more than its parent.
_ALLOWED: frozenset[type[exp.Expression]] = frozenset(
    {
        *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren),
        *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.And, exp.Or, exp.Not),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg),
        *(exp.Between, exp.In, exp.Is, exp.Like, exp.Case, exp.If, exp.Coalesce, exp.Nullif),
        *(exp.Abs, exp.Round, exp.Length, exp.Lower, exp.Upper, exp.Trim, exp.Substring),
        *(exp.Cast, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Var),
        *(exp.DateFromParts, exp.Extract, exp.DPipe, exp.AtTimeZone),
    }
)
_CASTS = frozenset({"DATE", "TIMESTAMP", "DECIMAL", "INT", "BIGINT", "VARCHAR", "TEXT"})
_LIST = (
    "columns, literals, = <> < <= > >=, + - * / // %, AND OR NOT, BETWEEN, IN, IS NULL, LIKE, CASE, COALESCE, NULLIF, "
    "ABS, ROUND, LENGTH, LOWER, UPPER, TRIM, SUBSTRING, ||, INTERVAL, MAKE_DATE, EXTRACT of YEAR, MONTH or DAY, CAST "
    "to DATE, TIMESTAMP, DECIMAL, INTEGER, BIGINT or VARCHAR, AT TIME ZONE 'UTC' AT TIME ZONE '<zone>', and {ds}"
)
_EXTRACTED = frozenset({"YEAR", "MONTH", "DAY"})
_QUOTED_OR_DATE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\{ds\}""")
_SAMPLE_DATE = "2000-01-01"
_FILTER_CHARACTERS = 400
_MOST_CHARACTERS = 20_000  # a condition that a person has written is shorter


def read_condition(clause: Clause, columns: tuple[Column, ...], reader: Reader) -> Condition | None:
    """Read a quality entry of `type: custom, engine: suimon`."""
    reader.choice(clause, "engine", ("suimon",))
    name = reader.text(clause, "name")
    sql = reader.text(clause, "implementation", wanted="a condition in SQL")
    given = clause["implementation"]
    if given is None or not sql:
        return None
    try:
        return _compiled(clause, given, name, sql, columns, reader)
    except RecursionError:
        reader.refuse(given, "has too many levels within each other; write it in several conditions")
        return None


# What Redshift and DuckDB may answer differently: a filter is asked in the warehouse.
_NOT_IN_A_FILTER = (exp.Div, exp.IntDiv, exp.Mod, exp.DateFromParts, exp.AtTimeZone)


def read_filter(given: Clause, columns: tuple[Column, ...], reader: Reader) -> str:
    """Return a condition on the rows of a table in Redshift's SQL; "" after a problem.

    It is written from the tree of a condition of the closed list, so that no other SQL can run.
    """
    try:
        return _compiled_filter(given, columns, reader)
    except RecursionError:
        reader.refuse(given, "has too many levels within each other; filter by less")
        return ""


def _compiled_filter(given: Clause, columns: tuple[Column, ...], reader: Reader) -> str:
    if not isinstance(given.value, str) or len(given.value) > _FILTER_CHARACTERS:
        text = f"must be a condition in SQL of at most {_FILTER_CHARACTERS} characters, is {brief(given)}"
        reader.refuse(given, text)
        return ""
    if (tree := _parse(given, given.value, reader)) is None:
        return ""
    places = {column.name.lower(): place for place, column in enumerate(columns)}
    problem = _forbidden(tree, columns, places) or _foreign(tree)
    if not problem and tree.find(exp.Column) is None:
        problem = "reads no column: all rows would count, or none"
    if not problem:
        bound = tree.transform(lambda node: _value_of(node, places) if isinstance(node, exp.Column) else node)
        problem = _unbound(bound.sql("duckdb", comments=False), columns, converts=_converts(tree))
    if problem:
        reader.refuse(given, problem)
        return ""
    named = tree.transform(
        lambda node: exp.column(columns[places[node.name.lower()]].name) if isinstance(node, exp.Column) else node
    )
    # As PostgreSQL writes it: quotes in a text are doubled, which Redshift reads whatever it makes of backslashes.
    return named.sql("postgres", comments=False)


def _foreign(tree: exp.Expression) -> str | None:
    """Return what in a condition may stand in no filter; None if all of it may."""
    for node in tree.walk():
        if isinstance(node, _NOT_IN_A_FILTER):
            return f"{_shown(node)} may not stand in a filter: Redshift may answer otherwise than the gate"
        if isinstance(node, exp.Column) and node.name == DS:
            return f"{DS} may not stand in a filter: a table is of no one date"
        if isinstance(node, exp.Literal) and ("\\" in node.name or not node.name.isprintable()):
            return f"{_shown(node)} has a backslash or a control character, which Redshift reads otherwise"
    return None


def _compiled(
    clause: Clause, given: Clause, name: str, sql: str, columns: tuple[Column, ...], reader: Reader
) -> Condition | None:
    if (tree := _parse(given, sql, reader)) is None:
        return None
    places = {column.name.lower(): place for place, column in enumerate(columns) if column.name != DS}
    if problem := _forbidden(tree, columns, places):
        reader.refuse(given, problem)
        return None
    named = [found.name for found in tree.find_all(exp.Column, bfs=False) if found.name != DS]
    read = tuple(dict.fromkeys(columns[places[name.lower()]].name for name in named))
    if not read:
        reader.refuse(given, "reads no column: it would be the same for every record")
        return None
    rewritten = tree.transform(lambda node: _value_of(node, places) if isinstance(node, exp.Column) else node)
    bound = rewritten.transform(_without_zero).sql("duckdb", comments=False)
    if problem := _unbound(bound, columns, converts=_converts(tree)):
        reader.refuse(given, problem)
        return None
    said = clause["description"]
    return Condition(
        name, bound, read, said.value.strip() if said and isinstance(said.value, str) else " ".join(sql.split())
    )


def _parse(clause: Clause, sql: str, reader: Reader) -> exp.Expression | None:
    if len(sql) > _MOST_CHARACTERS:
        reader.refuse(
            clause, f"has {len(sql)} characters, more than {_MOST_CHARACTERS}; write it in several conditions"
        )
        return None
    try:
        # As a name: it is parsed as one, and no text in quotes is touched.
        named = _QUOTED_OR_DATE.sub(lambda found: f'"{DS}"' if found[0] == DS else found[0], sql)
        trees = sqlglot.parse(named, read="duckdb")
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


def _value_of(column: exp.Column, places: dict[str, int]) -> exp.Expression:
    """Return what stands in the compiled condition for a column, or for the date in the key."""
    if column.name == DS:
        return exp.cast(exp.Literal.string(DS), "DATE")
    return exp.column(f"t{places[column.name.lower()]}")


def _without_zero(node: exp.Expression) -> exp.Expression:
    """Return a division of which a divisor of zero makes NULL; DuckDB's own meaning is infinity, or an error."""
    if isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
        by = node.expression
        if not (isinstance(by, exp.Literal) and not by.is_string and float(by.name)):
            node.set("expression", exp.Nullif(this=by, expression=exp.Literal.number(0)))
    return node


def _forbidden(tree: exp.Expression, columns: tuple[Column, ...], places: dict[str, int]) -> str | None:
    """Return what is not allowed in a condition; None if all of it is."""
    for node in tree.walk():
        extracts = isinstance(node, exp.Extract) and node.name.upper() not in _EXTRACTED
        casts = isinstance(node, exp.DataType) and node.this.name not in _CASTS
        if type(node) not in _ALLOWED or extracts or casts:
            return f"{'a cast to ' if casts else ''}{_shown(node)} may not stand in a condition; allowed are {_LIST}"
        if isinstance(node, exp.Literal) and DS in node.name:
            return f"{_shown(node)} is a text; write {DS} without quotes, it is the date in the file's key"
        if isinstance(node, exp.AtTimeZone) and (problem := _shifts_zone(node)):
            return f"{_shown(node)} {problem}"
        if isinstance(node, exp.Column) and (node.table or node.name.lower() not in {*places, DS}):
            return f"{_shown(node)} is no column; there are {', '.join(column.name for column in columns)}"
    return None


def _shown(node: exp.Expr) -> str:
    return cut(node.sql("duckdb", comments=False))


def _shifts_zone(node: exp.AtTimeZone) -> str | None:
    """Return what is wrong with a change of zone, which alone depends on the zone of the machine; None if nothing."""
    outer, inner = (node.parent, node) if isinstance(node.parent, exp.AtTimeZone) else (node, node.this)
    if not isinstance(outer, exp.AtTimeZone) or not isinstance(inner, exp.AtTimeZone):
        return "is half a change of zone; write AT TIME ZONE 'UTC' AT TIME ZONE '<zone>'"
    zones = [one.args["zone"] for one in (inner, outer)]
    if not all(isinstance(zone, exp.Literal) and zone.is_string for zone in zones):
        return "must name its zones as texts"
    if isinstance(inner.this, exp.AtTimeZone) or zones[0].name != "UTC":
        return "must begin in UTC, in which moments are kept: AT TIME ZONE 'UTC' AT TIME ZONE '<zone>'"
    if zones[1].name not in available_timezones():
        return f"names {brief(zones[1].name)}, which is no time zone; write one such as Asia/Tokyo"
    return None


def _converts(tree: exp.Expression) -> bool:
    """Return whether a condition turns cells into another type itself, which some values may not survive."""
    casts = any(not isinstance(cast.this, exp.Literal) for cast in tree.find_all(exp.Cast))
    return casts or tree.find(exp.DateFromParts) is not None


def _unbound(sql: str, columns: tuple[Column, ...], *, converts: bool) -> str | None:
    """Return why DuckDB cannot evaluate a condition over the columns; None if it can."""
    sql = sql.replace(DS, _SAMPLE_DATE)
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

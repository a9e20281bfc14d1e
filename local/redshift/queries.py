"""Queries and changes as SQL for DuckDB, with the names and types that Redshift gives their columns."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from local.redshift import tree
from local.redshift.casts import assigned
from local.redshift.columns import ColumnType
from local.redshift.errors import NotInTwinError, RedshiftError
from local.redshift.expressions import Columns, Expressions, Scope
from local.redshift.names import Relation, quoted
from local.redshift.values import TEXT, Value, refusal, trimmed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

Named = list[tuple[str, ColumnType]]
_LITERALS = frozenset({"number", "string", "boolean", "null"})


@dataclass(frozen=True)
class Compiler:
    """Compiles one statement; `columns_of` returns a table's columns, `now` is when the transaction began."""

    columns_of: Callable[[Relation], Sequence[tree.ColumnDefinition]]
    parameters: Mapping[str, str]
    now: datetime

    def query(self, query: tree.Query, outer: Scope | None = None, *, counted: bool = False) -> tuple[str, Named]:
        """Return the SQL of a query and its columns; `counted`: nothing but the number of its rows is asked for."""
        scope = Scope(outer=outer)
        count = [tree.Expression("call", "count", (tree.Expression("star"),))]
        bare = len(query.sources) == 1 and not (query.where or query.group)
        sources = self._sources(query.sources, scope, counted=bare and [value for value, _ in query.items] == count)
        expressions = self._expressions(scope)
        labels, values = self._items(query.items, scope, expressions)
        keys = [self._key(key, query.items, values, expressions) for key in query.group]
        blanks = [_no_blanks(key.sql) for key in keys if key.kind == "varchar"]
        shown = [_distinct(value, counted=counted) for value in values] if query.distinct else values
        columns = ", ".join(f"{value.sql} AS {quoted(name)}" for name, value in zip(labels, shown, strict=True))
        sql = f"SELECT {'DISTINCT ' if query.distinct else ''}{columns}"
        sql += f" FROM {sources}" if sources else ""
        sql += self._where(query.where, expressions)
        sql += f" GROUP BY {', '.join(key.sql for key in keys)}" if keys else ""
        sql += f" HAVING {' AND '.join(blanks)}" if blanks else ""
        sql += self._ordered(query.order, labels, None if query.distinct else expressions)
        sql += f" LIMIT {query.limit}" if query.limit is not None else ""
        return sql, [(name, value.type or TEXT) for name, value in zip(labels, shown, strict=True)]

    def insert(self, plan: tree.Insert) -> str:
        """Return the SQL of an INSERT."""
        known = {column.name: column.type for column in self.columns_of(plan.target)}
        names = plan.columns or tuple(known)
        _must_have(names, known, plan.target)
        columns = ", ".join(quoted(name) for name in names)
        if plan.query is None:
            of = self._expressions(Scope()).of
            rows = ", ".join(f"({self._row([of(one) for one in row], names, known, plan)})" for row in plan.rows)
            return f"INSERT INTO {plan.target.sql} ({columns}) VALUES {rows}"
        sql, found = self.query(plan.query)
        values = [Value(f"c{number}", kind) for number, (_, kind) in enumerate(found)]
        # A text, a parameter or NULL of the SELECT's own takes the type of its column.
        if len(found) == len(plan.query.items):
            of = self._expressions(Scope()).of
            for number, (value, _) in enumerate(plan.query.items):
                if value.kind in {"string", "null", "parameter"}:
                    values[number] = of(value)
        labels = ", ".join(f"c{number}" for number in range(len(found)))
        selected = self._row(values, names, known, plan)
        return f"INSERT INTO {plan.target.sql} ({columns}) SELECT {selected} FROM ({sql}) AS given({labels})"

    def _row(self, values: Sequence[Value], names: Sequence[str], known: Columns, plan: tree.Insert) -> str:
        if len(values) > len(names):
            raise RedshiftError("INSERT has more expressions than target columns")
        if len(values) < len(names):
            if plan.columns:
                raise RedshiftError("INSERT has more target columns than expressions")
            raise NotInTwinError("INSERT of fewer values than the table has columns", "name the columns")
        return ", ".join(assigned(value, name, known[name]) for name, value in zip(names, values, strict=True))

    def delete(self, plan: tree.Delete) -> str:
        """Return the SQL of a DELETE."""
        known = {column.name: column.type for column in self.columns_of(plan.target)}
        expressions = self._expressions(Scope({plan.target.name: known}, [plan.target.name]))
        return f"DELETE FROM {plan.target.sql}" + self._where(plan.where, expressions)

    def _expressions(self, scope: Scope) -> Expressions:
        return Expressions(scope, self.parameters, self.now, self.query)

    @staticmethod
    def _where(where: tree.Expression | None, expressions: Expressions) -> str:
        return f" WHERE {expressions.condition(where, 'WHERE')}" if where is not None else ""

    def _items(
        self, items: Sequence[tuple[tree.Expression, str]], scope: Scope, expressions: Expressions
    ) -> tuple[list[str], list[Value]]:
        labels, values = [], []
        for value, alias in items:
            if value.kind != "star":
                labels.append(alias or label(value))
                values.append(expressions.of(value).as_type(TEXT))
                continue
            if not scope.sources:
                raise RedshiftError("SELECT * with no tables specified is not valid")
            for source, columns in scope.sources.items():
                labels += columns
                values += [Value(f"{quoted(source)}.{quoted(name)}", kind) for name, kind in columns.items()]
        return labels, values

    def _key(
        self,
        key: tree.Expression,
        items: Sequence[tuple[tree.Expression, str]],
        values: Sequence[Value],
        expressions: Expressions,
    ) -> Value:
        """Return a key of GROUP BY: a number is a place among the columns, an alias is refused."""
        if key.kind in _LITERALS:
            if any(value.kind == "star" for value, _ in items):
                raise NotInTwinError("a number in GROUP BY beside *", "name the columns")
            found = values[_place(key, len(values), "GROUP BY") - 1]
        else:
            plain = key.kind == "column" and not key.table
            if plain and key.text in {alias for _, alias in items} and expressions.scope.find(key) is None:
                # A column of that name in a table would come first.
                raise NotInTwinError(f"GROUP BY the alias {key.text}", "GROUP BY its expression or its number")
            found = expressions.of(key).as_type(TEXT)
        if found.aggregated:
            raise RedshiftError("aggregates not allowed in GROUP BY clause")
        if "(SELECT" in found.sql:
            raise NotInTwinError("GROUP BY the result of a subquery")
        return found

    def _ordered(self, order: Sequence[tree.OrderKey], labels: Sequence[str], inputs: Expressions | None) -> str:
        keys = []
        for key in order:
            value = key.value
            if value.kind in _LITERALS:
                sql = str(_place(value, len(labels), "ORDER BY"))
            elif value.kind == "column" and not value.table and labels.count(value.text) == 1:
                sql = str(labels.index(value.text) + 1)
            elif inputs is None:
                raise NotInTwinError("ORDER BY what a DISTINCT does not show", "name a shown column")
            else:
                found = inputs.of(value)
                if found.constant:
                    raise NotInTwinError("a constant in ORDER BY")
                sql = found.sql
            # NULLs are the greatest values (documentation: "ORDER BY clause").
            keys.append(f"{sql} {'DESC NULLS FIRST' if key.descending else 'ASC NULLS LAST'}")
        return f" ORDER BY {', '.join(keys)}" if keys else ""

    def _sources(self, sources: Sequence[tree.Source], scope: Scope, *, counted: bool = False) -> str:
        sql = ""
        for source in sources:
            if isinstance(source.of, tree.Query):
                inner, named = self.query(source.of, scope.outer, counted=counted)
                text, columns = f"({inner})", dict(named)
                scope.tables += [relation.name for relation in tables_of(source.of)]
                if len(columns) < len(named):
                    raise NotInTwinError("two columns of one name in a subquery", "name them")
            else:
                text, columns = source.of.sql, {column.name: column.type for column in self.columns_of(source.of)}
                scope.tables.append(source.of.name)
            if source.alias in scope.sources:
                raise RedshiftError(f'table name "{source.alias}" specified more than once')
            scope.sources[source.alias] = columns
            sql += f"{', ' if sql else ''}{text} AS {quoted(source.alias)}"
        return sql


def _must_have(names: Sequence[str], known: Columns, table: Relation) -> None:
    if unknown := [name for name in names if name not in known]:
        raise RedshiftError(f'column "{unknown[0]}" of relation "{table.name}" does not exist')
    if repeated := [name for name in names if names.count(name) > 1]:
        raise RedshiftError(f'column "{repeated[0]}" specified more than once')


def _place(key: tree.Expression, most: int, clause: str) -> int:
    if key.kind != "number" or not key.text.isdigit():
        raise NotInTwinError(f"a constant in {clause}")
    if not 1 <= int(key.text) <= most:
        raise RedshiftError(f"{clause} position {key.text} is not in select list")
    return int(key.text)


def _no_blanks(key: str) -> str:
    words = refusal("not in the twin: grouping by a text that ends in blanks")
    return f"count(CASE WHEN ends_with({key}, ' ') THEN {words} END) = 0"


def _distinct(value: Value, *, counted: bool) -> Value:
    """Return a value that is shown once for all its equals: which of two texts that differ in blanks is unknown."""
    if value.kind != "varchar" or counted:
        return replace(value, sql=trimmed(value))
    words = refusal("not in the twin: SELECT DISTINCT of a text that ends in blanks")
    return replace(value, sql=f"CASE WHEN ends_with({value.sql}, ' ') THEN {words} ELSE {value.sql} END")


_LABELS = {"nvl": "coalesce", "datediff": "date_diff", "current_date": "date"}


def label(written: tree.Expression) -> str:
    """Return the name of a column that a SELECT does not name: as PostgreSQL, and so Redshift, names it."""
    match written.kind:
        case "column":
            return written.text
        case "call":
            return _LABELS.get(written.text, written.text)
        case "case":
            return "case"
        case "boolean":
            return "bool"
        case "cast" if written.type is not None:
            return written.parts[0].text if written.parts[0].kind == "column" else written.type.name
        case _:
            return "?column?"


def tables_of(written: Any) -> frozenset[Relation]:
    """Return the tables that a statement reads."""
    return frozenset(source.of for source in _sources_of(written) if isinstance(source.of, Relation))


def _sources_of(written: Any) -> Iterator[tree.Source]:
    if isinstance(written, tree.Source):
        yield written
    if isinstance(written, tuple):
        for one in written:
            yield from _sources_of(one)
    elif is_dataclass(written):
        for one in fields(written):
            yield from _sources_of(getattr(written, one.name))

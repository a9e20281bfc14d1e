"""Queries and changes as SQL for DuckDB, with the names and types that Redshift gives their columns."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from local.redshift import tree
from local.redshift.casts import assigned
from local.redshift.columns import ColumnType
from local.redshift.errors import NotInTwinError, RedshiftError
from local.redshift.expressions import Columns, Expressions, Scope, direction, trimmed
from local.redshift.names import Relation, quoted
from local.redshift.values import TEXT, Value, common, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

Named = list[tuple[str, ColumnType]]


@dataclass
class Compiler:
    """Compiles one statement; `columns_of` gives a table's columns, `now` is when the transaction began."""

    columns_of: Callable[[Relation], Sequence[tree.ColumnDefinition]]
    parameters: Mapping[str, str]
    now: datetime
    ctes: dict[str, Named] = field(default_factory=dict)

    def query(self, query: tree.Query, outer: Scope | None = None, *, counted: bool = False) -> tuple[str, Named]:
        """Return the SQL of a query and its columns; `counted`: nothing but the number of its rows is asked for."""
        before, heads = dict(self.ctes), []
        for name, inner in query.ctes:
            sql, self.ctes[name] = self.query(inner, outer)
            heads.append(f"{quoted(name)} AS ({sql})")
        first = query.parts[0]
        if len(query.parts) == 1 and isinstance(first, tree.Select):
            sql, columns = self._select(first, outer, query.order, counted=counted)
        else:
            sql, columns = self._put_together(query, outer)
        self.ctes = before
        for word, count in (("LIMIT", query.limit), ("OFFSET", query.offset)):
            sql += f" {word} {count}" if count is not None else ""
        return (f"WITH {', '.join(heads)} {sql}" if heads else sql), columns

    def insert(self, plan: tree.Insert) -> str:
        """Return the SQL of an INSERT."""
        known = {column.name: column.type for column in self.columns_of(plan.target)}
        names = plan.columns or tuple(known)
        if unknown := [name for name in names if name not in known]:
            raise RedshiftError(f'column "{unknown[0]}" of relation "{plan.target.name}" does not exist')
        if plan.query is not None:
            sql, found = self.query(plan.query)
            self._check_width(len(found), names, plan)
            values = [Value(f"c{number}", kind) for number, (_, kind) in enumerate(found)]
            texts = self._bare_texts(plan.query)
            given = [
                assigned(texts.get(number) or value, name, known[name])
                for number, (name, value) in enumerate(zip(names, values, strict=False))
            ]
            labels = ", ".join(value.sql for value in values)
            rows = f"SELECT {', '.join(given)} FROM ({sql}) AS given({labels})"
        else:
            expressions = Expressions(Scope(), self.parameters, self.now, self.query)
            lines = []
            for row in plan.rows:
                self._check_width(len(row), names, plan)
                cells = [
                    "DEFAULT" if one is None else assigned(expressions.of(one), name, known[name])
                    for name, one in zip(names, row, strict=False)
                ]
                lines.append(f"({', '.join(cells)})")
            rows = f"VALUES {', '.join(lines)}"
        columns = ", ".join(quoted(name) for name in names)
        return f"INSERT INTO {plan.target.sql} ({columns}) {rows}"

    def _bare_texts(self, query: tree.Query) -> dict[int, Value]:
        """Return the literals and parameters that a single SELECT gives as they are: they take the column's type."""
        select = query.parts[0]
        if len(query.parts) > 1 or not isinstance(select, tree.Select):
            return {}
        if any(item.value is None for item in select.items):
            return {}
        values = Expressions(Scope(), self.parameters, self.now, self.query)
        bare = (tree.Literal, tree.Parameter)
        found = {
            place: values.of(item.value) for place, item in enumerate(select.items) if isinstance(item.value, bare)
        }
        return {place: value for place, value in found.items() if value.type is None}

    @staticmethod
    def _check_width(width: int, names: Sequence[str], plan: tree.Insert) -> None:
        if width > len(names):
            raise RedshiftError("INSERT has more expressions than target columns")
        if width < len(names):
            if plan.columns:
                raise RedshiftError("INSERT has more target columns than expressions")
            raise NotInTwinError("INSERT of fewer values than the table has columns", "name the columns")

    def update(self, plan: tree.Update) -> str:
        """Return the SQL of an UPDATE."""
        known = {column.name: column.type for column in self.columns_of(plan.target)}
        scope = Scope({plan.alias: dict(known)}, [plan.target.name])
        sources = self._sources(plan.sources, scope)
        expressions = Expressions(scope, self.parameters, self.now, self.query)
        parts = []
        for name, value in plan.assignments:
            if name not in known:
                raise RedshiftError(f'column "{name}" of relation "{plan.target.name}" does not exist')
            parts.append(f"{quoted(name)} = {assigned(expressions.of(value), name, known[name])}")
        sql = f"UPDATE {plan.target.sql} AS {quoted(plan.alias)} SET {', '.join(parts)}"
        sql += f" FROM {sources}" if sources else ""
        return sql + (f" WHERE {expressions.condition(plan.where, 'WHERE')}" if plan.where else "")

    def delete(self, plan: tree.Delete) -> str:
        """Return the SQL of a DELETE."""
        known = {column.name: column.type for column in self.columns_of(plan.target)}
        scope = Scope({plan.target.name: known}, [plan.target.name])
        sources = self._sources(plan.sources, scope)
        expressions = Expressions(scope, self.parameters, self.now, self.query)
        sql = f"DELETE FROM {plan.target.sql}" + (f" USING {sources}" if sources else "")
        return sql + (f" WHERE {expressions.condition(plan.where, 'WHERE')}" if plan.where else "")

    # One SELECT.

    def _select(
        self, select: tree.Select, outer: Scope | None, order: Sequence[tree.OrderKey], *, counted: bool
    ) -> tuple[str, Named]:
        scope = Scope(outer=outer)
        only_counts = all(
            isinstance(item.value, tree.Call) and item.value.name == "count" and item.value.star and not item.value.over
            for item in select.items
        )
        bare = len(select.sources) == 1 and not (select.where or select.group or select.having)
        sources = self._sources(select.sources, scope, counted=only_counts and bare)
        expressions = Expressions(scope, self.parameters, self.now, self.query)
        labels, values = self._items(select.items, scope, expressions)
        keys = [self._key(key, select.items, values, expressions) for key in select.group]
        havings = [expressions.condition(select.having, "HAVING")] if select.having else []
        havings += [_no_blanks(key.sql, "grouping by") for key in keys if key.kind == "varchar"]
        shown = values
        if select.distinct:
            shown = [_distinct(value, "SELECT DISTINCT", counted=counted) for value in values]
        columns = ", ".join(f"{value.sql} AS {quoted(name)}" for name, value in zip(labels, shown, strict=True))
        sql = f"SELECT {'DISTINCT ' if select.distinct else ''}{columns}"
        sql += f" FROM {sources}" if sources else ""
        sql += f" WHERE {expressions.condition(select.where, 'WHERE')}" if select.where else ""
        sql += f" GROUP BY {', '.join(key.sql for key in keys)}" if keys else ""
        sql += f" HAVING {' AND '.join(havings)}" if havings else ""
        inputs = None if select.distinct else expressions
        sql += self._ordered(order, labels, inputs)
        return sql, [(name, value.type or TEXT) for name, value in zip(labels, shown, strict=True)]

    def _items(
        self, items: Sequence[tree.Item], scope: Scope, expressions: Expressions
    ) -> tuple[list[str], list[Value]]:
        labels, values = [], []
        for item in items:
            if item.value is not None:
                labels.append(item.alias or label(item.value))
                values.append(expressions.of(item.value).as_type(TEXT))
                continue
            if item.star_of and item.star_of not in scope.sources:
                raise RedshiftError(f'relation "{item.star_of}" does not exist')
            if not scope.sources:
                raise RedshiftError("SELECT * with no tables specified is not valid")
            for alias, columns in scope.sources.items():
                for name, kind in columns.items():
                    if item.star_of == alias or (not item.star_of and (alias, name) not in scope.hidden):
                        labels.append(name)
                        values.append(Value(f"{quoted(alias)}.{quoted(name)}", kind))
        return labels, values

    def _key(
        self, key: tree.Expression, items: Sequence[tree.Item], values: Sequence[Value], expressions: Expressions
    ) -> Value:
        """Return a key of GROUP BY: a number is a place among the columns, an alias is refused."""
        if isinstance(key, tree.Literal):
            if any(item.value is None for item in items):
                raise NotInTwinError("a number in GROUP BY beside *", "name the columns")
            if key.kind != "number" or not key.text.isdigit() or not 1 <= int(key.text) <= len(values):
                raise RedshiftError(f"GROUP BY position {key.text} is not in select list")
            found = values[int(key.text) - 1]
        else:
            shown = {item.alias for item in items}
            plain = key if isinstance(key, tree.Column) and not key.table else None
            if plain and plain.name in shown and expressions.scope.find(plain) is None:
                # A column of that name in a table would come first.
                raise NotInTwinError(f"GROUP BY the alias {plain.name}", "GROUP BY its expression or its number")
            found = expressions.of(key).as_type(TEXT)
        if found.aggregated or found.windowed:
            raise RedshiftError("aggregates not allowed in GROUP BY clause")
        if "(SELECT" in found.sql:
            raise NotInTwinError("GROUP BY the result of a subquery")
        return found

    def _ordered(self, order: Sequence[tree.OrderKey], labels: Sequence[str], inputs: Expressions | None) -> str:
        keys = []
        for key in order:
            value = key.value
            if isinstance(value, tree.Literal) and value.kind == "number" and value.text.isdigit():
                if not 1 <= int(value.text) <= len(labels):
                    raise RedshiftError(f"ORDER BY position {value.text} is not in select list")
                sql = value.text
            elif isinstance(value, tree.Column) and not value.table and labels.count(value.name) == 1:
                sql = str(labels.index(value.name) + 1)
            elif inputs is None:
                raise NotInTwinError("ORDER BY what a DISTINCT or a set operation does not show", "name a shown column")
            else:
                found = inputs.of(value)
                if found.constant:
                    raise NotInTwinError("a constant in ORDER BY")
                sql = found.sql
            keys.append(sql + direction(key))
        return f" ORDER BY {', '.join(keys)}" if keys else ""

    def _put_together(self, query: tree.Query, outer: Scope | None) -> tuple[str, Named]:
        compiled = []
        for part in query.parts:
            if isinstance(part, tree.Query) and len(query.parts) > 1 and (part.order or part.limit is not None):
                raise NotInTwinError("ORDER BY or LIMIT within a set operation", "a subquery in FROM")
            inner = part if isinstance(part, tree.Query) else tree.Query((part,))
            compiled.append(self.query(inner, outer))
        columns = compiled[0][1]
        for _, others in compiled[1:]:
            if len(others) != len(columns):
                raise RedshiftError(
                    f"each {query.operator.split()[0].upper()} query must have the same number of columns"
                )
            columns = [(name, common(kind, other)) for (name, kind), (_, other) in zip(columns, others, strict=True)]
        names = [f"c{number}" for number in range(len(columns))]
        parts = []
        for sql, found in compiled:
            cells = []
            for name, (_, kind), (_, own) in zip(names, columns, found, strict=True):
                cell = Value(name if kind.duckdb == own.duckdb else f"CAST({name} AS {kind.duckdb})", kind)
                shown = cell if query.operator in {"", "union all"} else _distinct(cell, query.operator.upper())
                cells.append(f"{shown.sql} AS {name}")
            parts.append(f"SELECT {', '.join(cells)} FROM ({sql}) AS part({', '.join(names)})")
        body = f" {query.operator.upper()} ".join(parts)
        named = ", ".join(f"{name} AS {quoted(one)}" for name, (one, _) in zip(names, columns, strict=True))
        sql = f"SELECT {named} FROM ({body}) AS parts"
        return sql + self._ordered(query.order, [name for name, _ in columns], None), columns

    # FROM.

    def _sources(self, sources: Sequence[tree.Source], scope: Scope, *, counted: bool = False) -> str:
        sql = ""
        for source in sources:
            text, columns = self._source(source, scope, counted=counted)
            if source.alias in scope.sources:
                raise RedshiftError(f'table name "{source.alias}" specified more than once')
            conditions = self._using(source, scope, columns)
            scope.sources[source.alias] = columns
            if source.on is not None:
                if source.join == "full" and not _only_equalities(source.on):
                    raise RedshiftError("FULL JOIN is only supported with merge-joinable join conditions")
                expressions = Expressions(scope, self.parameters, self.now, self.query)
                conditions = [expressions.condition(source.on, "JOIN/ON")]
            word = ", " if source.join == "cross" else f" {source.join.upper()} JOIN "
            sql += (word if sql else "") + text + (f" ON {' AND '.join(conditions)}" if conditions else "")
        return sql

    def _source(self, source: tree.Source, scope: Scope, *, counted: bool) -> tuple[str, Columns]:
        if source.relation is None:
            assert source.query is not None  # noqa: S101 the grammar gives one or the other
            sql, named = self.query(source.query, scope.outer, counted=counted)
            scope.tables += [relation.name for relation in tables_of(source.query)]
            if len({name for name, _ in named}) < len(named):
                raise NotInTwinError("two columns of one name in a subquery", "name them")
            return f"({sql}) AS {quoted(source.alias)}", dict(named)
        relation = source.relation
        if not relation.qualified and relation.name in self.ctes:
            return f"{quoted(relation.name)} AS {quoted(source.alias)}", dict(self.ctes[relation.name])
        scope.tables.append(relation.name)
        known = {column.name: column.type for column in self.columns_of(relation)}
        return f"{relation.sql} AS {quoted(source.alias)}", known

    def _using(self, source: tree.Source, scope: Scope, columns: Columns) -> list[str]:
        conditions = []
        for name in source.using:
            found = scope.find(tree.Column(name))
            if found is None or name not in columns:
                raise RedshiftError(f'column "{name}" specified in USING clause does not exist in both tables')
            if found[1].name == "varchar" or source.join in {"right", "full"}:
                raise NotInTwinError(f"JOIN … USING the text {name}, or of a RIGHT or FULL JOIN", "ON a.x = b.x")
            common(found[1], columns[name])
            conditions.append(f"{quoted(found[0])}.{quoted(name)} = {quoted(source.alias)}.{quoted(name)}")
            scope.hidden.add((source.alias, name))
        return conditions


def _only_equalities(written: tree.Expression) -> bool:
    if not isinstance(written, tree.Operation):
        return False
    return written.operator == "=" or (written.operator == "and" and all(map(_only_equalities, written.operands)))


def _no_blanks(key: str, what: str) -> str:
    words = refusal(f"not in the twin: {what} a text that ends in blanks")
    return f"count(CASE WHEN ends_with({key}, ' ') THEN {words} END) = 0"


def _distinct(value: Value, what: str, *, counted: bool = False) -> Value:
    """Return a value that is shown once for all its equals: which of two texts that differ in blanks is unknown."""
    if value.kind != "varchar":
        return value
    if counted:
        return replace(value, sql=trimmed(value.sql))
    words = refusal(f"not in the twin: {what} of a text that ends in blanks")
    return replace(value, sql=f"CASE WHEN ends_with({value.sql}, ' ') THEN {words} ELSE {value.sql} END")


_LABELS = {
    "nvl": "coalesce", "datediff": "date_diff", "dateadd": "date_add", "extract": "date_part", "current_date": "date",
    "ceiling": "ceil", "char_length": "length", "character_length": "length",
}  # fmt: skip


def label(written: tree.Expression) -> str:
    """Return the name of a column that a SELECT does not name: as PostgreSQL, and so Redshift, names it."""
    match written:
        case tree.Column():
            return written.name
        case tree.Call():
            return _LABELS.get(written.name, written.name)
        case tree.Case():
            return "case"
        case tree.Cast():
            return written.value.name if isinstance(written.value, tree.Column) else written.type.name
        case tree.Literal() if written.kind == "boolean":
            return "bool"
        case _:
            return "?column?"


def tables_of(written: Any) -> frozenset[Relation]:
    """Return the tables that a statement reads; names of its WITH clauses are no tables."""
    within = {name for query in _parts(written, tree.Query) for name, _ in query.ctes}
    named = (source.relation for source in _parts(written, tree.Source) if source.relation is not None)
    return frozenset(one for one in named if one.qualified or one.name not in within)


def _parts(written: Any, kind: type[Any]) -> Iterator[Any]:
    if isinstance(written, kind):
        yield written
    if isinstance(written, tuple):
        for one in written:
            yield from _parts(one, kind)
    elif is_dataclass(written):
        for one in fields(written):
            yield from _parts(getattr(written, one.name), kind)

"""A statement as the grammar reads it, before any table or type is known. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.redshift.columns import ColumnType
    from local.redshift.names import Relation


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal: `kind` is number, string, boolean or null; `text` what stands in it."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A `:name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column, maybe of a named table."""

    name: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator in lower case with its operands: `=`, `and`, `like`, `between`, `in`, `is null` …; `not x` is one."""

    operator: str
    operands: tuple[Expression, ...]
    escape: str = "\\"


@dataclass(frozen=True, slots=True)
class Cast:
    """CAST(value AS type) or value::type; `bounded` when a length was given to a varchar."""

    value: Expression
    type: ColumnType
    bounded: bool


@dataclass(frozen=True, slots=True)
class Case:
    """CASE [value] WHEN … THEN … ELSE … END."""

    value: Expression | None
    branches: tuple[tuple[Expression, Expression], ...]
    default: Expression | None


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key of an ORDER BY."""

    value: Expression
    descending: bool = False
    nulls_first: bool | None = None


@dataclass(frozen=True, slots=True)
class Over:
    """The window of a function; `frame` as it stands, in lower case, empty without one."""

    partition: tuple[Expression, ...]
    order: tuple[OrderKey, ...]
    frame: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function. Words among its arguments (a date part) are Columns; `*` is `star`."""

    name: str
    arguments: tuple[Expression, ...] = ()
    distinct: bool = False
    star: bool = False
    within: tuple[OrderKey, ...] | None = None
    over: Over | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """INTERVAL 'n unit'."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Subquery:
    """A query in parentheses: a value, `exists`, or what `value` is looked for in."""

    query: Query
    kind: str = "value"
    value: Expression | None = None
    negated: bool = False


Expression = Literal | Parameter | Column | Operation | Cast | Case | Call | Interval | Subquery


@dataclass(frozen=True, slots=True)
class Item:
    """One column of a SELECT; a star has no value, and a table when it is one's."""

    value: Expression | None
    alias: str = ""
    star_of: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A table or a query in FROM, and how it is joined to those before: cross, inner, left, right or full."""

    relation: Relation | None
    query: Query | None
    alias: str
    join: str = "cross"
    on: Expression | None = None
    using: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT without what stands around set operations."""

    items: tuple[Item, ...]
    sources: tuple[Source, ...] = ()
    where: Expression | None = None
    group: tuple[Expression, ...] = ()
    having: Expression | None = None
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """WITH … and SELECTs put together by one `operator` (none for a single one), ordered and cut."""

    parts: tuple[Select | Query, ...]
    operator: str = ""
    ctes: tuple[tuple[str, Query], ...] = ()
    order: tuple[OrderKey, ...] = ()
    limit: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Insert:
    """INSERT INTO target (columns) VALUES rows, or a query; a row's None is DEFAULT."""

    target: Relation
    columns: tuple[str, ...]
    rows: tuple[tuple[Expression | None, ...], ...] = ()
    query: Query | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """UPDATE target SET … FROM sources WHERE …."""

    target: Relation
    alias: str
    assignments: tuple[tuple[str, Expression], ...]
    sources: tuple[Source, ...] = ()
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE FROM target USING sources WHERE …."""

    target: Relation
    sources: tuple[Source, ...] = ()
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class Truncate:
    """TRUNCATE, which commits the transaction it stands in."""

    table: Relation


@dataclass(frozen=True, slots=True)
class Lock:
    """LOCK: take the tables' write locks before anything is read."""

    tables: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """COPY of every object whose key starts with `prefix` into `columns` of `table` (all columns when empty)."""

    table: Relation
    columns: tuple[str, ...]
    bucket: str
    prefix: str
    role_arn: str


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One column of a table; `default` is SQL that means the same in DuckDB."""

    name: str
    type: ColumnType
    nullable: bool = True
    default: str | None = None


@dataclass(frozen=True, slots=True)
class CreateTable:
    """CREATE [TEMP] TABLE name: with columns, LIKE a parent, or AS a query.

    LIKE takes names, types and NOT NULL of the parent, not its defaults; AS takes names and types, and nothing is NOT
    NULL. `referenced` are the tables of foreign keys with their columns, `keys` the columns that DISTKEY, SORTKEY name.
    """

    table: Relation
    temporary: bool
    if_not_exists: bool = False
    columns: tuple[ColumnDefinition, ...] = ()
    parent: Relation | None = None
    query: Query | None = None
    referenced: tuple[tuple[Relation, tuple[str, ...]], ...] = ()
    keys: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class DropTable:
    """DROP TABLE name."""

    table: Relation
    if_exists: bool


Plan = Query | Insert | Update | Delete | Truncate | Lock | Copy | CreateTable | DropTable

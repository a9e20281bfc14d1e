"""Statements as the grammar reads them, before any table or type is known. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.redshift.columns import ColumnType
    from local.redshift.names import Relation


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression with its `parts`.

    `kind` is number, string, boolean, null or parameter (`text` is its value or name); column (`text`, maybe of a
    `table`); call (`text` is the function; a date part is a column, `*` a star); cast (to `type`); case (conditions
    and values in turn, at last the one for ELSE); query; else an operator in lower case, such as `=`, `in`, `is null`.
    """

    kind: str
    text: str = ""
    parts: tuple[Expression, ...] = ()
    table: str = ""
    distinct: bool = False
    type: ColumnType | None = None
    query: Query | None = None


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key of an ORDER BY."""

    value: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A table or a query in FROM."""

    of: Relation | Query
    alias: str


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT; its items are expressions with their aliases, or stars."""

    items: tuple[tuple[Expression, str], ...]
    sources: tuple[Source, ...] = ()
    where: Expression | None = None
    group: tuple[Expression, ...] = ()
    order: tuple[OrderKey, ...] = ()
    limit: int | None = None
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Insert:
    """INSERT INTO target (columns) VALUES rows, or a query."""

    target: Relation
    columns: tuple[str, ...]
    rows: tuple[tuple[Expression, ...], ...] = ()
    query: Query | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE FROM target WHERE …."""

    target: Relation
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class OfTables:
    """TRUNCATE (which commits its transaction), LOCK (write locks before anything is read) or DROP."""

    command: str
    tables: tuple[Relation, ...]
    if_exists: bool = False


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
    """One column of a table."""

    name: str
    type: ColumnType
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class CreateTable:
    """CREATE [TEMP] TABLE name (columns)."""

    table: Relation
    temporary: bool
    if_not_exists: bool
    columns: tuple[ColumnDefinition, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """GRANT privileges ON `tables` (or on the schema, or on a `database`, where everyone may already) TO users."""

    privileges: frozenset[str]
    tables: tuple[Relation, ...]
    database: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreateUser:
    """CREATE USER name PASSWORD DISABLE: somebody who comes by IAM, before the first statement."""

    user: str


Plan = Query | Insert | Delete | OfTables | Copy | CreateTable | Grant | CreateUser

"""CREATE TABLE and DROP TABLE: what Redshift keeps of them, and what it only checks. Pure.

Documentation: "CREATE TABLE". Distribution and sort keys have no meaning on one machine, but their names and words must
be right. Keys, defaults, encodings and identities are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local.redshift.errors import NotInTwinError, RedshiftError
from local.redshift.names import SCHEMA, Relation, quoted
from local.redshift.tree import ColumnDefinition, CreateTable, CreateUser, Grant, OfTables
from suimon.contract.redshift_names import SYSTEM_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.redshift.words import Words

_PRIVILEGES: Final = {
    "table": {"select", "insert", "update", "delete", "truncate", "drop"},
    "schema": {"usage", "create"},
    "database": {"temp", "temporary"},
}
_STYLES: Final = frozenset({"auto", "even", "key", "all"})
_CONSTRAINTS: Final = frozenset({"primary", "unique", "foreign", "constraint", "check"})


def table_sql(table: Relation, columns: Sequence[ColumnDefinition], *, temporary: bool) -> list[str]:
    """Return DuckDB's statements that create a table which refuses what Redshift would refuse.

    The declared type of a varchar is kept as the column's comment, for DuckDB forgets its length.
    """
    lines = [_column_sql(column) for column in columns]
    name = quoted(table.name) if temporary else f"public.{quoted(table.name)}"
    create = f"CREATE {'TEMPORARY ' if temporary else ''}TABLE {name} ({', '.join(lines)})"
    comments = [
        f"COMMENT ON COLUMN {'temp.main.' + quoted(table.name) if temporary else name}.{quoted(column.name)}"
        f" IS '{column.type.declared}'"
        for column in columns
        if column.type.name == "varchar"
    ]
    return [create, *comments]


def _column_sql(column: ColumnDefinition) -> str:
    parts = [quoted(column.name), column.type.duckdb]
    if not column.nullable:
        parts.append("NOT NULL")
    if column.type.name == "varchar":
        # strlen counts bytes, as varchar(n) does (documentation: "Character types"). Blanks too many would be cut off
        # there; here the second check refuses them, by another message.
        name, size = quoted(column.name), column.type.size
        parts.append(f"CHECK (strlen(rtrim({name}, ' ')) <= {size}) CHECK (strlen({name}) <= {size})")
    return " ".join(parts)


def create(words: Words) -> CreateTable | CreateUser:
    """Read a CREATE; raises NotInTwinError for anything but a table with columns, or a user of IAM's."""
    words.expect("create")
    return _user(words) if words.accept("user") else _table(words)


def _user(words: Words) -> CreateUser:
    user = words.name()
    if not words.accept("password", "disable"):
        raise NotInTwinError("CREATE USER with a password or options", "CREATE USER name PASSWORD DISABLE")
    return CreateUser(user)


def _table(words: Words) -> CreateTable:
    temporary = words.accept("temp") or words.accept("temporary")
    if not words.accept("table"):
        raise NotInTwinError("this form of CREATE", "CREATE [TEMP] TABLE name (columns)")
    exists = words.accept("if", "not", "exists")
    table = words.relation()
    temporary = temporary or table.name.startswith("#")
    if temporary and table.qualified:
        raise RedshiftError("cannot create temporary relation in non-temporary schema")
    if words.peek().low != "(":
        raise NotInTwinError("CREATE TABLE … AS", "CREATE TABLE with columns, then INSERT … SELECT")
    keys: dict[str, list[str]] = {"distkey": [], "sortkey": []}
    columns = words.enclosed(lambda: _column(words, keys))
    style = _table_attributes(words, keys)
    names = [column.name for column in columns]
    if system := SYSTEM_COLUMNS & {*names}:
        raise RedshiftError(f'column name "{min(system)}" conflicts with a system column name')
    if repeated := {name for name in names if names.count(name) > 1}:
        raise RedshiftError(f'column "{min(repeated)}" duplicated')
    if unknown := [name for key in keys.values() for name in key if name not in names]:
        raise RedshiftError(f'column "{unknown[0]}" named in key does not exist')
    if len(keys["distkey"]) > 1:
        raise RedshiftError("only one column can be the distribution key")
    if style == "key" and not keys["distkey"]:
        raise RedshiftError("DISTSTYLE KEY needs a DISTKEY")
    if style not in {"", "key"} and keys["distkey"]:
        raise RedshiftError(f"DISTKEY contradicts DISTSTYLE {style.upper()}")
    return CreateTable(table, temporary, exists, columns)


def _column(words: Words, keys: dict[str, list[str]]) -> ColumnDefinition:
    if words.peek().low in _CONSTRAINTS:
        raise NotInTwinError(f"{words.peek().text.upper()} in CREATE TABLE", "Redshift enforces none but NOT NULL")
    name = words.name()
    kind = words.type(declared=True)
    nullable = True
    while words.peek().low not in {",", ")"}:
        word = words.peek().low
        if words.accept("not", "null"):
            nullable = False
        elif word in keys:
            keys[words.next_word().low].append(name)
        elif not (nullable and words.accept("null") and words.peek().low != "not"):
            raise NotInTwinError(f"{words.peek().text.upper()} on column {name}")
    return ColumnDefinition(name, kind, nullable)


def _table_attributes(words: Words, keys: dict[str, list[str]]) -> str:
    """Read what stands behind the columns and return the DISTSTYLE; each at most once."""
    style, seen = "", set[str]()
    while words.peek().kind != "end":
        compound = words.accept("compound")
        word = words.next_word()
        if word.low in seen or word.low not in {"diststyle", *keys} or (compound and word.low != "sortkey"):
            raise NotInTwinError(f"{word.text.upper()} behind the columns of a table")
        seen.add(word.low)
        if word.low == "diststyle":
            style = words.peek().low
            if style not in _STYLES:
                raise RedshiftError(f'unknown distribution style "{words.peek().text}"')
            words.next_word()
        elif word.low == "distkey" or not words.accept("auto"):
            keys[word.low] += words.enclosed(words.name)
    return style


def grant(words: Words) -> Grant:
    """Read a GRANT on tables, on the schema or on a database, to users (documentation: "GRANT")."""
    words.expect("grant")
    privileges = frozenset(word.low for word in words.listed(words.next_word))
    words.expect("on")
    tables, database = tuple[Relation, ...](), ""
    kind = "schema" if words.accept("schema") else "database" if words.accept("database") else "table"
    if kind == "table":
        words.accept("table")
        tables = words.listed(words.relation)
    elif kind == "database":
        database = words.name()
    elif (schema := words.name()) != SCHEMA:
        raise RedshiftError(f'schema "{schema}" does not exist')
    if privileges - _PRIVILEGES[kind]:
        raise NotInTwinError(f"GRANT {', '.join(sorted(privileges)).upper()} on a {kind}")
    words.expect("to")
    if words.peek().low in {"public", "group", "role"}:
        raise NotInTwinError(f"GRANT to {words.peek().text.upper()}", "the names of users")
    return Grant(privileges, tables, database, words.listed(words.name))


def drop(words: Words) -> OfTables:
    """Read a DROP; raises NotInTwinError for anything but one table."""
    words.expect("drop")
    if not words.accept("table"):
        raise NotInTwinError("this form of DROP", "DROP TABLE [IF EXISTS] name")
    exists = words.accept("if", "exists")
    table = words.relation()
    if words.peek().kind != "end":
        raise NotInTwinError("DROP TABLE with several tables, CASCADE or RESTRICT", "DROP TABLE [IF EXISTS] name")
    return OfTables("drop", (table,), exists)

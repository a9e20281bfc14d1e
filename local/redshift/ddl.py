"""CREATE TABLE and DROP TABLE: what Redshift keeps of them, and what it only checks. Pure.

Documentation: "CREATE TABLE". Unique, primary and foreign keys are informational, so their columns are checked and they
are dropped; a primary key still makes its columns NOT NULL. Distribution, sort keys and encodings have no meaning on
one machine, but their names and words must be right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from local.redshift.errors import NotInTwinError, RedshiftError, syntax_error
from local.redshift.names import Relation, quoted
from local.redshift.texts import converted
from local.redshift.tree import ColumnDefinition, CreateTable, DropTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.redshift.columns import ColumnType
    from local.redshift.grammar import Grammar

_EXACT: Final = frozenset({"int2", "int4", "int8", "numeric", "date", "timestamp"})
_ALL: Final = _EXACT | {"float4", "float8", "bool", "varchar"}
# Encoding -> the types that take it (documentation: "Compression encodings").
_ENCODINGS: Final = {
    "raw": _ALL, "zstd": _ALL, "runlength": _ALL, "az64": _EXACT, "bytedict": _ALL - {"bool"},
    "delta": _EXACT, "delta32k": _EXACT - {"int2"}, "lzo": _EXACT | {"varchar"},
    "mostly8": {"int2", "int4", "int8", "numeric"},
    "mostly16": {"int4", "int8", "numeric"}, "mostly32": {"int8", "numeric"},
    "text255": {"varchar"}, "text32k": {"varchar"},
}  # fmt: skip
_STYLES: Final = frozenset({"auto", "even", "key", "all"})


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
    if column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    if not column.nullable:
        parts.append("NOT NULL")
    if column.type.name == "varchar":
        # strlen counts bytes, as varchar(n) does (documentation: "Character types"). Blanks too many would be cut off
        # there; here the second check refuses them, by another message.
        name, size = quoted(column.name), column.type.size
        parts.append(f"CHECK (strlen(rtrim({name}, ' ')) <= {size}) CHECK (strlen({name}) <= {size})")
    return " ".join(parts)


@dataclass
class _Attributes:
    """What is said about a table beside its columns."""

    distribution_keys: list[str] = field(default_factory=list)
    sort_keys: list[str] = field(default_factory=list)
    style: str = ""
    sorted: bool = False
    primary_keys: list[tuple[str, ...]] = field(default_factory=list)
    unique: list[str] = field(default_factory=list)
    foreign: list[tuple[str, ...]] = field(default_factory=list)
    referenced: list[tuple[Relation, tuple[str, ...]]] = field(default_factory=list)

    def check(self, columns: Sequence[str]) -> None:
        """Raise RedshiftError for a name that is no column, and for what contradicts itself."""
        named = [*self.distribution_keys, *self.sort_keys, *self.unique]
        for name in (*named, *(name for key in (*self.primary_keys, *self.foreign) for name in key)):
            if name not in columns:
                raise RedshiftError(f'column "{name}" named in key does not exist')
        if len(self.distribution_keys) > 1:
            raise RedshiftError("only one column can be the distribution key")
        if (self.style == "key") != bool(self.distribution_keys) and (self.style or not self.distribution_keys):
            if self.style == "key":
                raise RedshiftError("DISTSTYLE KEY needs a DISTKEY")
            if self.distribution_keys:
                raise RedshiftError(f"DISTKEY contradicts DISTSTYLE {self.style.upper()}")
        if len(self.primary_keys) > 1:
            raise RedshiftError("multiple primary keys for table are not allowed")


def create(grammar: Grammar) -> CreateTable:
    """Read a CREATE; raises NotInTwinError for anything but a table with columns, LIKE or AS."""
    grammar.expect("create")
    temporary = grammar.accept("temp") or grammar.accept("temporary")
    if not grammar.accept("table"):
        raise NotInTwinError("this form of CREATE", "CREATE [TEMP] TABLE name (columns | LIKE parent) or … AS query")
    exists = grammar.accept("if", "not", "exists")
    table = grammar.relation()
    temporary = temporary or table.name.startswith("#")
    if temporary and table.qualified:
        raise RedshiftError("cannot create temporary relation in non-temporary schema")
    attributes = _Attributes()
    if grammar.peek().low != "(":
        return _create_as(grammar, table, attributes, temporary=temporary, exists=exists)
    if grammar.accept("(", "like"):
        parent = grammar.relation()
        if grammar.peek().low in {"including", "excluding"}:
            raise NotInTwinError("LIKE … INCLUDING or EXCLUDING DEFAULTS", "LIKE parent, which excludes defaults")
        grammar.expect(")")
        return CreateTable(table, temporary, exists, parent=parent)
    found = [one for one in grammar.enclosed(lambda: _part(grammar, attributes)) if one is not None]
    _table_attributes(grammar, attributes)
    names = [column.name for column in found]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise RedshiftError(f'column "{min(repeated)}" duplicated')
    attributes.check(names)
    required = {name for key in attributes.primary_keys for name in key}
    columns = tuple(
        ColumnDefinition(one.name, one.type, one.nullable and one.name not in required, one.default) for one in found
    )
    return CreateTable(table, temporary, exists, columns, referenced=tuple(attributes.referenced))


def _create_as(
    grammar: Grammar, table: Relation, attributes: _Attributes, *, temporary: bool, exists: bool
) -> CreateTable:
    _table_attributes(grammar, attributes)
    if exists:
        raise syntax_error("AS")  # CREATE TABLE AS has no IF NOT EXISTS
    grammar.expect("as")
    keys = (*attributes.distribution_keys, *attributes.sort_keys)
    attributes.check(keys)
    return CreateTable(table, temporary, query=grammar.query(), keys=keys)


def _part(grammar: Grammar, attributes: _Attributes) -> ColumnDefinition | None:
    """Read one column, or a constraint of the table."""
    if grammar.accept("primary", "key"):
        attributes.primary_keys.append(grammar.enclosed(grammar.name))
    elif grammar.accept("unique"):
        attributes.unique += grammar.enclosed(grammar.name)
    elif grammar.accept("foreign", "key"):
        attributes.foreign.append(grammar.enclosed(grammar.name))
        grammar.expect("references")
        parent = grammar.relation()
        attributes.referenced.append((parent, grammar.enclosed(grammar.name) if grammar.peek().low == "(" else ()))
    elif grammar.peek().low == "check":
        raise NotInTwinError("CHECK in CREATE TABLE", "Redshift does not have it")
    else:
        return _column(grammar, attributes)
    return None


def _column(grammar: Grammar, attributes: _Attributes) -> ColumnDefinition:
    name = grammar.name()
    kind, _ = grammar.type()
    nullable, default = True, None
    while grammar.peek().low not in {",", ")"}:
        if grammar.accept("not", "null"):
            nullable = False
        elif grammar.accept("default"):
            default = _default(grammar, kind)
        elif grammar.accept("encode"):
            _encoding(grammar.next_word().low, kind)
        elif grammar.accept("distkey"):
            attributes.distribution_keys.append(name)
        elif grammar.accept("sortkey"):
            attributes.sort_keys.append(name)
        elif grammar.accept("primary", "key"):
            attributes.primary_keys.append((name,))
        elif not grammar.accept("null") and not grammar.accept("unique"):
            raise NotInTwinError(f"{grammar.peek().text.upper()} on column {name}")
    return ColumnDefinition(name, kind, nullable, default)


def _default(grammar: Grammar, kind: ColumnType) -> str:
    """Read a literal of the column's type (documentation: "CREATE TABLE", DEFAULT)."""
    sign = "-" if grammar.accept("-") else ""
    token = grammar.peek()
    if token.kind == "string" and not sign:
        return converted(grammar.string(), kind)
    number = token.kind == "number" and kind.name in {"int2", "int4", "int8", "float4", "float8", "numeric"}
    if number and ("." not in token.text or not kind.name.startswith("int")):
        grammar.next_word()
        return f"CAST({sign}{token.text} AS {kind.duckdb})"
    if not sign and (token.low == "null" or (token.low in {"true", "false"} and kind.name == "bool")):
        grammar.next_word()
        return token.low
    if token.kind == "number" or token.low in {"true", "false"}:
        raise RedshiftError(f"the default {sign}{token.text} is not of type {kind.words}")
    raise NotInTwinError(f"DEFAULT {token.text}", "a literal")


def _encoding(word: str, kind: ColumnType) -> None:
    if word not in _ENCODINGS:
        raise RedshiftError(f'invalid encoding type specified "{word}"')
    if kind.name not in _ENCODINGS[word]:
        raise RedshiftError(f"invalid encoding type {word} for a column of type {kind.words}")


def _table_attributes(grammar: Grammar, attributes: _Attributes) -> None:
    while True:
        if grammar.accept("diststyle"):
            attributes.style = grammar.peek().low
            if attributes.style not in _STYLES:
                raise RedshiftError(f'unknown distribution style "{grammar.peek().text}"')
            grammar.next_word()
        elif grammar.accept("distkey"):
            attributes.distribution_keys += grammar.enclosed(grammar.name)
        elif (
            grammar.accept("compound", "sortkey")
            or grammar.accept("interleaved", "sortkey")
            or grammar.accept("sortkey")
        ):
            if not grammar.accept("auto"):
                attributes.sort_keys += grammar.enclosed(grammar.name)
        elif not (
            grammar.accept("backup", "yes") or grammar.accept("backup", "no") or grammar.accept("encode", "auto")
        ):
            return


def drop(grammar: Grammar) -> DropTable:
    """Read a DROP; raises NotInTwinError for anything but one table."""
    grammar.expect("drop")
    if not grammar.accept("table"):
        raise NotInTwinError("this form of DROP", "DROP TABLE [IF EXISTS] name")
    exists = grammar.accept("if", "exists")
    table = grammar.relation()
    if grammar.peek().kind != "end":
        raise NotInTwinError("DROP TABLE with several tables, CASCADE or RESTRICT", "DROP TABLE [IF EXISTS] name")
    return DropTable(table, exists)

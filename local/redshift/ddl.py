"""CREATE TABLE and DROP TABLE: what Redshift keeps of them, and what it only accepts. Pure.

Documentation: "CREATE TABLE". Unique, primary and foreign keys are informational, so they are checked for their columns
and dropped; a primary key still makes its columns NOT NULL. Distribution, sort keys and encodings have no meaning here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from local.redshift.columns import ColumnType, declared_type, result_type
from local.redshift.errors import NotInTwinError, RedshiftError, syntax_error
from local.redshift.names import Relation, fold, quoted, relation, table_names
from local.redshift.nodes import check_nodes

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One column of a table; `default` is SQL that means the same in DuckDB."""

    name: str
    type: ColumnType
    nullable: bool = True
    default: str | None = None


@dataclass(frozen=True, slots=True)
class CreateTable:
    """CREATE [TEMP] TABLE name (columns)."""

    table: Relation
    columns: tuple[ColumnDefinition, ...]
    temporary: bool
    if_not_exists: bool


@dataclass(frozen=True, slots=True)
class CreateTableLike:
    """CREATE [TEMP] TABLE name (LIKE parent): names, types and NOT NULL of the parent, not its defaults."""

    table: Relation
    parent: Relation
    temporary: bool
    if_not_exists: bool


@dataclass(frozen=True, slots=True)
class CreateTableAs:
    """CREATE [TEMP] TABLE name AS query: names and types of the query's columns; nothing of them is NOT NULL."""

    table: Relation
    query: exp.Query
    tables: frozenset[Relation]
    temporary: bool


@dataclass(frozen=True, slots=True)
class DropTable:
    """DROP TABLE name."""

    table: Relation
    if_exists: bool


# Table attributes without a meaning on one machine.
_IGNORED: Final = (
    exp.DistStyleProperty,
    exp.DistKeyProperty,
    exp.SortKeyProperty,
    exp.BackupProperty,
    exp.TemporaryProperty,
)


def table_sql(table: Relation, columns: Sequence[ColumnDefinition], *, temporary: bool) -> list[str]:
    """Give DuckDB's statements that create a table which refuses what Redshift would refuse.

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


def as_column(
    name: str, duckdb_type: str, selected: Sequence[exp.Expr], known: Sequence[ColumnDefinition]
) -> ColumnDefinition:
    """Give a column of CREATE TABLE AS; `known` are the columns of all tables that its query reads."""
    kind = result_type(duckdb_type)
    if kind.name != "varchar":
        return ColumnDefinition(name, kind)
    shown = next((one.unalias() for one in selected if one.alias_or_name == name), exp.column(name))
    if isinstance(shown, exp.Cast):
        return ColumnDefinition(name, declared_type(shown.to, in_table=True))
    sizes = {column.type for column in known if isinstance(shown, exp.Column) and column.name == shown.name}
    if len(sizes) != 1:
        raise NotInTwinError(f"the length that CREATE TABLE AS gives to {name}", f"CAST(… AS VARCHAR(n)) AS {name}")
    return ColumnDefinition(name, sizes.pop())


def without_column_attributes(sql: str, tokens: Sequence[Token]) -> str:
    """Blank out DISTKEY and SORTKEY behind a column and SORTKEY AUTO, which sqlglot does not parse."""
    text = list(sql)
    for index, token in enumerate(tokens):
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        word, next_word = token.text.lower(), after.text.lower() if after else ""
        inline = after is not None and after.token_type in {
            TokenType.COMMA,
            TokenType.R_PAREN,
            TokenType.NOT,
            TokenType.VAR,
        }
        if word == "sortkey" and next_word == "auto" and after is not None:
            text[token.start : after.end + 1] = " " * (after.end + 1 - token.start)
        elif (
            word in {"distkey", "sortkey"} and inline and index > 0 and tokens[index - 1].token_type != TokenType.COMMA
        ):
            text[token.start : token.end + 1] = " " * (token.end + 1 - token.start)
    return "".join(text)


def create(statement: exp.Expr) -> CreateTable | CreateTableLike | CreateTableAs:
    """Give the plan of a CREATE; raises NotInTwinError for anything but a table with columns, LIKE or AS."""
    query = statement.args.get("expression")
    named = exp.Table if isinstance(query, exp.Query) else exp.Schema
    if not isinstance(statement, exp.Create) or statement.kind != "TABLE" or not isinstance(statement.this, named):
        raise NotInTwinError(
            "this form of CREATE", "CREATE [TEMP] TABLE name (columns | LIKE parent) or … name AS query"
        )
    for name, value in statement.args.items():
        if value and name not in {"this", "kind", "exists", "properties", "expression"}:
            raise NotInTwinError(f"CREATE TABLE with {name}")
    temporary = _is_temporary(statement)
    exists = bool(statement.args.get("exists"))
    if isinstance(query, exp.Query):
        check_nodes(query)
        if exists:
            raise syntax_error("AS")  # CREATE TABLE AS has no IF NOT EXISTS
    fold(statement)
    table = relation(statement.this if isinstance(query, exp.Query) else statement.this.this)
    temporary = temporary or table.name.startswith("#")
    if temporary and table.qualified:
        raise RedshiftError("cannot create temporary relation in non-temporary schema")
    if isinstance(query, exp.Query):
        return CreateTableAs(table, query, table_names(query), temporary)
    return _create_with(statement.this.expressions, table, temporary=temporary, exists=exists)


def _is_temporary(statement: exp.Create) -> bool:
    properties = statement.args["properties"].expressions if statement.args.get("properties") else []
    for attribute in properties:
        if not isinstance(attribute, _IGNORED):
            raise NotInTwinError(f"the table attribute {attribute.sql('redshift')}")
    return any(isinstance(attribute, exp.TemporaryProperty) for attribute in properties)


def _create_with(
    parts: Sequence[exp.Expr], table: Relation, *, temporary: bool, exists: bool
) -> CreateTable | CreateTableLike:
    if len(parts) == 1 and isinstance(parts[0], exp.LikeProperty):
        if parts[0].expressions:
            raise NotInTwinError("LIKE … INCLUDING or EXCLUDING DEFAULTS", "LIKE parent, which excludes defaults")
        return CreateTableLike(table, relation(parts[0].this), temporary, exists)
    return CreateTable(table, _columns(parts), temporary, exists)


def _columns(parts: Sequence[exp.Expr]) -> tuple[ColumnDefinition, ...]:
    definitions = [part for part in parts if isinstance(part, exp.ColumnDef)]
    keys: set[str] = set()
    for part in parts:
        match part:
            case exp.ColumnDef():
                continue
            case exp.PrimaryKey():
                keys |= {column.name for column in part.expressions}
            case exp.UniqueColumnConstraint() | exp.ForeignKey():
                continue
            case _:
                raise NotInTwinError(f"{part.sql('redshift')} in CREATE TABLE")
    columns = tuple(_column(definition, keys) for definition in definitions)
    names = [column.name for column in columns]
    if unknown := keys - set(names):
        raise RedshiftError(f'column "{min(unknown)}" named in key does not exist')
    if repeated := {name for name in names if names.count(name) > 1}:
        raise RedshiftError(f'column "{min(repeated)}" duplicated')
    if not columns:
        raise syntax_error(")")
    return columns


def _column(definition: exp.ColumnDef, keys: set[str]) -> ColumnDefinition:
    if definition.kind is None:
        raise syntax_error(definition.name)
    nullable, default = definition.name not in keys, None
    for constraint in definition.constraints:
        match constraint.kind:
            case exp.NotNullColumnConstraint() as kind:
                nullable = nullable and bool(kind.args.get("allow_null"))
            case exp.PrimaryKeyColumnConstraint():
                nullable = False
            case exp.DefaultColumnConstraint() as kind:
                default = _default(kind.this)
            case exp.EncodeColumnConstraint() | exp.UniqueColumnConstraint():
                continue
            case kind:
                raise NotInTwinError(f"{kind.sql('redshift')} on column {definition.name}")
    return ColumnDefinition(definition.name, declared_type(definition.kind, in_table=True), nullable, default)


def _default(value: exp.Expr) -> str:
    plain = value.this if isinstance(value, exp.Neg) else value
    if not isinstance(plain, exp.Literal | exp.Null | exp.Boolean):
        raise NotInTwinError(f"DEFAULT {value.sql('redshift')}", "a literal")
    return value.sql("duckdb")


def drop(statement: exp.Expr) -> DropTable:
    """Give the plan of a DROP; raises NotInTwinError for anything but one table."""
    if not isinstance(statement, exp.Drop) or statement.args.get("kind") != "TABLE":
        raise NotInTwinError("this form of DROP", "DROP TABLE [IF EXISTS] name")
    extra = [name for name, value in statement.args.items() if value and name not in {"tables", "kind", "exists"}]
    tables = statement.args.get("tables") or []
    if extra or len(tables) != 1:
        raise NotInTwinError(f"DROP TABLE with {', '.join(extra) or 'several tables'}", "DROP TABLE [IF EXISTS] name")
    fold(statement)
    return DropTable(relation(tables[0]), bool(statement.args.get("exists")))

"""What the twin runs of Redshift's SQL: one statement in, one plan out, anything else an error. Pure.

A statement passes only when its first word, every node of its tree and every type is known here to mean the same in
DuckDB, or to be rewritten so that it does (`rewriting`). sqlglot parses leniently and keeps what it does not understand
as an opaque Command, so the list names what is allowed, never what is forbidden.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from local.redshift import ddl
from local.redshift.errors import NotInTwinError, RedshiftError, syntax_error
from local.redshift.names import Relation, fold, relation, table_names
from local.redshift.nodes import check_nodes

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_STATEMENT_BYTES: Final = 100 * 1024  # documentation: "Considerations when calling the Amazon Redshift Data API"

_TRANSACTION_WORDS: Final = frozenset({"begin", "start", "commit", "end", "rollback", "abort"})
# First words of statements that Redshift knows and the twin does not run (documentation: "SQL commands").
_OTHER_COMMANDS: Final = frozenset(
    {
        *(
            "alter",
            "analyze",
            "analyse",
            "attach",
            "call",
            "cancel",
            "close",
            "comment",
            "deallocate",
            "declare",
            "deny",
        ),
        *("describe", "detach", "execute", "explain", "fetch", "grant", "merge", "prepare", "reassign", "refresh"),
        *("reset", "revoke", "set", "show", "unload", "use", "vacuum", "values"),
    }
)


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT."""

    tree: exp.Expr
    tables: frozenset[Relation]


@dataclass(frozen=True, slots=True)
class Change:
    """INSERT, UPDATE or DELETE of `target`; `tables` are those it reads, the target too when it is scanned."""

    tree: exp.Insert | exp.Update | exp.Delete
    target: Relation
    tables: frozenset[Relation]


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


Plan = (
    Query | Change | Truncate | Lock | Copy | ddl.CreateTable | ddl.CreateTableLike | ddl.CreateTableAs | ddl.DropTable
)


def parameter_names(sql: str) -> frozenset[str]:
    """Give the names that stand as `:name` in `sql`, not in strings or comments; empty when it cannot be tokenized."""
    try:
        tokens = sqlglot.tokenize(sql, read="redshift")
    except TokenError:
        return frozenset()
    return frozenset(name.text for colon, name in _pairs(tokens) if _is_parameter(colon, name))


def plan(sql: str, given: frozenset[str] = frozenset()) -> Plan:
    """Give the plan of the one statement in `sql`; `given` are the parameters that come with it.

    Raises RedshiftError: syntax, several statements, a parameter where none can stand; NotInTwinError for the rest.
    """
    if len(sql.encode()) > MAX_STATEMENT_BYTES:
        raise RedshiftError(f"the statement is longer than {MAX_STATEMENT_BYTES} bytes")
    tokens = _one_statement(sql)
    _check_parameters(tokens, given)
    if any(token.token_type == TokenType.CURRENT_TIMESTAMP or token.text.lower() == "now" for token in tokens):
        # sqlglot makes GETDATE of it, which has another type.
        raise NotInTwinError("CURRENT_TIMESTAMP and NOW()", "GETDATE() or SYSDATE")
    for comma, after in _pairs(tokens):
        # sqlglot forgives a comma before FROM; the documentation's own example of a failing statement has one.
        if comma.token_type == TokenType.COMMA and after.token_type in {TokenType.FROM, TokenType.R_PAREN}:
            raise syntax_error(after.text, after.start + 1)
    word = tokens[0].text.lower()
    if word == "lock":
        return _lock(tokens)
    if word in _TRANSACTION_WORDS:
        raise NotInTwinError(
            f"{word.upper()}", "the Data API runs a batch as one transaction and a single statement as its own"
        )
    if word not in _KNOWN:
        raise NotInTwinError(word.upper()) if word in _OTHER_COMMANDS else syntax_error(tokens[0].text, 1)
    statement = _parse(ddl.without_column_attributes(sql, tokens) if word == "create" else sql)
    return _KNOWN[word](statement)


def _pairs(tokens: Sequence[Token]) -> list[tuple[Token, Token]]:
    return list(pairwise(tokens))


def _is_parameter(colon: Token, name: Token) -> bool:
    adjacent = colon.end + 1 == name.start
    return colon.token_type == TokenType.COLON and adjacent and name.text.isidentifier() and name.text.isascii()


def _one_statement(sql: str) -> list[Token]:
    try:
        tokens = sqlglot.tokenize(sql, read="redshift")
    except TokenError as error:
        raise RedshiftError("unterminated quoted string or comment") from error
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    if not tokens:
        raise RedshiftError("the statement is empty")
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        # The Data API prepares the text, and Redshift prepares one command; these are Redshift's words.
        raise RedshiftError("cannot insert multiple commands into a prepared statement")
    return tokens


def _check_parameters(tokens: Sequence[Token], given: frozenset[str]) -> None:
    for colon, name in _pairs(tokens):
        if not _is_parameter(colon, name):
            continue
        if not given:
            raise syntax_error(":", colon.start + 1)  # without Parameters the text goes to Redshift as it is
        if tokens[0].text.lower() not in {"select", "with", "insert", "update", "delete", "("}:
            raise syntax_error("$1", colon.start + 1)  # only values in DML can be bound


def _parse(sql: str) -> exp.Expr:
    try:
        (statement,) = (tree for tree in sqlglot.parse(sql, read="redshift", error_level=ErrorLevel.IMMEDIATE) if tree)
    except ParseError as error:
        first = error.errors[0]
        line, column, near = first.get("line") or 1, first.get("col") or 1, first.get("highlight") or ""
        before = sum(len(text) + 1 for text in sql.split("\n")[: line - 1])
        raise syntax_error(near, before + column - len(near) + 1) from error
    return statement


def _query(statement: exp.Expr) -> Query:
    check_nodes(statement)
    if not isinstance(statement, exp.Select | exp.SetOperation | exp.Subquery):
        raise NotInTwinError(f"{statement.key.upper()} here")
    fold(statement)
    return Query(statement, table_names(statement))


def _change(statement: exp.Expr) -> Change:
    check_nodes(statement)
    if not isinstance(statement, exp.Insert | exp.Update | exp.Delete):
        raise NotInTwinError(f"{statement.key.upper()} after WITH")
    fold(statement)
    named = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    if not isinstance(named, exp.Table):
        raise syntax_error(statement.key.upper())
    target = relation(named)
    if isinstance(statement, exp.Insert):
        return Change(statement, target, table_names(statement.expression))
    return Change(statement, target, table_names(statement) | {target})


def _with(statement: exp.Expr) -> Plan:
    return _change(statement) if isinstance(statement, exp.Insert | exp.Update | exp.Delete) else _query(statement)


def _truncate(statement: exp.Expr) -> Truncate:
    if not isinstance(statement, exp.TruncateTable) or len(statement.expressions) != 1:
        raise NotInTwinError("this form of TRUNCATE", "TRUNCATE table")
    if any(value for name, value in statement.args.items() if name != "expressions"):
        raise NotInTwinError("options of TRUNCATE")
    fold(statement)
    return Truncate(relation(statement.expressions[0]))


def _copy(statement: exp.Expr) -> Copy:
    if not isinstance(statement, exp.Copy):
        raise NotInTwinError("this form of COPY")
    columns: tuple[str, ...] = ()
    target = statement.this
    fold(target)
    if isinstance(target, exp.Schema):
        columns, target = tuple(column.name for column in target.expressions), target.this
    files = statement.args.get("files") or []
    if len(files) != 1 or not isinstance(files[0], exp.Literal) or not files[0].is_string:
        raise NotInTwinError("a COPY source that is not one 's3://bucket/prefix'")
    bucket, _, prefix = files[0].name.removeprefix("s3://").partition("/")
    if not files[0].name.startswith("s3://") or not bucket or not prefix:
        raise NotInTwinError(f"COPY FROM '{files[0].name}'", "COPY … FROM 's3://bucket/prefix'")
    _only_parquet(statement.args.get("params") or [])
    return Copy(relation(target), columns, bucket, prefix, _role(statement.args.get("credentials")))


def _only_parquet(parameters: Sequence[exp.Expr]) -> None:
    parquet = False
    for parameter in parameters:
        name = parameter.name.lower()
        value = parameter.args.get("expression")
        if (name, value.name.lower() if value else "") in {("format", "parquet"), ("parquet", "")}:
            parquet = True
        else:
            raise NotInTwinError(
                f"the COPY option {parameter.sql('redshift').upper()}", "FORMAT AS PARQUET, nothing else"
            )
    if not parquet:
        raise NotInTwinError("COPY of delimited text", "FORMAT AS PARQUET")


def _role(credentials: exp.Expr | None) -> str:
    role = credentials.args.get("iam_role") if credentials else None
    others = [name for name, value in credentials.args.items() if value and name != "iam_role"] if credentials else []
    if not isinstance(role, exp.Literal) or not role.is_string or others:
        raise NotInTwinError("COPY without IAM_ROLE 'arn'", "IAM_ROLE 'arn:aws:iam::…:role/…'")
    return role.name


def _lock(tokens: Sequence[Token]) -> Lock:
    """LOCK [TABLE] name [, …] (documentation: "LOCK"); sqlglot hands over what follows LOCK as one piece of text."""
    text = " ".join(token.text for token in tokens[1:])
    if not (found := re.fullmatch(r"(?is)(?:table\s+)?((?:[\w.\"]+)(?:\s*,\s*[\w.\"]+)*)\s*", text)):
        raise syntax_error(text.split(maxsplit=1)[0] if text else "")
    tables = [exp.to_table(name.strip(), dialect="redshift") for name in found[1].split(",")]
    for table in tables:
        fold(table)
    return Lock(tuple(relation(table) for table in tables))


_KNOWN: Final = {
    "select": _query,
    "(": _query,
    "with": _with,
    "insert": _change,
    "update": _change,
    "delete": _change,
    "truncate": _truncate,
    "copy": _copy,
    "create": ddl.create,
    "drop": ddl.drop,
}

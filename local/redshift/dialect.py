"""One statement in, one plan out, anything else an error: the statements that the twin runs. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local.redshift import ddl, tree
from local.redshift.errors import NotInTwinError, RedshiftError, syntax_error
from local.redshift.grammar import Grammar
from local.redshift.words import Token, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_STATEMENT_BYTES: Final = 100 * 1024  # documentation: "Considerations when calling the Amazon Redshift Data API"

# First words of statements that Redshift knows and the twin does not run (documentation: "SQL commands").
_OTHER_COMMANDS: Final = frozenset({
    "abort", "alter", "analyse", "analyze", "attach", "begin", "call", "cancel", "close", "comment", "commit",
    "deallocate", "declare", "deny", "describe", "detach", "end", "execute", "explain", "fetch", "merge",
    "prepare", "reassign", "refresh", "reset", "revoke", "rollback", "set", "show", "start", "unload", "update",
    "use", "vacuum", "values", "with",
})  # fmt: skip
# Where a value may be bound.
_BINDING: Final = frozenset({"select", "insert", "delete"})


def parameter_names(sql: str) -> frozenset[str]:
    """Return the names that stand as `:name` in `sql`; empty when it cannot be split into words."""
    try:
        return frozenset(token.text[1:] for token in tokens_of(sql) if token.kind == "parameter")
    except RedshiftError:
        return frozenset()


def plan(sql: str, given: frozenset[str] = frozenset()) -> tree.Plan:
    """Return the plan of the one statement in `sql`; `given` are the parameters that come with it.

    Raises RedshiftError: syntax, several statements, a parameter where none can stand; NotInTwinError for the rest.
    """
    if len(sql.encode()) > MAX_STATEMENT_BYTES:
        raise RedshiftError(f"the statement is longer than {MAX_STATEMENT_BYTES} bytes")
    tokens = _one_statement(sql)
    word = tokens[0].low
    _check_parameters(tokens, given, word)
    if word == "(":
        raise NotInTwinError("a query in parentheses")
    if word not in _KNOWN:
        raise NotInTwinError(word.upper()) if word in _OTHER_COMMANDS else syntax_error(tokens[0].text, 1)
    grammar = Grammar(tokens)
    found = _KNOWN[word](grammar)
    grammar.end()
    return found


def _one_statement(sql: str) -> list[Token]:
    tokens = tokens_of(sql)
    while tokens and tokens[-1].low == ";":
        tokens.pop()
    if not tokens:
        raise RedshiftError("the statement is empty")
    if any(token.low == ";" for token in tokens):
        # The Data API prepares the text, and Redshift prepares one command; these are Redshift's words.
        raise RedshiftError("cannot insert multiple commands into a prepared statement")
    return tokens


def _check_parameters(tokens: list[Token], given: frozenset[str], word: str) -> None:
    for token in tokens:
        if token.kind == "parameter" and not given:
            raise syntax_error(":", token.position)  # without Parameters the text goes to Redshift as it is
        if token.kind == "parameter" and word not in _BINDING:
            raise syntax_error("$1", token.position)  # only values in DML can be bound


def _insert(grammar: Grammar) -> tree.Insert:
    grammar.expect("insert", "into")
    target = grammar.relation()
    columns: tuple[str, ...] = ()
    if grammar.peek().low == "(" and grammar.peek(1).low != "select":
        columns = grammar.enclosed(grammar.name)
    if not grammar.accept("values"):
        return tree.Insert(target, columns, query=grammar.query())
    rows = grammar.listed(lambda: grammar.enclosed(grammar.expression))
    if grammar.peek().low == "on":
        raise NotInTwinError("ON CONFLICT", "Redshift does not have it")
    return tree.Insert(target, columns, rows)


def _delete(grammar: Grammar) -> tree.Delete:
    grammar.expect("delete", "from")
    return tree.Delete(grammar.relation(), grammar.where())


def _of_tables(grammar: Grammar) -> tree.OfTables:
    """TRUNCATE [TABLE] name; LOCK [TABLE] name [, …] (documentation: "TRUNCATE", "LOCK")."""
    command = grammar.next_word().low
    grammar.accept("table")
    tables = grammar.listed(grammar.relation) if command == "lock" else (grammar.relation(),)
    return tree.OfTables(command, tables)


def _copy(grammar: Grammar) -> tree.Copy:
    grammar.expect("copy")
    table = grammar.relation()
    columns = grammar.enclosed(grammar.name) if grammar.peek().low == "(" else ()
    grammar.expect("from")
    uri = grammar.string()
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not prefix:
        raise NotInTwinError(f"COPY FROM '{uri}'", "COPY … FROM 's3://bucket/prefix'")
    if not grammar.accept("iam_role") or grammar.peek().low == "default":
        raise NotInTwinError("COPY without IAM_ROLE 'arn'", "IAM_ROLE 'arn:aws:iam::…:role/…'")
    role = grammar.string()
    if grammar.peek().kind == "end":
        raise NotInTwinError("COPY of delimited text", "FORMAT AS PARQUET")
    parquet = grammar.accept("format", "as", "parquet") or grammar.accept("format", "parquet")
    if not parquet or grammar.peek().kind != "end":
        raise NotInTwinError(f"the COPY option {grammar.peek().text.upper()}", "FORMAT AS PARQUET, nothing else")
    return tree.Copy(table, columns, bucket, prefix, role)


_KNOWN: Final[dict[str, Callable[[Grammar], tree.Plan]]] = {
    "select": Grammar.query,
    "insert": _insert,
    "delete": _delete,
    "truncate": _of_tables,
    "lock": _of_tables,
    "copy": _copy,
    "create": ddl.create,
    "drop": ddl.drop,
    "grant": ddl.grant,
}

"""One statement in, one plan out, anything else an error: the statements that the twin runs. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local.redshift import ddl, tree
from local.redshift.errors import NotInTwinError, RedshiftError, syntax_error
from local.redshift.grammar import Grammar
from local.redshift.tokens import Token, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_STATEMENT_BYTES: Final = 100 * 1024  # documentation: "Considerations when calling the Amazon Redshift Data API"

_TRANSACTION_WORDS: Final = frozenset({"begin", "start", "commit", "end", "rollback", "abort"})
# First words of statements that Redshift knows and the twin does not run (documentation: "SQL commands").
_OTHER_COMMANDS: Final = frozenset({
    "alter", "analyze", "analyse", "attach", "call", "cancel", "close", "comment", "deallocate", "declare", "deny",
    "describe", "detach", "execute", "explain", "fetch", "grant", "merge", "prepare", "reassign", "refresh", "reset",
    "revoke", "set", "show", "unload", "use", "vacuum", "values",
})  # fmt: skip
# Where a value may be bound.
_BINDING: Final = frozenset({"select", "with", "insert", "update", "delete", "("})


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
    if word in _TRANSACTION_WORDS:
        instead = "the Data API runs a batch as one transaction and a single statement as its own"
        raise NotInTwinError(word.upper(), instead)
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


def _query(grammar: Grammar) -> tree.Query:
    return grammar.query()


def _insert(grammar: Grammar) -> tree.Insert:
    grammar.expect("insert", "into")
    target = grammar.relation()
    columns: tuple[str, ...] = ()
    if grammar.peek().low == "(" and grammar.peek(1).low not in {"select", "with", "("}:
        columns = grammar.enclosed(grammar.name)
    if not grammar.accept("values"):
        return tree.Insert(target, columns, query=grammar.query())
    rows = grammar.listed(lambda: grammar.enclosed(lambda: None if grammar.accept("default") else grammar.expression()))
    if grammar.peek().low == "on":
        raise NotInTwinError("ON CONFLICT", "Redshift does not have it")
    return tree.Insert(target, columns, rows)


def _update(grammar: Grammar) -> tree.Update:
    grammar.expect("update")
    target = grammar.relation()
    alias = target.name
    if grammar.accept("as") or grammar.peek().low != "set":
        alias = grammar.name()
    grammar.expect("set")

    def assignment() -> tuple[str, tree.Expression]:
        name = grammar.name()
        grammar.expect("=")
        return name, grammar.expression()

    assignments = grammar.listed(assignment)
    sources = grammar.sources() if grammar.accept("from") else ()
    return tree.Update(target, alias, assignments, sources, grammar.expression() if grammar.accept("where") else None)


def _delete(grammar: Grammar) -> tree.Delete:
    grammar.expect("delete", "from")
    target = grammar.relation()
    sources = grammar.sources() if grammar.accept("using") else ()
    return tree.Delete(target, sources, grammar.expression() if grammar.accept("where") else None)


def _truncate(grammar: Grammar) -> tree.Truncate:
    grammar.expect("truncate")
    grammar.accept("table")
    return tree.Truncate(grammar.relation())


def _lock(grammar: Grammar) -> tree.Lock:
    """LOCK [TABLE] name [, …] (documentation: "LOCK")."""
    grammar.expect("lock")
    grammar.accept("table")
    return tree.Lock(grammar.listed(grammar.relation))


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
    if not (grammar.accept("format", "as", "parquet") or grammar.accept("format", "parquet")):
        raise NotInTwinError(f"the COPY option {grammar.peek().text.upper()}", "FORMAT AS PARQUET, nothing else")
    if grammar.peek().kind != "end":
        raise NotInTwinError(f"the COPY option {grammar.peek().text.upper()}", "FORMAT AS PARQUET, nothing else")
    return tree.Copy(table, columns, bucket, prefix, role)


_KNOWN: Final[dict[str, Callable[[Grammar], tree.Plan]]] = {
    "select": _query,
    "(": _query,
    "with": _query,
    "insert": _insert,
    "update": _update,
    "delete": _delete,
    "truncate": _truncate,
    "lock": _lock,
    "copy": _copy,
    "create": ddl.create,
    "drop": ddl.drop,
}

"""Names of tables: folding, schemas, and which tables a statement names. Pure."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from local.redshift.errors import NotInTwinError, RedshiftError, syntax_error
from suimon.warehouse.names import RESERVED_WORDS

_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
# Reserved words that are expressions of their own, where a column could stand.
_EXPRESSIONS: Final = frozenset(
    {"current_time", "current_user", "current_user_id", "localtime", "localtimestamp", "session_user", "user"}
)
SCHEMA = "public"  # the only schema of the twin, and the first on every session's search path


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """A table as a statement names it; only an unqualified name can mean a temporary table."""

    name: str
    qualified: bool = False

    @property
    def sql(self) -> str:
        """The name for DuckDB, which looks for temporary tables first, as Redshift does."""
        return f"{SCHEMA}.{quoted(self.name)}" if self.qualified else quoted(self.name)


def quoted(name: str) -> str:
    """Give `name` as a delimited identifier."""
    return '"' + name.replace('"', '""') + '"'


def folded(name: str) -> str:
    """Give a name as the database keeps it: only ASCII letters have one case."""
    return name.translate(_LOWER)


def fold(tree: exp.Expr) -> None:
    """Fold ASCII letters in every identifier of `tree`, delimited or not (documentation: "Names and identifiers").

    RedshiftError for a reserved word as a name without quotes.
    """
    for identifier in tree.find_all(exp.Identifier):
        if not identifier.args.get("quoted") and identifier.name.lower() in RESERVED_WORDS:
            raise _reserved(identifier)
        # Delimited for DuckDB in any case: a word that it reserves is still a name.
        identifier.args.update(this=folded(identifier.name), quoted=True)


def _reserved(identifier: exp.Identifier) -> RedshiftError:
    """Give the error of a reserved word; behind AS, which sqlglot does not tell, and a dot PostgreSQL takes one."""
    word, parent = identifier.name, identifier.parent
    if isinstance(parent, exp.Alias) or (isinstance(parent, exp.Column) and parent.table):
        return NotInTwinError(f"the reserved word {word} as a name", f'"{word}"')
    if isinstance(parent, exp.Column) and word.lower() in _EXPRESSIONS:
        return NotInTwinError(word.upper())
    # The table of a LOCK has been parsed apart, and knows no place in the statement.
    start = identifier.meta.get("start") if parent and parent.parent else None
    return syntax_error(word, start + 1 if start is not None else None)


def relation(table: exp.Expr) -> Relation:
    """Give the relation that a Table node names; raises for other schemas and what is no plain name."""
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
        raise NotInTwinError(f"{table.sql('redshift')} as a table")
    if table.db and table.db.lower() != SCHEMA:
        raise RedshiftError(
            f'schema "{table.db}" does not exist', f"the twin has the schema {SCHEMA} and no system tables"
        )
    if table.catalog:
        raise NotInTwinError(f"the database in {table.sql('redshift')}", f"{SCHEMA}.{table.name}")
    return Relation(table.name, qualified=bool(table.db))


def table_names(tree: exp.Expr) -> frozenset[Relation]:
    """Give the tables that `tree` reads; names of its WITH clauses are no tables."""
    within = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = (table for table in tree.find_all(exp.Table))
    return frozenset(relation(table) for table in tables if table.db or table.name not in within)

"""Names of tables and columns: folding, delimiting, reserved words. Pure."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Final

_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
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
    """Return `name` as a delimited identifier."""
    return '"' + name.replace('"', '""') + '"'


def folded(name: str) -> str:
    """Return a name as the database keeps it: only ASCII letters have one case ("Names and identifiers")."""
    return name.translate(_LOWER)

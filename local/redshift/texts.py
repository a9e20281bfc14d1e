"""Texts of unknown type, literals and parameters, which become what their context wants. Pure.

Only the forms that Redshift and DuckDB read alike pass; PostgreSQL's words refuse what is none of the type for certain.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from local.redshift.errors import NotInTwinError, RedshiftError

if TYPE_CHECKING:
    from local.redshift.columns import ColumnType

_INTEGER: Final = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
_NUMBER: Final = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)
# With one separator throughout and a time without a zone; other orders depend on DateStyle.
_DAY: Final = r"\s*(?!0000)([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})"
_DATE: Final = re.compile(rf"{_DAY}\s*", re.ASCII)
_MOMENT: Final = re.compile(
    rf"{_DAY}(?:[ T]([0-9]{{1,2}}):([0-9]{{2}})(?::([0-9]{{2}})(\.[0-9]{{1,6}})?)?)?\s*", re.ASCII
)
_ZONED: Final = re.compile(r":[0-9.]+\s*(?:[+-][0-9]{2}|[A-Za-z])")
# PostgreSQL's words for true and false; DuckDB knows fewer.
_BOOLEANS: Final = {
    **dict.fromkeys(("t", "true", "y", "yes", "on", "1"), "true"),
    **dict.fromkeys(("f", "false", "n", "no", "off", "0"), "false"),
}


def literal(text: str) -> str:
    """Return a text as DuckDB's literal."""
    return "'" + text.replace("'", "''") + "'"


def converted(text: str, target: ColumnType) -> str:
    """Return DuckDB's SQL of `text` as a value of the type.

    Raises RedshiftError when the text is no value of the type, NotInTwinError when the two may read it otherwise.
    """
    sql = literal(text)
    match target.name:
        case "varchar":
            return f"CAST({sql} AS VARCHAR)"
        case "bool":
            if text.strip().lower() not in _BOOLEANS:
                raise RedshiftError(f'invalid input syntax for type boolean: "{text}"')
            return _BOOLEANS[text.strip().lower()]
        case "int2" | "int4" | "int8":
            if not _INTEGER.fullmatch(text):
                raise RedshiftError(f'invalid input syntax for {target.words}: "{text}"')
        case "date" | "timestamp":
            _check_moment(text, target)
        case _ if not _NUMBER.fullmatch(text):
            if text.strip().lower() in {"nan", "infinity", "-infinity", "inf", "-inf"}:
                raise NotInTwinError(f"the number '{text}'")
            raise RedshiftError(f'invalid input syntax for type {target.words.partition("(")[0]}: "{text}"')
    return f"CAST({sql} AS {target.duckdb})"


def _check_moment(text: str, target: ColumnType) -> None:
    if _ZONED.search(text):
        # Redshift ignores the zone, DuckDB converts to UTC.
        raise NotInTwinError(f"the time zone in '{text}'", "a timestamp without one")
    if (_DATE if target.name == "date" else _MOMENT).fullmatch(text):
        return
    if not any(character.isdigit() for character in text) and text.strip().lower() not in {
        *("now", "today", "tomorrow", "yesterday", "epoch", "infinity", "-infinity", "allballs"),
    }:
        raise RedshiftError(f'invalid input syntax for type {target.words.partition(" ")[0]}: "{text}"')
    raise NotInTwinError(f"the {target.name} '{text}'", "YYYY-MM-DD, maybe with HH:MM:SS")

"""Texts of unknown type, literals and parameters, which become what their context wants. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from local.redshift.errors import NotInTwinError, RedshiftError

if TYPE_CHECKING:
    from local.redshift.columns import ColumnType

_ZONED: Final = re.compile(r":[0-9.]+\s*(?:[+-][0-9]{2}|[A-Za-z])")
# PostgreSQL's words for true and false; DuckDB knows fewer.
_BOOLEANS: Final = {
    **dict.fromkeys(("t", "true", "y", "yes", "on", "1"), True),
    **dict.fromkeys(("f", "false", "n", "no", "off", "0"), False),
}


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"\s*[+-]?[0-9]+\s*", text, re.ASCII) is not None


def is_ambiguous(text: str) -> bool:
    """Say whether DuckDB converts `text` where Redshift may not: a number but no integer, a time with a zone."""
    if _is_integer(text):
        return False
    try:
        float(text.replace("_", ""))
    except ValueError:
        return _ZONED.search(text) is not None or text.strip().lower().startswith(("0x", "0b"))
    return True


def check_text(text: str, target: ColumnType) -> None:
    """Raise RedshiftError when `text` is no value of the type, NotInTwinError when DuckDB would give another one."""
    if target.name in {"int2", "int4", "int8"} and not _is_integer(text):
        raise RedshiftError(f'invalid input syntax for {target.words}: "{text}"')
    if target.name == "timestamp" and _ZONED.search(text):
        # PostgreSQL ignores the zone, DuckDB converts to UTC.
        raise NotInTwinError(f"the time zone in '{text}'", "a timestamp without one")


def boolean(text: str) -> bool:
    """Give the boolean that `text` stands for in PostgreSQL; raises RedshiftError."""
    value = _BOOLEANS.get(text.strip().lower())
    if value is None:
        raise RedshiftError(f'invalid input syntax for type boolean: "{text}"')
    return value

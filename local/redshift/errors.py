"""What Redshift says when a statement fails, and how DuckDB's errors become that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable


CONTEXT_BYTES: Final = 100


class RedshiftError(Exception):
    """A statement failed; `text` is what DescribeStatement gives as Error."""

    def __init__(self, message: str, detail: str = "", severity: str = "ERROR") -> None:
        """`message` and `detail` stand as Redshift words them, without `ERROR:`."""
        super().__init__(message)
        self.message, self.detail, self.severity = message, detail, severity

    @property
    def text(self) -> str:
        """The message as a Redshift client shows it."""
        detail = f"\n  Detail: {self.detail}" if self.detail else ""
        return f"{self.severity}: {self.message}{detail}"


class CastError(RedshiftError):
    """A text of a table's or of a computed value that is no integer; `of_query` gives what Redshift says of it."""

    def __init__(self, text: str, kind: str) -> None:
        """`kind` is the type as the nodes that read tables call it: Short, Integer, Long."""
        read = re.match(r"[+-]?[0-9]*" if text[1:] else r"[0-9]*", text)
        place = read.end() if read else 0
        super().__init__(f"Invalid digit, Value '{text[place : place + 1]}', Pos {place}, Type: {kind} ")
        self._context = text.encode()[:CONTEXT_BYTES].decode(errors="ignore")

    def of_query(self, query_id: int) -> RedshiftError:
        """Return the whole error, with code 1207 and the text as its context.

        Not documented. As others have met it: github.com/OHDSI/SqlRender, issues 276 and 315. How long a context may be
        neither; the catalogue keeps 100 bytes (documentation: "STL_ERROR"), so no more is promised here.
        """
        process = f"query0_{query_id}_{query_id} [pid=0]"
        block = _block(self.message, 1207, self._context, query_id, ("location:  :0", f"process:   {process}"))
        return RedshiftError(self.message, block)


class NotInTwinError(RedshiftError):
    """The SQL may well run in Redshift, but the twin does not run it and says so."""

    def __init__(self, what: str, instead: str = "") -> None:
        """`what` is refused; `instead`, when there is one, is a way to write it that works in both."""
        hint = f" ({instead})" if instead else ""
        super().__init__(
            f"not in the twin: {what}{hint}. Redshift may run it; the twin refuses what it cannot run alike."
        )


class CancelledError(Exception):
    """CancelStatement stopped the statement."""


def syntax_error(near: str, position: int | None = None) -> RedshiftError:
    """Return the error of a statement that does not parse; `position` counts characters from 1."""
    where = f"\n  Position: {position}" if position else ""
    return RedshiftError(f'syntax error at or near "{near}"{where}' if near else f"syntax error at end of input{where}")


def divide_by_zero() -> RedshiftError:
    """Return the error of a division by zero; DuckDB would give NULL or infinity."""
    return RedshiftError("Divide by zero")


def serializable_violation(table: str, pid: int) -> RedshiftError:
    """Return error 1023, whose detail names table and process (documentation: "Serializable isolation")."""
    return RedshiftError("1023", f"Serializable isolation violation on table - {table} (pid:{pid})")


def scan_error(context: str, query_id: int) -> RedshiftError:
    """Return the error of a COPY from Parquet, which Redshift runs through Spectrum; code 15007 is the user's error."""
    return RedshiftError("Spectrum Scan Error", _block("Spectrum Scan Error", 15007, context, query_id))


def _block(error: str, code: int, context: str, query_id: int, more: tuple[str, ...] = ()) -> str:
    """Return the detail of what fails on the nodes that hold the data."""
    rule = "-" * 47
    lines = (f"error:  {error}", f"code:      {code}", f"context:   {context}", f"query:     {query_id}", *more)
    return "\n  ".join(("", rule, *lines, rule))


# Behind the mark, a text that is no integer: the kind, a colon, the text.
CAST: Final = " cast to "
# DuckDB's `error(text)` inside our rewritten SQL carries a text of Redshift's behind this mark.
MARK: Final = "redshift:"
_OURS: Final = re.compile(rf"[A-Z][A-Za-z ]* Error: {MARK}(.*)", re.DOTALL)

_INTEGER_BYTES: Final = {"INT16": 2, "INT32": 4, "INT64": 8}


def from_duckdb(error: duckdb.Error) -> Exception:
    """Return Redshift's error for DuckDB's; what has no counterpart keeps DuckDB's own words, marked as such."""
    text = str(error)
    if isinstance(error, duckdb.InterruptException):
        return CancelledError()
    if ours := _OURS.match(text):
        if ours[1].startswith(CAST):
            kind, _, value = ours[1].removeprefix(CAST).partition(":")
            return CastError(value, kind)
        return RedshiftError(ours[1].splitlines()[0].strip())
    words = text.partition("\n\nLINE ")[0]  # behind it a piece of the statement, in which anything may stand
    for pattern, build in _PATTERNS:
        if found := re.search(pattern, words):
            return build(found)
    return RedshiftError(f"{text.splitlines()[0]} (DuckDB's words)")


def _out_of_range(found: re.Match[str]) -> RedshiftError:
    size = _INTEGER_BYTES.get(found[1])
    return RedshiftError(
        f"Value out of range for {size} bytes." if size else "Numeric data overflow (result precision)"
    )


def _overflow(found: re.Match[str]) -> RedshiftError:
    kind = "Numeric" if "DECIMAL" in found[2] or "INT128" in found[2] else "Integer"
    return RedshiftError(f"{kind} data overflow ({found[1]})")


# Types and names are looked at before DuckDB sees anything: left are values, groups and conflicts.
_PATTERNS: Final[tuple[tuple[str, Callable[[re.Match[str]], RedshiftError]], ...]] = (
    (r"(?i)division by zero", lambda _: divide_by_zero()),
    (r"Could not convert string [\"'](?:.|\n)*?[\"'] to (INT\d+)", _out_of_range),
    (
        r'(?:date|timestamp) field value out of range: "((?:.|\n)*?)"',
        lambda m: RedshiftError(f'date/time field value out of range: "{m[1]}"'),
    ),
    (
        r"Casting value .* to type DECIMAL.* failed|Could not (?:cast value|convert string) .* to DECIMAL",
        lambda _: RedshiftError("Numeric data overflow (result precision)"),
    ),
    (r"can't be cast because the value is out of range for the destination type (\w+)", _out_of_range),
    (r"Overflow in (\w+) of (\w+)", _overflow),
    (
        r"CHECK constraint failed .*strlen\(rtrim\(.*?\)\) <= (\d+)",
        lambda m: RedshiftError(f"value too long for type character varying({m[1]})"),
    ),
    (
        r"CHECK constraint failed .*strlen\(.*?\) <= (\d+)",
        lambda m: NotInTwinError(f"cutting off the blanks that make a text too long for varchar({m[1]})", "TRIM it"),
    ),
    (
        r'NOT NULL constraint failed: (?:"?\w+"?\.)*"?(\w+)"?',
        lambda m: RedshiftError(f"Cannot insert a NULL value into column {m[1]}"),
    ),
    (
        r'column "(.*?)" must appear in the GROUP BY clause',
        lambda m: RedshiftError(
            f'column "{m[1]}" must appear in the GROUP BY clause or be used in an aggregate function'
        ),
    ),
    (
        r"(?i)write-write conflict|Conflict on|Transaction conflict",
        lambda _: serializable_violation("(found by DuckDB)", 0),
    ),
)

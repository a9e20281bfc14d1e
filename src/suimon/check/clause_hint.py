"""Which clause of a contract would accept a cell that is not of its type as it is written. Pure."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import combinations

from suimon.contract.file import Column
from suimon.contract.written import BLANKS, DIRECTIVES, ISO_DATE, CellForm, pattern_of

_SEPARATORS = (",", "'", ".", " ")
_ERAS = ("%E%-n年%-m月%-d日", "%e%-n.%-m.%-d", "%e%-n/%-m/%-d")
_JAVA = {
    "%Y": "yyyy",
    "%y": "yy",
    "%E": "GGGG",
    "%e": "GGGGG",
    "%n": "yy",
    "%-n": "y",
    "%m": "MM",
    "%-m": "M",
    "%d": "dd",
    "%-d": "d",
}
_CLOCK = {"%H": "[0-9]{2}", "%M": "[0-9]{2}", "%S": "[0-9]{2}", "%g": "[0-9]{3}", "%f": "[0-9]{6}"}
_CLOCK |= {"%z": "Z|[+-][0-9]{2}:[0-9]{2}"}
_PIVOT = 1970
_DIRECTIVE = re.compile("%-?.")


def clause_for(column: Column, text: str, decimal: str) -> str | None:
    """Return the clause, or several with `and`, by which a cell of the column would be of its type; None if none do."""
    if column.type in {"string", "boolean"} or not text.strip():
        return None
    blanks, wide = text != text.strip(BLANKS), not text.isascii()
    for clauses, changed, form in _tried(column, decimal, blanks=blanks, wide=wide):
        plain = form.plain(text)
        if plain != text and _fits(changed, plain, decimal):
            return clauses
    return None


@lru_cache(maxsize=256)  # bad cells are many, columns and what their cells hold few
def _tried(column: Column, decimal: str, *, blanks: bool, wide: bool) -> tuple[tuple[str, Column, CellForm], ...]:
    """Return up to three clauses together, the fewest first, and the column that has them.

    Only those that can change a cell: with `blanks` around its value, with characters that may be `wide`.
    """
    tried = list[tuple[str, Column, CellForm]]()
    every = list(_clauses(column, decimal, blanks=blanks, wide=wide))
    for size in (1, 2, 3):
        for chosen in combinations(every, size):
            if len({name for _, changes in chosen for name in changes}) < sum(len(changes) for _, changes in chosen):
                continue  # one clause of a name takes another's place: alone it was tried
            changed = column
            for _, changes in chosen:
                changed = replace(changed, **changes)  # type: ignore[arg-type] # a column's own fields
            if form := changed.form(decimal):
                tried.append((" and ".join(clause for clause, _ in chosen), changed, form))
    return tuple(tried)


def _clauses(column: Column, decimal: str, *, blanks: bool, wide: bool) -> Iterator[tuple[str, dict[str, object]]]:
    if blanks and not column.trimmed:
        yield "blanks: trim", {"trimmed": True}
    if wide and not column.full_width:
        yield "fullWidth: true", {"full_width": True}
    if column.type in {"integer", "decimal"} and not column.thousands:
        for separator in _SEPARATORS:
            if separator != decimal:
                yield f'thousands: "{separator}"', {"thousands": separator}
    if column.type == "date":
        form = column.format or ISO_DATE
        loose = form.replace("%m", "%-m").replace("%d", "%-d")
        for other in (*_ERAS, loose):
            if other != form:
                yield f"format: {_java(other)}", {"format": other}
        if "%Y" in form:
            short = form.replace("%Y", "%y")
            yield f"format: {_java(short)} with yearPivot", {"format": short, "pivot": _PIVOT}


def _java(form: str) -> str:
    return _DIRECTIVE.sub(lambda found: _JAVA.get(found[0], found[0]), form)


def _fits(column: Column, text: str, decimal: str) -> bool:
    match column.type:
        case "integer":
            half = 2 ** ((column.bits or 32) - 1)
            return bool(re.fullmatch("[+-]?[0-9]{1,19}", text)) and -half <= int(text) < half
        case "decimal":
            scale = column.scale or 0
            whole = (column.precision or 38) - scale
            fraction = f"(?:{re.escape(decimal)}[0-9]{{1,{scale}}})?" if scale else ""
            return bool(re.fullmatch(f"[+-]?0*[0-9]{{0,{whole}}}{fraction}", text)) and text[-1:].isdigit()
        case "date":
            pattern, names = pattern_of(column.plain_format or ISO_DATE)
            if (found := re.fullmatch(pattern, text)) is None:
                return False
            parts = dict(zip(names, map(int, found.groups()), strict=True))
            return _is_day(parts["Y"], parts["m"], parts["d"])
        case _:
            every = DIRECTIVES | _CLOCK
            form = re.escape(column.format or "").replace("\\%", "%")
            return bool(re.fullmatch(_DIRECTIVE.sub(lambda found: f"(?:{every[found[0]]})", form), text))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True

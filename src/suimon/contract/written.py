"""How cells are written otherwise than plain, and what they are when written plain. Standard library only.

A contract may say of a column that its cells have blanks around them, full-width characters, separators of thousands,
or dates of the Japanese era, of two-digit years, of one-digit months. Each clause turns a text that is written so into
the plain text of the same value (`1,200` into `1200`, `令和8年11月20日` into `2026-11-20`) and leaves any other text as
it is, so that it is bad by its type. Gate, Glue job and reports know no other rules than those of plain cells.

The Glue job carries this very file; the gate says the same in SQL (`suimon.check.cells_as_sql`).
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

ISO_DATE = "%Y-%m-%d"
# Blank, tab, the ideographic and the no-break space.
BLANKS = " \t\u3000\u00a0"
# Full-width forms of ASCII, and the minus sign that Shift_JIS has for its own.
WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u2212": "-"}
_NARROWED = str.maketrans(WIDE)

# The year before an era's first, its first and its last day. Before 1873 Japan had another calendar.
ERAS = {
    "明治": ("M", 1867, "1873-01-01", "1912-07-29"),
    "大正": ("T", 1911, "1912-07-30", "1926-12-24"),
    "昭和": ("S", 1925, "1926-12-25", "1989-01-07"),
    "平成": ("H", 1988, "1989-01-08", "2019-04-30"),
    "令和": ("R", 2018, "2019-05-01", "9999-12-31"),
}
FIRST_YEAR = "元"
# Directives of a date's format, and the text that each is. Those of strptime are %Y, %m, %d.
DIRECTIVES = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",  # of the hundred years from the column's pivot
    "%E": "|".join(ERAS),
    "%e": "[" + "".join(letter for letter, *_ in ERAS.values()) + "]",
    "%n": "[0-9]{2}",  # the year of the era
    "%-n": f"[0-9]{{1,2}}|{FIRST_YEAR}",
    "%m": "[0-9]{2}",
    "%-m": "[0-9]{1,2}",
    "%d": "[0-9]{2}",
    "%-d": "[0-9]{1,2}",
}
_DIRECTIVE = re.compile("%-?.")


def is_of_strptime(form: str | None) -> bool:
    """Whether a format has no directive but those that strptime, DuckDB, Java and the kernel share."""
    return not {"%y", "%E", "%e", "%n", "%-n", "%-m", "%-d"} & set(_DIRECTIVE.findall(form or ""))


def pattern_of(form: str) -> tuple[str, list[str]]:
    """Return the regular expression of a format, a group for each of its directives, and these by name (`Y`, `m`)."""
    names = [directive[-1] for directive in _DIRECTIVE.findall(form)]
    literals = _DIRECTIVE.split(form)
    groups = [f"({DIRECTIVES[directive]})" for directive in _DIRECTIVE.findall(form)]
    return "".join(map("".join, zip(map(re.escape, literals), [*groups, ""], strict=True))), names


@dataclass(frozen=True)
class CellForm:
    """How the cells of one column are written, as far as that is not plain."""

    trimmed: bool = False
    full_width: bool = False
    thousands: str | None = None
    decimal: str = "."
    date: str | None = None  # a format with directives that strptime does not have
    pivot: int | None = None

    @classmethod
    def of(cls, column: Mapping[str, Any], decimal: str) -> CellForm | None:
        """Return the form of a compiled column; None if its cells are plain."""
        form = column.get("format") if column.get("type") == "date" else None
        made = cls(
            trimmed=bool(column.get("trimmed")),
            full_width=bool(column.get("full_width")),
            thousands=column.get("thousands"),
            decimal=decimal,
            date=None if is_of_strptime(form) else form,
            pivot=column.get("pivot"),
        )
        return made if made.trimmed or made.full_width or made.thousands or made.date else None

    def plain(self, cell: str) -> str:
        """Return the plain text of a cell; the cell itself where it is not written so."""
        text = cell.strip(BLANKS) if self.trimmed else cell
        text = text.translate(_NARROWED) if self.full_width else text
        if self.thousands and re.fullmatch(self.grouped, text):
            return text.replace(self.thousands, "")
        return self._iso(text) if self.date else text

    @property
    def grouped(self) -> str:
        """The regular expression of a number whose digits are separated in threes."""
        return grouped(self.thousands or "", self.decimal)

    @cached_property
    def _pattern(self) -> tuple[re.Pattern[str], list[str]]:
        pattern, names = pattern_of(self.date or "")
        return re.compile(pattern), names

    def _iso(self, text: str) -> str:
        pattern, names = self._pattern
        if (found := pattern.fullmatch(text)) is None:
            return text
        part = dict(zip(names, found.groups(), strict=True))
        month_day = f"-{int(part['m']):02}-{int(part['d']):02}"
        if "Y" in part:
            return part["Y"] + month_day
        if "y" in part:
            return f"{full_year(int(part['y']), self.pivot or 0):04}{month_day}"
        era = next(era for name, era in ERAS.items() if part.get("E") == name or part.get("e") == era[0])
        _, before, first, last = era
        iso = f"{before + (1 if part['n'] == FIRST_YEAR else int(part['n'])):04}{month_day}"
        return iso if first <= iso <= last else text


def grouped(separator: str, decimal: str) -> str:
    """Return the regular expression of a number whose digits are separated in threes."""
    return f"[+-]?[0-9]{{1,3}}(?:{re.escape(separator)}[0-9]{{3}})+(?:{re.escape(decimal)}[0-9]+)?"


def full_year(two_digits: int, pivot: int) -> int:
    """Return the year of the hundred from `pivot` on that ends in these digits."""
    year = pivot - pivot % 100 + two_digits
    return year if year >= pivot else year + 100

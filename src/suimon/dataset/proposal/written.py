"""Columns whose cells are written otherwise than plain: which clauses would make numbers or dates of them."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from suimon.contract.written import CellForm
from suimon.dataset.proposal.type_guess import TypeGuess

_THOUSANDS = (",", "'", ".", " ")
_DATES = (
    *("%E%-n年%-m月%-d日", "%e%-n.%-m.%-d", "%e%-n/%-m/%-d", "%e%n.%m.%d"),
    *("%Y/%-m/%-d", "%Y-%-m-%-d", "%Y年%-m月%-d日", "%Y.%-m.%-d", "%y/%m/%d", "%y-%m-%d", "%y.%m.%d"),
)
_PIVOT = 1970


def as_written(values: Counter[str], decimal: str, plain: Callable[[Counter[str], str], TypeGuess]) -> TypeGuess:
    """Return the type of plain values, or of those that the fewest clauses make plain; a text if none do."""
    found = plain(values, decimal)
    if found.fields["type"] != "string" or not values:
        return found
    for fields in _clauses(decimal):
        form = CellForm.of({"type": "date", **fields}, decimal)
        if form is None or not any(form.plain(text) != text for text in values):
            continue
        made = Counter[str]()
        for text, count in values.items():
            made[form.plain(text)] += count
        guess = plain(made, decimal)
        kind = guess.fields["type"]
        dated = "format" in fields
        wanted = (
            {"date"} if dated else {"integer", "decimal"} if "thousands" in fields else {kind} - {"string", "boolean"}
        )
        if kind in wanted and not (dated and guess.fields["format"] != "%Y-%m-%d"):
            doubts = guess.doubts | {"type": f"written with {_said(fields)}; is that right?"}
            return TypeGuess(guess.fields | fields, doubts)
    return found


def _clauses(decimal: str) -> Iterator[dict[str, Any]]:
    around: tuple[dict[str, Any], ...] = (
        {},
        {"trimmed": True},
        {"full_width": True},
        {"trimmed": True, "full_width": True},
    )
    for clauses in around:
        if clauses:
            yield clauses
        for separator in _THOUSANDS:
            if separator != decimal:
                yield {**clauses, "thousands": separator}
        for form in _DATES:
            yield {**clauses, "format": form} | ({"pivot": _PIVOT} if "%y" in form else {})


def _said(fields: dict[str, Any]) -> str:
    words = {
        "trimmed": "blanks around it",
        "full_width": "full-width characters",
        "thousands": "separators of thousands",
        "pivot": "years of two digits",
    }
    said = [text for name, text in words.items() if name in fields]
    if "%E" in fields.get("format", "") or "%e" in fields.get("format", ""):
        said.append("years of an era")
    return " and ".join(said) or "days and months of one digit or two"

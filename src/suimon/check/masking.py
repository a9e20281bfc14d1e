"""Which bad values a report may show, where a contract has personal columns: a personal value may stand anywhere. Pure.

Columns may be swapped, a record shifted by a cell, a quote may swallow a neighbour. So a value of another column is
shown only if

- its column knows its values by their type, a list or a pattern: in a text of any kind a swap cannot be noticed;
- it holds no delimiter, quote or line break: it may be several cells;
- it is not of a form that a personal column of this file has, such as `A9` for C000123, and does not hold one: a
  delimiter that is lost joins two cells;
- every personal cell of its record is of a form that its column often has: else the record may be shifted;
- the columns of the file are mostly of their types, and the personal ones are all there: else they may be swapped in
  all records.

It is on the safe side: many a harmless value is masked as well, and its place is shown all the same.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from itertools import groupby, islice

from suimon.check.grammar import Grammar
from suimon.contract.file import Column
from suimon.values import dataclass

RECORDS = 1_000  # looked at for the forms of this file
# A form is usual if more than one in so many records have it; of few records, more than half.
_OFTEN, _FEW = 10, 10
_NUMBER = re.compile(r"[+-]?(?P<whole>\d+)(?:[.,]\d+)?")
_INTEGER_LENGTHS = {32: len("-2147483648"), 64: len("-9223372036854775808")}
_DIRECTIVE = re.compile("%.")
_DIGITS = {"%Y": 4, "%g": 3, "%f": 6}


@dataclass(frozen=True, slots=True)
class Discretion:
    """What may be shown of a file. `seen` are the forms of its personal cells, `usual` those of each such column."""

    needed: bool = False  # whether there is anything to hide
    marks: str = ""  # delimiter, quote and line breaks
    seen: Mapping[str, int] = field(default_factory=dict)  # with the length of the shortest
    usual: Mapping[int, frozenset[str]] = field(default_factory=dict)
    swapped: bool = False

    def hides(self, column: Column, value: str, *, shifted: Callable[[], bool]) -> bool:
        """Whether a value of a column that is not personal must not be shown.

        `shifted` returns whether its record may be: `may_be_shifted` of its personal cells.
        """
        if not self.needed or not value:
            return False
        if self.swapped or _takes_anything(column) or any(mark in value for mark in self.marks):
            return True
        shape = form_of(value)
        return shape in self.seen or self._holds_one(shape, len(value)) or shifted()

    def may_be_shifted(self, personal_cells: Mapping[int, str]) -> bool:
        """Whether a personal cell of a record, by its place, looks unlike others of its column."""
        return any(form_of(cell) not in self.usual.get(place, ()) for place, cell in personal_cells.items())

    def _holds_one(self, shape: str, length: int) -> bool:
        """Whether a form stands within another: each part of that is looked up, for the forms may be many thousand."""
        parts = (shape[start:end] for start in range(len(shape)) for end in range(start, len(shape) + 1))
        return any(self.seen.get(part, length + 1) <= length for part in parts)


def learn(sample: bytes, grammar: Grammar, places: Sequence[int | None], columns: Sequence[Column]) -> Discretion:
    """Look at the first records of a file: which forms its personal columns have, and whether columns are swapped."""
    if not any(column.personal for column in columns):
        return Discretion()
    records = list(islice(_records(sample, grammar, places), RECORDS))
    seen, usual = dict[str, int](), dict[int, frozenset[str]]()
    for place, column in enumerate(columns):
        if column.personal:
            values = [record[place] for record in records if record.get(place, "").strip()]
            forms = Counter(map(form_of, values))
            for value in values:
                seen[form_of(value)] = min(len(value), seen.get(form_of(value), len(value)))
            least = max(len(records) / _OFTEN, min(len(records), _FEW) / 2)
            usual[place] = frozenset(form for form, count in forms.items() if count > least)
    # Where a personal column has no place, its values may stand in any other.
    lost = any(column.personal and place not in places for place, column in enumerate(columns))
    swapped = lost or any(
        2 * sum(not _fits(record.get(place, ""), column, grammar.dialect.decimal) for record in records) > len(records)
        for place, column in enumerate(columns)
        if not column.personal
    )
    dialect = grammar.dialect
    return Discretion(
        needed=True, marks=dialect.delimiter + dialect.quote + "\r\n", seen=seen, usual=usual, swapped=swapped
    )


def form_of(value: str) -> str:
    """Return the form of a value: runs of digits, letters, kana and kanji as one sign each, all else as it is."""
    text = value.strip()
    if text.isascii():
        return _AGAIN.sub(r"\1", text.translate(_ASCII))
    printed = (character for character in text if character.isprintable())
    return "".join(sign for sign, _ in groupby(map(_sign, printed)))


def _takes_anything(column: Column) -> bool:
    return column.type == "string" and column.pattern is None and column.allowed is None


def _sign(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isascii():
        return "A" if character.isalpha() else character
    if "\u3040" <= character <= "\u30ff" or "\uff66" <= character <= "\uff9f":
        return "あ"
    return "漢" if character.isalpha() else character


# The same in two steps, without a call for each character: most cells are ASCII.
_ASCII = {code: _sign(chr(code)) if chr(code).isprintable() else None for code in range(128)}
_AGAIN = re.compile(r"(.)\1+")


def _records(sample: bytes, grammar: Grammar, places: Sequence[int | None]) -> Iterable[dict[int, str]]:
    position = 0
    while position < len(sample):
        record = grammar.record_at(sample, position, len(sample))
        if record is None:
            position = sample.find(b"\n", position) + 1 or len(sample)
            continue
        position += len(record)
        cells = [grammar.value(cell) for _, cell in grammar.cells(record)]
        if len(cells) == len(places):
            yield {place: cell for place, cell in zip(places, cells, strict=True) if place is not None}


def _fits(value: str, column: Column, decimal: str) -> bool:
    """Whether a value may be one of its column's type, by its form and length."""
    if not value:
        return True
    form = column.form(decimal)
    text = form.plain(value.strip()) if form else value.strip()
    if column.type == "integer":
        return bool(_NUMBER.fullmatch(text)) and len(text) <= _INTEGER_LENGTHS[column.bits or 64] and "." not in text
    if column.type == "decimal":
        found = _NUMBER.fullmatch(text)
        return bool(found) and len(found["whole"]) <= (column.precision or 38) - (column.scale or 0)  # type: ignore[index] # it is one
    if column.type in {"date", "timestamp"}:
        written = column.plain_format or ("%Y-%m-%d" if column.type == "date" else "%Y-%m-%d %H:%M:%S")
        plain = _DIRECTIVE.sub(lambda found: "0" * _DIGITS.get(found[0], 2), written.replace("%z", ""))
        return form_of(text).startswith(form_of(plain)) and len(text) <= len(plain) + (6 if "%z" in written else 0)
    return column.allowed is None or value in column.allowed

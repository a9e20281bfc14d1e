"""A slow reading of a whole file by the words of its contract, which shares nothing with the checker.

Where both agree, two readings agree. Of bytes that cannot be unpacked, only that is told.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any

from suimon.check.verdict import MASK, Code, shown
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from tests.unit.check.oracle_cells import Typed, as_plain, in_key, judge_cell, typed_value
from tests.unit.check.oracle_metrics import is_kept, measure
from tests.unit.check.oracle_text import Reading, UnreadableError, next_line, other_encoding, readings, text_of
from tests.unit.check.oracle_verdict import Expected, Holds, Place

_STRAY = re.compile("[\udc00-\udcff]")
_BOM = "\ufeff"
_FORBIDDEN = {
    Code.ENCODING_ERROR: _STRAY,
    Code.NULL_BYTE: re.compile("\0"),
    Code.CONTROL_CHARACTER: re.compile("[\x1a\x1b]"),
}


def judge(
    contents: bytes, contract: Contract, partition: str | None, conditions: Mapping[str, Holds] | None = None
) -> Expected:
    """Return all that is wrong with a file. `conditions` are the contract's, by name, in Python."""
    dialect = contract.file
    assert dialect is not None
    try:
        text = text_of(contents, dialect)
    except UnreadableError as error:
        return Expected(accepted=False, rows=0, places=(Place(error.code),), damaged=True)
    encoding = other_encoding(contents, dialect)
    return _Judge(contract, dialect, partition, conditions or {}, encoding).file(text)


class _Judge:
    def __init__(
        self,
        contract: Contract,
        dialect: FileFormat,
        partition: str | None,
        conditions: Mapping[str, Holds],
        encoding: str | None,
    ) -> None:
        self.contract, self.dialect, self.partition, self.conditions = contract, dialect, partition, conditions
        self.places: list[Place] = []
        self.width = len(contract.columns)
        self.where: dict[int, Column] = dict(enumerate(contract.columns))  # place in a record -> column
        self.keys: dict[tuple[str, ...], dict[tuple[Typed, ...], int]] = {}
        self.whole: list[dict[str, tuple[str, Typed]]] = []  # per sound record: text and value of each column
        self.sound: dict[int, tuple[str, ...]] = {}
        self.stopped = False
        self.unproven = False  # after a fault of quoting, where the next record starts is a guess
        self.lines: dict[int, int] = {}  # record -> lines beyond its first
        self.encoding = encoding  # that the file is really in, if it is another than declared

    def file(self, text: str) -> Expected:
        if not text:
            return Expected(accepted=False, rows=0, places=(Place(Code.EMPTY_FILE),))
        if text.startswith(_BOM):
            self.add(Code.BYTE_ORDER_MARK, 1)
            text = text[1:]
        place = 0
        for _ in range(self.dialect.skip_lines):
            place = next_line(text, place)
        line = 1 + self.dialect.skip_lines
        if self.dialect.header:
            none = Reading(len(text.removesuffix("\n").split("\n")) + (text != ""), end=len(text))
            first = next(readings(text[place:], self.dialect, line), none)
            self.header(first)
            end = place + first.end
            line, place = line + text.count("\n", place, end), end
            self.header_alone_is_broken(next(readings(text[place:], self.dialect, line), none))
        body, trailer = self.apart(text[place:])
        rows = self.records(readings(body, self.dialect, line))
        # Behind an open quote nothing can be told: neither the trailer nor any metric.
        self.stopped = any(place.code is Code.UNTERMINATED_QUOTE for place in self.places)
        if self.encoding and not self.stopped:
            self.add(Code.WRONG_ENCODING, about=self.encoding)
        if self.dialect.trailer and not self.stopped:
            self.trailer(trailer, text.count("\n", 0, len(text) - 1) + 1, rows)
        return self.settled(rows)

    def apart(self, body: str) -> tuple[str, Reading | None]:
        """Take the last line off, if it is the trailer; if not, it is a record like the others."""
        wanted = self.dialect.trailer
        cut = body.rfind("\n", 0, len(body) - 1) + 1
        last = next(readings(body[cut:], self.dialect), None)
        if wanted is None or last is None or last.fault or last.cells[0][1] != wanted.marker:
            return body, None
        return body[:cut], last

    def add(self, *place: Any, about: str | int | None = None) -> None:
        self.places.append(Place(*place)._replace(about=about))

    def header(self, first: Reading) -> None:
        columns = self.contract.columns
        fold = str.casefold if self.dialect.header_case == "ignore" else str
        labels = [] if first.blank or first.fault else [fold(text) for _, text in first.cells]
        titles = {fold(column.title): column for column in columns}
        self.structure(first, None, len(first.cells), dict.fromkeys(range(len(labels)), None), header=True)
        known = [label for label in labels if label in titles]
        self.where = {labels.index(label): titles[label] for label in known if labels.count(label) == 1}
        if not known:
            # What stands there may be a record: none of it is shown, and nothing of what follows has a name.
            self.places = [place._replace(value=None) for place in self.places]
            if not first.fault:
                self.add(Code.MISSING_HEADER, first.line)
            return
        self.width = len(labels)
        self.labels(labels, titles, first)

    def header_alone_is_broken(self, first: Reading) -> None:
        """Do not blame records that are as wide as the contract for a header that is not. A blank line has no width."""
        readable = first.fault in {None, Code.BYTE_ORDER_MARK} and not first.blank
        as_wide = self.width != len(self.contract.columns) == len(first.cells) and readable
        if self.places and as_wide:
            self.width, self.where = len(first.cells), {}

    def labels(self, labels: list[str], titles: Mapping[str, Column], first: Reading) -> None:
        line = first.line
        for title, column in titles.items():
            if title not in labels and not column.may_be_absent:
                self.add(Code.MISSING_LABEL, line, None, column.name)
        for place, (cell_line, text) in enumerate(first.cells):
            if labels[place] not in titles:
                if self.dialect.extra_columns == "refuse":
                    personal = self.personal and not any(
                        is_like(text, column.title) for column in self.contract.columns
                    )
                    self.add(Code.EXTRA_LABEL, cell_line, None, None, shown(text, personal=personal))
            elif labels.index(labels[place]) < place:
                self.add(Code.DUPLICATE_LABEL, cell_line, None, titles[labels[place]].name)
        if self.dialect.header_order == "fixed":
            there = list(dict.fromkeys(label for label in labels if label in titles))
            for wanted, label in zip((title for title in titles if title in labels), there, strict=True):
                if wanted != label:
                    at = first.cells[labels.index(wanted)][0]
                    self.add(Code.MISPLACED_LABEL, at, None, titles[wanted].name)

    @property
    def personal(self) -> bool:
        return any(column.personal for column in self.contract.columns)

    def records(self, records: Iterator[Reading]) -> int:
        number = 0
        for reading in records:
            blank = reading.blank and self.width > 1
            number += not blank
            if not blank:
                self.lines[number] = max(reading.lines - 1, 0)
            self.unproven |= reading.guessed
            before = len(self.places)
            self.structure(reading, None if blank else number, self.width, self.where)
            if len(self.places) == before:
                self.cells(reading, number)
        return number

    def structure(
        self,
        reading: Reading,
        number: int | None,
        width: int,
        where: Mapping[int, Column | None],
        *,
        header: bool = False,
    ) -> None:
        """Note what is wrong with the form of a record."""
        if reading.fault:
            self.add(reading.fault, reading.line, number, about=reading.about)
            return
        if reading.blank and (self.width > 1 or header):
            self.add(Code.BLANK_ROW, reading.line)
            return
        unwanted = {"lf": "\r\n", "crlf": "\n"}.get(self.dialect.line_ending)
        if reading.ending and reading.ending == unwanted:
            self.add(Code.LINE_ENDING_ERROR, reading.line, number, about="CRLF" if reading.ending == "\r\n" else "LF")
        ragged = len(reading.cells) != width
        if ragged:
            code = Code.EXTRA_CELL if len(reading.cells) > width else Code.MISSING_CELL
            self.add(code, reading.line, number, about=len(reading.cells))
        for code, form in _FORBIDDEN.items():
            bad = [(place, found[0]) for place, (_, text) in enumerate(reading.cells) if (found := form.search(text))]
            for place, first in bad[:1] if ragged else bad:
                shift = 0xDC00 if code is Code.ENCODING_ERROR else 0
                about = None if code is Code.NULL_BYTE else f"0x{ord(first) - shift:02X}"
                line, text = reading.cells[place]
                if ragged:
                    self.add(code, reading.line, number, about=about)
                    continue
                column = where.get(place)
                hidden = self.personal if header else bool(column and column.personal)
                value = shown(text, personal=hidden) if column or header else None
                self.add(code, line, number, column.name if column else None, value, about=about)

    def cells(self, reading: Reading, number: int) -> None:
        """Judge the cells of a record of sound form, its keys and its conditions."""
        self.sound[number] = tuple(text for _, text in reading.cells)
        values: dict[str, tuple[str, Typed]] = {}
        line_of: dict[str, int] = {}
        told: dict[str, str] = {}
        for place, (line, text) in enumerate(reading.cells):
            if (column := self.where.get(place)) is None:
                continue
            required = column.required or column.name in self.contract.primary_key
            value = shown(text, personal=column.personal)
            for code in judge_cell(column, text, self.dialect, self.partition, required=required):
                self.add(code, line, number, column.name, None if code is Code.REQUIRED_ERROR else value)
            values[column.name] = (as_plain(column, text, self.dialect), typed_value(column, text, self.dialect))
            line_of[column.name] = line
            told[column.name] = shown(text, personal=column.personal)
        for column in self.contract.columns:
            if column.unique and (first := self.repeated((column.name,), values, number)):
                self.add(Code.UNIQUE_ERROR, line_of[column.name], number, column.name, told[column.name], about=first)
        key = self.contract.primary_key
        if key and (first := self.repeated(key, values, number, "key")):
            value = ", ".join(told[name] for name in key)
            self.add(Code.PRIMARY_KEY_ERROR, line_of[key[0]], number, ", ".join(key), value, about=first)
        for condition in self.contract.conditions:
            read = [values[name][1] for name in condition.columns if name in values]
            if len(read) < len(condition.columns) or ("{ds}" in condition.sql and self.partition is None):
                continue
            dated = (
                [date.fromisoformat(self.partition).toordinal()] if self.partition and "{ds}" in condition.sql else []
            )
            if self.conditions[condition.name](*dated, *read) is False:
                value = ", ".join(f"{name}={told[name]}" for name in condition.columns)
                self.add(Code.CONDITION_ERROR, reading.line, number, None, value)
        self.whole.append(values)

    def repeated(
        self, names: tuple[str, ...], values: Mapping[str, tuple[str, Typed]], number: int, kind: str = "unique"
    ) -> int | None:
        """Return the record that had the same key first, if there is an earlier one."""
        key = tuple(in_key(values[name][1]) for name in names if name in values)
        if len(key) < len(names) or None in key:
            return None
        first = self.keys.setdefault((kind, *names), {}).setdefault(key, number)
        return first if first != number else None

    def trailer(self, found: Reading | None, line: int, rows: int) -> None:
        wanted = self.dialect.trailer
        assert wanted is not None
        if not found:
            self.add(Code.MISSING_TRAILER, line)
            return
        before = len(self.places)
        self.structure(found, None, len(found.cells), {})
        self.places[before:] = [place._replace(line=line, value=None) for place in self.places[before:]]
        cells = [text for _, text in found.cells]
        padded = (*cells, *[""] * 9)  # a cell that is not there is empty
        if wanted.count is not None:
            said = padded[wanted.count - 1]
            if not re.fullmatch("[0-9]+", said) or int(said) != rows:
                self.add(
                    Code.TRAILER_COUNT_ERROR,
                    line,
                    None,
                    None,
                    shown(said, personal=not re.fullmatch("[+-]?[0-9]*([.,][0-9]*)?", said)),
                )
        broken = {place.column for place in self.places if place.code is Code.TYPE_ERROR}
        if len(self.whole) < rows:
            return
        for name, place in wanted.sums:
            if name in broken or name not in {column.name for column in self.where.values()}:
                continue
            total = sum(Fraction(Decimal(str(values[name][1] or 0))) for values in self.whole)
            column = next(column for column in self.contract.columns if column.name == name)
            said = as_plain(column, padded[place - 1], self.dialect)
            form = rf"[+-]?[0-9]+({re.escape(self.dialect.decimal)}[0-9]+)?"
            if not re.fullmatch(form, said) or Fraction(said.replace(",", ".")) != total:
                self.add(Code.TRAILER_SUM_ERROR, line, None, name, shown(said, personal=column.personal))

    def settled(self, rows: int) -> Expected:
        bad = {place.record for place in self.places if place.record}
        beyond = any(place.record is None for place in self.places) or self.stopped or self.unproven
        beyond |= any(place.code is Code.BYTE_ORDER_MARK for place in self.places)  # files were joined
        measured = []
        there = {column.name for column in self.where.values()}
        for metric in self.contract.metrics:
            if self.stopped or not there.issuperset(metric.columns):
                continue
            value = measure(metric, self.whole, self.dialect.null_tokens, rows)
            kept = is_kept(metric, value, rows)
            measured.append((metric, value, kept))
            if not kept and metric.severity == "error":
                beyond = True
                code = Code.ROW_COUNT_ERROR if metric.name == "rowCount" else Code.QUALITY_ERROR
                self.add(code, None, None, ", ".join(metric.columns) or None)
        keys = {Code.UNIQUE_ERROR, Code.PRIMARY_KEY_ERROR}
        broken = {place.record for place in self.places if place.record and place.code not in keys}
        more = sum(self.lines[record] for record in broken)  # a record of many lines may have been as many records
        tolerated = bad and not beyond and len(bad) < rows and self.tolerated(len(bad) + more, rows + more)
        return Expected(
            accepted=not self.places or bool(tolerated),
            rows=rows,
            places=tuple(self.places),
            measured=tuple(measured),
            bad_records=len(bad),
            set_aside=len(bad) if tolerated else 0,
            sound=self.sound,
            places_of={column.name: place for place, column in self.where.items()},
        )

    def tolerated(self, bad: int, rows: int) -> bool:
        wanted = self.contract.tolerance
        if wanted is None:
            return False
        enough = wanted.max_rows is None or bad <= wanted.max_rows
        return enough and (wanted.max_percent is None or Decimal(100 * bad) <= Decimal(wanted.max_percent) * rows)


def is_like(label: str, title: str) -> bool:
    """Whether a label is a title but for case, blanks, width and a slip of the pen."""
    one, other = ("".join(unicodedata.normalize("NFKC", text).casefold().split()) for text in (label, title))
    return one == other or SequenceMatcher(None, one, other).ratio() > 0.85


def without_hidden(places: Iterable[Place], found: Iterable[Place]) -> list[Place]:
    """Return places without their values if any that was found is masked; what is masked has tests of its own."""
    hidden = any(place.value and MASK in place.value for place in found)
    return [place._replace(value=None) if hidden else place for place in places]

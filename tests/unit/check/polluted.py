"""Files with one fault each, and where it must be found: every fault in every dialect, at several records.

Nothing here asks the checker: where a fault lies follows from how the file was written.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from suimon.check.verdict import Code
from tests.unit.check.polluted_sheet import (
    BROKEN,
    COLUMNS,
    DAY,
    LAYOUTS,
    POSITIONS,
    RECORDS,
    STRAY,
    Layout,
    Place,
    Sheet,
)

Pollute = Callable[[Sheet, int], list[Place] | None]
FAULTS: dict[str, Pollute] = {}


def fault(name: str) -> Callable[[Pollute], Pollute]:
    """Register a way to pollute a sheet; None where the dialect cannot have that fault."""

    def register(pollute: Pollute) -> Pollute:
        FAULTS[name] = pollute
        return pollute

    return register


def _cell(column: str, raw: str, code: Code) -> Pollute:
    def pollute(sheet: Sheet, record: int) -> list[Place] | None:
        if sheet.dialect.delimiter in raw:
            if not sheet.dialect.quote:
                return None
            sheet.put(record, column, sheet.quoted(raw))
        else:
            sheet.put(record, column, raw.replace(".", sheet.dialect.decimal) if column == "price" else raw)
        return [sheet.at(code, record, column)]

    return pollute


CELLS: tuple[tuple[str, str, str, Code], ...] = (
    ("no value", "code", "", Code.REQUIRED_ERROR),
    ("no price", "price", "", Code.REQUIRED_ERROR),
    ("small letters", "code", "ab123", Code.PATTERN_ERROR),
    ("a blank behind", "code", "AB123 ", Code.PATTERN_ERROR),
    ("full-width letters", "code", "ＡＢ１２３", Code.PATTERN_ERROR),
    ("nine characters", "name", "あいうえおかきくけ", Code.MAX_LENGTH_ERROR),
    ("letters in a number", "qty", "12a", Code.TYPE_ERROR),
    ("full-width digits", "qty", "１２", Code.TYPE_ERROR),
    ("thousands", "qty", "1,200", Code.TYPE_ERROR),
    ("a fraction", "qty", "1.0", Code.TYPE_ERROR),
    ("a blank before", "qty", " 5", Code.TYPE_ERROR),
    ("hexadecimal", "qty", "0x1F", Code.TYPE_ERROR),
    ("underscore", "qty", "1_0", Code.TYPE_ERROR),
    ("33 bits", "qty", "4294967296", Code.TYPE_ERROR),
    ("below", "qty", "0", Code.MINIMUM_ERROR),
    ("above", "qty", "101", Code.MAXIMUM_ERROR),
    ("negative price", "price", "-1.50", Code.MINIMUM_ERROR),
    ("three decimals", "price", "1.234", Code.TYPE_ERROR),
    ("exponent", "price", "1e3", Code.TYPE_ERROR),
    ("seven digits", "price", "1234567.00", Code.TYPE_ERROR),
    ("not a number", "price", "NaN", Code.TYPE_ERROR),
    ("currency", "price", "100円", Code.TYPE_ERROR),
    ("30 February", "day", "2026-02-30", Code.TYPE_ERROR),
    ("slashes", "day", "2026/11/20", Code.TYPE_ERROR),
    ("no zeros", "day", "2026-11-2", Code.TYPE_ERROR),
    ("epoch", "day", "epoch", Code.TYPE_ERROR),
    ("yesterday", "day", "2026-11-19", Code.PARTITION_ERROR),
    ("24 o'clock", "at", f"{DAY} 24:00:00", Code.TYPE_ERROR),
    ("leap second", "at", f"{DAY} 23:59:60", Code.TYPE_ERROR),
    ("with T", "at", f"{DAY}T01:00:00", Code.TYPE_ERROR),
    ("capitals", "ok", "TRUE", Code.TYPE_ERROR),
    ("a figure for a word", "ok", "1", Code.TYPE_ERROR),
    ("unknown kind", "kind", "C", Code.ALLOWED_VALUES_ERROR),
    ("small kind", "kind", "a", Code.ALLOWED_VALUES_ERROR),
)
for _name, _column, _raw, _code in CELLS:
    FAULTS[f"{_column}: {_name}"] = _cell(_column, _raw, _code)


@fault("a key twice")
def _twice(sheet: Sheet, record: int) -> list[Place]:
    earlier = 1 if record > 1 else 2
    sheet.put(record, "code", sheet.records[earlier - 1][0])
    return [sheet.at(Code.UNIQUE_ERROR, max(record, earlier), "code")]


@fault("a condition")
def _condition(sheet: Sheet, record: int) -> list[Place]:
    sheet.put(record, "qty", "13")
    sheet.put(record, "kind", "B")
    return [sheet.at(Code.CONDITION_ERROR, record)]


@fault("a cell too many")
def _extra(sheet: Sheet, record: int) -> list[Place]:
    sheet.records[record - 1].append("x")
    return [sheet.at(Code.EXTRA_CELL, record)]


@fault("a cell too few")
def _missing(sheet: Sheet, record: int) -> list[Place]:
    del sheet.records[record - 1][-1]
    return [sheet.at(Code.MISSING_CELL, record)]


@fault("a delimiter in a cell")
def _delimiter(sheet: Sheet, record: int) -> list[Place]:
    sheet.put(record, "name", f"a{sheet.dialect.delimiter}b")
    return [sheet.at(Code.EXTRA_CELL, record)]


@fault("a record in two lines")
def _split(sheet: Sheet, record: int) -> list[Place]:
    cells, end = sheet.records[record - 1], sheet.ends[record - 1]
    sheet.records[record - 1 : record] = [cells[:3], cells[3:]]
    sheet.ends.insert(record, end)
    return [sheet.at(Code.MISSING_CELL, record), sheet.at(Code.MISSING_CELL, record + 1)]


@fault("an empty line")
def _blank(sheet: Sheet, record: int) -> list[Place]:
    sheet.records.insert(record - 1, [""])
    sheet.ends.insert(record - 1, sheet.layout.end)
    return [Place(Code.BLANK_ROW, sheet.line(record))]  # an empty line is no record


@fault("NUL")
def _nul(sheet: Sheet, record: int) -> list[Place]:
    sheet.put(record, "name", "a\0b")
    return [sheet.at(Code.NULL_BYTE, record, "name")]


@fault("the end mark of DOS")
def _end_mark(sheet: Sheet, record: int) -> list[Place]:
    sheet.put(record, "name", "a\x1ab")
    return [sheet.at(Code.CONTROL_CHARACTER, record, "name")]


@fault("a stray byte")
def _stray(sheet: Sheet, record: int) -> list[Place] | None:
    if sheet.dialect.encoding == "utf-16":
        return None
    sheet.put(record, "name", f"a{STRAY}")
    return [sheet.at(Code.ENCODING_ERROR, record, "name")]


@fault("a quote inside")
def _inside(sheet: Sheet, record: int) -> list[Place] | None:
    if not sheet.dialect.quote:
        return None
    sheet.put(record, "name", f"a{sheet.dialect.quote}b")
    return [sheet.at(Code.QUOTE_ERROR, record)]


@fault("text behind a quote")
def _behind(sheet: Sheet, record: int) -> list[Place] | None:
    if not sheet.dialect.quote:
        return None
    sheet.put(record, "name", f"{sheet.quoted('a')}b")
    return [sheet.at(Code.QUOTE_ERROR, record)]


@fault("a quote that is never closed")
def _open(sheet: Sheet, record: int) -> list[Place] | None:
    if not sheet.dialect.quote or record < BROKEN:  # before another quoted cell it is closed by that
        return None
    sheet.put(record, "name", f"{sheet.dialect.quote}a")
    return [sheet.at(Code.UNTERMINATED_QUOTE, record)]


@fault("CR alone")
def _cr(sheet: Sheet, record: int) -> list[Place] | None:
    if record == len(sheet.records):
        return None
    sheet.ends[record - 1] = "\r"
    cells = sheet.records.pop(record)
    del sheet.ends[record]
    end = sheet.layout.end
    place = sheet.at(Code.LINE_ENDING_ERROR, record)
    sheet.records[record - 1] += ["\r".join([sheet.records[record - 1].pop(), cells[0]]), *cells[1:]]
    sheet.ends[record - 1] = end
    return [place]


@fault("another line ending")
def _ending(sheet: Sheet, record: int) -> list[Place] | None:
    if sheet.dialect.line_ending == "any":
        return None
    sheet.ends[record - 1] = "\n" if sheet.layout.end == "\r\n" else "\r\n"
    return [sheet.at(Code.LINE_ENDING_ERROR, record)]


@fault("a byte order mark inside")
def _mark(sheet: Sheet, record: int) -> list[Place] | None:
    if not sheet.dialect.encoding.startswith("utf") or record == 1:
        return None
    sheet.put(record, "code", f"\ufeff{sheet.records[record - 1][0]}")
    return [sheet.at(Code.BYTE_ORDER_MARK, record)]


@fault("a label renamed")
def _renamed(sheet: Sheet, record: int) -> list[Place] | None:
    if not sheet.dialect.header:
        return None
    column = COLUMNS[record % len(COLUMNS)]
    sheet.labels[COLUMNS.index(column)] = "zzz"
    line = sheet.line(None)
    return [Place(Code.EXTRA_LABEL, line), Place(Code.MISSING_LABEL, line, None, column)]


@fault("columns swapped")
def _swapped(sheet: Sheet, record: int) -> list[Place] | None:
    if not sheet.dialect.header:
        return None
    one = record % (len(COLUMNS) - 1)
    for cells in (sheet.labels, *sheet.records):
        cells[one], cells[one + 1] = cells[one + 1], cells[one]
    return [Place(Code.MISPLACED_LABEL, sheet.line(None), None, COLUMNS[place]) for place in (one, one + 1)]


@fault("another encoding")
def _encoding(sheet: Sheet, record: int) -> list[Place] | None:
    if sheet.dialect.encoding not in {"cp932", "shift_jis", "euc-jp"} or record > 1:
        return None
    sheet.encoding = "utf-8"
    return [Place(Code.WRONG_ENCODING)]


@fault("cut off")
def _cut(sheet: Sheet, record: int) -> list[Place] | None:
    if sheet.dialect.compression != "gzip":
        return None
    sheet.repack = lambda packed: packed[: -record - 8]
    return [Place(Code.TRUNCATED_FILE)]


@fault("not compressed")
def _plain(sheet: Sheet, record: int) -> list[Place] | None:
    if sheet.dialect.compression != "gzip" or record > 1:
        return None
    sheet.repack = gzip.decompress
    return [Place(Code.COMPRESSION_ERROR)]


@fault("damaged")
def _damaged(sheet: Sheet, record: int) -> list[Place] | None:
    if sheet.dialect.compression != "gzip":
        return None
    sheet.repack = lambda packed: packed[:-6] + bytes(byte ^ record for byte in packed[-6:-5]) + packed[-5:]
    return [Place(Code.COMPRESSION_ERROR)]


@fault("no byte")
def _empty(sheet: Sheet, record: int) -> list[Place] | None:
    if sheet.dialect.compression != "none" or record > 1:
        return None
    sheet.repack = lambda _: b""
    return [Place(Code.EMPTY_FILE)]


@fault("a trailer that counts wrong")
def _count(sheet: Sheet, record: int) -> list[Place] | None:
    if sheet.dialect.trailer is None:
        return None
    total = sum(float(cells[3]) for cells in sheet.records)
    sheet.trailer = f"END,{RECORDS + record},{total:.2f}\n"
    return [Place(Code.TRAILER_COUNT_ERROR, sheet.line(RECORDS) + 1)]


@fault("a trailer that sums wrong")
def _sum(sheet: Sheet, record: int) -> list[Place] | None:
    if sheet.dialect.trailer is None:
        return None
    sheet.trailer = f"END,{RECORDS},{record}.00\n"
    return [Place(Code.TRAILER_SUM_ERROR, sheet.line(RECORDS) + 1, None, "price")]


@fault("no trailer")
def _no_trailer(sheet: Sheet, record: int) -> list[Place] | None:
    if sheet.dialect.trailer is None:
        return None
    del sheet.records[record:], sheet.ends[record:]
    sheet.trailer = ""
    return [Place(Code.MISSING_TRAILER, sheet.line(record))]


@dataclass(frozen=True)
class Polluted:
    """One file with one fault."""

    layout: Layout
    fault: str
    record: int

    def __str__(self) -> str:
        return f"{self.layout.name}: {self.fault} at {self.record}"

    def made(self) -> tuple[bytes, list[Place]]:
        """Return the bytes, and what must be found in them."""
        sheet = Sheet(self.layout)
        places = FAULTS[self.fault](sheet, self.record)
        assert places is not None
        return sheet.written(), places


def polluted() -> Iterator[Polluted]:
    """Yield every file."""
    for layout in LAYOUTS:
        for name, pollute in FAULTS.items():
            for record in POSITIONS:
                if pollute(Sheet(layout), record) is not None:
                    yield Polluted(layout, name, record)

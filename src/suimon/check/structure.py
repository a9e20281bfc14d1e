"""Going through a piece of a file: good records in runs, broken ones one by one, each fault at its place."""

import sys
from array import array
from collections import Counter
from dataclasses import dataclass, field, replace

from suimon.check.grammar import BYTE_ORDER_MARK, MAX_RECORD_BYTES, WANTED, Grammar
from suimon.check.verdict import Code, Details, Shared, shared

# How far records that are broken like one before are counted at once.
_ALIKE_BYTES = 64 * 1024

# A piece that is torn into more runs is settled in parts: each run is remembered.
MAX_RUNS = 100_000

_Kind = tuple[Code, int | None, Shared]


@dataclass(frozen=True, slots=True)
class Fault:
    """A broken rule of structure. Lines and records are counted from 1 within what was scanned.

    `cell` is the place in the record where there is one, `value` its text.
    """

    code: Code
    line: int
    record: int | None
    cell: int | None = None
    value: str | None = None
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """`count` good records in a row: bytes from `start` to `end`, the first of them as it is numbered."""

    start: int
    end: int
    record: int
    line: int
    count: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that is broken."""

    start: int
    end: int
    record: int
    line: int


@dataclass(slots=True)
class Scan:
    """What a piece of a file is made of, in its order. Faults beyond those that were asked for are only counted."""

    runs: list[Run] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unlisted: Counter[_Kind] = field(default_factory=Counter)
    bad: "array[int]" = field(default_factory=lambda: array("q"))  # numbers of the broken records, if asked for
    broken: list[Broken] = field(default_factory=list)  # if asked for
    records: int = 0
    end: int = 0  # where reading stopped: before an open quote that the next piece may close, or after MAX_RUNS
    stopped: bool = False  # after a fault behind which records cannot be told apart, or when it is `full`
    full: bool = False  # reading ended after as many faults as were asked for at most
    steps: int = 0  # records that were looked at one by one
    unproven: bool = False  # after a fault of quoting, where the next record was taken to start is a guess
    extra_lines: int = 0  # of the broken records, beyond one each: as many records may have been lost in them


def scan(
    grammar: Grammar,
    text: bytes,
    *,
    last: bool,
    room: int | None = None,
    most: int | None = None,
    numbers: bool = False,
    keep: bool = False,
) -> Scan:
    """Return good records from broken ones. Unless it is the `last`, a piece ends with a line's end.

    Stop after `most` records that had to be looked at one by one: each takes some 25 microseconds.

    List the first `room` faults, all if None; the `numbers` of all broken records; `keep` these themselves. Without the
    last two, memory is bounded by the room, whatever is wrong with however many records.
    """
    return _Scanner(grammar, text, last=last, room=room, most=most, numbers=numbers, keep=keep).scan()


def first_record(grammar: Grammar, text: bytes, *, last: bool) -> tuple[tuple[str, ...], list[Fault], int]:
    """Read one record of any width: its cells, its faults, where it ends. Without cells when it is broken."""
    scanner = _Scanner(grammar, text, last=last)
    window = min(len(text), MAX_RECORD_BYTES)
    record = grammar.record_at(text, 0, window)
    if record is None:
        end = scanner.broken(0, window)
        return (), scanner.found.faults, len(text) if end is None else end
    if not record.rstrip(b"\r\n"):
        return ("",), [Fault(Code.BLANK_ROW, 1, None)], len(record)
    cells = tuple(grammar.value(cell) for _, cell in grammar.cells(record))
    scanner.fault_ending(record, 1)
    scanner.fault_stains(record, 1, ragged=False)
    return cells, scanner.found.faults, len(record)


class _Scanner:
    """One piece of a file, read from its beginning to its end."""

    def __init__(
        self,
        grammar: Grammar,
        text: bytes,
        *,
        last: bool,
        room: int | None = None,
        most: int | None = None,
        numbers: bool = False,
        keep: bool = False,
    ) -> None:
        self._grammar, self._text, self._last = grammar, text, last
        self._most = sys.maxsize if most is None else most
        self._room, self._numbers, self._keep = room, numbers, keep
        self._line = 1
        self._kinds = list[_Kind]()  # of the faults of the record at hand
        self.found = Scan()

    def scan(self) -> Scan:
        grammar, text, found = self._grammar, self._text, self.found
        position = 0
        while position < len(text) and not found.stopped and len(found.runs) < MAX_RUNS:
            window = min(len(text), position + MAX_RECORD_BYTES)
            if grammar.comment and text.startswith(grammar.comment, position):
                position = _next_line(text, position)
                self._line += 1
            elif (end := grammar.good_until(text, position, window)) > position:
                position = self._sound(position, end)
            elif (broken := self.broken(position, window)) is not None:
                position = broken
            else:
                break
            if found.steps >= self._most and position < len(text):
                found.stopped = found.full = True
        found.end = position
        return found

    def broken(self, start: int, window: int) -> int | None:
        """Name what is wrong with the record at `start`; give where it ends, None when the next piece may end it."""
        grammar, text = self._grammar, self._text
        self.found.steps += 1
        if grammar.is_marked(text, start):
            return self._marked(start, window)
        if record := grammar.record_at(text, start, window):
            return self._whole(start, record)
        fault, where = grammar.first_fault(text, start, window)
        if fault is None and window == len(text) and not self._last:
            return None
        end = len(text) if fault is None else _next_line(text, where)
        number, breaks = self._number(start, end), text.count(b"\n", start, where)
        quote = grammar.dialect.quote.encode()
        self.found.unproven |= bool(quote) and quote in text[start:end]
        to: Details = {"to": self._line + breaks} if breaks else {}
        if fault is None:
            self._fault(self._endless(start, window, number))
            self.found.stopped = True
        else:
            self._fault(Fault(fault[0], self._line, number, details={**fault[1], **to}))
        self._line += text.count(b"\n", start, end)
        return end

    def _marked(self, start: int, window: int) -> int | None:
        """Report a byte order mark before a record: two files were joined. The record is passed over as broken."""
        grammar, text = self._grammar, self._text
        after = start + len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK, start) else start
        if record := grammar.record_at(text, after, window):
            end = after + len(record)
        elif window == len(text) and not self._last and grammar.first_fault(text, after, window)[0] is None:
            return None
        else:
            end = _next_line(text, start)
        self._fault(Fault(Code.BYTE_ORDER_MARK, self._line, self._number(start, end)))
        self._line += text.count(b"\n", start, end)
        return end

    def fault_ending(self, record: bytes, number: int) -> None:
        """Report of a line ending that the dialect does not declare."""
        ending, wanted = "CRLF" if record.endswith(b"\r\n") else "LF", WANTED[self._grammar.dialect.line_ending]
        if record.endswith(b"\n") and ending not in wanted.split():
            details = {"found": ending, "wanted": wanted}
            self._fault(Fault(Code.LINE_ENDING_ERROR, self._line, number, details=details))

    def fault_stains(self, record: bytes, number: int, *, ragged: bool) -> None:
        """Report of every cell that holds a NUL or a stray byte; of a ragged record, without a column."""
        grammar = self._grammar
        # Where cells have no columns, the record is one text.
        parts = [(0, record)] if ragged else grammar.cells(record)
        for place, (start, raw) in enumerate(parts):
            stray, null, control = grammar.stray(raw), b"\0" in raw, grammar.control(raw)
            if stray is None and control is None and not null:
                continue
            cell, value = (None, None) if ragged else (place, grammar.value(raw))
            line = self._line + record.count(b"\n", 0, start)
            if stray is not None:
                details = {"byte": f"0x{stray:02X}", "encoding": grammar.dialect.encoding}
                self._fault(Fault(Code.ENCODING_ERROR, line, number, cell, value, details))
            if null:
                self._fault(Fault(Code.NULL_BYTE, line, number, cell, value))
            if control is not None:
                self._fault(Fault(Code.CONTROL_CHARACTER, line, number, cell, value, {"byte": f"0x{control:02X}"}))

    def _sound(self, start: int, end: int) -> int:
        """Take good records in, those apart that hold bytes which are no text; return where the last of them ends."""
        grammar, text, position = self._grammar, self._text, start
        while (stain := grammar.stain_at(text, position, end)) is not None:
            if self.found.steps >= self._most:
                return position
            self.found.steps += 1
            before = grammar.good_until(text, position, stain)
            self._take(position, before)
            match = grammar.record(text, before, end)
            self.fault_stains(match[0], self._number(before, match.end()), ragged=False)
            self._line += match[0].count(b"\n")
            position = match.end()
        self._take(position, end)
        return end

    def _take(self, start: int, end: int) -> None:
        if start == end:
            return
        found, count = self.found, self._grammar.count(self._text, start, end)
        if found.runs and found.runs[-1].end == start:
            found.runs[-1] = replace(found.runs[-1], end=end, count=found.runs[-1].count + count)
        else:
            found.runs.append(Run(start, end, found.records + 1, self._line, count))
        found.records += count
        self._line += self._text.count(b"\n", start, end)

    def _whole(self, start: int, record: bytes) -> int:
        """Name what is wrong with a record whose cells can be told apart, and with those that follow and are alike."""
        width, end = self._grammar.width_of(record), start + len(record)
        blank = not record.rstrip(b"\r\n") and self._grammar.width > 1
        only_counted = self._room is not None and len(self.found.faults) >= self._room
        self._kinds.clear()
        if blank:
            self._fault(Fault(Code.BLANK_ROW, self._line, None))
        else:
            number = self._number(start, end)
            if width != self._grammar.width:
                code = Code.EXTRA_CELL if width > self._grammar.width else Code.MISSING_CELL
                details = {"cells": width, "expected": self._grammar.width}
                self._fault(Fault(code, self._line, number, details=details))
            self.fault_ending(record, number)
            self.fault_stains(record, number, ragged=width != self._grammar.width)
        self._line += record.count(b"\n")
        if (
            only_counted
            and not self._keep
            and record.endswith(b"\n")
            and self._grammar.stain_at(record, 0, len(record)) is None
        ):
            return self._alike(end, record, width, blank=blank)
        return end

    def _alike(self, start: int, record: bytes, width: int, *, blank: bool) -> int:
        """Count the records that follow and are broken in the same way; give where they end."""
        grammar, text, found = self._grammar, self._text, self.found
        ending = b"\r\n" if record.endswith(b"\r\n") else b"\n"
        width = 0 if blank else width
        end = grammar.alike_until(text, start, min(len(text), start + _ALIKE_BYTES), width, ending)
        if (stain := grammar.stain_at(text, start, end)) is not None:
            end = grammar.alike_until(text, start, stain, width, ending)
        if end == start:
            return end
        count = text.count(ending, start, end) if blank else grammar.count(text, start, end)
        for kind in self._kinds:
            found.unlisted[kind] += count
        if not blank:
            if self._numbers:
                found.bad.extend(range(found.records + 1, found.records + count + 1))
            found.records += count
            found.extra_lines += text.count(b"\n", start, end) - count
        self._line += text.count(b"\n", start, end)
        return end

    def _number(self, start: int, end: int) -> int:
        """Count a broken record; give its number."""
        found = self.found
        found.records += 1
        self._kinds.clear()
        found.extra_lines += max(self._text.count(b"\n", start, end) - (self._text[end - 1 : end] == b"\n"), 0)
        if self._numbers:
            found.bad.append(found.records)
        if self._keep:
            found.broken.append(Broken(start, end, found.records, self._line))
        return found.records

    def _fault(self, fault: Fault) -> None:
        kind = fault.code, fault.cell, shared(fault.details)
        self._kinds.append(kind)
        if self._room is None or len(self.found.faults) < self._room:
            self.found.faults.append(fault)
        else:
            self.found.unlisted[kind] += 1

    def _endless(self, start: int, window: int, number: int) -> Fault:
        text = self._text
        if (self._grammar.dialect.quote and b"\n" in text[start:window]) or window == len(text):
            size = 0 if window == len(text) else MAX_RECORD_BYTES
            return Fault(Code.UNTERMINATED_QUOTE, self._line, number, details={"bytes": size})
        return Fault(Code.RECORD_TOO_LONG, self._line, number, details={"bytes": MAX_RECORD_BYTES})


def _next_line(text: bytes, position: int) -> int:
    return text.find(b"\n", position) + 1 or len(text)

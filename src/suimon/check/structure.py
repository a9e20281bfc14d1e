"""Going through a piece of a file: good records in runs, broken ones one by one, each fault at its place."""

import sys
from collections.abc import Callable

from suimon.check.grammar import BYTE_ORDER_MARK, MAX_RECORD_BYTES, WANTED, Grammar
from suimon.check.many_faults import ManyFaults
from suimon.check.scanned import MAX_RUNS, Broken, Fault, Kind, Run, Scan
from suimon.check.verdict import Code, Details, shared

# How far records that are broken like one before are counted at once.
_ALIKE_BYTES, _MANY_ALIKE_BYTES = 64 * 1024, 1024
# How far records between comments are taken at once.
_SHORTEST_STRETCH, _LONGEST_STRETCH = 1024, 256 * 1024

_NONE: Details = {}
MOST_KEPT = 100  # faults of a record, which may have a thousand cells; one more tells that there are more


def scan(
    grammar: Grammar,
    text: bytes,
    *,
    last: bool,
    room: int | None = None,
    most: int | None = None,
    numbers: bool = False,
    keep: bool = False,
    ended: Callable[[], bool] = bool,
) -> Scan:
    """Return good records from broken ones. Unless it is the `last`, a piece ends with a line's end.

    Stop after `most` records that had to be looked at one by one: each takes some ten microseconds. Stop, too, once
    reading has `ended` before this piece, so that nobody asks what was found in it.

    List the first `room` faults, all if None; the `numbers` of all broken records; `keep` these themselves, with a
    hundred faults each. Without the last two, memory is bounded by the room, whatever is wrong with however many
    records.
    """
    return _Scanner(grammar, text, last=last, room=room, most=most, numbers=numbers, keep=keep).scan(ended)


def first_record(grammar: Grammar, text: bytes, *, last: bool) -> tuple[tuple[str, ...], list[Fault], int]:
    """Read one record of any width: its cells, its faults, where it ends. Without cells when it is broken."""
    scanner = _Scanner(grammar, text, last=last)
    window = min(len(text), MAX_RECORD_BYTES)
    record = grammar.record_at(text, 0, window)
    if record is None or grammar.is_marked(text, 0):
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
        self._line, self._stretch = 1, _SHORTEST_STRETCH
        self._kinds = list[Kind]()  # of the faults of the record at hand
        self._known = dict[tuple[Code, int | None], Kind]()
        self.found = Scan()
        self._many = ManyFaults(grammar, text, self.found, numbers, keep)

    def scan(self, ended: Callable[[], bool]) -> Scan:
        grammar, text, found = self._grammar, self._text, self.found
        position = 0
        while position < len(text) and not found.stopped and len(found.runs) < MAX_RUNS:
            window = min(len(text), position + MAX_RECORD_BYTES)
            if (counted := self._count_many(position, window)) > position:
                position = counted
            elif grammar.comment and text.startswith(grammar.comment, position):
                position = self._commented(position, window)
            elif (end := grammar.good_until(text, position, window)) > position:
                position = self._sound(position, end)
            elif (broken := self.broken(position, window)) is not None:
                position = broken
            else:
                break
            if (found.steps >= self._most or ended()) and position < len(text):
                found.stopped = found.full = True
        found.end = position
        return found

    def _count_many(self, start: int, end: int) -> int:
        """Count records many at a time where the last broken one is near, and no fault is listed any more."""
        if self._lists or not self._many.near(start) or self.found.steps >= self._most:
            return start
        after, self._line = self._many.count(start, end, self._line)
        return after

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
            code, size = self._endless(start, window)
            self._fault(code, number, details={"bytes": size})
            self.found.stopped = True
        else:
            self._fault(fault[0], number, details={**fault[1], **to})
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
        self._fault(Code.BYTE_ORDER_MARK, self._number(start, end))
        self._line += text.count(b"\n", start, end)
        return end

    def fault_ending(self, record: bytes, number: int) -> None:
        """Report of a line ending that the dialect does not declare."""
        ending, wanted = "CRLF" if record.endswith(b"\r\n") else "LF", WANTED[self._grammar.dialect.line_ending]
        if record.endswith(b"\n") and ending not in wanted.split():
            self._fault(Code.LINE_ENDING_ERROR, number, details={"found": ending, "wanted": wanted})

    def fault_stains(self, record: bytes, number: int, *, ragged: bool) -> bool:
        """Report every cell that holds a control character or a stray byte; of a ragged record, without a column.

        Return whether there is any.
        """
        grammar, found = self._grammar, False
        # Where cells have no columns, the record is one text.
        parts = [(None, 0, record)] if ragged else grammar.stained_cells(record)
        for cell, start, raw in parts:
            for code, details in grammar.stains(raw):
                found = True
                value = grammar.value(raw) if cell is not None and self._lists else None
                self._fault(code, number, cell, value, record.count(b"\n", 0, start), details)
        return found

    def _sound(self, start: int, end: int) -> int:
        """Take good records in, those apart that hold bytes which are no text; return where the last of them ends."""
        grammar, text, position = self._grammar, self._text, start
        lines = not grammar.has_quotes(text, start, end)  # every record is one
        while (stain := grammar.stain_at(text, position, end)) is not None:
            if self.found.steps >= self._most:
                return position
            if (counted := self._count_many(position, end)) > position:
                position = counted
                continue
            self.found.steps += 1
            if lines:
                before = text.rfind(b"\n", position, stain) + 1 or position
                after = text.find(b"\n", stain, end) + 1 or end
            else:
                before = grammar.good_until(text, position, stain)
                after = grammar.record(text, before, end).end()
            self._take(position, before)
            record = text[before:after]
            self.fault_stains(record, self._number(before, after), ragged=False)
            self._line += record.count(b"\n")
            position = after
        self._take(position, end)
        return end

    def _commented(self, start: int, window: int) -> int:
        """Pass over a comment, and take what follows in with it as long as that is good records and comments."""
        grammar, text, found = self._grammar, self._text, self.found
        end = grammar.commented_until(text, start, min(window, start + self._stretch))
        records = grammar.without_comments(text[start:end])
        if end > start and grammar.stain_at(records, 0, len(records)) is None:
            self._stretch = min(2 * self._stretch, _LONGEST_STRETCH)
            if records:
                count = grammar.count(records, 0, len(records))
                found.runs.append(Run(start, end, found.records + 1, self._line, count, commented=True))
                found.records += count
            self._line += text.count(b"\n", start, end)
            return end
        self._stretch = _SHORTEST_STRETCH  # where much is broken, little is gone through in vain
        self._line += 1
        return _next_line(text, start)

    def _take(self, start: int, end: int) -> None:
        if start == end:
            return
        found, count = self.found, self._grammar.count(self._text, start, end)
        if found.runs and found.runs[-1].end == start and not found.runs[-1].commented:
            found.runs[-1] = found.runs[-1]._replace(end=end, records=found.runs[-1].records + count)
        else:
            found.runs.append(Run(start, end, found.records + 1, self._line, count))
        found.records += count
        self._line += self._text.count(b"\n", start, end)

    def _whole(self, start: int, record: bytes) -> int:
        """Name what is wrong with a record whose cells can be told apart, and with those that follow and are alike."""
        width, end = self._grammar.width_of(record), start + len(record)
        blank = not record.rstrip(b"\r\n") and self._grammar.width > 1
        only_counted, stained = not self._lists, False
        self._kinds.clear()
        if blank:
            self._fault(Code.BLANK_ROW, None)
            self._many.broken_until = end
        else:
            number = self._number(start, end)
            if width != self._grammar.width:
                code = Code.EXTRA_CELL if width > self._grammar.width else Code.MISSING_CELL
                self._fault(code, number, details={"cells": width, "expected": self._grammar.width})
            self.fault_ending(record, number)
            stained = self.fault_stains(record, number, ragged=width != self._grammar.width)
        self._line += record.count(b"\n")
        if only_counted and not stained and not self._keep and record.endswith(b"\n"):
            return self._alike(end, record, width, blank=blank)
        return end

    def _alike(self, start: int, record: bytes, width: int, *, blank: bool) -> int:
        """Count the records that follow and are broken in the same way; give where they end."""
        grammar, text, found = self._grammar, self._text, self.found
        ending = b"\r\n" if record.endswith(b"\r\n") else b"\n"
        width = 0 if blank else width
        end = grammar.alike_until(text, start, min(len(text), start + _ALIKE_BYTES), width, ending)
        if end > start and (stain := grammar.stain_at(text, start, end)) is not None:
            end = grammar.alike_until(text, start, stain, width, ending)
        if end == start:
            return end
        count = text.count(ending, start, end) if blank else grammar.count(text, start, end)
        for kind in self._kinds:
            found.unlisted[kind] += count
        if end - start > _MANY_ALIKE_BYTES:
            self._many.broken_until = None
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
        self._many.broken_until = end
        return found.records

    @property
    def _lists(self) -> bool:
        """Whether there is room for one more fault in the list."""
        if self._keep and len(self._kinds) > MOST_KEPT + 1:
            return False
        return self._room is None or len(self.found.faults) < self._room

    def _fault(
        self,
        code: Code,
        number: int | None,
        cell: int | None = None,
        value: str | None = None,
        below: int = 0,
        details: Details = _NONE,
    ) -> None:
        """Report a fault of the record that starts on this line, so many lines below."""
        # Of a rule of structure, all that its faults have alike comes from the dialect.
        kind = self._known.get((code, cell)) or self._known.setdefault((code, cell), (code, cell, shared(details)))
        self._kinds.append(kind)
        if self._lists:
            self.found.faults.append(Fault(code, self._line + below, number, cell, value, details))
        else:
            self.found.unlisted[kind] += 1

    def _endless(self, start: int, window: int) -> tuple[Code, int]:
        text = self._text
        if (self._grammar.dialect.quote and b"\n" in text[start:window]) or window == len(text):
            return Code.UNTERMINATED_QUOTE, 0 if window == len(text) else MAX_RECORD_BYTES
        return Code.RECORD_TOO_LONG, MAX_RECORD_BYTES


def _next_line(text: bytes, position: int) -> int:
    return text.find(b"\n", position) + 1 or len(text)

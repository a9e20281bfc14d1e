"""Records of which many are broken, gone through many at a time: faults are counted by kind, and none is placed.

What comes of it is what comes of looking at each record alone, which `structure` does as long as faults are listed.
"""

from dataclasses import field

from suimon.check.grammar import BYTE_ORDER_MARK, WANTED, Grammar
from suimon.check.scanned import Broken, Kind, Run, Scan
from suimon.check.verdict import Code, shared
from suimon.values import dataclass

# Faults further apart than this cost less one by one.
_NEAR_BYTES = 512
_BLOCK_BYTES = 64 * 1024
# So many take the time of a record that is looked at alone.
_BROKEN_PER_STEP, _STAINED_PER_STEP = 2, 4
_SELDOM = 16
_NOT_ASCII = 0x80


@dataclass(slots=True)
class ManyFaults:
    """The records of a piece with what is `found` in it; the `numbers` of broken ones, and these, if they are kept."""

    grammar: Grammar
    text: bytes
    found: Scan
    numbers: bool
    keep: bool
    broken_until: int | None = None  # where the last broken record ended
    _known: dict[tuple[Code, int | None], Kind] = field(default_factory=dict)
    _delimiter: bytes = field(init=False)

    def __post_init__(self) -> None:
        self._delimiter = self.grammar.dialect.delimiter.encode()

    def near(self, position: int) -> bool:
        """Return whether the last broken record ended not long before."""
        return self.broken_until is not None and position - self.broken_until < _NEAR_BYTES

    def count(self, start: int, end: int, line: int) -> tuple[int, int]:
        """Count records, up to one that is to be looked at alone, and their faults; return where they end: place, line.

        `start` is where one begins, on that line; none is looked for beyond `end`.
        """
        grammar, found = self.grammar, self.found
        records, quoted = self._records(start, end)
        end = start + sum(map(len, records))
        stained = grammar.stain_at(self.text, start, end) is not None
        marked = self.text.find(BYTE_ORDER_MARK, start, end) >= 0
        returns = self.text.find(b"\r", start, end) >= 0 or grammar.dialect.line_ending == "crlf"
        if not (quoted or stained or marked or returns):
            return self._count_lines(records, start, line)
        position, first, first_line, good, broken, stains, last = start, start, line, 0, 0, 0, 0
        for one in records:
            cells = grammar.width_of(one) if quoted else one.count(self._delimiter) + 1
            breaks = one.count(b"\n") if quoted else 1
            if (
                cells == grammar.width
                and not (returns and (self._ends_wrong(one) or (not quoted and _has_lone_return(one))))
                and not (stained and grammar.unstained_until(one, 0) < len(one))
                and not (marked and grammar.is_marked(one, 0))
            ):
                good += 1
            else:
                stains += stained
                broken += bool(good) or cells != last or cells == grammar.width
                last = cells
                self._add_run(first, position, first_line, good)
                if cells == 1 and grammar.width > 1 and one in {b"\n", b"\r\n"}:
                    self._add(Code.BLANK_ROW, None)
                else:
                    self._number(one, position, line)
                    self._count_faults(one, cells, quoted=quoted, marked=marked)
                first, first_line, good = position + len(one), line + breaks, 0
                self.broken_until = first
            position += len(one)
            line += breaks
        self._add_run(first, position, first_line, good)
        if broken * _SELDOM < len(records):  # most are good, or alike
            self.broken_until = None
        found.steps += bool(records) + (broken if quoted else broken // _BROKEN_PER_STEP) + stains // _STAINED_PER_STEP
        return position, line

    def _count_lines(self, records: list[bytes], start: int, line: int) -> tuple[int, int]:
        """Do as `count` with records of a line each, with which nothing can be wrong but how many cells they have."""
        width, delimiter, found = self.grammar.width, self._delimiter, self.found
        ragged = dict[int, int]()  # how many have so many cells
        position, first, good, broken, last = start, start, 0, 0, 0
        for number, one in enumerate(records, line):
            cells = one.count(delimiter) + 1
            if cells == width:
                good += 1
            else:
                broken += bool(good) or cells != last
                last = cells
                self._add_run(first, position, number - good, good)
                if one == b"\n" and width > 1:
                    self._add(Code.BLANK_ROW, None)
                else:
                    self._number(one, position, number)
                    if cells not in ragged:
                        self._add_ragged(cells, 0)  # kinds stand in the order in which they come
                    ragged[cells] = ragged.get(cells, 0) + 1
                first, good = position + len(one), 0
            position += len(one)
        for cells, count in ragged.items():
            self._add_ragged(cells, count)
        if first != start:
            self.broken_until = first
        self._add_run(first, position, line + len(records) - good, good)
        if broken * _SELDOM < len(records):
            self.broken_until = None
        found.steps += bool(records) + broken // _BROKEN_PER_STEP
        return position, line + len(records)

    def _records(self, start: int, end: int) -> tuple[list[bytes], bool]:
        """Return records whose ends can be told, whatever else is wrong with them; and whether any has quotes."""
        grammar, text, comment = self.grammar, self.text, self.grammar.comment
        end = min(end, start + _BLOCK_BYTES)
        if not (quoted := grammar.has_quotes(text, start, end)):
            block = text[start : text.rfind(b"\n", start, end) + 1]
            if not comment or not (block.startswith(comment) or b"\n" + comment in block):
                # Not splitlines(): a lone carriage return ends no record.
                return [line + b"\n" for line in block.split(b"\n")[:-1]], quoted
        records = list[bytes]()
        while start < end and not (comment and text.startswith(comment, start)):
            one = grammar.record_at(text, start, end)
            if one is None or not one.endswith(b"\n"):
                break
            records.append(one)
            start += len(one)
        return records, quoted

    def _ends_wrong(self, one: bytes) -> bool:
        wanted = self.grammar.dialect.line_ending
        return wanted != "any" and one.endswith(b"\r\n") != (wanted == "crlf")

    def _add_run(self, start: int, end: int, line: int, count: int) -> None:
        if not count:
            return
        runs = self.found.runs
        if runs and runs[-1].end == start and not runs[-1].commented:
            runs[-1] = runs[-1]._replace(end=end, records=runs[-1].records + count)
        else:
            runs.append(Run(start, end, self.found.records + 1, line, count))
        self.found.records += count

    def _number(self, one: bytes, position: int, line: int) -> None:
        found = self.found
        found.records += 1
        if self.numbers:
            found.bad.append(found.records)
        if self.keep:
            found.broken.append(Broken(position, position + len(one), found.records, line))
        found.extra_lines += one.count(b"\n") - 1

    def _count_faults(self, one: bytes, cells: int, *, quoted: bool, marked: bool) -> None:
        grammar = self.grammar
        if marked and grammar.is_marked(one, 0):
            self._add(Code.BYTE_ORDER_MARK, None)
            return
        wanted = WANTED[grammar.dialect.line_ending]
        if not quoted and _has_lone_return(one):  # nothing else is told of such a record
            self._add(Code.LINE_ENDING_ERROR, None, wanted=wanted)
            return
        if ragged := cells != grammar.width:
            self._add_ragged(cells)
        if self._ends_wrong(one):
            self._add(Code.LINE_ENDING_ERROR, None, wanted=wanted)
        if grammar.unstained_until(one, 0) == len(one):
            return
        if quoted or ragged:
            for cell, raw in [(None, one)] if ragged else [(cell, raw) for cell, _, raw in grammar.stained_cells(one)]:
                for code, details in grammar.stains(raw):
                    self._add(code, cell, **details)
        else:
            self._count_stains(one)

    def _add_ragged(self, cells: int, count: int = 1) -> None:
        width = self.grammar.width
        kind = self._kind(Code.EXTRA_CELL if cells > width else Code.MISSING_CELL, None, expected=width)
        self.found.unlisted[kind] += count

    def _count_stains(self, one: bytes) -> None:
        """Count the stained cells of a record without quotes."""
        grammar, delimiter = self.grammar, self._delimiter
        base, cell, at = 0, 0, grammar.unstained_until(one, 0)
        while at < len(one):
            cell += one.count(delimiter, base, at)
            base = one.find(delimiter, at)
            raw = one[at:] if base < 0 else one[at:base]
            if one[at] >= _NOT_ASCII and not grammar.has_control(raw):
                self._add(Code.ENCODING_ERROR, cell, encoding=grammar.dialect.encoding)
            else:
                for code, details in grammar.stains(raw):
                    self._add(code, cell, **details)
            at = len(one) if base < 0 else grammar.unstained_until(one, base)

    def _add(self, code: Code, cell: int | None, **details: str | int) -> None:
        self.found.unlisted[self._kind(code, cell, **details)] += 1

    def _kind(self, code: Code, cell: int | None, **details: str | int) -> Kind:
        return self._known.get((code, cell)) or self._known.setdefault((code, cell), (code, cell, shared(details)))


def _has_lone_return(one: bytes) -> bool:
    return one.find(b"\r", 0, -2) >= 0

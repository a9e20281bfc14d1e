"""One segment judged: by the kernel; what it doubts by DuckDB, if it accounts for every byte; else by the grammar.

What is no record DuckDB's reader takes for one of any size, and memory without bound for it. So it reads a segment only
after the kernel or the grammar has gone through it and found nothing but whole records.
"""

from dataclasses import field, replace
from itertools import chain, islice
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from suimon.check.bad_cells import BadCells
from suimon.check.duckdb_input import Sheet, copy_of, sheet_of
from suimon.check.found import CheckError, MalformedSheetError, NoMemoryError, Totals
from suimon.check.grammar import Grammar
from suimon.check.judged import Judged, Lend, Piece
from suimon.check.kernel import library
from suimon.check.kernel.sift import Hashes, Sieve, Sifted
from suimon.check.kernel_doubts import Record, look_again, sheet_of_doubtful
from suimon.check.rules_as_sql import Rules
from suimon.check.scanned import Scan
from suimon.check.segments import Segment
from suimon.check.sheet_keys import SheetKeys
from suimon.check.structure import scan
from suimon.check.verdict import BadCell
from suimon.contract.model import Contract
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.check.duckdb_reader import Duck

# A part of a segment for which DuckDB has no memory is not parted again.
_LEAST_BYTES = 256 * 1024

# So many cells of bad records are in memory at once: all that may be listed of a few columns.
_CELLS_AT_ONCE = 40_000

# The kernel went through the whole segment.
_READ = frozenset((library.DONE, library.TOO_MANY))


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the segments of one file: `places` are its columns as places in the contract.

    `most`: reading ends after so many records that were looked at one by one, in a segment as in the file.
    """

    contract: Contract
    grammar: Grammar
    places: tuple[int | None, ...]
    rules: Rules
    most: int
    cells: BadCells
    sieve: Sieve | None = None
    sheet_keys: SheetKeys | None = None  # with a sieve
    ended: Event = field(default_factory=Event)  # nobody asks for more segments

    @property
    def listed(self) -> tuple[int, ...]:
        """The rules whose bad cells are listed: those of a metric only count for it."""
        return tuple(number for number, rule in enumerate(self.rules.rules) if rule.metric is None)

    @property
    def tolerant(self) -> bool:
        """Whether bad records may be set aside."""
        return self.contract.tolerance is not None

    def judge(self, lend: Lend, segment: Segment, number: int, room: int, *, doubled: bool) -> Judged:
        """Find what is wrong in a segment; what it says of keys waits in DuckDB under `number`.

        List bad cells of no more than `room` records. `doubled`: cells of this file are known to hold quotes.
        """
        if self.sieve:
            sifted = self.sieve.sift(segment.data, segment.size, last=segment.last)
            mostly_doubted = 2 * sifted.doubted_bytes > segment.size
            if sifted.settled and not mostly_doubted and (judged := self._sifted(segment, sifted, room)):
                return judged
            strictly = sifted.broken > 0 or sifted.stop not in _READ
        else:
            text = segment.text()
            strictly = self.grammar.rewrites(text) or not self.grammar.whole(text)
        return self._by_duckdb(lend(), segment, number, room, doubled=doubled, strictly=strictly)

    def _sifted(self, segment: Segment, sifted: Sifted, room: int) -> Judged | None:
        """Return what the kernel found, with the faults of broken records; None if it is to be read again."""
        found = None
        if sifted.doubts:
            if sifted.broken > self.most:
                return None
            found = look_again(segment, sifted, self.grammar, room=room, numbers=self.tolerant)
            if found is None:
                return None
        judged = Judged(segment.size, sifted.records, sifted.lines, strict=False, sifted=sifted)
        if found is None:
            return judged
        return replace(
            judged,
            strict=any(doubt.kind in {library.FORM, library.BLANK} for doubt in sifted.doubts),
            faults=tuple(map(self.cells.of_fault, found.faults)),
            unlisted=self.cells.by_column(found.unlisted),
            bad=found.bad,
            unproven=found.unproven,
            extra_lines=found.extra_lines,
            steps=found.steps,
            doubtful=tuple(found.records),
        )

    def judge_doubtful(self, lend: Lend, path: Path, records: list[Record], number: int, room: int) -> Judged:
        """Judge records of sound form that the kernel doubts. They are numbered as in the file."""
        duck = lend()
        sheet = sheet_of_doubtful(path, records, self.grammar, self.places)
        totals = self._totals(duck, sheet, number)
        if totals is None or totals.rows != len(records):
            raise CheckError("a record is read differently by the two readers; please report it")
        cells, found_bad = self._bad(duck, sheet, totals, number, room)
        hashes = self.sheet_keys.hashes(duck, sheet, totals) if self.sheet_keys else ()
        path.unlink()
        judged = Judged(size=0, records=0, lines=0, strict=False, totals=totals, cells=tuple(cells))
        return replace(judged, found_bad=found_bad, hashes=hashes)

    def _by_duckdb(
        self, duck: "Duck", segment: Segment, number: int, room: int, *, doubled: bool, strictly: bool
    ) -> Judged:
        try:
            judged = None if strictly else self._as_it_is(duck, segment, number, room, doubled=doubled)
        except NoMemoryError:
            duck.forget_keys(number)
            judged = None
        return judged or self._strictly(duck, segment, number, room)

    def _as_it_is(self, duck: "Duck", segment: Segment, number: int, room: int, *, doubled: bool) -> Judged | None:
        """Have DuckDB read a segment as it was sent; None where that does not account for every byte."""
        sheet = sheet_of(segment, self.grammar, self.places) if self.rules.values else None
        sheet = sheet and replace(sheet, doubled=doubled and sheet.quotes > 0)
        totals = self._totals(duck, sheet, number) if sheet else None
        if sheet and totals and totals.holding:
            duck.forget_keys(number)
            sheet = replace(sheet, doubled=True)
            totals = self._totals(duck, sheet, number)
        # DuckDB takes quotes within a cell without quotes for text, so where cells hold some, the bytes prove nothing.
        if sheet and totals and sheet.doubled and not self._proven(segment, totals.rows):
            duck.forget_keys(number)
            totals = None
        if sheet and totals:
            cells, found_bad = self._bad(duck, replace(sheet, rows=totals.rows), totals, number, room)
            return Judged(
                size=segment.size,
                records=totals.rows,
                lines=sheet.newlines,
                strict=False,
                totals=totals,
                cells=tuple(cells),
                found_bad=found_bad,
                doubled=sheet.doubled,
                hashes=self.sheet_keys.hashes(duck, sheet, totals) if self.sheet_keys else (),
            )
        return None

    def sheet(self, segment: Segment, piece: Piece, *, keep: bool) -> tuple[Sheet, bytes, Scan | None]:
        """Return again what DuckDB read of a segment, or would have read, numbered as in the file.

        If it was read strictly, also what the grammar found; with all faults and broken records if they are to `keep`.
        """
        sheet = None if piece.strict else sheet_of(segment, self.grammar, self.places)
        if sheet is None and not piece.strict and not piece.sifted:
            raise CheckError("the file has changed while it was checked; check it again")
        if sheet:
            sheet, text, found = replace(sheet, rows=piece.records), b"", None
        else:
            text = segment.text()
            found = scan(self.grammar, text, last=segment.last, room=None if keep else 0, keep=keep)
            sheet = copy_of(segment, text, found, self.grammar, self.places)
        own = sheet.numbering
        return replace(sheet, numbering=lambda: own().after(piece.record, piece.line)), text, found

    def _proven(self, segment: Segment, rows: int) -> bool:
        """Return whether the grammar reads a segment as so many records from end to end."""
        text = segment.text()
        return self.grammar.whole(text) and self.grammar.count(text, 0, len(text)) == rows

    def _totals(self, duck: "Duck", sheet: Sheet, number: int) -> Totals | None:
        try:
            totals = duck.totals(sheet, self.rules, number, keys=self.sieve is None)
        except MalformedSheetError:
            return None  # where and why, the grammar says
        if totals.holding or sheet.accounts_for(totals.rows, totals.cell_bytes):
            return totals
        duck.forget_keys(number)
        return None

    def _strictly(self, duck: "Duck", segment: Segment, number: int, room: int) -> Judged:
        """Read what the grammar takes for good records; of a segment too great for DuckDB's memory, the first ones."""
        text = segment.text()
        end = len(text)
        while True:
            try:
                return self._good_records(duck, segment, text, end, number, room)
            except NoMemoryError:
                duck.forget_keys(number)
                end = text.rfind(b"\n", 0, end // 2) + 1
                if end < _LEAST_BYTES:
                    raise

    def _good_records(self, duck: "Duck", segment: Segment, text: bytes, end: int, number: int, room: int) -> Judged:
        part = text if end == len(text) else text[:end]
        last = segment.last and end == len(text)
        found = scan(
            self.grammar, part, last=last, room=room, most=self.most, numbers=self.tolerant, ended=self.ended.is_set
        )
        totals, cells, found_bad = None, list[BadCell](), False
        hashes: tuple[tuple[int, Hashes], ...] = ()
        if found.runs and self.rules.values:
            sheet = copy_of(segment, part, found, self.grammar, self.places)
            totals = self._totals(duck, sheet, number)
            if totals is None or totals.rows != sheet.rows:
                raise CheckError("a record is read differently by the two readers; please report it")
            cells, found_bad = self._bad(duck, sheet, totals, number, room)
            hashes = self.sheet_keys.hashes(duck, sheet, totals) if self.sheet_keys else ()
            sheet.path.unlink()
        return Judged(
            size=segment.size_of(text, found.end),
            records=found.records,
            lines=text.count(b"\n", 0, found.end),
            strict=True,
            stopped=found.stopped,
            unproven=found.unproven,
            full=found.full,
            steps=found.steps,
            totals=totals,
            faults=tuple(map(self.cells.of_fault, found.faults)),
            unlisted=self.cells.by_column(found.unlisted),
            cells=tuple(cells),
            bad=found.bad,
            extra_lines=found.extra_lines,
            found_bad=found_bad,
            hashes=hashes,
        )

    def _bad(self, duck: "Duck", sheet: Sheet, totals: Totals, number: int, room: int) -> tuple[list[BadCell], bool]:
        """Return the first bad cells; and whether DuckDB knows all bad records by now, under the segment's number."""
        wanted = tuple(number for number in self.listed if totals.failing[number])
        if not wanted:
            return [], False
        if self.tolerant:
            duck.find_bad(sheet, self.rules, wanted, number)
        columns = {*self.cells.personal, *(place for rule in wanted for place in self.rules.rules[rule].columns)}
        # Of a file that is not wide, all records that may be listed are read at once.
        cells, last = list[BadCell](), 0
        most = 1 + min(room, max(1, _CELLS_AT_ONCE // max(1, len(columns))))
        while room:
            records = duck.bad_records(sheet, self.rules, wanted, most, self.cells.personal, after=last)
            found = chain.from_iterable(map(self.cells.of_record, records))
            cells += islice(found, room - len(cells))  # each may cost as many looks as there are personal columns
            if len(cells) >= room or len(records) < most:
                break
            last = records[-1].record
        return cells, self.tolerant

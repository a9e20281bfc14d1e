"""One segment judged: as it is when DuckDB accounts for every byte of it, else by what the grammar leaves of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from suimon.check.duckdb_input import Sheet, copy_of, sheet_of
from suimon.check.duckdb_reader import BadRecord, CheckError, Duck, MalformedSheetError, Repetition, Totals
from suimon.check.grammar import Grammar
from suimon.check.rules_as_sql import Rules
from suimon.check.segments import Segment
from suimon.check.structure import Fault, Scan, scan
from suimon.check.verdict import BadCell, Code, Shared, shown
from suimon.contract.file import Column
from suimon.contract.model import Contract


@dataclass(frozen=True, slots=True)
class Piece:
    """A settled segment's place in the file: `size` bytes, its first record and line counted from 0 before it."""

    size: int
    record: int
    line: int
    records: int
    strict: bool
    last: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found in one segment; records and lines are counted from 1 within it."""

    size: int  # bytes settled: fewer than the segment's when a record has not ended
    records: int
    lines: int
    strict: bool
    stopped: bool
    unproven: bool
    full: bool
    totals: Totals | None
    faults: tuple[BadCell, ...] = ()  # of structure, as many as were asked for
    unlisted: Counter[tuple[Code, str | None, Shared]] = field(default_factory=Counter)  # the others, by column
    cells: tuple[BadCell, ...] = ()  # bad ones, as many as were asked for
    bad: Iterable[int] = ()  # numbers of the bad records, where some are tolerated
    extra_lines: int = 0  # of these, beyond one each
    doubled: bool = False  # cells hold quotes


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the segments of one file: `places` are its columns as places in the contract.

    `most`: so many records of a segment are looked at one by one.
    """

    contract: Contract
    grammar: Grammar
    places: tuple[int | None, ...]
    rules: Rules
    most: int

    @property
    def listed(self) -> tuple[int, ...]:
        """The rules whose bad cells are listed: those of a metric only count for it."""
        return tuple(number for number, rule in enumerate(self.rules.rules) if rule.metric is None)

    @property
    def tolerant(self) -> bool:
        """Whether bad records may be set aside."""
        return self.contract.tolerance is not None

    def judge(self, duck: Duck, segment: Segment, number: int, room: int, *, doubled: bool) -> Judged:
        """Find what is wrong in a segment; what it says of keys waits in `duck` under `number`.

        List bad cells of no more than `room` records. `doubled`: cells of this file are known to hold quotes.
        """
        sheet = sheet_of(segment, self.grammar.dialect, self.places) if self.rules.values else None
        sheet = sheet and replace(sheet, doubled=doubled and segment.quotes > 0)
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
            bad, numbers, extra = self._bad(duck, replace(sheet, rows=totals.rows), totals, room)
            return Judged(
                size=segment.size,
                records=totals.rows,
                lines=segment.newlines,
                strict=False,
                stopped=False,
                unproven=False,
                full=False,
                totals=totals,
                cells=tuple(bad),
                bad=numbers,
                extra_lines=extra,
                doubled=sheet.doubled,
            )
        return self._strictly(duck, segment, number, room)

    def sheet(self, segment: Segment, piece: Piece, *, keep: bool) -> tuple[Sheet, bytes, Scan | None]:
        """Give again what DuckDB read of a segment, numbered as in the file.

        If it was read strictly, also what the grammar found; with all faults and broken records if they are to `keep`.
        """
        if not piece.strict:
            sheet = sheet_of(segment, self.grammar.dialect, self.places)
            if sheet is None:
                raise CheckError("the file has changed while it was checked; check it again")
            sheet, text, found = replace(sheet, rows=piece.records), b"", None
        else:
            text = segment.text()
            found = scan(self.grammar, text, last=segment.last, room=None if keep else 0, keep=keep)
            sheet = copy_of(segment, text, found, self.grammar, self.places)
        return replace(sheet, numbering=sheet.numbering.after(piece.record, piece.line)), text, found

    def _proven(self, segment: Segment, rows: int) -> bool:
        """Tell whether the grammar reads a segment as so many records from end to end."""
        text = segment.text()
        return self.grammar.whole(text) and self.grammar.count(text, 0, len(text)) == rows

    def _totals(self, duck: Duck, sheet: Sheet, number: int) -> Totals | None:
        try:
            totals = duck.totals(sheet, self.rules, number)
        except MalformedSheetError:
            return None  # where and why, the grammar says
        if totals.holding or sheet.accounts_for(totals.rows, totals.cell_bytes):
            return totals
        duck.forget_keys(number)
        return None

    def _strictly(self, duck: Duck, segment: Segment, number: int, room: int) -> Judged:
        text = segment.text()
        found = scan(self.grammar, text, last=segment.last, room=room, most=self.most, numbers=self.tolerant)
        totals, cells, bad, extra_lines = None, list[BadCell](), found.bad, found.extra_lines
        if found.runs and self.rules.values:
            sheet = copy_of(segment, text, found, self.grammar, self.places)
            totals = self._totals(duck, sheet, number)
            if totals is None or totals.rows != sheet.rows:
                raise CheckError("a record is read differently by the two readers; please report it")
            cells, more, extra = self._bad(duck, sheet, totals, room)
            bad.extend(more)
            extra_lines += extra
            sheet.path.unlink()
        unlisted = Counter[tuple[Code, str | None, Shared]]()
        for (code, cell, details), count in found.unlisted.items():
            column = self._column(cell)
            unlisted[code, column.name if column else None, details] += count
        return Judged(
            size=found.end,
            records=found.records,
            lines=text.count(b"\n", 0, found.end),
            strict=True,
            stopped=found.stopped,
            unproven=found.unproven,
            full=found.full,
            totals=totals,
            faults=tuple(map(self.fault_cell, found.faults)),
            unlisted=unlisted,
            cells=tuple(cells),
            bad=bad,
            extra_lines=extra_lines,
        )

    def _bad(self, duck: Duck, sheet: Sheet, totals: Totals, room: int) -> tuple[list[BadCell], list[int], int]:
        wanted = tuple(number for number in self.listed if totals.failing[number])
        if not wanted:
            return [], [], 0
        numbers, extra = duck.bad_numbers(sheet, self.rules, wanted) if self.tolerant else ([], 0)
        records = duck.bad_records(sheet, self.rules, wanted, room) if room else []
        return [cell for record in records for cell in self.cells_of(record)], numbers, extra

    def cells_of(self, bad: BadRecord) -> list[BadCell]:
        """Give the bad cells of a record."""
        return [self._bad_cell(bad, number) for number in bad.failing]

    def _bad_cell(self, bad: BadRecord, number: int) -> BadCell:
        rule = self.rules.rules[number]
        columns = [self.contract.columns[place] for place in rule.columns]
        values = [
            shown(bad.cells[place], personal=column.personal)
            for place, column in zip(rule.columns, columns, strict=True)
        ]
        if rule.code is Code.CONDITION_ERROR:
            text = ", ".join(f"{column.name}={value}" for column, value in zip(columns, values, strict=True))
            return BadCell(rule.code, bad.line, bad.record, None, text, rule.details)
        # What is missing has no value to show or to hide.
        value = None if rule.code is Code.REQUIRED_ERROR else values[0]
        return BadCell(rule.code, bad.lines[rule.columns[0]], bad.record, columns[0].name, value, rule.details)

    def _column(self, cell: int | None) -> Column | None:
        place = None if cell is None else self.places[cell]
        return None if place is None else self.contract.columns[place]

    def fault_cell(self, fault: Fault) -> BadCell:
        """Give a fault of structure as a report may show it."""
        column = self._column(fault.cell)
        value = None
        # Of a column that the contract does not know nobody can say that it holds no personal data.
        if fault.value is not None and column is not None:
            value = shown(fault.value, personal=column.personal)
        return BadCell(fault.code, fault.line, fault.record, column.name if column else None, value, fault.details)


def moved(cell: BadCell, piece: Piece) -> BadCell:
    """Number a cell of a segment as it is numbered in the file."""
    details = cell.details
    if isinstance(to := details.get("to"), int):
        details = {**details, "to": to + piece.line}
    return replace(
        cell,
        details=details,
        line=None if cell.line is None else cell.line + piece.line,
        record=None if cell.record is None else cell.record + piece.record,
    )


def repetition_cell(code: Code, columns: list[Column], one: Repetition) -> BadCell:
    """Give the bad cell of a record whose key an earlier one has."""
    values = [shown(cell, personal=column.personal) for column, cell in zip(columns, one.cells, strict=True)]
    names = ", ".join(column.name for column in columns)
    return BadCell(code, one.line, one.record, names, ", ".join(values), {"first": one.first})

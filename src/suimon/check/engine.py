"""The checker's course: one fast scan settles a good file; a bad one's structure and cells are found with their places.

header -> one scan by DuckDB -> every byte accounted for? -> nothing fails: accepted
                                   |                      `-> cells fail: which records, then on which lines
                                   `-> no: the strict reader finds the faults, and sets whole records aside for DuckDB
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from suimon.check.duck import BadRecord, CheckError, Duck, MalformedFileError, Source, Totals, open_duck
from suimon.check.header import judge_header
from suimon.check.records import Record, scan
from suimon.check.rules import Rules, rules_for
from suimon.check.verdict import VALUE_LENGTH, BadCell, Code, RuleCount, Verdict, shown
from suimon.contract.model import Contract, FileFormat

_CHUNK = 4 * 1024 * 1024


def check_file(
    path: Path,
    contract: Contract,
    partition: str | None,
    *,
    limit: int = 10_000,
    memory_limit: str = "256MB",
    temp_directory: Path,
    threads: int | None = None,
) -> Verdict:
    """Judge a local file by its contract: list at most `limit` bad cells, count all.

    Cells of a record whose structure is broken are not judged: where one begins is not known. `partition` None leaves
    out the rule that a column equals it. `temp_directory` needs room for spilling and, when a file's structure is
    broken, for a copy of it. CheckError if there can be no verdict: an unreadable file, too little memory or disk.
    """
    if contract.file is None or not contract.columns:
        raise CheckError(f"contract {contract.dataset} describes no file; give it a dialect, columns and a key pattern")
    try:
        with TemporaryDirectory(prefix="check-", dir=temp_directory) as folder:
            # DuckDB globs: a link with a plain name keeps the characters of a user's path out of that.
            link, whole = Path(folder, "file.csv"), Path(folder, "whole.csv")
            link.symlink_to(path.resolve(strict=True))
            files = (link, path.resolve(), whole)
            with open_duck(Path(folder), files, memory_limit=memory_limit, threads=threads) as duck:
                return _Check(link, whole, contract, contract.file, partition, duck, _Faults(limit)).verdict()
    except OSError as error:
        raise CheckError(f"{path} could not be checked: {error.strerror or error}") from error


@dataclass(slots=True)
class _Faults:
    """What is wrong so far: the first `limit` faults listed, all counted."""

    limit: int
    listed: list[BadCell] = field(default_factory=list)
    counts: Counter[tuple[Code, str | None]] = field(default_factory=Counter)

    def add(self, cells: Iterable[BadCell]) -> None:
        for cell in cells:
            self.counts[cell.code, cell.column] += 1
            if len(self.listed) < self.limit:
                self.listed.append(cell)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of the file: how many, and where in a record each column of the contract stands."""

    width: int
    where: dict[int, int]  # place in the contract -> place in the record


@dataclass(frozen=True, slots=True)
class _Check:
    """One file under one contract."""

    path: Path
    whole: Path  # where the whole records of a broken file go
    contract: Contract
    dialect: FileFormat
    partition: str | None
    duck: Duck
    faults: _Faults

    def verdict(self) -> Verdict:
        survey = _survey(self.path, self.dialect)
        if survey.size == 0:
            self.faults.add([BadCell(Code.EMPTY_FILE, "the file is empty")])
            return self._settled(0)
        first = next(scan(self.path, self.dialect))
        labels, header_faults = judge_header(first, self.contract, self.dialect)
        self.faults.add(header_faults)
        if not header_faults and not survey.null_bytes:
            layout = _Layout(len(labels), {place: place for place in range(len(labels))})
            source = Source(self.path, self.dialect, tuple(layout.where))
            rules = rules_for(self.contract, self.partition, source.columns)
            try:
                totals = self.duck.totals(source, rules)
            except MalformedFileError:
                pass  # where and why, the strict reader says
            else:
                if _accounted(totals, survey, first, source):
                    return self._judged(source, rules, totals, layout, totals.rows)
        return self._strictly(labels)

    def _strictly(self, labels: tuple[str, ...]) -> Verdict:
        """Find every fault of structure, and judge the cells of the records that have none."""
        names = [column.name for column in self.contract.columns]
        kept = {place: labels.index(name) for place, name in enumerate(names) if labels.count(name) == 1}
        # Without a header a record should still have as many cells as the contract has columns.
        layout = _Layout(len(labels) if set(names) & set(labels) else len(names), kept)
        rows = self._set_aside(layout)
        if not rows or not kept:
            return self._settled(rows)
        source = Source(self.whole, FileFormat(header=False), tuple(kept), numbered=True)
        rules = rules_for(self.contract, self.partition, source.columns)
        return self._judged(source, rules, self.duck.totals(source, rules), layout, rows)

    def _set_aside(self, layout: _Layout) -> int:
        """Note the faults of structure, copy the records without any with their numbers; give the number of records."""
        number = 0
        with self.whole.open("w", encoding="utf-8", newline="") as copy:
            writer = csv.writer(copy, quoting=csv.QUOTE_ALL, lineterminator="\n")
            for number, record in self._records(layout):
                faults = list(_structure(record, number, layout, self.contract))
                self.faults.add(faults)
                if not faults:
                    writer.writerow([number, *(record.cells[place] for place in layout.where.values())])
        return number

    def _judged(self, source: Source, rules: Rules, totals: Totals, layout: _Layout, rows: int) -> Verdict:
        for rule, cells in zip(rules.rules, totals.failing, strict=True):
            if cells:
                self.faults.counts[rule.code, self.contract.columns[rule.column].name] += cells
        if any(totals.failing) and self.faults.limit > 0:
            bad = self.duck.bad_records(source, rules, self.faults.limit)
            self.faults.listed.extend(self._located(bad, rules, layout))
        return self._settled(rows)

    def _located(self, bad_records: list[BadRecord], rules: Rules, layout: _Layout) -> Iterator[BadCell]:
        """Find the lines of bad records, which DuckDB does not know."""
        wanted = {bad.record: bad for bad in bad_records}
        for number, record in self._records(layout):
            bad = wanted.pop(number, None)
            if bad is None:
                continue
            if tuple(record.cells[place][:VALUE_LENGTH] for place in layout.where.values()) != bad.cells:
                raise CheckError(
                    f"record {number} (line {record.line}) is read differently by the two readers; please report it"
                )
            for rule in (rules.rules[failing] for failing in bad.failing):
                column, cell = self.contract.columns[rule.column], layout.where[rule.column]
                yield BadCell(
                    rule.code,
                    rule.message.replace("{first}", str(bad.first.get(rule.column))),
                    record.line_of(cell),
                    number,
                    column.name,
                    # What is missing has no value to show or to hide.
                    None if rule.code is Code.REQUIRED_ERROR else shown(record.cells[cell], personal=column.personal),
                )
            if not wanted:
                return
        if wanted:
            raise CheckError(f"record {min(wanted)} is read by one of the two readers only; please report it")

    def _records(self, layout: _Layout) -> Iterator[tuple[int, Record]]:
        """Yield the file's records with their numbers; a blank line goes by the number before it."""
        number = 0
        for place, record in enumerate(scan(self.path, self.dialect)):
            if place == 0 and self.dialect.header:
                continue
            blank = not record.cells and any(fault.code is Code.BLANK_ROW for fault in record.faults)
            if blank and layout.width == 1:
                yield (number := number + 1), replace(record, cells=("",), faults=())
            else:
                number += not blank
                yield number, record

    def _settled(self, rows: int) -> Verdict:
        if rows < self.contract.min_rows and not self.faults.counts[Code.EMPTY_FILE, None]:
            message = f"the file holds {rows} rows, the contract asks for at least {self.contract.min_rows}"
            self.faults.counts[Code.ROW_COUNT_ERROR, None] += 1
            self.faults.listed.insert(0, BadCell(Code.ROW_COUNT_ERROR, message))
        listed = sorted(self.faults.listed, key=lambda cell: cell.line or 0)[: self.faults.limit]
        counts = tuple(RuleCount(code, column, cells) for (code, column), cells in self.faults.counts.items() if cells)
        return Verdict(
            accepted=not counts,
            rows=rows,
            bad_cells=tuple(listed),
            counts=counts,
            truncated=len(listed) < sum(count.cells for count in counts),
        )


def _structure(record: Record, number: int, layout: _Layout, contract: Contract) -> Iterator[BadCell]:
    places = {cell: contract.columns[place] for place, cell in layout.where.items()}
    blank = any(fault.code is Code.BLANK_ROW for fault in record.faults)
    width = len(record.cells)
    ragged = width not in {0, layout.width}
    for fault in record.faults:
        # In a ragged record nobody knows which column a cell belongs to, so none is named and nothing shown.
        if fault.cell is None or ragged:
            yield BadCell(fault.code, fault.message, record.line, None if blank else number)
        else:
            column = places.get(fault.cell)
            value = shown(record.cells[fault.cell], personal=column is None or column.personal)
            line = record.line_of(fault.cell)
            yield BadCell(fault.code, fault.message, line, number, column.name if column else None, value)
    if ragged:
        code = Code.EXTRA_CELL if width > layout.width else Code.MISSING_CELL
        yield BadCell(code, f"the record has {width} cells, the header {layout.width}", record.line, number)


@dataclass(frozen=True, slots=True)
class _Survey:
    """What the bytes of a file tell at a glance."""

    size: int
    quotes: int
    null_bytes: bool
    ends_in_newline: bool


def _survey(path: Path, dialect: FileFormat) -> _Survey:
    size, quotes, null_bytes, last = 0, 0, False, b""
    quote = dialect.quote.encode()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            quotes += chunk.count(quote)
            null_bytes = null_bytes or b"\0" in chunk
            last = chunk[-1:]
    return _Survey(size, quotes, null_bytes, last == b"\n")


def _accounted(totals: Totals, survey: _Survey, first: Record, source: Source) -> bool:
    """Tell whether every byte of the file, quotes aside, is in a cell, a delimiter or a line ending.

    DuckDB passes over blank lines, an empty cell too many, and blanks around quotes without a word. It only ever drops
    bytes, so the sum is right only when it dropped none.
    """
    newline = 2 if first.raw.endswith("\r\n") else 1
    header = first.raw.replace(source.dialect.quote, "").encode("utf-8", "surrogateescape")
    expected = totals.cell_bytes + totals.rows * (len(source.columns) - 1 + newline)
    if source.dialect.header:
        expected += len(header)
    if totals.rows and not survey.ends_in_newline:
        expected -= newline
    return survey.size - survey.quotes == expected

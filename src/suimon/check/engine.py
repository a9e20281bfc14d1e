"""The checker's course: a stream is cut into segments, and each is settled by one fast scan, or read strictly.

source -> UTF-8 -> head -> segments -> one scan by DuckDB -> every byte accounted for? -> counts; bad records, if any
                                                                |
                                                                `-> no: the grammar finds the faults, and puts the
                                                                    records without any before DuckDB
then, over the whole file: trailer, keys that repeat (a second round, only if any is suspected), metrics, tolerance.
"""

import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from suimon.check.decode import DecodeError, utf8_chunks
from suimon.check.duckdb_reader import CheckError, Duck, InterruptedCheckError, open_duck
from suimon.check.encoding_evidence import HEAD_BYTES, EncodingEvidence
from suimon.check.grammar import Grammar
from suimon.check.header import Head, read_head
from suimon.check.likely_cause import Seen, likely_cause
from suimon.check.rules_as_sql import rules_for
from suimon.check.segment_check import Judge, Judged, Piece, moved, repetition_cell
from suimon.check.segments import Cutter, Segment
from suimon.check.set_aside import Aside, write_aside
from suimon.check.source import LocalFile, Source, Watched
from suimon.check.tally import Tally, fault_of, measure
from suimon.check.trailer import judge_trailer
from suimon.check.verdict import BadCell, Code, Measurement, Verdict
from suimon.check.workers import Rounds, Workers
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract

# Spilled keys may fill the disk up to here: the segments of the moment need the rest.
_DISK_RESERVE = 512 * 1024 * 1024
_COLUMNS_IN_PARALLEL = 400
# Records that are read one by one, each 25 microseconds: beyond those that are listed, and where a share is tolerated.
_MOST_UNLISTED, _MOST_TOLERATED = 5_000, 1_000_000
_EXACT = Context(prec=100)  # more digits than the sum of any file has

_Waiting = tuple[int, Segment, Future[Judged]]

__all__ = ["Aside", "CheckError", "InterruptedCheckError", "check", "check_file"]


def check_file(path: Path, contract: Contract, partition: str | None, **options: Any) -> Verdict:
    """Judge a local file; options as of `check`."""
    return check(LocalFile(path), contract, partition, **options)


def check(
    source: Source,
    contract: Contract,
    partition: str | None,
    *,
    scratch: Path,
    limit: int = 10_000,
    memory_limit: str | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    aside: Aside | None = None,
) -> Verdict:
    """Judge a file by its contract: list at most `limit` bad cells, count all.

    `partition` None leaves out the rule that a column equals it. `scratch` is a folder with room for a few segments and
    for the spilled keys of a large file. `memory_limit` is DuckDB's, 256 MB unless there are many columns. `progress`
    is told the bytes of the object read so far, from 0 again for a second round. With `aside`, the records that the
    contract tolerates as bad are written apart from the good ones. Cells of a record whose structure is broken are not
    judged: where one begins is not known. What cannot be decompressed has no other fault. CheckError if there can be no
    verdict: a file that cannot be read, too little room.
    """
    if contract.file is None or not contract.columns:
        raise CheckError(f"contract {contract.dataset} describes no file; give it a dialect, columns and a key pattern")
    watched = Watched(source, progress) if progress else source
    evidence = EncodingEvidence(contract.file.encoding)
    # A thread's share of the memory must hold some thousand cells of every column.
    workers = min(threads or os.cpu_count() or 1, max(1, _COLUMNS_IN_PARALLEL // len(contract.columns)))
    try:
        with TemporaryDirectory(prefix="check-", dir=scratch) as folder:
            free = shutil.disk_usage(folder).free
            with open_duck(
                Path(folder),
                contract.columns,
                memory_limit=memory_limit or f"{256 + max(0, len(contract.columns) - _COLUMNS_IN_PARALLEL) // 2}MB",
                disk_limit=max(free - _DISK_RESERVE, free // 2),
                threads=workers,
            ) as duck:
                run = _Check(
                    watched, contract, contract.file, partition, Path(folder), duck, workers, Tally(limit), evidence
                )
                verdict = run.verdict(aside)
                return verdict if verdict.accepted else _explained(verdict, source, contract, evidence, run.head)
    except DecodeError as error:
        tally = Tally(limit)
        tally.add([BadCell(error.code, details=error.details)])
        verdict = Verdict(False, 0, tally.first(()), tally.counts(), truncated=not limit)  # noqa: FBT003
        return _explained(verdict, source, contract, evidence, None)
    except OSError as error:
        raise InterruptedCheckError(f"{source.name} could not be checked: {error.strerror or error}") from error


def _explained(
    verdict: Verdict, source: Source, contract: Contract, evidence: EncodingEvidence, head: Head | None
) -> Verdict:
    """Add the one cause behind the faults of a rejected file, if they seem to have one."""
    if contract.file is None or not source.size:
        return verdict
    marks = (cell.line for cell in verdict.bad_cells if cell.code is Code.BYTE_ORDER_MARK and cell.record)
    seen = Seen(
        raw=source.read(0, min(source.size, HEAD_BYTES)),
        head=evidence.head,
        labels=head.labels if head else (),
        width=head.width if head else 0,
        counts=verdict.counts,
        encoding=evidence.other(),
        ends_with_mark=contract.file.compression == "none" and source.read(source.size - 1, 1) == b"\x1a",
        joined_at=next(marks, None),
    )
    return replace(verdict, cause=likely_cause(seen, contract, contract.file))


@dataclass(slots=True)
class _Check:
    """One file under one contract."""

    source: Source
    contract: Contract
    dialect: FileFormat
    partition: str | None
    folder: Path
    duck: Duck
    threads: int
    tally: Tally
    evidence: EncodingEvidence
    head: Head | None = None
    pieces: list[Piece] = field(default_factory=list)
    failing: Counter[int] = field(default_factory=Counter)
    sums: Counter[int] = field(default_factory=Counter)
    broken_records: bool = False
    extra_lines: int = 0
    doubled: bool = False
    stopped: bool = False
    trailer: bytes | None = None

    def verdict(self, aside: Aside | None) -> Verdict:
        head = self.head = self._head(self.evidence)
        self.tally.add(head.faults)
        if head.empty:
            return self._settled(0)
        rules = rules_for(self.contract, self.partition, {place for place in head.places if place is not None})
        judge = Judge(self.contract, Grammar(self.dialect, len(head.places)), head.places, rules, self._most())
        self.duck.prepare(rules)
        self.stopped = head.stopped
        rows, lines = self._first_round(judge, head)
        if not self.stopped and (other := self.evidence.other()):
            details = {"found": other, "encoding": self.dialect.encoding}
            self.tally.add([BadCell(Code.WRONG_ENCODING, details=details)])
        self._judge_trailer(judge, rows, lines)
        self._count_bad_cells(judge)
        measurements = self._measure(judge, self._find_repetitions(judge), rows)
        self.tally.add(fault_of(one, rows) for one in measurements if not one.kept and one.severity == "error")
        if not judge.tolerant:
            return self._settled(rows, measurements)
        bad = self.duck.count_bad()
        if not bad or not self._tolerated(bad, rows):
            return self._settled(rows, measurements, bad)
        if aside is not None:
            write_aside(aside, self.contract, judge, self._rounds(judge), rows - bad)
        return self._settled(rows, measurements, bad, set_aside=True)

    def _head(self, evidence: EncodingEvidence | None = None) -> Head:
        return read_head(iter(utf8_chunks(self.source, self.dialect, evidence)), self.contract, self.dialect)

    def _most(self) -> int:
        """Return how many records of a segment are read one by one: what can only be rejected is not read for hours."""
        tolerance = self.contract.tolerance
        if tolerance is None:
            return self.tally.limit + _MOST_UNLISTED
        return _MOST_TOLERATED if tolerance.max_rows is None else tolerance.max_rows + _MOST_UNLISTED

    def _first_round(self, judge: Judge, head: Head) -> tuple[int, int]:
        """Judge segment by segment; settle them in the file's order, whichever is done first. Give records and lines.

        cutter (this thread)      worker 1           worker 2
        segment 1, 2, 3 cut  -->  judges 1           judges 2
        settles 1                 judges 3           says: my last record has not ended (a quote was lost before)
        settles what 2 settled; gives the rest of 2, and 3 with all that followed, back to the cutter:
        segment 3 was cut inside a record, so nothing that was found in it counts. Its keys were never kept.
        """
        cutter = Cutter(head.body, judge.grammar, self.folder)
        waiting, numbers = deque[_Waiting](), count()
        records, lines = 0, head.lines
        with Workers(self.duck, self.threads) as workers:
            while True:
                while len(waiting) <= self.threads and (segment := cutter.next()):
                    number = next(numbers)
                    room, doubled = self.tally.room, self.doubled
                    work = partial(judge.judge, segment=segment, number=number, room=room, doubled=doubled)
                    waiting.append((number, segment, workers.start(work)))
                if not waiting:
                    break
                number, segment, future = waiting.popleft()
                judged = future.result()
                piece = Piece(judged.size, records, lines, judged.records, judged.strict, segment.last)
                self._settle(judge, judged, number, piece)
                records += judged.records
                lines += judged.lines + (segment.last and judged.size == segment.size and not segment.ended)
                if judged.full:
                    self.tally.add([BadCell(Code.TOO_MANY_FAULTS, lines + 1)])
                if judged.stopped:
                    self.stopped = True
                    break
                if judged.size < segment.size:
                    unread = segment.text()[judged.size :]
                    cutter.push_back(unread, list(self._taken_back(waiting)), longer=not judged.size)
                segment.path.unlink()
        self.trailer = cutter.trailer
        return records, lines

    def _settle(self, judge: Judge, judged: Judged, number: int, piece: Piece) -> None:
        """Add what was found in a segment to what is known of the file."""
        self.pieces.append(piece)
        self.doubled |= judged.doubled
        for fault in judged.faults:
            self.tally.count_fault(fault)
            self.broken_records |= fault.record is not None
        for (code, column, details), number_of in judged.unlisted.items():
            self.tally.count(code, column, dict(details), number_of)
            self.tally.beyond_records |= code is Code.BLANK_ROW
            self.broken_records |= code is not Code.BLANK_ROW
        cells = sorted((*judged.faults, *judged.cells), key=lambda cell: (cell.line or 0, cell.record or 0))
        self.tally.list(moved(cell, piece) for cell in cells)
        self.tally.beyond_records |= judged.unproven
        self.extra_lines += judged.extra_lines
        if judge.tolerant:
            self.duck.note_bad([record + piece.record for record in judged.bad])
        if judged.totals:
            self.failing.update(dict(enumerate(judged.totals.failing)))
            self.sums.update(dict(zip(judge.rules.sums, judged.totals.sums, strict=True)))
            if judge.rules.keys:
                self.duck.keep_keys(judge.rules, number)

    def _taken_back(self, waiting: deque[_Waiting]) -> Iterator[bytes]:
        while waiting:
            number, segment, future = waiting.popleft()
            with suppress(CheckError):  # what it says of wrongly cut text does not count
                future.result()
            self.duck.forget_keys(number)
            yield segment.text()
            segment.path.unlink()

    def _judge_trailer(self, judge: Judge, rows: int, lines: int) -> None:
        trailer = self.dialect.trailer
        if trailer is None or self.stopped:
            return
        ill_typed = {
            rule.columns[0]
            for number, rule in enumerate(judge.rules.rules)
            if rule.code is Code.TYPE_ERROR and self.failing[number]
        }
        sums = {
            self.contract.columns[place].name: Decimal(self.sums[place]).scaleb(
                -(self.contract.columns[place].scale or 0), _EXACT
            )
            for place in judge.rules.sums
            if place not in ill_typed and not self.broken_records
        }
        line = lines + (self.trailer is not None)
        self.tally.add(judge_trailer(self.trailer, line, trailer, self.contract, judge.grammar, rows, sums))

    def _count_bad_cells(self, judge: Judge) -> None:
        for number, rule in enumerate(judge.rules.rules):
            if rule.metric is None:
                column = None if rule.code is Code.CONDITION_ERROR else self.contract.columns[rule.columns[0]].name
                self.tally.count(rule.code, column, rule.details, self.failing[number])

    def _find_repetitions(self, judge: Judge) -> dict[int, int]:
        """Find the records whose keys repeat; give how many, by the metrics that ask for it."""
        keys, measured = judge.rules.keys, dict[int, int]()
        suspected = [number for number in range(len(keys)) if self.duck.repeats_suspected(number)]
        if suspected:

            def collect(duck: Duck, piece: Piece, segment: Segment) -> None:
                sheet, _, scan = judge.sheet(segment, piece, keep=False)
                if sheet.rows:
                    for number in suspected:
                        duck.collect_candidates(sheet, judge.rules, number)
                if scan:
                    sheet.path.unlink()

            for _ in self._rounds(judge).each(collect):
                pass
        for number, key in enumerate(keys):
            limit = 0 if key.metric is not None else self.tally.limit
            cells, repeated = self.duck.repetitions(number, judge.rules, limit) if number in suspected else (0, [])
            if key.metric is not None:
                measured[key.metric] = cells
                continue
            columns = [self.contract.columns[place] for place in key.columns]
            self.tally.count(key.code, ", ".join(column.name for column in columns), {}, cells)
            self.tally.insert(repetition_cell(key.code, columns, one) for one in repeated)
            if judge.tolerant and cells:
                self.duck.note_repetitions(number, judge.rules)
        return measured

    def _measure(self, judge: Judge, repeated: dict[int, int], rows: int) -> tuple[Measurement, ...]:
        if self.stopped:  # how many records there are, nobody knows
            return ()
        values = dict(repeated)
        for number, rule in enumerate(judge.rules.rules):
            if rule.metric is not None:
                values[rule.metric] = self.failing[number]
        for number, metric in enumerate(self.contract.metrics):
            if metric.name == "rowCount":
                values[number] = rows
        return measure(self.contract.metrics, values, rows)

    def _tolerated(self, bad: int, rows: int) -> bool:
        tolerance = self.contract.tolerance
        if tolerance is None or self.tally.beyond_records or self.stopped or bad == rows:  # nothing good to go on
            return False
        # A quote that is lost makes one record of many: each line of a bad record may have been one.
        lost, sent = bad + self.extra_lines, rows + self.extra_lines
        within = tolerance.max_rows is None or lost <= tolerance.max_rows
        return within and (tolerance.max_percent is None or 100 * lost <= Decimal(tolerance.max_percent) * sent)

    def _rounds(self, judge: Judge) -> Rounds:
        return Rounds(self._head, judge.grammar, self.folder, self.duck, self.threads, self.pieces)

    def _settled(
        self, rows: int, measurements: tuple[Measurement, ...] = (), bad: int | None = None, *, set_aside: bool = False
    ) -> Verdict:
        counts, listed = self.tally.counts(), self.tally.first([column.name for column in self.contract.columns])
        return Verdict(
            accepted=not counts or set_aside,
            rows=rows,
            bad_cells=listed,
            counts=counts,
            truncated=len(listed) < sum(count.cells for count in counts),
            measurements=measurements,
            bad_records=bad,
            set_aside=(bad or 0) if set_aside else 0,
        )

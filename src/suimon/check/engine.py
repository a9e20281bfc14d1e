"""The checker's course: a stream is cut into segments, and the kernel answers for all records but those it doubts.

source -> head -> segments -> kernel -> no doubt -> counts, sums, hashes of keys
                                |
                                `-> records in doubt, many segments' together -> DuckDB -> counts; bad records
a segment that is mostly in doubt, or any where there is no kernel or it does not know a rule:
  UTF-8 -> one scan by DuckDB -> every byte accounted for? -> counts; bad records, if any
                                    |
                                    `-> no: the grammar finds the faults, and puts the records without any before DuckDB
then, over the whole file: trailer, keys that repeat (a second round, only if any is suspected), metrics, tolerance.
"""

import logging
import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from ctypes import CDLL
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Context, Decimal
from functools import cache, partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from suimon.check.decode import DecodeError
from suimon.check.encoding_evidence import HEAD_BYTES, EncodingEvidence
from suimon.check.found import CheckError, InterruptedCheckError, Repetition
from suimon.check.grammar import Grammar
from suimon.check.header import Head
from suimon.check.kernel import library
from suimon.check.kernel.keys import Keys
from suimon.check.kernel.plan import UnplannedError, plan_for, reads_raw
from suimon.check.kernel.sift import Sieve
from suimon.check.kernel_doubts import Record, moved_records
from suimon.check.likely_cause import Seen, likely_cause
from suimon.check.masking import learn
from suimon.check.reading import Reading
from suimon.check.repetitions import Suspects, collector, suspected_by_duckdb
from suimon.check.rules_as_sql import rules_for
from suimon.check.segment_check import Judge, Judged, Piece, moved, repetition_cell
from suimon.check.segments import Cutter, Segment
from suimon.check.set_aside import Aside, write_aside
from suimon.check.source import LocalFile, Source, Watched
from suimon.check.tally import Tally, fault_of, measure
from suimon.check.trailer import judge_trailer
from suimon.check.verdict import BadCell, Code, Measurement, Verdict
from suimon.check.workers import Ducks, Rounds, Workers
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract

if TYPE_CHECKING:
    from suimon.check.duckdb_reader import Duck

logger = logging.getLogger(__name__)

# So many bytes of records in doubt are worth a start of DuckDB.
_BATCH_BYTES = 2 * 1024 * 1024
# Spilled keys may fill the disk up to here: the segments of the moment need the rest.
_DISK_RESERVE = 512 * 1024 * 1024
_COLUMNS_IN_PARALLEL = 400
# Records that are read one by one take some ten microseconds each, those that are counted many at a time half of it.
# So many are, beyond those that are listed; where a share is tolerated so many, and one more for so many bytes.
_MOST_UNLISTED, _MOST_TOLERATED, _BYTES_PER_TOLERATED = 5_000, 30_000, 500
_MANY_STEPS = 1_000  # of one segment
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
    arrived: datetime | None = None,
    limit: int = 10_000,
    memory_limit: str | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    aside: Aside | None = None,
    kernel: bool = True,
) -> Verdict:
    """Judge a file by its contract: list at most `limit` bad cells, count all.

    `partition` None leaves out the rules that name it. A file that `arrived` when its date is out of bounds is not
    read. `scratch` is a folder with room for a few segments and
    for the spilled keys of a large file. `memory_limit` is DuckDB's, 256 MB unless there are many columns. `progress`
    is told the bytes of the object read so far, from 0 again for a second round. With `aside`, the records that the
    contract tolerates as bad are written apart from the good ones. Cells of a record whose structure is broken are not
    judged: where one begins is not known. What cannot be decompressed has no other fault. Without the `kernel` DuckDB
    and the grammar judge everything, to the same verdict. CheckError if there can be no verdict: a file that cannot be
    read, too little room.
    """
    dialect = contract.file
    if dialect is None or not contract.columns:
        raise CheckError(f"contract {contract.dataset} describes no file; give it a dialect, columns and a key pattern")
    if partition and arrived and (details := contract.dates.broken_by(partition, arrived)):
        return _rejected_unread(BadCell(Code.DATE_OUT_OF_BOUNDS, details=details), limit)
    evidence = EncodingEvidence(dialect.encoding)
    # A thread's share of the memory must hold some thousand cells of every column.
    workers = min(threads or os.cpu_count() or 1, max(1, _COLUMNS_IN_PARALLEL // len(contract.columns)))
    tally = Tally(limit, tuple(column.name for column in contract.columns))
    try:
        with TemporaryDirectory(prefix="check-", dir=scratch) as name:
            folder = Path(name)
            limit_of_memory = memory_limit or f"{_memory(contract)}MB"
            with Ducks(lambda: _open(folder, contract, limit_of_memory, workers)) as ducks:
                native = library.found() if kernel else None
                reading = Reading(
                    Watched(source, progress) if progress else source,
                    contract,
                    dialect,
                    folder,
                    native is not None and _reads_raw(contract, dialect, partition),
                )
                run = _Check(reading, native, partition, ducks, workers, tally, evidence)
                verdict = run.verdict(aside)
                return verdict if verdict.accepted else _explained(verdict, source, contract, evidence, run.head)
    except DecodeError as error:
        verdict = _rejected_unread(BadCell(error.code, details=error.details), limit)
        return _explained(verdict, source, contract, evidence, None)
    except OSError as error:
        raise InterruptedCheckError(f"{source.name} could not be checked: {error.strerror or error}") from error


def _rejected_unread(fault: BadCell, limit: int) -> Verdict:
    tally = Tally(limit)
    tally.add([fault])
    return Verdict(accepted=False, rows=0, bad_cells=tally.first(), counts=tally.counts(), truncated=not limit)


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


def _reads_raw(contract: Contract, dialect: FileFormat, partition: str | None) -> bool:
    """Return whether the kernel takes a file in its own encoding: it must know all rules, for it alone reads that."""
    if not reads_raw(contract, dialect):
        return False
    places = tuple(range(len(contract.columns)))
    try:
        plan_for(contract, partition, places, rules_for(contract, partition, places))
    except UnplannedError:
        return False
    return True


def _memory(contract: Contract) -> int:
    return 256 + max(0, len(contract.columns) - _COLUMNS_IN_PARALLEL) // 2


def _open(folder: Path, contract: Contract, memory: str, threads: int) -> "AbstractContextManager[Duck]":
    from suimon.check import duckdb_reader  # noqa: PLC0415 most files do without it

    free = shutil.disk_usage(folder).free
    disk = max(free - _DISK_RESERVE, free // 2)
    return duckdb_reader.open_duck(folder, contract.columns, memory_limit=memory, disk_limit=disk, threads=threads)


@dataclass(slots=True)
class _Check:
    """One file under one contract."""

    reading: Reading
    kernel: CDLL | None
    partition: str | None
    ducks: Ducks
    threads: int
    tally: Tally
    evidence: EncodingEvidence
    head: Head | None = None
    pieces: list[Piece] = field(default_factory=list)
    failing: Counter[int] = field(default_factory=Counter)
    sums: Counter[int] = field(default_factory=Counter)
    keys: list[Keys] = field(default_factory=list)  # as the kernel hashes them
    doubtful: list[Record] = field(default_factory=list)  # records that DuckDB is still to judge
    doubtful_bytes: int = 0
    batches: deque[tuple[int, Future[Judged]]] = field(default_factory=deque)  # of such records
    numbers: Iterator[int] = field(default_factory=count)  # under which DuckDB keeps what it finds in segments, batches
    bad_records: bool = False  # any has been noted
    broken_records: bool = False
    extra_lines: int = 0
    doubled: bool = False
    stopped: bool = False
    trailer: bytes | None = None

    @property
    def contract(self) -> Contract:
        """The contract that the file is to keep."""
        return self.reading.contract

    def verdict(self, aside: Aside | None) -> Verdict:
        judge, head = self._judge()
        self.head = head
        self.tally.add(head.faults)
        if head.empty:
            return self._settled(0)
        self.ducks.rules = judge.rules
        if judge.sieve:
            self.keys = [Keys(judge.sieve.kernel, self.reading.folder, key) for key in range(judge.sieve.plan.keys)]
        self.stopped = head.stopped
        rows, lines = self._first_round(judge, head)
        if not self.stopped and (other := self.evidence.other()):
            details = {"found": other, "encoding": self.reading.dialect.encoding}
            self.tally.add([BadCell(Code.WRONG_ENCODING, details=details)])
        self._judge_trailer(judge, rows, lines)
        self._count_bad_cells(judge)
        measurements = self._measure(judge, self._find_repetitions(judge), rows)
        self.tally.add(fault_of(one, rows) for one in measurements if not one.kept and one.severity == "error")
        if not judge.tolerant:
            return self._settled(rows, measurements)
        bad, breaks = self.ducks.first().count_bad() if self.bad_records else (0, 0)
        if not bad or not self._tolerated(bad, rows, breaks):
            return self._settled(rows, measurements, bad)
        if aside is not None:
            write_aside(aside, self.contract, judge, self._rounds(judge), rows - bad)
        return self._settled(rows, measurements, bad, set_aside=True)

    def _judge(self) -> tuple[Judge, Head]:
        """Read the head, and plan by what stands there: with the kernel, if it knows every rule."""
        head = self.reading.head(self.evidence)
        rules = rules_for(self.contract, self.partition, {place for place in head.places if place is not None})
        sieve = None
        if self.kernel:
            try:
                sieve = Sieve(self.kernel, plan_for(self.contract, self.partition, head.places, rules))
            except UnplannedError as error:
                logger.info("checked without the kernel", extra={"dataset": self.contract.dataset, "rule": str(error)})
        grammar = Grammar(self.reading.dialect, len(head.places))
        learned = cache(partial(learn, head.sample, grammar, head.places, self.contract.columns))
        most = self._most(self.reading.source.size)
        return Judge(self.contract, grammar, head.places, rules, most, sieve, learned), head

    def _most(self, size: int) -> int:
        """Return how many records of so many bytes are read one by one: no file is read for hours to be rejected."""
        tolerance = self.contract.tolerance
        if tolerance is None or self.tally.beyond_records:
            return self.tally.limit + _MOST_UNLISTED
        most = _MOST_TOLERATED + size // _BYTES_PER_TOLERATED
        return most if tolerance.max_rows is None else min(most, tolerance.max_rows + _MOST_UNLISTED)

    def _first_round(self, judge: Judge, head: Head) -> tuple[int, int]:
        """Judge segment by segment; settle them in the file's order, whichever is done first. Return records and lines.

        cutter (this thread)      worker 1           worker 2
        segment 1, 2, 3 cut  -->  judges 1           judges 2
        settles 1                 judges 3           says: my last record has not ended (a quote was lost before)
        settles what 2 settled; returns the rest of 2, and 3 with all that followed, to the cutter:
        segment 3 was cut inside a record, so nothing that was found in it counts. Its keys were never kept.
        """
        cutter = self.reading.cutter(head.body, judge.grammar, judge.sieve)
        waiting = deque[_Waiting]()
        records, lines, settled, steps, ahead = 0, head.lines, 0, 0, 0
        with Workers(self.ducks, self.threads) as workers:
            while True:
                while len(waiting) <= ahead and (segment := cutter.next()):
                    number = next(self.numbers)
                    room, doubled = self.tally.room, self.doubled
                    work = partial(judge.judge, segment=segment, number=number, room=room, doubled=doubled)
                    waiting.append((number, segment, workers.start(work)))
                if not waiting:
                    break
                number, segment, future = waiting.popleft()
                judged = future.result()
                piece = Piece(
                    judged.size, records, lines, judged.records, judged.strict, segment.last, judged.sifted is not None
                )
                self._settle(judge, judged, number, piece)
                self._judge_doubtful(judge, workers, _BATCH_BYTES)
                records += judged.records
                lines += judged.lines + (segment.last and judged.size == segment.size and not segment.ended)
                settled += judged.size
                steps += judged.steps
                unread_follows = judged.size < segment.size or not segment.last
                full = judged.full or (unread_follows and steps > self._most(max(settled, self.reading.source.size)))
                if full:
                    self.tally.add([BadCell(Code.TOO_MANY_FAULTS, lines + 1)])
                if full or judged.stopped:
                    self.stopped = True
                    judge.ended.set()
                    break
                # What was judged ahead is lost when a segment is torn or reading ends; where much is broken both are
                # near: so no segment is begun before the first one is known, or one with many faults.
                ahead = self.threads if judged.size == segment.size and judged.steps < _MANY_STEPS else 0
                if judged.size < segment.size:
                    unread = segment.data[judged.size : segment.size]
                    cutter.push_back(unread, list(self._taken_back(waiting)), longer=not judged.size)
                segment.path.unlink(missing_ok=True)
            self._judge_doubtful(judge, workers, 0)
            while self.batches:
                self._settle_batch(judge)
        self.trailer = cutter.trailer
        return records, lines

    def _settle(self, judge: Judge, judged: Judged, number: int, piece: Piece) -> None:
        """Add what was found in a segment to what is known of the file."""
        if judged.size:  # what is too short to hold a record is cut anew
            self.pieces.append(piece)
        self.doubled |= judged.doubled
        for fault in judged.faults:
            self.tally.count_fault(fault)
            self.broken_records |= fault.record is not None
        for (code, column, details), number_of in judged.unlisted.items():
            self.tally.count(code, column, dict(details), number_of)
            self.tally.beyond_records |= code in {Code.BLANK_ROW, Code.BYTE_ORDER_MARK}
            self.broken_records |= code is not Code.BLANK_ROW
        cells = sorted((*judged.faults, *judged.cells), key=lambda cell: (cell.line or 0, cell.record or 0))
        self.tally.list(moved(cell, piece) for cell in cells)
        self.tally.beyond_records |= judged.unproven
        self.extra_lines += judged.extra_lines
        self._note_bad(judge, [record + piece.record for record in judged.bad])
        self._note_found_bad(judged, number, piece.record)
        if judged.sifted:
            self._settle_sifted(judge, judged, piece)
        self._settle_totals(judge, judged)
        if judged.totals and judge.rules.keys and not judge.sieve:
            self.ducks.first().keep_keys(judge.rules, number)

    def _settle_sifted(self, judge: Judge, judged: Judged, piece: Piece) -> None:
        """Add what the kernel answers for; keep what it doubts until there is enough for DuckDB to begin."""
        sifted = judged.sifted
        if sifted is None or judge.sieve is None:
            return
        self.failing.update(dict(zip(judge.sieve.plan.metrics, sifted.metrics, strict=True)))
        self.sums.update(dict(zip(judge.rules.sums, sifted.sums, strict=True)))
        for keys, found in zip(self.keys, sifted.hashes, strict=True):
            for hashes in found:
                keys.add(hashes)
        self.doubtful += moved_records(judged.doubtful, piece.record, piece.line)
        self.doubtful_bytes += sum(len(record.text) for record in judged.doubtful)

    def _settle_totals(self, judge: Judge, judged: Judged) -> None:
        if judged.totals:
            self.failing.update(dict(enumerate(judged.totals.failing)))
            self.sums.update(dict(zip(judge.rules.sums, judged.totals.sums, strict=True)))
        for key, hashes in judged.hashes:
            self.keys[key].add(hashes)

    def _note_bad(self, judge: Judge, records: list[int]) -> None:
        if judge.tolerant and records:
            self.bad_records = True
            self.ducks.first().note_bad(records)

    def _note_found_bad(self, judged: Judged, number: int, further: int) -> None:
        if judged.found_bad:
            self.bad_records = True
            self.ducks.first().note_found_bad(number, further)

    def _judge_doubtful(self, judge: Judge, workers: Workers, enough: int) -> None:
        """Have DuckDB judge what the kernel doubts, if it is more than `enough`; keep few such batches waiting."""
        if self.doubtful_bytes <= enough:
            return
        path = self.reading.folder / f"doubtful-{self.doubtful[0].record}.csv"
        number = next(self.numbers)
        work = partial(judge.judge_doubtful, path=path, records=self.doubtful, number=number, room=self.tally.limit)
        self.batches.append((number, workers.start(work)))
        self.doubtful, self.doubtful_bytes = [], 0
        while len(self.batches) > self.threads:
            self._settle_batch(judge)

    def _settle_batch(self, judge: Judge) -> None:
        number, future = self.batches.popleft()
        judged = future.result()
        self.tally.list(judged.cells)
        self._note_found_bad(judged, number, 0)
        self._settle_totals(judge, judged)

    def _taken_back(self, waiting: deque[_Waiting]) -> Iterator[bytes]:
        while waiting:
            number, segment, future = waiting.popleft()
            with suppress(CheckError):  # what it says of wrongly cut text does not count
                future.result()
            if self.ducks.opened:
                self.ducks.first().forget_keys(number)
            yield segment.data[: segment.size]
            segment.path.unlink(missing_ok=True)

    def _judge_trailer(self, judge: Judge, rows: int, lines: int) -> None:
        trailer = self.reading.dialect.trailer
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
        """Find the records whose keys repeat; return how many, by the metrics that ask for it."""
        keys, measured = judge.rules.keys, dict[int, int]()
        suspects = Suspects.of(judge, self.keys) if judge.sieve else suspected_by_duckdb(judge, self.ducks.first)
        if suspects.wanted:
            for _ in self._rounds(judge).each(collector(judge, suspects)):
                pass
        for number, key in enumerate(keys):
            limit = 0 if key.metric is not None else self.tally.limit
            cells, repeated = 0, list[Repetition]()
            if number in suspects.wanted:
                cells, repeated = self.ducks.first().repetitions(number, judge.rules, limit)
            if key.metric is not None:
                measured[key.metric] = cells
                continue
            columns = [self.contract.columns[place] for place in key.columns]
            self.tally.count(key.code, ", ".join(column.name for column in columns), {}, cells)
            self.tally.insert(repetition_cell(key.code, columns, one, judge.discretion) for one in repeated)
            if judge.tolerant and cells:
                self.bad_records = True
                self.ducks.first().note_repetitions(number, judge.rules)
        return measured

    def _measure(self, judge: Judge, repeated: dict[int, int], rows: int) -> tuple[Measurement, ...]:
        if self.stopped:  # how many records there are, nobody knows
            return ()
        values = dict(repeated)
        for number, rule in enumerate(judge.rules.rules):
            if rule.metric is not None:
                values[rule.metric] = self.failing[number]
        for number, metric in enumerate(self.contract.metrics):
            # Of a set the whole has so many records: a shard may have none.
            if metric.name == "rowCount" and not self.contract.set_rule:
                values[number] = rows
        return measure(self.contract.metrics, values, rows)

    def _tolerated(self, bad: int, rows: int, breaks: int) -> bool:
        tolerance = self.contract.tolerance
        if tolerance is None or self.tally.beyond_records or self.stopped or bad == rows:  # nothing good to go on
            return False
        # A quote that is lost makes one record of many: each line of a bad record may have been one.
        further = breaks + self.extra_lines
        lost, sent = bad + further, rows + further
        within = tolerance.max_rows is None or lost <= tolerance.max_rows
        return within and (tolerance.max_percent is None or 100 * lost <= Decimal(tolerance.max_percent) * sent)

    def _rounds(self, judge: Judge) -> Rounds:
        def cutter(chunks: Iterable[bytes], sizes: Iterable[int]) -> Cutter:
            return self.reading.cutter(chunks, judge.grammar, judge.sieve, sizes)

        return Rounds(self.reading.head, cutter, self.ducks, self.threads, self.pieces)

    def _settled(
        self, rows: int, measurements: tuple[Measurement, ...] = (), bad: int | None = None, *, set_aside: bool = False
    ) -> Verdict:
        counts, listed = self.tally.counts(), self.tally.first()
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

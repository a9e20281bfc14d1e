"""The first round through a file: segment by segment judged, settled in the file's order."""

from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import field
from functools import partial
from itertools import count

from suimon.check.found import CheckError
from suimon.check.header import Head
from suimon.check.judged import Judged, Piece, moved
from suimon.check.kernel.keys import Keys
from suimon.check.kernel_doubts import Record, moved_records
from suimon.check.reading import Reading
from suimon.check.segment_check import Judge
from suimon.check.segments import Segment
from suimon.check.tally import Tally
from suimon.check.verdict import BadCell, Code
from suimon.check.workers import Ducks, Workers
from suimon.contract.model import Contract
from suimon.values import dataclass

# So many bytes of records in doubt are worth a start of DuckDB.
_BATCH_BYTES = 2 * 1024 * 1024
# Records that are read one by one take some ten microseconds each, those that are counted many at a time half of it.
# So many are, beyond those that are listed; where a share is tolerated so many, and one more for so many bytes.
_MOST_UNLISTED, _MOST_TOLERATED, _BYTES_PER_TOLERATED = 5_000, 30_000, 500
_MANY_STEPS = 1_000  # of one segment
# A file with so many bad cells is rejected whatever follows, and DuckDB takes a second for some hundred thousand.
MOST_BAD_CELLS = 1_000_000

_Waiting = tuple[int, Segment, Future[Judged]]


def most_one_by_one(contract: Contract, tally: Tally, size: int) -> int:
    """Return how many records of so many bytes are read one by one: no file is read for hours to be rejected."""
    tolerance = contract.tolerance
    if tolerance is None or tally.beyond_records:
        return tally.limit + _MOST_UNLISTED
    most = _MOST_TOLERATED + size // _BYTES_PER_TOLERATED
    return most if tolerance.max_rows is None else min(most, tolerance.max_rows + _MOST_UNLISTED)


@dataclass(slots=True)
class FirstRound:
    """What is found in the segments of one file, and what is known of the whole after them."""

    reading: Reading
    judge: Judge
    ducks: Ducks
    threads: int
    tally: Tally
    stopped: bool = False
    pieces: list[Piece] = field(default_factory=list)
    failing: Counter[int] = field(default_factory=Counter)
    sums: Counter[int] = field(default_factory=Counter)
    keys: list[Keys] = field(default_factory=list)  # as the kernel hashes them
    doubtful: list[Record] = field(default_factory=list)  # records that DuckDB is still to judge
    doubtful_bytes: int = 0
    batches: deque[tuple[int, Future[Judged]]] = field(default_factory=deque)  # of such records
    listing: bool = True  # whether the last batch that is settled listed bad cells, or none is
    numbers: Iterator[int] = field(default_factory=count)  # under which DuckDB keeps what it finds in segments, batches
    bad_records: bool = False  # any has been noted
    broken_records: bool = False
    extra_lines: int = 0
    doubled: bool = False
    trailer: bytes | None = None

    def run(self, head: Head) -> tuple[int, int]:
        """Judge segment by segment; settle them in the file's order, whichever is done first. Return records and lines.

        cutter (this thread)      worker 1           worker 2
        segment 1, 2, 3 cut  -->  judges 1           judges 2
        settles 1                 judges 3           says: my last record has not ended (a quote was lost before)
        settles what 2 settled; returns the rest of 2, and 3 with all that followed, to the cutter:
        segment 3 was cut inside a record, so nothing that was found in it counts. Its keys were never kept.
        """
        cutter = self.reading.cutter(head.body, self.judge.grammar, self.judge.sieve)
        waiting = deque[_Waiting]()
        records, lines, settled, steps, ahead = 0, head.lines, 0, 0, 0
        with Workers(self.ducks, self.threads) as workers:
            while True:
                while len(waiting) <= ahead and (segment := cutter.next()):
                    number = next(self.numbers)
                    room, doubled = self.tally.room, self.doubled
                    work = partial(self.judge.judge, segment=segment, number=number, room=room, doubled=doubled)
                    waiting.append((number, segment, workers.start(work)))
                if not waiting:
                    break
                number, segment, future = waiting.popleft()
                judged = future.result()
                piece = Piece(
                    judged.size, records, lines, judged.records, judged.strict, segment.last, judged.sifted is not None
                )
                self._settle(judged, number, piece)
                self._judge_doubtful(workers, _BATCH_BYTES)
                records += judged.records
                lines += judged.lines + (segment.last and judged.size == segment.size and not segment.ended)
                settled += judged.size
                steps += judged.steps
                unread_follows = judged.size < segment.size or not segment.last
                full = judged.full or (unread_follows and (steps > self._most(settled) or self._hopeless()))
                if full:
                    self.tally.add([BadCell(Code.TOO_MANY_FAULTS, lines + 1)])
                if full or judged.stopped:
                    self.stopped = True
                    self.judge.ended.set()
                    break
                # What was judged ahead is lost when a segment is torn or reading ends; where much is broken both are
                # near: so no segment is begun before the first one is known, or one with many faults.
                ahead = self.threads if judged.size == segment.size and judged.steps < _MANY_STEPS else 0
                if judged.size < segment.size:
                    unread = segment.data[judged.size : segment.size]
                    cutter.push_back(unread, list(self._taken_back(waiting)), longer=not judged.size)
                segment.path.unlink(missing_ok=True)
            self._judge_doubtful(workers, 0)
            while self.batches:
                self._settle_batch()
        self.trailer = cutter.trailer
        return records, lines

    def _settle(self, judged: Judged, number: int, piece: Piece) -> None:
        """Add what was found in a segment to what is known of the file."""
        if judged.size:  # what is too short to hold a record is cut again
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
        self._note_bad([record + piece.record for record in judged.bad])
        self._note_found_bad(judged, number, piece.record)
        if judged.sifted:
            self._settle_sifted(judged, piece)
        self._settle_totals(judged)
        if judged.totals and self.judge.rules.keys and not self.judge.sieve:
            self.ducks.first().keep_keys(self.judge.rules, number)

    def _settle_sifted(self, judged: Judged, piece: Piece) -> None:
        """Add what the kernel answers for; keep what it doubts until there is enough for DuckDB to begin."""
        sifted = judged.sifted
        if sifted is None or self.judge.sieve is None:
            return
        self.failing.update(dict(zip(self.judge.sieve.plan.metrics, sifted.metrics, strict=True)))
        self.sums.update(dict(zip(self.judge.rules.sums, sifted.sums, strict=True)))
        for keys, found in zip(self.keys, sifted.hashes, strict=True):
            for hashes in found:
                keys.add(hashes)
        self.doubtful += moved_records(judged.doubtful, piece.record, piece.line)
        self.doubtful_bytes += sum(len(record.text) for record in judged.doubtful)

    def _settle_totals(self, judged: Judged) -> None:
        if judged.totals:
            self.failing.update(dict(enumerate(judged.totals.failing)))
            self.sums.update(dict(zip(self.judge.rules.sums, judged.totals.sums, strict=True)))
        for key, hashes in judged.hashes:
            self.keys[key].add(hashes)

    def _note_bad(self, records: list[int]) -> None:
        if self.judge.tolerant and records:
            self.bad_records = True
            self.ducks.first().note_bad(records)

    def _note_found_bad(self, judged: Judged, number: int, further: int) -> None:
        if judged.found_bad:
            self.bad_records = True
            self.ducks.first().note_found_bad(number, further)

    def _judge_doubtful(self, workers: Workers, enough: int) -> None:
        """Have DuckDB judge what the kernel doubts, if it is more than `enough`; keep few such batches waiting."""
        if self.doubtful_bytes <= enough:
            return
        # What a batch lists counts against the next: none is begun before that is known, as long as it lists any.
        while len(self.batches) > (0 if self.listing else self.threads):
            self._settle_batch()
        first, number = self.doubtful[0], next(self.numbers)
        path, room = self.reading.folder / f"doubtful-{first.record}.csv", self.tally.room_from(first.line)
        work = partial(self.judge.judge_doubtful, path=path, records=self.doubtful, number=number, room=room)
        self.batches.append((number, workers.start(work)))
        self.doubtful, self.doubtful_bytes = [], 0

    def _settle_batch(self) -> None:
        number, future = self.batches.popleft()
        judged = future.result()
        self.listing = bool(judged.cells)
        self.tally.list(judged.cells)
        self._note_found_bad(judged, number, 0)
        self._settle_totals(judged)

    def _taken_back(self, waiting: deque[_Waiting]) -> Iterator[bytes]:
        while waiting:
            number, segment, future = waiting.popleft()
            with suppress(CheckError):  # what it says of wrongly cut text does not count
                future.result()
            if self.ducks.opened:
                self.ducks.first().forget_keys(number)
            yield segment.data[: segment.size]
            segment.path.unlink(missing_ok=True)

    def _hopeless(self) -> bool:
        """Whether so many cells are bad that reading ends, where none may be."""
        return not self.judge.tolerant and sum(self.failing[rule] for rule in self.judge.listed) > MOST_BAD_CELLS

    def _most(self, settled: int) -> int:
        return most_one_by_one(self.judge.contract, self.tally, max(settled, self.reading.source.size))

"""A file judged as a whole: what its segments gave, its trailer, keys that repeat, metrics, tolerance."""

import logging
from collections.abc import Iterable
from ctypes import CDLL
from dataclasses import field
from decimal import Context, Decimal
from functools import cache, partial

from suimon.check.bad_cells import BadCells
from suimon.check.encoding_evidence import EncodingEvidence
from suimon.check.first_round import FirstRound, most_one_by_one
from suimon.check.found import Repetition
from suimon.check.grammar import Grammar
from suimon.check.header import Head
from suimon.check.kernel.keys import Keys
from suimon.check.kernel.plan import UnplannedError, plan_for
from suimon.check.kernel.sift import Sieve
from suimon.check.masking import learn
from suimon.check.reading import Reading
from suimon.check.repetitions import Suspects, collect_candidates, suspected_by_duckdb
from suimon.check.rules_as_sql import rules_for
from suimon.check.segment_check import Judge
from suimon.check.segments import Cutter
from suimon.check.set_aside import Aside, write_aside
from suimon.check.sheet_keys import SheetKeys
from suimon.check.tally import Tally, fault_of, measure
from suimon.check.trailer import judge_trailer
from suimon.check.verdict import BadCell, Code, Measurement, Verdict
from suimon.check.workers import Ducks, Rounds
from suimon.contract.model import Contract
from suimon.values import dataclass

logger = logging.getLogger(__name__)

_EXACT = Context(prec=100)  # more digits than the sum of any file has


@dataclass(slots=True)
class WholeFile:
    """One file under one contract."""

    reading: Reading
    kernel: CDLL | None
    partition: str | None
    ducks: Ducks
    threads: int
    tally: Tally
    evidence: EncodingEvidence
    head: Head | None = None
    sums: dict[str, Decimal] = field(default_factory=dict)

    @property
    def contract(self) -> Contract:
        """The contract that the file is to keep."""
        return self.reading.contract

    def verdict(self, aside: Aside | None) -> Verdict:
        """Judge the file; with `aside`, write apart what the contract tolerates as bad."""
        judge, head = self._judge()
        self.head = head
        self.tally.add(head.faults)
        if head.empty:
            self.sums = {self.contract.columns[place].name: Decimal(0) for place in judge.rules.sums}
            return self._settled(0)
        self.ducks.rules = judge.rules
        found = FirstRound(self.reading, judge, self.ducks, self.threads, self.tally, stopped=head.stopped)
        if judge.sieve:
            found.keys = [Keys(judge.sieve.kernel, self.reading.folder, key) for key in range(judge.sieve.plan.keys)]
        rows, lines = found.run(head)
        if not found.stopped and (other := self.evidence.other()):
            details = {"found": other, "encoding": self.reading.dialect.encoding}
            self.tally.add([BadCell(Code.WRONG_ENCODING, details=details)])
        self.sums = self._sums(found)
        self._judge_trailer(found, rows, lines)
        self._count_bad_cells(found)
        measurements = self._measure(found, self._find_repetitions(found), rows)
        self.tally.add(fault_of(one, rows) for one in measurements if not one.kept and one.severity == "error")
        if not judge.tolerant:
            return self._settled(rows, measurements)
        bad, breaks = self.ducks.first().count_bad() if found.bad_records else (0, 0)
        if not bad or not self._tolerated(found, bad, rows, breaks):
            return self._settled(rows, measurements, bad)
        if aside is not None:
            write_aside(aside, self.contract, judge, self._rounds(found), rows - bad)
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
        most = most_one_by_one(self.contract, self.tally, self.reading.source.size)
        cells = BadCells(self.contract, head.places, rules, learned)
        keys = SheetKeys.of(self.contract, rules, sieve) if sieve else None
        return Judge(self.contract, grammar, head.places, rules, most, cells, sieve, keys), head

    def _sums(self, found: FirstRound) -> dict[str, Decimal]:
        """Return the sums that are known: of columns in which every cell of every record could be read."""
        if found.stopped or found.broken_records:
            return {}
        ill_typed = {
            rule.columns[0]
            for number, rule in enumerate(found.judge.rules.rules)
            if rule.code is Code.TYPE_ERROR and found.failing[number]
        }
        return {
            self.contract.columns[place].name: Decimal(found.sums[place]).scaleb(
                -(self.contract.columns[place].scale or 0), _EXACT
            )
            for place in found.judge.rules.sums
            if place not in ill_typed
        }

    def _judge_trailer(self, found: FirstRound, rows: int, lines: int) -> None:
        trailer = self.reading.dialect.trailer
        if trailer is None or found.stopped:
            return
        line = lines + (found.trailer is not None)
        self.tally.add(judge_trailer(found.trailer, line, trailer, self.contract, found.judge.grammar, rows, self.sums))

    def _count_bad_cells(self, found: FirstRound) -> None:
        for number, rule in enumerate(found.judge.rules.rules):
            if rule.metric is None:
                column = None if rule.code is Code.CONDITION_ERROR else self.contract.columns[rule.columns[0]].name
                self.tally.count(rule.code, column, rule.details, found.failing[number])

    def _find_repetitions(self, found: FirstRound) -> dict[int, int]:
        """Find the records whose keys repeat; return how many, by the metrics that ask for it."""
        judge = found.judge
        keys, measured = judge.rules.keys, dict[int, int]()
        suspects = Suspects.of(judge, found.keys) if judge.sieve else suspected_by_duckdb(judge, self.ducks.first)
        if suspects.wanted:
            collect_candidates(judge, suspects, self._rounds(found), self.reading.folder)
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
            self.tally.insert(judge.cells.of_repetition(key.code, columns, one) for one in repeated)
            if judge.tolerant and cells:
                found.bad_records = True
                self.ducks.first().note_repetitions(number, judge.rules)
        return measured

    def _measure(self, found: FirstRound, repeated: dict[int, int], rows: int) -> tuple[Measurement, ...]:
        if found.stopped:  # how many records there are, nobody knows
            return ()
        values = dict(repeated)
        for number, rule in enumerate(found.judge.rules.rules):
            if rule.metric is not None:
                values[rule.metric] = found.failing[number]
        for number, metric in enumerate(self.contract.metrics):
            # Of a set the whole has so many records: a shard may have none.
            if metric.name == "rowCount" and not self.contract.set_rule:
                values[number] = rows
        return measure(self.contract.metrics, values, rows)

    def _tolerated(self, found: FirstRound, bad: int, rows: int, breaks: int) -> bool:
        tolerance = self.contract.tolerance
        if tolerance is None or self.tally.beyond_records or found.stopped or bad == rows:  # nothing good to go on
            return False
        # A quote that is lost makes one record of many: each line of a bad record may have been one.
        further = breaks + found.extra_lines
        lost, sent = bad + further, rows + further
        within = tolerance.max_rows is None or lost <= tolerance.max_rows
        return within and (tolerance.max_percent is None or 100 * lost <= Decimal(tolerance.max_percent) * sent)

    def _rounds(self, found: FirstRound) -> Rounds:
        def cutter(chunks: Iterable[bytes], sizes: Iterable[int]) -> Cutter:
            return self.reading.cutter(chunks, found.judge.grammar, found.judge.sieve, sizes)

        return Rounds(self.reading.head, cutter, self.ducks, self.threads, found.pieces)

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
            unknown_labels=self.head.unknown if self.head else (),
            sums=self.sums,
        )

"""What is fuzzed: each target takes bytes, and fails when a promise is broken. Only documented errors are let pass."""

import csv
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from suimon.check import duckdb_reader, segments
from suimon.check.decode import DecodeError, utf8_chunks
from suimon.check.engine import Aside, check
from suimon.check.grammar import Grammar
from suimon.check.scanned import Scan
from suimon.check.structure import first_record, scan
from suimon.check.verdict import Code, Details, Verdict, shared, shown
from suimon.contract.file import Column, ContractError, FileFormat
from suimon.contract.model import Contract
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract
from suimon.report.messages import say
from tests.fuzz.contracts import CONTRACTS, HOLDS, PARTITION
from tests.fuzz.kernel import fuzz_kernel
from tests.fuzz.shared_duck import opened_once
from tests.unit.check.oracle import judge, without_hidden
from tests.unit.check.oracle_verdict import Expected, Place

SEGMENT_BYTES = (16, 64, 1000, segments.SEGMENT_BYTES)
LIMITS = (0, 3, 10_000, 10_000)
DAMAGE = {Code.COMPRESSION_ERROR, Code.TRUNCATED_FILE, Code.DECOMPRESSION_LIMIT}


@dataclass(frozen=True)
class Bytes:
    """A source in memory, read in chunks of any size."""

    contents: bytes
    chunk: int = 7
    name: str = "file"

    @property
    def size(self) -> int:
        return len(self.contents)

    def read(self, start: int, length: int) -> bytes:
        return self.contents[start : start + length]

    def chunks(self) -> Iterator[bytes]:
        for start in range(0, self.size, self.chunk):
            yield self.contents[start : start + self.chunk]


def fuzz_check(drawn: bytes) -> None:
    """A file under a contract: the verdict keeps its promises, and is the one of the slow reading."""
    contract, options, contents = _drawn(drawn)
    limit, partition = LIMITS[options >> 3 & 3], PARTITION if options & 32 else None
    aside = Aside(_scratch() / "accepted.csv", _scratch() / "bad.csv") if contract.tolerance else None
    with patch.object(segments, "SEGMENT_BYTES", SEGMENT_BYTES[options & 3]):
        verdict = _check(contents, contract, partition, limit=limit, threads=1 + (options >> 2 & 1), aside=aside)
    _keeps_its_promises(verdict, contents, contract, limit)
    _is_the_slow_readings(verdict, judge(contents, contract, partition, HOLDS), limit)
    if aside and verdict.set_aside:
        _is_the_whole(verdict, aside, contract, partition)


def _keeps_its_promises(verdict: Verdict, contents: bytes, contract: Contract, limit: int) -> None:
    cells, compressed = verdict.bad_cells, contract.file is not None and contract.file.compression != "none"
    assert verdict.accepted == (not verdict.counts or verdict.set_aside > 0)
    assert len(cells) == min(limit, verdict.bad_cell_count)
    assert verdict.truncated == (len(cells) < verdict.bad_cell_count)
    assert [cell.line or 0 for cell in cells] == sorted(cell.line or 0 for cell in cells)
    assert not Counter((cell.code, cell.column) for cell in cells) - _counts(verdict)
    assert 0 <= verdict.set_aside <= (verdict.bad_records or 0) <= verdict.rows
    for cell in cells:
        assert cell.line is None or 1 <= cell.line <= contents.count(b"\n") + 2 or compressed
        assert cell.record is None or 1 <= cell.record <= verdict.rows
        assert say(cell.code, cell.details, "en")
        assert say(cell.code, cell.details, "ja")
    for count in verdict.counts:
        assert say(count.code, count.details, "en")


def _is_the_slow_readings(verdict: Verdict, expected: Expected, limit: int) -> None:
    found = Counter(
        Place(cell.code, cell.line, cell.record, cell.column, cell.value, _about(cell.details, cell.record))
        for cell in verdict.bad_cells
    )
    if expected.damaged and found and {place.code for place in found} <= DAMAGE:
        return  # where damaged bytes end to make sense, readers differ
    assert (verdict.accepted, verdict.rows, verdict.set_aside) == (expected.accepted, expected.rows, expected.set_aside)
    assert _counts(verdict) == expected.counts
    told = Counter(without_hidden(expected.places, found))
    found = Counter(without_hidden(found.elements(), found))
    assert not found - told
    assert limit < len(expected.places) or found == told
    assert [(one.metric, one.value, one.kept) for one in verdict.measurements] == list(expected.measured)


def _is_the_whole(verdict: Verdict, aside: Aside, contract: Contract, partition: str | None) -> None:
    """Accepted and bad records are all there are, and the accepted ones would be accepted by themselves."""
    assert contract.file
    with aside.bad.open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.reader(stream, delimiter=contract.file.delimiter))) == 1 + verdict.set_aside
    plain = replace(contract, file=contract.file.plain(), tolerance=None, metrics=())
    again = _check(aside.accepted.read_bytes(), plain, partition)
    assert (again.accepted, again.rows) == (True, verdict.accepted_rows)


def _counts(verdict: Verdict) -> Counter[tuple[Code, str | None]]:
    counts = Counter[tuple[Code, str | None]]()
    for count in verdict.counts:
        counts[count.code, count.column] += count.cells
    return counts


def fuzz_grammar(drawn: bytes) -> None:
    """Text of a dialect, decoded and read by the grammar alone: what it finds is what the slow reading finds."""
    contract, options, contents = _drawn(drawn)
    assert contract.file
    dialect = replace(contract.file, header=False, trailer=None, skip_lines=0, compression="none")
    columns = tuple(Column(column.name, "string") for column in contract.columns)
    slow = judge(contents, replace(contract, file=dialect, columns=columns, **_WITHOUT_RULES), None)
    try:
        text = b"".join(utf8_chunks(Bytes(contents), dialect))
    except DecodeError as error:
        assert slow.places == (Place(error.code),)  # noqa: PT017 - the slow reading cannot decode it either
        return
    if not text or text.startswith(b"\xef\xbb\xbf"):
        return  # is told before the grammar reads
    grammar = Grammar(dialect, len(columns))
    whole = scan(grammar, text, last=True, numbers=True, keep=True)
    # That the bytes are of another encoding is not the grammar's to say.
    told = Counter(place for place in slow.places if place.code is not Code.WRONG_ENCODING)
    assert _places(whole, columns) == told
    assert whole.records == slow.rows
    _is_in_order(whole, text, grammar)
    _is_the_same_in_pieces(whole, text, grammar, columns, options)
    _is_the_same_when_most_is_only_counted(whole, text, grammar, options & 3)
    first_record(grammar, text, last=True)


_WITHOUT_RULES: dict[str, Any] = {"primary_key": (), "conditions": (), "metrics": (), "tolerance": None}


def _places(found: Scan, columns: tuple[Column, ...], record: int = 0, line: int = 0) -> Counter[Place]:
    return Counter(
        Place(
            fault.code,
            fault.line + line,
            None if fault.record is None else fault.record + record,
            None if fault.cell is None else columns[fault.cell].name,
            None if fault.value is None else shown(fault.value, personal=False),
            _about(fault.details, fault.record),
        )
        for fault in found.faults
    )


def _about(details: Details, record: int | None) -> str | int | None:
    """Return the detail that the slow reading tells of a fault."""
    names = ("byte", "bytes", "cells", "kind", "found", *(("first",) if record else ()))
    return next((details[name] for name in names if name in details), None)


def _is_in_order(found: Scan, text: bytes, grammar: Grammar) -> None:
    """Good and broken records follow each other and are numbered through."""
    runs = list(found.plain_runs(text, grammar))
    good = ((run.start, run.end, run.record, run.records, run.line) for run in runs)
    broken = ((one.start, one.end, one.record, 1, one.line) for one in found.broken)
    position = number = 0
    for start, end, record, count, line in sorted([*good, *broken]):
        assert (start >= position, record, line) == (True, number + 1, 1 + text.count(b"\n", 0, start))
        position, number = end, number + count
    assert number == found.records
    assert position <= found.end
    assert found.stopped or found.end == len(text)
    assert [one.record for one in found.broken] == list(found.bad)
    for run in runs:
        assert len(list(grammar.records(text, run.start, run.end))) == run.records


def _is_the_same_in_pieces(
    whole: Scan, text: bytes, grammar: Grammar, columns: tuple[Column, ...], options: int
) -> None:
    cut = text.find(b"\n", options * len(text) // 256) + 1
    if not 0 < cut < len(text):
        return
    first = scan(grammar, text[:cut], last=False)
    faults, records = _places(first, columns), first.records
    if not first.stopped:
        second = scan(grammar, text[first.end :], last=True)
        faults += _places(second, columns, first.records, text.count(b"\n", 0, first.end))
        records += second.records
    assert (faults, records) == (_places(whole, columns), whole.records)


def _is_the_same_when_most_is_only_counted(whole: Scan, text: bytes, grammar: Grammar, room: int) -> None:
    counted = scan(grammar, text, last=True, room=room, numbers=True)
    kinds = Counter((fault.code, fault.cell, shared(fault.details)) for fault in whole.faults[room:])
    assert (counted.faults, counted.unlisted) == (whole.faults[:room], kinds)
    assert (counted.records, list(counted.bad), counted.runs) == (whole.records, list(whole.bad), whole.runs)
    assert (counted.end, counted.stopped) == (whole.end, whole.stopped)


def fuzz_contract(drawn: bytes) -> None:
    """A contract's YAML is read or refused; what is read survives its compiled form, and files can be judged by it."""
    path = _scratch() / "c.odcs.yaml"
    path.write_bytes(drawn)
    try:
        contract = read_contract(path)
    except ContractFileError as error:
        assert error.problems  # noqa: PT017 - refused is as good as read
        assert all(problem.line > 0 and problem.message for problem in error.problems)  # noqa: PT017
        return
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract
    if contract.file:
        _check(_written(contract, contract.file), replace(contract, file=replace(contract.file, compression="none")))


def _written(contract: Contract, dialect: FileFormat) -> bytes:
    lines = ["\n" * dialect.skip_lines, *(dialect.delimiter.join(cells) for cells in _table(contract))]
    return "\n".join(lines).encode(dialect.encoding, "replace")


def _table(contract: Contract) -> Iterator[list[str]]:
    yield [column.title for column in contract.columns]
    for cell in ("", "1", "x", PARTITION):
        yield [cell] * len(contract.columns)


def fuzz_compiled(drawn: bytes) -> None:
    """A compiled contract is read or refused."""
    try:
        raw = json.loads(drawn)
    except (ValueError, RecursionError):
        return  # is no JSON, which `read_contracts` says
    try:
        contract = Contract.from_json(raw)
    except ContractError as error:
        assert str(error)  # noqa: PT017 - as above
        return
    assert contract.dataset is not None


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "check": fuzz_check,
    "grammar": fuzz_grammar,
    "contract": fuzz_contract,
    "compiled": fuzz_compiled,
    "kernel": fuzz_kernel,
}


def _drawn(drawn: bytes) -> tuple[Contract, int, bytes]:
    """Take fuzzed bytes apart: a contract, options, a file."""
    letter, options, contents = drawn[:1].decode("latin-1"), drawn[1] if drawn[1:] else 0, drawn[2:]
    letters = tuple(CONTRACTS)
    chosen = letter if letter in letters else letters[ord(letter or "\0") % len(letters)]
    return CONTRACTS[chosen], options, contents


def _check(contents: bytes, contract: Contract, partition: str | None = None, **options: Any) -> Verdict:
    """Check with the kernel, and without: the verdict is the same."""
    options = {"threads": 1} | options
    with patch.object(duckdb_reader, "open_duck", opened_once):
        verdict = check(Bytes(contents, 4096), contract, partition, scratch=_scratch(), **options)
        slow = check(Bytes(contents, 4096), contract, partition, scratch=_scratch(), **options, kernel=False)
    assert verdict == slow
    return verdict


@cache
def _scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="suimon-fuzz-"))

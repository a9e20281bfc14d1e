"""What the kernel doubts of a segment, looked at again: broken records named by the grammar, the others for DuckDB."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import field, replace
from itertools import accumulate
from pathlib import Path

from suimon.check.duckdb_input import Numbering, Sheet, sheet_of_records, with_line_feed
from suimon.check.grammar import Grammar
from suimon.check.kernel import library
from suimon.check.kernel.sift import Doubt, Sifted
from suimon.check.scanned import Fault, Scan
from suimon.check.segments import Segment
from suimon.check.structure import scan
from suimon.check.verdict import Code, Shared
from suimon.values import dataclass

_SOUND = frozenset((library.CELLS, library.CANDIDATE))


@dataclass(frozen=True, slots=True)
class Record:
    """A record of sound form, as DuckDB reads it; `record` and `line` from 1 within its segment or its file."""

    text: bytes
    record: int
    line: int


@dataclass(frozen=True, slots=True)
class Doubtful:
    """What the doubts of a segment come to; records and lines are counted from 1 within it."""

    records: list[Record] = field(default_factory=list)  # those of sound form
    faults: list[Fault] = field(default_factory=list)
    unlisted: Counter[tuple[Code, int | None, Shared]] = field(default_factory=Counter)
    bad: list[int] = field(default_factory=list)  # numbers of the broken records, if asked for
    unproven: bool = False
    extra_lines: int = 0  # as of a scan
    steps: int = 0  # as of a scan


def look_again(segment: Segment, sifted: Sifted, grammar: Grammar, *, room: int, numbers: bool) -> Doubtful | None:
    """Read the records in doubt; None where the grammar sees other records than the kernel.

    List the first `room` faults; the `numbers` of all broken records, if they are wanted.
    """
    doubts = sifted.doubts
    texts = _texts(segment, doubts)
    found = Doubtful(records=_records(doubts, texts, grammar))
    if all(doubt.kind in _SOUND for doubt in doubts):
        return found
    together = b"".join(texts)
    read = scan(grammar, together, last=segment.last, room=room, numbers=numbers, keep=True)
    if not _agree(doubts, texts, read):
        return None
    lines = list(accumulate((text.count(b"\n") for text in texts[:-1]), initial=1))  # on which each begins
    counted = [doubt for doubt in doubts if doubt.kind != library.BLANK]
    for fault in read.faults:
        place = bisect_right(lines, fault.line) - 1
        further = doubts[place].line - lines[place] + 1
        details = fault.details
        if isinstance(to := details.get("to"), int):
            details = {**details, "to": to + further}
        record = None if fault.record is None else counted[fault.record - 1].record + 1
        found.faults.append(replace(fault, line=fault.line + further, record=record, details=details))
    found.unlisted.update(read.unlisted)
    found.bad.extend(counted[number - 1].record + 1 for number in read.bad)
    return replace(found, unproven=read.unproven, extra_lines=read.extra_lines, steps=read.steps)


def sound_records(segment: Segment, sifted: Sifted, grammar: Grammar) -> list[Record]:
    """Return the records in doubt that are of sound form."""
    return _records(sifted.doubts, _texts(segment, sifted.doubts), grammar)


def _texts(segment: Segment, doubts: list[Doubt]) -> list[bytes]:
    return [segment.decoded(segment.data[doubt.start : doubt.end]) for doubt in doubts]


def _records(doubts: list[Doubt], texts: list[bytes], grammar: Grammar) -> list[Record]:
    return [
        Record(with_line_feed(text, grammar), doubt.record + 1, doubt.line + 1)
        for doubt, text in zip(doubts, texts, strict=True)
        if doubt.kind in _SOUND
    ]


def _agree(doubts: list[Doubt], texts: list[bytes], read: Scan) -> bool:
    """Return whether the grammar finds the same records broken, and ends each where the kernel does."""
    ends = list(accumulate(len(text) for text in texts))
    spans = [(end - len(text), end) for end, text in zip(ends, texts, strict=True)]
    broken = [span for span, doubt in zip(spans, doubts, strict=True) if doubt.kind == library.FORM]
    blank = sum(doubt.kind == library.BLANK for doubt in doubts)
    blank_found = sum(fault.code is Code.BLANK_ROW for fault in read.faults)
    blank_found += sum(count for (code, *_), count in read.unlisted.items() if code is Code.BLANK_ROW)
    return (
        not read.stopped
        and read.end == ends[-1]
        and [(one.start, one.end) for one in read.broken] == broken
        and blank_found == blank
        and read.records == len(doubts) - blank
    )


def moved_records(records: Iterable[Record], record: int, line: int) -> list[Record]:
    """Number records of a segment as they are numbered in the file, so many records and lines further down."""
    return [Record(one.text, one.record + record, one.line + line) for one in records]


def sheet_of_doubtful(path: Path, records: list[Record], grammar: Grammar, places: tuple[int | None, ...]) -> Sheet:
    """Put records before DuckDB, however far they stand from each other."""
    numbering = Numbering([], [], [], [])
    line, next_record, next_line = 1, 0, 0
    for number, one in enumerate(records, 1):
        if (one.record, one.line) != (next_record, next_line):
            numbering.own_record.append(number)
            numbering.own_line.append(line)
            numbering.record.append(one.record)
            numbering.line.append(one.line)
        breaks = one.text.count(b"\n")
        line += breaks
        next_record, next_line = one.record + 1, one.line + breaks
    text = b"".join(one.text for one in records)
    return sheet_of_records(path, text, len(records), lambda: numbering, grammar.dialect, places)

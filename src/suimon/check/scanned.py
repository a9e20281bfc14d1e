"""What a piece of a file is made of: runs of good records, faults of structure, broken records."""

from array import array
from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from suimon.check.verdict import Code, Details, Shared
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suimon.check.grammar import Grammar

# A piece that is torn into more runs is settled in parts: each run is remembered.
MAX_RUNS = 100_000

Kind = tuple[Code, int | None, Shared]


@dataclass(frozen=True, slots=True)
class Fault:
    """A broken rule of structure. Lines and records are counted from 1 within what was scanned.

    `cell` is the place in the record where there is one, `value` its text.
    """

    code: Code
    line: int
    record: int | None
    cell: int | None = None
    value: str | None = None
    details: Details = field(default_factory=dict)


class Run(NamedTuple):
    """A run of `records` good ones: bytes from `start` to `end`; `record` is the first one's number.

    `line` is that of its first byte. It is `commented` if comments stand before and between its records.
    """

    start: int
    end: int
    record: int
    line: int
    records: int
    commented: bool = False

    def plain(self, text: bytes, grammar: "Grammar") -> "Iterator[Run]":
        """Yield the runs between its comments."""
        if not self.commented:
            yield self
            return
        start, record, line = self.start, self.record, self.line
        for comments, records in grammar.apart(text[self.start : self.end]):
            start, line = start + len(comments), line + comments.count(b"\n")
            count = grammar.count(records, 0, len(records)) if records else 0
            if records:
                yield Run(start, start + len(records), record, line, count)
            start, record, line = start + len(records), record + count, line + records.count(b"\n")


class Broken(NamedTuple):
    """A record that is broken."""

    start: int
    end: int
    record: int
    line: int


@dataclass(slots=True)
class Scan:
    """What a piece of a file is made of, in its order. Faults beyond those that were asked for are only counted."""

    runs: list[Run] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unlisted: Counter[Kind] = field(default_factory=Counter)
    bad: "array[int]" = field(default_factory=lambda: array("q"))  # numbers of the broken records, if asked for
    broken: list[Broken] = field(default_factory=list)  # if asked for
    records: int = 0
    end: int = 0  # where reading stopped: before an open quote that the next piece may close, or after MAX_RUNS
    stopped: bool = False  # after a fault behind which records cannot be told apart, or when it is `full`
    full: bool = False  # reading ended after as many faults as were asked for at most
    steps: int = 0  # records that were looked at one by one
    unproven: bool = False  # after a fault of quoting, where the next record was taken to start is a guess
    extra_lines: int = 0  # of the broken records, beyond one each: as many records may have been lost in them

    def plain_runs(self, text: bytes, grammar: "Grammar") -> "Iterator[Run]":
        """Yield the runs of good records without the comments between them."""
        for run in self.runs:
            yield from run.plain(text, grammar)

"""What was found in a segment, as a value, and the segment's place in the file."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import field, replace
from typing import TYPE_CHECKING

from suimon.check.found import Totals
from suimon.check.kernel.sift import Hashes, Sifted
from suimon.check.kernel_doubts import Record
from suimon.check.verdict import BadCell, Code, Shared
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.check.duckdb_reader import Duck

# A connection to DuckDB, opened when it is asked for.
Lend = Callable[[], "Duck"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A settled segment's place in the file: `size` bytes, its first record and line counted from 0 before it."""

    size: int
    record: int
    line: int
    records: int
    strict: bool
    last: bool
    sifted: bool = False  # the kernel answers for it, but for the records in doubt


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found in one segment; records and lines are counted from 1 within it."""

    size: int  # bytes settled: fewer than the segment's when a record has not ended
    records: int
    lines: int
    strict: bool
    stopped: bool = False
    unproven: bool = False
    full: bool = False
    steps: int = 0  # records that were looked at one by one
    totals: Totals | None = None
    faults: tuple[BadCell, ...] = ()  # of structure, as many as were asked for
    unlisted: Counter[tuple[Code, str | None, Shared]] = field(default_factory=Counter)  # the others, by column
    cells: tuple[BadCell, ...] = ()  # bad ones, as many as were asked for
    bad: Iterable[int] = ()  # numbers of the broken records, where some are tolerated
    extra_lines: int = 0  # of these, beyond one each
    found_bad: bool = False  # DuckDB knows of other bad records, where some are tolerated
    doubled: bool = False  # cells hold quotes
    sifted: Sifted | None = None  # what the kernel answers for
    doubtful: tuple[Record, ...] = ()  # what DuckDB is still to judge
    hashes: tuple[tuple[int, Hashes], ...] = ()  # of the keys that DuckDB read, each with its place in the rules


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

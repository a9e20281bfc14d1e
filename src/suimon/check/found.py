"""What DuckDB finds in a sheet, as plain values: those who handle them need not import it."""

from dataclasses import replace

from suimon.values import dataclass

# SQL: which records of a sheet are candidates for a repeated key. Those whose hash DuckDB found twice; all; a list.
SUSPECTED, EVERY, LISTED = "suspected", "true", "own_record IN (SELECT unnest($listed))"


class CheckError(RuntimeError):
    """The file could not be checked at all, so there is no verdict; the message says why and what to do."""


class InterruptedCheckError(CheckError):
    """The machine interrupted the check: too little memory or disk, or a read error. It may succeed later."""


class NoMemoryError(InterruptedCheckError):
    """DuckDB has too little memory for a sheet; a smaller one may do."""


class MalformedSheetError(ValueError):
    """DuckDB's reader gave up on the structure; the grammar must say where."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What one scan of a sheet finds. Without the kernel its keys wait in the table `found_{number}` until kept."""

    rows: int
    failing: tuple[int, ...]  # bad cells per rule, in the order of the rules
    sums: tuple[int, ...]  # per summed column, decimals without their point
    cell_bytes: int  # bytes of all cells, without those of quote characters if the sheet is `doubled`
    holding: int  # records, by shares, whose cells hold quote characters, though the sheet is not `doubled`


@dataclass(frozen=True, slots=True)
class BadRecord:
    """One record with bad cells, as it is numbered in the file."""

    record: int
    line: int
    cells: dict[int, str]  # place in the contract -> the first characters
    lines: dict[int, int]  # place in the contract -> line on which the cell starts
    failing: tuple[int, ...]  # places in the rules

    def and_of(self, other: "BadRecord") -> "BadRecord":
        """Return the same record with what was found of other rules."""
        failing = tuple(sorted((*self.failing, *other.failing)))
        return replace(self, cells=self.cells | other.cells, lines=self.lines | other.lines, failing=failing)


@dataclass(frozen=True, slots=True)
class Repetition:
    """A record whose key an earlier one has: where the key's first cell starts, its texts, and the personal cells."""

    record: int
    line: int
    first: int
    cells: tuple[str, ...]
    personal: dict[int, str]  # place in the contract -> the first characters

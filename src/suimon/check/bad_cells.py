"""Bad cells as a report may show them: where they stand, and their values unless these are personal."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from suimon.check.clause_hint import clause_for
from suimon.check.found import BadRecord, Repetition
from suimon.check.masking import Discretion
from suimon.check.rules_as_sql import Rule, Rules
from suimon.check.scanned import Fault
from suimon.check.verdict import BadCell, Code, Shared, shown
from suimon.contract.file import Column
from suimon.contract.model import Contract
from suimon.values import dataclass

_LONGEST = 1_000  # of what a condition has read; ten thousand of these are listed


@dataclass(frozen=True, slots=True)
class BadCells:
    """Makes bad cells of what was found in one file: `places` are its columns as places in the contract."""

    contract: Contract
    places: tuple[int | None, ...]
    rules: Rules
    learned: Callable[[], Discretion] = Discretion

    @property
    def discretion(self) -> Discretion:
        """What may be shown, learned from the file's first records once there is a value to show."""
        return self.learned()

    def of_record(self, bad: BadRecord) -> Iterator[BadCell]:
        """Yield the bad cells of a record."""
        shifted = self._shifted({place: bad.cells[place] for place in self.personal if place in bad.cells})
        return (self._bad_cell(bad, number, shifted) for number in bad.failing)

    def column_of(self, rule: Rule) -> str | None:
        """Return the name of the column that a rule is about; None for a condition, which may read several."""
        return None if rule.code is Code.CONDITION_ERROR else self.contract.columns[rule.columns[0]].name

    def _bad_cell(self, bad: BadRecord, number: int, shifted: Callable[[], bool]) -> BadCell:
        rule = self.rules.rules[number]
        columns = [self.contract.columns[place] for place in rule.columns]
        values = [
            self._shown(column, bad.cells[place], shifted) for place, column in zip(rule.columns, columns, strict=True)
        ]
        if rule.code is Code.CONDITION_ERROR:
            text = ", ".join(f"{column.name}={value}" for column, value in zip(columns, values, strict=True))
            text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
            return BadCell(rule.code, bad.line, bad.record, None, text, rule.details)
        # What is missing has no value to show or to hide.
        value = None if rule.code is Code.REQUIRED_ERROR else values[0]
        details = rule.details
        decimal = self.contract.file.decimal if self.contract.file else "."
        if rule.code is Code.TYPE_ERROR and (clause := clause_for(columns[0], bad.cells[rule.columns[0]], decimal)):
            details = {**details, "clause": clause}
        return BadCell(rule.code, bad.lines[rule.columns[0]], bad.record, columns[0].name, value, details)

    @property
    def personal(self) -> tuple[int, ...]:
        """The personal columns that the file has."""
        return tuple(place for place in self.places if place is not None and self.contract.columns[place].personal)

    def _shifted(self, personal: Mapping[int, str]) -> Callable[[], bool]:
        """Return what tells whether the record of these personal cells may be shifted; it looks at them once."""
        return cache(lambda: self.discretion.may_be_shifted(personal))

    def _shown(self, column: Column, value: str, shifted: Callable[[], bool]) -> str:
        return shown(value, personal=column.personal or self.discretion.hides(column, value, shifted=shifted))

    def _column(self, cell: int | None) -> Column | None:
        place = None if cell is None else self.places[cell]
        return None if place is None else self.contract.columns[place]

    def of_fault(self, fault: Fault) -> BadCell:
        """Return a fault of structure as a report may show it."""
        column = self._column(fault.cell)
        value = None
        # Of a column that the contract does not know nobody can say that it holds no personal data; nor of a cell with
        # stray bytes in a file with personal columns, for the other cells of its record are not looked at.
        if fault.value is not None and column is not None:
            value = shown(fault.value, personal=column.personal or self.discretion.needed)
        return BadCell(fault.code, fault.line, fault.record, column.name if column else None, value, fault.details)

    def of_repetition(self, code: Code, columns: list[Column], one: Repetition) -> BadCell:
        """Return the bad cell of a record whose key an earlier one has."""
        shifted = self._shifted(one.personal)
        values = [self._shown(column, cell, shifted) for column, cell in zip(columns, one.cells, strict=True)]
        names = ", ".join(column.name for column in columns)
        return BadCell(code, one.line, one.record, names, ", ".join(values), {"first": one.first})

    def by_column(self, kinds: Counter[tuple[Code, int | None, Shared]]) -> Counter[tuple[Code, str | None, Shared]]:
        """Return how many faults there are of each kind, by the names of their columns."""
        unlisted = Counter[tuple[Code, str | None, Shared]]()
        for (code, cell, details), count in kinds.items():
            column = self._column(cell)
            unlisted[code, column.name if column else None, details] += count
        return unlisted

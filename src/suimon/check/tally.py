"""What is wrong so far: the first faults listed, all counted; and the figures of the contract's metrics."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice

from suimon.check.verdict import BadCell, Code, Details, Measurement, RuleCount, Shared, shared
from suimon.contract.file import Metric
from suimon.values import dataclass

_PERCENT = Decimal("0.0001")
# Listed cells beyond the limit are dropped now and then, not at every turn.
_LISTED_TWICE, _LISTED_MORE = 2, 1000

_Rule = tuple[Code, str | None, Shared]


@dataclass(slots=True)
class Tally:
    """Faults in the order in which they come, of which `limit` are listed."""

    limit: int
    columns: tuple[str, ...] = ()  # of the contract, in whose order the faults of a record are listed
    listed: list[BadCell] = field(default_factory=list)
    _counts: Counter[_Rule] = field(default_factory=Counter)
    beyond_records: bool = False  # a fault that is no single record's: setting records aside cannot mend it

    @property
    def room(self) -> int:
        """How many more faults are listed."""
        return max(0, self.limit - len(self.listed))

    def room_from(self, line: int) -> int:
        """Return how many faults are listed from a line on: only what stands before it comes first."""
        return max(0, self.limit - sum((cell.line or 0) < line for cell in self.listed))

    def add(self, faults: Iterable[BadCell]) -> None:
        """Count faults, and list them wherever they stand: these are few."""
        for fault in faults:
            self.count_fault(fault)
            self.listed.append(fault)

    def count_fault(self, fault: BadCell) -> None:
        """Count a fault of the file or of a record's structure."""
        self.count(fault.code, fault.column, fault.details)
        self.beyond_records |= fault.record is None or fault.code is Code.BYTE_ORDER_MARK  # files were joined

    def list(self, cells: Iterable[BadCell]) -> None:
        """List cells of a part of the file, the first ones of it; parts may come in any order."""
        self.listed.extend(islice(cells, self.limit))
        if len(self.listed) > _LISTED_TWICE * self.limit + _LISTED_MORE:
            self.listed[:] = self.first()

    def insert(self, cells: Iterable[BadCell]) -> None:
        """List cells that are found late and may stand anywhere in the file, no more than `limit` of a kind."""
        self.listed.extend(cells)

    def count(self, code: Code, column: str | None, details: Details, cells: int = 1) -> None:
        """Count cells of one rule."""
        self._counts[code, column, shared(details)] += cells

    def first(self) -> tuple[BadCell, ...]:
        """Return the first `limit` of what is listed, in the file's order; within a record by column."""
        places = {column: place for place, column in enumerate(self.columns)}

        def order(cell: BadCell) -> tuple[int, int, int]:
            first_column = (cell.column or "").partition(", ")[0]
            place = places.get(first_column, len(places)) if cell.record else 0
            return cell.line or 0, cell.record or 0, place

        return tuple(sorted(self.listed, key=order)[: self.limit])

    def counts(self) -> tuple[RuleCount, ...]:
        """Return every rule that was broken, the most broken first."""
        return tuple(
            RuleCount(code, column, cells, dict(details))
            for (code, column, details), cells in self._counts.most_common()
            if cells
        )


def measure(metrics: tuple[Metric, ...], values: Mapping[int, int], rows: int) -> tuple[Measurement, ...]:
    """Compare each metric's value (by its place; what could not be measured is left out) with its threshold."""
    measured = list[Measurement]()
    for number, value in sorted(values.items()):
        metric = metrics[number]
        percent = Decimal(100 * value) / rows if rows else Decimal(0)
        kept = _within(metric, percent if metric.unit == "percent" else Decimal(value))
        shown = str(percent.quantize(_PERCENT, ROUND_HALF_UP))
        measured.append(Measurement(metric, value, shown, kept))
    return tuple(measured)


def fault_of(measurement: Measurement, rows: int) -> BadCell:
    """Return the fault of a measurement that is past its threshold."""
    metric = measurement.metric
    if metric.name == "rowCount":
        return BadCell(Code.ROW_COUNT_ERROR, details={"rows": rows, "threshold": metric.text})
    details: Details = {
        "metric": metric.name,
        "value": measurement.value,
        "percent": measurement.percent,
        "unit": metric.unit,
        "threshold": metric.text,
    }
    return BadCell(Code.QUALITY_ERROR, column=", ".join(metric.columns), details=details)


def _within(metric: Metric, value: Decimal) -> bool:
    inside = True
    if metric.minimum is not None:
        least = Decimal(metric.minimum)
        inside = value > least if metric.minimum_open else value >= least
    if metric.maximum is not None:
        most = Decimal(metric.maximum)
        inside = inside and (value < most if metric.maximum_open else value <= most)
    return inside is not metric.negated

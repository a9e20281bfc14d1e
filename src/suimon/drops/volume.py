"""A file's volume as compared with comparable days: those loaded last with the same kind of weekday. Pure.

The median, for one odd day among them must not move the bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low
from typing import TYPE_CHECKING

from suimon.contract.partition import Partition, Unit
from suimon.contract.volume import Measure
from suimon.drops.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from suimon.contract.model import Contract
    from suimon.contract.volume import Bound, Volume
    from suimon.drops.drop import DropRecord

# How many partitions with a file are looked at for each that is needed, and how many days back they may begin.
_LOOKED_AT, _FURTHEST_DAYS = 3, 400
_SATURDAY = 5


@dataclass(frozen=True)
class Amount:
    """How much a file has."""

    rows: int
    size: int

    def of(self, measure: Measure) -> int:
        """Return what is compared."""
        return self.rows if measure is Measure.ROWS else self.size

    @classmethod
    def loaded(cls, drops: Sequence[DropRecord]) -> Amount | None:
        """Return what a date has in the table, of the last write; None if it has nothing."""
        last = next((drop for drop in reversed(drops) if drop.state is State.LOADED), None)
        return cls(last.rows, last.drop.size) if last else None


@dataclass(frozen=True)
class Compared:
    """A file beside its comparable days.

    breaches: the bounds that it breaks, each with its percentage of the median and that median. days: how many there
    are; fewer than are needed say nothing.
    """

    amount: Amount
    days: int
    needed: int
    medians: dict[Measure, int]
    breaches: tuple[Bound, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether there is enough history."""
        return self.days >= self.needed

    def details(self, bound: Bound) -> dict[str, str | int]:
        """Return what a report says of a bound."""
        median, found = self.medians[bound.measure], self.amount.of(bound.measure)
        return {
            "side": bound.side,
            "what": str(bound.measure),
            "found": f"{found:,}",
            "median": f"{median:,}",
            "percent": f"{found * 100 // median:,}",
            "bound": bound.percent,
            "days": self.days,
        }

    def __str__(self) -> str:
        """Return the state of the volume in words, as the ledger keeps it."""
        if not self.is_known:
            return f"not enough history: {self.days} of {self.needed} comparable days"
        said = [f"{measure} {self.amount.of(measure):,}, median {median:,}" for measure, median in self.medians.items()]
        return f"{'unusual' if self.breaches else 'usual'}: {'; '.join(said)}; {self.days} comparable days"


def comparable(contract: Contract, of: Partition, needed: int) -> Iterator[Partition]:
    """Yield the partitions before this one that may be compared with it, newest first: none with a whole table.

    Days, and the same hours of days, are compared by their kind of weekday; weeks with weeks, months with months; all
    of the same store, or whatever else tells partitions apart.
    """
    one, looked = _before(of), 0
    while (
        of.first
        and one
        and one.first
        and (of.first - one.first).days <= _FURTHEST_DAYS
        and looked < _LOOKED_AT * needed
    ):
        if _alike(one, of) and (contract.arrival is None or contract.arrival.expects(one)):
            looked += 1
            yield one
        one = _before(one)


def _before(of: Partition) -> Partition | None:
    if of.first is None or of.first == date.min:
        return None
    return Partition.containing(of.unit, of.first - timedelta(days=1), of.hour or 0).at(of.parts)


def _alike(one: Partition, other: Partition) -> bool:
    if one.first is None or other.first is None or one.unit in (Unit.WEEK, Unit.MONTH):
        return True
    return (one.first.weekday() >= _SATURDAY) is (other.first.weekday() >= _SATURDAY)


def compare(volume: Volume, amount: Amount, history: Sequence[Amount]) -> Compared:
    """Compare a file with comparable days; a median of zero has no percentage, and nothing is below it."""
    if len(history) < volume.days:
        return Compared(amount, len(history), volume.days, {})
    measures = dict.fromkeys(bound.measure for bound in volume.bounds)
    medians = {measure: median_low(other.of(measure) for other in history) for measure in measures}
    breaches = tuple(
        bound
        for bound in volume.bounds
        if medians[bound.measure] and not bound.holds(amount.of(bound.measure), medians[bound.measure])
    )
    return Compared(amount, len(history), volume.days, medians, breaches)

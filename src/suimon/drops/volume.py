"""A file's volume as compared with comparable days: those loaded last with the same kind of weekday. Pure.

Where each file replaces the whole table, with the files that were loaded before it.

The median, for one odd day among them must not move the bound.
"""

from __future__ import annotations

from dataclasses import field
from datetime import date, timedelta
from decimal import Decimal
from statistics import median_low
from typing import TYPE_CHECKING

from suimon.contract.model import Role
from suimon.contract.partition import Partition, Unit
from suimon.contract.volume import Measure
from suimon.drops.states import State
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from suimon.contract.model import Contract
    from suimon.contract.volume import Bound, Volume
    from suimon.drops.drop import Accepted, DropRecord

# How many partitions with a file are looked at for each that is needed, and how many days back they may begin.
MOST_LOOKED_AT, _FURTHEST_DAYS = 3, 400
_SATURDAY = 5


@dataclass(frozen=True)
class Amount:
    """How much a file or set has; sums: of columns, those that are known."""

    rows: int
    size: int
    sums: Mapping[str, Decimal] = field(default_factory=dict)

    def of(self, bound: Bound) -> int | Decimal | None:
        """Return what a bound compares; None if it is not known."""
        match bound.measure:
            case Measure.ROWS:
                return self.rows
            case Measure.BYTES:
                return self.size
            case Measure.SUM:
                return self.sums.get(bound.column)

    @classmethod
    def of_drop(cls, drop: DropRecord, accepted: Accepted) -> Amount:
        """Return what an accepted file or set has."""
        return cls(accepted.rows, drop.drop.size or accepted.size, accepted.sums)

    @classmethod
    def together(cls, shards: Sequence[DropRecord]) -> Amount:
        """Return what shards have together; a sum that is not known of each is not known of all."""
        accepted = [shard.accepted for shard in shards if shard.accepted]
        known = set.intersection(*({*one.sums} for one in accepted)) if accepted else set[str]()
        sums = {column: sum((one.sums[column] for one in accepted), Decimal(0)) for column in sorted(known)}
        return cls(sum(one.rows for one in accepted), sum(shard.drop.size for shard in shards), sums)


def loaded_amounts(drops: Sequence[DropRecord], contract: Contract) -> list[Amount]:
    """Return what the files and sets have that are in the table, or were before others, newest write first."""
    return [
        Amount.of_drop(drop, drop.accepted)
        for drop in reversed(drops)
        if drop.state is State.LOADED and drop.accepted and contract.role_of(drop.drop.key) in (Role.FILE, Role.SET)
    ]


@dataclass(frozen=True)
class Compared:
    """A file beside its comparable days.

    medians: of each bound by its name; None where fewer days than are needed know it, or it is not known of the file.
    breaches: the bounds that it breaks. days: how many comparable days there are.
    """

    amount: Amount
    volume: Volume
    days: int
    medians: Mapping[str, int | Decimal | None]
    breaches: tuple[Bound, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether there is enough history."""
        return self.days >= self.volume.days

    @property
    def is_usual(self) -> bool:
        """Whether each bound is compared, and kept: what nobody knows is not usual."""
        return not self.breaches and all(
            self.medians[bound.name] is not None and self.amount.of(bound) is not None for bound in self.volume.bounds
        )

    def details(self, bound: Bound) -> dict[str, str | int]:
        """Return what a report says of a bound that is broken."""
        median, found = self.medians[bound.name] or 0, self.amount.of(bound) or 0
        return {
            "side": bound.side,
            "what": bound.name,
            "found": f"{found:,}",
            "median": f"{median:,}",
            "percent": f"{int(found * 100 // median):,}",
            "bound": bound.percent,
            "days": self.volume.days,
        }

    def __str__(self) -> str:
        """Return the state of the volume in words, as the ledger keeps it."""
        if not self.is_known:
            return f"not enough history: {self.days} of {self.volume.days} comparable days"
        said = [self._said(bound) for bound in self.volume.bounds]
        state = "unusual" if self.breaches else "usual" if self.is_usual else "not known"
        return f"{state}: {'; '.join(said)}; {self.volume.days} comparable days"

    def _said(self, bound: Bound) -> str:
        found, median = self.amount.of(bound), self.medians[bound.name]
        if found is None:
            return f"{bound.name} not known"
        return f"{bound.name} {found:,}, " + ("not enough history" if median is None else f"median {median:,}")


def comparable(contract: Contract, of: Partition, needed: int) -> Iterator[Partition]:
    """Yield the partitions before this one that may be compared with it, newest first.

    Days, and the same hours of days, are compared by their kind of weekday; weeks with weeks, months with months; all
    of the same store, or whatever else tells partitions apart. A whole table has none before it.
    """
    one, looked = _before(of), 0
    while (
        of.first
        and one
        and one.first
        and (of.first - one.first).days <= _FURTHEST_DAYS
        and looked < MOST_LOOKED_AT * needed
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
    """Compare a file with comparable days, newest first: each bound with as many as are needed that know it.

    A median that is not above zero has no percentage, and nothing breaks it.
    """
    medians = {bound.name: _median(bound, volume.days, history) for bound in volume.bounds}
    breaches = []
    for bound in volume.bounds:
        found, median = amount.of(bound), medians[bound.name]
        if found is not None and median is not None and median > 0 and not bound.holds(found, median):
            breaches.append(bound)
    return Compared(amount, volume, len(history), medians, tuple(breaches))


def knows_enough(volume: Volume, history: Sequence[Amount]) -> bool:
    """Whether no more comparable days need be read."""
    return all(_median(bound, volume.days, history) is not None for bound in volume.bounds)


def _median(bound: Bound, days: int, history: Sequence[Amount]) -> int | Decimal | None:
    known = [found for one in history if (found := one.of(bound)) is not None][:days]
    return median_low(known) if len(known) == days else None

"""The figures of a dataset: how old, how late, and how often in time. Pure.

    name                          unit      what
    NewestValueAge                Seconds   the age of the table's newest value, by the clock
    Lateness                      Seconds   since the deadline of the oldest date that has not come; 0 if all have
    LoadedByDeadline30Days, …90   Percent   of the dates that were due in 30 or 90 times 24 hours, those loaded by their
                                            deadline, cut to a tenth; one that a person has waived does not count

A figure of which nothing is known is left out: no deadline, nothing due, no newest value. How fast each drop is loaded
is measured where the ledger moves (`ArrivalToLoaded`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.contract.model import Role
from suimon.freshness.expected import FileState, deadline_of, due_within, state_of
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from suimon.contract.arrival import Arrival
    from suimon.contract.model import Contract
    from suimon.contract.partition import Partition
    from suimon.drops.drop import DropRecord
    from suimon.freshness.expected import Facts

SPANS = (30, 90)  # days, of the shares in time
MOST_READ = 400  # of hours, or of stores: each is a question to the ledger
_NOT_THERE = (FileState.LATE, FileState.MISSING)


@dataclass(frozen=True)
class Share:
    """How many of the dates that were due within some days were loaded by their deadline."""

    in_time: int
    due: int

    @property
    def percent(self) -> float | None:
        """The share, cut to a tenth: 100 is only what was always in time. None: nothing was due."""
        return self.in_time * 1_000 // self.due / 10 if self.due else None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Figures of a dataset; None: nothing is known of it. shares: of each of SPANS, none without a deadline."""

    age: timedelta | None = None
    lateness: timedelta | None = None
    shares: tuple[Share, ...] = ()

    def metrics(self) -> dict[str, tuple[str, float]]:
        """Return unit and value of each metric that is known, by its name."""
        seconds = {"NewestValueAge": self.age, "Lateness": self.lateness}
        percents = {
            f"LoadedByDeadline{days}Days": share.percent for days, share in zip(SPANS, self.shares, strict=False)
        }
        return {name: ("Seconds", span.total_seconds()) for name, span in seconds.items() if span is not None} | {
            name: ("Percent", share) for name, share in percents.items() if share is not None
        }


def figures_of(
    contract: Contract, facts: Callable[[str, str], Facts], newest: datetime | None, now: datetime
) -> Figures:
    """Return a dataset's figures; newest: its table's newest value.

    Reads the partitions due in the longest span, the newest MOST_READ of them; a span that has more has no share.
    """
    age = now - newest if newest else None
    if (arrival := contract.arrival) is None:
        return Figures(age=age)
    every = [of for time in due_within(arrival, now, SPANS[-1]) for of in contract.partitions_at(time)]
    due = every[-MOST_READ:]
    known = {day: facts(contract.dataset, str(day)) for day in due}
    waiting = [deadline_of(arrival, day) for day in due if state_of(contract, day, known[day], now) in _NOT_THERE]
    return Figures(
        age=age,
        lateness=(now - min(waiting) if waiting else timedelta()) if due else None,
        shares=tuple(
            _share(contract, arrival, known, within)
            for span in (timedelta(days=days) for days in SPANS)
            if len(within := [day for day in every if now - deadline_of(arrival, day) < span]) <= MOST_READ
        ),
    )


def _share(contract: Contract, arrival: Arrival, known: dict[Partition, Facts], days: Sequence[Partition]) -> Share:
    counted = [day for day in days if known[day].drops or not known[day].waived]
    in_time = sum(
        any(drop.loaded_at and drop.loaded_at <= deadline_of(arrival, day) for drop in _loaded(contract, known[day]))
        for day in counted
    )
    return Share(in_time, len(counted))


def _loaded(contract: Contract, facts: Facts) -> list[DropRecord]:
    """Return the files and sets of a date that were loaded once, whatever became of their rows."""
    wholes = (drop for drop in facts.drops if contract.role_of(drop.drop.key) in (Role.FILE, Role.SET))
    return [drop for drop in wholes if drop.loaded_at]

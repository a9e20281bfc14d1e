"""In some schedules a person holds sales for a while, or what comes in sets, and maybe releases it before its time.

The draws are apart from the others, see meddling.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from suimon.ledger.items import moment
from tests.simulation.plan import MINUTE
from tests.simulation.world import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.simulation.choices import Choices
    from tests.simulation.plan import Plan
    from tests.simulation.schedule import Schedule

FIRST = -340  # the position of the first draw
# By how much clocks may differ: one that is ahead ends a hold sooner.
CLOCKS = 8 * MINUTE


@dataclass(frozen=True)
class Holding:
    """begins: when, in seconds; 0: never. lasts: for how long at most. released: when, in seconds; 0: never."""

    begins: float = 0.0
    lasts: float = 0.0
    released: float = 0.0

    @property
    def until(self) -> str:
        """When it ends by itself, as a person writes it."""
        return (EPOCH + timedelta(seconds=self.begins + self.lasts)).isoformat()

    def over(self, plan: Plan) -> Plan:
        """Return a plan that lasts longer than this does."""
        return replace(plan, heals=max(plan.heals, self.begins + self.lasts + MINUTE)) if self.begins else plan


def holding(choices: Choices) -> Holding:
    """Draw a hold."""
    with choices.apart("holding", FIRST):
        begins = (0.0, 0.01, 0.4, 5 * MINUTE)[choices.among((24, 2, 1, 1))]
        lasts = (40 * MINUTE, 20 * MINUTE, 3 * 60 * MINUTE)[choices.among((2, 2, 1))]
        released = (0.0, MINUTE, 17 * MINUTE)[choices.among((2, 1, 1))]
    return Holding(begins, lasts, begins + released if released else 0.0) if begins else Holding()


class Holds:
    """What the ledger's table held of holds, and since when."""

    def __init__(self) -> None:
        self.written: list[tuple[float, Mapping[str, Any]]] = []
        self.started: list[tuple[float, float, str]] = []  # runs: when, since when their process runs, of which dataset
        self.accepted: dict[str, float] = {}  # when a drop was accepted first, by its id

    @property
    def ends_at(self) -> float | None:
        """When the hold ended; None if there was none."""
        return _end(self.written[-1][1]) if self.written else None

    def kept(self, at: float, began: float, dataset: str) -> bool:
        """Whether a process that began then could see, at that time, that a dataset is held."""
        known = [item for when, item in self.written if when < began and item["dataset"] == dataset]
        later = [item for when, item in self.written if began <= when <= at and item["dataset"] == dataset]
        return bool(known) and all(_is_far_from_over(item, at) for item in (known[-1], *later))


def _is_far_from_over(item: Mapping[str, Any], at: float) -> bool:
    return at + CLOCKS < _end(item)


def _end(item: Mapping[str, Any]) -> float:
    return (min(moment(item[name]) for name in ("until", "released_at") if name in item) - EPOCH).total_seconds()


def nothing_starts_while_held(end: Schedule) -> Iterator[str]:
    """H1. No run of a dataset that is held is started, but by who was at it when the hold was written."""
    for at, began, dataset in end.holds.started:
        if end.holds.kept(at, began, dataset):
            yield f"a run of {dataset} was started at {at:.0f} s, while it was held"


def of_what_was_held_the_newest_runs(end: Schedule) -> Iterator[str]:
    """H2. Of several writes of a partition that were accepted and held, one alone runs when the hold ends."""
    if (until := end.holds.ends_at) is None:
        return
    began = EPOCH.timestamp() + until - CLOCKS
    runs = {run.conf["drop_id"] for run in end.runs if run.queued_at >= began and run.conf["attempt"] == 1}
    held = {drop_id for drop_id, at in end.holds.accepted.items() if at < until - CLOCKS}
    for drops in end.partitions().values():
        # What was closed or has failed before the one ahead of it was started takes no place.
        both = [one for one in drops if one.id in runs & held and not {"CLOSED", "FAILED"} & {*end.states[one.id]}]
        if len(both) > 1:
            yield f"{' and '.join(end.name(drop.id) for drop in both)} were held, and each ran"


PROMISES_OF_HOLDS = (nothing_starts_while_held, of_what_was_held_the_newest_runs)

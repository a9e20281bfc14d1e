"""Every schedule of a small world, instead of a draw: two writes of one key and one of another, and one fault at most.

A scenario is what the files hold, in which order their events come and how far apart, and whether one of them is lost
or comes twice. Each is lived through once without a fault; then once for each point that it came past, with each of
FAULTS at that point.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import permutations, product
from typing import TYPE_CHECKING

from tests.simulation.campaign import tidy
from tests.simulation.faults import Accident
from tests.simulation.plan import BAD, GOOD, KEYS, MINUTE, ONE, Plan, Put
from tests.simulation.schedule import run
from tests.simulation.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.simulation.schedule import Broken, Result

FAULTS = (
    Accident.OTHERS_FIRST,
    Accident.VERY_SLOW,
    Accident.ERROR,
    Accident.ANSWER_LOST,
    Accident.SENT_TWICE,
    Accident.KILLED_BEFORE,
    Accident.KILLED_AFTER,
)
ONE_KEY, OTHER_KEY = KEYS[0], KEYS[1]
FIRST = {"good": GOOD + b"\n0.0", "bad": BAD + b"\n0.0"}
SECOND = {"good": GOOD + b"\n1.0\n1.1", "bad": BAD + b"\n1.0\n1.1", "the same": None}
GAPS = {"at once": 0.0, "a minute apart": MINUTE}
SAMPLED = 303  # one schedule in so many is run by `make test`, all by `make simulate ALL=1`
LATER = 10 * MINUTE  # when an event comes once more; by then everything is at rest


@dataclass(frozen=True)
class Scenario:
    """A world without faults, and what tells it from the others."""

    name: str
    plan: Plan


@dataclass
class Tally:
    """What the schedules of some scenarios came to; `failures` repeats each that broke a promise."""

    schedules: int = 0
    points: int = 0
    failures: list[tuple[str, dict[int, int], Broken]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add another's figures."""
        self.schedules += other.schedules
        self.points += other.points
        self.failures += other.failures


def scenarios() -> list[Scenario]:
    """Return all scenarios, always in the same order."""
    return [
        Scenario(f"{first}, then {second}; events {deliveries}", _plan(FIRST[first], SECOND[second], events))
        for first, second in product(FIRST, SECOND)
        for deliveries, events in _deliveries()
    ]


def _deliveries() -> Iterator[tuple[str, tuple[tuple[float, ...], ...]]]:
    """Yield when the events of the three PUTs come, seconds after them."""
    for order, (spacing, gap) in product(permutations(range(3)), GAPS.items()):
        times = [0.3 + gap * order.index(put) for put in range(3)]
        if gap:
            yield f"{order} {spacing}", tuple((time,) for time in times)
            continue
        # At once means one after the other, but before any of them has been looked at.
        times = [0.3 + 0.001 * order.index(put) for put in range(3)]
        yield f"{order} {spacing}", tuple((time,) for time in times)
        for put in range(3):
            yield f"{order}, {put} lost", tuple(() if own == put else (time,) for own, time in enumerate(times))
            yield (
                f"{order}, {put} twice",
                tuple((time, LATER) if own == put else (time,) for own, time in enumerate(times)),
            )


def _plan(first: bytes, second: bytes | None, events: Sequence[tuple[float, ...]]) -> Plan:
    bodies = ((ONE_KEY, first), (ONE_KEY, first if second is None else second), (OTHER_KEY, GOOD + b"\n2.0"))
    return Plan(
        contracts=ONE,
        puts=tuple(Put(0.0, key, body, times) for (key, body), times in zip(bodies, events, strict=True)),
        spells=(),
        replays=(),
        clears=0.0,
        deletion=0.0,
        heals=LATER + 25 * MINUTE,
        skews=(0.0,),
        lag=0,
        bad_runs=0,
        spares_sweep=True,
        lost_reports=0,
    )


def with_one_fault(positions: int) -> Iterator[dict[int, int]]:
    """Yield the records of all schedules that come past so many positions: without a fault, then with one each."""
    yield {}
    for position, fault in product(range(positions), FAULTS):
        yield {position: int(fault)}


def look_through(scenario: Scenario, every: int = 1, first: int = 0) -> Tally:
    """Run the schedules of a scenario, or one in `every` from the `first` on."""
    tally = Tally()
    calm = run(given={}, plan=scenario.plan)
    with tidy() as tidy_up:
        for number, given in enumerate(with_one_fault(calm.positions)):
            if number % every == first % every:
                _note(tally, scenario, given, run(given=given, plan=scenario.plan))
                tidy_up()
    return tally


def _note(tally: Tally, scenario: Scenario, given: dict[int, int], result: Result) -> None:
    tally.schedules += 1
    tally.points += result.points
    if result.broken:
        tally.failures.append((scenario.name, given, result.broken[0]))


def look_through_all(jobs: int, advance: Callable[[Tally], None]) -> Tally:
    """Run every schedule of every scenario; `advance` hears of each scenario."""
    whole = Tally()
    with ProcessPoolExecutor(min(jobs, os.cpu_count() or 1)) as pool:
        for tally in pool.map(look_through, scenarios()):
            whole.add(tally)
            advance(tally)
    return whole


def story_of(name: str, given: dict[int, int]) -> Story:
    """Live through a schedule once more, and take down what happens."""
    plan = next(one.plan for one in scenarios() if one.name == name)
    story = Story()
    run(given=given, plan=plan, tell=story.tell)
    return story

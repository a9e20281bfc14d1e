"""Many schedules, in one process or several, and what came of them."""

from __future__ import annotations

import gc
import os
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.schedule import run
from tests.simulation.shrink import shrink
from tests.simulation.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulation.schedule import Broken

PORTION = 250  # schedules a process takes at once
TRIES = 1_500  # to make a story shorter


@dataclass
class Tally:
    """What a number of schedules came to; `failures` holds the seeds and what each broke."""

    schedules: int = 0
    points: int = 0
    faults: int = 0
    drops: int = 0
    runs: int = 0
    cpu_seconds: float = 0.0
    failures: list[tuple[int, Broken]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add another's figures."""
        for name in ("schedules", "points", "faults", "drops", "runs", "cpu_seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failures += other.failures


def portion(first: int, count: int) -> Tally:
    """Run the schedules of consecutive seeds."""
    tally = Tally()
    began = time.process_time()
    with tidy() as tidy_up:
        for seed in range(first, first + count):
            result = run(seed)
            tally.schedules += 1
            tally.points += result.points
            tally.faults += result.faults
            tally.drops += result.drops
            tally.runs += result.runs
            if result.broken:
                tally.failures.append((seed, result.broken[0]))
            tidy_up()
    tally.cpu_seconds = time.process_time() - began
    return tally


@contextmanager
def tidy() -> Iterator[Callable[[], object]]:
    """Collect garbage only when the function it gives is called: after each schedule.

    A world is garbage as soon as its promises were looked at, and the next one best uses the same memory. What was
    there before is not looked at again.
    """
    gc.disable()
    gc.freeze()
    try:
        yield lambda: gc.collect(1)
    finally:
        gc.unfreeze()
        gc.enable()


def campaign(first: int, count: int, jobs: int, advance: Callable[[Tally], None]) -> Tally:
    """Run `count` schedules on `jobs` processes; `advance` hears of each portion."""
    whole = Tally()
    portions = [(start, min(PORTION, first + count - start)) for start in range(first, first + count, PORTION)]
    for tally in _portions(portions, jobs):
        whole.add(tally)
        advance(tally)
    return whole


def _portions(portions: list[tuple[int, int]], jobs: int) -> Iterator[Tally]:
    if jobs == 1:
        yield from (portion(*one) for one in portions)
        return
    with ProcessPoolExecutor(min(jobs, os.cpu_count() or 1)) as pool:
        yield from pool.map(portion, *zip(*portions, strict=True))


def shortest(taken: dict[int, int], promise: str, tries: int = TRIES) -> dict[int, int]:
    """Return the shortest record found that breaks the same promise."""

    def still_fails(candidate: dict[int, int]) -> bool:
        return any(one.promise == promise for one in run(given=candidate).broken)

    return shrink(taken, still_fails, tries)


def story_of(taken: dict[int, int]) -> Story:
    """Live a record through once more, and take down what happens."""
    story = Story()
    run(given=taken, tell=story.tell)
    return story

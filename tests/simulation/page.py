"""The seeded bugs, how many schedules each takes to be found, and the page that says so."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import Progress
from rich.table import Table

from tests.simulation import exhaustive
from tests.simulation.bug import Bug, switched_on
from tests.simulation.bugs import BUGS
from tests.simulation.campaign import campaign, tidy
from tests.simulation.promises import PROMISES
from tests.simulation.schedule import run

if TYPE_CHECKING:
    from rich.console import Console

PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"
SEEDS = Path(__file__).parent / "first_seeds.json"
MOST_SEEDS = 5_000
FINDS = 4  # of each bug; one says little of how long it takes
MEASURED = 4_000  # schedules, for the figure of speed


@dataclass(frozen=True)
class Search:
    """What came of looking for a bug: in how many schedules it was found how often; the first seed and its promise."""

    schedules: int
    finds: int
    cpu_seconds: float
    promise: str | None
    seed: int | None

    @property
    def schedules_a_find(self) -> float:
        """How many schedules it takes, on average."""
        return self.schedules / max(self.finds, 1)

    @property
    def seconds_a_find(self) -> float:
        """How long that takes on one core."""
        return self.cpu_seconds / max(self.finds, 1)


def search(bug: Bug, most: int = MOST_SEEDS, finds: int = 1) -> Search:
    """Run the schedules of seeds 0, 1, … with the bug until so many have broken what it must break.

    Other promises that it breaks, and what is broken without it, are no finds.
    """
    found = seeds = 0
    first, seed, seconds = None, None, 0.0
    with tidy() as tidy_up:
        while found < finds and seeds < most:
            began = time.process_time()
            with switched_on(bug):
                broken = [one.promise for one in run(seeds).broken if one.promise in bug.breaks]
            tidy_up()
            seconds += time.process_time() - began
            if broken and not run(seeds).broken:
                found, first, seed = found + 1, first or broken[0], seeds if seed is None else seed
            seeds += 1
    return Search(seeds, found, seconds, first, seed)


def is_found_by(bug: Bug, seed: int) -> bool:
    """Whether the schedule of a seed breaks with the bug what it must break, and nothing without it."""
    with switched_on(bug):
        broken = {one.promise for one in run(seed).broken}
    return not broken.isdisjoint(bug.breaks) and not run(seed).broken


def each_alone() -> list[Bug]:
    """Return every bug once for each promise that it must break."""
    return [replace(bug, breaks=(promise,)) for bug in BUGS for promise in bug.breaks]


def first_seeds() -> dict[str, int]:
    """Return the seeds that found each bug when they were written down, by bug and promise."""
    seeds: dict[str, int] = json.loads(SEEDS.read_text(encoding="utf-8"))
    return seeds


def name_of(alone: Bug) -> str:
    """Name a bug and the one promise that it is to break."""
    return f"{alone.name}-{alone.breaks[0]}"


def find_bugs(console: Console, jobs: int) -> int:
    """Look for every bug, tell and write what was found; 1 when one was not."""
    searches: list[Search] = []
    with Progress(console=console, transient=True) as progress, ProcessPoolExecutor(jobs) as pool:
        task = progress.add_task("seeded bugs", total=len(BUGS))
        for found in pool.map(_search_by_place, range(len(BUGS))):
            searches.append(found)
            progress.advance(task)
    table = Table("bug", "the mistake", "schedules a find", "ms a find", "the promise that broke")
    for bug, one in zip(BUGS, searches, strict=True):
        milliseconds = f"{1_000 * one.seconds_a_find:,.0f}"
        table.add_row(bug.name, bug.what, f"{one.schedules_a_find:,.0f}", milliseconds, _words(one.promise))
    console.print(table)
    PAGE.write_text(_page(searches), encoding="utf-8")
    write_seeds(jobs)
    return 0 if all(one.promise for one in searches) else 1


def write_seeds(jobs: int) -> None:
    """Write down which seed finds each bug first, so that tests need not look for it."""
    with ProcessPoolExecutor(jobs) as pool:
        seeds = pool.map(_first_seed, range(len(each_alone())))
        found = {name_of(bug): seed for bug, seed in zip(each_alone(), seeds, strict=True) if seed is not None}
    SEEDS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _first_seed(place: int) -> int | None:
    return search(each_alone()[place]).seed


def _search_by_place(place: int) -> Search:
    return search(BUGS[place], finds=FINDS)


def _page(searches: list[Search]) -> str:
    began = time.perf_counter()
    tally = campaign(0, MEASURED, 1, lambda _tally: None)
    seconds = time.perf_counter() - began
    rows = "\n".join(
        f"| {bug.name} | {bug.what} | {one.schedules_a_find:,.0f} | {_words(one.promise)} |"
        for bug, one in zip(BUGS, searches, strict=True)
    )
    promises = "\n".join(f"- {_first_line(promise.__doc__)}" for promise in PROMISES)
    return _TEXT.format(
        rows=rows,
        promises=promises,
        bugs=len(searches),
        kinds_of_fault=len(exhaustive.FAULTS),
        scenarios=len(exhaustive.scenarios()),
        sampled=exhaustive.SAMPLED,
        finds=FINDS,
        schedules_for_all=f"{sum(one.schedules_a_find for one in searches):,.0f}",
        seconds_for_all=f"{sum(one.seconds_a_find for one in searches):.1f}",
        speed=f"{tally.schedules / tally.cpu_seconds:,.0f}",
        wall=f"{seconds:.0f}",
        cpu=f"{tally.cpu_seconds:.0f}",
        load=f"{os.getloadavg()[0]:.0f}",
        schedules=f"{tally.schedules:,}",
        points=f"{tally.points / tally.schedules:,.0f}",
        faults=f"{tally.faults / tally.schedules:.1f}",
        files=f"{tally.drops / tally.schedules:.1f}",
        runs=f"{tally.runs / tally.schedules:.1f}",
        cores=os.cpu_count(),
    )


def _words(promise: str | None) -> str:
    return promise.replace("_", " ") if promise else "not found"


def _first_line(text: str | None) -> str:
    return (text or "").split("\n", 1)[0]


_TEXT = (Path(__file__).parent / "page.md").read_text(encoding="utf-8")

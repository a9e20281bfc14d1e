"""The seeded bugs, the seed that finds each, and the page that lists them."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
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
MEASURED = 1_000  # schedules, for the figure of speed


def search(bug: Bug, most: int = MOST_SEEDS) -> int | None:
    """Return the first seed, from 0 on, whose schedule breaks with the bug what it must break; None below `most`.

    Other promises that it breaks, and what is broken without it, are no finds.
    """
    with tidy() as tidy_up:
        for seed in range(most):
            found = is_found_by(bug, seed)
            tidy_up()
            if found:
                return seed
    return None


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
    """Look for every bug, first by the seed that found it; write seeds and page; return 1 when one is not found."""
    every, seeds = each_alone(), dict[str, int]()
    table = Table("bug", "the mistake", "the promise that it breaks", "seed")
    with Progress(console=console, transient=True) as progress, ProcessPoolExecutor(jobs) as pool:
        task = progress.add_task("seeded bugs", total=len(every))
        for bug, seed in zip(every, pool.map(_search_by_place, range(len(every))), strict=True):
            if seed is not None:
                seeds[name_of(bug)] = seed
            table.add_row(bug.name, bug.what, _words(bug.breaks[0]), "not found" if seed is None else str(seed))
            progress.advance(task)
    console.print(table)
    SEEDS.write_text(json.dumps(seeds, indent=1) + "\n", encoding="utf-8")
    write_page(seeds)
    return 0 if len(seeds) == len(every) else 1


def _search_by_place(place: int) -> int | None:
    bug = each_alone()[place]
    known = first_seeds().get(name_of(bug))
    return known if known is not None and is_found_by(bug, known) else search(bug)


def rows_of(seeds: dict[str, int]) -> list[str]:
    """Return the lines of the page's table: each bug with each promise that it must break."""
    return [
        f"| {bug.name} | {bug.what} | {_words(bug.breaks[0])} | {seeds.get(name_of(bug), 'not found')} |"
        for bug in each_alone()
    ]


def promises() -> list[str]:
    """Return the lines of the page that say what is promised."""
    return [f"- {_first_line(promise.__doc__)}" for promise in PROMISES]


def write_page(seeds: dict[str, int]) -> None:
    """Write docs/simulation.md, with the speed as it is now."""
    began = time.perf_counter()
    tally = campaign(0, MEASURED, 1, lambda _tally: None)
    seconds = time.perf_counter() - began
    text = _TEXT.format(
        rows="\n".join(rows_of(seeds)),
        promises="\n".join(promises()),
        bugs=len(BUGS),
        kinds_of_fault=len(exhaustive.FAULTS),
        scenarios=len(exhaustive.scenarios()),
        sampled=exhaustive.SAMPLED,
        schedules_for_all=f"{sum(seeds.values()) + len(seeds):,}",
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
    PAGE.write_text(text, encoding="utf-8")


def _words(promise: str) -> str:
    return promise.replace("_", " ")


def _first_line(text: str | None) -> str:
    return (text or "").split("\n", 1)[0]


_TEXT = (Path(__file__).parent / "page.md").read_text(encoding="utf-8")

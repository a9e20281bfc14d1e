"""Run schedules of the simulation: [--schedules N] [--seed S] [--all] [--bugs] [--jobs N]."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulation import exhaustive
from tests.simulation.campaign import Tally, campaign, shortest, story_of
from tests.simulation.schedule import run

FOUND = Path(__file__).parent / "regressions"
SHOWN = 3  # failures that are told; the rest are counted


def main() -> None:
    """Run, tell, and leave with 1 when a promise was broken or a bug was not found."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="tell the story of this one")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--all", action="store_true", help="run every schedule of a small world with one fault")
    parser.add_argument("--bugs", action="store_true", help="switch each seeded bug on and see it found")
    asked = parser.parse_args()
    console = Console()
    if asked.seed is not None:
        sys.exit(_one(console, asked.seed))
    if asked.all:
        sys.exit(_all(console, asked.jobs))
    if asked.bugs:
        from tests.simulation.page import find_bugs  # noqa: PLC0415 the many schedules need none of it

        sys.exit(find_bugs(console, asked.jobs))
    sys.exit(_many(console, asked.first, asked.schedules, asked.jobs))


def _one(console: Console, seed: int) -> int:
    result = run(seed)
    console.print(story_of(result.taken).table(f"Seed {seed}"))
    if not result.broken:
        console.print("every promise held")
        return 0
    _tell(console, seed)
    return 1


def _many(console: Console, first: int, count: int, jobs: int) -> int:
    began = time.perf_counter()
    columns = (
        TextColumn("simulate"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[found]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("simulate", total=count, found="")
        failed = 0

        def advance(tally: Tally) -> None:
            nonlocal failed
            failed += len(tally.failures)
            progress.update(task, advance=tally.schedules, found=f"{failed} broke a promise" if failed else "")

        whole = campaign(first, count, jobs, advance)
    seconds = time.perf_counter() - began
    console.print(summary(whole, seconds, jobs))
    for seed, _ in whole.failures[:SHOWN]:
        _tell(console, seed)
    if len(whole.failures) > SHOWN:
        console.print(f"… and {len(whole.failures) - SHOWN} more: {[seed for seed, _ in whole.failures[SHOWN:30]]}")
    return 1 if whole.failures else 0


def _all(console: Console, jobs: int) -> int:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("scenarios", total=len(exhaustive.scenarios()))
        whole = exhaustive.look_through_all(jobs, lambda _tally: progress.advance(task))
    console.print(f"{whole.schedules:,} schedules, {whole.points:,} points; {len(whole.failures):,} broke a promise")
    for name, given, broken in whole.failures[:SHOWN]:
        console.print(f"\n[bold]{broken.promise}[/]: {broken.what}")
        console.print(exhaustive.story_of(name, given).table(f"{name}; {given}"))
    return 1 if whole.failures else 0


def summary(whole: Tally, seconds: float, jobs: int) -> str:
    """One line of figures."""
    processes = "1 process" if jobs == 1 else f"{jobs} processes"
    return (
        f"{whole.schedules:,} schedules, {whole.drops:,} files, {whole.runs:,} runs, {whole.points:,} points, "
        f"{whole.faults:,} faults; {len(whole.failures):,} broke a promise; {seconds:.1f} s on {processes}, "
        f"{whole.schedules / whole.cpu_seconds:,.0f} schedules per second and core"
    )


def _tell(console: Console, seed: int) -> None:
    result = run(seed)
    broken = result.broken[0]
    taken = shortest(result.taken, broken.promise)
    console.print(f"\n[bold]Seed {seed} breaks {broken.promise}[/]: {broken.what}")
    console.print(story_of(taken).table(f"The shortest story of it that was found, {len(taken)} choices:"))
    FOUND.mkdir(exist_ok=True)
    file = FOUND / f"{broken.promise}-{seed}.json"
    file.write_text(json.dumps(sorted(taken.items())) + "\n")
    console.print(f"Kept as {file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file.name}")


if __name__ == "__main__":
    main()

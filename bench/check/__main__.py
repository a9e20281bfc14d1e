"""`make bench-check`: measure, show, and write docs/bench-check.md and docs/bench-check.svg."""

import os
import platform
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import duckdb
import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.check import tables
from bench.check.cases import MEGABYTE, Sizes, cases
from bench.check.measure import Limits
from bench.check.page import page
from bench.check.picture import picture
from bench.check.run import Places, Result, run_case
from bench.check.targets import targets

_DEFAULT = Sizes()
_SCRATCH = Path(__file__).parents[2] / ".suimon"  # on the disk of the project: the files are large
_ABILITIES = {"structure", "cp932", "gzip"}


@click.command()
@click.option("--rows", default=_DEFAULT.rows, show_default=True, help="Records of the file that every tool checks.")
@click.option("--large", default=_DEFAULT.large, show_default=True, help="Records of the large file.")
@click.option("--long", is_flag=True, help="Check 100,000,000 unique keys, too.")
@click.option("--memory", default=4000, show_default=True, help="MB of memory that a tool may take.")
@click.option("--seconds", default=240, show_default=True, help="Seconds that a run may take.")
@click.option("--bench-python", type=click.Path(path_type=Path), required=True, help="Python with the other tools.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs"), help="Where page and picture go.")
def main(rows: int, large: int, *, long: bool, memory: int, seconds: int, bench_python: Path, out: Path) -> None:
    """Measure Suimon beside other tools, on the same files in the same run."""
    console = Console()
    if not console.is_terminal:
        console.width = 140
    limits = Limits(memory * MEGABYTE, seconds)
    with TemporaryDirectory(prefix="bench-", dir=_SCRATCH) as folder:
        # Not resolved: an environment's Python is a link, and its place tells the environment.
        places = Places(Path(sys.executable), bench_python.absolute(), Path(folder))
        results = _measured(Sizes(rows, large, long=100_000_000 if long else 0), places, limits, console)
    sheets = _sheets(results)
    for sheet in sheets:
        _show(sheet, console)
    today = datetime.now(UTC).date()
    text = page(sheets, limits, machine(today), "make bench-check" + _arguments(rows, large, long=long))
    (out / "bench-check.md").write_text(text, encoding="utf-8")
    (out / "bench-check.svg").write_text(picture(results), encoding="utf-8")
    console.print(f"Written: {out / 'bench-check.md'}, {out / 'bench-check.svg'}")


def _measured(sizes: Sizes, places: Places, limits: Limits, console: Console) -> list[Result]:
    plan = cases(sizes)
    results: list[Result] = []
    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=sum(len(case.tools) for case in plan))
        for case in plan:
            for result in run_case(case, places, limits, results, lambda text: progress.update(task, description=text)):
                results.append(result)
                progress.advance(task)
                took = (
                    f"{result.wall:8.2f} s  {result.peak / MEGABYTE:7,.0f} MB" if result.runs else f"{result.not_run}"
                )
                progress.console.print(f"{case.name:16} {result.tool.name:22} {took}", highlight=False)
    return results


def _sheets(results: list[Result]) -> list[tables.Sheet]:
    by_case: dict[str, list[Result]] = {}
    for result in results:
        by_case.setdefault(result.case.name, []).append(result)
    abilities = [result for name in _ABILITIES & by_case.keys() for result in by_case[name]]
    return [
        tables.reached(targets(results)),
        *(tables.measured(group) for name, group in by_case.items() if name not in _ABILITIES),
        tables.by_fault(by_case["cells"]),
        tables.able(sorted(abilities, key=lambda result: result.case.title)),
        tables.asked(by_case["clean"]),
    ]


def _show(sheet: tables.Sheet, console: Console) -> None:
    table = Table(title=sheet.title, title_justify="left", title_style="bold")
    for place, label in enumerate(sheet.header):
        table.add_column(label, justify="right" if 0 < place <= sheet.figures else "left", no_wrap=place == 0)
    for row in sheet.rows:
        table.add_row(*row, style="bold" if row[0] == "Suimon" else None)
    console.print(table)


def machine(today: date) -> str:
    """Return what a page says of the machine."""
    memory = psutil.virtual_memory().total / MEGABYTE / 1000
    return (
        f"{today}: {os.cpu_count()} cores of {_processor()}, {memory:,.0f} GB of memory, {platform.system()}, "
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _arguments(rows: int, large: int, *, long: bool) -> str:
    given = {"ROWS": (rows, _DEFAULT.rows), "LARGE": (large, _DEFAULT.large), "LONG": (int(long), 0)}
    return "".join(f" {name}={value}" for name, (value, default) in given.items() if value != default)


if __name__ == "__main__":
    main()

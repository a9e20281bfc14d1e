"""`make bench-burst`: send, follow, show, and write docs/bench-burst.md and docs/bench-burst.svg."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import psutil
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from bench.burst.course import Plan, StuckError, Tell, run
from bench.burst.page import Sheet, page, sheets
from bench.burst.picture import picture
from local.airflow.site import AIRFLOW_VERSION
from local.lifecycle import up
from local.progress import Board
from local.supervisor import PartDiedError, stop

_ROOT = Path(__file__).parents[2]
# Beside the twin that may be up for a person, and found by `make down`.
_RUNTIME = _ROOT / ".suimon" / "burst-twin"
_FILES = 10_000


@click.command()
@click.option("--files", default=_FILES, show_default=True, help="Files in the burst.")
@click.option("--single", default=100, show_default=True, help="Files one by one, for the time of one.")
@click.option("--direct", default=500, show_default=True, help="Runs that Airflow is asked for directly.")
@click.option("--threads", default=8, show_default=True, help="Threads that put files.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs"), help="Where page and picture go.")
def main(files: int, single: int, direct: int, threads: int, out: Path) -> None:
    """Send a burst of files through a twin of its own, and hold the account."""
    console = Console()
    if not console.is_terminal:
        console.width = 120
    twin, _ = up(_ROOT, Board(console), _RUNTIME)
    try:
        progress, tell = _shown(console)
        with progress:
            result = run(twin, Plan(files, single, direct, threads), tell)
    except (PartDiedError, StuckError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        stop(twin)
        (twin.runtime / "twin.json").unlink(missing_ok=True)
    for sheet in sheets(result):
        _show(sheet, console)
    made_by = "make bench-burst" + (f" FILES={files}" if files != _FILES else "")
    (out / "bench-burst.md").write_text(page(result, _machine(), made_by), encoding="utf-8")
    (out / "bench-burst.svg").write_text(picture(result), encoding="utf-8")
    console.print(f"Written: {out / 'bench-burst.md'}, {out / 'bench-burst.svg'}")
    if not result.account.is_even or result.dead_letters:
        console.print("[red]The account is not even: files were lost, or ran twice.[/red]")
        sys.exit(1)


def _shown(console: Console) -> tuple[Progress, Tell]:
    """Make a progress display in which every kind of work has a line of its own."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    progress = Progress(*columns, console=console)
    lines: dict[str, TaskID] = {}

    def tell(what: str, done: int, total: int) -> None:
        if what not in lines:
            lines[what] = progress.add_task(what, total=total)
            if not console.is_terminal:
                console.print(what, highlight=False)
        progress.update(lines[what], completed=done)

    return progress, tell


def _show(sheet: Sheet, console: Console) -> None:
    table = Table(title=sheet.title, title_justify="left", title_style="bold")
    figures = len(sheet.header) - 1 - sheet.words
    for place, label in enumerate(sheet.header):
        table.add_column(label, justify="right" if 0 < place <= figures else "left")
    for row in sheet.rows:
        table.add_row(*row)
    console.print(table)


def _machine() -> str:
    memory = psutil.virtual_memory().total / 1e9
    return (
        f"{datetime.now(UTC).date()}: {os.cpu_count()} cores of {_processor()}, {memory:,.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}, Airflow {AIRFLOW_VERSION}"
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


if __name__ == "__main__":
    main()

"""`make bench-hostile`: what every kind of bad file costs beside a good one of the same size, in the same run."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bench.hostile.kind import Kind
from bench.hostile.kinds import KINDS

_SCRATCH = Path(__file__).parents[2] / ".suimon"
_WAYS = ("kernel", "duckdb")
_SECONDS = 600
_GOOD = "good records"
_MEGABYTE = 1_000_000


@click.command()
@click.option("--megabytes", default=60, show_default=True, help="The size of a file once it is decompressed.")
@click.option("--only", default="", help="Of the kinds whose name holds this; the good records stand beside them.")
def main(megabytes: int, only: str) -> None:
    """Check a file of every kind in a process of its own, with the kernel and without; show a table."""
    table = Table("kind", *(f"{way}: {figure}" for way in _WAYS for figure in ("CPU s", "MB/s", "of good", "MB peak")))
    named = [kind for kind in KINDS if only in kind.name or kind.name == _GOOD]
    kinds = sorted(named, key=lambda kind: kind.name != _GOOD)
    good = dict[str, float]()
    with TemporaryDirectory(prefix="bench-", dir=_SCRATCH) as folder:
        for kind in kinds:
            path = Path(folder) / "file"
            kind.write(path, megabytes * _MEGABYTE)
            row = [kind.name]
            for way in _WAYS:
                found = _checked(kind, path, way)
                if not found:  # the others' figures are worth having all the same
                    row += ["no verdict", "", "", ""]
                    continue
                # What reading does not reach costs nothing: the sender waits for the whole file's verdict.
                seconds = good.setdefault(way, found["cpu"])
                share, rate = seconds / found["cpu"], megabytes / found["cpu"]
                row += [f"{found['cpu']:.1f}", f"{rate:.0f}", f"{share:.2f}", f"{found['peak'] / _MEGABYTE:.0f}"]
            table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console.width = 140
    console.print(table)


def _checked(kind: Kind, path: Path, way: str) -> dict[str, Any] | None:
    command = [sys.executable, "-m", "bench.hostile.child", kind.name, str(path), way, "0"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if ended.returncode:
        sys.stderr.write(ended.stderr)
        return None
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


if __name__ == "__main__":
    main()

"""`make bench-hostile`: what every kind of bad file costs, beside a good one and beside readers that check nothing."""

import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click

from bench.hostile.kind import Kind
from bench.hostile.kinds import KINDS

_ROOT = Path(__file__).parents[2]
_WAYS, _READERS = ("kernel", "duckdb"), ("read_csv", "csv.reader")
_SECONDS = 1_200  # a check itself ends after ten minutes
_MEGABYTE = 1_000_000
_HEADS = ("kind", "kernel: MB/s", "peak MB", "without: MB/s", "peak MB", "read_csv: MB/s", "csv.reader: MB/s")


class _Row(NamedTuple):
    """A line of the table, and what is wrong with it, if anything is."""

    cells: list[str]
    wrong: list[str]


@click.command()
@click.option("--megabytes", default=60, show_default=True, help="The size of a file once it is decompressed.")
@click.option("--only", default="", help="The kinds whose name this expression finds.")
@click.option("--limit", default=512, show_default=True, help="MiB that a check may have; 0: all there is.")
@click.option("--way", type=click.Choice(_WAYS), help="With the kernel or without; else both, and the readers.")
def main(megabytes: int, only: str, limit: int, way: str | None) -> None:
    """Check a file of every kind in a process of its own, with the kernel and without; print a table.

    Rates are of CPU time, of the whole file: what reading does not reach costs nothing. Ends with 1 if a kind has no
    verdict, or another than its own.
    """
    wrong = list[str]()
    with TemporaryDirectory(prefix="bench-", dir=_ROOT / ".suimon") as folder:
        click.echo(f"| {' | '.join(_HEADS)} |\n|---|{'---:|' * (len(_HEADS) - 1)}")
        for kind in KINDS:
            if re.search(only, kind.name):
                path = Path(folder) / "file"
                kind.write(path, megabytes * _MEGABYTE)
                row = _row(kind, path, megabytes, limit, way)
                click.echo(f"| {' | '.join(row.cells)} |")
                wrong += row.wrong
    click.echo("\n".join(wrong), err=True)
    sys.exit(bool(wrong))


def _row(kind: Kind, path: Path, megabytes: int, limit: int, wanted: str | None) -> _Row:
    row = _Row([kind.name], [])
    for way in _WAYS:
        if wanted not in {None, way}:
            row.cells.extend(("", ""))
            continue
        found, error = _run("child", kind, path, way, str(limit * 1024 * 1024))
        if found is None:
            row.wrong.append(f"{kind.name}, {way}: no verdict\n{error}")
            row.cells.extend(("no verdict", ""))
            continue
        if not kind.is_judged(accepted=found["accepted"], codes=found["codes"]):
            row.wrong.append(f"{kind.name}, {way}: judged {found['accepted']}, {found['codes']}")
        row.cells.extend((f"{megabytes / found['cpu']:.1f}", f"{found['peak'] / _MEGABYTE:.0f}"))
    for reader in () if wanted else _READERS:
        plain = kind.dialect.compression == "none"
        found, error = _run("readers", kind, path, reader) if plain else ({}, "")
        if found is None:
            row.wrong.append(f"{kind.name}, {reader}: failed\n{error}")
        row.cells.append(f"{megabytes / found['cpu']:.1f}" if found and "records" in found else "–")
    return row


def _run(module: str, kind: Kind, path: Path, *how: str) -> tuple[dict[str, Any] | None, str]:
    command = [sys.executable, "-m", f"bench.hostile.{module}", kind.name, str(path), *how]
    ended = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS)
    return (None, ended.stderr[-2_000:]) if ended.returncode else (json.loads(ended.stdout), "")


if __name__ == "__main__":
    main()

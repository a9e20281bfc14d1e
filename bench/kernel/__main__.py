"""`make bench-kernel`: measure, show, and write docs/bench-kernel.md and docs/bench-kernel.svg."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench.check.__main__ import machine
from bench.kernel.page import page
from bench.kernel.picture import picture
from bench.kernel.scale import ROOT, scale
from bench.kernel.stages import measure

SIZES = [10**6, 10**7, 10**8, 10**9, 10**10]


@click.command()
@click.option("--largest", default=SIZES[-1], show_default=True, help="Bytes of the largest file.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs"), help="Where page and picture go.")
def main(largest: int, out: Path) -> None:
    """Measure the parts of a check, and how it grows with its file."""
    stages = measure()
    for part in stages.parts:
        click.echo(f"{part.name:40} {part.seconds * 1e9 / stages.records:8.1f} ns a record")
    with TemporaryDirectory(prefix="bench-", dir=ROOT / ".suimon") as folder:
        sizes = list(scale([size for size in SIZES if size <= largest], Path(folder), click.echo))
    text = page(stages, sizes, machine(datetime.now(UTC).date()))
    (out / "bench-kernel.md").write_text(text, encoding="utf-8")
    (out / "bench-kernel.svg").write_text(picture(sizes), encoding="utf-8")
    click.echo(f"Written: {out / 'bench-kernel.md'}, {out / 'bench-kernel.svg'}")


if __name__ == "__main__":
    main()

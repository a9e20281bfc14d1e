"""The page docs/bench-kernel.md."""

from collections.abc import Iterator, Sequence

from bench.kernel.scale import Size
from bench.kernel.stages import Stages

MEGABYTE = 1_000_000
_HOW = """\
The parts are measured in one process, one thread, on a segment of {bytes:,.0f} MB with {records:,} records of the sales
contract: what the kernel does is told apart by plans that ask for more each time, so a part may be cheaper than the one
before (of a date that is the partition only the bytes are compared). Medians of processor time.

Each size is a process of its own, from starting Python to its end, with two threads where there are two cores. No file
of 10 GB is stored: the records are made while they are read, each with an `order_id` of its own, and what that takes (a
process that does nothing else, without starting Python) is subtracted. `peak` is the resident memory. The hashes of
keys go to disk beyond 48 MB: 8 bytes a record. DuckDB is never imported."""


def page(stages: Stages, sizes: Sequence[Size], machine: str) -> str:
    """Return the page as Markdown."""
    how = _HOW.format(bytes=stages.bytes / MEGABYTE, records=stages.records)
    parts = [
        "# Where the kernel's time goes",
        f"Made by `make bench-kernel` on {machine}.",
        "\n".join(_parts(stages)),
        "## From 1 MB to 10 GB",
        "![Seconds by size](bench-kernel.svg)",
        "\n".join(_sizes(sizes)),
        f"## How it is measured\n\n{how}",
    ]
    return "\n\n".join(parts) + "\n"


def _parts(stages: Stages) -> Iterator[str]:
    yield "| part | ns a record | it adds | MB/s |"
    yield "|---|---:|---:|---:|"
    for part in stages.parts:
        each = 1e9 / stages.records
        rate = stages.bytes / MEGABYTE / part.seconds
        yield f"| {part.name} | {part.seconds * each:,.1f} | {part.added * each:,.1f} | {rate:,.0f} |"


def _sizes(sizes: Sequence[Size]) -> Iterator[str]:
    yield "| MB | records | wall s | processor s | of them for the check | MB/s per core | peak MB |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for one in sizes:
        rate = one.bytes / MEGABYTE / one.checking
        yield (
            f"| {one.bytes / MEGABYTE:,.0f} | {one.records:,} | {one.wall:.2f} | {one.cpu:.2f} | {one.checking:.2f} "
            f"| {rate:,.0f} | {one.peak / MEGABYTE:,.0f} |"
        )

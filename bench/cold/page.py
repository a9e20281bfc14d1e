"""The page docs/bench-cold.md."""

# ruff: noqa: E501 rows of tables

from collections.abc import Iterator, Mapping
from typing import Any

from bench.cold.worker import FLOOR

TARGETS = {"intake": 0.350, "outcome": 0.250, "freshness": 0.250, "replay": 0.250}  # seconds until it is ready
_HOW = """\
A start is a process of its own on the artifact that `functions/build.py` makes for this machine, from the first line of
Python to the end of what the function builds for its first event: imports, contracts, clients of AWS. Starting the
interpreter itself comes on top. Bytecode is there. Medians of {runs} starts, the functions in turns. Behind its start the
intake function checks a sound file of 1 MB: DuckDB is imported only where the kernel is in doubt."""
_BOUND = """\
"The libraries alone" is a process that imports boto3 and Powertools' log and makes one table of DynamoDB's, in the
smallest artifact: {floor} ms of processor. No function can start sooner that speaks to DynamoDB by boto3.

What a start was spent on, and what became of it, each pair in one run on a busy machine (so only ratios count), of
intake, outcome, freshness, replay:

| | processor ms, of four functions | ratio |
|---|---|---|
| artifacts as they were: models of whole services, compressed | 449, 360, 424, 354 | 1 |
| models of the operations that the function can call, plain (`functions/models.py`) | 406, 270, 367, 271 | 0.90, 0.75, 0.87, 0.77 |
| and no look for garbage among what a start makes (`suimon.aws.cold_start`) | 347, 261, 315, 263 | 0.77, 0.73, 0.74, 0.74 |

Before, on a quiet AMD EPYC (the libraries alone: 160 ms), they were ready after 404, 307, 378 and 316 ms.

Freshness made every client at its start, and imported what answers persons and what a round ends with. Since each of
those is made or imported when it is first needed (functions/freshness/app.py), it takes 0.89 of what it took. A round
needs as much as ever; it is its first look at deadlines, and the answer to a person, that come sooner.

The standard library compiles up to six methods for each dataclass. Since frozen ones share theirs, and each makes its
`__init__` when it is first needed (src/suimon/values.py), the four take 0.76, 0.85, 0.80 and 0.87 of what they took: 311,
242, 250 and 236 ms of processor in place of 410, 286, 311 and 273, means of nine starts in turns on a busy machine, the
start of the interpreter included."""


def page(starts: Mapping[str, Mapping[str, Any]], runs: int, machine: str) -> str:
    """Return the page as Markdown."""
    intake = starts["intake"]
    check = (
        f"The check of a sound file of 1 MB behind it: {_ms(intake['check_wall'])} ms, {_ms(intake['check_cpu'])} ms "
        f"of processor; heavy modules imported by then: {_heavy(intake['heavy_of_check'])}."
    )
    parts = [
        "# Cold starts",
        f"Made by `make bench-cold` on {machine}.",
        "\n".join(_rows(starts)),
        check,
        f"## What bounds it\n\n{_BOUND.format(floor=_ms(starts[FLOOR]['cpu']))}",
        f"## How it is measured\n\n{_HOW.format(runs=runs)}",
    ]
    return "\n\n".join(parts) + "\n"


def _rows(starts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "| function | ready after ms | target |  | processor ms | of them importing | modules | heavy ones |"
    yield "|---|---:|---:|---|---:|---:|---:|---|"
    for function, start in starts.items():
        target = TARGETS.get(function)
        met = "" if target is None else "met" if start["wall"] <= target else "not met"
        yield (
            f"| {function} | {_ms(start['wall'])} | {'' if target is None else _ms(target)} | {met} | {_ms(start['cpu'])} "
            f"| {_ms(start['imported'])} | {start['modules']:,} | {_heavy(start['heavy'])} |"
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f}"


def _heavy(names: list[str]) -> str:
    return ", ".join(names) or "none"

"""The page docs/bench-cold.md."""

from collections.abc import Iterator, Mapping
from typing import Any

TARGETS = {"intake": 0.350, "outcome": 0.250, "freshness": 0.250, "replay": 0.250}  # seconds until it is ready
_HOW = """\
A start is a process of its own, from the first line of Python to the end of what the function builds for its first
event: imports, contracts, clients of AWS. Starting the interpreter itself comes on top. Bytecode is there, as in the
artifact. Medians of {runs} starts, the functions in turns. Behind its start the intake function checks a sound file of
1 MB: DuckDB is imported only where the kernel is in doubt."""


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
        f"## How it is measured\n\n{_HOW.format(runs=runs)}",
    ]
    return "\n\n".join(parts) + "\n"


def _rows(starts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "| function | ready after ms | target |  | processor ms | of them importing | modules | heavy ones |"
    yield "|---|---:|---:|---|---:|---:|---:|---|"
    for function, start in starts.items():
        target = TARGETS[function]
        met = "met" if start["wall"] <= target else "not met"
        yield (
            f"| {function} | {_ms(start['wall'])} | {_ms(target)} | {met} | {_ms(start['cpu'])} "
            f"| {_ms(start['imported'])} | {start['modules']:,} | {_heavy(start['heavy'])} |"
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f}"


def _heavy(names: list[str]) -> str:
    return ", ".join(names) or "none"

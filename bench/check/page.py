"""The page docs/bench-check.md."""

from collections.abc import Sequence

from bench.check.cases import FAST_SECONDS, MEGABYTE
from bench.check.measure import Limits
from bench.check.tables import Sheet

_HOW = """\
Every tool runs in a process of its own, from starting Python to its answer. `wall` is the median of the runs, `peak`
the resident memory of the run that took most. `MB/s per core` is the size of the file's text by the seconds of
processor: the price of a gigabyte, on however many cores. A tool that stopped before the file's end has no speed.
1 MB is 1,000,000 bytes. The file is in the page cache. Telemetry is off, and every proxy leads nowhere.

The tools take turns, so that a noisy machine hits all alike. What takes longer than {fast:.0f} s is run once, but
Suimon and the query by hand as often as the fast ones. No tool may take more than {memory:,.0f} MB or
{seconds:.0f} s; what would, by what it took for the smaller file, is not tried.

Bad cells are told by record and column: `found` are those that a tool named, `missed` those it did not, `false` what it
named and is none. Suimon lists 10,000 cells at most; the others are missed here, yet in its counts. The query by hand
is the yardstick: written for this one file, it counts and names no place. `validate_source_data` is the check of a
published Airflow DAG: all of the file as dictionaries, then four assertions. Polars and PyArrow are asked as the query
by hand is. `qsv` and `xan` are not measured: no wheel has them (packages of these names are something else).
No test asserts on a figure. What each part of a check costs, and how that grows: [bench-kernel.md](bench-kernel.md)."""


def page(sheets: Sequence[Sheet], limits: Limits, machine: str, made_by: str) -> str:
    """Return the page as Markdown."""
    how = _HOW.format(fast=FAST_SECONDS, memory=limits.memory / MEGABYTE, seconds=limits.seconds)
    parts = [
        "# The checker beside other tools",
        f"Made by `{made_by}` on {machine}.",
        "![Speed and memory](bench-check.svg)",
        *(f"## {sheet.title}\n\n{_table(sheet)}" for sheet in sheets),
        f"## How it is measured\n\n{how}",
    ]
    return "\n\n".join(parts) + "\n"


def _table(sheet: Sheet) -> str:
    rule = ["---", *(["---:"] * sheet.figures), *(["---"] * (len(sheet.header) - sheet.figures - 1))]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in (sheet.header, rule, *sheet.rows))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")

"""What is measured: which file, by which tools, how often; and what Suimon is to reach."""

from dataclasses import dataclass

from bench.check.data import Sample
from bench.check.tools import SUIMON, TOOLS, YARDSTICK, Tool

MEGABYTE = 1_000_000
FAST_SECONDS = 5.0  # what takes longer is measured once, unless it is Suimon or the yardstick
TELLING_ROWS = 100_000  # a smaller file tells nothing of a larger one: starting the tool outweighs it

_BY_MODULE = {tool.module: tool for tool in TOOLS}
_CSV = _BY_MODULE["csv_loop"]
CHECKERS = tuple(tool for tool in TOOLS if not tool.reference)


@dataclass(frozen=True, slots=True)
class Case:
    """One file and those who check it."""

    name: str
    title: str
    sample: Sample
    tools: tuple[Tool, ...]
    rounds: int = 3


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many records the files have."""

    rows: int = 200_000
    large: int = 12_000_000
    small: int = 12_000
    long: int = 0  # unique keys; 0: left out


def cases(sizes: Sizes) -> tuple[Case, ...]:
    """Return every case, the small ones first: what they cost tells what the large ones would."""
    middle = sizes.large // 3
    both = (SUIMON, YARDSTICK)
    every = (
        Case("structure", "1 % broken records", Sample("sales", sizes.small, "structure"), CHECKERS, rounds=1),
        Case("cp932", "CP932", Sample("inventory", sizes.small, encoding="cp932"), CHECKERS, rounds=1),
        Case("gzip", "gzip", Sample("sales", sizes.small, compression="gzip"), CHECKERS, rounds=1),
        Case("clean", "a good file", Sample("sales", sizes.rows), TOOLS),
        Case("cells", "1 % bad records", Sample("sales", sizes.rows, "cells"), CHECKERS),
        Case("large-clean", "a large good file", Sample("sales", sizes.large), TOOLS),
        Case("large-cells", "a large file, 1 % bad records", Sample("sales", sizes.large, "cells"), both),
        # Of more than some 15,000 broken records reading ends: that would be no measure.
        Case("large-structure", "1 % broken records", Sample("sales", sizes.large // 10, "structure"), (SUIMON,)),
        Case("large-cp932", "CP932", Sample("inventory", middle, encoding="cp932"), (SUIMON, _CSV)),
        Case("large-gzip", "gzip", Sample("sales", middle, compression="gzip"), (*both, _CSV)),
    )
    keys = (Case("keys", "unique keys", Sample("keys", sizes.long), both, rounds=1),) if sizes.long else ()
    return every + keys

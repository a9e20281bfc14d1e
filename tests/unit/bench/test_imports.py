"""What measures the code still finds it: a rename breaks a benchmark, or `make mutate`, that nobody runs by day."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# From environments of their own.
FOREIGN = {"datacontract", "frictionless", "great_expectations", "mutmut", "pandas", "pandera", "polars", "pyarrow"}
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "bench").rglob("*.py")
    if path.stem not in {"__init__", "__main__"}
)


@pytest.mark.parametrize("name", MODULES)
def test_each_module_of_the_benchmarks_imports_what_there_is(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in FOREIGN:
            raise

"""Hostile and broken files, each checked in a process of its own: a verdict for any bytes, in bounded memory."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.hostile.kind import Kind
from bench.hostile.kinds import KINDS

pytestmark = pytest.mark.process

MEGABYTE = 1024 * 1024
# What a process may have at all, and what it is to take: Python, DuckDB's code and the segments of the moment with it.
HARD, PEAK = 512 * MEGABYTE, 300 * MEGABYTE
# More than two segments, so that three are in memory at once.
SMALL, LARGE = 18_000_000, 60_000_000
SAMPLE = {
    "open quotes before delimiters",
    "delimiters in quotes, no end of a line",
    "quotes only",
    "a quote on every line",
    "line feeds only",
    "delimiters only",
    "lines of a million cells",
    "a stray byte in every record, tolerated",
    "every key twice",
    "1,600 columns in quotes",
    "1,600 columns, line breaks in the bad records, set aside",
    "1,600 columns, half of the records stained, set aside",
    "800 personal columns of ever other forms",
    "one label half a million times",
    "open quotes in gzip",
    "frames of zstd that are skipped",
}
# What has no fault but that it repeats: each value of each key is compared, most of it in DuckDB's share.
MORE = {"8 keys, each many times": 450 * MEGABYTE}
# What takes a second a megabyte is small by day.
LITTLE, WIDE = 4_000_000, re.compile("1,600|800")
Found = dict[str, Any]


@pytest.fixture
def checked(tmp_path: Path) -> Callable[[Kind, str, int], Found]:
    """Check a file of a kind in a process that cannot have more than so much memory; return what it found and took."""

    def run(kind: Kind, way: str, size: int) -> Found:
        path = tmp_path / "file"
        kind.write(path, size)
        command = [sys.executable, "-m", "bench.hostile.child", kind.name, str(path), way, str(HARD)]
        ended = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr[-2000:]
        found: Found = json.loads(ended.stdout)
        return found

    return run


@pytest.mark.parametrize("way", ["kernel", "duckdb"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name in SAMPLE], ids=lambda kind: kind.name)
def test_a_hostile_file_gets_its_verdict_in_300_mb(
    checked: Callable[[Kind, str, int], Found], kind: Kind, way: str
) -> None:
    holds(kind, checked(kind, way, LITTLE if WIDE.match(kind.name) else SMALL))


@pytest.mark.long
@pytest.mark.parametrize("way", ["kernel", "duckdb"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_large_hostile_file_of_any_kind_gets_its_verdict_in_300_mb(
    checked: Callable[[Kind, str, int], Found], kind: Kind, way: str
) -> None:
    holds(kind, checked(kind, way, LARGE))


def holds(kind: Kind, found: Found) -> None:
    assert kind.is_judged(accepted=found["accepted"], codes=found["codes"]), found
    assert found["peak"] < MORE.get(kind.name, PEAK), found


def test_what_a_child_takes_is_seen(checked: Callable[[Kind, str, int], Found]) -> None:
    """The figures are the child's own: a file that is read as a whole has taken more than Python alone."""
    (kind,) = [kind for kind in KINDS if kind.name == "quotes in every cell"]
    found = checked(kind, "duckdb", SMALL)
    assert found["peak"] > 60 * MEGABYTE
    assert found["read"] > 0.99 * SMALL


def test_what_duckdb_has_freed_counts_no_more_under_the_hard_limit(checked: Callable[[Kind, str, int], Found]) -> None:
    """Its allocator keeps address space by default, which the limit counts though no memory stands behind it."""
    (kind,) = [kind for kind in KINDS if kind.name == "1,000 columns in quotes"]
    found = checked(kind, "duckdb", 200_000)
    assert found["mapped"] < 200 * MEGABYTE

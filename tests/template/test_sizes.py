"""A file fits in one reading: source and tests have some 350 lines at most."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "functions", "dags", "glue", "local", "bench")
# Past 350 lines the next one who works on a file splits it by what it does; past this, who made it so.
MOST_LINES = 375


def lines_of(path: str) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def sources() -> list[str]:
    """List the files of Python and C that are ours."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".c", ".h"}]
    return sorted(path.relative_to(ROOT).as_posix() for path in found if path.is_file())


def test_no_source_file_is_longer_than_one_reading() -> None:
    assert {"src/suimon/check/kernel/kernel.c", "tests/template/test_sizes.py"} <= {*sources()}
    assert [path for path in sources() if lines_of(path) > MOST_LINES] == []

"""`make bench-cold`: the page says what was reached; every function starts, and a sound file needs no DuckDB."""

from pathlib import Path
from typing import Any

import pytest

from bench.cold.__main__ import measured
from bench.cold.page import TARGETS, page
from bench.cold.worker import FLOOR


def start(wall: float, **more: Any) -> dict[str, Any]:
    return {"wall": wall, "cpu": 0.2, "imported": 0.1, "modules": 500, "heavy": [], **more}


def test_the_page_says_which_targets_are_met() -> None:
    checked = {"check_wall": 0.06, "check_cpu": 0.012, "heavy_of_check": ["duckdb"]}
    starts = {function: start(0.3) for function in TARGETS} | {"intake": start(0.3, **checked), FLOOR: start(0.15)}
    text = page(starts, 20, "this machine")
    assert "| intake | 300 | 350 | met | 200 | 100 | 500 | none |" in text
    assert "| replay | 300 | 250 | not met | 200 | 100 | 500 | none |" in text
    assert f"| {FLOOR} | 150 |  |  | 200 | 100 | 500 | none |" in text
    assert "60 ms, 12 ms of processor; heavy modules imported by then: duckdb." in text


@pytest.mark.process
@pytest.mark.long  # by day: test_carried.py, kernel/test_left_out.py
def test_no_function_imports_what_is_heavy_nor_does_the_check_of_a_sound_file(tmp_path: Path) -> None:
    starts = measured(tmp_path, 1)
    assert [found[0]["heavy"] for found in starts.values()] == [[]] * len({*TARGETS, FLOOR})
    assert starts["intake"][0]["heavy_of_check"] == []

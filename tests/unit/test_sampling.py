"""What goes by turns: each name in the tables of `tests/conftest.py` is a test's, and each turn has its share."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CAMPAIGNS, FOLDERS_OF_PROCESSES, LARGE, LONGEST, ONE_A_DAY, WITH

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name", [*CAMPAIGNS, *FOLDERS_OF_PROCESSES, *LARGE, *LONGEST, *ONE_A_DAY, *WITH, *WITH.values()]
)
def test_a_name_in_a_table_is_that_of_a_test(name: str) -> None:
    file, _, test = name.partition("::")
    path = ROOT / file
    assert path.is_dir() if file.endswith("/") else path.is_file()
    assert not test or re.search(rf"^ *def {test}\w*\(", path.read_text(encoding="utf-8"), re.MULTILINE)


def chosen(*what: str) -> set[str]:
    """Return the names of the tests that a run would have."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "--collect-only", "-q", "-o", "addopts=", *what]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {line for line in told.splitlines() if "::" in line}


@pytest.mark.process
def test_after_as_many_days_as_there_are_shares_each_case_was_run() -> None:
    files = ("tests/dags/test_quality_on_redshift.py", "tests/unit/contract/test_cron.py")
    by_day = [chosen("--turn", str(day), *files) for day in (739_950, 739_951)]
    assert by_day[0] != by_day[1]
    assert by_day[0] | by_day[1] == chosen("--long", *files)


@pytest.mark.process
def test_each_day_has_one_of_the_two_stories_and_who_names_one_gets_it() -> None:
    by_day = {day: chosen("--turn", day, "tests/conformance", "tests/dags") for day in ("739950", "739951")}
    for story in ONE_A_DAY:
        without = [day for day, names in by_day.items() if not any(name.startswith(story) for name in names)]
        assert len(without) == 1
        assert chosen("--turn", *without, story)

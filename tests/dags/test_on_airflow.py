"""Runs on_airflow/ with each Airflow that MWAA runs; their pins exclude ours, so each has an environment of its own.

On the older one only what reads the DAGs and validates a run's conf; `make long` runs its tasks as well.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
ENVIRONMENTS = {"3.3.1": "airflow", "3.2.1": "airflow-3.2.1"}
NEWEST = "3.3.1"
TESTS = "tests/dags/on_airflow"
WITHOUT_TASKS = (f"{TESTS}/test_dags.py", f"{TESTS}/test_conf.py")


@pytest.mark.parametrize("version", ENVIRONMENTS)
def test_the_dags_pass_their_tests_on_the_airflow_of_mwaa(
    version: str,
    pytestconfig: pytest.Config,
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> None:
    python = ROOT / ".suimon" / "envs" / ENVIRONMENTS[version] / "bin" / "python"
    assert python.exists(), "run `make setup`: it makes the environments of Airflow"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST_"))}
    tests = [TESTS] if version == NEWEST or pytestconfig.getoption("--long") else WITHOUT_TASKS
    inner = subprocess.run(
        [python, "-m", "pytest", *tests, "-p", "no:cacheprovider", "-p", "no:anyio"],
        cwd=ROOT,
        env=environment | {"SUIMON_TEST_AIRFLOW": version},
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    summary = (inner.stdout.splitlines() or ["no output"])[-1]
    record_property(f"on Airflow {version}", summary)
    with capsys.disabled():
        sys.stdout.write(f"\n  tests/dags/on_airflow on {version}: {summary}\n")
    assert inner.returncode == 0, f"{inner.stdout}\n{inner.stderr}"

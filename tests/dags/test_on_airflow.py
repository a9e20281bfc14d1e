"""Run on_airflow/ with each Airflow that MWAA runs; their pins exclude ours, so each has an environment of its own.

By day the newest one, which the twin runs too; `make long` adds the older one.
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
VERSIONS = ("3.3.1", pytest.param("3.2.1", marks=pytest.mark.long))
TESTS = "tests/dags/on_airflow"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_dags_pass_their_tests_on_the_airflow_of_mwaa(
    version: str,
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> None:
    python = ROOT / ".suimon" / "envs" / ENVIRONMENTS[version] / "bin" / "python"
    assert python.exists(), "run `make setup`: it makes the environments of Airflow"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST_"))}
    inner = subprocess.run(
        [python, "-m", "pytest", TESTS, "-p", "no:cacheprovider", "-p", "no:anyio"],
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

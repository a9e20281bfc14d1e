"""Runs on_airflow/ with the Airflow that MWAA runs, whose pins exclude ours and so has an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".suimon" / "envs" / "airflow" / "bin" / "python"


def test_the_dags_pass_their_tests_on_the_airflow_of_mwaa(
    capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    assert PYTHON.exists(), "run `make setup`: it makes the environment of Airflow"
    inner = subprocess.run(
        [PYTHON, "-m", "pytest", "tests/dags/on_airflow", "-p", "no:cacheprovider", "-p", "no:anyio"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST_"))},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    summary = (inner.stdout.splitlines() or ["no output"])[-1]
    record_property("on Airflow", summary)
    with capsys.disabled():
        sys.stdout.write(f"\n  tests/dags/on_airflow: {summary}\n")
    assert inner.returncode == 0, f"{inner.stdout}\n{inner.stderr}"

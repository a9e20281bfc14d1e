"""The interpreter of the twin's functions: Lambda's version where the machine has it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from local import function_python

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]


def script(path: Path, line: str) -> Path:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_it_is_the_version_of_the_template() -> None:
    runtimes = re.findall(r"Runtime: (\S+)", (ROOT / "template.yaml").read_text(encoding="utf-8"))
    assert set(runtimes) == {f"python{function_python.VERSION}"}


def test_one_that_does_not_start_or_is_of_another_version_is_passed_over(tmp_path: Path) -> None:
    shim = script(tmp_path / "shim", "echo 'pyenv: version not chosen' >&2; exit 127")
    other = script(tmp_path / "other", "echo 3.12")
    right = script(tmp_path / "right", f"echo {function_python.VERSION}")
    assert function_python.first_of_version([tmp_path / "none", shim, other, right]) == right
    assert function_python.first_of_version([shim, other]) is None


def test_a_machine_without_it_runs_functions_on_the_twins_own() -> None:
    found = function_python.function_python()
    assert found.exists()
    assert function_python.is_lambdas() or found == Path(sys.executable)

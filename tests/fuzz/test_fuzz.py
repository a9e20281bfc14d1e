"""A few seconds of fuzzing, the same inputs every time; `make fuzz SECONDS=600` goes on from there."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.fuzz import covered

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".suimon" / "envs" / "fuzz" / "bin" / "python"
RUNS = {"check": 150, "grammar": 3_000, "contract": 300, "compiled": 10_000, "kernel": 2_000}


@pytest.fixture(scope="session")
def python() -> Path:
    if not PYTHON.exists():
        pytest.skip("no environment to fuzz in: make setup")
    if subprocess.run([PYTHON, "-c", "import atheris"], check=False, capture_output=True).returncode:
        pytest.skip("atheris is built for Linux on x86-64 and Python before 3.14 only")
    return PYTHON


@pytest.mark.parametrize("target", RUNS)
def test_no_input_breaks_a_promise(target: str, python: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": "0"}
    command: list[str | Path] = [
        python,
        "-m",
        "tests.fuzz.fuzz",
        target,
        "--folder",
        tmp_path,
        "--runs",
        str(RUNS[target]),
    ]
    if target == "kernel":
        command += ["--covered", covered.build(python, tmp_path / "covered.so")]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    _, _, failure = done.stdout.partition("Uncaught Python exception")
    told = [line for line in (failure or done.stdout).splitlines() if "leaked" not in line and line[:1] != "#"]
    found = [path.read_bytes() for path in tmp_path.glob("*-*") if path.is_file()]
    assert (done.returncode, found) == (0, []), "\n".join(told[-60:])
    assert f"Done {RUNS[target]} runs" in done.stdout

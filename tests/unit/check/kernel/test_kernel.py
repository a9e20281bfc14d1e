"""The kernel by itself: right in every case, found out by the cases when it has a mistake, the same bytes each time."""

import ctypes
import subprocess
import sys
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from suimon.check.kernel import compile as compiler
from suimon.check.kernel import library
from tests.unit.check.kernel.cases import CASES
from tests.unit.check.kernel.mistakes import MISTAKES

ROOT = Path(__file__).parents[4]
SOURCES = Path(compiler.__file__).parent
TARGET = compiler.target_of_this_machine() or ""


@pytest.fixture(scope="session")
def kernel() -> Any:
    found = library.found()
    assert found, "the kernel is not built: make setup"
    return found


@pytest.mark.parametrize("group", CASES)
def test_the_kernel_answers_right(kernel: Any, group: str) -> None:
    assert list(CASES[group](kernel)) == []


@pytest.mark.process
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: str(mistake[0]))
def test_a_mistake_in_the_kernel_is_found_by_its_cases(tmp_path: Path, mistake: tuple[str, str, str, str]) -> None:
    _, name, right, wrong = mistake
    sources = copytree(
        SOURCES, tmp_path / "kernel", ignore=lambda _, names: {one for one in names if one[-2:] not in {".c", ".h"}}
    )
    text = (sources / name).read_text(encoding="utf-8")
    assert text.count(right) >= 1
    (sources / name).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    # Quickly, and without a word on what the mistake leaves unused.
    made = compiler.build(TARGET, tmp_path / "mistaken.so", ("-O0", "-w"), sources)
    command: list[str | Path] = [sys.executable, "-m", "tests.unit.check.kernel.cases", made]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode != 0, "no case finds it"
    assert "Traceback" not in done.stderr or "AssertionError" in done.stderr, done.stderr  # a crash has no traceback


@pytest.mark.process
@pytest.mark.parametrize("target", sorted({TARGET, compiler.LAMBDA}))
def test_the_same_sources_are_the_same_library_wherever_they_are_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    first = compiler.build(target, tmp_path / "first.so")
    second = compiler.build(target, Path("elsewhere", "second.so"))
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 200_000
    assert str(ROOT).encode() not in first.read_bytes()
    assert str(tmp_path).encode() not in first.read_bytes()


def test_a_library_that_is_not_the_kernel_is_passed_over_and_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kernel.so").write_bytes(b"no library")
    monkeypatch.setattr(library, "PATH", tmp_path / "kernel.so")
    library.found.cache_clear()
    try:
        assert (library.found(), library.found()) == (None, None)
    finally:
        library.found.cache_clear()
    assert [record.message for record in caplog.records] == ["kernel not loaded"]


def test_a_library_of_other_structures_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Longer(library.Piece):
        _fields_ = [("more", ctypes.c_int64)]  # noqa: RUF012 as ctypes wants it

    monkeypatch.setattr(library, "MIRRORED", (*library.MIRRORED[:-1], Longer))
    with pytest.raises(library.KernelError, match="build it again"):
        library.load(library.PATH)

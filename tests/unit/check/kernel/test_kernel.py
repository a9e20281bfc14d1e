"""The kernel by itself: right in every case, found out by the cases when it has a mistake, the same bytes each time."""

import ctypes
import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from typing import Any

import pytest

from suimon.check.kernel import compile as compiler
from suimon.check.kernel import library
from suimon.check.kernel.seal import seal_of
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


def passed_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the library at a path is not taken for the kernel."""
    monkeypatch.setattr(library, "PATH", path)
    monkeypatch.setattr(library, "SEAL", seal_of(path))
    library.found.cache_clear()
    try:
        return (library.found(), library.found()) == (None, None)
    finally:
        library.found.cache_clear()


def copied(tmp_path: Path) -> Path:
    for one in (library.PATH, library.SEAL):
        copy(one, tmp_path)
    return tmp_path / library.PATH.name


def test_a_library_as_it_was_built_is_loaded_from_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not passed_over(copied(tmp_path), monkeypatch)


@pytest.mark.parametrize("damage", ["cut", "of zeros", "another", "gone", "no seal", "an empty seal"])
def test_a_library_that_is_not_as_it_was_built_is_passed_over_and_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    path = copied(tmp_path)
    whole = path.read_bytes()
    match damage:
        case "cut":  # the system would end the process that loads it
            path.write_bytes(whole[: len(whole) // 2])
        case "of zeros":
            path.write_bytes(whole[:4096] + bytes(len(whole) - 4096))
        case "another":
            path.write_bytes(b"no library")
        case "gone":
            path.unlink()
        case "no seal":
            seal_of(path).unlink()
        case _:
            seal_of(path).write_text("", encoding="ascii")
    assert passed_over(path, monkeypatch)
    [record] = caplog.records
    assert record.getMessage().startswith("kernel not loaded, checks are slower: ")
    assert record.getMessage().endswith("build it again: make setup")


@pytest.mark.process
def test_a_library_of_other_sources_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = copytree(SOURCES, tmp_path / "older", ignore=ignore_patterns("*.so", "*.py*", "__pycache__"))
    text = (sources / "numbers.h").read_text(encoding="utf-8")
    (sources / "numbers.h").write_text(text.replace("0x7FFFFFFFu", "0x8FFFFFFFu"), encoding="utf-8")
    assert passed_over(compiler.build(TARGET, tmp_path / "kernel.so", sources=sources), monkeypatch)


def test_a_library_of_other_structures_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Longer(library.Piece):
        _fields_ = [("more", ctypes.c_int64)]  # noqa: RUF012 as ctypes wants it

    monkeypatch.setattr(library, "MIRRORED", (*library.MIRRORED[:-1], Longer))
    with pytest.raises(library.KernelError, match="build it again"):
        library.load(library.PATH)

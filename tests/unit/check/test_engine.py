"""The engine as a machine: memory, disk, progress, what it leaves behind, and a source that does not keep still."""

import tracemalloc
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from suimon.check import segments
from suimon.check.engine import CheckError, check, check_file
from suimon.check.source import LocalFile
from suimon.check.verdict import Code
from suimon.contract.file import Column, FileFormat, Tolerance
from suimon.contract.model import Contract

UNIQUE = Contract("x", "1", "x", file=FileFormat(), columns=(Column("a", "string", unique=True),))
Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 as shutil has it


def unique_file(path: Path, records: int) -> Path:
    path.write_text("a\n" + "".join(f"{number:020}\n" for number in range(records)))
    return path


def test_keys_that_fill_the_disk_are_an_error_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10**6, 0, 10**6))
    path = unique_file(tmp_path / "file.csv", 1_500_000)
    with pytest.raises(CheckError, match=r"could not be checked.*give it more memory or disk"):
        check_file(path, UNIQUE, None, scratch=tmp_path, memory_limit="16MB", threads=1)
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_with_the_file_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments.Cutter, "next", no_room)
    path = unique_file(tmp_path / "file.csv", 3)
    with pytest.raises(CheckError, match=r"file\.csv could not be checked: No space left on device"):
        check_file(path, UNIQUE, None, scratch=tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_more_keys_than_memory_holds_are_still_compared(tmp_path: Path) -> None:
    path = unique_file(tmp_path / "file.csv", 2_000_000)
    with path.open("a") as file:
        file.write(f"{7:020}\n")
    verdict = check_file(path, UNIQUE, None, scratch=tmp_path, memory_limit="48MB", threads=2)
    (cell,) = verdict.bad_cells
    assert (cell.code, cell.line, cell.record, dict(cell.details)) == (
        Code.UNIQUE_ERROR,
        2_000_002,
        2_000_001,
        {"first": 8},
    )


def test_progress_ends_at_the_size_and_starts_anew_for_a_second_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suimon.check.source.CHUNK_BYTES", 1000)
    path = unique_file(tmp_path / "file.csv", 500)
    told: list[int] = []
    check_file(path, UNIQUE, None, scratch=tmp_path, progress=told.append)
    size = path.stat().st_size
    assert (told[0], told[-1], told == sorted(told)) == (0, size, True)
    path.write_text(path.read_text() + f"{1:020}\n")
    told.clear()
    check_file(path, UNIQUE, None, scratch=tmp_path, progress=told.append)
    assert (told.count(0), told.count(path.stat().st_size)) == (2, 2)


@dataclass
class Restless:
    """A file whose contents are others when it is read again."""

    rounds: list[bytes]
    name: str = "restless"

    @property
    def size(self) -> int:
        return len(self.rounds[0])

    def read(self, start: int, length: int) -> bytes:
        return self.rounds[0][start : start + length]

    def chunks(self) -> Iterator[bytes]:
        yield self.rounds.pop(0) if len(self.rounds) > 1 else self.rounds[0]


@pytest.mark.parametrize("later", [b'a\n1\n""\n', b"a\n1\n1", b"a\n1\r1\n", b""])
def test_a_file_that_changes_under_the_check_gets_no_verdict_of_both(tmp_path: Path, later: bytes) -> None:
    tolerant = Contract(
        "x", "1", "x", file=FileFormat(), columns=UNIQUE.columns, tolerance=Tolerance(max_percent="100")
    )
    try:
        verdict = check(Restless([b"a\n1\n1\n", later]), tolerant, None, scratch=tmp_path, threads=1)
    except CheckError:
        return
    assert verdict.rows == 2


def test_a_file_all_of_whose_records_are_broken_takes_no_more_memory_than_a_good_one(tmp_path: Path) -> None:
    contract = Contract("x", "1", "x", file=FileFormat(), columns=(Column("a", "string"), Column("b", "string")))
    path = tmp_path / "file.csv"
    path.write_bytes(b"a,b\n" + b"1\n" * 2_000_000)
    tracemalloc.start()
    try:
        verdict = check(LocalFile(path), contract, None, scratch=tmp_path, limit=100, threads=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(count.code, count.cells) for count in verdict.counts] == [(Code.MISSING_CELL, 2_000_000)]
    assert (len(verdict.bad_cells), verdict.truncated) == (100, True)
    assert peak < 8 * path.stat().st_size

"""The engine as a machine: memory, disk, progress, what it leaves behind, and a source that does not keep still."""

import tracemalloc
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Literal

import pytest

from suimon.check import segments
from suimon.check.engine import CheckError, InterruptedCheckError, check, check_file
from suimon.check.kernel import keys
from suimon.check.source import LocalFile
from suimon.check.verdict import Code
from suimon.contract.file import Column, Condition, FileFormat, Metric, Tolerance, Trailer
from suimon.contract.model import Contract
from suimon.contract.set_rule import SetRule

pytestmark = pytest.mark.usefixtures("way")

UNIQUE = Contract("x", "1", "x", file=FileFormat(), columns=(Column("a", "string", unique=True),))
Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 as shutil has it


def unique_file(path: Path, records: int) -> Path:
    path.write_text("a\n" + "".join(f"{number:020}\n" for number in range(records)))
    return path


@pytest.mark.large
def test_keys_that_fill_the_disk_are_an_error_before_it_is_full(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "kernel":
        return  # the test below
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10**6, 0, 10**6))
    path = unique_file(tmp_path / "file.csv", 1_500_000)
    with pytest.raises(InterruptedCheckError, match=r"could not be checked.*give it more memory or disk"):
        check_file(path, UNIQUE, None, scratch=tmp_path, memory_limit="8MB", threads=1, kernel=False)
    assert list(tmp_path.iterdir()) == [path]


def test_keys_of_the_kernel_that_do_not_fit_the_disk_are_an_error(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "duckdb":
        return  # the test above

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keys, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(keys.Keys, "_path", no_room)
    path = unique_file(tmp_path / "file.csv", 1000)
    with pytest.raises(InterruptedCheckError, match=r"file\.csv could not be checked: No space left on device"):
        check_file(path, UNIQUE, None, scratch=tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_with_the_file_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments.Cutter, "next", no_room)
    path = unique_file(tmp_path / "file.csv", 3)
    with pytest.raises(InterruptedCheckError, match=r"file\.csv could not be checked: No space left on device"):
        check_file(path, UNIQUE, None, scratch=tmp_path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.large
def test_more_keys_than_memory_holds_are_still_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MEMORY_BYTES", 1_000_000)
    path = unique_file(tmp_path / "file.csv", 2_000_000)
    with path.open("a") as file:
        file.write(f"{7:020}\n")
    verdict = check_file(path, UNIQUE, None, scratch=tmp_path, memory_limit="80MB", threads=2)
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


@pytest.mark.large
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


@dataclass
class Dripping:
    """A file whose bytes come in pieces of chosen sizes, empty ones between them."""

    contents: bytes
    sizes: tuple[int, ...]
    name: str = "dripping"

    @property
    def size(self) -> int:
        return len(self.contents)

    def read(self, start: int, length: int) -> bytes:
        return self.contents[start : start + length]

    def chunks(self) -> Iterator[bytes]:
        position = 0
        for size in cycle(self.sizes):
            if position >= len(self.contents):
                return
            yield self.contents[position : position + size]
            yield b""
            position += size


TWO = (Column("a", "string"), Column("b", "integer"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932"])
@pytest.mark.parametrize("sizes", [(1,), (2, 3), (7, 1, 64), (1000,)])
def test_however_the_bytes_come_the_verdict_is_the_same(
    tmp_path: Path, encoding: Literal["utf-8", "utf-16", "cp932"], sizes: tuple[int, ...]
) -> None:
    text = "a,b\n" + "".join(f"日本語{number},{number}\n" for number in range(300)) + "x,NOTANUMBER\n日本,7\n"
    contract = Contract("x", "1", "x", file=FileFormat(encoding=encoding), columns=TWO)
    verdict = check(Dripping(text.encode(encoding), sizes), contract, None, scratch=tmp_path, threads=1)
    (cell,) = verdict.bad_cells
    assert (verdict.rows, cell.code, cell.line, cell.value) == (302, Code.TYPE_ERROR, 302, "NOTANUMBER")


@pytest.mark.parametrize("size", [5_000, 700_000])
def test_a_comment_longer_than_what_is_read_at_once_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("suimon.check.header.MAX_RECORD_BYTES", 100)
    contents = b"#" + b"y" * size + b"\n# more\na,b\n2,z\nq,1\n"
    contract = Contract("x", "1", "x", file=FileFormat(comment="#"), columns=TWO)
    verdict = check(Dripping(contents, (64,)), contract, None, scratch=tmp_path, threads=1)
    assert [(cell.code, cell.line, cell.record) for cell in verdict.bad_cells] == [(Code.TYPE_ERROR, 4, 1)]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_second_round_reads_the_segments_as_the_first_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 500)
    monkeypatch.setattr(segments, "_TRAILER_BYTES", 32)
    records = [f"k{number},{number}" for number in range(400)]
    text = ending.join(["a,b", *records, "k7,400", "T,401", ""])
    dialect = FileFormat(trailer=Trailer("T", 2))
    contract = Contract("x", "1", "x", file=dialect, columns=(Column("a", "string", unique=True), TWO[1]))
    for sizes in ((64,), (100, 33), (5000,)):
        verdict = check(Dripping(text.encode(), sizes), contract, None, scratch=tmp_path, threads=2)
        assert [(cell.code, cell.line, cell.record) for cell in verdict.bad_cells] == [(Code.UNIQUE_ERROR, 402, 401)]


def test_a_literal_that_looks_like_a_parameter_is_text(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("a,b\n$path,1\n$null_0,2\n")
    condition = Condition("c", "t0 <> '$null_0'", ("a",), "a <> '$null_0'")
    contract = Contract("x", "1", "x", file=FileFormat(), columns=TWO, conditions=(condition,))
    verdict = check_file(path, contract, None, scratch=tmp_path)
    assert [(cell.code, cell.record) for cell in verdict.bad_cells] == [(Code.CONDITION_ERROR, 2)]


@pytest.mark.parametrize(
    ("trailer", "found"),
    [
        (b"T,1,\xff\0\n", [("encoding-error", None), ("null-byte", None)]),
        (b"T,1,x\r\n", [("line-ending-error", None)]),
        (b"T,taro@example.com\n", [("trailer-count-error", "***")]),
        (b"T,3\n", [("trailer-count-error", "3")]),
    ],
)
def test_a_trailer_is_judged_and_never_shows_what_may_be_a_record(
    tmp_path: Path, trailer: bytes, found: list[tuple[str, str | None]]
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a,b\nx,1\n" + trailer)
    contract = Contract("x", "1", "x", file=FileFormat(line_ending="lf", trailer=Trailer("T", 2)), columns=TWO)
    verdict = check_file(path, contract, None, scratch=tmp_path)
    assert [(cell.code.value, cell.value) for cell in verdict.bad_cells] == found


def test_a_record_joined_to_the_header_shows_nothing_personal(tmp_path: Path) -> None:
    columns = (Column("a", "string"), Column("b", "string", personal=True), Column("c", "string"))
    path = tmp_path / "file.csv"
    path.write_text("a,b,cORD-1,SECRET,9\n1,2,3,4,5\n")
    verdict = check_file(path, Contract("x", "1", "x", file=FileFormat(), columns=columns), None, scratch=tmp_path)
    assert not verdict.accepted
    assert "SECRET" not in repr(verdict)


def test_torn_files_are_settled_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suimon.check.structure.MAX_RUNS", 10)
    path = tmp_path / "file.csv"
    path.write_text("a,b\n" + "x,1\ny\n" * 199 + "x,1\ny")
    verdict = check_file(path, Contract("x", "1", "x", file=FileFormat(), columns=TWO), None, scratch=tmp_path)
    assert (verdict.rows, [(count.code, count.cells) for count in verdict.counts]) == (400, [(Code.MISSING_CELL, 200)])
    assert [(cell.line, cell.record) for cell in verdict.bad_cells] == [(one + 1, one) for one in range(2, 401, 2)]


@pytest.mark.large
def test_a_wide_file_gets_a_verdict(tmp_path: Path) -> None:
    columns = tuple(Column(f"c{place}", "integer", required=True, minimum="0", maximum="9") for place in range(800))
    path = tmp_path / "file.csv"
    rows = [",".join(column.name for column in columns), *[",".join("1" * 800)] * 9, ",".join(["1"] * 799 + ["x"])]
    path.write_text("\n".join(rows) + "\n")
    contract = Contract("x", "1", "x", file=FileFormat(), columns=columns)
    (cell,) = check_file(path, contract, None, scratch=tmp_path).bad_cells
    assert (cell.line, cell.record, cell.column) == (11, 10, "c799")


@pytest.mark.large
def test_several_keys_of_short_records_get_a_verdict(tmp_path: Path) -> None:
    columns = tuple(Column(f"c{place}", "integer", unique=True) for place in range(5))
    path = tmp_path / "file.csv"
    path.write_bytes(b"c0,c1,c2,c3,c4\n" + b"1,1,1,1,1\n" * 1_500_000)
    contract = Contract("x", "1", "x", file=FileFormat(), columns=columns)
    verdict = check_file(path, contract, None, scratch=tmp_path, limit=3)
    assert {count.cells for count in verdict.counts} == {1_499_999}


@pytest.mark.parametrize("of_set", [False, True])
def test_a_shard_may_have_no_records_for_the_number_of_rows_is_the_sets(tmp_path: Path, *, of_set: bool) -> None:
    rule = SetRule(shards=2, manifest=None, marker=None, reload=False, complete_within_minutes=60)
    at_least_one = replace(UNIQUE, metrics=(Metric("rowCount", minimum="1"),), set_rule=rule if of_set else None)
    path = tmp_path / "file.csv"
    path.write_text("a\n")
    verdict = check_file(path, at_least_one, None, scratch=tmp_path)
    assert (verdict.accepted, verdict.rows) == (of_set, 0)


def test_a_file_without_records_is_right_where_its_contract_says_so(tmp_path: Path) -> None:
    may_be_empty = replace(UNIQUE, metrics=(Metric("rowCount", minimum="0"),))
    path = tmp_path / "file.csv"
    path.write_text("a\n")
    assert check_file(path, may_be_empty, None, scratch=tmp_path).accepted

"""How much is read of a file that can only be rejected: so many broken records of all its segments, and no more."""

from pathlib import Path
from typing import Any

import pytest

from suimon.check import first_round, segments
from suimon.check.duckdb_connection import Connection
from suimon.check.duckdb_input import Sheet
from suimon.check.duckdb_reader import Duck
from suimon.check.engine import InterruptedCheckError, check_file
from suimon.check.found import NoMemoryError, Totals
from suimon.check.set_aside import Aside
from suimon.check.verdict import Code, Verdict
from suimon.check.whole_file import WholeFile
from suimon.contract.file import Column, FileFormat, Tolerance
from suimon.contract.model import Contract

pytestmark = pytest.mark.usefixtures("way")

LISTED, UNLISTED = 10, 5_000
PER_STEP = 3  # records, a block's beginning and end aside, where many are counted at a time
SEGMENT = 64 * 1024
GOOD = b"12345,some name\n"
COLUMNS = (Column("id", "integer"), Column("name", "string"))
BROKEN = {
    "stray byte": b"1,na\xffme\n",
    "Latin-1": "1,Käthe Müller\n".encode("latin-1"),
    "CP932": "1,山田太郎\n".encode("cp932"),
    "NUL": b"1,na\0me\n",
    "control character": b"1,na\x1ame\n",
    "missing cell": b"1\n",
    "extra cell": b"1,2,3\n",
    "blank line": b"\n",
    "other line ending": b"1,name\r\n",
    "lone carriage return": b"1,na\rme\n",
    "quote within": b'1,so"me\n',
    "quote never closed on its line": b'1,"some\n',
    "text behind a quote": b'1,"so"me\n',
    "byte order mark": "\ufeff1,name\n".encode(),
}


def checked(folder: Path, text: bytes, tolerance: Tolerance | None = None) -> Verdict:
    path = folder / "file.csv"
    path.write_bytes(b"id,name\n" + text)
    contract = Contract("t", "1", "t", file=FileFormat(line_ending="lf"), columns=COLUMNS, tolerance=tolerance)
    return check_file(path, contract, None, scratch=folder, limit=LISTED, threads=2)


def faults(verdict: Verdict) -> int:
    return sum(count.cells for count in verdict.counts if count.code is not Code.TOO_MANY_FAULTS)


@pytest.fixture(autouse=True)
def _small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", SEGMENT)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_reading_ends_after_so_many_broken_records_of_the_whole_file(tmp_path: Path, broken: bytes) -> None:
    """Each stands behind a good one, so that none is counted together with the one before; no segment has so many."""
    pair = GOOD + broken
    verdict = checked(tmp_path, pair * (3 * PER_STEP * UNLISTED))
    assert Code.TOO_MANY_FAULTS in {count.code for count in verdict.counts}
    assert faults(verdict) <= LISTED + PER_STEP * UNLISTED + SEGMENT // len(pair) + 1


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_few_broken_records_in_every_segment_are_all_counted(tmp_path: Path, broken: bytes) -> None:
    if broken.count(b'"') == 1:
        return  # what follows a quote that is never closed cannot be counted
    verdict = checked(tmp_path, (GOOD * 99 + broken) * 500)
    assert Code.TOO_MANY_FAULTS not in {count.code for count in verdict.counts}
    assert faults(verdict) >= 500


def test_a_share_that_is_tolerated_is_read_to_the_end_where_it_is_rare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_round, "_MOST_TOLERATED", UNLISTED)
    rare = (GOOD * 60 + b"1\n") * (UNLISTED + 1_000)  # one in a thousand bytes, more than are read without a tolerance
    verdict = checked(tmp_path, rare, Tolerance(max_percent="5"))
    assert (verdict.accepted, verdict.bad_records) == (True, UNLISTED + 1_000)


def test_a_share_that_is_tolerated_is_not_read_where_broken_records_are_dense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_round, "_MOST_TOLERATED", UNLISTED)
    dense = (GOOD + b"1\n") * (4 * UNLISTED)
    verdict = checked(tmp_path, dense, Tolerance(max_percent="60"))
    assert Code.TOO_MANY_FAULTS in {count.code for count in verdict.counts}
    assert faults(verdict) <= PER_STEP * (UNLISTED + len(dense) // 500) + SEGMENT // 18 + 1


def only_small_sheets(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """Leave DuckDB no memory for sheets of more bytes; return the sizes of what it reads."""
    sizes, totals = list[int](), Duck.totals

    def small(duck: Duck, sheet: Sheet, *arguments: Any, **options: Any) -> Totals:
        if sheet.size > most:
            raise NoMemoryError("too great; give it more memory or disk")
        sizes.append(sheet.size)
        return totals(duck, sheet, *arguments, **options)

    monkeypatch.setattr(Duck, "totals", small)
    return sizes


@pytest.mark.large
def test_a_segment_too_great_for_duckdb_is_judged_in_parts(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "kernel":
        return  # what it asks of DuckDB is small
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 4 * 1024 * 1024)
    text = GOOD * 100_000 + b'x,"two\nlines"\n' + GOOD * 100_000 + b"y,last\n"
    whole = checked(tmp_path, text)
    sizes = only_small_sheets(monkeypatch, 1024 * 1024)
    assert checked(tmp_path, text) == whole
    assert (whole.rows, faults(whole), sum(sizes)) == (200_002, 2, len(text))


def test_what_is_too_great_even_in_small_parts_gives_no_verdict(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "kernel":
        return
    only_small_sheets(monkeypatch, 100)
    with pytest.raises(InterruptedCheckError, match="more memory"):
        checked(tmp_path, GOOD * 100)


@pytest.mark.parametrize("error", [MemoryError, NoMemoryError])
def test_threads_that_lack_memory_give_way_to_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    text = GOOD * 100 + b"x,last\n"
    whole, verdict, tried = checked(tmp_path, text), WholeFile.verdict, list[int]()

    def greedy(file: WholeFile, aside: Aside | None) -> Verdict:
        found = verdict(file, aside)  # what it has counted by then counts no more
        tried.append(file.threads)
        if file.threads > 1:
            raise error
        return found

    monkeypatch.setattr(WholeFile, "verdict", greedy)
    assert checked(tmp_path, text) == whole
    assert tried == [2, 1]


def test_one_thread_that_lacks_memory_is_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(WholeFile, "verdict", greedy)
    with pytest.raises(InterruptedCheckError, match="too little memory"):
        checked(tmp_path, GOOD)


def test_memory_that_duckdb_is_refused_is_a_reason_to_read_less() -> None:
    class Refused:
        def execute(self, *_: object) -> None:
            raise MemoryError("std::bad_alloc")

    with pytest.raises(NoMemoryError, match="std::bad_alloc; give it more memory"):
        Connection(Refused()).run("SELECT 1", {})  # type: ignore[arg-type] # as much of one as is asked for

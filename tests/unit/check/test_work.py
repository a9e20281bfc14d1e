"""How much is done for a file of which much is bad: nothing twice, and never more with the kernel than without."""

from pathlib import Path
from typing import Any

import pytest

from suimon.check import first_round, segments
from suimon.check.duckdb_reader import Duck
from suimon.check.engine import check_file
from suimon.check.grammar import Grammar
from suimon.check.set_aside import Aside
from suimon.check.verdict import Code, Verdict
from suimon.contract.file import Column, FileFormat, Tolerance
from suimon.contract.model import Contract

pytestmark = pytest.mark.usefixtures("way")

LIMIT, SEGMENT, BATCH = 10, 64 * 1024, 4 * 1024
COLUMNS = (Column("id", "integer", unique=True), Column("day", "date"), Column("text", "string"))
# So long that the kernel's doubts are looked at one by one, and so short that they are too many for that.
LONG, SHORT = "x" * 600, "x"


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", SEGMENT)
    monkeypatch.setattr(first_round, "_BATCH_BYTES", BATCH)


def checked(folder: Path, records: list[str], tolerance: Tolerance | None = None) -> Verdict:
    path = folder / "file.csv"
    path.write_text("id,day,text\n" + "".join(f"{record}\n" for record in records))
    contract = Contract("t", "1", "t", file=FileFormat(), columns=COLUMNS, tolerance=tolerance)
    aside = Aside(folder / "accepted.csv", folder / "bad.csv")
    return check_file(path, contract, None, scratch=folder, limit=LIMIT, threads=2, aside=aside)


def watched(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Any]:
    """Return what a method of DuckDB's reader returns from now on."""
    returned, method = list[Any](), getattr(Duck, name)

    def noted(*arguments: Any, **options: Any) -> Any:
        returned.append(method(*arguments, **options))
        return returned[-1]

    monkeypatch.setattr(Duck, name, noted)
    return returned


def test_no_more_bad_records_are_read_than_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = watched(monkeypatch, "bad_records")
    records = [f"{number},{'2026-02-30' if number % 3 == 2 else '2026-11-20'},{LONG}" for number in range(2_000)]
    verdict = checked(tmp_path, records)
    assert [cell.record for cell in verdict.bad_cells] == list(range(3, 3 * LIMIT + 1, 3))
    assert sum(map(len, found)) <= LIMIT + 1, "one more than are listed tells that there are more"


def test_what_is_listed_late_stands_before_faults_that_were_listed_early(tmp_path: Path) -> None:
    """DuckDB is asked for few bad cells last of all, when the list is full of what the grammar found."""
    records = [f"{number},2026-11-20,{LONG}" for number in range(2_000)]
    for number in range(3):
        records[number] = f"{number},2026-02-30,{LONG}"
        records[1_000 + number] = f"{number},2026-02-30,{LONG}"
    for number in range(500, 540):
        records[number] = str(number)
    codes = [cell.code for cell in checked(tmp_path, records).bad_cells]
    assert codes == [Code.TYPE_ERROR] * 3 + [Code.MISSING_CELL] * (LIMIT - 3)


def test_reading_ends_as_early_where_the_kernel_doubts_all_as_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_round, "MOST_BAD_CELLS", 10)
    monkeypatch.setattr(first_round, "_BATCH_BYTES", 2 * 1024 * 1024)
    verdict = checked(tmp_path, [f"{number},2026-02-30,{LONG}" for number in range(2_000)])
    assert Code.TOO_MANY_FAULTS in {count.code for count in verdict.counts}
    assert verdict.rows <= SEGMENT // len(LONG)


@pytest.mark.parametrize("every", [1, 2], ids=["all", "every other"])
def test_keys_are_not_read_again_by_duckdb_where_the_kernel_can_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    written = watched(monkeypatch, "write_keys")
    records = [f"{number},{'1500-01-01' if number % every == 0 else '2026-11-20'},{SHORT}" for number in range(9_000)]
    assert checked(tmp_path, records).accepted
    assert not written
    records[8_999] = f"+7,2026-11-20,{SHORT}"
    verdict = checked(tmp_path, records)
    repeated = [(cell.code, cell.record, cell.details["first"]) for cell in verdict.bad_cells]
    assert repeated == [(Code.UNIQUE_ERROR, 9_000, 8)]


def test_keys_of_which_all_are_bad_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = watched(monkeypatch, "write_keys")
    verdict = checked(tmp_path, [f"x{number % 2},2026-11-20,{SHORT}" for number in range(9_000)])
    assert {count.code: count.cells for count in verdict.counts} == {Code.TYPE_ERROR: 9_000}
    assert not written


def test_keys_between_bad_ones_are_compared_all_the_same(tmp_path: Path) -> None:
    records = [f"{'x' if number % 2 else number},2026-11-20,{SHORT}" for number in range(9_000)]
    records[8_998] = f"007,2026-11-20,{SHORT}"
    records[101] = f"7,2026-11-20,{SHORT}"
    verdict = checked(tmp_path, records)
    assert {count.code: count.cells for count in verdict.counts} == {Code.TYPE_ERROR: 4_499, Code.UNIQUE_ERROR: 1}


def test_of_a_file_with_few_bad_records_these_alone_are_read_again(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = watched(monkeypatch, "broken_rules")
    good = [f"{number},2026-11-20,{LONG}" for number in range(1_000)]
    bad = [f"{number},2026-02-30,{SHORT}" for number in range(0, 1_000, 50)]
    records = list(good)
    records[::50] = bad
    passed, one_by_one = list[int](), Grammar.passed

    def noted(grammar: Grammar, text: bytes, position: int, end: int, records: int) -> int:
        passed.append(records)
        return one_by_one(grammar, text, position, end, records)

    monkeypatch.setattr(Grammar, "passed", noted)
    verdict = checked(tmp_path, records, Tolerance(max_percent="5"))
    assert (verdict.accepted, verdict.set_aside) == (True, len(bad))
    assert sum(map(len, broken)) == len(bad)
    kept = [record for record in records if record not in bad]
    assert (tmp_path / "accepted.csv").read_text().splitlines()[1:] == kept
    lines = [line.split(",")[:4] for line in (tmp_path / "bad.csv").read_text().splitlines()[1:]]
    assert lines == [
        [f'"{2 + number}"', f'"{1 + number}"', '"type-error day"', f'"{number}"'] for number in range(0, 1_000, 50)
    ]
    assert bool(passed) == (way == "duckdb"), "with the kernel nothing is gone through record by record"

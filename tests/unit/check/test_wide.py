"""Files of many columns: the same verdict as of few, by statements that each read some of them; labels have an end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from suimon.check import duckdb_statements, first_round, header, segment_check, segments
from suimon.check.engine import check_file
from suimon.check.header import MOST_LABELS
from suimon.check.verdict import BadCell, Code, Verdict
from suimon.contract.file import Column, Condition, FileFormat, Tolerance, Trailer
from suimon.contract.model import Contract

AT_ONCE = duckdb_statements.COLUMNS_AT_ONCE


def columns_of(width: int) -> tuple[Column, ...]:
    """As many columns; of 45 with 20 at once, or of ten times as many of both, three statements read them."""
    return tuple(
        Column("key", "string", unique=True, max_length=9)
        if place == width * 14 // 15
        else Column(f"c{place}", "integer", minimum="0")
        if place % 3
        else Column(f"c{place}", "string", max_length=4)
        for place in range(width)
    )


COLUMNS = columns_of(45)
CONTRACT = Contract("wide", "1", "wide", file=FileFormat(), columns=COLUMNS)
WIDE = replace(CONTRACT, columns=columns_of(450))


def header_of(contract: Contract) -> str:
    return ",".join(column.name for column in contract.columns) + "\n"


def record(number: int, contract: Contract = CONTRACT, **cells: str) -> str:
    values = {column.name: "1" if column.type == "integer" else "ab" for column in contract.columns}
    return ",".join((values | {"key": f"k{number}"} | cells).values()) + "\n"


HEADER = header_of(CONTRACT)


@pytest.fixture(autouse=True)
def _few_columns_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_statements, "COLUMNS_AT_ONCE", AT_ONCE // 10)


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., Verdict]:
    def run(text: str, contract: Contract = CONTRACT, *, kernel: bool = False, limit: int = 100) -> Verdict:
        path = tmp_path / "wide.csv"
        path.write_text(text)
        return check_file(path, contract, None, scratch=tmp_path, kernel=kernel, limit=limit)

    return run


WRONG = HEADER + record(1) + record(2, c1="x", c30="abcde", c44="-1") + record(3, c44="y") + record(1, c3='"ab\ncd"')


@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "duckdb"])
def test_bad_cells_of_any_column_are_listed_in_the_order_of_the_file(
    judge: Callable[..., Verdict], *, kernel: bool
) -> None:
    found = judge(WRONG, kernel=kernel).bad_cells
    assert [(cell.code, cell.line, cell.record, cell.column) for cell in found] == [
        (Code.TYPE_ERROR, 3, 2, "c1"),
        (Code.MAX_LENGTH_ERROR, 3, 2, "c30"),
        (Code.MINIMUM_ERROR, 3, 2, "c44"),
        (Code.TYPE_ERROR, 4, 3, "c44"),
        (Code.MAX_LENGTH_ERROR, 5, 4, "c3"),
        (Code.UNIQUE_ERROR, 6, 4, "key"),
    ]


def test_the_first_bad_cells_are_the_same_however_many_are_listed(judge: Callable[..., Verdict]) -> None:
    every: tuple[BadCell, ...] = judge(WRONG).bad_cells
    for limit in (0, 1, 3, 6):  # none, of one statement, of two, all
        assert judge(WRONG, limit=limit).bad_cells == every[:limit]


@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "duckdb"])
def test_bad_records_are_the_same_however_few_are_in_memory_at_once(
    judge: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch, *, kernel: bool
) -> None:
    bad = [record(number, c1="x", c40="-1", c3='"a\nb"') for number in range(2, 40, 2)]
    text = HEADER + "".join(one + record(100 + number) for number, one in enumerate(bad))
    at_once = judge(text, kernel=kernel).bad_cells
    monkeypatch.setattr(segment_check, "_CELLS_AT_ONCE", 6)
    assert judge(text, kernel=kernel).bad_cells == at_once
    assert len(at_once) == 2 * len(bad)
    assert judge(text, kernel=kernel, limit=7).bad_cells == at_once[:7]


def test_what_a_condition_has_read_of_many_columns_is_cut(judge: Callable[..., Verdict]) -> None:
    places = range(0, 450, 3)
    columns = tuple(f"c{place}" if place != 420 else "key" for place in places)
    sql = " AND ".join(f"t{place} = 'ab'" for place in places)
    contract = replace(WIDE, conditions=(Condition("alike", sql, columns, "all alike"),))
    [cell] = judge(header_of(WIDE) + record(1, WIDE), contract).bad_cells
    assert cell.value
    assert cell.value.startswith("c0=ab, c3=ab, ")
    assert len(cell.value) == 1_001


@pytest.mark.large
@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "duckdb"])
def test_so_many_columns_are_read_as_few_are(
    judge: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch, *, kernel: bool
) -> None:
    monkeypatch.setattr(duckdb_statements, "COLUMNS_AT_ONCE", AT_ONCE)
    wrong = record(2, WIDE, c1="x", c300="abcde", c448="-1") + record(1, WIDE, c3='"ab\ncd"')
    found = judge(header_of(WIDE) + record(1, WIDE) + wrong, WIDE, kernel=kernel).bad_cells
    assert [(cell.code, cell.line, cell.record, cell.column) for cell in found] == [
        (Code.TYPE_ERROR, 3, 2, "c1"),
        (Code.MAX_LENGTH_ERROR, 3, 2, "c300"),
        (Code.MINIMUM_ERROR, 3, 2, "c448"),
        (Code.MAX_LENGTH_ERROR, 4, 3, "c3"),
        (Code.UNIQUE_ERROR, 5, 3, "key"),
    ]


@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "duckdb"])
def test_a_record_that_is_bad_in_columns_far_apart_counts_once(judge: Callable[..., Verdict], *, kernel: bool) -> None:
    tolerant = Contract("wide", "1", "wide", file=FileFormat(), columns=COLUMNS, tolerance=Tolerance(max_rows=2))
    verdict = judge(WRONG, tolerant, kernel=kernel)
    assert verdict.bad_records == 3
    two = HEADER + record(1) + record(2, c1="x", c44='"y\n"') + record(3)
    verdict = judge(two, tolerant, kernel=kernel)
    assert verdict.accepted  # the record's two lines are tolerated, not four
    assert verdict.set_aside == 1


@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "duckdb"])
@pytest.mark.parametrize(("total", "accepted"), [("451", True), ("450", False)])
def test_sums_of_columns_far_apart_are_compared_with_the_trailer(
    judge: Callable[..., Verdict], total: str, *, accepted: bool, kernel: bool
) -> None:
    trailer = Trailer("T", sums=(("c1", 2), ("c44", 3)))
    contract = Contract("wide", "1", "wide", file=FileFormat(trailer=trailer), columns=COLUMNS)
    text = HEADER + record(1, c44="450") + record(2) + f"T,2,{total}\n"
    assert judge(text, contract, kernel=kernel).accepted is accepted


@pytest.mark.parametrize(
    ("kernel", "most"),
    [(True, MOST_LABELS), (False, 400), pytest.param(False, MOST_LABELS, marks=pytest.mark.long)],
    ids=["kernel", "duckdb", "duckdb-all"],
)
def test_a_header_of_too_many_labels_ends_the_reading(
    judge: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch, *, kernel: bool, most: int
) -> None:
    monkeypatch.setattr(header, "MOST_LABELS", most)
    contract = Contract("few", "1", "few", file=FileFormat(extra_columns="ignore"), columns=(Column("a", "string"),))
    labels = ",".join(["a", *(f"x{place}" for place in range(most - 1))])
    assert judge(f"{labels}\n{',' * (most - 1)}\n", contract, kernel=kernel).accepted
    verdict = judge(f"{labels},more\n{',' * most}\n", contract, kernel=kernel)
    assert [(cell.code, cell.line, cell.details) for cell in verdict.bad_cells] == [
        (Code.TOO_MANY_LABELS, 1, {"most": most})
    ]
    assert verdict.rows == 0


def test_unknown_labels_beyond_those_that_are_compared_are_not_shown(judge: Callable[..., Verdict]) -> None:
    """Each is compared with each title: of a wide contract that took minutes."""
    columns = (Column("account_number", "string"), Column("name", "string", personal=True))
    contract = Contract("few", "1", "few", file=FileFormat(), columns=columns)
    labels = ["account_number", "name", "acount_number", *(f"x{place}" for place in range(300)), "account_numbr"]
    found = judge(",".join(labels) + "\n", contract, limit=1_000).bad_cells
    values = [cell.value for cell in found if cell.code is Code.EXTRA_LABEL]
    assert values == ["acount_number", *["***"] * 301]


@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "duckdb"])
@pytest.mark.parametrize("tolerance", [None, Tolerance(max_percent="50")], ids=["strict", "tolerant"])
def test_reading_ends_at_so_many_bad_cells_where_none_is_tolerated(
    judge: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch, tolerance: Tolerance | None, *, kernel: bool
) -> None:
    monkeypatch.setattr(first_round, "MOST_BAD_CELLS", 2_000)
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 16 * 1024)
    monkeypatch.setattr(first_round, "_BATCH_BYTES", 1)
    contract = Contract("few", "1", "few", file=FileFormat(), columns=(Column("a", "integer"), Column("b", "string")))
    contract = replace(contract, tolerance=tolerance)
    verdict = judge("a,b\n" + "x,y\n" * 50_000, contract, kernel=kernel)
    counts = {count.code: count.cells for count in verdict.counts}
    assert not verdict.accepted
    if tolerance:  # how many records are bad decides, so all are read
        assert counts == {Code.TYPE_ERROR: 50_000}
    else:
        assert counts[Code.TOO_MANY_FAULTS] == 1
        assert 2_000 < counts[Code.TYPE_ERROR] < 40_000
        assert verdict.rows == counts[Code.TYPE_ERROR]

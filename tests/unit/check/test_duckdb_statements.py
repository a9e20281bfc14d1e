"""The statements that DuckDB is given: none grows with the square of a file, none is deeper than its parser goes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from suimon.check.duckdb_input import Numbering, Sheet, sheet_of_records
from suimon.check.duckdb_reader import Duck, open_duck
from suimon.check.duckdb_statements import Numbers
from suimon.check.engine import check
from suimon.check.rules_as_sql import rules_for
from suimon.check.source import LocalFile
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract

ROWS, WIDTH = 4_000, 1_600
COLUMNS = (Column("id", "integer"), Column("name", "string"))
CONTRACT = Contract("x", "1", "x", file=FileFormat(), columns=COLUMNS)
RULES = rules_for(CONTRACT, None, (0, 1))


def every_other_record(folder: Path) -> Sheet:
    """Return a sheet of bad records, each in a run of its own: between them stood others."""
    places = list(range(1, ROWS + 1))
    numbering = Numbering(places, places, [2 * place for place in places], [2 * place + 1 for place in places])
    return sheet_of_records(folder / "sheet.csv", b"x,y\n" * ROWS, ROWS, lambda: numbering, FileFormat(), (0, 1))


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    with open_duck(tmp_path, COLUMNS, memory_limit="64MB", disk_limit=10**8, threads=1) as opened:
        opened.prepare(RULES)
        yield opened


def test_records_of_many_runs_keep_their_numbers(duck: Duck, tmp_path: Path) -> None:
    sheet = every_other_record(tmp_path)
    duck.find_bad(sheet, RULES, (0,), 1)
    duck.note_found_bad(1, 0)
    assert duck.bad_between(1, 2 * ROWS) == [2 * place for place in range(1, ROWS + 1)]
    first, *_, last = duck.bad_records(sheet, RULES, (0,), 2 * ROWS)
    assert (first.record, first.line, last.record, last.line) == (2, 3, 2 * ROWS, 2 * ROWS + 1)


def test_records_of_many_runs_are_numbered_by_equality_and_not_by_comparing_each_with_each(tmp_path: Path) -> None:
    numbers = Numbers(every_other_record(tmp_path))
    assert "USING (own_record)" in numbers.join
    assert "ASOF" not in numbers.join


@pytest.mark.parametrize("cell", [b'"a"', b'"a""b"', b'"a\nb"'], ids=["quotes", "doubled quotes", "line breaks"])
@pytest.mark.parametrize("kernel", [True, pytest.param(False, marks=pytest.mark.large)], ids=["kernel", "duckdb"])
def test_as_many_columns_as_redshift_has_get_a_verdict_with_quotes_in_each(
    tmp_path: Path, cell: bytes, *, kernel: bool
) -> None:
    columns = tuple(Column(f"c{number}", "string", max_length=9) for number in range(WIDTH))
    contract = Contract("wide", "1", "wide", file=FileFormat(), columns=columns)
    header = ",".join(column.name for column in columns).encode()
    path = tmp_path / "wide.csv"
    path.write_bytes(header + b"\n" + (b",".join([cell] * WIDTH) + b"\n") * 2)
    verdict = check(LocalFile(path), contract, None, scratch=tmp_path, kernel=kernel)
    assert verdict.accepted
    assert verdict.rows == 2

"""Cells that are written otherwise than plain: the gate's SQL, the Glue job's Python and a slow reading agree."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from suimon.check import clause_hint
from suimon.check.engine import check_file
from suimon.check.verdict import Code, Verdict
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from suimon.report.messages import say
from tests.unit.check.kinds import KINDS, ODD
from tests.unit.check.oracle import judge
from tests.unit.check.oracle_cells import as_plain, typed_value

WRITTEN = [kind for kind in KINDS if kind.column.form(".") or kind.column.form(",")]
TEXTS = sorted({text for kind in KINDS for text in (*kind.good, *kind.odd)} | set(ODD))
NUMBER = Column("n", "integer", bits=32)
DAY = Column("d", "date", format="%Y/%m/%d")


def file_of(texts: list[str]) -> bytes:
    with io.StringIO(newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([text, "x"] for text in texts)
        return out.getvalue().encode()


def contract_of(column: Column, **dialect: object) -> Contract:
    form = replace(FileFormat(header=False), **dialect)  # type: ignore[arg-type] # a dialect's own fields
    return Contract("x", "1", "x", file=form, columns=(replace(column, name="c"), Column("x", "string")))


@pytest.mark.parametrize("tokens", [("",), (), ("", "1200", "令和8年11月20日", " 7 ")])
@pytest.mark.parametrize("place", range(len(WRITTEN)))
def test_every_cell_is_judged_as_a_slow_reading_judges_it(
    check: Callable[..., Verdict], place: int, tokens: tuple[str, ...]
) -> None:
    contract = contract_of(WRITTEN[place].column, null_tokens=tokens)
    texts = [text for text in TEXTS if "\r" not in text and "\0" not in text]
    contents = file_of(texts)
    found = check(contents, contract, None)
    expected = judge(contents, contract, None)
    codes = {(cell.record, cell.code) for cell in found.bad_cells if cell.column == "c"}
    assert codes == {(one.record, one.code) for one in expected.places if one.column == "c"}


@pytest.mark.parametrize("place", range(len(WRITTEN)))
def test_what_the_glue_job_reads_is_what_a_slow_reading_reads(place: int) -> None:
    column, dialect = WRITTEN[place].column, FileFormat(null_tokens=())
    form = column.form(".")
    assert form
    assert [form.plain(text) for text in TEXTS] == [as_plain(column, text, dialect) for text in TEXTS]
    assert all(typed_value(column, text, dialect) is not None for text in WRITTEN[place].good)


def test_the_same_value_written_in_two_ways_is_one_key(check: Callable[..., Verdict]) -> None:
    contract = contract_of(Column("c", "integer", bits=32, thousands=",", unique=True))
    verdict = check(file_of(["1200", "7", "1,200"]), contract, None)
    assert [(cell.record, cell.code) for cell in verdict.bad_cells] == [(3, Code.UNIQUE_ERROR)]


@pytest.mark.parametrize(
    ("column", "text", "clause"),
    [
        (NUMBER, "1,200", 'thousands: ","'),
        (NUMBER, " 7", "blanks: trim"),
        (NUMBER, "１２", "fullWidth: true"),
        (NUMBER, "１，２００ ", 'blanks: trim and fullWidth: true and thousands: ","'),
        (Column("n", "decimal", precision=9, scale=2), "1'200.50", 'thousands: "\'"'),
        (DAY, "令和8年11月20日", "format: GGGGy年M月d日"),
        (DAY, "R8.11.20", "format: GGGGGy.M.d"),
        (DAY, "26/11/20", "format: yy/MM/dd with yearPivot"),
        (DAY, "2026/1/2", "format: yyyy/M/d"),
        (Column("t", "timestamp", format="%Y-%m-%d %H:%M:%S"), "2026-11-20 01:02:03 ", "blanks: trim"),
        (NUMBER, "12a", None),
        (NUMBER, "12,00", None),
        (NUMBER, "9,999,999,999", None),
        (DAY, "令和8年2月30日", None),
        (DAY, "平成31年5月1日", None),
    ],
)
def test_a_bad_cell_names_the_clause_that_would_accept_it(
    tmp_path: Path, column: Column, text: str, clause: str | None
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(file_of([text]))
    (cell,) = check_file(path, contract_of(column), None, scratch=tmp_path).bad_cells
    assert cell.details.get("clause") == clause
    assert (clause or "would accept") in say(cell.code, cell.details) or clause is None


def test_cells_that_differ_in_their_hint_are_counted_as_one_rule(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(file_of(["1,200", "x", " 7"]))
    (count,) = check_file(path, contract_of(NUMBER), None, scratch=tmp_path).counts
    assert (count.code, count.cells) == (Code.TYPE_ERROR, 3)


def test_the_clauses_that_might_accept_cells_are_made_once_for_many_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[str]()
    form = Column.form

    def counted(column: Column, decimal: str) -> object:
        made.append(column.name)
        return form(column, decimal)

    monkeypatch.setattr(Column, "form", counted)
    path = tmp_path / "x.csv"
    path.write_bytes(file_of([f"{number}x" for number in range(2_000)]))
    clause_hint._tried.cache_clear()
    verdict = check_file(path, contract_of(NUMBER), None, scratch=tmp_path)
    assert len(verdict.bad_cells) == 2_000
    assert len(made) < 100


def test_no_clauses_are_tried_together_of_which_one_takes_the_place_of_another() -> None:
    for column in (Column("day", "date"), NUMBER):
        forms = [form for _, _, form in clause_hint._tried(column, ".", blanks=True, wide=True)]
        assert len(forms) == len(set(forms))

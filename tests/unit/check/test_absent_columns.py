"""Columns that may be absent: a file without them is accepted, their values are missing."""

from dataclasses import replace
from pathlib import Path

import pytest

from suimon.check.engine import Aside, check_file
from suimon.check.verdict import Code
from suimon.contract.file import Column, Condition, FileFormat, Tolerance
from suimon.contract.model import Contract
from tests.unit.conftest import Check

GROWN = Contract(
    "fee",
    "1.1.0",
    "fee",
    file=FileFormat(),
    columns=(
        Column("id", "string", required=True, unique=True),
        Column("note", "string", may_be_absent=True, max_length=3),
        Column("rate", "decimal", precision=5, scale=2, required=True),
        Column("kind", "integer", may_be_absent=True, bits=32, minimum="1"),
    ),
)
CONDITION = Condition("a rate", "t2 < 5 OR t0 = 'A9'", ("rate", "id"), "rate < 5 or id = 'A9'")


@pytest.mark.parametrize("contract", [GROWN, replace(GROWN, conditions=(CONDITION,))])
@pytest.mark.parametrize(
    "text",
    [
        "id,rate\nA1,0.1\nA2,0.2\n",
        "id,note,rate\nA1,x,0.1\nA2,,0.2\n",
        "id,rate,kind\nA1,0.1,3\nA2,0.2,\n",
        "id,note,rate,kind\nA1,x,0.1,3\nA2,y,0.2,4\n",
    ],
)
def test_a_file_may_lack_a_column_that_may_be_absent(check: Check, contract: Contract, text: str) -> None:
    verdict = check(text, contract, None)
    assert (verdict.accepted, verdict.rows, verdict.bad_cells) == (True, 2, ())


def test_what_is_there_is_judged_at_its_place(check: Check) -> None:
    verdict = check("id,rate,kind\nA1,0.1,3\nA1,x,0\nA3,1,2,3\n", GROWN, None)
    assert [(cell.code, cell.line, cell.column) for cell in verdict.bad_cells] == [
        (Code.UNIQUE_ERROR, 3, "id"),
        (Code.TYPE_ERROR, 3, "rate"),
        (Code.MINIMUM_ERROR, 3, "kind"),
        (Code.EXTRA_CELL, 4, None),
    ]


@pytest.mark.parametrize(
    ("header", "faults"),
    [
        ("id,note,kind", [(Code.MISSING_LABEL, "rate")]),
        ("id,notes,rate", [(Code.EXTRA_LABEL, None)]),
        ("id,kind,rate", [(Code.MISPLACED_LABEL, "rate"), (Code.MISPLACED_LABEL, "kind")]),
    ],
)
def test_any_other_column_must_be_there_under_its_label_in_its_order(
    check: Check, header: str, faults: list[tuple[Code, str | None]]
) -> None:
    verdict = check(f"{header}\nA1,1,1\n", GROWN, None)
    found = [(cell.code, cell.column) for cell in verdict.bad_cells if cell.record is None]
    assert sorted(map(str, found)) == sorted(map(str, faults))


@pytest.mark.usefixtures("way")
def test_good_records_without_the_column_are_set_aside_from_bad_ones_with_their_labels(tmp_path: Path) -> None:
    path, aside = tmp_path / "f.csv", Aside(tmp_path / "good.csv", tmp_path / "bad.csv")
    path.write_text("id,rate\nA1,0.1\nA2,x\nA3,0.3\n")
    tolerant = replace(GROWN, tolerance=Tolerance(max_rows=1))
    verdict = check_file(path, tolerant, None, scratch=tmp_path, aside=aside)
    assert (verdict.accepted, verdict.set_aside) == (True, 1)
    assert aside.accepted.read_text() == "id,rate\nA1,0.1\nA3,0.3\n"
    assert check_file(aside.accepted, tolerant, None, scratch=tmp_path).rows == 2

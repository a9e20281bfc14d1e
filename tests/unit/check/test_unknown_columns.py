"""New columns by `extraColumns: warn`: the file is accepted without them, and everybody who looks is told."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from suimon.check.verdict import MASK, Code, Verdict
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from suimon.report.as_json import describe, summary

CONTRACT = Contract(
    "x",
    "1",
    "x",
    file=FileFormat(extra_columns="warn"),
    columns=(Column("a", "integer", bits=32), Column("b", "string")),
)
Check = Callable[..., Verdict]


def test_a_file_with_a_column_that_nobody_knows_is_accepted_and_names_it(check: Check) -> None:
    verdict = check("a,new,b\n1,x,2\n3,y,4\n", CONTRACT, None)
    assert (verdict.accepted, verdict.rows, verdict.unknown_labels, verdict.warns) == (True, 2, ("new",), True)
    assert "does not know the column “new”; it was not loaded" in describe(verdict)
    assert summary(verdict)["warnings"] == ["The contract does not know the column “new”; it was not loaded."]


def test_without_one_nothing_is_said(check: Check) -> None:
    verdict = check("a,b\n1,2\n", CONTRACT, None)
    assert (verdict.unknown_labels, verdict.warns) == ((), False)


def test_any_other_fault_of_the_header_still_rejects(check: Check) -> None:
    verdict = check("a,new\n1,x\n", CONTRACT, None)
    assert not verdict.accepted
    assert [cell.code for cell in verdict.bad_cells] == [Code.MISSING_LABEL]


@pytest.mark.parametrize("mode", ["refuse", "ignore"])
def test_the_other_modes_say_nothing_of_it(check: Check, mode: str) -> None:
    dialect = replace(FileFormat(), extra_columns=mode)  # type: ignore[arg-type] # one of its words
    verdict = check("a,new,b\n1,x,2\n", replace(CONTRACT, file=dialect), None)
    assert (verdict.accepted, verdict.unknown_labels) == (mode == "ignore", ())


def test_a_label_that_may_be_a_personal_value_is_masked(check: Check) -> None:
    personal = replace(CONTRACT, columns=(CONTRACT.columns[0], Column("b", "string", personal=True)))
    verdict = check("a,山田太郎,b\n1,x,2\n", personal, None)
    assert verdict.unknown_labels == (MASK,)

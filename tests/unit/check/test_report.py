"""What leaves the checker: JSON, e-mail text, terminal. Never a personal value, never a cell that acts as markup."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from suimon.check import BadCell, Code, RuleCount, Verdict
from suimon.check.report import cells_as_json_lines, describe, summary
from suimon.check.screen import show
from suimon.contract.model import Column, Contract, FileFormat

Check = Callable[..., Verdict]

HIDDEN = "himitsu"
PERSONAL = Contract(
    "x",
    "1",
    "x",
    file=FileFormat(),
    columns=(
        Column("n", "string"),
        Column("who", "string", personal=True, unique=True, min_length=9, max_length=10, pattern="^[A-Z]+$"),
        Column("age", "integer", personal=True, minimum="18", maximum="99"),
    ),
)
REJECTED = Verdict(
    accepted=False,
    rows=1200,
    bad_cells=(
        BadCell(Code.ROW_COUNT_ERROR, "the file holds 1200 rows, the contract asks for at least 2000"),
        BadCell(Code.MISSING_CELL, "the record has 2 cells, the header 3", 7, 5),
        BadCell(Code.TYPE_ERROR, "is not a whole number of 32 bits", 9, 7, "quantity", "=1+1\n\x1b[2J"),
    ),
    counts=(
        RuleCount(Code.ROW_COUNT_ERROR, None, 1),
        RuleCount(Code.MISSING_CELL, None, 1),
        RuleCount(Code.TYPE_ERROR, "quantity", 1100),
    ),
    truncated=True,
)


@pytest.mark.parametrize(
    "contents",
    [
        f"n,who,age\nx,{HIDDEN},17\ny,{HIDDEN},170\nz,{HIDDEN * 2},{HIDDEN}\n".encode(),
        f"n,who,age\nx,{HIDDEN},17,{HIDDEN}\n{HIDDEN}\n".encode(),
        b"n,who,age\nx,\xff" + HIDDEN.encode() + b",1\n",
        b"n,who,age\nx," + HIDDEN.encode() + b"\0,1\n",
        f'n,who,age\nx,"{HIDDEN}"{HIDDEN},1\n'.encode(),
        f'n,who,age\nx,"{HIDDEN},1\n'.encode(),
        f"x,{HIDDEN},20\n".encode(),  # without a header, its first record stands where labels should
        f"n,age,extra\nx,17,{HIDDEN}\xff\n".encode("latin-1"),
    ],
)
def test_a_personal_value_is_in_no_report(
    check: Check, contents: bytes, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    verdict = check(contents, PERSONAL)
    assert not verdict.accepted
    show(tmp_path / "file.csv", PERSONAL, verdict, limit=50)
    texts = (cells_as_json_lines(verdict), json.dumps(summary(verdict)), describe(verdict, 50), repr(verdict))
    assert all(HIDDEN not in text for text in (*texts, capsys.readouterr().out))


def test_a_masked_value_says_that_it_is_masked(check: Check) -> None:
    (cell,) = check("n,who,age\nx,ABCDEFGHI,17\n", PERSONAL).bad_cells
    assert (cell.code, cell.value) == (Code.MINIMUM_ERROR, "***")


def test_the_summary_counts_every_rule() -> None:
    assert summary(REJECTED) == {
        "verdict": "rejected",
        "rows": 1200,
        "bad_cells": 1102,
        "listed": 3,
        "truncated": True,
        "counts": [
            {"code": "row-count-error", "meaning": Code.ROW_COUNT_ERROR.meaning, "column": None, "cells": 1},
            {"code": "missing-cell", "meaning": Code.MISSING_CELL.meaning, "column": None, "cells": 1},
            {"code": "type-error", "meaning": Code.TYPE_ERROR.meaning, "column": "quantity", "cells": 1100},
        ],
    }


def test_cells_become_one_json_object_a_line() -> None:
    lines = cells_as_json_lines(REJECTED).splitlines()
    assert [json.loads(line)["code"] for line in lines] == ["row-count-error", "missing-cell", "type-error"]
    assert json.loads(lines[2]) == {
        "code": "type-error",
        "message": "is not a whole number of 32 bits",
        "line": 9,
        "record": 7,
        "column": "quantity",
        "value": "=1+1\n\x1b[2J",
    }


def test_the_description_says_what_where_and_gives_examples() -> None:
    assert describe(REJECTED, 3).splitlines() == [
        "1,102 faults in 1,200 rows:",
        "          1  row-count-error: the file holds fewer rows than the contract asks for",
        "          1  missing-cell: a record has fewer cells than the header",
        "      1,100  type-error in quantity: the value is not of the column's type",
        "",
        "The first 3:",
        "  file: the file holds 1200 rows, the contract asks for at least 2000 (row-count-error)",
        "  line 7, record 5: the record has 2 cells, the header 3 (missing-cell)",
        r"  line 9, record 7, quantity: “=1+1\n\x1b[2J” is not a whole number of 32 bits (type-error)",
    ]


def test_an_accepted_file_is_described_in_one_line() -> None:
    assert describe(Verdict(accepted=True, rows=50_000)) == "All 50,000 rows are as the contract says."


def test_a_cell_is_neither_markup_nor_escape_on_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    cell = BadCell(Code.TYPE_ERROR, "is bad", 2, 1, "[b]", "[red]x[/red]\x1b[2J")
    show(tmp_path / "f", PERSONAL, Verdict(accepted=False, rows=1, bad_cells=(cell,)), limit=5)
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out
    assert "[b]" in out
    assert "\x1b[2J" not in out


def test_every_code_has_a_meaning_in_one_line() -> None:
    assert all(code.meaning and "\n" not in code.meaning for code in Code)
    assert str(Code.TYPE_ERROR) == "type-error"


def test_the_gate_imports_nothing_that_only_the_command_line_needs() -> None:
    code = "import sys, suimon.check.engine, suimon.check.report; print(*sorted(m.split('.')[0] for m in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    outside = {
        "pydantic",
        "yaml",
        "rich",
        "click",
        "numpy",
        "pandas",
        "pyarrow",
        "boto3",
        "open_data_contract_standard",
    }
    assert not outside & set(loaded)

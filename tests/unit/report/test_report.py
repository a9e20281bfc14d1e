"""What leaves the checker: JSON, e-mail text, terminal. Never a personal value, never a cell that acts as markup."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from suimon.check.verdict import BadCell, Code, RuleCount, Verdict
from suimon.contract.file import FileFormat
from suimon.report.as_json import (
    as_json,
    cells_as_json_lines,
    describe,
    fault,
    identity,
    labels_of,
    measured,
    place,
    summary,
)
from suimon.report.messages import Lang, meaning
from suimon.report.page import page
from suimon.report.terminal import show
from tests.unit.report.samples import ACCEPTED, ASIDE, HIDDEN, LABELLED, PERSONAL, REJECTED

Check = Callable[..., Verdict]

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text(encoding="utf-8"))


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
def test_a_personal_value_is_in_no_report(check: Check, contents: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = check(contents, PERSONAL)
    assert not verdict.accepted
    show("file.csv", PERSONAL, verdict, limit=50)
    texts = (
        cells_as_json_lines(verdict),
        json.dumps(summary(verdict)),
        describe(verdict, 50),
        page(verdict, PERSONAL, {}),
        repr(verdict),
        capsys.readouterr().out,
    )
    assert all(HIDDEN not in text for text in texts)


def test_a_masked_value_says_that_it_is_masked(check: Check) -> None:
    (cell,) = check("n,who,age\nx,ABCDEFGHI,17\n", PERSONAL).bad_cells
    assert (cell.code, cell.value) == (Code.MINIMUM_ERROR, "***")


def test_the_summary_counts_every_rule() -> None:
    answer = summary(REJECTED)
    assert answer.pop("quality") == [
        {
            "metric": "nullValues",
            "columns": ["email"],
            "labels": ["email"],
            "value": 30,
            "percent": "2.5000",
            "unit": "percent",
            "threshold": "at most 1 %",
            "severity": "warning",
            "kept": False,
        }
    ]
    assert answer == {
        "verdict": "rejected",
        "cause": None,
        "rows": 1200,
        "accepted_rows": 0,
        "set_aside": 0,
        "bad_records": None,
        "bad_cells": 1102,
        "listed": 3,
        "truncated": True,
        "counts": [
            {
                "code": "row-count-error",
                "meaning": meaning(Code.ROW_COUNT_ERROR),
                "rule": "has 1,200 records (contract: at least 2000)",
                "column": None,
                "label": None,
                "cells": 1,
            },
            {
                "code": "missing-cell",
                "meaning": meaning(Code.MISSING_CELL),
                "rule": meaning(Code.MISSING_CELL),
                "column": None,
                "label": None,
                "cells": 1,
            },
            {
                "code": "type-error",
                "meaning": meaning(Code.TYPE_ERROR),
                "rule": "is not a whole number from -2,147,483,648 to 2,147,483,647",
                "column": "quantity",
                "label": "quantity",
                "cells": 1100,
            },
        ],
        "warnings": ["Empty cells (email): 30 (2.5 %); contract: at most 1 %"],
    }


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("verdict", [REJECTED, ASIDE, ACCEPTED], ids=["rejected", "aside", "accepted"])
def test_the_summary_keeps_its_schema(verdict: Verdict, lang: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    what = identity(PERSONAL, "x.csv", None)
    answer = json.loads(as_json({**what, "key": "sales/x.csv", **summary(verdict, lang)}))  # type: ignore[arg-type]
    jsonschema.validate(answer, SCHEMA)
    assert set(SCHEMA["properties"]) == {*what, *summary(verdict)}


def test_the_schema_refuses_what_is_no_summary() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(identity(PERSONAL, "x", None) | summary(ACCEPTED) | {"rows": -1}, SCHEMA)


def test_cells_become_one_json_object_a_line() -> None:
    lines = cells_as_json_lines(REJECTED).splitlines()
    assert [json.loads(line)["code"] for line in lines] == ["row-count-error", "missing-cell", "type-error"]
    assert json.loads(lines[2]) == {
        "code": "type-error",
        "message": "is not a whole number from -2,147,483,648 to 2,147,483,647",
        "line": 9,
        "record": 7,
        "column": "quantity",
        "label": "quantity",
        "value": "=1+1\n\x1b[2J",
        "messages": {
            "en": "is not a whole number from -2,147,483,648 to 2,147,483,647",
            "ja": "整数（-2,147,483,648～2,147,483,647）ではありません",
        },
    }


def test_json_lines_hold_japanese_as_it_is_and_escape_what_does_not_print() -> None:
    value = "緑茶\u2028\u202e\ud800\x85\U000e0041"
    text = cells_as_json_lines(replace(REJECTED, bad_cells=(BadCell(Code.TYPE_ERROR, value=value),)), "ja")
    assert "緑茶" in text
    assert text.encode()
    assert text.rstrip("\n").isprintable()
    assert json.loads(text)["value"] == value


def test_the_description_says_what_where_and_gives_examples() -> None:
    assert describe(REJECTED, 3).splitlines() == [
        "1,102 faults in 1,200 records.",
        "",
        "          1  row-count-error: has 1,200 records (contract: at least 2000)",
        "          1  missing-cell: a record has too few cells",
        "      1,100  type-error in quantity: is not a whole number from -2,147,483,648 to 2,147,483,647",
        "",
        "The first 3:",
        "  file: has 1,200 records (contract: at least 2000) (row-count-error)",
        "  line 7, record 5: has too few cells: 2 instead of 3 (missing-cell)",
        (
            r"  line 9, record 7, quantity: “=1+1\n\x1b[2J” is not a whole number from -2,147,483,648 to 2,147,483,647 "
            "(type-error)"
        ),
        "",
        "Warnings:",
        "  Empty cells (email): 30 (2.5 %); contract: at most 1 %",
    ]


def test_the_description_is_in_japanese_too() -> None:
    assert describe(ASIDE, 3, "ja").splitlines() == [
        "100 件のレコードのうち 99 件を受け入れ、1 件を除外しました。",
        "",
        "          1  type-error quantity: 整数（-2,147,483,648～2,147,483,647）ではありません",
        "",
        "すべての誤り:",
        (
            r"  9 行目、レコード 7、quantity: 「=1+1\n\x1b[2J」は整数（-2,147,483,648～2,147,483,647）ではありません "
            "(type-error)"
        ),
    ]


def test_an_accepted_file_is_described_in_one_line() -> None:
    assert describe(ACCEPTED) == "All 50,000 records are as the contract says."
    assert describe(replace(ACCEPTED, rows=1)) == "The one record is as the contract says."


def test_a_file_with_warnings_only_is_not_told_to_be_all_right() -> None:
    warned = replace(ACCEPTED, measurements=REJECTED.measurements)
    assert describe(warned).splitlines()[0] == "50,000 records accepted, with 1 warning."
    assert describe(warned, lang="ja").splitlines()[0] == "50,000 件のレコードを受け入れました。警告が 1 件あります。"


def test_a_file_without_records_is_told_to_have_none() -> None:
    empty = Verdict(accepted=False, rows=0, counts=(RuleCount(Code.EMPTY_FILE, None, 1),))
    assert describe(empty).splitlines()[0] == "1 fault, and not one record."


def test_a_place_is_told_as_far_as_it_is_known() -> None:
    assert place(BadCell(Code.EMPTY_FILE)) == "file"
    assert place(BadCell(Code.BLANK_ROW, 3), "ja") == "3 行目"
    assert place(BadCell(Code.TYPE_ERROR, 3, 2, "a\nb")) == "line 3, record 2, a b"


def test_a_fault_without_value_is_told_without_quotes() -> None:
    assert fault(BadCell(Code.REQUIRED_ERROR, 3, 2, "a"), "ja") == "値がありません（必須です）"


def test_a_metric_is_told_with_its_column_and_its_share() -> None:
    assert measured(REJECTED.measurements[0], "ja") == "値のないセル (email): 30 (2.5 %)（契約の条件: 1 % 以下）"


@pytest.mark.process
def test_the_gate_imports_nothing_that_only_the_command_line_needs() -> None:
    code = "import sys, suimon.check.engine, suimon.report.page; print(*sorted(m.split('.')[0] for m in sys.modules))"
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


@pytest.mark.parametrize(("lang", "english_or_japanese"), [("en", "column 2 (quantity)"), ("ja", "2 列目 (quantity)")])
def test_where_there_is_no_header_columns_have_numbers(
    check: Check, capsys: pytest.CaptureFixture[str], lang: Lang, english_or_japanese: str
) -> None:
    contract = replace(LABELLED, file=FileFormat(header=False))
    verdict = check("a,many,x@y\n", contract, None)
    labels = labels_of(contract, lang)
    assert english_or_japanese in describe(verdict, 5, lang, labels)
    assert f'"label": "{labels["quantity"]}"' in cells_as_json_lines(verdict, lang, labels)
    assert summary(verdict, lang, labels)["counts"][0]["label"] == labels["quantity"]
    assert labels["quantity"] in page(verdict, contract, {"file": "f"}, lang)
    show("f", contract, verdict, limit=5, lang=lang)
    assert labels["quantity"] in capsys.readouterr().out

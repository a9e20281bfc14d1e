"""What the kernel leaves to the old way (docs/kernel.md): it is refused, never passed over, and judged all the same."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from bench.kernel.stream import PARTITION, stream_of
from suimon.check import duckdb_reader
from suimon.check.engine import check_file
from suimon.check.kernel.plan import UnplannedError, plan_for, reads_raw
from suimon.check.rules_as_sql import rules_for
from suimon.check.verdict import Code
from suimon.contract.file import Column, Condition, FileFormat, Metric, Trailer
from suimon.contract.model import Contract
from suimon.contract.odcs.parse import read_contract
from tests.datasets import contract_file

PAGE = Path(__file__).parents[4] / "docs" / "kernel.md"


def contract(*columns: Column, **dialect: object) -> Contract:
    return Contract("x", "1", "x", file=FileFormat(header=False, **dialect), columns=columns)  # type: ignore[arg-type]


TEXT, NUMBER = Column("t", "string"), Column("n", "integer", bits=32)
SHORT = Column("d", "decimal", precision=4, scale=1)
MANY = tuple(Column(f"c{place}", "string", unique=True) for place in range(65))
# A row of the page, a contract, records that break the rule, and what is found.
LEFT_OUT: dict[str, tuple[Contract, str, Code]] = {
    "conditions over a record": (
        replace(contract(NUMBER, TEXT), conditions=(Condition("c", "t0 > 0", ("n",), "n > 0"),)),
        "0,a\n",
        Code.CONDITION_ERROR,
    ),
    "patterns that are not anchored at both ends": (
        contract(replace(TEXT, pattern="[0-9]"), NUMBER),
        "a,1\n",
        Code.PATTERN_ERROR,
    ),
    "patterns with other characters than ASCII": (
        contract(replace(TEXT, pattern="^[あ-ん]$"), NUMBER),
        "a,1\n",
        Code.PATTERN_ERROR,
    ),
    "a bound finer than the column's decimal places": (
        contract(replace(SHORT, minimum="0.25"), TEXT),
        "0.2,a\n",
        Code.MINIMUM_ERROR,
    ),
    "more than 64 keys, sums or metrics": (contract(*MANY), (",".join("a" * 65) + "\n") * 2, Code.UNIQUE_ERROR),
}


@pytest.mark.parametrize("row", LEFT_OUT)
def test_what_the_kernel_does_not_know_is_refused_and_judged_without_it(
    row: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wanted, text, code = LEFT_OUT[row]
    places = tuple(range(len(wanted.columns)))
    with pytest.raises(UnplannedError):
        plan_for(wanted, None, places, rules_for(wanted, None, places))
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    with caplog.at_level(logging.INFO):
        verdict = check_file(path, wanted, None, scratch=tmp_path)
    assert {cell.code for cell in verdict.bad_cells} == {code}
    assert "checked without the kernel" in caplog.messages
    assert f"| {row} |" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("dialect", "raw"),
    [
        ({"encoding": "cp932"}, True),
        ({"encoding": "euc-jp", "delimiter": "\t", "quote": "'", "escape": "'"}, True),
        ({"encoding": "shift_jis", "delimiter": "|"}, False),  # may be the second half of a character
        ({"encoding": "cp932", "escape": "\\"}, False),
        ({"encoding": "cp932", "null_tokens": ("なし",)}, False),
        ({"encoding": "utf-16"}, False),
    ],
)
def test_an_encoding_is_read_as_it_is_where_no_mark_may_be_half_a_character(
    dialect: dict[str, str], *, raw: bool
) -> None:
    one = contract(TEXT, **dialect)
    assert one.file
    assert reads_raw(one, one.file) is raw


def test_what_it_knows_is_planned_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    known = replace(
        contract(
            replace(TEXT, pattern="^[a-z]+$", unique=True),
            replace(NUMBER, minimum="-5"),
            replace(SHORT, maximum="9.5"),
            trailer=Trailer("T", 2, (("n", 3),)),
        ),
        primary_key=("t", "n"),
        metrics=(Metric("nullValues", ("d",), maximum="1"), Metric("duplicateValues", ("n",), maximum="1")),
    )
    path = tmp_path / "file.csv"
    path.write_text("a,1,0.5\nb,-5,9.5\nT,2,-4\n", encoding="utf-8")
    with caplog.at_level(logging.INFO):
        assert check_file(path, known, None, scratch=tmp_path).accepted
    assert not caplog.messages


def test_a_sound_file_needs_no_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"".join(stream_of(10**6).chunks()))

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a start would take longer")

    monkeypatch.setattr(duckdb_reader, "open_duck", opened)
    assert check_file(path, read_contract(contract_file("sales")), PARTITION, scratch=tmp_path).accepted

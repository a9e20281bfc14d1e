"""What YAML 1.1 reads otherwise than people do is refused with its line: nothing is taken for another value."""

from collections.abc import Callable
from pathlib import Path

import pytest

from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract

Draft = Callable[..., str]


def said(text: str, folder: Path) -> list[str]:
    path = folder / "drawn.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        read_contract(path)
    except ContractFileError as error:
        return [problem.message for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("number", "read"),
    [("007", "7"), ("010", "8"), ("0x10", "16"), ("0b11", "3"), ("1_000", "1000"), ("1:30", "90"), ("+0_1", "1")],
)
def test_a_number_that_yaml_reads_otherwise_is_refused(draft: Draft, tmp_path: Path, number: str, read: str) -> None:
    text = draft(f"name: code, logicalType: string, logicalTypeOptions: {{maxLength: {number}}}")
    assert f"{number} is {read} to YAML; write that, or put it into quotes" in said(text, tmp_path)


@pytest.mark.parametrize("number", ["1_0.5", "1:30.5"])
def test_so_is_a_fraction(draft: Draft, tmp_path: Path, number: str) -> None:
    text = draft(
        f"name: n, logicalType: number, physicalType: 'decimal(9,2)', logicalTypeOptions: {{maximum: {number}}}"
    )
    assert any(f"{number} is " in one for one in said(text, tmp_path))


@pytest.mark.parametrize("word", ["yes", "No", "on", "OFF"])
def test_a_word_that_yaml_takes_for_a_truth_is_refused(draft: Draft, tmp_path: Path, word: str) -> None:
    truth = "true" if word.lower() in {"yes", "on"} else "false"
    text = draft(f"name: code, logicalType: string, required: {word}")
    assert f"{word} is {truth} to YAML; write that, or put it into quotes" in said(text, tmp_path)


@pytest.mark.parametrize("number", ["0", "7", "-3", "10", "12345678901234567890"])
def test_plain_numbers_are_as_good_as_ever(draft: Draft, tmp_path: Path, number: str) -> None:
    text = draft(
        f"name: n, logicalType: number, physicalType: 'decimal(38,0)', logicalTypeOptions: {{maximum: {number}}}"
    )
    assert not [one for one in said(text, tmp_path) if "to YAML" in one]

"""What is no contract at all is refused like any other mistake."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from suimon.contract.file import ContractError
from suimon.contract.model import Contract
from suimon.contract.odcs.bounds_and_patterns import _steps
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract


@pytest.mark.parametrize("text", ["[" * 2000, "{a: " * 2000, "a: !!bool x", "a: !!timestamp x", "\0", "- &a [*a]"])
def test_hostile_yaml_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractFileError):
        read_contract(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"key_pattern": 3},
        {"file": "x"},
        {"columns": ["x"]},
        {"columns": [None]},
        {"conditions": [3]},
        {"metrics": [3]},
        {"tolerance": 3},
        {"arrival": {"days_after": 1, "deadline": "x", "time_zone": "UTC", "lookback_days": 1}},
    ],
)
def test_a_compiled_contract_of_other_shapes_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="compile it again"):
        Contract.from_json(Contract("x", "1", "x").to_json() | wrong)


@pytest.mark.parametrize("text", ["code,day\n" + "A,2026-01-05\n" * 5000, "- A,2026-01-05\n" * 5000, "3"])
def test_a_data_file_in_the_place_of_a_contract_is_one_problem_and_not_printed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "many.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractFileError) as caught:
        read_contract(path)
    (problem,) = caught.value.problems
    assert problem.message.startswith("a contract is a mapping, this is a")
    assert "2026" not in problem.message


LONG = "x" * 10_000


@pytest.mark.parametrize(
    "text",
    [
        *(f"{key}: {LONG}" for key in ("apiVersion", "kind", "version", "schema", "slaProperties", "customProperties")),
        f"? {LONG}\n: x",
        f"{LONG}: x"[-1000:],
        f"a: *{LONG}",
        f"a: 0x{LONG}".replace("x" * 10_000, "f" * 10_000),
        f"a: !!int {LONG}",
        f"a: 1.{'1' * 10_000}",
        f"schema: [{{name: {LONG}, physicalName: [{LONG}], properties: [{{name: {LONG}, logicalType: {LONG}}}]}}]",
        f"customProperties: [{{property: {LONG}, value: x}}, {{property: keyPattern, value: {LONG}}}]",
    ],
)
def test_a_message_repeats_no_more_of_a_value_than_a_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractFileError) as caught:
        read_contract(path)
    assert max(len(problem.path + problem.message) for problem in caught.value.problems) < 400


@pytest.mark.parametrize(
    "number",
    ["9" * 200_000, "0x" + "f" * 100_000, ":".join(["59"] * 5_000), "0b" + "1" * 100_000, "-" + "7_7" * 50_000],
)
def test_a_number_of_any_length_and_form_is_refused(tmp_path: Path, number: str) -> None:
    """Python reads some that it cannot write again: that was an error of ours, not of the contract."""
    path = tmp_path / "c.odcs.yaml"
    path.write_text(f"version: {number}\n", encoding="utf-8")
    with pytest.raises(ContractFileError) as caught:
        read_contract(path)
    (problem,) = [problem for problem in caught.value.problems if problem.path == "version"]
    assert "too great a number" in problem.message or "cannot be read" in problem.message
    assert len(problem.message) < 300


def refused(folder: Path, text: str) -> list[str]:
    path = folder / "c.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractFileError) as caught:
        read_contract(path)
    return [problem.message for problem in caught.value.problems]


def test_a_text_longer_than_any_contract_is_not_read(tmp_path: Path) -> None:
    assert refused(tmp_path, f"x: [{'a,' * 600_000}]") == [
        "has 1,200,005 characters, more than 1,000,000; no contract is so long"
    ]


def test_more_columns_than_a_table_has_are_one_problem(tmp_path: Path, draft: Callable[..., str]) -> None:
    """Each was compared with each: 4,000 took a minute."""
    many = "".join(f"      - {{name: p{place}, logicalType: integer}}\n" for place in range(1_600))
    before, mark, behind = draft().partition("    properties:\n")
    assert mark
    (message,) = refused(tmp_path, before + mark + many + behind)
    assert "columns; a table of Redshift has 1,600 at most" in message


def test_a_key_pattern_longer_than_any_key_is_refused(tmp_path: Path, draft: Callable[..., str]) -> None:
    text = draft().replace("goods/{ds}", "g" * 1_025 + "/{ds}")
    assert "is longer than a key of S3 may be (1,024 bytes)" in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("pattern", "steps"),
    [
        ("^[A-Z]{2}[0-9]{10}$", 14),
        ("^(?:ab|c){3}$", 14),
        (r"^\d{1,64}@[a-z.\]]{5}\.x{2,}$", 75),
        ("^((a?){10}){10}$", 202),
        ("^(a?){900}a{900}$", 2702),
        ("^a{3}{3}$", 11),
    ],
)
def test_the_steps_of_a_pattern_are_counted_as_often_as_they_repeat(pattern: str, steps: int) -> None:
    assert _steps(pattern) == steps

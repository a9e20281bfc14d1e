"""What is no contract at all is refused like any other mistake."""

from pathlib import Path
from typing import Any

import pytest

from suimon.contract.clauses import ContractFileError
from suimon.contract.file import ContractError
from suimon.contract.model import Contract
from suimon.contract.odcs import read_contract


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
    with pytest.raises(ContractError, match="compile it anew"):
        Contract.from_json(Contract("x", "1", "x").to_json() | wrong)

"""Datasets of different kinds, folders of `tests/datasets`: nothing is wrong with them, a sample proposes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.contract.odcs.parse import read_contract
from suimon.dataset.check_up import problems_of
from suimon.dataset.dag_folder import TABLES, generated
from suimon.dataset.folder import DatasetFolder, datasets_below
from suimon.dataset.golden import as_sent, golden_case
from suimon.dataset.release import read_release

if TYPE_CHECKING:
    from suimon.contract.file import Column

EXAMPLES = datasets_below(Path(__file__).resolve().parents[2] / "datasets")


def test_the_examples_are_of_these_kinds() -> None:
    kinds = {folder.name: read_contract(folder.contract) for folder in EXAMPLES}
    assert {name: str(one.unit) for name, one in kinds.items()} == {
        "deliveries": "day",
        "excel_sales": "day",
        "parcels": "day",
        "postal_codes": "month",
        "rates": "day",
        "readings": "day",
        "receipts": "day",
        "shops": "none",
        "visits": "hour",
    }
    assert kinds["parcels"].set_rule
    assert kinds["deliveries"].key_pattern
    assert kinds["deliveries"].key_pattern.has_stamp
    assert [part.name for part in kinds["visits"].parts] == ["store"]


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_nothing_is_wrong_with_an_example(folder: DatasetFolder) -> None:
    assert problems_of(folder, [other for other in EXAMPLES if other != folder]) == []


def test_the_examples_are_a_release_together() -> None:
    tables = generated(read_release(EXAMPLES))[TABLES]
    assert all(f'"{folder.name}"' in tables for folder in EXAMPLES)


# What two records do not tell: words of one digit, digits with zeros in front, a last line that counts.
_NOT_TOLD = {"is_split": "boolean", "area_code": "string", "old_code": "string", "rate": "decimal"}


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_a_sample_of_an_example_proposes_its_columns(
    folder: DatasetFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUIMON_DATASETS", str(tmp_path / "datasets"))
    contract, case = read_contract(folder.contract), golden_case(folder)
    sample = tmp_path / "sample.csv"
    sample.write_bytes(as_sent(case.file.read_text(encoding="utf-8"), contract))
    made = CliRunner().invoke(main, ["dataset", "new", folder.name, "--from", str(sample)])
    assert made.exit_code == 0, made.output
    path = tmp_path / "datasets" / folder.name / "contract.odcs.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("# DECIDE: ", "# "), encoding="utf-8")
    proposed = read_contract(path)
    assert contract.file
    assert proposed.file
    assert (proposed.file.encoding, proposed.file.delimiter) == (contract.file.encoding, contract.file.delimiter)

    def told(columns: tuple[Column, ...]) -> list[object]:
        names = [one.name for one in contract.columns]
        return [
            (one.type, one.thousands, one.format)
            for name, one in zip(names, columns, strict=True)
            if name not in _NOT_TOLD
        ]

    assert told(proposed.columns) == told(contract.columns)

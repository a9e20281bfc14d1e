"""A dataset with versions: its table suits all, each has a golden case, a diff says from when."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.contract.model import Contracts
from suimon.contract.odcs.parse import read_contract
from suimon.dataset.check_up import problems_of
from suimon.dataset.create_table import create_table
from suimon.dataset.folder import DatasetFolder
from suimon.dataset.rewriting import rewrite
from suimon.warehouse.describe import describe, misfits

if TYPE_CHECKING:
    from click.testing import Result

READINGS = Path(__file__).resolve().parents[2] / "datasets" / "readings"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DatasetFolder:
    monkeypatch.setenv("SUIMON_DATASETS", str(tmp_path / "datasets"))
    return DatasetFolder(shutil.copytree(READINGS, tmp_path / "datasets" / "readings"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def old_version(folder: DatasetFolder) -> Path:
    return folder.path / "versions" / "1.0.0.odcs.yaml"


def suimon(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_the_table_has_the_columns_of_every_version_and_requires_what_each_requires(folder: DatasetFolder) -> None:
    columns = [
        line.strip(" ,") for line in create_table(read_contract(folder.contract)).splitlines() if line[:4] == "    "
    ]
    assert columns == [
        "meter VARCHAR(48) NOT NULL",
        "read_on DATE NOT NULL",
        "kwh DECIMAL(10, 1)",
        "tariff VARCHAR(2)",
        "reader VARCHAR(80)",
    ]


def test_the_table_is_as_wide_as_the_widest_version(folder: DatasetFolder) -> None:
    change(old_version(folder), "maxLength: 8", "maxLength: 30")
    problems = problems_of(folder)
    assert [one for one in problems if "meter of readings is VARCHAR(48), must be VARCHAR(120)" in one] == problems


def test_types_that_no_table_has_at_once_are_refused(folder: DatasetFolder) -> None:
    change(old_version(folder), "decimal(10,1)", "decimal(12,2)")
    [problem] = misfits(read_contract(folder.contract), folder.table.read_text(encoding="utf-8"))
    assert problem == (
        "kwh is DECIMAL(12, 2) in version 1.0.0, later DECIMAL(10, 1); a column of the table has one type: write the "
        "wider in both"
    )


def test_a_version_that_may_miss_the_partitions_column_is_refused(folder: DatasetFolder) -> None:
    change(
        old_version(folder),
        "        logicalType: date\n        required: true\n",
        "        logicalType: date\n",
    )
    problems = list(misfits(read_contract(folder.contract), folder.table.read_text(encoding="utf-8")))
    assert problems[0] == "version 1.0.0 requires other columns of the partition than 2.0.0"


def test_what_no_version_may_leave_unsaid_is_asked_of_the_earlier_too(folder: DatasetFolder) -> None:
    change(old_version(folder), "    quality:\n      - {metric: rowCount, mustBeGreaterOrEqualTo: 1}\n", "")
    assert any("nothing says whether a file without records is right" in one for one in problems_of(folder))


def test_each_version_needs_a_golden_case(folder: DatasetFolder) -> None:
    for path in folder.golden.glob("2026-03-31*"):
        path.unlink()
    [problem] = problems_of(folder)
    assert problem == (
        f"{folder.golden} has 0 golden cases of version 1.0.0, which judges from the beginning: "
        "it must have one of each version"
    )


def test_a_golden_case_of_an_earlier_version_is_compared_with_it(folder: DatasetFolder) -> None:
    change(folder.golden / "2026-03-31.rows.txt", "検針員一", "検針員二")
    change(folder.golden / "2026-03-31.bad.txt", "line 2: kwh type-error\n", "")
    rows, verdict = problems_of(folder)
    assert "- M-1|2026-03-31|12.5|NULL|検針員二" in rows
    assert "+ line 2: kwh type-error" in verdict
    assert len(rewrite(folder)) == 2
    assert problems_of(folder) == []


def test_the_description_has_the_rules_of_each_version(folder: DatasetFolder) -> None:
    contract = read_contract(folder.contract)
    told = describe(Contracts((contract,)), {contract.table: create_table(contract)})["readings"]
    [before] = told["earlier"]
    assert (told["version"], told["effective_from"]) == ("2.0.0", "2026-04-01")
    assert (before["version"], before["effective_from"]) == ("1.0.0", "")
    least = [
        next(column.get("minimum") for column in one["columns"] if column["name"] == "kwh") for one in (told, before)
    ]
    assert least == ["0", "-1"]


def test_a_diff_says_that_stored_files_stay_with_their_version(folder: DatasetFolder, tmp_path: Path) -> None:
    old = tmp_path / "old.odcs.yaml"
    shutil.copy(old_version(folder), old)
    shown = suimon("contract", "diff", str(old), "readings")
    assert (
        "fine    effectiveFrom: files of 2026-04-01 and later are judged by 2.0.0, those of before by 1.0.0"
        in shown.output
    )
    assert "breaks  replay" not in shown.output
    assert "ALTER TABLE readings ADD COLUMN tariff" in shown.output
    assert "reader of readings is in no contract" not in shown.output


def test_a_diff_with_an_earlier_version_that_was_changed_breaks_what_is_stored(
    folder: DatasetFolder, tmp_path: Path
) -> None:
    old = tmp_path / "old.odcs.yaml"
    shutil.copy(old_version(folder), old)
    change(old_version(folder), "minimum: -1", "minimum: 1")
    assert "breaks  replay" in suimon("contract", "diff", str(old), "readings").output


@pytest.mark.parametrize(("day", "version"), [("2026-03-31", "1.0.0"), ("2026-04-01", "2.0.0")])
def test_the_command_checks_a_file_by_the_version_of_its_date(folder: DatasetFolder, day: str, version: str) -> None:
    contract = read_contract(folder.contract).at(day)
    assert contract.file
    file = folder.path / "any.csv"
    file.write_bytes((folder.golden / f"{day}.csv").read_text(encoding="utf-8").encode(contract.file.encoding))
    shown = suimon("check", str(file), "--contract", "readings", "--partition", day, "--json")
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.stdout)
    assert (told["verdict"], told["contract_version"]) == ("accepted", version)
    assert suimon("check", str(file), "--contract", "readings", "--partition", "2026-03-30").exit_code == 1

"""Contract versions side by side: each date is judged by exactly one, and what is of the dataset is said once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.contract.model import Contract
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import compile_contracts, read_contract

if TYPE_CHECKING:
    from collections.abc import Callable

ARRIVAL = """\
  - property: arrival
    value: {daysAfter: 1, deadline: "06:00", timeZone: UTC, lookbackDays: 5}
"""
READINGS = Path(__file__).resolve().parents[2] / "datasets" / "readings"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(READINGS, tmp_path / "datasets" / "readings")


@pytest.fixture
def refused(folder: Path) -> Callable[[], str]:
    def read() -> str:
        with pytest.raises(ContractFileError) as caught:
            read_contract(folder / "contract.odcs.yaml")
        return "\n".join(str(one).removeprefix(f"{folder}/") for one in caught.value.problems)

    return read


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def of_a(unit: str, folder: Path) -> None:
    for path in (folder / "contract.odcs.yaml", folder / "versions" / "1.0.0.odcs.yaml"):
        change(path, "{ds}", f"{{{unit}}}")
        change(path, "value: read_on", f"value: {{{unit}: read_on}}")


@pytest.mark.parametrize(
    ("partition", "version"),
    [
        ("2026-04-01", "2.0.0"),
        ("2026-03-31", "1.0.0"),
        ("2030-01-01", "2.0.0"),
        ("0001-01-01", "1.0.0"),
        ("2026-04-01T00", "2.0.0"),
        ("2026-03-31T23/store=S01", "1.0.0"),
        ("2026-03", "1.0.0"),
        ("2026-04", "2.0.0"),
        ("2026-W14", "1.0.0"),  # from Monday, 30 March
    ],
)
def test_a_partition_is_judged_by_the_version_of_its_first_day(partition: str, version: str) -> None:
    contract = read_contract(READINGS / "contract.odcs.yaml")
    assert contract.at(partition).version == version
    assert contract.at(partition).earlier == ()


def test_of_three_versions_each_has_the_time_up_to_the_next(folder: Path) -> None:
    third = folder / "versions" / "1.5.0.odcs.yaml"
    shutil.copy(folder / "contract.odcs.yaml", third)
    change(third, "version: 2.0.0", "version: 1.5.0")
    change(third, "2026-04-01", "2026-02-01")
    contract = read_contract(folder / "contract.odcs.yaml")
    days = ("2026-01-31", "2026-02-01", "2026-03-31", "2026-04-01")
    assert [contract.at(day).version for day in days] == ["1.0.0", "1.5.0", "1.5.0", "2.0.0"]


def test_a_contract_without_versions_judges_every_partition() -> None:
    contract = read_contract(READINGS / "versions" / "1.0.0.odcs.yaml")
    assert contract.at("2030-01-01") is contract
    assert contract.at("all") is contract


def test_the_compiled_contract_carries_its_versions(tmp_path: Path) -> None:
    contracts = compile_contracts([READINGS / "contract.odcs.yaml"], tmp_path / "contracts.json")
    contract = contracts.of("readings")
    assert Contract.from_json(contract.to_json()) == contract
    assert [one.version for one in contract.versions] == ["2.0.0", "1.0.0"]
    assert "earlier" not in contract.at("2026-04-01").to_json()


def test_lint_says_which_version_judges_when() -> None:
    shown = CliRunner().invoke(main, ["contract", "lint", str(READINGS / "contract.odcs.yaml")])
    assert shown.output.startswith("readings 2.0.0 from 2026-04-01, 1.0.0 before: "), shown.output


def test_a_version_that_begins_with_or_before_an_earlier_one_is_refused(
    folder: Path, refused: Callable[[], str]
) -> None:
    for given in ("2026-05-01", "2026-04-01"):
        shutil.copy(READINGS / "contract.odcs.yaml", folder / "versions" / "1.5.0.odcs.yaml")
        change(folder / "versions" / "1.5.0.odcs.yaml", "version: 2.0.0", "version: 1.5.0")
        change(folder / "versions" / "1.5.0.odcs.yaml", "2026-04-01", given)
        assert f"version 2.0.0 must begin after 1.5.0, whose effectiveFrom is {given}" in refused()


def test_two_versions_from_the_beginning_are_refused(folder: Path, refused: Callable[[], str]) -> None:
    shutil.copy(folder / "versions" / "1.0.0.odcs.yaml", folder / "versions" / "0.9.odcs.yaml")
    change(folder / "versions" / "0.9.odcs.yaml", "version: 1.0.0", "version: 0.9.0")
    assert "must begin after" in refused()
    assert "none, from the beginning" in refused()


def test_an_oldest_version_that_leaves_dates_to_none_is_refused(folder: Path, refused: Callable[[], str]) -> None:
    change(
        folder / "versions" / "1.0.0.odcs.yaml",
        "  - property: dialect",
        "  - {property: effectiveFrom, value: 2020-01-01}\n  - property: dialect",
    )
    assert "versions/1.0.0.odcs.yaml:33: customProperties[4].value: the earliest version judges" in refused()


def test_a_newest_version_without_a_beginning_is_refused(folder: Path, refused: Callable[[], str]) -> None:
    change(folder / "contract.odcs.yaml", "  - {property: effectiveFrom, value: 2026-04-01}\n", "")
    assert "version 2.0.0 must begin after 1.0.0" in refused()


def test_a_beginning_without_an_earlier_version_is_refused(folder: Path, refused: Callable[[], str]) -> None:
    shutil.rmtree(folder / "versions")
    assert "needs an earlier version in versions/ for the dates before" in refused()


def test_versions_of_one_name_are_refused(folder: Path, refused: Callable[[], str]) -> None:
    change(folder / "versions" / "1.0.0.odcs.yaml", "version: 1.0.0", "version: 2.0.0")
    assert "two versions are called 2.0.0" in refused()


def test_faults_of_every_version_are_told_together(folder: Path, refused: Callable[[], str]) -> None:
    change(folder / "contract.odcs.yaml", "mustBeGreaterOrEqualTo", "mustBeMore")
    change(folder / "versions" / "1.0.0.odcs.yaml", "yyyy/MM/dd", "YY")
    assert {line.partition(":")[0] for line in refused().splitlines()} == {
        "contract.odcs.yaml",
        "versions/1.0.0.odcs.yaml",
    }


@pytest.mark.parametrize(
    ("old", "new", "clause"),
    [
        ("name: readings", "name: meters", "schema.name"),
        ("physicalName: readings", "physicalName: meters", "schema.physicalName"),
        ("readings/{ds}/readings.csv", "readings/{ds}.csv", "keyPattern"),
        ("value: readings_etl", "value: other_etl", "dag"),
        ("runsAtOnce, value: 1", "runsAtOnce, value: 2", "runsAtOnce"),
        ("  - {property: dag", "  - {property: maxRunMinutes, value: 30}\n  - {property: dag", "maxRunMinutes"),
        ("  - {property: dag", "  - {property: language, value: ja}\n  - {property: dag", "language"),
        ("  - {property: dag", "  - {property: dates, value: {daysBack: 400}}\n  - {property: dag", "dates"),
        (
            "  - {property: dag",
            "  - {property: volume, value: {rows: {atLeastPercent: 50}}}\n  - {property: dag",
            "volume",
        ),
        (
            "  - {property: dag",
            f"{ARRIVAL}  - {{property: dag",
            "arrival",
        ),
        ("status: retired", "status: retired\nteam: {name: Meters}\nsupport: [{channel: meters}]", "team and support"),
        ("  - {property: partition, value: read_on}\n", "", "partition"),
    ],
)
def test_what_is_of_the_dataset_must_be_the_same_in_each_version(
    folder: Path, refused: Callable[[], str], old: str, new: str, clause: str
) -> None:
    change(folder / "versions" / "1.0.0.odcs.yaml", old, new)
    assert f"{clause} is of the dataset and not of a version: 2.0.0 says it otherwise" in refused()


def test_what_is_personal_is_so_in_each_version(folder: Path, refused: Callable[[], str]) -> None:
    change(
        folder / "contract.odcs.yaml",
        "      - name: meter\n",
        "      - name: meter\n        classification: personal\n",
    )
    assert "classification of meter is of the dataset and not of a version" in refused()


def test_a_month_is_judged_by_one_version(folder: Path, refused: Callable[[], str]) -> None:
    of_a("month", folder)
    assert read_contract(folder / "contract.odcs.yaml").at("2026-03").version == "1.0.0"
    change(folder / "contract.odcs.yaml", "2026-04-01", "2026-04-02")
    assert "2026-04-02 lies inside a month, which one version judges: write 2026-04-01" in refused()


@pytest.mark.parametrize(
    "given",
    ["'2026-02-30'", "2026-W14-1", "2026-4-1", "soon", "20260401", "2026", "[2026-04-01]", "'2026-04-01T00:00'"],
)
def test_what_is_no_date_is_refused(folder: Path, refused: Callable[[], str], given: str) -> None:
    change(folder / "contract.odcs.yaml", "value: 2026-04-01", f"value: {given}")
    assert "must be a date YYYY-MM-DD" in refused()

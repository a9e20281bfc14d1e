"""What programs read of the commands that make or check files and tables: JSON by its schema, and the exit status."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from tests.datasets import DATASETS, ROOT, contract_file
from tests.schemas import DOCS, validate
from tests.unit.cli.test_every_command import ALL, LOCAL
from tests.unit.warehouse.test_migration import Answers, without

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAMPLE = DOCS / "sample" / "sales_data.csv"
SALES = contract_file("sales")
# A command as it is typed, its exit status, and what is true of its answer.
CASES: dict[str, tuple[int, Callable[[Any], bool]]] = {
    f"check {SAMPLE} --contract sales --partition 2026-11-20": (1, lambda told: len(told["cells"]) == 8),
    f"contract compile --out OUT/contracts.json {SALES}": (0, lambda told: told["datasets"] == ["sales"]),
    f"contract diff {SALES} {SALES}": (0, lambda told: not told["breaks"]),
    "contract lint": (0, lambda told: [one["dataset"] for one in told["contracts"]] == [*DATASETS]),
    "contract lint GUESSED": (2, lambda told: told["problems"][0]["line"] > 1 and not told["contracts"]),
    "dataset check sales": (0, lambda told: not told["problems"]),
    "dataset check guessed --rewrite": (1, lambda told: "DECIDE" in told["problems"][0]),
    f"dataset new orders --from {SAMPLE}": (0, lambda told: len(told["decide"]) > 3),
    f"dataset try sales {SAMPLE}": (1, lambda told: not told["loaded"]),
    "warehouse create --workgroup w --database d --grant-to u": (0, lambda told: len(told["grants"]) > 1),
    "warehouse describe --out OUT": (0, lambda told: any("tables.json" in file for file in told["files"])),
    "warehouse migrate sales --yes": (0, lambda told: len(told["tables"][0]["done"]) == 1),
    "warehouse migrate sales --dry-run": (1, lambda told: not told["tables"][0]["done"]),
    "warehouse query 'SELECT 1' --workgroup w": (0, lambda told: told == []),
}
TRIED = """{"dataset": "sales", "partition": "2026-11-20", "deployed": [], "loaded": false, "table": "sales_fact",
"rows": null, "files": [{"drop_id": "d", "bucket": "b", "key": "k", "version_id": "v", "state": "REJECTED"}]}"""


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where the datasets may be written, beside one that is a guess; a warehouse and a twin that answer."""
    shutil.copytree(ROOT / "datasets", tmp_path / "datasets")
    monkeypatch.setenv("SUIMON_DATASETS", str(tmp_path / "datasets"))
    (tmp_path / "suimon_etl").mkdir()
    answers = Answers({"sales_fact": without("product_name", type="VARCHAR(100)")})
    monkeypatch.setattr("boto3.client", lambda *_: answers)
    return {"OUT": str(tmp_path), "GUESSED": str(tmp_path / "datasets/guessed/contract.odcs.yaml")}


def command_of(typed: str) -> str:
    return " ".join(next(path for path in ALL if shlex.split(typed)[: len(path)] == [*path]))


def test_every_one_of_them_is_typed_here() -> None:
    assert {command_of(typed) for typed in CASES} == {
        " ".join(path) for path in ALL if path[0] in LOCAL | {"warehouse"}
    }


@pytest.mark.parametrize("typed", CASES)
def test_it_writes_what_its_schema_says_and_nothing_else(
    typed: str, words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "GUESSED" in typed or "guessed" in typed:
        made = CliRunner().invoke(main, ["dataset", "new", "guessed", "--from", str(SAMPLE)])
        assert made.exit_code == 0, made.output
    if " try " in typed:
        monkeypatch.setattr(subprocess, "run", tried)
    code, holds = CASES[typed]
    asked = [words.get(word, word).replace("OUT", words["OUT"]) for word in shlex.split(typed)]
    result = CliRunner().invoke(main, [*asked, "--json"], catch_exceptions=False)
    assert result.exit_code == code, result.output
    assert holds(validate(command_of(typed), result.stdout))


def tried(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
    """Stand in for the twin, which writes to the same output."""
    assert command[-1] == "--json"
    click.echo(TRIED)
    return subprocess.CompletedProcess(command, 1)

"""A console that is not UTF-8 changes neither what a command decides nor its exit status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.datasets import contract_file

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[3]
CONTRACT = contract_file("sales")


def run(encoding: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-c", "from suimon.cli.main import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


@pytest.fixture
def japanese(tmp_path: Path) -> Path:
    text = CONTRACT.read_text(encoding="utf-8").replace("keyPattern, value: sales/", "keyPattern, value: 売上/")
    text = text.replace("value: sales/{ds}", "value: 売上/{ds}")
    assert "売上" in text
    path = tmp_path / "sales.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932", "latin-1", "utf-8"])
def test_every_command_that_needs_no_account_keeps_its_exit_status(encoding: str, japanese: Path) -> None:
    sample = str(ROOT / "docs" / "sample" / "sales_data.csv")
    assert run(encoding, "contract", "lint", str(japanese)).returncode == 0
    assert run(encoding, "--help").returncode == 0
    assert run(encoding, "check", sample, "--contract", str(CONTRACT)).returncode == 1
    for lang in ("en", "ja"):
        checked = run(
            encoding, "check", sample, "--contract", str(CONTRACT), "--lang", lang, "--partition", "2026-11-20"
        )
        assert (checked.returncode, b"Traceback" in checked.stderr) == (1, False)
    broken = japanese.with_name("broken.odcs.yaml")
    broken.write_text(japanese.read_text(encoding="utf-8") + "\nあ: い\n", encoding="utf-8")
    refused = run(encoding, "contract", "lint", str(broken))
    assert (refused.returncode, b"unexpected" in refused.stderr) == (2, False)


def test_contracts_are_found_from_any_folder_below(tmp_path: Path) -> None:
    folder = ROOT / "docs" / "sample"
    assert run("utf-8", "check", "sales_data.csv", "--contract", "sales", folder=folder).returncode == 1
    nowhere = run("utf-8", "check", str(folder / "sales_data.csv"), "--contract", "sales", folder=tmp_path)
    assert nowhere.returncode == 2


def test_a_misspelt_dataset_gets_the_nearest_name() -> None:
    refused = run("utf-8", "check", "docs/sample/sales_data.csv", "--contract", "salse")
    assert (refused.returncode, b"did you mean sales?" in refused.stderr) == (2, True)


def test_the_version_is_told() -> None:
    assert run("utf-8", "--version").stdout.startswith(b"suimon ")

"""A console that is not UTF-8 changes neither what a command decides nor its exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.datasets import contract_file

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[3]
CONTRACT = contract_file("sales")


COMMAND = "from suimon.cli.main import main; main()"


def run(encoding: str, *arguments: str, folder: Path = ROOT, code: str = COMMAND) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


@pytest.fixture
def japanese(tmp_path: Path) -> Path:
    text = CONTRACT.read_text(encoding="utf-8").replace("keyPattern, value: sales/", "keyPattern, value: 売上/")
    text = text.replace("value: sales/{ds}", "value: 売上/{ds}")
    assert "売上" in text
    path = tmp_path / "sales.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", b"'\\u65e5...'"), ("cp932", "'日…'".encode("cp932"))])
def test_an_error_is_shown_in_the_encoding_of_the_console_and_no_other(encoding: str, shown: bytes) -> None:
    done = run(encoding, "drops", "--key", "日…")
    assert shown in done.stderr
    assert done.returncode == 2


def test_quotes_and_bars_are_drawn_plainly_in_their_places_where_a_console_has_no_better() -> None:
    sample = str(ROOT / "docs" / "sample" / "sales_data.csv")
    plain, whole = (
        run(encoding, "check", sample, "--contract", str(CONTRACT)).stdout.decode(encoding)
        for encoding in ("ascii", "utf-8")
    )
    assert '| "12a"        |' in plain
    assert "| ############ | type-error" in plain
    assert "\\u" not in plain
    assert [len(line) for line in plain.splitlines()] == [len(line) for line in whole.splitlines()]


# Runs each command of the list that it is given, in a process whose console has one encoding, and prints the statuses.
EACH = """
import json, sys
from suimon.cli.main import main
ended = []
for arguments in json.loads(sys.argv[1]):
    try:
        main(arguments, "suimon")
    except SystemExit as end:
        ended.append(end.code)
sys.stdout.flush()
sys.stderr.write(f"\\n{json.dumps(ended)}")
"""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932", "latin-1", "utf-8"])
def test_every_command_that_needs_no_account_keeps_its_exit_status(encoding: str, japanese: Path) -> None:
    check = ("check", str(ROOT / "docs" / "sample" / "sales_data.csv"), "--contract", str(CONTRACT))
    broken = japanese.with_name("broken.odcs.yaml")
    broken.write_text(japanese.read_text(encoding="utf-8") + "\nあ: い\n", encoding="utf-8")
    expected = {
        ("contract", "lint", str(japanese)): 0,
        ("--help",): 0,
        check: 1,
        (*check, "--lang", "en", "--partition", "2026-11-20"): 1,
        (*check, "--lang", "ja", "--partition", "2026-11-20"): 1,
        ("contract", "lint", str(broken)): 2,
    }
    done = run(encoding, json.dumps([*expected]), code=EACH)
    assert b"Traceback" not in done.stderr, done.stderr
    assert b"unexpected" not in done.stderr, done.stderr
    assert json.loads(done.stderr.splitlines()[-1]) == [*expected.values()]


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

"""The command line: exit statuses, readable answers, never a traceback."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suimon.cli import main as module
from suimon.cli.main import main
from tests.datasets import contract_file

SALES = str(contract_file("sales"))
GOOD = "order_id,order_date,customer_id,product_name,quantity,unit_price,amount\nA1,2026-11-20,C1,緑茶,1,1.00,1.00\n"
WATCHED = """
apiVersion: v3.1.0
kind: DataContract
id: x
version: 1.0.0
status: active
schema:
  - name: watched
    physicalName: watched
    properties:
      - name: a
        logicalType: string
"""


def suimon(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "good.csv"
    path.write_text(GOOD, encoding="utf-8")
    return str(path)


def test_an_accepted_file_exits_with_0(good: str) -> None:
    result = suimon("check", good, "--contract", SALES, "--partition", "2026-11-20")
    assert result.exit_code == 0
    assert "accepted" in result.output


def test_a_rejected_file_exits_with_1_and_shows_where(good: str) -> None:
    result = suimon("check", good, "--contract", SALES, "--partition", "2026-11-21")
    assert result.exit_code == 1
    assert all(word in result.output for word in ("rejected", "partition-error", "order_date", "2026-11-20"))


def test_json_is_one_object_with_summary_and_cells(good: str) -> None:
    result = suimon("check", good, "--contract", SALES, "--partition", "2026-11-21", "--json")
    answer = json.loads(result.stdout)
    assert (answer["verdict"], answer["rows"], answer["bad_cells"], answer["partition_checked"]) == (
        "rejected",
        1,
        1,
        True,
    )
    assert [(cell["code"], cell["line"], cell["record"], cell["column"]) for cell in answer["cells"]] == [
        ("partition-error", 2, 1, "order_date")
    ]


def test_without_a_partition_it_says_that_the_date_was_not_checked(good: str) -> None:
    result = suimon("check", good, "--contract", SALES)
    assert result.exit_code == 0
    assert "Not checked" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--contract", SALES, "--partition", "2026-02-30"), "not a real date"),
        (("--contract", __file__), "not YAML"),
        (("--contract", "gone.odcs.yaml"), "gone.odcs.yaml"),
        ((), "--contract"),
    ],
)
def test_what_cannot_be_used_exits_with_2(good: str, arguments: tuple[str, ...], said: str) -> None:
    result = suimon("check", good, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_contract_that_only_watches_a_table_judges_no_file(good: str, tmp_path: Path) -> None:
    contract = tmp_path / "watched.odcs.yaml"
    contract.write_text(WATCHED, encoding="utf-8")
    result = suimon("check", good, "--contract", str(contract))
    assert result.exit_code == 2
    assert "describes no file" in result.stderr


@pytest.mark.parametrize("command", ["check", "contract", "replay", "warehouse"])
def test_every_command_explains_itself(command: str) -> None:
    assert command in suimon("--help").output
    assert suimon(command, "--help").exit_code == 0


def test_an_interruption_while_a_command_is_imported_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt(name)

    monkeypatch.setattr(module, "import_module", interrupted)
    assert suimon("check", "any.csv", "--contract", SALES).exit_code == 130


@pytest.mark.process
@pytest.mark.parametrize("ignored", [False, True])
def test_an_interruption_before_the_command_is_there_leaves_no_traceback(tmp_path: Path, *, ignored: bool) -> None:
    interrupts = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise SystemExit(3)\n"
    (tmp_path / "click.py").write_text(interrupts, encoding="utf-8")
    # Whatever whoever started the tests has said of it: what a shell starts in the background ignores Ctrl-C.
    before = f"import signal; signal.signal(signal.SIGINT, signal.{'SIG_IGN' if ignored else 'default_int_handler'}); "
    done = subprocess.run(
        [sys.executable, "-c", f"{before}from suimon.cli.start import main; main()"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3 if ignored else -signal.SIGINT, "")


def test_an_unknown_command_exits_with_2() -> None:
    assert suimon("chekc").exit_code == 2


@pytest.mark.parametrize("command", ["drops", "replay", "reconcile"])
def test_a_command_that_asks_a_stack_tells_the_variable_that_names_it(command: str) -> None:
    assert "SUIMON_STACK" in CliRunner().invoke(main, [command, "--help"]).output

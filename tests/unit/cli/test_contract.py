"""`suimon contract`: what it prints, where it writes, and its exit statuses."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suimon.cli.main import main
from tests.datasets import contract_file

SALES = str(contract_file("sales"))
WATCHED = """\
apiVersion: v3.1.0
kind: DataContract
id: 1f0f7f52-3c0b-47d4-8ad5-0c5f43d2f6b2
version: 2.0.0
status: active
schema:
  - name: stock
    physicalName: stock_fact
    properties:
      - name: day
        logicalType: date
"""


def suimon(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture
def watched(tmp_path: Path) -> str:
    path = tmp_path / "stock.odcs.yaml"
    path.write_text(WATCHED, encoding="utf-8")
    return str(path)


def test_lint_says_in_plain_lines_what_each_contract_does(watched: str) -> None:
    result = suimon("contract", "lint", SALES, watched)
    assert result.exit_code == 0
    sales, stock, count = result.stdout.splitlines()
    assert re.fullmatch(
        r"sales \d+\.\d+\.\d+: sales/\{ds\}/sales_data\.csv opens daily_sales_etl; 7 columns, \d+ rules", sales
    )
    assert stock == "stock 2.0.0: table stock_fact is watched"
    assert count == "2 contracts, no problems"


def test_lint_warns_of_more_runs_at_once_than_the_glue_job_takes(tmp_path: Path) -> None:
    text = Path(SALES).read_text(encoding="utf-8").replace("    value: 4\n", "    value: 12\n")
    other = re.sub("sales_data|daily_sales_etl|sales_fact|name: sales|sales", lambda one: f"x{one[0]}", text)
    other = other.replace("xname: sales", "name: xsales")
    for name, content in (("a", text), ("b", other)):
        (tmp_path / f"{name}.odcs.yaml").write_text(content, encoding="utf-8")
    files = [str(tmp_path / f"{name}.odcs.yaml") for name in "ab"]
    both = suimon("contract", "lint", *files)
    assert both.exit_code == 0, both.output
    assert "may start 24 runs of the Glue job at once, which takes 20" in both.stderr
    assert "sales 12, xsales 12" in both.stderr
    assert suimon("contract", "lint", files[0]).stderr == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_lint_prints_no_control_character_of_a_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    """Neither of one that is sound nor of one that is refused."""
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "200")
    text = re.sub(r"(?m)^version: .*", r'version: "1\\e]0;T\\a\\n2"', Path(SALES).read_text(encoding="utf-8"))
    path = tmp_path / "c.odcs.yaml"
    for text_of_contract in (text, text + '"\\e[31mred\\n": x\n'):
        path.write_text(text_of_contract, encoding="utf-8")
        result = suimon("contract", "lint", str(path))
        told = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)  # the terminal's own colours
        assert not re.search(r"[\x00-\x09\x0b-\x1f]", told + result.stderr)
        assert r"\x1b" in told + result.stderr


def test_lint_shows_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch, watched: str) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    result = suimon("contract", "lint", SALES, watched)
    heading, *rows = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout).splitlines()
    assert heading.split() == ["dataset", "version", "files", "DAG", "columns", "rules"]
    assert rows[0].split()[:5:2] == ["sales", "sales/{ds}/sales_data.csv", "7"]
    assert "table stock_fact is watched" in rows[1]
    assert rows[-1] == "2 contracts, no problems"


def test_lint_tells_each_problem_where_it_is_and_ends_with_their_count(tmp_path: Path) -> None:
    path = tmp_path / "bad.odcs.yaml"
    text = Path(SALES).read_text(encoding="utf-8")
    path.write_text(text.replace("unit: d", "unit: m").replace("value: 1\n", "value: one\n"), encoding="utf-8")
    result = suimon("contract", "lint", str(path), SALES)
    assert result.exit_code == 2
    assert result.stdout == ""
    *problems, count = result.stderr.splitlines()
    assert all(re.match(re.escape(str(path)) + r":\d+: slaProperties\[0\]\.\w+: ", problem) for problem in problems)
    assert "slaProperties[0].unit: 'm' is not enforced; write min, h or d" in problems[-1]
    assert count == f"{len(problems)} problems in 1 file"


def test_lint_without_any_contract_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = suimon("contract", "lint")
    assert result.exit_code == 2
    assert "no datasets/*/contract.odcs.yaml here" in result.stderr


def test_compile_writes_the_compiled_contracts(tmp_path: Path) -> None:
    out = tmp_path / "contracts.json"
    result = suimon("contract", "compile", "--out", str(out), SALES)
    assert result.exit_code == 0
    assert result.stdout == f"{out}: 1 contract\n"
    assert [contract["dataset"] for contract in json.loads(out.read_text())["contracts"]] == ["sales"]


def test_compile_writes_nothing_for_a_bad_contract(tmp_path: Path) -> None:
    bad, out = tmp_path / "bad.odcs.yaml", tmp_path / "contracts.json"
    bad.write_text("kind: DataContract\n", encoding="utf-8")
    result = suimon("contract", "compile", "--out", str(out), SALES, str(bad))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{bad}:1: ")
    assert not out.exists()


def test_compile_that_cannot_write_says_why(tmp_path: Path) -> None:
    result = suimon("contract", "compile", "--out", str(tmp_path / "gone" / "contracts.json"), SALES)
    assert result.exit_code == 2
    assert "cannot be written: No such file or directory" in result.stderr

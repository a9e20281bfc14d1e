"""From a file to a dataset that can be deployed: one command proposes it, one says all that is wrong with it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suimon.cli.main import main
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import compile_contracts

CONTENT = "注文番号,日付,氏名,数量\n" + "".join(f"A{n:03},2026-11-20,山田{n},{n}\n" for n in range(30))
FILES = [f"golden/2026-11-20{ending}" for ending in (".bad.csv", ".bad.txt", ".csv", ".rows.txt")]


def suimon(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SUIMON_DATASETS", str(tmp_path / "datasets"))
    path = tmp_path / "orders_20261120.csv"
    path.write_text(CONTENT, encoding="utf-8")
    return str(path)


def decide(tmp_path: Path, **changes: str) -> Path:
    contract = tmp_path / "datasets" / "orders" / "contract.odcs.yaml"
    text = contract.read_text(encoding="utf-8").replace("# DECIDE: ", "# ")
    for old, new in changes.items():
        text = text.replace(old, new)
    contract.write_text(text, encoding="utf-8")
    return contract.parent


def test_a_proposal_is_one_folder_in_which_nothing_is_wrong_once_all_is_decided(tmp_path: Path, sample: str) -> None:
    made = suimon("dataset", "new", "orders", "--from", sample)
    assert made.exit_code == 0, made.output
    assert made.output.endswith("then: suimon dataset check orders --rewrite\n")
    folder = tmp_path / "datasets" / "orders"
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert written == ["contract.odcs.yaml", *FILES, "table.sql"]
    assert not any("山田" in path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())

    undecided = suimon("dataset", "check", "orders")
    marks = (folder / "contract.odcs.yaml").read_text(encoding="utf-8").count("# DECIDE: ")
    assert (undecided.exit_code, undecided.output.count("is marked DECIDE")) == (1, marks)
    assert marks <= 12
    assert (
        "is marked DECIDE: where is the file of a business date dropped? (then take the mark out)" in undecided.output
    )

    decide(tmp_path)
    checked = suimon("dataset", "check", "orders")
    assert (checked.exit_code, checked.output) == (
        0,
        "orders: nothing is wrong. In a twin that is up (make up): suimon dataset try orders FILE\n",
    )


@pytest.mark.parametrize("kept", range(4))
def test_any_mark_that_is_left_keeps_the_dataset_out_of_lint_check_and_build(
    tmp_path: Path, sample: str, kept: int
) -> None:
    suimon("dataset", "new", "orders", "--from", sample)
    contract = tmp_path / "datasets" / "orders" / "contract.odcs.yaml"
    before, *marked = contract.read_text(encoding="utf-8").split("# DECIDE: ")
    assert len(marked) > kept
    signs = ("# DECIDE: " if number == kept else "# " for number in range(len(marked)))
    contract.write_text(before + "".join(map("".join, zip(signs, marked, strict=True))), encoding="utf-8")
    compiled = tmp_path / "contracts.json"
    for command in (
        ("contract", "lint"),
        ("dataset", "check", "orders"),
        ("contract", "compile", "--out", str(compiled)),
        ("warehouse", "describe", "--out", str(tmp_path)),
    ):
        refused = suimon(*command)
        assert (refused.exit_code != 0, refused.output.count("is marked DECIDE: ")) == (True, 1), refused.output
    with pytest.raises(ContractFileError, match="is marked DECIDE: "):  # as functions/build.py does for each artifact
        compile_contracts([contract], compiled)
    assert not compiled.exists()


def test_what_follows_from_a_changed_contract_is_written_anew_on_demand(tmp_path: Path, sample: str) -> None:
    suimon("dataset", "new", "orders", "--from", sample)
    folder = decide(tmp_path, column_1="order_no")
    told = suimon("dataset", "check", "orders")
    assert told.exit_code == 1
    assert "so they must be order_no" in told.output

    mended = suimon("dataset", "check", "orders", "--rewrite")
    assert mended.exit_code == 0, mended.output
    assert f"rewritten: {folder / 'table.sql'}" in mended.output
    assert "order_no VARCHAR" in (folder / "table.sql").read_text(encoding="utf-8")
    assert "rewritten" not in suimon("dataset", "check", "orders", "--rewrite").output


def test_a_dataset_is_written_over_only_when_forced(tmp_path: Path, sample: str) -> None:
    folder = tmp_path / "datasets" / "orders" / "golden"
    folder.mkdir(parents=True)
    (folder / "mine.csv").touch()
    refused = suimon("dataset", "new", "orders", "--from", sample)
    assert (refused.exit_code, (folder / "mine.csv").exists()) == (2, True)
    assert "orders exists" in refused.stderr
    assert suimon("dataset", "new", "orders", "--from", sample, "--force").exit_code == 0
    assert sorted(f"golden/{path.name}" for path in folder.iterdir()) == FILES


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders", b"", "is empty"),
        ("orders", bytes(range(256)), "binary"),
        ("Orders", b"a,b\n1,2\n", "no name of a dataset"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(
    tmp_path: Path, sample: str, name: str, content: bytes, said: str
) -> None:
    Path(sample).write_bytes(content)
    result = suimon("dataset", "new", name, "--from", sample)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "datasets").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, sample: str) -> None:
    (tmp_path / "datasets").touch()
    result = suimon("dataset", "new", "orders", "--from", sample)
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_a_dataset_that_is_not_there_is_told_with_those_that_are(sample: str) -> None:
    suimon("dataset", "new", "orders", "--from", sample)
    result = suimon("dataset", "check", "oders")
    assert result.exit_code == 2
    assert "datasets of" in result.stderr
    assert result.stderr.endswith("orders\n")

"""`suimon check` around the engine: what it is given, what it writes, how it ends. The engine is a fake here."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from suimon.check.engine import CheckError
from suimon.check.source import LocalFile
from suimon.check.verdict import BadCell, Code, RuleCount, Verdict
from suimon.cli import check
from suimon.cli.main import main
from tests.datasets import contract_file

ROOT = Path(__file__).parents[3]
SALES = str(contract_file("sales"))
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
ACCEPTED = Verdict(accepted=True, rows=3)
REJECTED = Verdict(
    accepted=False,
    rows=3,
    bad_cells=(BadCell(Code.TYPE_ERROR, 2, 1, "quantity", "=1a\x1b", {"type": "integer", "bits": 32}),),
    counts=(RuleCount(Code.TYPE_ERROR, "quantity", 1, {"type": "integer", "bits": 32}),),
)


class Engine:
    """Returns one answer, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Verdict | BaseException | Callable[..., Verdict] = ACCEPTED
        self.asked: dict[str, Any] = {}

    def __call__(self, source: Any, contract: Any, partition: str | None, **options: Any) -> Verdict:
        self.asked = {"source": source, "contract": contract, "partition": partition, **options}
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer if isinstance(self.answer, Verdict) else self.answer(**self.asked)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    fake = Engine()
    monkeypatch.setattr(check, "judge", fake)
    return fake


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "sales.csv"
    path.write_text("anything", encoding="utf-8")
    return str(path)


def suimon(*arguments: str) -> Result:
    return CliRunner().invoke(main, ("check", *arguments), catch_exceptions=False)


def test_the_engine_is_asked_for_the_file_as_the_contract_says(engine: Engine, file: str) -> None:
    result = suimon(file, "--contract", SALES, "--partition", "2026-11-20", "--limit", "7")
    assert result.exit_code == 0
    assert engine.asked["source"] == LocalFile(Path(file))
    assert (engine.asked["contract"].dataset, engine.asked["partition"]) == ("sales", "2026-11-20")
    assert (engine.asked["limit"], engine.asked["aside"], engine.asked["progress"]) == (7, None, None)
    assert not engine.asked["scratch"].exists()  # it is gone with the verdict


def test_a_dataset_names_its_contract(engine: Engine, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert suimon(file, "--contract", "sales").exit_code == 0
    assert engine.asked["contract"].dataset == "sales"


@pytest.mark.usefixtures("engine")
def test_a_contract_that_is_nowhere_is_told_with_both_places(file: str) -> None:
    result = suimon(file, "--contract", "slaes")
    assert result.exit_code == 2
    assert "neither a file slaes nor datasets/slaes/contract.odcs.yaml" in result.stderr


@pytest.mark.parametrize(("verdict", "status"), [(ACCEPTED, 0), (REJECTED, 1)])
def test_the_exit_status_is_the_verdict(engine: Engine, file: str, verdict: Verdict, status: int) -> None:
    engine.answer = verdict
    assert suimon(file, "--contract", SALES).exit_code == status


@pytest.mark.parametrize(
    "error", [CheckError("no room\x1b"), PermissionError(13, "Permission denied"), OSError(28, "No space left")]
)
def test_no_verdict_exits_with_2_and_without_traceback(engine: Engine, file: str, error: Exception) -> None:
    engine.answer = error
    result = suimon(file, "--contract", SALES)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") <= 2
    assert "\x1b" not in result.stderr


def test_an_interruption_is_no_verdict(engine: Engine, file: str) -> None:
    engine.answer = KeyboardInterrupt()
    result = suimon(file, "--contract", SALES)
    assert result.exit_code == 130
    assert "no verdict" in result.stderr


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("gone.csv", "gone.csv does not exist"),
        (".", ". is no file"),
        ("s3://", "write s3://bucket/key"),
        ("s3://raw", "write s3://bucket/key"),
        ("s3://raw/key?versionId=", "write s3://bucket/key"),
    ],
)
def test_a_file_that_is_none_exits_with_2(path: str, said: str) -> None:
    result = suimon(path, "--contract", SALES)
    assert result.exit_code == 2
    assert said in result.stderr


def test_json_is_one_object_and_nothing_else(engine: Engine, file: str) -> None:
    engine.answer = REJECTED
    result = suimon(file, "--contract", SALES, "--json", "--lang", "ja", "--partition", "2026-11-20")
    answer = json.loads(result.stdout)
    jsonschema.validate(answer, SCHEMA)
    assert result.stderr == ""
    assert (answer["dataset"], answer["contract_version"], answer["partition"]) == ("sales", "1.0.0", "2026-11-20")
    assert answer["partition_checked"]
    assert answer["cells"] == [
        {
            "code": "type-error",
            "message": "整数（-2,147,483,648～2,147,483,647）ではありません",
            "line": 2,
            "record": 1,
            "column": "quantity",
            "label": "quantity",
            "value": "=1a\x1b",
        }
    ]
    assert "\x1b" not in result.stdout


def test_the_answer_is_in_the_language_asked_for(engine: Engine, file: str) -> None:
    engine.answer = REJECTED
    result = suimon(file, "--contract", SALES, "--lang", "ja")
    assert "不合格" in result.stdout
    assert "整数（-2,147,483,648～2,147,483,647）ではありません" in result.stdout
    assert "--partition" in result.stderr


def test_a_report_is_three_files(engine: Engine, file: str, tmp_path: Path) -> None:
    engine.answer = REJECTED
    folder = tmp_path / "new" / "report"
    result = suimon(file, "--contract", SALES, "--report", str(folder), "--partition", "2026-11-20")
    assert result.exit_code == 1
    assert "report.html" in result.stdout
    assert {path.name for path in folder.iterdir()} == {"report.json", "bad_cells.jsonl", "report.html"}
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, SCHEMA)
    assert (report["file"], report["dataset"], report["partition"]) == (file, "sales", "2026-11-20")
    assert json.loads((folder / "bad_cells.jsonl").read_text(encoding="utf-8"))["line"] == 2
    assert "<!doctype html>" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("set_aside", [0, 1])
def test_rows_set_aside_are_kept_only_if_there_are_any(
    engine: Engine, file: str, tmp_path: Path, set_aside: int
) -> None:
    contract = tmp_path / "tolerant.odcs.yaml"
    text = Path(SALES).read_text(encoding="utf-8")
    contract.write_text(f"{text}\n  - property: tolerance\n    value:\n      maxRows: 5\n", encoding="utf-8")

    def answer(*, aside: Any, **_: Any) -> Verdict:
        for path in (aside.accepted, aside.bad):
            path.write_text("rows", encoding="utf-8")
        return Verdict(accepted=True, rows=3, set_aside=set_aside)

    engine.answer = answer
    result = suimon(file, "--contract", str(contract), "--report", str(tmp_path / "report"))
    assert result.exit_code == 0
    assert ((tmp_path / "report" / "accepted.csv").exists(), (tmp_path / "report" / "bad_rows.csv").exists()) == (
        bool(set_aside),
        bool(set_aside),
    )


@pytest.mark.parametrize("name", check.OUTPUTS)
def test_a_report_is_never_written_over_the_file_that_is_checked(engine: Engine, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("mine", encoding="utf-8")
    result = suimon(str(file), "--contract", SALES, "--report", str(tmp_path))
    assert result.exit_code == 2
    assert "name another folder" in result.stderr
    assert file.read_text(encoding="utf-8") == "mine"
    assert engine.asked == {}


@pytest.mark.usefixtures("engine")
def test_a_report_is_never_written_over_the_contract(file: str, tmp_path: Path) -> None:
    contract = tmp_path / "sales.odcs.yaml"
    contract.write_bytes(Path(SALES).read_bytes())
    (tmp_path / "report.json").symlink_to(contract)
    assert suimon(file, "--contract", str(contract), "--report", str(tmp_path)).exit_code == 2
    assert contract.read_bytes() == Path(SALES).read_bytes()


@pytest.mark.usefixtures("engine")
def test_without_a_tolerance_a_file_that_is_called_like_rows_set_aside_is_left_alone(file: str, tmp_path: Path) -> None:
    (tmp_path / "accepted.csv").write_text("mine", encoding="utf-8")
    assert suimon(file, "--contract", SALES, "--report", str(tmp_path)).exit_code == 0
    assert (tmp_path / "accepted.csv").read_text(encoding="utf-8") == "mine"


def test_a_check_that_breaks_off_leaves_earlier_rows_and_nothing_of_its_own(
    engine: Engine, file: str, tmp_path: Path
) -> None:
    contract, folder = tmp_path / "tolerant.odcs.yaml", tmp_path / "report"
    text = Path(SALES).read_text(encoding="utf-8")
    contract.write_text(f"{text}\n  - property: tolerance\n    value:\n      maxRows: 5\n", encoding="utf-8")
    folder.mkdir()
    (folder / "accepted.csv").write_text("earlier", encoding="utf-8")

    def answer(*, aside: Any, **_: Any) -> Verdict:
        aside.accepted.write_text("half", encoding="utf-8")
        raise CheckError("no room")

    engine.answer = answer
    assert suimon(file, "--contract", str(contract), "--report", str(folder)).exit_code == 2
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == {"accepted.csv": "earlier"}


def test_the_report_says_that_the_business_date_was_not_checked(engine: Engine, file: str, tmp_path: Path) -> None:
    engine.answer = ACCEPTED
    suimon(file, "--contract", SALES, "--report", str(tmp_path))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, SCHEMA)
    assert (report["partition"], report["partition_checked"]) == (None, False)
    assert "Not checked: the business date." in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_contract_with_problems_is_told_as_by_lint(file: str, tmp_path: Path) -> None:
    contract = tmp_path / "x.odcs.yaml"
    contract.write_text(Path(SALES).read_text(encoding="utf-8") + "\nunknown: 1\n", encoding="utf-8")
    result = suimon(file, "--contract", str(contract))
    assert (result.exit_code, result.stderr) == (2, suimon_lint(contract))


def suimon_lint(contract: Path) -> str:
    return CliRunner().invoke(main, ("contract", "lint", str(contract))).stderr


def test_an_unexpected_error_is_no_verdict(engine: Engine, file: str) -> None:
    engine.answer = RuntimeError("that was\nnot foreseen")
    result = suimon(file, "--contract", SALES)
    assert result.exit_code == 2
    assert result.stderr == "Error: unexpected RuntimeError: that was not foreseen\n"


SAMPLE = ROOT / "docs" / "sample" / "sales_data.csv"
GOOD = "order_id,order_date,customer_id,product_name,quantity,unit_price,amount\nA1,2026-11-20,C1,緑茶,1,1.00,1.00\n"


@pytest.mark.process
@pytest.mark.parametrize(
    "options",  # of the good file and of the bad one
    [("--lang=en", "--json"), pytest.param(("--json", "--lang=en"), marks=pytest.mark.long)],
    ids=" ".join,
)
@pytest.mark.parametrize(
    ("redirection", "accepted", "rejected"),
    [("| true", 0, 1), (">&-", 0, 1), (">&- 2>&-", 0, 1), ("2>&1 | true", 0, 1), (">/dev/full", 2, 2)],
)
def test_a_lost_answer_changes_no_verdict_into_another(
    tmp_path: Path, options: tuple[str, str], redirection: str, accepted: int, rejected: int
) -> None:
    good = tmp_path / "good.csv"
    good.write_text(GOOD, encoding="utf-8")
    for path, status, option in zip((good, SAMPLE), (accepted, rejected), options, strict=True):
        line = (
            f"{sys.executable} -c 'from suimon.cli.main import main; main()' check {path} --contract {SALES} "
            f"{option} --partition 2026-11-20"
        )
        wait = line if "|" not in redirection else f"(sleep 0.1; exec {line})"
        ended = subprocess.run(
            ["bash", "-c", f"{wait} {redirection}; exit ${{PIPESTATUS[0]}}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == status, ended.stderr
        assert "Traceback" not in ended.stderr
        assert "Exception ignored" not in ended.stderr


def test_a_report_that_cannot_be_written_exits_with_2(engine: Engine, file: str) -> None:
    engine.answer = REJECTED
    result = suimon(file, "--contract", SALES, "--report", f"{file}/report")
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_on_a_terminal_progress_is_shown_and_goes_away(
    engine: Engine, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(*, progress: Callable[[int], None], **_: Any) -> Verdict:
        for done in (0, 4, 8):
            progress(done)
        return ACCEPTED

    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    monkeypatch.setenv("TERM", "xterm")
    engine.answer = answer
    result = suimon(file, "--contract", SALES)
    assert result.exit_code == 0
    assert "100%" in result.stderr
    assert "%" not in result.stdout


def test_a_terminal_that_cannot_show_japanese_gets_english(engine: Engine, file: str) -> None:
    engine.answer = REJECTED
    runner = CliRunner(charset="ascii")
    result = runner.invoke(main, ["check", file, "--contract", SALES, "--lang", "ja"], catch_exceptions=False)
    assert result.exit_code == 1
    assert result.stdout_bytes.startswith(b"rejected ")
    assert result.stdout_bytes.isascii()

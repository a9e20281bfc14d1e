"""What is tolerated is a record, and after a fault of quoting nothing is one: no row is loaded that nobody sent."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from suimon.check.engine import Aside, check_file
from suimon.check.verdict import Code, Verdict
from suimon.contract.file import Column, FileFormat, Tolerance
from suimon.contract.model import Contract

CONTRACT = Contract(
    "t",
    "1",
    "t",
    file=FileFormat(),
    columns=(Column("id", "integer", required=True), Column("note", "string")),
    tolerance=Tolerance(max_rows=2),
)
Judge = Callable[..., tuple[Verdict, str]]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Check with rows set aside, as the gate does; return what was accepted, too."""

    def run(text: str, contract: Contract = CONTRACT) -> tuple[Verdict, str]:
        path, aside = tmp_path / "file.csv", Aside(tmp_path / "accepted.csv", tmp_path / "bad.csv")
        path.write_text(text, encoding="utf-8", newline="")
        aside.accepted.unlink(missing_ok=True)
        verdict = check_file(path, contract, None, scratch=tmp_path, aside=aside)
        return verdict, aside.accepted.read_text(encoding="utf-8") if aside.accepted.exists() else ""

    return run


@pytest.mark.parametrize(
    "text",
    [
        '1,"He said "hi\n2,fabricated\n" there"\n3,ok\n',
        '1,"open\n2,x\n3,"q"\n4,x\n',
        '1,a "quoted"\n2,ok\n3,ok\n',
        '1,"a\r2,b"\rx\n3,ok\n4,ok\n',
        '1,"a" b\n2,ok\n3,ok\n',
        '1,ok\n2,"never closed\n3,x\n4,x\n',
    ],
)
def test_a_fault_of_quoting_rejects_the_file_whatever_is_tolerated(judge: Judge, text: str) -> None:
    verdict, accepted = judge("id,note\n" + text)
    assert (verdict.accepted, verdict.set_aside, accepted) == (False, 0, "")


def test_a_lost_quote_that_swallows_records_says_from_where_to_where(judge: Judge) -> None:
    lines = [f"{number},x" for number in range(2, 1000)]
    verdict, _ = judge("\n".join(["id,note", '1,"open', *lines, '1000,"q"', "1001,x", ""]))
    assert not verdict.accepted
    first = verdict.bad_cells[0]
    assert (first.code, first.line, first.details["to"]) == (Code.QUOTE_ERROR, 2, 1001)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ('1,ok\nx,"a\nb"\n3,ok\n4,ok\n', True),  # two lines, two are tolerated
        ('1,ok\nx,"a\nb\nc"\n3,ok\n4,ok\n', False),  # three
        ('1,ok\n2,"a\nb",more\n3,ok\n4,ok\n', True),
        ('1,ok\n2,"a\nb\nc",more\n3,ok\n4,ok\n', False),
        ('1,ok\n3,ok\n4,ok\n2,"a\nb\nc",more', False),  # not ended
        ('1,"a\nb\nc\nd"\nx,ok\n', True),  # good ones may have as many as they like
    ],
)
def test_each_line_of_a_bad_record_counts(judge: Judge, text: str, accepted: bool) -> None:  # noqa: FBT001 pytest's way
    assert judge("id,note\n" + text)[0].accepted is accepted


def test_a_share_counts_lines_too(judge: Judge) -> None:
    half = replace(CONTRACT, tolerance=Tolerance(max_percent="50"))
    assert judge('id,note\n1,ok\n2,ok\nx,"a\nb"\n', half)[0].accepted
    assert not judge('id,note\n1,ok\n2,ok\nx,"a\nb\nc"\n', half)[0].accepted


@pytest.mark.parametrize("text", ["1,2\n3\n", "1,2\n3,4,5\n", "1\n2,2\n", "1,\0\n2,2\n"])
def test_a_contract_without_rules_gets_its_verdict(judge: Judge, text: str) -> None:
    plain = replace(CONTRACT, columns=(Column("a", "string"), Column("b", "string")), tolerance=Tolerance(max_rows=5))
    verdict, accepted = judge("a,b\n" + text, plain)
    assert (verdict.accepted, verdict.set_aside, accepted.count("\n")) == (True, 1, 2)


def test_a_dialect_without_quotes_knows_where_each_record_starts(judge: Judge) -> None:
    unquoted = replace(CONTRACT, file=FileFormat(quote=""))
    verdict, accepted = judge('id,note\n1,5" pipe\n2,a\rb\n3,c,d\n4,ok\n', unquoted)
    assert verdict.accepted, verdict.bad_cells
    assert (verdict.set_aside, "2," in accepted) == (2, False)

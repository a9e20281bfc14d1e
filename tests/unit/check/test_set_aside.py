"""Bad records set aside: good ones go on as they were sent, in plain form; together they are the whole file."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suimon.check import segments, whole_file
from suimon.check.engine import Aside, CheckError, check_file
from suimon.check.set_aside import write_aside
from suimon.contract.file import Column, FileFormat, Tolerance
from suimon.contract.model import Contract

COLUMNS = (Column("id", "integer", required=True), Column("note", "string"))
CONTRACT = Contract("t", "1", "t", file=FileFormat(), columns=COLUMNS, tolerance=Tolerance(max_percent="60"))
Apart = Callable[..., tuple[list[list[str]], list[list[str]]]]


def rows(path: Path, delimiter: str) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter, strict=True))


@pytest.fixture(params=[True, False], ids=["kernel", "duckdb"])
def apart(tmp_path: Path, request: pytest.FixtureRequest) -> Apart:
    """Check a text; return the rows that go on and those that do not."""

    def run(text: str, contract: Contract = CONTRACT, **dialect: Any) -> tuple[list[list[str]], list[list[str]]]:
        path, aside = tmp_path / "file.csv", Aside(tmp_path / "accepted.csv", tmp_path / "bad.csv")
        assert contract.file
        changed = replace(contract, file=replace(contract.file, **dialect))
        path.write_bytes(text.encode(dialect.get("encoding", "utf-8")))
        verdict = check_file(path, changed, None, scratch=tmp_path, aside=aside, kernel=request.param)
        assert verdict.set_aside == 1, verdict.counts
        plain = replace(changed, file=changed.file and changed.file.plain())
        again = check_file(aside.accepted, plain, None, scratch=tmp_path, kernel=request.param)
        assert (again.accepted, again.rows) == (True, verdict.accepted_rows)
        delimiter = changed.file.delimiter if changed.file else ","
        return rows(aside.accepted, delimiter), rows(aside.bad, delimiter)

    return run


@pytest.mark.parametrize(
    ("text", "dialect", "good"),
    [
        ('id,note\n1,a\nx,b\n2,"c ""d"", e"\n3,', {}, [["1", "a"], ["2", 'c "d", e'], ["3", ""]]),
        ('id,note\r\n1,a\r\nx,b\r\n2,"c\r\nd"\r\n', {}, [["1", "a"], ["2", "c\r\nd"]]),
        (
            "id;note\n1;'a \"b\"; c'\nx;b\n2;d \"e\"\n",
            {"delimiter": ";", "quote": "'"},
            [["1", 'a "b"; c'], ["2", 'd "e"']],
        ),
        ('id,note\n1,a "b"\nx,b\n2,"\n', {"quote": ""}, [["1", 'a "b"'], ["2", '"']]),
        ('id,note\n1,"a \\"b\\" \\\\"\nx,b\n2,c\n', {"escape": "\\"}, [["1", 'a "b" \\'], ["2", "c"]]),
        ("# one, two\nid,note\n# x\n1,a\n# y\nx,b\n2,c\n# z\n", {"comment": "#"}, [["1", "a"], ["2", "c"]]),
        ("note,id\na,1\nb,x\n,2\n", {"header_order": "free"}, [["1", "a"], ["2", ""]]),
        ("id,more,note\n1,m,a\nx,m,b\n2,m,c\n", {"extra_columns": "ignore"}, [["1", "a"], ["2", "c"]]),
        ("id,note\n1,山\nx,田\n2,太\n", {"encoding": "cp932"}, [["1", "山"], ["2", "太"]]),
        ("id,note\n1,山\nx,田\n2,太\n", {"encoding": "utf-16"}, [["1", "山"], ["2", "太"]]),
        ("id,note\n1,a\nx,b\n2,c\r\n3,d\n", {}, [["1", "a"], ["2", "c"], ["3", "d"]]),
    ],
)  # fmt: skip
def test_good_records_go_on_in_plain_form_whatever_the_dialect(
    apart: Apart, text: str, dialect: dict[str, Any], good: list[list[str]]
) -> None:
    accepted, bad = apart(text, **dialect)
    assert accepted == [["id", "note"], *good]
    assert [row[2] for row in bad[1:]] == ["type-error id"]


def test_an_empty_cell_that_is_all_of_a_record_is_no_blank_line(apart: Apart) -> None:
    one = replace(CONTRACT, columns=(Column("note", "string", max_length=1),))
    accepted, _ = apart('note\na\n""\nlong\n', one)
    assert accepted == [["note"], ["a"], [""]]


def test_of_a_record_a_hundred_reasons_are_given(apart: Apart) -> None:
    wide = replace(CONTRACT, columns=tuple(Column(f"c{place}", "integer") for place in range(150)))
    text = "\n".join(",".join(cells) for cells in ([f"c{place}" for place in range(150)], ["1"] * 150, ["x"] * 150))
    _, bad = apart(text + "\n", wide)
    reasons = bad[1][2].split("; ")
    assert reasons == [*(f"type-error c{place}" for place in range(100)), "and more"]
    _, bad = apart(text.replace("x", "\x1b") + "\n", wide)
    assert bad[1][2].split("; ") == [*(f"control-character c{place}" for place in range(100)), "and more"]


@pytest.mark.parametrize("size", [16, 1_000], ids=["in pieces", "whole"])  # alone, a piece may hold no bad record
@pytest.mark.parametrize(
    "later",
    [
        b"id,note\n1,a\nx,b\n2,c,d\n",
        b"id,note\n1,a\nx,b\n2\n3\n4\n",
        b"id,note\n1,a\nx,b\n",
        b'id,note\n"1,a\nx,b\n2,c\n',
        b'id,note\n1,a\nx,b\n2,"c\n',
        b"id,note\n",
    ],
)
def test_a_file_that_changes_before_it_is_parted_is_not_parted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: bytes, size: int
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"id,note\n1,a\nx,b\n2,c\n")
    monkeypatch.setattr(segments, "SEGMENT_BYTES", size)

    def changed(*arguments: Any) -> None:
        path.write_bytes(later)
        write_aside(*arguments)

    monkeypatch.setattr(whole_file, "write_aside", changed)
    with pytest.raises(CheckError, match="the file has changed while it was checked"):
        check_file(path, CONTRACT, None, scratch=tmp_path, aside=Aside(tmp_path / "accepted.csv", tmp_path / "bad.csv"))

"""Files whose structure is broken: found, placed and named, and never read as something they are not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from suimon.check.engine import CheckError, check_file
from suimon.check.verdict import Code, Verdict
from suimon.contract.file import Column, FileFormat, Metric, Trailer
from suimon.contract.model import Contract

Check = Callable[..., Verdict]

CONTRACT = Contract(
    "x",
    "1",
    "x",
    file=FileFormat(),
    columns=(Column("a", "string"), Column("b", "string"), Column("c", "integer", minimum="0")),
    metrics=(Metric("rowCount", minimum="1", text="at least 1"),),
)
LONG = b"x" * 2_100_000


@pytest.mark.parametrize(
    ("contents", "wanted"),
    [
        (b"", [(Code.EMPTY_FILE, None, None, None)]),
        (b"a,b,c\n", [(Code.ROW_COUNT_ERROR, None, None, None)]),
        (b"a,b,c", [(Code.ROW_COUNT_ERROR, None, None, None)]),
        (b"\xef\xbb\xbfa,b,c\n1,2,3\n", [(Code.BYTE_ORDER_MARK, 1, None, None)]),
        (b"1,2,3\n4,5,6\n", [(Code.MISSING_HEADER, 1, None, None)]),
        (b"\na,b,c\n4,5,6\n", [(Code.BLANK_ROW, 1, None, None), (Code.MISSING_HEADER, 1, None, None)]),
        (b"a,b\n1,2\n", [(Code.MISSING_LABEL, 1, None, "c")]),
        (b"a,b,c,d\n1,2,3,4\n", [(Code.EXTRA_LABEL, 1, None, None)]),
        (b"a,b,b,c\n1,2,3,4\n", [(Code.DUPLICATE_LABEL, 1, None, "b")]),
        (b"b,a,c\n1,2,3\n", [(Code.MISPLACED_LABEL, 1, None, "a"), (Code.MISPLACED_LABEL, 1, None, "b")]),
        (b"a,B,c\n1,2,3\n", [(Code.MISSING_LABEL, 1, None, "b"), (Code.EXTRA_LABEL, 1, None, None)]),
        (b"a, b,c\n1,2,3\n", [(Code.MISSING_LABEL, 1, None, "b"), (Code.EXTRA_LABEL, 1, None, None)]),
        (b"a,b,c\n1,2,3\n\n4,5,6\n", [(Code.BLANK_ROW, 3, None, None)]),
        (b"a,b,c\n1,2,3\n\n", [(Code.BLANK_ROW, 3, None, None)]),
        (b"a,b,c\n1,2,3\n4,5\n", [(Code.MISSING_CELL, 3, 2, None)]),
        (b"a,b,c\n1,2,3\n4,5,6,7\n", [(Code.EXTRA_CELL, 3, 2, None)]),
        (b"a,b,c\n1,2,3\n4,5,6,\n", [(Code.EXTRA_CELL, 3, 2, None)]),
        (b'a,b,c\n1,"2"x,3\n4,5,6\n', [(Code.QUOTE_ERROR, 2, 1, None)]),
        (b'a,b,c\n1,"2" ,3\n4,5,6\n', [(Code.QUOTE_ERROR, 2, 1, None)]),
        (b'a,b,c\n1, "2",3\n4,5,6\n', [(Code.QUOTE_ERROR, 2, 1, None)]),
        (b'a,b,c\n1,2"x,3\n4,5,6\n', [(Code.QUOTE_ERROR, 2, 1, None)]),
        (b'a,b,c\n1,"\n"2" ,3\n4,5,6\n', [(Code.QUOTE_ERROR, 2, 1, None)]),
        (b'a,b,c\n1,2,3\n4,"5,6\n7,8,9\n', [(Code.UNTERMINATED_QUOTE, 3, 2, None)]),
        (b'a,b,c\n1,2,"', [(Code.UNTERMINATED_QUOTE, 2, 1, None)]),
        (b"a,b,c\n1,2\r3,4\n", [(Code.LINE_ENDING_ERROR, 2, 1, None)]),
        (b"a,b,c\n1,2,3\r", [(Code.LINE_ENDING_ERROR, 2, 1, None)]),
        (b"a,b,c\n1,\xff\xfe,3\n", [(Code.ENCODING_ERROR, 2, 1, "b")]),
        (b'a,b,c\n"\n",\x83\x41,3\n', [(Code.ENCODING_ERROR, 3, 1, "b")]),
        (b"a,b,c\n1,\xed\xa0\x80,3\n", [(Code.ENCODING_ERROR, 2, 1, "b")]),
        (b"a,b\xff,c\n1,2,3\n", [(Code.ENCODING_ERROR, 1, None, None), (Code.MISSING_LABEL, 1, None, "b"),
                                      (Code.EXTRA_LABEL, 1, None, None)]),
        (b"a,b,c\n1,x\0,3\n", [(Code.NULL_BYTE, 2, 1, "b")]),
        (b"a,b,c\n1,2,3\n" + LONG + b",5,6\n7,8,9\n", [(Code.RECORD_TOO_LONG, 3, 2, None)]),
        (b'a,b,c\n1,2,3\n4,"\n' + LONG + b",5,6\n7,8,9\n", [(Code.UNTERMINATED_QUOTE, 3, 2, None)]),
        ("a,b,c\n1,2,3\n".encode("utf-16"), [(Code.MISSING_HEADER, 1, None, None)]),
    ],
)  # fmt: skip
def test_a_broken_structure_is_found_where_it_is(
    check: Check, contents: bytes, wanted: list[tuple[Code, int | None, int | None, str | None]]
) -> None:
    verdict = check(contents, CONTRACT, None)
    places = [(cell.code, cell.line, cell.record, cell.column) for cell in verdict.bad_cells]
    if contents[:2] == b"\xff\xfe":  # what else is wrong with UTF-16 is many
        assert wanted[0] in places
    else:
        assert places == wanted
    assert not verdict.accepted


@pytest.mark.parametrize(
    "contents",
    [
        b"a,b,c\n1,2,3",
        b"a,b,c\r\n1,2,3\r\n",
        b"a,b,c\r\n1,2,3",
        b"a,b,c\r\n1,2,3\n4,5,6\r\n",
        b'"a","b","c"\n"1","2","3"\n',
        b'a,b,c\n"\n\n","\r","3"\n',
        b'a,b,c\n" ""x""",y\'z,3\n',
        b"a,b,c\n\t,\x0b\x0c\x1f\x7f,3\n",
        "a,b,c\n\u2028\u0085,\ufeff,3\n".encode(),
    ],
)
def test_what_only_looks_odd_is_accepted(check: Check, contents: bytes) -> None:
    assert check(contents, CONTRACT, None).bad_cells == ()


@pytest.mark.parametrize(
    ("contents", "dialect", "details"),
    [
        (b"a,b,c\n1,2\n", FileFormat(), {"cells": 2, "expected": 3}),
        (b"a,b,c\n1,2,3,4\n", FileFormat(), {"cells": 4, "expected": 3}),
        (b'a,b,c\n1,"2"x,3\n', FileFormat(), {"kind": "after"}),
        (b'a,b,c\n1,2"x,3\n', FileFormat(), {"kind": "inside"}),
        (b'a,b,c\n1,"2""x",3\n', FileFormat(escape="\\"), {"kind": "after"}),
        (b'a,b,c\n1,"2', FileFormat(), {"bytes": 0}),
        (b'a,b,c\n1,"2' + LONG, FileFormat(), {"bytes": 2_000_000}),
        (b"a,b,c\n1,2" + LONG, FileFormat(), {"bytes": 2_000_000}),
        (b"a,b,c\n1,2\r3,4\n", FileFormat(), {"found": "CR", "wanted": "LF or CRLF"}),
        (b"a,b,c\n1,2,3\r\n", FileFormat(line_ending="lf"), {"found": "CRLF", "wanted": "LF"}),
        (b"a,b,c\r\n1,2,3\n", FileFormat(line_ending="crlf"), {"found": "LF", "wanted": "CRLF"}),
        (b"a,b,c\n1,\xe9,3\n", FileFormat(), {"byte": "0xE9", "encoding": "utf-8"}),
        (b"a,b,c\n1,\x83,3\n", FileFormat(encoding="cp932"), {"byte": "0x83", "encoding": "cp932"}),
        (b"a,b,c\n1,\0,3\n", FileFormat(), {}),
        (b"a,b\n1,2\n", FileFormat(), {"label": "c"}),
        (b"a,b,c,d\n1,2,3,4\n", FileFormat(), {"place": 4}),
        (b"a,b,c,b\n1,2,3,4\n", FileFormat(), {"place": 4, "first": 2}),
        (b"1,2,3\n1,2,3\n", FileFormat(), {"labels": "a, b, c"}),
        (b"a,b,c\n1,2,3\n", FileFormat(trailer=Trailer("T", 2)), {"marker": "T"}),
        (b"a,b,c\n1,2,3\nT,9\n", FileFormat(trailer=Trailer("T", 2)), {"rows": 1}),
        (b"a,b,c\n1,2,3\nT,9\n", FileFormat(trailer=Trailer("T", sums=(("c", 2),))), {"sum": "3"}),
        (b"a,b,c\n", FileFormat(), {"rows": 0, "threshold": "at least 1"}),
    ],
)  # fmt: skip
def test_a_fault_says_what_a_message_needs(
    check: Check, contents: bytes, dialect: FileFormat, details: dict[str, str | int]
) -> None:
    (cell,) = check(contents, replace(CONTRACT, file=dialect), None).bad_cells
    assert dict(cell.details) == details


def test_the_cells_of_whole_records_are_judged_beside_broken_ones(check: Check) -> None:
    verdict = check(b'a,b,c\n1,2\n"\n",2,-3\n\n1,2,x\n1,2,3,4\n', CONTRACT, None)
    assert [(cell.code, cell.line, cell.record, cell.column) for cell in verdict.bad_cells] == [
        (Code.MISSING_CELL, 2, 1, None),
        (Code.MINIMUM_ERROR, 4, 2, "c"),
        (Code.BLANK_ROW, 5, None, None),
        (Code.TYPE_ERROR, 6, 3, "c"),
        (Code.EXTRA_CELL, 7, 4, None),
    ]
    assert verdict.rows == 4


def test_known_columns_are_judged_below_a_wrong_header(check: Check) -> None:
    verdict = check(b"c,a,d\n-1,2,3\n", CONTRACT, None)
    assert [(cell.code, cell.line, cell.column, cell.value) for cell in verdict.bad_cells] == [
        (Code.MISSING_LABEL, 1, "b", None),
        (Code.EXTRA_LABEL, 1, None, "d"),
        (Code.MISPLACED_LABEL, 1, "a", None),
        (Code.MISPLACED_LABEL, 1, "c", None),
        (Code.MINIMUM_ERROR, 2, "c", "-1"),
    ]


def test_a_blank_line_in_a_file_of_one_column_is_a_missing_value(check: Check) -> None:
    contract = Contract("x", "1", "x", file=FileFormat(), columns=(Column("a", "string"),))
    assert check(b"a\n1\n\n2\n", contract, None).rows == 3
    required = Contract("x", "1", "x", file=FileFormat(), columns=(Column("a", "string", required=True),))
    (cell,) = check(b"a\n1\n\n2\n", required, None).bad_cells
    assert (cell.code, cell.line, cell.record) == (Code.REQUIRED_ERROR, 3, 2)


def test_other_delimiters_and_quotes_are_taken_as_declared(check: Check) -> None:
    dialect = FileFormat(delimiter="\t", quote="'", escape="'")
    contract = Contract("x", "1", "x", file=dialect, columns=CONTRACT.columns)
    verdict = check(b"a\tb\tc\n'x\ty'\t\"\t1\n'it''s'\t,\tx\n", contract, None)
    assert [(cell.code, cell.line, cell.column) for cell in verdict.bad_cells] == [(Code.TYPE_ERROR, 3, "c")]


def test_a_file_without_header_is_read_from_its_first_line(check: Check) -> None:
    contract = Contract("x", "1", "x", file=FileFormat(header=False), columns=CONTRACT.columns)
    verdict = check(b"a,b,c\n1,2,3\n", contract, None)
    assert [(cell.code, cell.line, cell.record) for cell in verdict.bad_cells] == [(Code.TYPE_ERROR, 1, 1)]
    assert verdict.rows == 2


def test_a_path_is_a_path_and_no_pattern(tmp_path: Path) -> None:
    path = tmp_path / "[a]*?{b}'\".csv"
    path.write_bytes(b"a,b,c\n1,2,3\n")
    assert check_file(path, CONTRACT, None, scratch=tmp_path).accepted


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a,b,c\n1,2,3\n1,2\n1,2,x\n")
    check_file(path, CONTRACT, None, scratch=tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there_gives_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match=r"gone\.csv could not be checked"):
        check_file(tmp_path / "gone.csv", CONTRACT, None, scratch=tmp_path)


def test_too_little_memory_gives_no_verdict_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a,b,c\n" + b"".join(b"%d,2,3\n" % number for number in range(20_000)))
    unique = replace(CONTRACT, columns=(replace(CONTRACT.columns[0], unique=True), *CONTRACT.columns[1:]))
    with pytest.raises(CheckError, match="give it more memory"):
        check_file(path, unique, None, memory_limit="1MB", scratch=tmp_path, kernel=False)


def test_a_contract_without_a_file_gives_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="describes no file"):
        check_file(tmp_path / "x.csv", Contract("inventory", "1", "inventory"), None, scratch=tmp_path)

"""What lies between parts of the checker: where records, segments and sheets begin and end."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from suimon.check import segments
from suimon.check.duckdb_input import Sheet, copy_of, sheet_of
from suimon.check.scanned import Run
from suimon.check.segments import Cutter, Segment
from suimon.check.structure import first_record, scan
from suimon.check.verdict import Code, shared
from suimon.contract.file import Trailer
from tests.unit.check.three_columns import THREE, grammar

# Records


def told(text: bytes, *, last: bool = True, width: int = 3, **dialect: Any) -> list[tuple[Any, ...]]:
    found = scan(grammar(width, **dialect), text, last=last, keep=True)
    return [(one.code, one.line, one.record, one.cell, one.value, one.details) for one in found.faults]


@pytest.mark.parametrize(
    ("text", "dialect", "fault"),
    [
        (b'1,"2"x,3', {}, (Code.QUOTE_ERROR, 1, 1, None, None, {"kind": "after"})),
        (b'1,x"2",3', {}, (Code.QUOTE_ERROR, 1, 1, None, None, {"kind": "inside"})),
        (b"1,2\r,3\n", {}, (Code.LINE_ENDING_ERROR, 1, 1, None, None, {"found": "CR", "wanted": "LF or CRLF"})),
        (
            b"1,2,3\r\n",
            {"line_ending": "lf"},
            (Code.LINE_ENDING_ERROR, 1, 1, None, None, {"found": "CRLF", "wanted": "LF"}),
        ),
        (
            b"1,2,3\n",
            {"line_ending": "crlf"},
            (Code.LINE_ENDING_ERROR, 1, 1, None, None, {"found": "LF", "wanted": "CRLF"}),
        ),
        (b'1,2,"3\n4', {}, (Code.UNTERMINATED_QUOTE, 1, 1, None, None, {"bytes": 0})),
        (b"1,2\n", {}, (Code.MISSING_CELL, 1, 1, None, None, {"cells": 2, "expected": 3})),
        (b"1,2,3,4\n", {}, (Code.EXTRA_CELL, 1, 1, None, None, {"cells": 4, "expected": 3})),
        (b"\r\n", {}, (Code.BLANK_ROW, 1, None, None, None, {})),
        (b'"\n",\0,3\n', {}, (Code.NULL_BYTE, 2, 1, 1, "\0", {})),
        (b"1,2,x\xff", {}, (Code.ENCODING_ERROR, 1, 1, 2, "x\udcff", {"byte": "0xFF", "encoding": "utf-8"})),
        (b"\xff,\xfe\n", {}, (Code.ENCODING_ERROR, 1, 1, None, None, {"byte": "0xFF", "encoding": "utf-8"})),
    ],
)
def test_a_fault_is_named_with_its_place(text: bytes, dialect: dict[str, Any], fault: tuple[Any, ...]) -> None:
    assert fault in told(text, **dialect)
    below = told(b'#"\n"\n",b,c\r\n' + text, **dialect | {"comment": "#"}) if "line_ending" not in dialect else []
    assert not below or below[-1][1:3] == (fault[1] + 3, fault[2] and fault[2] + 1) or fault[0] is Code.ENCODING_ERROR


def test_good_and_broken_records_are_numbered_through() -> None:
    text = b'a,b,c\n#no\n"d\n",e,f\n\n1\nx"y,2\n4,5,6'
    found = scan(grammar(comment="#"), text, last=True, numbers=True, keep=True)
    assert list(found.plain_runs(text, grammar(comment="#"))) == [
        Run(0, 6, 1, 1, 1),
        Run(10, 19, 2, 3, 1),
        Run(28, 33, 5, 8, 1),
    ]
    assert [(one.start, one.end, one.record, one.line) for one in found.broken] == [(20, 22, 3, 6), (22, 28, 4, 7)]
    assert (found.records, found.end, found.stopped, list(found.bad)) == (5, len(text), False, [3, 4])


@pytest.mark.parametrize(
    "text",
    [
        b"1,2\n" * 3 + b"1,\0\n" + b"1,2\n" * 2 + b"1,\xff\n" + b'"\n",2\n' * 2 + b"a,b,c\n4\n",
        b"\n" * 3 + b"a,b,c\n" + b"\n" * 2 + b'x"\n1,2,3,4\n1,2,"\n",4\n"\n',
        b"1,2\r\n1,2\r\n1,2\n\r\n\r\n\na,b,c\r\n",
    ],
)
@pytest.mark.parametrize("room", range(6))
def test_faults_that_are_only_counted_change_nothing_else(text: bytes, room: int) -> None:
    whole = scan(grammar(), text, last=True, numbers=True)
    counted = scan(grammar(), text, last=True, numbers=True, room=room)
    assert counted.faults == whole.faults[:room]
    assert counted.unlisted == Counter((one.code, one.cell, shared(one.details)) for one in whole.faults[room:])
    assert (counted.runs, counted.bad, counted.records) == (whole.runs, whole.bad, whole.records)
    assert (counted.end, counted.stopped) == (whole.end, whole.stopped)


def test_an_open_quote_waits_for_the_next_piece() -> None:
    found = scan(grammar(), b'a,b,c\n1,"2\n', last=False)
    assert (found.end, found.records, found.faults, found.stopped) == (6, 1, [], False)
    found = scan(grammar(), b'a,b,c\n1,"2\n', last=True)
    assert (found.end, found.records, found.stopped) == (11, 2, True)


def test_a_first_record_is_read_whatever_its_width() -> None:
    assert first_record(grammar(), b'a,"b\n"\nrest', last=True) == (("a", "b\n"), [], 7)
    cells, faults, end = first_record(grammar(), b"\nrest", last=True)
    assert (cells, [one.code for one in faults], end) == (("",), [Code.BLANK_ROW], 1)
    cells, faults, end = first_record(grammar(), b'a"\nrest', last=True)
    assert (cells, [one.code for one in faults], end) == ((), [Code.QUOTE_ERROR], 3)


# Segments and sheets


def cut(text: bytes, folder: Path, *, size: int, chunk: int = 5, **dialect: Any) -> Iterator[tuple[Segment, bytes]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "SEGMENT_BYTES", size)
        chunks = [text[start : start + chunk] for start in range(0, len(text), chunk)]
        cutter = Cutter(chunks, grammar(**dialect), folder)
        while segment := cutter.next():
            yield segment, segment.text()


def test_a_segment_ends_with_a_line_outside_quotes(tmp_path: Path) -> None:
    text = b'1,2,3\n"a\nb",5,6\n7,8,9'
    pieces = list(cut(text, tmp_path, size=12, chunk=100))
    assert [piece for _, piece in pieces] == [b"1,2,3\n", b'"a\nb",5,6\n', b"7,8,9"]
    assert [segment.last for segment, _ in pieces] == [False, False, True]
    assert [segment.ended for segment, _ in pieces] == [True, True, False]
    assert b"".join(piece for _, piece in cut(text, tmp_path, size=1, chunk=3)) == text


@pytest.mark.parametrize("last", [b"T", b"T\n", b"T,1,2\r\n", b'"T"'])
def test_the_last_line_is_kept_apart_as_trailer(tmp_path: Path, last: bytes) -> None:
    cutter = Cutter([b"1,2,3\n", last], grammar(trailer=Trailer("T")), tmp_path)
    segment = cutter.next()
    assert segment
    assert (segment.text(), cutter.next(), cutter.trailer) == (b"1,2,3\n", None, last)


@pytest.mark.parametrize("text", [b'1,2,3\n"a\nb\nc",5,6\n', b'1,2,3\n"a\n"",5",6\n'])
def test_a_cut_goes_back_over_every_line_within_quotes(tmp_path: Path, text: bytes) -> None:
    first, *_ = cut(text, tmp_path, size=12, chunk=100)
    assert first[1] == b"1,2,3\n"


def test_a_sheet_knows_the_figures_of_its_bytes(tmp_path: Path) -> None:
    [(segment, text)] = cut(b'1,"2",3\r\n"4\r\n",5,6\r\n', tmp_path, size=1000, chunk=1)
    made = sheet_of(segment, grammar(), THREE)
    assert made
    assert (made.size, made.newlines, made.quotes, made.plain_bytes) == (len(text), 3, 4, len(text) - 4)
    assert (made.ending, made.unended, segment.ended, segment.last) == (b"\r\n", False, True, True)
    assert made.path.read_bytes() == b"h,h,h\r\n" + text


@pytest.mark.parametrize(
    ("text", "dialect", "plain"),
    [
        (b"1,2,3\n", {}, True),
        (b"1,2,3\r\n4,5,6\r\n", {}, True),
        (b"1,2,3", {"line_ending": "crlf"}, True),
        (b"1,2,3\n4,5,6\r\n", {}, False),
        (b"1,2,3\r\n4,5,6\n", {}, False),
        (b"1,2,\r3\n", {}, False),
        (b"1,2,3\r\n", {"line_ending": "lf"}, False),
        (b"1,2,3\n", {"line_ending": "crlf"}, False),
        (b"1,2,3\r\n", {"line_ending": "crlf"}, True),
        (b"1,2,3\n", {"line_ending": "lf"}, True),
        (b"1,\0,3\n", {}, False),
        (b"#\n1,2,3\n", {"comment": "#"}, False),
        (b"1,2,3\n#\n", {"comment": "#"}, False),
        (b"1,#,3\n", {"comment": "#"}, True),
        (b"1,\\,3\n", {"escape": "\\"}, False),
        (b"1,\\,3\n", {}, True),
        (b'1,"2",3\n', {}, True),
        (b'1,""",3\n', {}, False),
    ],
)
def test_only_what_duckdb_reads_as_it_stands_goes_before_it(
    tmp_path: Path, text: bytes, dialect: dict[str, Any], *, plain: bool
) -> None:
    [(segment, _)] = cut(text, tmp_path, size=1000, chunk=1000, **dialect)
    assert (sheet_of(segment, grammar(**dialect), THREE) is not None) == plain


def sheet(text: bytes, folder: Path, **dialect: Any) -> tuple[Sheet, bytes]:
    [(segment, _)] = cut(text, folder, size=1000, chunk=1000, **dialect)
    made = grammar(**dialect)
    copy = copy_of(segment, text, scan(made, text, last=True), made, THREE)
    return copy, copy.path.read_bytes()


def test_a_copy_holds_the_good_records_and_where_they_stood(tmp_path: Path) -> None:
    copy, written = sheet(b'1,2,3\r\n\n"a\r\nb","c""",4\r\n5\n6,7,8', tmp_path)
    assert written == b'h,h,h\n1,2,3\n"a\r\nb","c""",4\n6,7,8'
    numbers = copy.numbering()
    assert (numbers.own_record, numbers.own_line) == ([1, 2, 3], [1, 2, 4])
    assert (numbers.record, numbers.line) == ([1, 2, 4], [1, 3, 6])
    assert (copy.rows, copy.unended, copy.newlines, copy.ending) == (3, True, 3, b"\n")
    after = numbers.after(10, 100)
    assert (after.own_record, after.own_line, after.record, after.line) == (
        [1, 2, 3],
        [1, 2, 4],
        [11, 12, 14],
        [101, 103, 106],
    )


def test_escapes_are_written_anew_as_doubled_quotes(tmp_path: Path) -> None:
    _, written = sheet(b'1,"a\\"b\\\\",c\\d\n2,"",x\n', tmp_path, escape="\\")
    assert written == b'h,h,h\n1,"a""b\\",c\\d\n2,"",x\n'

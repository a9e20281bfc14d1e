"""The checker against a slow reading of the same file by other means, place by place, on files drawn at random.

`pytest tests/unit/check/test_oracle.py --hypothesis-profile=long` draws 20,000 files for each kind of file.
"""

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suimon.check import segments
from suimon.check.engine import Aside, check_file
from suimon.check.verdict import BadCell, Code, Verdict
from suimon.contract.file import Tolerance
from suimon.contract.model import Contract
from tests.unit.check.oracle import Expected, Place, judge, without_hidden
from tests.unit.check.oracle_text import text_of
from tests.unit.check.strategies import Case, cases, hostile

Check = Callable[..., Verdict]

TODAY = "2026-11-20"
DAMAGE = {Code.COMPRESSION_ERROR, Code.TRUNCATED_FILE}
quick = settings(
    max_examples=max(120, settings().max_examples),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
# Of a file of a few lines, the smaller ones make several segments; the last is the checker's own.
segment_sizes = st.sampled_from((64, 200, 1000, segments.SEGMENT_BYTES))
threads = st.sampled_from((1, 2))


def compare(verdict: Verdict, expected: Expected) -> None:
    found = [
        Place(cell.code, cell.line, cell.record, cell.column, cell.value, about(cell)) for cell in verdict.bad_cells
    ]
    if expected.damaged and found[0].code in DAMAGE:  # where a zip is cut, readers differ over which of the two it is
        found[0] = expected.places[0]
        assert (len(found), verdict.accepted, verdict.rows) == (1, False, 0)
        return
    assert by_place(without_hidden(found, found)) == by_place(without_hidden(expected.places, found))
    assert (verdict.accepted, verdict.rows, verdict.set_aside) == (expected.accepted, expected.rows, expected.set_aside)
    counts = Counter[tuple[Code, str | None]]()
    for count in verdict.counts:
        counts[count.code, count.column] += count.cells
    assert counts == expected.counts
    assert [(one.metric, one.value, one.kept) for one in verdict.measurements] == list(expected.measured)


def about(cell: BadCell) -> str | int | None:
    """Return the detail that is this fault's own, unless it is one of labels or of the file."""
    names = {"byte", "bytes", "cells", "kind", "found"} | ({"first"} if cell.record else set())
    return next((cell.details[name] for name in sorted(names & set(cell.details))), None)


def by_place(places: tuple[Place, ...] | list[Place]) -> list[tuple[object, ...]]:
    return sorted((tuple(place) for place in places), key=lambda place: [(one is None, one) for one in place])


@given(case=st.one_of(cases(), cases(faults=False)), size=segment_sizes, threads=threads)
@quick
def test_the_checker_finds_what_a_slow_reading_finds(check: Check, case: Case, size: int, threads: int) -> None:
    with patch.object(segments, "SEGMENT_BYTES", size):
        verdict = check(case.contents, case.contract, case.partition, threads=threads)
    compare(verdict, judge(case.contents, case.contract, case.partition, case.conditions))


@given(case=hostile(), size=segment_sizes, threads=threads)
@quick
def test_text_of_little_but_structure_is_read_alike(check: Check, case: Case, size: int, threads: int) -> None:
    with patch.object(segments, "SEGMENT_BYTES", size):
        verdict = check(case.contents, case.contract, case.partition, threads=threads)
    compare(verdict, judge(case.contents, case.contract, case.partition))


FORM = {Code.QUOTE_ERROR, Code.UNTERMINATED_QUOTE, Code.BLANK_ROW, Code.EXTRA_CELL, Code.MISSING_CELL, Code.NULL_BYTE}


@given(case=cases(faults=False))
@quick
def test_the_slow_reading_takes_a_sound_file_as_pythons_csv_does(case: Case) -> None:
    dialect = case.contract.file
    assert dialect is not None
    found = judge(case.contents, case.contract, case.partition, case.conditions)
    assert not {place.code for place in found.places} & FORM
    if dialect.escape == "\\" or dialect.comment:
        return  # for csv a backslash outside quotes escapes, too, and nothing is a comment
    stream = StringIO(text_of(case.contents, dialect), newline="")
    for _ in range(dialect.skip_lines):
        stream.readline()
    rows = csv.reader(
        stream,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )
    read = [tuple(row) or ("",) for row in rows]
    assert read[dialect.header : -1 if dialect.trailer else None] == list(found.sound.values())


@pytest.mark.usefixtures("way")
@given(case=cases(), size=segment_sizes)
@quick
def test_good_records_go_on_and_bad_ones_are_set_aside_with_their_reasons(
    tmp_path: Path, case: Case, size: int
) -> None:
    dialect = case.contract.file
    assert dialect is not None
    contract = replace(case.contract, tolerance=Tolerance(max_percent="100"), metrics=())
    path, aside = tmp_path / "file.csv", Aside(tmp_path / "good.csv", tmp_path / "bad.csv")
    path.write_bytes(case.contents)
    with patch.object(segments, "SEGMENT_BYTES", size):
        verdict = check_file(path, contract, case.partition, scratch=tmp_path, threads=2, aside=aside)
    expected = judge(case.contents, contract, case.partition, case.conditions)
    compare(verdict, expected)
    if not expected.set_aside:
        return
    reasons: dict[int, set[str]] = {place.record: set() for place in expected.places if place.record}
    for place in expected.places:
        reasons[place.record or 0].add(place.code)
    labels, *bad = rows_of(aside.bad, dialect.delimiter)
    assert {int(row[1]): {reason.split(" ")[0] for reason in row[2].split("; ")} for row in bad} == reasons
    assert [int(row[1]) for row in bad] == sorted(reasons)
    assert all(tuple(row[3:]) == expected.sound[int(row[1])] for row in bad if int(row[1]) in expected.sound)
    titles, *good = rows_of(aside.accepted, dialect.delimiter)
    assert titles == [column.title for column in contract.columns]
    known = labels[3:] if dialect.header else titles
    order = [known.index(title) for title in titles]
    wanted = [cells for record, cells in expected.sound.items() if record not in reasons]
    assert good == [[cells[place] for place in order] for cells in wanted]
    again = check_file(aside.accepted, replace(contract, file=dialect.plain()), case.partition, scratch=tmp_path)
    assert (again.rows, again.bad_cells) == (verdict.accepted_rows, ())


def rows_of(path: Path, delimiter: str) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter, strict=True))


def test_bad_cells_far_down_a_long_file_are_found_exactly(check: Check, sales: Contract) -> None:
    lines = [",".join(column.name for column in sales.columns)]
    for number in range(20_000):
        quantity = "x" if number % 997 == 0 else "1"
        order = number - 5 if number % 1009 == 1008 else number
        lines.append(f'{order},{TODAY},C,"茶\n{"y" * (number % 60)}",{quantity},1,1')
    contents = ("\n".join(lines) + "\n").encode()
    with patch.object(segments, "SEGMENT_BYTES", 100_000):
        verdict = check(contents, sales, TODAY, threads=2)
    compare(verdict, judge(contents, sales, TODAY))
    assert verdict.rows == 20_000

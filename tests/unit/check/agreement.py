"""What it means that a verdict and the slow reading of a file agree. Each function fails where they do not."""

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st

from suimon.check import segments
from suimon.check.engine import Aside, check_file
from suimon.check.verdict import BadCell, Code, Verdict
from suimon.contract.file import Tolerance
from tests.unit.check.oracle import judge, without_hidden
from tests.unit.check.oracle_text import text_of
from tests.unit.check.oracle_verdict import Expected, Place
from tests.unit.check.strategies import Case

Check = Callable[..., Verdict]

DAMAGE = {Code.COMPRESSION_ERROR, Code.TRUNCATED_FILE}
FORM = {Code.QUOTE_ERROR, Code.UNTERMINATED_QUOTE, Code.BLANK_ROW, Code.EXTRA_CELL, Code.MISSING_CELL, Code.NULL_BYTE}
# Of a file of a few lines, the smaller ones make several segments; the last is the checker's own.
segment_sizes = st.sampled_from((64, 200, 1000, segments.SEGMENT_BYTES))
threads = st.sampled_from((1, 2))


def agrees(check: Check, case: Case, size: int, threads: int) -> None:
    """Compare a verdict, on segments of so many bytes, with the slow reading."""
    with patch.object(segments, "SEGMENT_BYTES", size):
        verdict = check(case.contents, case.contract, case.partition, threads=threads)
    compare(verdict, judge(case.contents, case.contract, case.partition, case.conditions))


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


def agrees_with_csv(case: Case) -> None:
    """Compare the slow reading of a sound file with Python's csv module."""
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


def sets_aside_alike(folder: Path, case: Case, size: int, **options: Any) -> None:
    """Compare what is set aside, and what goes on, with the slow reading; `options` are the check's."""
    dialect = case.contract.file
    assert dialect is not None
    contract = replace(case.contract, tolerance=Tolerance(max_percent="100"), metrics=())
    path, aside = folder / "file.csv", Aside(folder / "good.csv", folder / "bad.csv")
    path.write_bytes(case.contents)
    with patch.object(segments, "SEGMENT_BYTES", size):
        verdict = check_file(path, contract, case.partition, scratch=folder, threads=2, aside=aside, **options)
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
    known = labels[3:] if dialect.header else titles
    present = [column for column in contract.columns if column.title in known or not column.may_be_absent]
    assert titles == [column.title for column in present]
    order = [known.index(title) for title in titles]
    wanted = [cells for record, cells in expected.sound.items() if record not in reasons]
    assert good == [[cells[place] for place in order] for cells in wanted]
    again = check_file(
        aside.accepted, replace(contract, file=dialect.plain()), case.partition, scratch=folder, **options
    )
    assert (again.rows, again.bad_cells) == (verdict.accepted_rows, ())


def rows_of(path: Path, delimiter: str) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [row or [""] for row in csv.reader(stream, delimiter=delimiter, strict=True)]

"""What must hold of any file and another made from it: the verdicts differ by what was changed, and by nothing else."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from suimon.check import segments
from suimon.check.verdict import Code, Verdict
from suimon.contract.file import Column, Compression, Encoding, FileFormat
from suimon.contract.model import Contract
from tests.sampling import sample_of
from tests.unit.check.writer import packed_as

Check = Callable[..., Verdict]
Rows = tuple[tuple[str, ...], ...]
Fault = tuple[Code, int | None, int | None, str | None, str | None]

CONTRACT = Contract(
    "x",
    "1",
    "x",
    file=FileFormat(),
    columns=(
        Column("id", "string", required=True, unique=True, max_length=8),
        Column("name", "string", required=True, max_length=12),
        Column("day", "date", format="%Y-%m-%d", required=True, minimum="2020-01-01"),
        Column("amount", "decimal", precision=8, scale=2, required=True, minimum="0"),
        Column("count", "integer", bits=32, maximum="999"),
        Column("paid", "boolean"),
    ),
)
NAMES = tuple(column.name for column in CONTRACT.columns)
# For each column, texts that it never takes.
CORRUPT = (
    ("", "123456789", "id-0"),
    ("", "thirteen long"),
    ("", "2019-12-31", "2026-02-30", "2026-1-01", "x", " 2026-01-01"),
    ("", "-0.01", "1.005", "1e3", "1,5", "1234567.00", "１"),
    ("1000", "1.0", "x", " 1", "9999999999", "+"),
    ("TRUE", "1", "yes", "true "),
)
quick = settings(max_examples=sample_of(25), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@st.composite
def good_rows(draw: DrawFn, least: int = 1) -> Rows:
    texts = st.text(st.sampled_from("水門茶ab ,\"'\n\t;%é👩"), min_size=1, max_size=12)
    days = st.sampled_from(("2020-01-01", "2024-02-29", "9999-12-31"))
    amounts = st.decimals(0, 10**5, places=2).map(str)
    counts = st.one_of(st.integers(-999, 999).map(str), st.just(""))
    paid = st.sampled_from(("true", "false", ""))
    rows = draw(st.lists(st.tuples(texts, days, amounts, counts, paid), min_size=least, max_size=12))
    return tuple((f"id-{number}", *row) for number, row in enumerate(rows))


@st.composite
def rows_with_faults(draw: DrawFn) -> Rows:
    rows = [list(row) for row in draw(good_rows())]
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(NAMES) - 1))
        rows[draw(st.integers(0, len(rows) - 1))][place] = draw(st.sampled_from(CORRUPT[place]))
    return tuple(map(tuple, rows))


@st.composite
def styles(draw: DrawFn) -> Callable[[Rows], str]:
    """Draw a way to write a table."""
    ending, last = draw(st.sampled_from(("\n", "\r\n"))), draw(st.booleans())
    quoted = draw(st.booleans())

    def written(rows: Rows) -> str:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator=ending, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
        writer.writerows([NAMES, *rows])
        return out.getvalue() if last else out.getvalue().removesuffix(ending)

    return written


def faults(verdict: Verdict) -> list[Fault]:
    return [(cell.code, cell.line, cell.record, cell.column, cell.value) for cell in verdict.bad_cells]


def counts(verdict: Verdict) -> Counter[tuple[Code, str | None]]:
    counted = Counter[tuple[Code, str | None]]()
    for count in verdict.counts:
        counted[count.code, count.column] += count.cells
    return counted


def line_of(rows: Rows, row: int, column: int) -> int:
    above = sum(1 + sum(cell.count("\n") for cell in cells) for cells in rows[:row])
    return 2 + above + sum(cell.count("\n") for cell in rows[row][:column])


@given(rows=good_rows(), write=styles())
@quick
def test_a_good_file_is_accepted_however_it_is_written(check: Check, rows: Rows, write: Callable[[Rows], str]) -> None:
    verdict = check(write(rows), CONTRACT)
    assert (verdict.accepted, verdict.rows, faults(verdict)) == (True, len(rows), [])


@given(rows=good_rows(), write=styles(), pick=st.data())
@quick
def test_a_single_corrupted_cell_is_found_at_exactly_its_place(
    check: Check, rows: Rows, write: Callable[[Rows], str], pick: st.DataObject
) -> None:
    row, column = pick.draw(st.integers(0, len(rows) - 1)), pick.draw(st.integers(0, len(NAMES) - 1))
    value = pick.draw(st.sampled_from(CORRUPT[column]))
    if value == rows[0][0]:  # a repeated key, where there is an earlier one
        row = max(row, 1)
        rows = rows if len(rows) > 1 else (*rows, ("id-1", *rows[0][1:]))
    changed = tuple(
        (*cells[:column], value, *cells[column + 1 :]) if number == row else cells for number, cells in enumerate(rows)
    )
    verdict = check(write(changed), CONTRACT)
    (cell,) = verdict.bad_cells
    assert (cell.line, cell.record, cell.column) == (line_of(changed, row, column), row + 1, NAMES[column])
    assert (cell.value or "") == value
    assert verdict.rows == len(rows)


@given(rows=good_rows(least=2), write=styles(), cut=st.integers(1, 11))
@quick
def test_a_good_file_cut_in_two_is_two_good_files(
    check: Check, rows: Rows, write: Callable[[Rows], str], cut: int
) -> None:
    for part in (rows[:cut], rows[cut:]):
        verdict = check(write(part), CONTRACT)
        assert (verdict.accepted, verdict.rows) == (True, len(part))


@given(rows=rows_with_faults(), more=good_rows(), write=styles())
@quick
def test_good_records_below_or_above_change_no_fault_but_its_place(
    check: Check, rows: Rows, more: Rows, write: Callable[[Rows], str]
) -> None:
    more = tuple((f"new-{number}", *cells[1:]) for number, cells in enumerate(more))
    plain = check(write(rows), CONTRACT)
    below, above = check(write((*rows, *more)), CONTRACT), check(write((*more, *rows)), CONTRACT)
    assert faults(below) == faults(plain)
    lines = line_of((*more, *rows), len(more), 0) - 2
    moved = [
        (code, (line or 0) + lines, (record or 0) + len(more), *rest) for code, line, record, *rest in faults(plain)
    ]
    assert [tuple(fault) for fault in moved] == faults(above)
    assert below.rows == above.rows == len(rows) + len(more)


@given(rows=rows_with_faults(), write=styles(), pick=st.data())
@quick
def test_the_order_of_records_changes_no_figure(
    check: Check, rows: Rows, write: Callable[[Rows], str], pick: st.DataObject
) -> None:
    plain = check(write(rows), CONTRACT)
    mixed = check(write(tuple(pick.draw(st.permutations(rows)))), CONTRACT)
    assert counts(plain) == counts(mixed)
    assert (plain.accepted, plain.rows) == (mixed.accepted, mixed.rows)


@given(rows=rows_with_faults(), write=styles(), limit=st.integers(0, 5), size=st.sampled_from((64, 500)))
@quick
def test_the_listed_are_the_first_and_all_are_counted(
    check: Check, rows: Rows, write: Callable[[Rows], str], limit: int, size: int
) -> None:
    text = write((*rows, ("torn",), ("id-x", 'quo"te', "2026-01-01", "1", "1", "")))
    whole = check(text, CONTRACT)
    with patch.object(segments, "SEGMENT_BYTES", size):
        cut = check(text, CONTRACT, limit=limit, threads=2)
    assert faults(cut) == faults(whole)[:limit]
    assert cut.truncated == (whole.bad_cell_count > limit)
    assert counts(cut) == counts(whole)
    assert (cut.accepted, cut.rows, cut.bad_cell_count) == (whole.accepted, whole.rows, len(whole.bad_cells))
    lines = [cell.line or 0 for cell in whole.bad_cells]
    assert lines == sorted(lines)


@given(
    rows=rows_with_faults(),
    write=styles(),
    encoding=st.sampled_from(("utf-8-sig", "utf-16", "cp932", "shift_jis", "euc-jp")),
    compression=st.sampled_from(("none", "gzip", "zstd", "zip")),
)
@quick
def test_the_same_text_gets_the_same_verdict_in_any_encoding_and_compression(
    check: Check, rows: Rows, write: Callable[[Rows], str], encoding: Encoding, compression: Compression
) -> None:
    text = write(rows).encode(encoding, "replace").decode(encoding)
    dialect = FileFormat(encoding=encoding, compression=compression)
    packed = packed_as(dialect, text.encode(encoding))
    assert check(packed, replace(CONTRACT, file=dialect)) == check(text, CONTRACT)

"""The checker against a slow reading of the same file by other means, place by place, on files drawn at random.

`make differential` draws 20,000 files of each kind.
"""

from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from suimon.check import segments
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from tests.sampling import sample_of
from tests.unit.check.agreement import (
    Check,
    agrees,
    agrees_with_csv,
    compare,
    segment_sizes,
    sets_aside_alike,
    threads,
)
from tests.unit.check.oracle import judge
from tests.unit.check.strategies import Case, cases, hostile

TODAY = "2026-11-20"
quick = settings(max_examples=sample_of(120), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@given(case=st.one_of(cases(), cases(faults=False)), size=segment_sizes, threads=threads)
@quick
def test_the_checker_finds_what_a_slow_reading_finds(check: Check, case: Case, size: int, threads: int) -> None:
    agrees(check, case, size, threads)


@given(case=hostile(), size=segment_sizes, threads=threads)
@quick
def test_text_of_little_but_structure_is_read_alike(check: Check, case: Case, size: int, threads: int) -> None:
    agrees(check, case, size, threads)


@given(case=cases(faults=False))
@quick
def test_the_slow_reading_takes_a_sound_file_as_pythons_csv_does(case: Case) -> None:
    agrees_with_csv(case)


WITHOUT_A_COLUMN = Case(
    Contract(
        "x", "1", "x", file=FileFormat(), columns=(Column("a", "string"), Column("b", "string", may_be_absent=True))
    ),
    b"a\nx\nx,y\n",
    None,
    {},
)
AN_EMPTY_LINE = Case(
    Contract("x", "1", "x", file=FileFormat(header=False), columns=(Column("a", "string", min_length=2),)),
    b"\na\n",
    None,
    {},
)
# A header that lacks a label was put before a file with a mark of its own: the header alone is wrong, not every width.
TWO = Contract("x", "1", "x", file=FileFormat(), columns=(Column("a", "string"), Column("b", "string")))
A_MARK_BELOW_THE_HEADER = Case(TWO, "b\n\ufeffx,y\nx,y\n".encode(), None, {})
A_MARK_BEFORE_QUOTES = Case(TWO, 'b\n\ufeff"x,",y\nx,y\n'.encode(), None, {})


@pytest.mark.usefixtures("way")
@example(case=WITHOUT_A_COLUMN, size=64)
@example(case=AN_EMPTY_LINE, size=64)
@example(case=A_MARK_BELOW_THE_HEADER, size=64)
@example(case=A_MARK_BEFORE_QUOTES, size=64)
@given(case=cases(), size=segment_sizes)
@quick
def test_good_records_go_on_and_bad_ones_are_set_aside_with_their_reasons(
    tmp_path: Path, case: Case, size: int
) -> None:
    sets_aside_alike(tmp_path, case, size)


@pytest.mark.large
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

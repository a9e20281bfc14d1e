"""Files of our own with one fault each, in every dialect and at several records: found, by its code, at its place."""

import pytest

from suimon.check.verdict import Code, Verdict
from tests.unit.check.polluted import FAULTS, Polluted, polluted
from tests.unit.check.polluted_sheet import DAY, LAYOUTS, RECORDS, Layout, Place, Sheet
from tests.unit.conftest import Check

FILES = list(polluted())


def test_there_are_at_least_500_files_of_every_fault_in_several_dialects() -> None:
    assert len(FILES) >= 500
    assert {one.fault for one in FILES} == set(FAULTS)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_without_a_fault_the_file_is_accepted(check: Check, layout: Layout) -> None:
    verdict = check(Sheet(layout).written(), layout.contract, DAY)
    assert (verdict.accepted, verdict.rows) == (True, RECORDS)


@pytest.mark.parametrize("one", FILES[::7], ids=str)
def test_the_fault_is_found_where_it_is(check: Check, one: Polluted) -> None:
    contents, expected = one.made()
    must_be_found(check(contents, one.layout.contract, DAY), expected)


@pytest.mark.long
def test_every_fault_is_found_where_it_is(check: Check) -> None:
    for one in FILES:
        contents, expected = one.made()
        must_be_found(check(contents, one.layout.contract, DAY), expected, str(one))


def must_be_found(verdict: Verdict, expected: list[Place], which: str = "") -> None:
    found = [Place(cell.code, cell.line, cell.record, cell.column) for cell in verdict.bad_cells]
    if expected == [Place(Code.WRONG_ENCODING)]:
        found = [place for place in found if place.code is Code.WRONG_ENCODING]
    assert (which, verdict.accepted, sorted(map(str, found))) == (which, False, sorted(map(str, expected)))

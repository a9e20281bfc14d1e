"""Personal values where no cell of a record is: in trailers, keys, conditions, metrics, labels, beside lost columns.

Unlike those of `test_masking`, the marker is not of the form that the personal column of the file has.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from suimon.check.verdict import Verdict
from suimon.contract.file import Column, Condition, FileFormat, Metric, Tolerance, Trailer
from suimon.contract.model import Contract
from tests.unit.check.test_masking import COLUMNS, CONTRACT, HEADER, good, written

Check = Callable[..., Verdict]
MARKER = "7731004277310042"
DIALECT = FileFormat()
NAMES = [column.name for column in COLUMNS]


def typed(*, unique: bool = False) -> Contract:
    """The contract with an order id that is a number, so that its values may be shown."""
    numbered = replace(COLUMNS[0], type="integer", required=False, unique=unique)
    return replace(CONTRACT, columns=(numbered, *COLUMNS[1:]))


def rows(count: int = 30) -> list[list[str]]:
    return [[str(number), *good(number, "C{:06}")[1:]] for number in range(count)]


def text(records: list[list[str]], header: str = HEADER, end: str = "") -> str:
    return "\n".join([header, *map(",".join, records), ""]) + end


def trailed(trailer: Trailer, *, numbers: bool = True) -> Contract:
    return replace(typed() if numbers else CONTRACT, file=replace(DIALECT, trailer=trailer))


COUNTED, SUMMED = Trailer("T", count=2), Trailer("T", sums=(("quantity", 2),))
SHIFTED = [MARKER, "2026-11-20", "3", "click", "3", "1.50"]  # what is in the key stood in the personal column
CONDITION = Condition("fewer", "t4 < 5", ("quantity",), "fewer than five")
OF_TWO = Condition("both", "t0 < t4", ("order_id", "quantity"), "order before quantity")
TOLERANT = Tolerance(max_percent="90")

CASES: dict[str, tuple[Contract, str]] = {
    "count of a trailer that is a record": (trailed(COUNTED), text(rows(), end=f"T,{MARKER},x,click,3,1.5\n")),
    "name as a trailer's count": (trailed(COUNTED), text(rows(), end=f"T,M {MARKER},x,click,3,1.5\n")),
    "sum of a trailer that is a record": (trailed(SUMMED), text(rows(), end=f"T,{MARKER},x,click,3,1.5\n")),
    "name as a trailer's sum": (trailed(SUMMED), text(rows(), end=f"T,M {MARKER},x,click,3,1.5\n")),
    "sum with a marker behind": (trailed(SUMMED), text(rows(), end=f"T,90 {MARKER}\n")),
    "trailer with stray bytes": (trailed(COUNTED), text(rows(), end=f"T,{MARKER}\0\n")),
    "no trailer but a record": (trailed(COUNTED), text([*rows(), SHIFTED])),
    "key that repeats, of shifted records": (typed(unique=True), text([*rows(), SHIFTED, SHIFTED])),
    "primary key of two": (
        replace(typed(), primary_key=("order_id", "quantity")),
        text([*rows(), SHIFTED, SHIFTED]),
    ),
    "primary key with a personal part": (
        replace(typed(), primary_key=("order_id", "customer")),
        text([*rows(), [MARKER, "2026-11-20", MARKER, "click", "3", "1"]] * 2),
    ),
    "key that repeats, without a personal cell": (
        typed(unique=True),
        text([*rows(), *[[MARKER, "2026-11-20", "", "click", "3", "1.50"]] * 2]),
    ),
    "NUL in a shifted record": (typed(), text([*rows(), [f"{MARKER}\0", *SHIFTED[1:]]])),
    "escape in a shifted record": (typed(), text([*rows(), [f"{MARKER}\x1b", *SHIFTED[1:]]])),
    "NUL in a number": (typed(), text([*rows(), [*SHIFTED[:4], f"{MARKER}\0", "1"]])),
    "condition that a shifted record breaks": (
        replace(typed(), conditions=(CONDITION,)),
        text([*rows(), ["1", "2026-11-20", "3", "click", MARKER, "1.50"]]),
    ),
    "condition over two columns": (replace(typed(), conditions=(OF_TWO,)), text([*rows(), SHIFTED])),
    "condition on a value that is too large": (
        replace(typed(), conditions=(CONDITION,)),
        text([*rows(), ["1", "2026-11-20", "", "click", MARKER, "1.50"]]),
    ),
    "metric of invalid values": (
        replace(typed(), metrics=(Metric("invalidValues", ("kind",), maximum="0", values=("click",), text="none"),)),
        text([*rows(), [*SHIFTED[:3], MARKER, "3", "1"]]),
    ),
    "metric that only warns": (
        replace(
            typed(),
            metrics=(Metric("duplicateValues", ("order_id",), maximum="0", severity="warning", text="none"),),
        ),
        text([*rows(), SHIFTED, SHIFTED]),
    ),
    "allowed values, without a personal cell": (typed(), text([*rows(), ["1", "2026-11-20", "", MARKER, "3", "1"]])),
    "bounds, shifted": (typed(), text([*rows(), ["1", "2026-11-20", "3", "click", f"-{MARKER}", "1"]])),
    "personal column with another label": (
        typed(),
        text([*rows(), [*SHIFTED[:4], f"x{MARKER}", "1"]], header=HEADER.replace("customer", "client")),
    ),
    "personal column absent": (
        replace(
            typed(),
            columns=tuple(replace(one, may_be_absent=one.personal, required=False) for one in typed().columns),
        ),
        text(
            [[*row[:2], *row[3:]] for row in [*rows(), [*SHIFTED[:4], f"x{MARKER}", "1"]]],
            header=",".join(name for name in NAMES if name != "customer"),
        ),
    ),
    "header with values": (typed(), text(rows(), header=",".join([*NAMES[:3], MARKER, *NAMES[4:]]))),
    "header and record in one line": (typed(), text(rows(), header=f"{HEADER},1,2026-11-20,{MARKER}")),
    "set aside, shifted": (
        replace(typed(), tolerance=TOLERANT),
        text([*rows(), SHIFTED, [*SHIFTED[:3], MARKER, "x", "x"]]),
    ),
    "set aside, too long": (replace(typed(), tolerance=TOLERANT), text([*rows(), [*SHIFTED, MARKER]])),
    "set aside, key that repeats": (
        replace(typed(unique=True), tolerance=TOLERANT),
        text([*rows(), SHIFTED, SHIFTED, SHIFTED]),
    ),
    "record of another file, joined": (typed(), text(rows(), end=text([["x", MARKER, "y", MARKER, MARKER, "z"]]))),
}


@pytest.mark.parametrize(("contract", "sent"), CASES.values(), ids=CASES)
def test_a_personal_value_of_an_unusual_form_is_shown_nowhere(check: Check, contract: Contract, sent: str) -> None:
    assert MARKER in sent
    verdict = check(sent, contract, None)
    assert verdict.counts or verdict.warnings, "nothing was wrong, so nothing was reported"
    assert MARKER not in written(verdict)


def test_harmless_totals_are_shown_beside_personal_columns(check: Check) -> None:
    shown = check(text(rows(), end="T,31\n"), trailed(COUNTED), None).bad_cells
    assert [cell.value for cell in shown] == ["31"]
    shown = check(text(rows(), end="T,91\n"), trailed(SUMMED), None).bad_cells
    assert [cell.value for cell in shown] == ["91"]


def test_a_harmless_key_that_repeats_is_shown_beside_personal_columns(check: Check) -> None:
    verdict = check(text([*rows(), rows()[3]]), typed(unique=True), None)
    assert [cell.value for cell in verdict.bad_cells] == ["3"]


def test_without_personal_columns_totals_are_shown_as_they_stand(check: Check) -> None:
    plain = replace(trailed(COUNTED), columns=tuple(replace(one, personal=False) for one in typed().columns))
    assert [cell.value for cell in check(text(rows(), end=f"T,{MARKER}\n"), plain, None).bad_cells] == [MARKER]


def test_the_trailer_of_a_column_of_personal_numbers_shows_no_total(check: Check) -> None:
    columns = (Column("a", "integer", personal=True), Column("b", "integer"))
    contract = Contract("t", "1", "t", file=replace(DIALECT, trailer=Trailer("T", sums=(("a", 2),))), columns=columns)
    verdict = check("a,b\n5,1\n6,2\nT,12\n", contract, None)
    assert [(cell.value, cell.details["sum"]) for cell in verdict.bad_cells] == [("***", "***")]

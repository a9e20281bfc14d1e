"""The checker against a slow reading of the same file by other means: csv, Decimal and datetime, cell by cell."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suimon.check import Verdict
from suimon.contract.model import Contract

Check = Callable[..., Verdict]
Place = tuple[str, int, int, str]  # code, line, record, column

LABELS = ("order_id", "order_date", "customer_id", "product_name", "quantity", "unit_price", "amount")
TODAY = "2026-11-20"


def oracle(text: str) -> set[Place]:
    """Every bad cell of a sales file of sound structure."""
    reader = csv.reader(io.StringIO(text, newline=""))
    next(reader)
    places: set[Place] = set()
    seen: set[str] = set()
    line = 2
    for record, cells in enumerate(reader, 1):
        for label, cell in zip(LABELS, cells, strict=True):
            places |= {(code, line, record, label) for code in broken(label, cell, seen)}
            line += cell.count("\n")
        line += 1
    return places


def broken(label: str, cell: str, seen: set[str]) -> Iterator[str]:
    if not cell:
        yield "required-error"
    elif label == "order_id":
        yield from ["unique-error"] if cell in seen else []
        yield from too_long(cell, 32)
        seen.add(cell)
    elif label == "order_date":
        if not real_date(cell):
            yield "type-error"
        elif cell != TODAY:
            yield "partition-error"
    elif label in {"customer_id", "product_name"}:
        yield from too_long(cell, 32 if label == "customer_id" else 400)
    elif not number(label, cell):
        yield "type-error"
    elif Decimal(cell) < (1 if label == "quantity" else 0):
        yield "minimum-error"


def number(label: str, cell: str) -> bool:
    if label == "quantity":
        return bool(re.fullmatch("[+-]?[0-9]+", cell)) and -(2**31) <= int(cell) < 2**31
    digits = 10 if label == "unit_price" else 12
    return bool(re.fullmatch(r"[+-]?[0-9]+(\.[0-9]{1,2})?", cell)) and abs(Decimal(cell)) < 10**digits


def too_long(cell: str, most: int) -> Iterator[str]:
    if len(cell) > most:
        yield "max-length-error"


def real_date(cell: str) -> bool:
    try:
        return date.fromisoformat(cell).isoformat() == cell
    except ValueError:
        return False


@dataclass(frozen=True)
class Written:
    """A table and how its file writes it."""

    rows: tuple[tuple[str, ...], ...]
    ending: str
    quote_all: bool
    last_ending: bool

    def text(self) -> str:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator=self.ending)
        if self.quote_all:
            writer = csv.writer(out, lineterminator=self.ending, quoting=csv.QUOTE_ALL)
        writer.writerows([LABELS, *self.rows])
        return out.getvalue() if self.last_ending else out.getvalue().removesuffix(self.ending)


names = st.text(st.sampled_from("水門茶ab ,\"'\n\t;%é👩"), min_size=1, max_size=12)
prices = st.decimals(min_value=0, max_value=10**9, places=2).map(str)
good_rows = st.lists(
    st.tuples(st.just(TODAY), st.sampled_from(["C1", "顧客2"]), names, st.integers(1, 999).map(str), prices, prices),
    min_size=1,
    max_size=12,
).map(lambda rows: tuple((f"ORD-{number}", *row) for number, row in enumerate(rows)))
good_files = st.builds(Written, good_rows, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
odd_values = st.one_of(
    st.sampled_from(["", " ", "0", "-1", "1.0", "1.005", "1e3", "1_0", "NaN", "inf", "epoch", "２", "99999999999999"]),
    st.sampled_from(
        ["2026-11-21", "2026-02-30", "2026-11-20 ", "20261120", "0000-01-01", "ORD-0", "x" * 33, "水" * 401]
    ),
    st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=40),
)
quick = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def found(verdict: Verdict) -> set[Place]:
    return {(cell.code.value, cell.line or 0, cell.record or 0, cell.column or "") for cell in verdict.bad_cells}


@given(file=good_files)
@quick
def test_a_good_file_is_accepted_however_it_is_written(check: Check, file: Written) -> None:
    verdict = check(file.text())
    assert (verdict.accepted, verdict.rows, found(verdict)) == (True, len(file.rows), set())


@given(file=good_files, pick=st.data())
@quick
def test_a_single_corrupted_cell_is_found_at_its_place(check: Check, file: Written, pick: st.DataObject) -> None:
    row = pick.draw(st.integers(0, len(file.rows) - 1))
    column = pick.draw(st.integers(0, len(LABELS) - 1))
    value = pick.draw(odd_values)
    rows = [list(cells) for cells in file.rows]
    rows[row][column] = value
    text = Written(tuple(map(tuple, rows)), file.ending, file.quote_all, file.last_ending).text()
    verdict = check(text)
    assert found(verdict) == oracle(text)
    assert len(verdict.bad_cells) == len(found(verdict))


@given(pick=st.data())
@quick
def test_any_mixture_of_bad_cells_is_found_exactly(check: Check, pick: st.DataObject) -> None:
    cells = st.one_of(odd_values, st.sampled_from(["ORD-1", TODAY, "1", "2.50"]))
    table = st.lists(st.tuples(*[cells] * len(LABELS)), min_size=1, max_size=15).map(tuple)
    text = pick.draw(st.builds(Written, table, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())).text()
    verdict = check(text)
    assert found(verdict) == oracle(text)
    assert verdict.bad_cell_count == len(verdict.bad_cells) == len(found(verdict))


def test_bad_cells_far_down_a_long_file_are_found_exactly(check: Check, sales: Contract) -> None:
    lines = [",".join(LABELS)]
    for number in range(60_000):
        quantity = "x" if number % 997 == 0 else "1"
        order = number - 5 if number % 1009 == 1008 else number
        lines.append(f'{order},{TODAY},C,"茶\n{"y" * (number % 60)}",{quantity},1,1')
    text = "\n".join(lines) + "\n"
    verdict = check(text, sales, threads=2)
    assert found(verdict) == oracle(text)
    assert verdict.rows == 60_000

"""Personal values in the wrong place: a marker is put there by many faults, and stands in nothing that is reported."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import pytest

from suimon.check.grammar import Grammar
from suimon.check.masking import Discretion, form_of, learn
from suimon.check.verdict import Code, Verdict
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from suimon.report.as_json import as_json, cells_as_json_lines, describe, summary
from suimon.report.page import page

Check = Callable[..., Verdict]
COLUMNS = (
    Column("order_id", "string", required=True, unique=True),
    Column("order_date", "date", format="%Y-%m-%d"),
    Column("customer", "string", required=True, personal=True),
    Column("kind", "string", allowed=("click", "view")),
    Column("quantity", "integer", bits=32, minimum="1"),
    Column("price", "decimal", precision=10, scale=2),
)
CONTRACT = Contract("orders", "1", "orders", file=FileFormat(), columns=COLUMNS)
HEADER = ",".join(column.name for column in COLUMNS)
# As ids, names, telephone numbers and addresses are written.
MARKERS = ("MRK7731", "印真香", "090-7731-0042", "mrk@secret.example", "7731004277310042", "Marker Person")
LIKE = {
    "MRK7731": "C00{:04}",
    "印真香": "山田花",
    "090-7731-0042": "080-1234-{:04}",
    "mrk@secret.example": "a{}@b.example",
    "7731004277310042": "1234567890{:06}",
    "Marker Person": "Anna Maria",
}
ROWS = 25


def good(number: int, customer: str) -> list[str]:
    return [f"ORD-{number}", "2026-11-20", customer.format(number), "click", "3", "1.50"]


def swapped(cells: list[str], one: int, other: int) -> list[str]:
    cells = list(cells)
    cells[one], cells[other] = cells[other], cells[one]
    return cells


def shifted(cells: list[str], by: int) -> list[str]:
    return [*cells[by:], *cells[:by]]


def faults(marker: str) -> Iterator[tuple[str, list[str], Callable[[list[str]], list[str]] | None]]:
    """Yield a name, the cells of the record with the marker, and what is done to all records, if anything."""
    own = ["ORD-9", "2026-11-20", marker, "click", "3", "1.50"]
    for place in (0, 1, 3, 4, 5):
        yield f"swapped with {place}", swapped(own, 2, place), None
        yield f"swapped with {place} throughout", own, partial(swapped, one=2, other=place)
        yield f"copied over {place}", [*own[:place], marker, *own[place + 1 :]], None
        yield f"beside another in {place}", [*own[:place], f'"{own[place]},{marker}"', *own[place + 1 :]], None
        yield f"behind a line break in {place}", [*own[:place], f'"{own[place]}\n{marker}"', *own[place + 1 :]], None
    for shift in range(1, 6):
        yield f"shifted by {shift}", shifted(own, shift), None
        yield f"shifted by {shift} throughout", own, partial(shifted, by=shift)
    yield "too long", [*own, marker], None
    yield "too short", own[:3], None
    yield "a lost quote", [own[0], '"' + own[1], marker, 'click"', own[4], own[5], "x"], None
    yield "quotes inside", [own[0], own[1], marker, f'a"{marker}"', own[4], own[5]], None
    yield "a NUL", [own[0], f"{marker}\0", *own[2:]], None
    yield "an escape", [own[0], f"{marker}\x1b", *own[2:]], None
    yield "bad itself", [own[0], own[1], f"{marker}\x1a", *own[3:]], None
    yield "twice", [marker, own[1], marker, *own[3:]], None


# By day each marker meets each fault once, beside each number of rows in turn.
AROUND = (0, 2, ROWS)
CASES = [
    pytest.param(
        *(marker, name, cells, throughout, rows),
        id=f"{marker}-{name}-{rows}",
        marks=() if (turn + number) % len(AROUND) == AROUND.index(rows) else pytest.mark.long,
    )
    for (turn, marker), rows in product(enumerate(MARKERS), AROUND)
    for number, (name, cells, throughout) in enumerate(faults(marker))
]


def written(verdict: Verdict) -> str:
    about = {"file": "f.csv", "dataset": "orders"}
    parts = [page(verdict, CONTRACT, about, lang) for lang in ("en", "ja")]
    parts += [describe(verdict, 100, lang) + cells_as_json_lines(verdict, lang) for lang in ("en", "ja")]
    return "".join(parts) + as_json(summary(verdict)) + json.dumps([str(verdict.cause)])


@pytest.mark.parametrize(("marker", "name", "cells", "throughout", "rows"), CASES)
def test_a_personal_value_in_the_wrong_place_is_never_shown(
    check: Check,
    marker: str,
    name: str,
    cells: list[str],
    throughout: Callable[[list[str]], list[str]] | None,
    rows: int,
) -> None:
    del name
    change = throughout or (lambda row: row)
    around = [change(good(number, LIKE[marker])) for number in range(rows)]
    # The marker again, so that what is unique repeats.
    records = [*around, change(cells), change(cells)]
    text = "\n".join([HEADER, *map(",".join, records), ""])
    assert marker not in written(check(text, CONTRACT, None))


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("place", range(6))
def test_a_value_as_a_label_is_never_shown(check: Check, marker: str, place: int) -> None:
    names = HEADER.split(",")
    records = [",".join(good(number, LIKE[marker])) for number in range(5)]
    replaced = ",".join([*names[:place], marker, *names[place + 1 :]])
    joined = HEADER + "," + ",".join(good(1, marker))
    for header in (replaced, joined, f"{HEADER},{marker}", f"{HEADER}\0,{marker}"):
        assert marker not in written(check("\n".join([header, *records, ""]), CONTRACT, None))


def test_harmless_values_are_shown_beside_personal_columns(check: Check) -> None:
    rows = [good(number, "C{:06}") for number in range(ROWS)]
    rows[3][4], rows[4][1], rows[5][3], rows[6][4] = "12a", "2026/11/20", "clik!", "-3"
    verdict = check("\n".join([HEADER, *map(",".join, rows), ""]), CONTRACT, None)
    assert [cell.value for cell in verdict.bad_cells] == ["12a", "2026/11/20", "clik!", "-3"]


def test_without_a_personal_column_nothing_is_hidden(check: Check) -> None:
    plain = replace(CONTRACT, columns=tuple(replace(column, personal=False) for column in COLUMNS))
    verdict = check(f'{HEADER}\nORD-1,"MRK,1",x,click,MRK,1\n', plain, None)
    assert [cell.value for cell in verdict.bad_cells] == ["MRK,1", "MRK"]


def test_a_misspelt_label_is_shown(check: Check) -> None:
    verdict = check("\n".join([HEADER.replace("quantity", "Quantiy"), ",".join(good(1, "C1")), ""]), CONTRACT, None)
    assert [cell.value for cell in verdict.bad_cells if cell.code is Code.EXTRA_LABEL] == ["Quantiy"]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("C000123", "A9"),
        ("090-1234-5678", "9-9-9"),
        ("山田 花子", "漢 漢"),
        ("やまだ", "あ"),
        ("ﾔﾏﾀﾞ", "あ"),
        ("a.b@c.example", "A.A@A.A"),
        ("-3", "-9"),
        ("", ""),
    ],
)
def test_a_form_keeps_what_kind_of_value_it_is(value: str, form: str) -> None:
    assert form_of(value) == form


def test_a_form_in_ascii_is_what_it_is_beside_other_characters() -> None:
    for first, second in product(map(chr, range(128)), repeat=2):
        text = f"x{first}{second}"
        assert form_of(f"あ{text}") == f"あ{form_of(text)}"


def test_nothing_is_learnt_where_nothing_is_personal() -> None:
    grammar = Grammar(FileFormat(), 1)
    assert learn(b"1\n", grammar, (0,), (Column("a", "string"),)) == Discretion()


def test_a_value_is_not_compared_with_each_form_of_many_thousand() -> None:
    class Counted(dict[str, int]):
        looks = 0

        def get(self, form: str, other: Any = None) -> Any:
            self.looks += 1
            return super().get(form, other)

    forms = Counted({f"{number:b}".replace("1", "あ").replace("0", "-"): 2 for number in range(2, 50_000)})
    shown = Discretion(needed=True, seen=forms)
    number = Column("n", "integer")
    assert not shown.hides(number, "12-34", shifted=lambda: False)
    assert forms.looks <= 10
    assert shown.hides(number, "12あ-34", shifted=lambda: False)
    assert shown.hides(number, "12-34", shifted=lambda: True)

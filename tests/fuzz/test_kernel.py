"""What `fuzz_kernel` compares it does compare: a slow reading by another contract differs from the kernel's answer."""

from dataclasses import replace
from typing import Any

import pytest

from suimon.contract.file import Column, Metric
from tests.fuzz.kernel import LETTERS, compare, fuzz_kernel, sheet_of
from tests.fuzz.seeds import seeds


def test_every_seed_is_answered_right_and_every_contract_has_one() -> None:
    drawn = list(seeds("kernel"))
    for seed in drawn:
        fuzz_kernel(seed)
    # The contracts of whole files that differ from another in their header or trailer alone have none of their own.
    assert {seed[:1].decode() for seed in drawn} >= set(LETTERS) - {"b", "c", "f", "s", "u", "w"}


def other(letter: str, place: int, **rules: Any) -> Any:
    """Return a sheet whose slow reading asks for more of a column than the kernel was told."""
    sheet = sheet_of(letter, None)
    columns = list(sheet.contract.columns)
    columns[place] = replace(columns[place], **rules)
    return replace(sheet, contract=replace(sheet.contract, columns=tuple(columns)))


@pytest.mark.parametrize(
    ("letter", "text", "place", "rules"),
    [
        ("a", b"x,y,3\n", 0, {"max_length": 0}),
        ("a", b"x,y,3\n", 2, {"minimum": "4"}),
        ("o", b"x\n", 0, {"type": "integer", "bits": 32}),
        ("D", b"a,b\nb,c\n", 1, {"pattern": "^b$"}),
    ],
)
def test_a_bad_cell_that_the_kernel_passes_is_reported(letter: str, text: bytes, place: int, rules: Any) -> None:
    compare(sheet_of(letter, None), text)
    with pytest.raises(AssertionError, match="passed"):
        compare(other(letter, place, **rules), text)


def test_a_record_more_or_less_is_reported() -> None:
    sheet = sheet_of("a", None)
    assert sheet.contract.file
    dialect = replace(sheet.contract.file, comment="#")
    with pytest.raises(AssertionError):
        compare(replace(sheet, contract=replace(sheet.contract, file=dialect)), b"x,y,3\n#,y,3\n")


def test_a_key_that_is_compared_by_another_value_is_reported() -> None:
    sheet = sheet_of("D", None)
    compare(sheet, b"1,b\n01,b\n")
    with pytest.raises(AssertionError, match="repeated"):
        compare(other("D", 0, type="integer", bits=64), b"1,b\n01,b\n")


def test_a_sum_and_a_count_that_differ_are_reported() -> None:
    summed = sheet_of("C", None)
    compare(summed, b"a;1;1,5\n")
    with pytest.raises(AssertionError):
        compare(other("C", 2, scale=3), b"a;1;1,5\n")
    counted = sheet_of("B", None)
    text = b"AB1,01/01/2000,,\n"
    compare(counted, text)
    columns = (*counted.contract.columns[:3], Column("word", "string"))
    metrics = (Metric("missingValues", ("word",), values=("x",), maximum="0"), *counted.contract.metrics[1:])
    compare(replace(counted, contract=replace(counted.contract, columns=columns, metrics=metrics)), text)
    with pytest.raises(AssertionError):
        compare(replace(counted, contract=replace(counted.contract, metrics=metrics[1:] + metrics[:1])), text)


def test_parts_that_are_not_the_whole_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = sheet_of("a", None)
    text = b"x,y,3\nx,y,4\nx,y,5\n"
    compare(sheet, text, cut=15)
    monkeypatch.setattr(type(sheet.sieve), "cut", lambda *_: 6 + 1)
    with pytest.raises(AssertionError):
        compare(sheet, text, cut=15)

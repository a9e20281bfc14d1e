"""mayBeAbsent: of a column that nothing needs."""

from collections.abc import Callable

import pytest

from suimon.contract.model import Contract
from tests.unit.contract.conftest import DIALECT

Draft = Callable[..., str]
Reads = Callable[[str], Contract]
Refused = Callable[[str], list[str]]

ABSENT = "customProperties: [{property: mayBeAbsent, value: true}]"
NOTE = f"name: note, logicalType: string, {ABSENT}"
CODE = "name: code, logicalType: string"


def test_a_column_is_declared_absent(draft: Draft, reads: Reads) -> None:
    contract = reads(draft(CODE, NOTE))
    assert [column.may_be_absent for column in contract.columns] == [False, True]
    assert Contract.from_json(contract.to_json()) == contract


@pytest.mark.parametrize(
    ("column", "more", "said"),
    [
        (f"{NOTE}, required: true", {}, "mayBeAbsent contradicts required"),
        (f"{NOTE}, primaryKey: true", {}, "mayBeAbsent contradicts required or primaryKey"),
        (NOTE, {"dialect": DIALECT.replace("header: true", "header: false")}, "mayBeAbsent needs header: true"),
        (NOTE.replace("true", "maybe"), {}, "must be true or false, is 'maybe'"),
        (
            f"name: day, logicalType: date, {ABSENT}",
            {"custom": "property: partition, value: day"},
            "mayBeAbsent contradicts partition",
        ),
        (
            NOTE,
            {"quality": "{type: custom, engine: suimon, name: c, implementation: note <> code}"},
            "mayBeAbsent is of no use: the condition c reads the column",
        ),
        (
            f"{NOTE}, quality: [{{metric: nullValues, mustBeLessThan: 5}}]",
            {},
            "mayBeAbsent is of no use: the metric nullValues reads the column",
        ),
    ],
)
def test_what_is_needed_may_not_be_absent(
    draft: Draft, refused: Refused, column: str, more: dict[str, str], said: str
) -> None:
    problems = refused(draft(CODE, column, **more))
    assert any(said in problem for problem in problems), problems

"""Clauses on how cells may be written: read, or refused where they could mean two things."""

from collections.abc import Callable

import pytest

from suimon.contract.file import Column
from suimon.contract.model import Contract
from tests.unit.contract.conftest import DIALECT

PRICE = "logicalType: number, physicalType: 'decimal(9,2)'"
COMMA, YES = '","', '[" y"]'


def custom(**clauses: str) -> str:
    listed = ", ".join(f"{{property: {name}, value: {value}}}" for name, value in clauses.items())
    return f"customProperties: [{listed}]"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (
            f"{PRICE}, {custom(thousands=COMMA, blanks='trim', fullWidth='true')}",
            Column("a", "decimal", precision=9, scale=2, thousands=",", trimmed=True, full_width=True),
        ),
        (f"logicalType: string, {custom(blanks='trim')}", Column("a", "string", trimmed=True)),
        (
            "logicalType: date, logicalTypeOptions: {format: GGGGy年M月d日}",
            Column("a", "date", format="%E%-n年%-m月%-d日"),
        ),
        ("logicalType: date, logicalTypeOptions: {format: GGGGGyy.MM.dd}", Column("a", "date", format="%e%n.%m.%d")),
        (
            f"logicalType: date, logicalTypeOptions: {{format: yy/M/d}}, {custom(yearPivot='1970')}",
            Column("a", "date", format="%y/%-m/%-d", pivot=1970),
        ),
    ],
)
def test_each_clause_is_read(
    draft: Callable[..., str], reads: Callable[[str], Contract], said: str, read: Column
) -> None:
    contract = reads(draft(f"name: a, {said}"))
    assert contract.columns == (read,)
    assert Contract.from_json(contract.to_json()) == contract


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (f"logicalType: string, {custom(thousands=COMMA)}", "not enforced for logicalType string"),
        (f"logicalType: string, {custom(fullWidth='true')}", "a text is loaded as it stands"),
        (f"logicalType: integer, {custom(fullWidth='false')}", "must be true"),
        (f"logicalType: integer, {custom(blanks='keep')}", "must be trim"),
        (f"{PRICE}, {custom(thousands='_')}", "must be one of"),
        (f"{PRICE}, {custom(thousands='.')}", "is the decimal separator"),
        (f"logicalType: integer, {custom(yearPivot='1970')}", "not enforced without yy"),
        ("logicalType: date, logicalTypeOptions: {format: yy/MM/dd}", "needs customProperties, yearPivot"),
        (
            f"logicalType: date, logicalTypeOptions: {{format: yy/MM/dd}}, {custom(yearPivot='70000')}",
            "must be the first of the hundred years",
        ),
        ("logicalType: date, logicalTypeOptions: {format: y/MM/dd}", "may stand yy, or GGGG"),
        ("logicalType: date, logicalTypeOptions: {format: GGGGyyyy/MM/dd}", "may stand yy, or GGGG"),
        ("logicalType: date, logicalTypeOptions: {format: yyyy/M/dd/d}", "once and no other letter"),
        ("logicalType: timestamp, logicalTypeOptions: {format: 'yyyy/M/d HH:mm'}", "must hold each of"),
        (
            f"logicalType: date, logicalTypeOptions: {{format: yyyy／MM／dd}}, {custom(fullWidth='true')}",
            "its format has characters",
        ),
        (
            f"logicalType: string, enum: [{{value: ' a'}}], {custom(blanks='trim')}",
            "never a cell once it is written plain",
        ),
        (
            f"logicalType: boolean, {custom(blanks='trim', trueWords=YES, falseWords='[n]')}",
            "never a cell once it is written plain",
        ),
    ],
)
def test_what_no_cell_could_keep_or_could_mean_two_things_is_refused(
    draft: Callable[..., str], refused: Callable[[str], list[str]], said: str, why: str
) -> None:
    assert any(why in problem for problem in refused(draft(f"name: a, {said}")))


def test_a_separator_that_is_the_delimiter_needs_quotes(
    draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    bare = DIALECT.replace("quote: '\"', escape: '\"'", "quote: ''")
    (problem,) = refused(draft(f"name: a, {PRICE}, {custom(thousands=COMMA)}", dialect=bare))
    assert "thousands" in problem or "customProperties" in problem

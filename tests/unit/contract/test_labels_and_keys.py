"""Labels that a header can have, and keys of several columns."""

from collections.abc import Callable

import pytest

from suimon.contract.model import Contract

Draft = Callable[..., str]
Reads = Callable[[str], Contract]
Refused = Callable[[str], list[str]]

HEADERLESS = "encoding: utf-8, delimiter: ',', quote: '', header: false, nullTokens: ['', NA]"
CP932 = "encoding: cp932, delimiter: ',', quote: '', header: true, nullTokens: ['', NA]"
IGNORED = "encoding: utf-8, delimiter: ',', quote: '', header: true, headerCase: ignore, nullTokens: ['', NA]"


def test_a_header_in_japanese_must_be_one_that_the_encoding_knows(draft: Draft, refused: Refused) -> None:
    column = "name: a, logicalType: string, customProperties: [{property: label, value: 〜}]"
    (problem,) = refused(draft(column, dialect=CP932))
    assert "properties[0].customProperties[0].value: holds '〜', which cp932 reads as '～'; write that" in problem


def test_a_column_without_label_must_be_one_that_the_header_can_name(draft: Draft, refused: Refused) -> None:
    (problem,) = refused(draft("name: 'a,b', logicalType: string", dialect=CP932))
    assert "properties[0].name: holds the delimiter or a line break, and nothing is quoted" in problem


def test_a_label_needs_a_header(draft: Draft, refused: Refused) -> None:
    column = "name: a, logicalType: string, customProperties: [{property: label, value: A}]"
    (problem,) = refused(draft(column, dialect=HEADERLESS))
    assert (
        "properties[0].customProperties[0].value: is not enforced: the dialect says that there is no header" in problem
    )


def test_two_columns_cannot_have_one_name_or_one_label(draft: Draft, reads: Reads, refused: Refused) -> None:
    one = "name: a, logicalType: string"
    (problem,) = refused(draft(one, "name: A, logicalType: string"))
    assert "properties[1]: a second column 'A'; names must differ by more than case" in problem
    same = "name: b, logicalType: string, customProperties: [{property: label, value: A}]"
    assert len(reads(draft(one, same)).columns) == 2
    (problem,) = refused(draft(one, same, dialect=IGNORED))
    assert "properties[1]: a second column that the header calls 'A'; labels must differ" in problem


def test_a_key_of_several_columns_has_its_own_order(draft: Draft, reads: Reads) -> None:
    contract = reads(
        draft(
            "name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 2",
            "name: b, logicalType: string, unique: true",
            "name: c, logicalType: date, primaryKey: true, primaryKeyPosition: 1",
        )
    )
    assert contract.primary_key == ("c", "a")
    assert [column.required for column in contract.columns] == [True, False, True]


@pytest.mark.parametrize(("one", "other", "wrong"), [("1", "1", 2), ("1", "3", 1), ("0", "2", 1)])
def test_a_key_of_several_columns_names_each_place_once(
    draft: Draft, refused: Refused, one: str, other: str, wrong: int
) -> None:
    key = "name: {}, logicalType: string, primaryKey: true, primaryKeyPosition: {}"
    said = refused(draft(key.format("a", one), key.format("b", other)))
    assert len([problem for problem in said if "primaryKeyPosition" in problem]) >= wrong


def test_a_key_of_several_columns_needs_places(draft: Draft, refused: Refused) -> None:
    key = "name: {}, logicalType: string, primaryKey: true"
    said = refused(draft(key.format("a"), key.format("b")))
    assert [problem.partition(": ")[2] for problem in said] == [
        "schema[0].properties[0].primaryKey: primaryKeyPosition must be one of 1 to 2, each once",
        "schema[0].properties[1].primaryKey: primaryKeyPosition must be one of 1 to 2, each once",
    ]

"""DynamoDB's conditions, as far as the ledger uses them: when a write is refused, and what its refusal says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.conditions import Attr

from tests.conformance.table_calls import get, put, update

if TYPE_CHECKING:
    from collections.abc import Callable

    Refused = Callable[[Callable[[], Any]], str]

HELD = "ConditionalCheckFailedException"
INVALID = "ValidationException"


def test_a_put_of_a_new_item_only(table: Any, refused: Refused) -> None:
    new = {"Item": {"pk": "a", "sk": "drop", "by": "first"}, "ConditionExpression": "attribute_not_exists(pk)"}
    table.put_item(**new)
    again = {**new, "Item": {**new["Item"], "by": "second"}}  # type: ignore[dict-item]  # the item is a dictionary
    assert refused(lambda: table.put_item(**again)) == HELD
    assert get(table, "a")["by"] == "first"


def test_a_refused_condition_is_the_clients_own_exception(table: Any) -> None:
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException):
        update(table, "SET one = :one", condition=Attr("pk").exists(), one=1)


@pytest.mark.parametrize("wanted", ["ALL_OLD", "NONE", None])
@pytest.mark.parametrize("write", ["put", "update", "delete"])
def test_a_refused_write_says_on_request_what_stands_there(table: Any, write: str, wanted: str | None) -> None:
    put(table, "a", number=1, several=[{"by": None}], truth=True, map={"a": {"b": "x"}})
    key = {"pk": "a", "sk": "drop"}
    calls: dict[str, tuple[Any, dict[str, Any]]] = {
        "put": (table.put_item, {"Item": key}),
        "update": (table.update_item, {"Key": key, "UpdateExpression": "REMOVE several"}),
        "delete": (table.delete_item, {"Key": key}),
    }
    call, request = calls[write]
    if wanted:
        request["ReturnValuesOnConditionCheckFailure"] = wanted
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException) as refused:
        call(ConditionExpression=Attr("number").eq(2), **request)
    expected = {
        "pk": {"S": "a"},
        "sk": {"S": "drop"},
        "number": {"N": "1"},
        "several": {"L": [{"M": {"by": {"NULL": True}}}]},
        "truth": {"BOOL": True},
        "map": {"M": {"a": {"M": {"b": {"S": "x"}}}}},
    }
    assert refused.value.response.get("Item") == (expected if wanted == "ALL_OLD" else None)


def test_a_refused_write_of_what_is_not_there_carries_no_item(table: Any) -> None:
    request = {"Key": {"pk": "a", "sk": "drop"}, "UpdateExpression": "SET one = :one"}
    request |= {"ExpressionAttributeValues": {":one": 1}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException) as refused:
        table.update_item(ConditionExpression=Attr("pk").exists(), **request)
    assert "Item" not in refused.value.response


@pytest.mark.parametrize(
    ("condition", "values", "holds"),
    [
        ("one = :v", {"v": 1}, True),
        ("one = :v", {"v": "1"}, False),
        pytest.param("truth = :v", {"v": 1}, False, marks=pytest.mark.untrue("true is 1 in Python")),
        ("absent = :v", {"v": 1}, False),
        ("absent <> :v", {"v": 1}, True),
        ("one < :v", {"v": 2}, True),
        pytest.param("one < :v", {"v": "2"}, False, marks=pytest.mark.untrue("a TypeError of Python's")),
        ("absent < :v", {"v": 2}, False),
        ("word >= :v", {"v": "word"}, True),
        ("word BETWEEN :v AND :w", {"v": "a", "w": "z"}, True),
        ("one IN (:v, :w)", {"v": 3, "w": 1}, True),
        ("NOT one = :v", {"v": 2}, True),
        ("attribute_not_exists(absent) OR one > :v", {"v": 5}, True),
        ("(one = :v OR one = :w) AND begins_with(word, :x)", {"v": 9, "w": 1, "x": "wo"}, True),
        ("one = :v OR one = :w AND word = :x", {"v": 1, "w": 9, "x": "-"}, True),
        ("attribute_exists(deep.er.est) AND deep.er.est = :v", {"v": "x"}, True),
        ("attribute_exists(deep.absent)", {}, False),
        ("several[1] = :v", {"v": 20}, True),
        ("contains(several, :v)", {"v": 20}, True),
        ("contains(word, :v)", {"v": "or"}, True),
        ("size(several) = :v", {"v": 2}, True),
        ("attribute_not_exists(pk)", {}, False),
    ],
)
def test_a_condition(table: Any, refused: Refused, condition: str, values: dict[str, Any], holds: bool) -> None:  # noqa: FBT001 a column of the table above
    put(table, "a", one=1, truth=True, word="word", deep={"er": {"est": "x"}}, several=[10, 20])
    if holds:
        update(table, "SET done = :done", condition=condition, done="yes", **values)
    else:
        assert refused(lambda: update(table, "SET done = :done", condition=condition, done="yes", **values)) == HELD
    assert ("done" in get(table, "a")) is holds


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Attr("one").eq(1) & Attr("word").begins_with("wo"), True),
        (Attr("one").eq(2) | Attr("word").is_in(["x", "word"]), True),
        (~Attr("absent").exists(), True),
        (Attr("absent").not_exists() & Attr("one").between(2, 3), False),
        (Attr("deep.er").eq("x"), True),
        (Attr("word").gte("x"), False),
    ],
)
def test_a_condition_as_boto3_writes_it(table: Any, refused: Refused, condition: Any, holds: bool) -> None:  # noqa: FBT001 a column of the table above
    put(table, "a", one=1, word="word", deep={"er": "x"})
    if holds:
        update(table, "SET done = :done", condition=condition, done="yes")
    else:
        assert refused(lambda: update(table, "SET done = :done", condition=condition, done="yes")) == HELD


def test_a_reserved_word_needs_a_placeholder(table: Any, refused: Refused) -> None:
    assert refused(lambda: update(table, "SET state = :v", v="x")) == INVALID


def test_a_value_or_name_that_nothing_uses_is_refused(table: Any, refused: Refused) -> None:
    assert refused(lambda: update(table, "SET one = :v", v="x", unused="y")) == INVALID
    request = {"Key": {"pk": "a", "sk": "drop"}, "UpdateExpression": "SET one = :v"}
    request |= {"ExpressionAttributeValues": {":v": 1}, "ExpressionAttributeNames": {"#unused": "one"}}
    assert refused(lambda: table.update_item(**request)) == INVALID


def test_a_value_that_is_not_given_is_refused(table: Any, refused: Refused) -> None:
    assert refused(lambda: update(table, "SET one = :v, two = :w", v="x")) == INVALID

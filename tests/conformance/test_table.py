"""DynamoDB, as far as the ledger uses it: items, updates, consistent queries, indexes, batches, pages."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.conditions import Attr, Key

from tests.conformance.table_calls import get, pks, put, update

if TYPE_CHECKING:
    from collections.abc import Callable

    Refused = Callable[[Callable[[], Any]], str]

INVALID = "ValidationException"


# ---------------------------------------------------------------- items


def test_what_is_not_there_has_no_item(table: Any) -> None:
    assert "Item" not in table.get_item(Key={"pk": "a", "sk": "drop"})


def test_an_item_comes_back_with_its_values_as_dynamodb_keeps_them(table: Any) -> None:
    values: dict[str, Any] = {
        "text": "",
        "number": 3,
        "truth": True,
        "nothing": None,
        "map": {"a": {"b": 1}},
        "list": [1, ["x"]],
    }
    put(table, "a", **values)
    item = get(table, "a")
    assert item == {"pk": "a", "sk": "drop", **values}
    assert [type(item[name]) for name in ("number", "truth")] == [Decimal, bool]
    assert type(item["map"]["a"]["b"]) is Decimal


def test_a_float_is_refused(table: Any) -> None:
    with pytest.raises(TypeError, match="Float types are not supported"):
        put(table, "a", number=1.5)


def test_a_put_replaces_the_whole_item(table: Any) -> None:
    put(table, "a", one=1)
    put(table, "a", two=2)
    assert get(table, "a") == {"pk": "a", "sk": "drop", "two": 2}


def test_a_key_without_text_is_refused(table: Any, refused: Refused) -> None:
    assert refused(lambda: put(table, "")) == INVALID
    assert refused(lambda: table.put_item(Item={"pk": "a"})) == INVALID
    assert refused(lambda: table.get_item(Key={"pk": "a"})) == INVALID


def test_an_empty_key_of_an_index_is_refused(table: Any, refused: Refused) -> None:
    assert refused(lambda: put(table, "a", of_dataset="sales", partition="")) == INVALID


def test_a_deleted_item_is_gone_and_deleting_once_more_is_no_error(table: Any) -> None:
    put(table, "a")
    for _ in range(2):
        table.delete_item(Key={"pk": "a", "sk": "drop"})
    assert get(table, "a") is None


# ---------------------------------------------------------------- updates


def test_an_update_makes_the_item_that_is_not_there(table: Any) -> None:
    assert update(table, "SET one = :v", v=1) == {"pk": "a", "sk": "drop", "one": 1}


@pytest.mark.parametrize(
    ("text", "values", "changed"),
    [
        ("SET history = list_append(history, :v)", {"v": [{"to": "B"}]}, {"history": [{"to": "A"}, {"to": "B"}]}),
        ("SET one = one + :v, two = one - :v", {"v": 3}, {"one": 4, "two": -2}),
        ("SET two = if_not_exists(two, :v) + :w", {"v": 10, "w": 1}, {"two": 11}),
        ("SET one = if_not_exists(one, :v)", {"v": 10}, {}),
        ("SET members.b = :v", {"v": {"n": 2}}, {"members": {"a": {"n": 1}, "b": {"n": 2}}}),
        ("SET members.a.n = :v", {"v": 5}, {"members": {"a": {"n": 5}}}),
        ("REMOVE members.a SET two = :v", {"v": 2}, {"members": {}, "two": 2}),
        ("SET history[0] = :v", {"v": "x"}, {"history": ["x"]}),
        ("SET history[7] = :v", {"v": "x"}, {"history": [{"to": "A"}, "x"]}),
        ("ADD one :v, revision :w", {"v": 1, "w": 1}, {"one": 2, "revision": 1}),
        ("SET two = one, one = :v", {"v": 9}, {"two": 1, "one": 9}),
        ("REMOVE absent", {}, {}),
    ],
)
def test_an_update(table: Any, text: str, values: dict[str, Any], changed: dict[str, Any]) -> None:
    before = {"pk": "a", "sk": "drop", "one": 1, "history": [{"to": "A"}], "members": {"a": {"n": 1}}}
    table.put_item(Item=before)
    assert update(table, text, **values) == before | changed
    assert get(table, "a") == before | changed


def test_names_that_need_placeholders_may_hold_anything(table: Any) -> None:
    put(table, "a", members={})
    table.update_item(
        Key={"pk": "a", "sk": "drop"},
        UpdateExpression="SET #members.#key = :v",
        ConditionExpression="attribute_not_exists(#members.#key)",
        ExpressionAttributeNames={"#members": "members", "#key": "sales/2026.csv [1]"},
        ExpressionAttributeValues={":v": 1},
    )
    assert get(table, "a")["members"] == {"sales/2026.csv [1]": 1}


@pytest.mark.parametrize(
    "text",
    [
        "SET absent.b = :v",
        pytest.param("SET one.b = :v", marks=pytest.mark.untrue("a number has no attributes; it ignores the update")),
        "SET two = absent + :v",
        "SET two = word + :v",
        "SET two = list_append(absent, :v)",
        "SET two = absent, one = :v",
        "SET pk = :v",
        "SET one = :v, one = :v",
        "SET members.a = :v, members = :v",
    ],
)
def test_an_update_that_cannot_be_is_refused_and_changes_nothing(table: Any, refused: Refused, text: str) -> None:
    before = {"pk": "a", "sk": "drop", "one": 1, "word": "x", "members": {}}
    table.put_item(Item=before)
    assert refused(lambda: update(table, text, v=1)) == INVALID
    assert get(table, "a") == before


def test_what_an_update_gives_back(table: Any) -> None:
    put(table, "a", one=1, word="x")
    request = {"Key": {"pk": "a", "sk": "drop"}, "UpdateExpression": "SET one = one + :v"}
    request |= {"ExpressionAttributeValues": {":v": 1}}
    assert table.update_item(**request, ReturnValues="UPDATED_NEW")["Attributes"] == {"one": 2}
    assert table.update_item(**request, ReturnValues="ALL_OLD")["Attributes"]["one"] == 2
    assert table.update_item(**request, ReturnValues="ALL_NEW")["Attributes"]["one"] == 4
    assert "Attributes" not in table.update_item(**request)


# ---------------------------------------------------------------- queries


def test_a_query_gives_one_partition_in_the_order_of_its_sort_key(table: Any) -> None:
    for sk in ("b", "a", "é", "Z", "c"):
        put(table, "x", sk)
    put(table, "y", "a")
    answer = table.query(KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": "x"}, ConsistentRead=True)
    assert [item["sk"] for item in answer["Items"]] == ["Z", "a", "b", "c", "é"]
    assert answer["Count"] == 5


@pytest.mark.parametrize(
    ("condition", "values", "found"),
    [
        ("pk = :pk AND sk > :v", {":v": "b"}, ["c", "d"]),
        ("pk = :pk AND sk <= :v", {":v": "b"}, ["a", "b"]),
        ("pk = :pk AND sk BETWEEN :v AND :w", {":v": "b", ":w": "c"}, ["b", "c"]),
        ("pk = :pk AND begins_with(sk, :v)", {":v": "d"}, ["d"]),
        (Key("pk").eq("x") & Key("sk").lt("c"), {}, ["a", "b"]),
        (Key("pk").eq("x") & Key("sk").begins_with("a"), {}, ["a"]),
        (Key("pk").eq("x"), {}, ["a", "b", "c", "d"]),
    ],
)
def test_a_query_of_a_part_of_a_partition(table: Any, condition: Any, values: dict[str, str], found: list[str]) -> None:
    for sk in "abcd":
        put(table, "x", sk)
    request: dict[str, Any] = {"KeyConditionExpression": condition}
    if isinstance(condition, str):
        request["ExpressionAttributeValues"] = {":pk": "x", **values}
    assert [item["sk"] for item in table.query(**request)["Items"]] == found
    backwards = table.query(**request, ScanIndexForward=False)["Items"]
    assert [item["sk"] for item in backwards] == found[::-1]


def test_a_query_by_what_is_no_key_is_refused(table: Any, refused: Refused) -> None:
    assert refused(lambda: table.query(KeyConditionExpression=Key("sk").eq("x"))) == INVALID
    assert refused(lambda: table.query(KeyConditionExpression=Key("pk").eq("x") & Key("word").eq("x"))) == INVALID


def test_an_index_holds_the_items_that_have_its_keys(table: Any) -> None:
    put(table, "late", state="OPEN", updated_at="2")
    put(table, "early", state="OPEN", updated_at="1")
    put(table, "closed", state="CLOSED", updated_at="1")
    put(table, "timeless", state="OPEN")
    put(table, "stateless", updated_at="1")
    assert pks(table.query(IndexName="by_state", KeyConditionExpression=Key("state").eq("OPEN"))) == ["early", "late"]


def test_a_change_moves_an_item_within_an_index(table: Any) -> None:
    put(table, "a", state="OPEN", updated_at="2")
    update(table, "SET updated_at = :v REMOVE of_dataset", v="0")
    put(table, "b", state="OPEN", updated_at="1")
    request = {
        "IndexName": "by_state",
        "KeyConditionExpression": "#state = :state AND updated_at < :before",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":state": "OPEN", ":before": "2"},
    }
    assert pks(table.query(**request)) == ["a", "b"]
    assert pks(table.query(**request, Limit=1)) == ["a"]


def test_an_index_is_never_consistent(table: Any, refused: Refused) -> None:
    request = {"IndexName": "by_state", "KeyConditionExpression": Key("state").eq("OPEN"), "ConsistentRead": True}
    assert refused(lambda: table.query(**request)) == INVALID


@pytest.mark.untrue("answers ResourceNotFoundException, as for a table")
def test_an_index_that_is_not_there_is_refused(table: Any, refused: Refused) -> None:
    request = {"IndexName": "by_mood", "KeyConditionExpression": Key("state").eq("OPEN")}
    assert refused(lambda: table.query(**request)) == INVALID


@pytest.mark.parametrize("backwards", [False, True])
def test_pages_together_give_every_item_once(table: Any, *, backwards: bool) -> None:
    for number in range(7):
        # Two and two stand at the same place of the index.
        put(table, f"p{number}", state="OPEN", updated_at=str(number // 2))
    request = {"IndexName": "by_state", "KeyConditionExpression": Key("state").eq("OPEN"), "Limit": 3}
    found: list[Any] = []
    while True:
        page = table.query(**request, ScanIndexForward=not backwards)
        assert page["Count"] <= 3
        found += page["Items"]
        if "LastEvaluatedKey" not in page:
            break
        assert page["LastEvaluatedKey"].keys() == {"pk", "sk", "state", "updated_at"}
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    assert sorted(item["pk"] for item in found) == [f"p{number}" for number in range(7)]
    places = [item["updated_at"] for item in found]
    assert places == sorted(places, reverse=backwards)


def test_a_filter_takes_out_of_a_page_what_the_limit_has_counted(table: Any) -> None:
    for sk in "abcd":
        put(table, "x", sk, odd=sk in "bd")
    request = {"KeyConditionExpression": Key("pk").eq("x"), "FilterExpression": Attr("odd").eq(True)}  # noqa: FBT003 the value
    page = table.query(**request, Limit=3)
    assert [item["sk"] for item in page["Items"]] == ["b"]
    assert page["LastEvaluatedKey"] == {"pk": "x", "sk": "c"}


def test_a_projection_gives_some_attributes(table: Any) -> None:
    put(table, "a", one=1, state="OPEN", word="x")
    request = {"ProjectionExpression": "one, #state, absent", "ExpressionAttributeNames": {"#state": "state"}}
    assert table.get_item(Key={"pk": "a", "sk": "drop"}, **request)["Item"] == {"one": 1, "state": "OPEN"}


# ---------------------------------------------------------------- batches


def batch(table: Any, *keys: str) -> Any:
    wanted = {table.name: {"Keys": [{"pk": pk, "sk": "drop"} for pk in keys], "ConsistentRead": True}}
    return table.meta.client.batch_get_item(RequestItems=wanted)


def test_a_batch_gives_what_is_there(table: Any) -> None:
    put(table, "a", one=1)
    put(table, "b")
    answer = batch(table, "a", "absent", "b")
    found = sorted(answer["Responses"][table.name], key=lambda item: item["pk"])
    assert found == [{"pk": "a", "sk": "drop", "one": 1}, {"pk": "b", "sk": "drop"}]
    assert answer["UnprocessedKeys"] == {}


def test_a_batch_of_too_many_keys_or_of_one_key_twice_is_refused(table: Any, refused: Refused) -> None:
    assert refused(lambda: batch(table, *(f"p{number}" for number in range(101)))) == INVALID
    assert refused(lambda: batch(table, "a", "a")) == INVALID

"""Conditional writes on DynamoDB (moto): what a refusal says, and what it does not hide."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from suimon.ledger.conditional import RefusedError, setting, write_if

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

KEY = {"pk": "a", "sk": "drop"}
ITEM: dict[str, Any] = {**KEY, "number": 1, "list": [{"by": None}], "truth": True}


@pytest.fixture(autouse=True)
def item(table: Table) -> None:
    table.put_item(Item=ITEM)


def held(table: Table) -> Any:
    return table.get_item(Key=KEY, ConsistentRead=True)["Item"]


@pytest.mark.parametrize("condition", [Attr("number").eq(2), "pk = sk"])
def test_a_refused_write_changes_nothing_and_carries_the_item_as_a_read_would_return_it(
    table: Table, condition: Any
) -> None:
    with pytest.raises(RefusedError) as refused:
        write_if(condition, table.put_item, Item=KEY)
    assert refused.value.item == held(table) == ITEM
    assert refused.value.item is not None
    assert type(refused.value.item["number"]) is Decimal


def test_a_refused_write_of_what_is_not_there_carries_nothing(table: Table) -> None:
    with pytest.raises(RefusedError) as refused:
        write_if(Attr("pk").exists(), table.update_item, Key={**KEY, "pk": "b"}, **setting({"number": 2}))
    assert refused.value.item is None


def test_another_error_is_no_refusal(table: Table) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        write_if(Attr("pk").exists(), table.update_item, Key=KEY, **setting({"pk": "b"}))


def test_attributes_are_set_and_lists_are_appended_to_whatever_their_names(table: Table) -> None:
    answer = write_if(
        Attr("number").eq(1),
        table.update_item,
        Key=KEY,
        ReturnValues="ALL_NEW",
        **setting({"state": "LOADED", "number": 2}, {"list": ["x"]}),
    )
    assert answer["Attributes"] == held(table) == {**ITEM, "number": 2, "state": "LOADED", "list": [{"by": None}, "x"]}

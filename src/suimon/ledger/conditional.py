"""Writes that are made only if a condition holds.

A write that is refused says what stands there instead (`ReturnValuesOnConditionCheckFailure`), as of the moment of the
refusal: the function that lost a race sees the result without another read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boto3.dynamodb.conditions import ConditionBase

_REFUSED = "ConditionalCheckFailedException"


class RefusedError(Exception):
    """The condition of a write did not hold. `item`: what stands there; None if nothing does."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("the condition of a write did not hold")
        self.item = item


def write_if(condition: ConditionBase | str, write: Callable[..., Any], **request: Any) -> Any:
    """Make a write (`put_item` or `update_item` of a table) if the condition holds; else RefusedError."""
    try:
        return write(ConditionExpression=condition, ReturnValuesOnConditionCheckFailure="ALL_OLD", **request)
    except ClientError as error:
        if error.response["Error"]["Code"] != _REFUSED:
            raise
        raise RefusedError(_item(error)) from error


def setting(attributes: Mapping[str, Any], appended: Mapping[str, list[Any]] | None = None) -> dict[str, Any]:
    """Return the part of an `update_item` request that sets attributes, and appends to lists."""
    changes = {name: f"#{name} = :{name}" for name in attributes}
    changes |= {name: f"#{name} = list_append(#{name}, :{name})" for name in appended or {}}
    return {
        "UpdateExpression": "SET " + ", ".join(changes.values()),
        "ExpressionAttributeNames": {f"#{name}": name for name in changes},
        "ExpressionAttributeValues": {f":{name}": value for name, value in {**attributes, **(appended or {})}.items()},
    }


def _item(error: ClientError) -> dict[str, Any] | None:
    # An error carries the item as DynamoDB writes it; only answers are read by boto3.
    found: Mapping[str, Any] | None = error.response.get("Item")  # type: ignore[assignment]  # a modelled member
    return {name: TypeDeserializer().deserialize(value) for name, value in found.items()} if found else None

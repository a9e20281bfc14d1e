"""Calls of a table, as the cases make them."""

from __future__ import annotations

from typing import Any


def put(table: Any, pk: str, sk: str = "drop", **more: Any) -> None:
    table.put_item(Item={"pk": pk, "sk": sk, **more})


def get(table: Any, pk: str, sk: str = "drop") -> Any:
    return table.get_item(Key={"pk": pk, "sk": sk}, ConsistentRead=True).get("Item")


def update(table: Any, text: str, pk: str = "a", condition: Any = None, **values: Any) -> Any:
    request: dict[str, Any] = {"Key": {"pk": pk, "sk": "drop"}, "UpdateExpression": text}
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    if condition is not None:
        request["ConditionExpression"] = condition
    return table.update_item(**request, ReturnValues="ALL_NEW")["Attributes"]


def pks(answer: Any) -> list[str]:
    return [item["pk"] for item in answer["Items"]]

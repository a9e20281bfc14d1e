"""What the sweep remembers from one round to the next: small items in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.service_resource import Table


class Marks:
    """Texts by name: `pk` = `mark#<name>`, `sk` = `mark`.

    Written without a condition. Two rounds at once may write one over the other's; a mark that falls back costs
    reading again, and no part of the sweep puts one forward over something that it has not seen to.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, name: str) -> dict[str, str]:
        """Give what was kept under this name; nothing, when nothing was."""
        item: Mapping[str, Any] = self._table.get_item(Key=_key(name), ConsistentRead=True).get("Item", {})
        return {key: str(value) for key, value in item.items() if key not in _key(name)}

    def put(self, name: str, values: Mapping[str, str]) -> None:
        """Keep this, and nothing else, under the name."""
        self._table.put_item(Item={**values, **_key(name)})


def _key(name: str) -> dict[str, str]:
    return {"pk": f"mark#{name}", "sk": "mark"}

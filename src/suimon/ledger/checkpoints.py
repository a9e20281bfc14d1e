"""What the sweep remembers from one round to the next: small items in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.service_resource import Table


class Checkpoints:
    """Texts by name: `pk` = `checkpoint#<name>`, `sk` = `checkpoint`.

    Written without a condition. Of two rounds at once, one may overwrite the other's checkpoint. One that falls back
    costs reading again, and no part of the sweep puts one forward over what it has not looked at.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, name: str) -> dict[str, str]:
        """Return what was kept under this name; nothing, when nothing was."""
        item: Mapping[str, Any] = self._table.get_item(Key=key_of(name), ConsistentRead=True).get("Item", {})
        return {key: str(value) for key, value in item.items() if key not in key_of(name)}

    def put(self, name: str, values: Mapping[str, str]) -> None:
        """Keep this, and nothing else, under the name."""
        self._table.put_item(Item={**values, **key_of(name)})


def key_of(name: str) -> dict[str, str]:
    """Return the key of a checkpoint's item."""
    return {"pk": f"checkpoint#{name}", "sk": "checkpoint"}

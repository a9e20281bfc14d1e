"""What people have said of files that will not come: an item each, `pk` = `waiver#<dataset>`, `sk` = the date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from suimon.ledger.items import moment, stamp
from suimon.ledger.paging import items
from suimon.ledger.unreadable_items import Unusable, read_each
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A file that will not come, as a person has said, and why. `undone`: who took that back; empty while it holds."""

    dataset: str
    partition: str
    reason: str
    who: str
    at: datetime
    undone: str = ""

    @property
    def holds(self) -> bool:
        """Whether nobody has taken it back."""
        return not self.undone


class Waivers:
    """Reads and writes waivers. The last word of a person replaces the one before."""

    def __init__(self, table: Table, unusable: Unusable | None = None) -> None:
        """Take the table. `unusable`: where to note an item that cannot be read, instead of raising."""
        self._table = table
        self._unusable = unusable

    def put(self, waiver: Waiver) -> None:
        """Record a waiver, or that it was taken back."""
        self._table.put_item(
            Item={
                "pk": _pk(waiver.dataset),
                "sk": waiver.partition,
                "dataset": waiver.dataset,
                "reason": waiver.reason,
                "who": waiver.who,
                "at": stamp(waiver.at),
                "undone": waiver.undone,
            }
        )

    def get(self, dataset: str, partition: str) -> Waiver | None:
        """Return what was said last of a date, as it is now; None: nothing ever."""
        item = self._table.get_item(Key={"pk": _pk(dataset), "sk": partition}, ConsistentRead=True).get("Item")
        return _waiver(item) if item else None

    def of(self, dataset: str) -> dict[str, Waiver]:
        """Return the waivers of a dataset that are in force, by partition."""
        found = items(self._table, KeyConditionExpression=Key("pk").eq(_pk(dataset)), ConsistentRead=True)
        return {one.partition: one for one in read_each(found, _waiver, self._unusable) if one.holds}


def _pk(dataset: str) -> str:
    return f"waiver#{dataset}"


def _waiver(item: Mapping[str, Any]) -> Waiver:
    return Waiver(
        dataset=item["dataset"],
        partition=item["sk"],
        reason=item["reason"],
        who=item["who"],
        at=moment(item["at"]),
        undone=item["undone"],
    )

"""The index `by_state`: one index lists drops, sets and incidents by the state that they are in.

An item is in the index if it has the attributes `state` and `updated_at`, the index's two keys. Three kinds of items
have them, and no state belongs to two kinds:

    kind       state                     updated_at
    drop       RECEIVED, … (`State`)     since when the drop is in the state
    set        SET_…                     of an awaited set since when it is awaited, else when it was opened
    incident   INCIDENT_… (`Stage`)      when the incident was last published or changed

A query therefore names a state and nothing else, and gets items of one kind, those that have waited longest first. The
index follows the table within a moment; the caller reads an item again, or writes conditionally.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from suimon.ledger.items import Standing, drop_key, stamp
from suimon.ledger.paging import items

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from boto3.dynamodb.conditions import ConditionBase
    from mypy_boto3_dynamodb.service_resource import Table


BY_STATE = "by_state"
PAGE = 300  # items at once; without a limit, a megabyte of them


class SetState(StrEnum):
    """Whether a set of shards waits for more."""

    AWAITED = "SET_AWAITED"
    OPENED = "SET_OPENED"


def items_in(
    table: Table,
    state: StrEnum,
    until: datetime | None = None,
    behind: Standing | None = None,
    after: datetime | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the items that came to a state until then, longest ago first, reading no further than they are taken.

    `behind`: leave out the drops up to there. `after`: instead, those that came to it after then, newest first.
    """
    named: ConditionBase = Key("state").eq(str(state))
    if until:
        named &= Key("updated_at").lte(stamp(until))
    query: dict[str, Any] = {"IndexName": BY_STATE, "KeyConditionExpression": named, "Limit": PAGE}
    if after:
        query |= {"KeyConditionExpression": named & Key("updated_at").gt(stamp(after)), "ScanIndexForward": False}
    if behind:
        key = {**drop_key(behind.drop_id), "state": str(state), "updated_at": stamp(behind.since)}
        query["ExclusiveStartKey"] = key
    yield from items(table, **query)

"""The longest range that a replay takes: how often the function asks the ledger, and what it puts into S3."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from suimon.contract.partition import Partition
from suimon.drops.drop import Drop, DropRecord
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.ledger.drops import Ledger
from suimon.ledger.items import item_of
from suimon.replay.plan import gather
from suimon.replay.request import MAX_PARTITIONS, Request
from suimon.replay.summary import results
from tests.simulation.services.table import Table

if TYPE_CHECKING:
    import pytest

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = date(2012, 1, 1)
LAST = FIRST + timedelta(days=MAX_PARTITIONS - 1)
# DynamoDB: a page of a query is 1 MB; a drop with the history of some attempts takes 2 KB.
PAGE_ITEMS = 500


def full(table: Table) -> None:
    for number in range(-5, MAX_PARTITIONS + 5):
        day = str(FIRST + timedelta(days=number))
        for version in ("v1", "v2"):
            drop = Drop("raw", f"sales/{day}/sales_data.csv", version, "etag", 10, f"0{version[1]}")
            record = DropRecord(drop, Match("sales", day), State.FAILED, 1, NOON, NOON)
            table.put_item(Item=item_of(record, "intake"))


def test_five_thousand_days_are_planned_and_summed_up_by_pages_not_day_by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    table: Any = Table()
    table.page_items = PAGE_ITEMS
    full(table)
    asked: list[dict[str, Any]] = []
    query = table.query

    def counted(**wanted: Any) -> Any:
        asked.append(wanted)
        return query(**wanted)

    monkeypatch.setattr(table, "query", counted)
    ledger = Ledger(table)
    found = gather(Request("sales", Partition.of_day(FIRST), Partition.of_day(LAST)), ledger.drops_between)
    assert [item.partition for item in found.items][:: MAX_PARTITIONS - 1] == [str(FIRST), str(LAST)]
    assert len(found.items) == MAX_PARTITIONS
    assert len(asked) <= 2 * MAX_PARTITIONS // PAGE_ITEMS + 1  # two drops a day
    assert len(json.dumps([asdict(item) for item in found.items])) < 2_000_000
    known = ledger.get_many(item.drop_id for item in found.items)
    assert {one.state for one in results(found.items, known)} == {"waiting"}

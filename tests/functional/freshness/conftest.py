"""Rounds of the freshness function on DynamoDB and SNS (moto); Redshift is a fake."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.table_freshness import Age, TableFreshness
from suimon.drops.drop import Drop
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.freshness.watch import Watch
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.ledger.checkpoints import Checkpoints
from suimon.ledger.drops import Ledger
from suimon.ledger.unreadable_items import Unusable
from suimon.ledger.waivers import Waivers
from suimon.warehouse.data_api import Warehouse
from tests.functional.freshness.fakes import Redshift

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

# 07:00 of the 22nd in Tokyo: with one day of lookback, the file of the 21st is due; the 22nd's is not.
NOW = datetime(2026, 11, 21, 22, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
STILL_LATER = LATER + timedelta(minutes=15)
UNREADABLE = "unreadable-table:sales_fact"
WAREHOUSE = Warehouse(database="analytics", workgroup_name="main")
SALES = Contract(
    dataset="sales",
    version="1.0.0",
    table="sales_fact",
    key_pattern=KeyPattern("sales/{ds}/sales_data.csv"),
    arrival=Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=1),
    freshness=TableFreshness("sales_fact", "order_date", Age(1)),
)
INVENTORY = Contract("inventory", "1.0.0", "inventory", freshness=TableFreshness("inventory", "updated_at", Age(7)))
CONTRACTS = Contracts((SALES, INVENTORY))


YESTERDAY = date(2026, 11, 20)  # of NOW, in UTC


@pytest.fixture
def redshift() -> Redshift:
    return Redshift(sales_fact=YESTERDAY, inventory=YESTERDAY)


@pytest.fixture
def watch(table: Table, post: Post, redshift: Redshift) -> Watch:
    unusable, passed = Unusable(), [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    return Watch(
        contracts=CONTRACTS,
        ledger=Ledger(table, unusable=unusable),
        waivers=Waivers(table, unusable),
        checkpoints=Checkpoints(table),
        incidents=IncidentStore(table, Publisher(post.sns, post.topic_arn), unusable=unusable),
        redshift=redshift,  # type: ignore[arg-type]  # a fake of four calls
        warehouse=WAREHOUSE,
        unusable=unusable,
        ticks=lambda: passed[0],
        sleep=sleep,
    )


def receive(table: Table, day: str, version: str = "v1") -> str:
    drop = Drop("raw", f"sales/{day}/sales_data.csv", version, "etag", 10, "01")
    Ledger(table).receive(drop, Match("sales", day), NOW)
    return drop.id


def load(table: Table, day: str, at: datetime) -> None:
    """Take a file of a day through to its table."""
    ledger = Ledger(table)
    drop = Drop("raw", f"sales/{day}/sales_data.csv", "v1", "etag", 10, "01")
    record = ledger.receive(drop, Match("sales", day), at)
    record = ledger.claim(record, at, owner="gate", lease=timedelta(minutes=16), attempt=1)
    for state in (State.ACCEPTED, State.TRIGGERED, State.LOADED):
        record = ledger.move(record, state, at)

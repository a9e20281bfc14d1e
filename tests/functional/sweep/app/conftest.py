"""The freshness function as it is deployed, over moto."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.model import Contracts
from tests.functional.freshness.fakes import Redshift
from tests.functional.sweep.swept import NOON, World, contracts

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post


@pytest.fixture
def world(table: Table, post: Post) -> World:
    stock = contracts("stock/{ds}/stock.csv")
    due = Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=2)
    return World(table, post, Contracts((stock.all[0], replace(stock.all[1], arrival=due))))


@pytest.fixture
def start(
    world: World,
    entry_point: Callable[[str, Contracts], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], Any]:
    """Load the function in the test's own time: its logger writes to where the output goes then."""
    for name, value in world.variables().items():
        monkeypatch.setenv(name, value)
    client, fakes = boto3.client, {"redshift-data": Redshift(), "mwaa": world.mwaa}
    monkeypatch.setattr(boto3, "client", lambda name, **more: fakes.get(name) or client(name, **more))

    def load() -> ModuleType:
        app = entry_point("freshness", world.contracts)
        monkeypatch.setattr(app, "utc_now", lambda: NOON)
        return app

    return load

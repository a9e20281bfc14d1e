"""What a round notes of the watched tables: each of them, whatever became of its question."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.contract.model import Contracts
from suimon.drops.hold import Hold
from suimon.ledger.drops import Ledger
from suimon.warehouse.table_state import TableState
from tests.functional.freshness.conftest import INVENTORY, NOW, load

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.freshness.watch import Watch
    from tests.functional.freshness.fakes import Redshift


def states(watch: Watch) -> dict[str, TableState | None]:
    return {seen.contract.dataset: seen.state for seen in watch.tables.all()}


def test_every_watched_table_is_noted_with_its_state(watch: Watch, redshift: Redshift, table: Table) -> None:
    load(table, "2026-11-20", NOW)
    redshift.newest["inventory"] = "permission denied"
    watch.round(NOW)
    assert states(watch) == {"sales": TableState.FRESH, "inventory": TableState.FAILED}


def test_a_table_that_is_behind_is_not_noted_as_fresh(watch: Watch) -> None:
    watch.round(NOW)
    assert states(watch) == {"sales": TableState.BEHIND, "inventory": TableState.FRESH}


def test_a_table_of_a_dataset_that_is_held_is_not_left_out(watch: Watch, table: Table) -> None:
    Ledger(table).holds.put(Hold(dataset="sales", reason="r", who="yuki", since=NOW - timedelta(hours=1)))
    watch.round(NOW)
    assert states(watch) == {"sales": None, "inventory": TableState.FRESH}
    assert [seen.held for seen in watch.tables.all()] == [False, True]


def test_a_table_that_is_watched_no_more_is_forgotten(watch: Watch) -> None:
    watch.round(NOW)
    fewer = replace(watch, contracts=Contracts((INVENTORY,)))
    fewer.round(NOW + timedelta(minutes=15))
    assert states(fewer) == {"inventory": TableState.FRESH}

"""The outcome function counts what became of each drop, and how fast it was loaded, by stack and dataset."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.drops.states import State
from tests.functional.sweep.swept import contracts
from tests.unit.drop_records import drop_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from suimon.contract.model import Contracts
    from suimon.drops.drop import DropRecord

LOADED = drop_record(State.LOADED, "sales/2026-11-20/sales.csv", version="v1")
TOOK = timedelta(minutes=7)


@pytest.fixture
def counted(
    entry_point: Callable[[str, Contracts], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[DropRecord], dict[str, Any]]:
    """Count a drop; return the value of each metric that was written of it, each with its stack and dataset."""
    monkeypatch.setenv("SUIMON_STACK", "prod")
    app = entry_point("outcome", contracts())

    def count(record: DropRecord) -> dict[str, Any]:
        app.count(record)
        found: dict[str, Any] = {}
        for line in map(json.loads, capsys.readouterr().out.splitlines()):
            [written] = line["_aws"]["CloudWatchMetrics"]
            assert set(written["Dimensions"][0]) >= {"stack", "dataset"}
            assert (written["Namespace"], line["stack"], line["dataset"]) == ("Suimon", "prod", "sales")
            found |= {metric["Name"]: line[metric["Name"]] for metric in written["Metrics"]}
        return found

    return count


def test_a_drop_that_is_loaded_is_counted_with_the_time_since_its_arrival(
    counted: Callable[[DropRecord], dict[str, Any]],
) -> None:
    later = LOADED.received_at + timedelta(days=1)  # its record was touched since
    record = replace(LOADED, loaded_at=LOADED.received_at + TOOK, updated_at=later)
    assert counted(record) == {"DropsLoaded": [1.0], "ArrivalToLoaded": [420.0]}


@pytest.mark.parametrize("state", [State.LOADED, State.FAILED, State.RETRACTED])
def test_a_later_attempt_and_what_is_not_loaded_tell_nothing_of_how_fast(
    counted: Callable[[DropRecord], dict[str, Any]], state: State
) -> None:
    record = replace(LOADED, state=state, attempt=2, loaded_at=LOADED.received_at + TOOK)
    assert counted(record) == {f"Drops{state.capitalize()}": [1.0]}

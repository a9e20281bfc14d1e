"""Functions as tests load them: one after the other in one process, each as if it were alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from suimon.contract.model import Contracts

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


@pytest.mark.parametrize(("number", "level"), [(0, "INFO"), (1, "CRITICAL"), (2, "INFO")])
def test_a_function_logs_to_the_output_and_at_the_level_of_the_test_that_loads_it(
    entry_point: Callable[[str, Contracts], ModuleType],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    level: str,
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", level)
    entry_point("outcome", Contracts(())).logger.info("loaded", number=number)
    logged = [json.loads(line)["number"] for line in capsys.readouterr().out.splitlines()]
    assert logged == ([number] if level == "INFO" else [])


@pytest.mark.parametrize("number", [1, 2])
def test_a_function_counts_what_the_test_that_loads_it_has_counted(
    entry_point: Callable[[str, Contracts], ModuleType], number: int
) -> None:
    metrics = entry_point("intake", Contracts(())).metrics
    metrics.add_metric(name="Drops", unit="Count", value=number)
    assert metrics.serialize_metric_set()["Drops"] == [number]

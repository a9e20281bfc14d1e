"""Whole runs of a DAG: its steps, what the Glue job leaves, what was reported."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from suimon_etl.load import BATCH
from suimon_etl.tables import table_of

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

    from tests.dags.on_airflow.fake_aws import FakeAws


DAGS = Path(__file__).parents[3] / "dags"
STEPS = ["run_glue", "check_parquet", "load_redshift", "check_quality"]
TABLES = json.loads((DAGS / "suimon_etl" / "tables.json").read_text(encoding="utf-8"))
DATASETS = {dataset: table["dag_id"] for dataset, table in TABLES.items()}
FENCE, COPY, RECONCILE, PROVE = (BATCH.index(name) for name in ("fence", "copy", "reconcile", "prove"))
FOLDER = "suimon-lake/processed/sales/2026-11-20/0123456789abcdef.1"
# What hangs on our own code, or was shown on the older one by others: time is saved there.
on_the_newer_airflow = pytest.mark.skipif(
    os.environ.get("SUIMON_TEST_AIRFLOW") == "3.2.1", reason="the newer one does; a minute is saved"
)


def parquet(dataset: str, folder: str = FOLDER) -> dict[str, bytes]:
    """Return what the Glue job leaves of three rows."""
    table = table_of(dataset)
    result = {
        "run": "0123456789abcdef.1",
        "version": table.version,
        "columns": [column.name for column in table.columns],
        "files": [{"name": "part-0.snappy.parquet", "size": 4, "rows": 3}],
        "sums": {column.name: "600.00" for column in table.summed},
    }
    return {f"{folder}.result.json": json.dumps(result).encode(), f"{folder}/part-0.snappy.parquet": b"PAR1"}


def states(run: DagRun) -> dict[str, str]:
    return {ti.task_id: str(ti.state) for ti in run.get_task_instances()}


def event(aws: FakeAws) -> dict[str, Any]:
    (entry,) = aws.events
    assert (entry["Source"], entry["DetailType"]) == ("suimon.dag", "Run Finished")
    assert entry["EventBusName"] == "suimon-events"
    detail: dict[str, Any] = json.loads(entry["Detail"])
    return detail

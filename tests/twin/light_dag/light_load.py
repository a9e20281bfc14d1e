"""The load of one accepted file, by the triggerer: from the lake's copy into the table, and the event about its end.

The rows reach the staging table by an INSERT, where the real DAG has Glue and COPY. Everything around that is the
project's own, through the real Data API: the lock, the fence, the reconciliation, the replacement and the load log in
one transaction, and the closing event.
"""

from __future__ import annotations

import asyncio
import csv
import functools
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent

# The triggerer knows the plugins' folder, not that of the DAGs.
sys.path.append(str(Path(__file__).parents[1] / "dags"))

from suimon_etl.load import load_parameters, load_statements
from suimon_etl.report import Ending, publish, run_finished
from suimon_etl.request import RunRequest
from suimon_etl.tables import table_named

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TABLE = "sales_fact"
CASTS = {
    "order_id": "VARCHAR",
    "order_date": "DATE",
    "customer_id": "VARCHAR",
    "product_name": "VARCHAR",
    "quantity": "INTEGER",
    "unit_price": "DECIMAL(12, 2)",
    "amount": "DECIMAL(14, 2)",
}


class RunTrigger(BaseTrigger):
    """Do one task of a run in a thread, then end it; an error fails the trigger, and the task is retried."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Nothing is kept: the run's conf says it all."""
        return f"light_load.{type(self).__name__}", {}

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """Take the conf of the run; there is nothing to render."""
        del jinja_env
        self.dag_run = context["dag_run"]

    async def run(self) -> AsyncIterator[TaskSuccessEvent]:
        """Work beside the other runs' tasks."""
        await asyncio.to_thread(self.work, RunRequest.from_params(self.dag_run.conf))
        yield TaskSuccessEvent()

    def work(self, request: RunRequest) -> None:
        """Do the task."""
        raise NotImplementedError


class LoadTrigger(RunTrigger):
    """Loads the file as the real DAG does."""

    def work(self, request: RunRequest) -> None:
        """Read the accepted copy and load its rows."""
        place = urlsplit(request.source_uri)
        copy = client("s3").get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))
        load(request, list(csv.DictReader(copy["Body"].read().decode().splitlines(keepends=True))))


class ReportTrigger(RunTrigger):
    """Reports how the run has ended: its load has succeeded, or this task would not have begun."""

    def work(self, request: RunRequest) -> None:
        """Put the event."""
        detail = run_finished(
            request,
            dag_id=self.dag_run.dag_id,
            run_id=self.dag_run.run_id,
            parquet_rows=None,
            table_rows=request.rows,
            ending=Ending(),
            committed=True,
            log_url=None,
        )
        publish(client("events"), request.event_bus, detail)


def load(request: RunRequest, rows: list[dict[str, str]]) -> None:
    """Replace the partition by `rows` in one transaction."""
    cells = {f"{name}_{at}": row[name] for at, row in enumerate(rows) for name in CASTS}
    values = ", ".join(
        f"({', '.join(f'CAST(:{name}_{at} AS {cast})' for name, cast in CASTS.items())})" for at in range(len(rows))
    )
    insert = f"INSERT INTO {TABLE}_staging ({', '.join(CASTS)}) VALUES {values}"  # noqa: S608 names of our own only
    sums = {column.name: str(sum(Decimal(row[column.name]) for row in rows)) for column in table_named(TABLE).summed}
    statements = [insert if "\nCOPY " in f"\n{text}" else text for text in load_statements(TABLE, request, sums)]
    warehouse = client("redshift-data")
    batch = warehouse.batch_execute_statement(
        Database=request.redshift.database,
        WorkgroupName=request.redshift.workgroup_name,
        Sqls=statements,
        Parameters=[
            *load_parameters(request, sums),
            *({"name": name, "value": value} for name, value in cells.items()),
        ],
    )
    while (told := warehouse.describe_statement(Id=batch["Id"]))["Status"] not in {"FINISHED", "FAILED", "ABORTED"}:
        time.sleep(0.2)
    if told["Status"] != "FINISHED":
        raise RuntimeError(f"the load of {request.partition} ended as {told['Status']}: {told.get('Error')}")


@functools.cache
def client(service: str) -> Any:
    """One client for the life of the triggerer; boto3's clients may be used by several threads."""
    return boto3.client(service)

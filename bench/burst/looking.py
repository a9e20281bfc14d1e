"""What there is afterwards, asked from each side by itself: S3's versions, the ledger's drops, Airflow's runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import httpx

from bench.burst.figures import Run, Taken
from suimon.drops.drop import Drop
from suimon.drops.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.service_resource import Table

    from local.twin import Twin

DAG: Final = "daily_sales_etl"
PAGE: Final = 100  # Airflow gives no more at once


@dataclass(frozen=True)
class Airflow:
    """Airflow's own API, beside MWAA's: looking costs the gate none of the requests that it may make."""

    client: httpx.Client

    @classmethod
    def of(cls, twin: Twin) -> Airflow:
        """Connect to the twin's Airflow, which takes everybody on this machine for an administrator."""
        return cls(httpx.Client(base_url=f"{twin.endpoint('airflow')}/api/v2", trust_env=False, timeout=60))

    def pause(self) -> None:
        """Have runs wait in Airflow's queue: what they would do there is no part of the gate's work."""
        self.client.patch(f"/dags/{DAG}", json={"is_paused": True}).raise_for_status()

    def tasks(self) -> list[str]:
        """The DAG's tasks, as Airflow last read them."""
        return [task["task_id"] for task in self._get(f"/dags/{DAG}/tasks")["tasks"]]

    def count(self) -> int:
        """How many runs there are."""
        return int(self._page(1, 0)["total_entries"])

    def runs(self) -> Iterator[Run]:
        """Every run, by its id."""
        found = 0
        while page := self._page(PAGE, found)["dag_runs"]:
            found += len(page)
            for run in page:
                yield Run(run["dag_run_id"], run["state"], datetime.fromisoformat(run["queued_at"]), run["conf"])

    def post(self, run_id: str, conf: dict[str, Any]) -> None:
        """Ask for a run, as MWAA does for the gate."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        self.client.post(f"/dags/{DAG}/dagRuns", json=body).raise_for_status()

    def _page(self, limit: int, offset: int) -> dict[str, Any]:
        return self._get(f"/dags/{DAG}/dagRuns", limit=limit, offset=offset, order_by="dag_run_id")

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get(path, params=query).raise_for_status().json()
        return answer


def versions(twin: Twin) -> Iterator[str]:
    """Yield the drop id of every version in the raw bucket, whether its event came or not."""
    bucket = twin.outputs["RawBucket"]
    for page in twin.session().client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", ()):
            yield Drop(bucket, version["Key"], version["VersionId"], "", 0, "").id


def drops(table: Table) -> dict[str, Taken]:
    """Read every drop of the ledger, by its id: its state, and when it first came to each."""
    found: dict[str, Taken] = {}
    query: dict[str, Any] = {"FilterExpression": "sk = :drop", "ExpressionAttributeValues": {":drop": "drop"}}
    while True:
        page = table.scan(**query)
        for item in page["Items"]:
            moves: dict[State, datetime] = {}
            history: Any = item["history"]  # DynamoDB's any type
            for entry in history:
                moves.setdefault(State(entry["state"]), datetime.fromisoformat(entry["at"]))
            found[str(item["drop_id"])] = Taken(State(str(item["state"])), moves)
        if "LastEvaluatedKey" not in page:
            return found
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def waiting_messages(twin: Twin, output: str) -> int:
    """How many messages lie in a queue, visible or not."""
    sqs = twin.session().client("sqs")
    answer = sqs.get_queue_attributes(
        QueueUrl=twin.outputs[output],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(map(int, answer["Attributes"].values()))

"""What the gate is tested on: an Airflow and a Step Functions that a test scripts, a set clock, files good and bad."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from suimon.contract.file import Tolerance
from suimon.contract.model import Contracts
from suimon.drops.drop import Drop
from suimon.drops.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.check.verdict import Verdict
    from suimon.intake.gate import Gate


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = "sales/2026-11-20/sales_data.csv"
HEADER = "order_id,order_date,customer_id,product_name,quantity,unit_price,amount\n"
GOOD = HEADER + '1,2026-11-20,C000123,"緑茶\n500ml",2,148.00,296.00\n2,2026-11-20,C000124,水筒,1,2480.75,2480.75\n'
BAD = GOOD.replace("296.00", "-296.00")


class FakeMwaa:
    """An Airflow that keeps its runs, answers as it is told to, and refuses a run id it has."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.paused = False
        self.fails: Exception | None = None

    def invoke_rest_api(self, **request: Any) -> dict[str, Any]:
        if self.fails:
            raise self.fails
        if request["Method"] == "POST":
            body = request["Body"]
            if body["dag_run_id"] in self.runs:
                response = {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 409}
                raise ClientError(response, "InvokeRestApi")  # type: ignore[arg-type]  # MWAA's own field
            self.runs[body["dag_run_id"]] = body["conf"]
        return {"RestApiStatusCode": 200, "RestApiResponse": {"is_paused": self.paused}}


class FakeSfn:
    """Keeps the answers to task tokens."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str]] = []

    def send_task_success(self, *, taskToken: str, **_: Any) -> None:  # noqa: N803 the API's name
        self.answers.append(("success", taskToken))

    def send_task_failure(self, *, taskToken: str, error: str, **_: Any) -> None:  # noqa: N803 the API's name
        self.answers.append((error, taskToken))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def tolerant(gate: Gate, dataset: str = "sales") -> Gate:
    """Return a gate whose contract of a dataset tolerates a bad record of two lines."""
    lenient = replace(gate.contracts.of(dataset), tolerance=Tolerance(max_rows=2))
    others = (contract for contract in gate.contracts.all if contract.dataset != dataset)
    return replace(gate, contracts=Contracts((lenient, *others)))


def put(content: str | bytes, key: str = KEY, sequencer: str = "01") -> Drop:
    body = content.encode() if isinstance(content, str) else content
    answer = boto3.client("s3").put_object(Bucket="raw", Key=key, Body=body)
    return Drop("raw", key, answer["VersionId"], answer["ETag"].strip('"'), len(body), sequencer)


def delete(drop: Drop) -> None:
    boto3.client("s3").delete_object(Bucket=drop.bucket, Key=drop.key, VersionId=drop.version_id)


def body_of(bucket: str, key: str) -> str:
    return boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def raising(error: Exception) -> Callable[..., Verdict]:
    def check(*_: Any, **__: Any) -> Verdict:
        raise error

    return check


def loaded(gate: Gate, drop: Drop) -> None:
    gate.ledger.move(gate.take(drop), State.LOADED, NOON)

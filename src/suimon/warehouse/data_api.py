"""One SQL statement through the Redshift Data API, waited for, its rows as Python values."""

from __future__ import annotations

import time
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient
    from mypy_boto3_redshift_data.type_defs import ColumnMetadataTypeDef, FieldTypeDef

MAX_WAIT_SECONDS = 30  # the service's own bound on WaitTimeSeconds
RUNNING = frozenset({"SUBMITTED", "PICKED", "STARTED"})


class WarehouseError(Exception):
    """A statement did not finish; says which one, where, and what Redshift answered."""

    def __init__(self, sql: str, target: Warehouse, status: str, error: str) -> None:
        """Keep the parts for callers that decide by them."""
        super().__init__(f"{status} in {target}: {error}\n{sql.strip()}")
        self.sql, self.target, self.status, self.error = sql, target, status, error


class UnfinishedError(WarehouseError):
    """A statement that was given up: a lock that somebody holds, or a busy warehouse; another time it may end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """Where a statement runs: a Serverless workgroup or a provisioned cluster, as IAM or with a secret."""

    database: str
    workgroup_name: str | None = None
    cluster_identifier: str | None = None
    secret_arn: str | None = None

    def __post_init__(self) -> None:
        """Refuse a target that names both or neither; an empty string counts as absent."""
        if bool(self.workgroup_name) == bool(self.cluster_identifier):
            raise ValueError(
                f"database {self.database!r} needs either a workgroup or a cluster, "
                f"got workgroup {self.workgroup_name!r} and cluster {self.cluster_identifier!r}"
            )

    def __str__(self) -> str:
        """Name it as an operator would look for it."""
        where = f"workgroup {self.workgroup_name}" if self.workgroup_name else f"cluster {self.cluster_identifier}"
        return f"database {self.database} of {where}"

    def request(self) -> dict[str, Any]:
        """Return the arguments of ExecuteStatement and BatchExecuteStatement that say where."""
        arguments = {
            "Database": self.database,
            "WorkgroupName": self.workgroup_name,
            "ClusterIdentifier": self.cluster_identifier,
            "SecretArn": self.secret_arn,
        }
        return {name: value for name, value in arguments.items() if value}


def run_query(
    client: RedshiftDataAPIServiceClient,
    target: Warehouse,
    sql: str,
    parameters: Mapping[str, object] | None = None,
    *,
    timeout_seconds: float = 300,
) -> list[dict[str, Any]]:
    """Run one SELECT and return every row as {column: value}.

    `parameters` are bound as `:name`; the service takes text only, so SQL casts where a type matters.
    Values: int, float, bool, str, None; DECIMAL as Decimal, DATE as date, TIMESTAMP as datetime (naive), TIMESTAMPTZ as
    datetime (aware). Raises WarehouseError when the statement fails, UnfinishedError when it takes longer than
    `timeout_seconds`.
    """
    return list(rows_of(client, run(client, target, sql, parameters, timeout_seconds=timeout_seconds)))


def run(
    client: RedshiftDataAPIServiceClient,
    target: Warehouse,
    sql: str,
    parameters: Mapping[str, object] | None = None,
    *,
    timeout_seconds: float = 300,
) -> str:
    """Run one statement to its end and return its id; errors as in `run_query`.

    One that is given up is cancelled: what waits for a lock would wait on, and the next ones behind it.
    """
    deadline = time.monotonic() + timeout_seconds
    request: dict[str, Any] = {"Sql": sql, "WaitTimeSeconds": _wait(timeout_seconds), **target.request()}
    if parameters:
        request["Parameters"] = [{"name": name, "value": str(value)} for name, value in parameters.items()]
    statement_id = client.execute_statement(**request)["Id"]
    pause = 0.05
    while True:
        remaining = deadline - time.monotonic()
        # The service holds the answer back until the statement ends, so this is one call as a rule, not a poll.
        try:
            answer = client.describe_statement(Id=statement_id, WaitTimeSeconds=_wait(remaining))
        except (ClientError, BotoCoreError):
            cancel(client, statement_id)
            raise
        status = answer["Status"]
        if status == "FINISHED":
            return statement_id
        if status not in RUNNING:
            raise WarehouseError(sql, target, status, answer.get("Error") or "Redshift gave no reason")
        if remaining <= 0:
            late = f"statement {statement_id} is not finished after {timeout_seconds:g} s"
            raise UnfinishedError(sql, target, status, f"{late}, {cancel(client, statement_id)}")
        time.sleep(min(pause, max(remaining, 0)))  # in case an answer comes back before it was asked to
        pause = min(pause * 2, 2.0)


def cancel(client: RedshiftDataAPIServiceClient, statement_id: str) -> str:
    """Cancel a statement, and return whether that worked, for people: it may just have ended."""
    try:
        client.cancel_statement(Id=statement_id)
    except (ClientError, BotoCoreError) as error:
        return f"and could not be cancelled: {error}"
    return "and was cancelled"


def _wait(seconds: float) -> int:
    """Clamp to what WaitTimeSeconds takes: whole seconds, 1 to 30."""
    return max(1, min(int(seconds), MAX_WAIT_SECONDS))


def rows_of(client: RedshiftDataAPIServiceClient, statement_id: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a statement that is finished, each as {column: value}."""
    page: dict[str, Any] = {}
    while True:
        answer = client.get_statement_result(Id=statement_id, **page)
        columns: Sequence[ColumnMetadataTypeDef] = answer["ColumnMetadata"]
        for record in answer["Records"]:
            yield {
                column["name"]: _value(field, column.get("typeName", ""))
                for column, field in zip(columns, record, strict=True)
            }
        if not answer.get("NextToken"):
            return
        page = {"NextToken": answer["NextToken"]}


def _value(field: FieldTypeDef, type_name: str) -> object:
    """Return the Python value of one cell; Redshift sends dates, timestamps and decimals as text."""
    if field.get("isNull"):
        return None
    value = next(cell for kind, cell in field.items() if kind != "isNull")
    if not isinstance(value, str):
        return value
    match type_name.lower():
        case "numeric" | "decimal":
            return Decimal(value)
        case "date":
            return date.fromisoformat(value)
        case "timestamp" | "timestamptz":
            return datetime.fromisoformat(value)
        case _:
            return value

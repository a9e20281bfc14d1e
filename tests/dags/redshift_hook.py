"""A stand-in for the provider's hook, which needs Airflow: the two members that the DAGs use of it."""

from __future__ import annotations

from pprint import pformat
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from suimon.warehouse.data_api import MAX_WAIT_SECONDS, RUNNING, Warehouse

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

TWIN = Warehouse(database="analytics", workgroup_name="suimon-local")


def hook(client: RedshiftDataAPIServiceClient, target: Warehouse = TWIN) -> Any:
    """Return the hook of a client; a failed statement raises what the provider raises, with all that Redshift said."""

    def execute_query(sql: str, parameters: list[dict[str, str]] | None, **_: Any) -> SimpleNamespace:
        bound: dict[str, Any] = {"Parameters": parameters} if parameters else {}
        statement_id = client.execute_statement(Sql=sql, **bound, **target.request())["Id"]
        answer = client.describe_statement(Id=statement_id, WaitTimeSeconds=MAX_WAIT_SECONDS)
        while answer["Status"] in RUNNING:
            answer = client.describe_statement(Id=statement_id, WaitTimeSeconds=MAX_WAIT_SECONDS)
        if answer["Status"] != "FINISHED":
            ended = f"Statement {statement_id} terminated with status {answer['Status']}"
            raise ValueError(f"{ended}. Response details: {pformat(answer)}")
        return SimpleNamespace(statement_id=statement_id)

    return SimpleNamespace(execute_query=execute_query, conn=client)

"""A stand-in for the provider's hook, which needs Airflow: the two members that the DAGs use of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from suimon.warehouse.data_api import Warehouse, run

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

TWIN = Warehouse(database="analytics", workgroup_name="suimon-local")


def hook(client: RedshiftDataAPIServiceClient, target: Warehouse = TWIN) -> Any:
    """Return the hook of a client; WarehouseError when a statement fails."""

    def execute_query(sql: str, parameters: list[dict[str, str]] | None, **_: Any) -> SimpleNamespace:
        bound = {parameter["name"]: parameter["value"] for parameter in parameters or ()}
        return SimpleNamespace(statement_id=run(client, target, sql, bound))

    return SimpleNamespace(execute_query=execute_query, conn=client)

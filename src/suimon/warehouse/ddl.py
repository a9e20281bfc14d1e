"""The tables of the warehouse, made where they do not exist yet."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from suimon.warehouse.statements import run

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.warehouse.statements import Warehouse


def statements() -> dict[str, str]:
    """Give the CREATE TABLE of each table, by its name."""
    tables = sorted(
        (file for file in files("suimon.warehouse").joinpath("tables").iterdir()), key=lambda file: file.name
    )
    return {file.name.removesuffix(".sql"): file.read_text() for file in tables if file.name.endswith(".sql")}


def create(client: RedshiftDataAPIServiceClient, target: Warehouse, *, timeout_seconds: float = 300) -> None:
    """Make every table that is not there; what is there stays as it is.

    Raises WarehouseError with the statement and Redshift's error when one fails or takes over `timeout_seconds`.
    """
    for sql in statements().values():
        run(client, target, sql, timeout_seconds=timeout_seconds)

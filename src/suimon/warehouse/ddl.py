"""The tables of the warehouse, made where they do not exist yet."""

from __future__ import annotations

from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from suimon.warehouse.statements import run

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.warehouse.statements import Warehouse


def statements() -> dict[str, str]:
    """Give the CREATE TABLE of each table and, after it, that of its load log, by the table's name."""
    package = files("suimon.warehouse")
    load_log = Template(package.joinpath("load_log.sql").read_text())
    every = {}
    for file in sorted(package.joinpath("tables").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            table = file.name.removesuffix(".sql")
            every[table] = file.read_text()
            every[f"{table}_loads"] = load_log.substitute(table=table)
    return every


def create(client: RedshiftDataAPIServiceClient, target: Warehouse, *, timeout_seconds: float = 300) -> None:
    """Make every table that is not there; what is there stays as it is.

    Raises WarehouseError with the statement and Redshift's error when one fails or takes over `timeout_seconds`.
    """
    for sql in statements().values():
        run(client, target, sql, timeout_seconds=timeout_seconds)

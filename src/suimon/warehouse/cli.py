"""The `suimon warehouse` commands."""

from __future__ import annotations

import boto3
import click

from suimon.warehouse import ddl
from suimon.warehouse.statements import Warehouse, WarehouseError


@click.group()
def warehouse() -> None:
    """Look after the tables in Redshift."""


@warehouse.command()
@click.option("--workgroup", help="Redshift Serverless workgroup.")
@click.option("--cluster", help="Provisioned Redshift cluster, instead of a workgroup.")
@click.option("--database", required=True, help="Database that holds the tables.")
@click.option("--secret-arn", help="Secret with user and password; without it, IAM.")
def create(workgroup: str | None, cluster: str | None, database: str, secret_arn: str | None) -> None:
    """Create the tables that do not exist yet."""
    if bool(workgroup) == bool(cluster):
        raise click.UsageError("give either --workgroup or --cluster")
    target = Warehouse(database=database, workgroup_name=workgroup, cluster_identifier=cluster, secret_arn=secret_arn)
    try:
        ddl.create(boto3.client("redshift-data"), target)
    except WarehouseError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{', '.join(ddl.statements())} are there, in {target}")

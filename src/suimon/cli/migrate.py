"""`suimon warehouse migrate`: change the tables of the warehouse into what the release declares."""

from __future__ import annotations

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from suimon.cli.contract import all_datasets
from suimon.cli.errors import CommandError
from suimon.cli.replays import agreed
from suimon.cli.stack import USUAL, advice
from suimon.contract.file import ContractError
from suimon.dataset.release import read_release
from suimon.warehouse.data_api import Warehouse, WarehouseError
from suimon.warehouse.migrating import carry_out, planned
from suimon.warehouse.migration import Migration


@click.command()
@click.argument("datasets", nargs=-1)
@click.option("--workgroup", help="Redshift Serverless workgroup; by default the twin's, unless a cluster is named.")
@click.option("--cluster", help="Provisioned Redshift cluster, instead of a workgroup.")
@click.option("--database", default="analytics", show_default=True, help="Database that holds the tables.")
@click.option("--secret-arn", help="Secret with user and password of the tables' owner; without it, IAM.")
@click.option("--dry-run", is_flag=True, help="Show the statements, and send none.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def migrate(
    *,
    datasets: tuple[str, ...],
    workgroup: str | None,
    cluster: str | None,
    database: str,
    secret_arn: str | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Change the tables of DATASETS, by default of all, into what their table.sql declares, where that loses nothing.

    Added are columns that may be missing; a VARCHAR becomes longer. Whatever else differs is refused, with what to do,
    and nothing of that table is changed. Migrate first, then deploy the contract. Exit status: 0 the tables are as
    declared, 1 something is refused or was not done, 2 the warehouse could not be asked.
    """
    if workgroup and cluster:
        raise click.UsageError("give either --workgroup or --cluster")
    named = {"cluster_identifier": cluster} if cluster else {"workgroup_name": workgroup or USUAL}
    target = Warehouse(database=database, secret_arn=secret_arn, **named)
    tables = _tables(datasets)
    try:
        client = boto3.client("redshift-data")
        found = list(planned(client, target, tables))
        missing = [one for one in found if isinstance(one, str)]
        plans = [one for one in found if isinstance(one, Migration)]
        for plan in plans:
            _show(plan)
        for table in missing:
            click.echo(f"{table} is not there: suimon warehouse create")
        to_do = [plan for plan in plans if plan.statements and not plan.refused]
        left = bool(missing) or any(plan.refused for plan in plans)
        if to_do and not dry_run and (yes or agreed("Send these statements?")):
            for plan in to_do:
                for sql in carry_out(client, target, plan):
                    click.echo(f"done: {sql}")
        elif to_do:
            click.echo("Nothing was sent.")
            left = True
    except WarehouseError as error:
        raise CommandError(str(error)) from error
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error
    raise SystemExit(1 if left else 0)


def _tables(datasets: tuple[str, ...]) -> dict[str, str]:
    try:
        release = read_release(all_datasets())
        wanted = {release.contracts.of(name).table for name in datasets} or set(release.tables)
    except ContractError as error:
        raise CommandError(str(error)) from error
    if without := sorted(wanted - set(release.tables)):
        raise CommandError(f"{', '.join(without)}: only watched, there is no table.sql to compare with")
    return {table: create for table, create in release.tables.items() if table in wanted}


def _show(plan: Migration) -> None:
    if not (plan.statements or plan.refused):
        click.echo(f"{plan.table}: is as declared")
    for refusal in plan.refused:
        click.echo(f"{plan.table}: refused: {refusal}")
    for sql in plan.statements:
        click.echo(f"{plan.table}: {'not sent, for the reason above' if plan.refused else 'to send'}: {sql}")
    for note in plan.notes:
        click.echo(f"{plan.table}: stays: {note}")

"""`suimon warehouse migrate`: change the tables of the warehouse into what the release declares."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from suimon.cli.contract import all_datasets
from suimon.cli.errors import CommandError
from suimon.cli.printing import json_option, print_json
from suimon.cli.replays import agreed
from suimon.cli.stack import USUAL, advice
from suimon.contract.file import ContractError
from suimon.dataset.release import read_release
from suimon.warehouse.data_api import Warehouse, WarehouseError
from suimon.warehouse.migrating import carry_out, planned
from suimon.warehouse.migration import Migration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@click.command()
@click.argument("datasets", nargs=-1)
@click.option("--workgroup", help="Redshift Serverless workgroup; by default the twin's, unless a cluster is named.")
@click.option("--cluster", help="Provisioned Redshift cluster, instead of a workgroup.")
@click.option("--database", default="analytics", show_default=True, help="Database that holds the tables.")
@click.option("--secret-arn", help="Secret with user and password of the tables' owner; without it, IAM.")
@click.option("--dry-run", is_flag=True, help="Show the statements, and send none.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def migrate(
    *,
    datasets: tuple[str, ...],
    workgroup: str | None,
    cluster: str | None,
    database: str,
    secret_arn: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Change the tables of DATASETS, by default of all, into what their table.sql declares, where that loses nothing.

    Added are columns that may be missing; a VARCHAR becomes longer. Whatever else differs is refused, with what to do,
    and nothing of that table is changed. Migrate first, then deploy the contract. Exit status: 0 the tables are as
    declared, 1 something is refused or was not done, 2 the warehouse could not be asked.
    """
    if workgroup and cluster:
        raise click.UsageError("give either --workgroup or --cluster")
    if as_json and not (dry_run or yes):
        raise click.UsageError("--json asks nobody: give --dry-run or --yes with it")
    named = {"cluster_identifier": cluster} if cluster else {"workgroup_name": workgroup or USUAL}
    target = Warehouse(database=database, secret_arn=secret_arn, **named)
    tables = _tables(datasets)
    agrees = (lambda: False) if dry_run else (lambda: True) if yes else (lambda: agreed("Send these statements?"))
    try:
        told, left = _migrated(target, tables, agrees, _unheard if as_json else click.echo)
    except WarehouseError as error:
        raise CommandError(str(error)) from error
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error
    if as_json:
        print_json(told)
    raise SystemExit(1 if left else 0)


def _migrated(
    target: Warehouse, tables: dict[str, str], agrees: Callable[[], bool], tell: Callable[[str], None]
) -> tuple[dict[str, Any], bool]:
    """Plan, ask, send; return what programs read of it, and whether something is left to do."""
    client = boto3.client("redshift-data")
    found = list(planned(client, target, tables))
    missing = [one for one in found if isinstance(one, str)]
    plans = [one for one in found if isinstance(one, Migration)]
    for line in _lines(plans, missing):
        tell(line)
    to_do = [plan for plan in plans if plan.statements and not plan.refused]
    sends = bool(to_do) and agrees()
    done = dict[str, list[str]]()
    for plan in to_do if sends else ():
        for sql in carry_out(client, target, plan):
            done.setdefault(plan.table, []).append(sql)
            tell(f"done: {sql}")
    if to_do and not sends:
        tell("Nothing was sent.")
    left = bool(missing or (to_do and not sends)) or any(plan.refused for plan in plans)
    return {"tables": [asdict(one) | {"done": done.get(one.table, [])} for one in plans], "missing": missing}, left


def _unheard(_: str) -> None:
    """Print nothing while it works: a program reads the answer."""


def _tables(datasets: tuple[str, ...]) -> dict[str, str]:
    try:
        release = read_release(all_datasets())
        wanted = {release.contracts.of(name).table for name in datasets} or set(release.tables)
    except ContractError as error:
        raise CommandError(str(error)) from error
    if without := sorted(wanted - set(release.tables)):
        raise CommandError(f"{', '.join(without)}: only watched, there is no table.sql to compare with")
    return {table: create for table, create in release.tables.items() if table in wanted}


def _lines(plans: list[Migration], missing: list[str]) -> Iterator[str]:
    for plan in plans:
        if not (plan.statements or plan.refused):
            yield f"{plan.table}: is as declared"
        yield from (f"{plan.table}: refused: {refusal}" for refusal in plan.refused)
        sent = "not sent, for the reason above" if plan.refused else "to send"
        yield from (f"{plan.table}: {sent}: {sql}" for sql in plan.statements)
        yield from (f"{plan.table}: stays: {note}" for note in plan.notes)
    yield from (f"{table} is not there: suimon warehouse create" for table in missing)

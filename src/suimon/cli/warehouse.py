"""The `suimon warehouse` commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import click
import sqlglot
from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table
from rich.text import Text
from sqlglot import exp

from suimon.cli.contract import all_datasets
from suimon.cli.errors import CommandError
from suimon.cli.migrate import migrate
from suimon.cli.printing import console_for_people, json_option, print_json
from suimon.cli.stack import advice, of_stack, parameters_of, stack_option
from suimon.cli.words import lang_option, phrase, readable, say
from suimon.contract.file import ContractError
from suimon.dataset.dag_folder import generate, generated
from suimon.dataset.release import Release, read_release
from suimon.drops.foreign_text import printable
from suimon.warehouse import ddl
from suimon.warehouse.data_api import Warehouse, WarehouseError, run_query

if TYPE_CHECKING:
    from suimon.contract.file import Language


@click.group()
def warehouse() -> None:
    """Look after the tables in Redshift."""


warehouse.add_command(migrate)


@warehouse.command()
@click.option("--workgroup", help="Redshift Serverless workgroup.")
@click.option("--cluster", help="Provisioned Redshift cluster, instead of a workgroup.")
@click.option("--database", required=True, help="Database that holds the tables.")
@click.option("--secret-arn", help="Secret with user and password; without it, IAM.")
@click.option("--grant-to", multiple=True, metavar="USER", help="Database user of the DAGs, such as IAMR:their-role.")
@click.option("--grant-read-to", multiple=True, metavar="USER", help="Database user who only reads, such as freshness.")
@json_option
def create(
    *,
    workgroup: str | None,
    cluster: str | None,
    database: str,
    secret_arn: str | None,
    grant_to: tuple[str, ...],
    grant_read_to: tuple[str, ...],
    as_json: bool,
) -> None:
    """Create the tables that do not exist yet, and let others use them.

    Whoever runs this owns the tables: without a grant nobody else can load or read them. Each --grant option may be
    given several times. A role that works without a secret is the database user IAMR:<name of the role>, and must
    exist: it does after its first statement, or by CREATE USER "IAMR:<name>" PASSWORD DISABLE.
    """
    if bool(workgroup) == bool(cluster):
        raise click.UsageError("give either --workgroup or --cluster")
    target = Warehouse(database=database, workgroup_name=workgroup, cluster_identifier=cluster, secret_arn=secret_arn)
    try:
        tables = _release().tables
        granted = ddl.grants(database, tables, loaders=grant_to, readers=grant_read_to)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        ddl.create(boto3.client("redshift-data"), target, tables, granted=granted)
    except WarehouseError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        print_json({"tables": [*ddl.statements(tables)], "grants": granted})
        return
    click.echo(f"{', '.join(ddl.statements(tables))} are there, in {target}")
    for sql in granted:
        click.echo(sql)


@warehouse.command()
@click.option("--out", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="dags/")
@json_option
def describe(out: Path, *, as_json: bool) -> None:
    """Compare each dataset's contract with its table, and write what the DAGs need of both into their folder."""
    try:
        files = generated(_release())
    except ContractError as error:
        raise click.ClickException(str(error)) from error
    try:
        generate(files, out)
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}") from error
    if as_json:
        print_json({"files": [str(out / name) for name in files]})
        return
    click.echo(f"{out}: {', '.join(files)}")


@warehouse.command()
@click.argument("sql")
@click.option("--workgroup", help="Redshift Serverless workgroup, for who may not look at the stack.")
@click.option("--cluster", help="Provisioned Redshift cluster, instead of a workgroup.")
@click.option("--database", help="Database that holds the tables; by default the stack's, else analytics.")
@click.option("--secret-arn", help="Secret with user and password; without it, IAM.")
@click.option("--most", type=click.IntRange(min=1), default=100, show_default=True, help="How many rows to show.")
@json_option
@lang_option
@stack_option
def query(
    *,
    sql: str,
    workgroup: str | None,
    cluster: str | None,
    database: str | None,
    secret_arn: str | None,
    most: int,
    lang: Language,
    stack: str,
    as_json: bool,
) -> None:
    """Ask the stack's warehouse by one SELECT, and show its rows. Anything else is refused: it only reads.

    Exit status: 0 answered, 1 the warehouse refused it, 2 it is no SELECT, or the warehouse could not be asked.
    """
    if not is_one_select(sql):
        raise click.UsageError(phrase("only one SELECT is sent; nothing here changes the warehouse"))
    if workgroup and cluster:
        raise click.UsageError(phrase("give either --workgroup or --cluster"))
    if not workgroup and not cluster:
        names = ("RedshiftWorkgroup", "RedshiftCluster", "RedshiftDatabase")
        workgroup, cluster, its_database = parameters_of(stack, *names)
        database = database or its_database
    target = Warehouse(
        database=database or "analytics", workgroup_name=workgroup, cluster_identifier=cluster, secret_arn=secret_arn
    )
    try:
        rows = run_query(boto3.client("redshift-data"), target, sql)
    except WarehouseError as error:
        raise click.ClickException(str(error)) from error
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error
    if as_json:
        print_json(rows)
        return
    grid = Table(pad_edge=False)
    for name in rows[0] if rows else ():
        grid.add_column(name, overflow="fold")
    for row in rows[:most]:
        grid.add_row(*(Text("" if cell is None else printable(str(cell))) for cell in row.values()))
    console_for_people().print(grid)
    told = "{rows:,} rows, the first {most:,} shown" if len(rows) > most else "{rows:,} rows"
    click.echo(say(told, readable(lang), rows=len(rows), most=most))
    click.echo(f"  suimon status{of_stack(stack)}")


def is_one_select(sql: str) -> bool:
    """Whether a text is one SELECT that writes into no table, by Redshift's grammar."""
    try:
        found = sqlglot.parse(sql, read="redshift")
    except sqlglot.errors.SqlglotError:
        return False
    [tree] = found if len(found) == 1 else [None]
    writes = (exp.Into, exp.Insert, exp.Update, exp.Delete, exp.Create, exp.Drop, exp.Command, exp.Lock)
    return isinstance(tree, exp.Query) and not list(tree.find_all(*writes))


def _release() -> Release:
    try:
        return read_release(all_datasets())
    except ContractError as error:
        raise click.ClickException(str(error)) from error

"""`suimon check`: the gate's verdict on a local file."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from suimon.check import CheckError, check_file
from suimon.check.report import summary
from suimon.check.screen import show
from suimon.contract.clauses import ContractFileError
from suimon.contract.cli import UnusableError, listed
from suimon.contract.odcs import read_contract

EXAMPLES = 50


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--contract",
    "contract_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The ODCS contract that the file must keep.",
)
@click.option("--partition", metavar="YYYY-MM-DD", help="The business date that the file is for.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary and every listed cell as one JSON object.")
@click.pass_context
def check(context: click.Context, file: Path, contract_file: Path, partition: str | None, *, as_json: bool) -> None:
    """Check FILE against its contract, as the gate would.

    Exit status 0: accepted; 1: rejected; 2: no verdict, because an argument, the contract or the file cannot be used.
    """
    try:
        contract = read_contract(contract_file)
        if partition is not None and contract.key_pattern:
            contract.key_pattern.key_for(partition)
        with tempfile.TemporaryDirectory(prefix="suimon-") as scratch:
            verdict = check_file(file, contract, partition, temp_directory=Path(scratch))
    except ContractFileError as error:
        raise UnusableError(listed(error)) from error
    except (CheckError, ValueError) as error:
        raise UnusableError(str(error)) from error
    partition_checked = partition is not None or not any(column.partition for column in contract.columns)
    if as_json:
        cells = [asdict(cell) for cell in verdict.bad_cells]
        whole = {**summary(verdict), "partition_checked": partition_checked, "cells": cells}
        click.echo(json.dumps(whole, ensure_ascii=False, indent=1))
    else:
        show(file, contract, verdict, limit=EXAMPLES)
        if not partition_checked:
            click.echo("Not checked: whether the business date is the right one. Give it with --partition.", err=True)
    context.exit(0 if verdict.accepted else 1)

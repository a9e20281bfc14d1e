"""The `suimon` command. Each command imports what it needs when it runs: `suimon --help` must be quick."""

from pathlib import Path

import click

ACCEPTED, REJECTED, UNUSABLE = 0, 1, 2
EXAMPLES = 50
_CONTRACTS = "contracts"


class UnusableError(click.ClickException):
    """An argument, contract or file that no verdict can be given on."""

    exit_code = UNUSABLE


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Suimon: the water gate in front of the pipelines that Amazon MWAA runs."""


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--contract",
    "contract_path",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The ODCS contract that the file must keep.",
)
@click.option("--partition", metavar="YYYY-MM-DD", help="The business date that the file is for.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary and every listed cell as one JSON object.")
@click.pass_context
def check(context: click.Context, file: Path, contract_path: Path, partition: str | None, *, as_json: bool) -> None:
    """Check FILE against its contract, as the gate would.

    Exit status 0: accepted; 1: rejected; 2: no verdict, because an argument, the contract or the file cannot be used.
    """
    import json  # noqa: PLC0415 - see the module's docstring
    import tempfile  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    from suimon.check import CheckError, check_file  # noqa: PLC0415
    from suimon.check.report import summary  # noqa: PLC0415
    from suimon.check.screen import show  # noqa: PLC0415
    from suimon.contract.clauses import ContractFileError  # noqa: PLC0415
    from suimon.contract.odcs import read_contract  # noqa: PLC0415

    try:
        contract = read_contract(contract_path)
        if partition is not None and contract.key_pattern:
            contract.key_pattern.key_for(partition)
        with tempfile.TemporaryDirectory(prefix="suimon-") as scratch:
            verdict = check_file(file, contract, partition, temp_directory=Path(scratch))
    except (ContractFileError, CheckError, ValueError) as error:
        raise UnusableError(str(error)) from error
    checked_partition = partition is not None or not any(column.partition for column in contract.columns)
    if as_json:
        cells = [asdict(cell) for cell in verdict.bad_cells]
        whole = {**summary(verdict), "partition_checked": checked_partition, "cells": cells}
        click.echo(json.dumps(whole, ensure_ascii=False, indent=1))
    else:
        show(file, contract, verdict, limit=EXAMPLES)
        if not checked_partition:
            click.echo("Not checked: whether the business date is the right one. Give it with --partition.", err=True)
    context.exit(ACCEPTED if verdict.accepted else REJECTED)


@main.group()
def contract() -> None:
    """Check and compile contracts."""


@contract.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def lint(files: tuple[Path, ...]) -> None:
    """Check contract FILES, by default contracts/*.odcs.yaml: every clause must be one that Suimon enforces."""
    from suimon.contract.clauses import ContractFileError  # noqa: PLC0415 - see the module's docstring
    from suimon.contract.odcs import read_contract_files  # noqa: PLC0415

    try:
        contracts = read_contract_files(files or _contract_files())
    except ContractFileError as error:
        raise UnusableError(f"{len(error.problems)} to mend\n{error}") from error
    for one in contracts.all:
        gate = f"{one.key_pattern.text} opens {one.dag_id}" if one.key_pattern else f"table {one.table} is watched"
        click.echo(f"{one.dataset} {one.version}: {gate}")


@contract.command(name="compile")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the compiled form, contracts.json.",
)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def compile_(files: tuple[Path, ...], out: Path) -> None:
    """Compile contract FILES, by default contracts/*.odcs.yaml, into the one file that the functions read."""
    from suimon.contract.clauses import ContractFileError  # noqa: PLC0415 - see the module's docstring
    from suimon.contract.odcs import compile_contracts  # noqa: PLC0415

    try:
        contracts = compile_contracts(files or _contract_files(), out)
    except ContractFileError as error:
        raise UnusableError(f"{len(error.problems)} to mend\n{error}") from error
    except OSError as error:
        raise UnusableError(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"{out}: {len(contracts.all)} contracts")


def _contract_files() -> tuple[Path, ...]:
    found = tuple(sorted(Path(_CONTRACTS).glob("*.odcs.yaml")))
    if not found:
        raise UnusableError(f"no {_CONTRACTS}/*.odcs.yaml here; name the files")
    return found

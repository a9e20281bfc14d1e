"""`suimon contract`: check contracts before they are released, and compile them."""

from pathlib import Path

import click

from suimon.contract.clauses import ContractFileError
from suimon.contract.odcs import compile_contracts, read_contract_files

CONTRACTS = Path("contracts")


class UnusableError(click.ClickException):
    """An argument, contract or file that cannot be used: exit status 2."""

    exit_code = 2


@click.group()
def contract() -> None:
    """Check and compile contracts."""


@contract.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def lint(files: tuple[Path, ...]) -> None:
    """Check contract FILES, by default contracts/*.odcs.yaml: every clause must be one that Suimon enforces."""
    try:
        contracts = read_contract_files(files or _all_files())
    except ContractFileError as error:
        raise UnusableError(listed(error)) from error
    for one in contracts.all:
        does = f"{one.key_pattern.text} opens {one.dag_id}" if one.key_pattern else f"table {one.table} is watched"
        click.echo(f"{one.dataset} {one.version}: {does}")


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
    try:
        contracts = compile_contracts(files or _all_files(), out)
    except ContractFileError as error:
        raise UnusableError(listed(error)) from error
    except OSError as error:
        raise UnusableError(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"{out}: {len(contracts.all)} contracts")


def listed(error: ContractFileError) -> str:
    """Give every problem on a line of its own."""
    count = len(error.problems)
    return f"{count} {'problem' if count == 1 else 'problems'}\n{error}"


def _all_files() -> tuple[Path, ...]:
    found = tuple(sorted(CONTRACTS.glob("*.odcs.yaml")))
    if not found:
        raise UnusableError(f"no {CONTRACTS}/*.odcs.yaml here; name the files")
    return found

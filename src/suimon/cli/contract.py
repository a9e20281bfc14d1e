"""`suimon contract`: check contracts before they are released, and compile them."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from suimon.cli.errors import CommandError
from suimon.cli.pasted import like
from suimon.cli.printing import json_option, print_json
from suimon.cli.words import phrase
from suimon.contract.model import Contract
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import compile_contracts, read_contract, read_contract_files
from suimon.contract.odcs.runs import too_many_runs
from suimon.dataset.folder import CONTRACT, SETTING, DatasetFolder, datasets_below, datasets_root
from suimon.drops.foreign_text import printable
from suimon.report.console import Terminal

if TYPE_CHECKING:
    from suimon.dataset.contract_diff import Difference

DATASETS = "datasets"

# Fields of Column that are rules on its cells, beside its type.
_RULES = ("required", "unique", "partition", "min_length", "max_length", "minimum", "maximum", "pattern", "allowed")


contract_option = click.option(
    "--contract",
    "contract_name",
    metavar="FILE|DATASET",
    required=True,
    help="The ODCS contract that the file must keep: its file, or its dataset's name in the folder datasets/.",
)


class ProblemsError(CommandError):
    """Problems of contract files: each on a line that an editor can jump to, and their count."""

    def __init__(self, error: ContractFileError) -> None:
        files = {problem.file for problem in error.problems}
        problems = "\n".join(printable(str(problem)) for problem in error.problems)
        super().__init__(f"{problems}\n{count_of(len(error.problems), 'problem')} in {count_of(len(files), 'file')}")

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Print the problems without a word before the first, where its place must stand."""
        click.echo(self.message, err=True)


@click.group()
def contract() -> None:
    """Check and compile contracts."""


@contract.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def lint(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Check contract FILES, by default datasets/*/contract.odcs.yaml: every clause must be one that Suimon enforces.

    Exit status 0: all can be used; 2: not, and every problem is told as file:line: path: message.
    """
    try:
        contracts = read_contract_files(files or _all_files()).all
    except ContractFileError as error:
        if as_json:
            print_json({"contracts": [], "problems": [asdict(one) for one in error.problems], "warning": None})
            raise SystemExit(ProblemsError.exit_code) from error
        raise ProblemsError(error) from error
    warning = too_many_runs(contracts)
    if as_json:
        print_json({"contracts": [_as_json(one) for one in contracts], "problems": [], "warning": warning})
        return
    console = Terminal(highlight=False)
    if console.is_terminal:
        console.print(_table(contracts))
    else:
        for one in contracts:
            click.echo(printable(_line(one)))
    if warning:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{count_of(len(contracts), 'contract')}, no problems")


@contract.command(name="compile")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the compiled form, contracts.json.",
)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def compile_(files: tuple[Path, ...], out: Path, *, as_json: bool) -> None:
    """Compile contract FILES, by default datasets/*/contract.odcs.yaml, into the one file that the functions read."""
    try:
        contracts = compile_contracts(files or _all_files(), out)
    except ContractFileError as error:
        raise ProblemsError(error) from error
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}") from error
    if as_json:
        print_json({"out": str(out), "datasets": [one.dataset for one in contracts.all]})
        return
    click.echo(f"{out}: {count_of(len(contracts.all), 'contract')}")


@contract.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@json_option
def diff(old: str, new: str, *, as_json: bool) -> None:
    """Compare two contracts of a dataset, each a file or a dataset's name: what breaks, and for whom.

    Exit status: 0 nothing breaks, 1 something does, 2 they cannot be compared.
    """
    from suimon.dataset.contract_diff import difference  # noqa: PLC0415 - lint and compile need no SQL

    try:
        found = difference(*(read_contract(contract_file_of(name)) for name in (old, new)))
    except ContractFileError as error:
        raise ProblemsError(error) from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    if as_json:
        told = {"breaks": found.breaks, "changes": [asdict(one) for one in found.changes], "ddl": found.statements}
        print_json(told)
    else:
        for line in _differences(found):
            click.echo(printable(line))
    raise SystemExit(1 if found.breaks else 0)


_WHOM = {
    "sender": "For whoever sends the files",
    "table": "For the table",
    "stored": "For files already stored",
}


def _differences(found: "Difference") -> list[str]:
    lines = []
    for whom, heading in _WHOM.items():
        mine = sorted((one for one in found.changes if one.whom == whom), key=lambda one: not one.breaks)
        ddl = found.statements if whom == "table" else ()
        lines += [f"{heading}:"] if mine or ddl else []
        lines += [f"  {'breaks' if one.breaks else 'fine  '}  {one.clause}: {one.text}" for one in mine]
        lines += [f"  needs   {sql} (suimon warehouse migrate)" for sql in ddl]
    return lines or ["The contracts say the same."]


def _table(contracts: tuple[Contract, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("dataset", "version", "files", "DAG"):
        table.add_column(heading, overflow="fold")
    for heading in ("columns", "rules"):
        table.add_column(heading, justify="right")
    for one in contracts:
        files = one.key_pattern.text if one.key_pattern else f"none; table {one.table} is watched"
        figures = (str(len(one.columns)), str(_rules(one))) if one.key_pattern else ("", "")
        texts = (one.dataset, _versions(one), files, one.dag_id or "", *figures)
        table.add_row(*(Text(printable(text)) for text in texts))  # no markup in them
    return table


def _as_json(one: Contract) -> dict[str, object]:
    return {
        "dataset": one.dataset,
        "versions": [{"version": each.version, "effective_from": each.effective_from} for each in one.versions],
        "key_pattern": one.key_pattern.text if one.key_pattern else None,
        "dag_id": one.dag_id,
        "table": one.table,
        "columns": len(one.columns),
        "rules": _rules(one),
    }


def _line(one: Contract) -> str:
    if one.key_pattern is None:
        return f"{one.dataset} {one.version}: table {one.table} is watched"
    size = f"{count_of(len(one.columns), 'column')}, {count_of(_rules(one), 'rule')}"
    return f"{one.dataset} {_versions(one)}: {one.key_pattern.text} opens {one.dag_id}; {size}"


def _versions(one: Contract) -> str:
    """Return which version judges since when, the newest first."""
    since = (f"{each.version} from {each.effective_from}" for each in one.versions if each.effective_from)
    return ", ".join([*since, f"{one.versions[-1].version} before"]) if one.earlier else one.version


def _rules(one: Contract) -> int:
    """Count what a file can break, beside its dialect: types and rules of cells, the key, conditions and metrics."""
    cells = sum(column.type != "string" for column in one.columns)
    cells += sum(bool(getattr(column, rule)) for column in one.columns for rule in _RULES)
    return cells + bool(one.primary_key) + len(one.conditions) + len(one.metrics)


def count_of(number: int, what: str) -> str:
    """Return a number and what it counts, as one word or several."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def contract_file_of(name: str) -> Path:
    """Return the file of a contract, by its path or its dataset; CommandError, with one like it, if there is none."""
    root = datasets_folder()
    path = Path(name) if Path(name).is_file() else DatasetFolder(root / name).contract
    if not path.is_file():
        hint = like(name, [folder.name for folder in datasets_below(root)])
        neither = "--contract: there is neither a file {name} nor {path}{like}"
        raise CommandError(phrase(neither, name=name, path=path, like=hint))
    return path


def datasets_folder() -> Path:
    """Return the folder that SUIMON_DATASETS names, or the nearest `datasets` here or above; `datasets` if none."""
    above = (folder / DATASETS for folder in (Path.cwd(), *Path.cwd().parents))
    found = next((folder for folder in above if datasets_below(folder)), Path(DATASETS))
    nearest = found.relative_to(Path.cwd()) if found.is_relative_to(Path.cwd()) else found
    return datasets_root(os.environ, nearest)


def all_datasets() -> tuple[DatasetFolder, ...]:
    """Return every dataset of the folder; CommandError if it has none."""
    root = datasets_folder()
    if not (found := datasets_below(root)):
        raise CommandError(f"no {root}/*/{CONTRACT} here or above; name the folder in {SETTING}")
    return found


def _all_files() -> tuple[Path, ...]:
    return tuple(folder.contract for folder in all_datasets())

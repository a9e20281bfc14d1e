"""`suimon dataset`: from a file to rows in a table: propose a dataset, check its folder, try it in the twin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import click

import suimon
from suimon.cli.contract import count_of, datasets_folder
from suimon.cli.errors import CommandError
from suimon.cli.printing import json_option, print_json
from suimon.dataset.folder import NAME, SETTING, DatasetFolder, datasets_below
from suimon.drops.foreign_text import printable

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def dataset() -> None:
    """Make a dataset: one folder with its contract, its table and its golden case."""


@dataset.command()
@click.argument("name")
@click.option(
    "--from",
    "samples",
    required=True,
    multiple=True,
    type=_FILE,
    help="A file like those to come, as it is sent: compressed or not, in any encoding Suimon knows. Several times: "
    "several days of it, which tell more.",
)
@click.option("--force", is_flag=True, help="Write over a dataset that is there.")
@json_option
def new(name: str, samples: tuple[Path, ...], *, force: bool, as_json: bool) -> None:
    """Propose the dataset NAME from whole samples: contract, table, golden case.

    What the samples cannot tell, and would be wrong in silence, is marked DECIDE in the contract. Only a proposal
    guesses; the gate never does. Values of columns that look personal are masked.
    """
    from suimon.dataset.proposal.propose import propose  # noqa: PLC0415 - the other commands need no decoders
    from suimon.dataset.proposal.sample import SampleError  # noqa: PLC0415 - as above

    if not NAME.fullmatch(name):
        raise CommandError(f"{name!r} is no name of a dataset: a small letter, then small letters, digits and _")
    folder = DatasetFolder(datasets_folder() / name)
    if folder.path.exists() and not force:
        raise CommandError(f"{folder.path} exists; choose another name, or write over it with --force")
    try:
        proposal = propose(name, samples, uuid4())
    except SampleError as error:
        raise CommandError(str(error)) from error
    try:
        for path in folder.golden.glob("*"):
            path.unlink()
        for file, text in proposal.files.items():
            (folder.path / file).parent.mkdir(parents=True, exist_ok=True)
            (folder.path / file).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise CommandError(f"{folder.path} cannot be written: {error.strerror}") from error
    files = [str(folder.path / file) for file in proposal.files]
    if as_json:
        decide = [{"line": line, "question": question} for line, question in proposal.undecided]
        print_json({"dataset": name, "files": files, "contract": str(folder.contract), "decide": decide})
        return
    for file in files:
        click.echo(f"  {file}")
    marks = count_of(len(proposal.undecided), "place")
    click.echo(f"{folder.path}: a guess, with {marks} to decide, each marked DECIDE")
    click.echo(f"Decide, take the marks out, then: suimon dataset check {name} --rewrite")


@dataset.command()
@click.argument("name")
@click.option("--rewrite", is_flag=True, help="Write table, golden rows and verdict again by the contract, then check.")
@json_option
def check(name: str, *, rewrite: bool, as_json: bool) -> None:
    """Find everything that is wrong with the dataset NAME, and say what to do.

    Exit status: 0 nothing is wrong, 1 something is, 2 there is no such dataset.
    """
    from suimon.dataset.check_up import problems_of, runs_warning  # noqa: PLC0415 - `new` and `try` need it not

    folder = folder_of(name)
    written = _rewrite(folder) if rewrite else []
    problems = problems_of(folder, [other for other in datasets_below(folder.path.parent) if other.name != name])
    if as_json:
        warning = None if problems else runs_warning(datasets_below(folder.path.parent))
        print_json({"dataset": name, "problems": problems, "rewritten": written, "warning": warning})
        sys.exit(1 if problems else 0)
    for path in written:
        click.echo(f"rewritten: {path}")
    for problem in problems:
        click.echo("\n".join(map(printable, problem.split("\n"))))
    if problems:
        click.echo(f"{name}: {count_of(len(problems), 'problem')}")
        if any(str(folder.table) in problem or str(folder.golden) in problem for problem in problems):
            click.echo(f"To write table and golden rows again by the contract: suimon dataset check {name} --rewrite")
        sys.exit(1)
    if warning := runs_warning(datasets_below(folder.path.parent)):
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{name}: nothing is wrong. In a twin that is up (make up): suimon dataset try {name} FILE")


@dataset.command(name="try")
@click.argument("name")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@click.option(
    "--partition",
    metavar="YYYY-MM-DD",
    help="The file's business date, or other partition; by default that in its name.",
)
@json_option
def try_(name: str, files: tuple[Path, ...], partition: str | None, *, as_json: bool) -> None:
    """Send FILE through the twin that is up, deploying the dataset NAME as it is now, and show the rows of its table.

    Of a set all files, in one command.

    Exit status: 0 its rows are in the table, 1 they are not, 2 it could not be tried.
    """
    folder = folder_of(name)
    root = Path(suimon.__file__).resolve().parents[2]
    if not (root / "local" / "trial.py").is_file():
        raise CommandError("the twin is part of Suimon's sources, and this is an installation without them")
    command = [sys.executable, "-m", "local", "try", name, *(str(file.resolve()) for file in files)]
    done = subprocess.run(
        [*command, *(["--partition", partition] if partition else []), *(["--json"] if as_json else [])],
        cwd=root,
        env=os.environ | {SETTING: str(folder.path.parent.resolve())},
        check=False,
    )
    sys.exit(done.returncode)


def folder_of(name: str) -> DatasetFolder:
    """Return the folder of a dataset; CommandError with those there are, if there is none."""
    root = datasets_folder()
    folder = DatasetFolder(root / name)
    if not folder.contract.is_file():
        known = ", ".join(one.name for one in datasets_below(root)) or "none"
        raise CommandError(f"there is no {folder.contract}; datasets of {root}: {known}")
    return folder


def _rewrite(folder: DatasetFolder) -> list[Path]:
    from suimon.contract.odcs.clauses import ContractFileError  # noqa: PLC0415 - as above
    from suimon.dataset.golden import GoldenCaseError  # noqa: PLC0415 - as above
    from suimon.dataset.rewriting import rewrite  # noqa: PLC0415 - as above

    try:
        return rewrite(folder)
    except (ContractFileError, GoldenCaseError, ValueError):
        return []  # the check says why

"""`suimon check`: the gate's verdict on a local file, or on a version of an object in S3."""

import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn, TransferSpeedColumn

from suimon.check.engine import Aside, CheckError
from suimon.check.engine import check as judge
from suimon.check.html import page
from suimon.check.location import Location, LocationError
from suimon.check.messages import LANGS, Lang, either, one_line
from suimon.check.report import as_json, cell_as_json, cells_as_json_lines, summary
from suimon.check.screen import show
from suimon.check.verdict import Verdict
from suimon.contract.clauses import ContractFileError
from suimon.contract.cli import CONTRACTS, UnusableError, listed
from suimon.contract.model import Contract
from suimon.contract.odcs import read_contract

EXAMPLES = 50
INTERRUPTED = 130  # what shells say of a command that Ctrl-C ended; 1 would say that the file is rejected
ACCEPTED_ROWS, BAD_ROWS = "accepted.csv", "bad_rows.csv"


@click.command()
@click.argument("file")
@click.option(
    "--contract",
    "contract_name",
    metavar="FILE|DATASET",
    required=True,
    help="The ODCS contract that the file must keep: its file, or its dataset's name in the folder contracts/.",
)
@click.option("--partition", metavar="YYYY-MM-DD", help="The business date of the file; by default that in its S3 key.")
@click.option(
    "--report",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Write report.json, bad_cells.jsonl, report.html and, when the contract's tolerance sets records aside, "
    f"{ACCEPTED_ROWS} and {BAD_ROWS} (whole records, personal values too).",
)
@click.option("--json", "as_object", is_flag=True, help="Print the summary and every listed cell as one JSON object.")
@click.option("--lang", type=click.Choice(LANGS), default="en", show_default=True, help="The language of the answer.")
@click.option(
    "--limit", type=click.IntRange(min=0), default=10_000, show_default=True, help="How many bad cells to list."
)
@click.pass_context
def check(
    context: click.Context,
    file: str,
    contract_name: str,
    partition: str | None,
    report: Path | None,
    lang: Lang,
    limit: int,
    *,
    as_object: bool,
) -> None:
    """Check FILE against its contract, as the gate would.

    FILE is a path or s3://bucket/key, with ?versionId=… for a version that is not the newest.

    Exit status 0: accepted; 1: rejected; 2: no verdict, because an argument, the contract or the file cannot be used.
    """
    _print_whatever_comes()
    try:
        contract = _contract(contract_name)
        location = Location.parse(file)
        partition = _partition(partition, location, contract)
        verdict = _verdict(location, contract, partition, report, limit)
        if report:
            about = {"file": location.text, "dataset": contract.dataset, "partition": partition or ""}
            _write(report, verdict, contract, about, lang)
    except KeyboardInterrupt:
        click.echo(either(lang, "Interrupted: no verdict.", "中断しました。判定はありません。"), err=True)
        context.exit(INTERRUPTED)
    except ContractFileError as error:
        raise UnusableError(listed(error)) from error
    except (CheckError, LocationError) as error:
        raise UnusableError(one_line(str(error))) from error
    except OSError as error:
        raise UnusableError(one_line(f"{error.filename or file}: {error.strerror or error}")) from error
    checked = partition is not None or not any(column.partition for column in contract.columns)
    if as_object:
        cells = [cell_as_json(cell, lang) for cell in verdict.bad_cells]
        click.echo(as_json({**summary(verdict, lang), "partition_checked": checked, "cells": cells}, indent=1))
    else:
        show(location.text, contract, verdict, limit=EXAMPLES, lang=lang)
        if report:
            click.echo(f"{either(lang, 'Report', 'レポート')}: {report / 'report.html'}")
    if not checked:
        click.echo(
            either(
                lang,
                "Not checked: whether the business date is the right one. Give it with --partition.",
                "対象日が正しいかは検査していません。--partition で指定してください。",
            ),
            err=True,
        )
    context.exit(0 if verdict.accepted else 1)


def _contract(name: str) -> Contract:
    by_dataset = CONTRACTS / f"{name}.odcs.yaml"
    path = Path(name) if Path(name).is_file() else by_dataset
    if not path.is_file():
        raise UnusableError(f"--contract: there is neither a file {name} nor {by_dataset}")
    return read_contract(path)


def _partition(given: str | None, location: Location, contract: Contract) -> str | None:
    pattern = contract.key_pattern
    if given is None:
        return pattern.match(location.key) if pattern else None
    try:
        if pattern:
            pattern.key_for(given)
    except ValueError as error:
        raise UnusableError(f"--partition: {error}") from error
    return given


def _verdict(location: Location, contract: Contract, partition: str | None, report: Path | None, limit: int) -> Verdict:
    aside = None
    if report:
        report.mkdir(parents=True, exist_ok=True)
        aside = Aside(report / ACCEPTED_ROWS, report / BAD_ROWS) if contract.tolerance else None
    with (
        location.opened() as source,
        tempfile.TemporaryDirectory(prefix="suimon-") as scratch,
        _progress(source.size) as progress,
    ):
        return judge(source, contract, partition, scratch=Path(scratch), limit=limit, progress=progress, aside=aside)


def _write(folder: Path, verdict: Verdict, contract: Contract, about: dict[str, str], lang: Lang) -> None:
    if not verdict.set_aside:  # what an earlier check may have left there is not of this file
        for name in (ACCEPTED_ROWS, BAD_ROWS):
            (folder / name).unlink(missing_ok=True)
    for name, text in (
        ("report.json", as_json({**about, **summary(verdict, lang)}, indent=1) + "\n"),
        ("bad_cells.jsonl", cells_as_json_lines(verdict, lang)),
        ("report.html", page(verdict, contract, about, lang)),
    ):
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], None] | None]:
    """A bar on standard error, if somebody sits there; it is gone when the verdict comes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (BarColumn(), TaskProgressColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=size)
        yield lambda done: bar.update(task, completed=done)


def _print_whatever_comes() -> None:
    """A terminal that cannot show Japanese gets escapes: failing there would look like a verdict."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

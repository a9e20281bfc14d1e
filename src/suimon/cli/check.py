"""`suimon check`: the gate's verdict on a local file, or on a version of an object in S3."""

import errno
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn, TransferSpeedColumn

from suimon.aws.clock import utc_now
from suimon.check.engine import Aside, CheckError
from suimon.check.engine import check as judge
from suimon.check.verdict import Verdict
from suimon.cli.console import mute
from suimon.cli.contract import ProblemsError, contract_file_of, contract_option
from suimon.cli.errors import CommandError
from suimon.cli.location import Location, LocationError
from suimon.cli.words import lang_option, phrase, readable, spoken
from suimon.contract.model import Contract
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract
from suimon.drops.foreign_text import one_line
from suimon.drops.refusal import no_partition
from suimon.drops.wording import in_language
from suimon.report.as_json import as_json, cell_as_json, cells_as_json_lines, identity, labels_of, summary
from suimon.report.bad_records import NAME, bad_records
from suimon.report.console import Terminal
from suimon.report.messages import Lang, either
from suimon.report.page import page
from suimon.report.terminal import show

EXAMPLES = 50
INTERRUPTED = 130  # what shells say of a command that Ctrl-C ended; 1 would say that the file is rejected
ACCEPTED_ROWS, BAD_ROWS = "accepted.csv", "bad_rows.csv"
OUTPUTS = ("report.json", "bad_cells.jsonl", "report.html", NAME, ACCEPTED_ROWS, BAD_ROWS)


@click.command()
@click.argument("file")
@contract_option
@click.option(
    "--partition",
    metavar="YYYY-MM-DD",
    help="The file's business date, or other partition; by default that in its S3 key.",
)
@click.option(
    "--report",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Write report.json, bad_cells.jsonl, report.html, {NAME} (the records with a fault and why, personal values "
    f"masked) and, when the contract's tolerance sets records aside, "
    f"{ACCEPTED_ROWS} and {BAD_ROWS} (whole records as they stand, personal values too). "
    f"{BAD_ROWS} is raw data, not for a spreadsheet: one would run formulas in it.",
)
@click.option("--json", "as_object", is_flag=True, help="Print the summary and every listed cell as one JSON object.")
@lang_option
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
    try:
        contract_file = contract_file_of(contract_name)
        contract = read_contract(contract_file)
        location = Location.parse(file)
        partition = _partition(partition, location, contract)
        contract = contract.at(partition) if partition else contract
        if report:
            _keep_inputs(report, contract_file, *([] if location.bucket else [Path(location.text)]))
        about = identity(contract, location.text, partition)
        verdict, records = _verdict(location, contract, partition, report, limit, lang)
        if report:
            _write(report, verdict, contract, about, lang, records)
    except KeyboardInterrupt:
        click.echo(either(readable(lang), "Interrupted: no verdict.", "中断しました。判定はありません。"), err=True)
        context.exit(INTERRUPTED)
    except ContractFileError as error:
        raise ProblemsError(error) from error
    except (CheckError, LocationError) as error:
        raise CommandError(one_line(str(error))) from error
    except OSError as error:
        raise CommandError(one_line(f"{error.filename or file}: {error.strerror or error}")) from error
    try:
        _answer(verdict, contract, about, report, lang, as_object=as_object)
    except OSError as error:
        mute()
        if error.errno != errno.EPIPE:  # who stops reading has read enough; anything else has lost the answer
            raise CommandError(phrase("the answer cannot be written: {why}", why=error.strerror or error)) from error
    context.exit(0 if verdict.accepted else 1)


def _answer(
    verdict: Verdict, contract: Contract, about: dict[str, Any], report: Path | None, lang: Lang, *, as_object: bool
) -> None:
    if as_object:
        labels = labels_of(contract, lang)
        cells = [cell_as_json(cell, lang, labels) for cell in verdict.bad_cells]
        click.echo(as_json({**about, **summary(verdict, lang, labels), "cells": cells}, indent=1))
    else:
        show(about["file"], contract, verdict, limit=EXAMPLES, lang=readable(lang))
        if report:
            click.echo(f"{either(readable(lang), 'Report', 'レポート')}: {report / 'report.html'}")
    if not about["partition_checked"]:
        click.echo(
            either(
                readable(lang),
                "Not checked: whether the business date is the right one. Give it with --partition.",
                "対象日が正しいかは検査していません。--partition で指定してください。",
            ),
            err=True,
        )


def _keep_inputs(report: Path, *inputs: Path) -> None:
    """Refuse to write over what is read, under whatever name it stands there."""
    for target in (report / name for name in OUTPUTS):
        for path in inputs:
            if target.exists() and target.samefile(path):
                over = "--report: {target} would be written over, but it is {path}, which is read; name another folder"
                raise CommandError(phrase(over, target=one_line(str(target)), path=one_line(str(path))))


def _partition(given: str | None, location: Location, contract: Contract) -> str | None:
    pattern = contract.key_pattern
    if given is None:
        return pattern.match(location.key) if pattern else None
    if pattern and not contract.has_partition(given):
        raise CommandError(phrase("--partition: {why}", why=in_language(no_partition(contract, given), spoken())))
    return given


def _verdict(
    location: Location, contract: Contract, partition: str | None, report: Path | None, limit: int, lang: Lang
) -> tuple[Verdict, bytes | None]:
    """Return the verdict and, for a report, the bad records; the rows set aside are written into it."""
    if report:
        report.mkdir(parents=True, exist_ok=True)
    with (
        location.opened() as source,
        tempfile.TemporaryDirectory(prefix="suimon-") as scratch,
        _set_aside(report if contract.tolerance else None) as aside,
        _progress(source.size) as progress,
    ):
        verdict = judge(
            source,
            contract,
            partition,
            scratch=Path(scratch),
            arrived=utc_now(),
            limit=limit,
            progress=progress,
            aside=aside,
        )
        if report and aside:
            for path in (aside.accepted, aside.bad):
                if verdict.set_aside:
                    path.replace(report / path.name)
                else:  # what an earlier check may have left there is not of this file
                    (report / path.name).unlink(missing_ok=True)
        records = bad_records(source, contract, verdict, lang) if report and verdict.rows else None
    return verdict, records


@contextmanager
def _set_aside(report: Path | None) -> Iterator[Aside | None]:
    """Where rows are written until the verdict is known: beside their place, so that moving them there cannot fail."""
    if report is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix=".suimon-", dir=report) as folder:
        yield Aside(Path(folder, ACCEPTED_ROWS), Path(folder, BAD_ROWS))


def _write(
    folder: Path, verdict: Verdict, contract: Contract, about: dict[str, Any], lang: Lang, records: bytes | None
) -> None:
    labels = labels_of(contract, lang)
    shown = {name: about[name] or "" for name in ("file", "dataset", "partition")}
    for name, text in (
        ("report.json", as_json({**about, **summary(verdict, lang, labels)}, indent=1) + "\n"),
        ("bad_cells.jsonl", cells_as_json_lines(verdict, lang, labels)),
        ("report.html", page(verdict, contract, shown, lang)),
    ):
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    if records is None:
        (folder / NAME).unlink(missing_ok=True)  # an earlier check's
    else:
        (folder / NAME).write_bytes(records)


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], None] | None]:
    """A bar on standard error, if somebody sits there; it is gone when the verdict comes."""
    console = Terminal(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (BarColumn(), TaskProgressColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=size)
        yield lambda done: bar.update(task, completed=done)

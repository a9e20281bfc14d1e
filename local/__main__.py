"""The twin's commands: `python -m local up | demo | recording | down | status`."""

import contextlib
import json
import os
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from local.isolation import isolate_process
from local.twin import NoTwinError, Twin, environment_of, load, runtime_folder

ROOT: Final = Path(__file__).resolve().parent.parent

_SHIPPED: Final = "sales"  # whose golden file can be sent as it lies there


class _NotDoneError(click.ClickException):
    """What could not be done at all: exit status 2, as 1 says how something that was done has ended."""

    exit_code = 2


class _Commands(click.Group):
    """Commands that end an expected error with its own words instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if isinstance(error, _expected()):
                raise _NotDoneError(str(error)) from error
            raise


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run Suimon's twin: everything it meets on AWS, on this machine."""
    isolate_process(os.environ)


@main.command()
def up() -> None:
    """Start the twin and deploy into it."""
    from local.lifecycle import up as bring_up  # noqa: PLC0415 `status` and `down` need none of its imports
    from local.progress import Board  # noqa: PLC0415 as above

    console = Console()
    twin, died = bring_up(ROOT, Board(console))
    if died is None:
        console.print(
            "The twin is up already, with what was deployed when it started. What changed of a dataset deploys "
            "`suimon dataset try NAME FILE`; for all else `make down` first."
        )
    elif died:
        console.print(f"A part of the twin had died, so it was started again: {', '.join(part.name for part in died)}")
    _tell(console, twin)


@main.command()
@click.option("--picture", type=click.Path(path_type=Path), help="Also save what is shown as an SVG file.")
def demo(picture: Path | None) -> None:
    """Send real files through the whole pipeline, show each step, and check what is shown."""
    from local.demo.story import tell  # noqa: PLC0415 as above
    from local.lifecycle import down as take_down  # noqa: PLC0415 as above
    from local.lifecycle import up as bring_up  # noqa: PLC0415 as above
    from local.progress import Board  # noqa: PLC0415 as above

    console = Console(record=True, width=100) if picture else Console()
    # From an empty account every time: what an earlier run left would pass for what this one did.
    with contextlib.suppress(NoTwinError):
        take_down(ROOT)
    twin, _ = bring_up(ROOT, Board(console))
    all_well = tell(twin, console)
    _tell(console, twin, ("report", _short(twin.runtime / "reports")))
    if picture:
        # Without rich's web fonts: the picture shall look nothing up when somebody reads the README.
        drawn = re.sub(r"@font-face {.*?}", "", console.export_svg(title="make demo"), flags=re.DOTALL)
        picture.write_text(drawn, encoding="utf-8")
    sys.exit(0 if all_well else 1)


@main.command()
def confirm() -> None:
    """Open the link in each letter that asks for a confirmation, as the person who gets the alerts would."""
    from local import mailbox  # noqa: PLC0415 as above

    asking = [letter for letter in mailbox.letters(load(runtime_folder(ROOT)).mail) if letter.confirmation_url]
    for letter in asking:  # one a topic
        mailbox.confirm(letter)
        click.echo(f"confirmed: {letter.to}, {letter.subject}")
    if not asking:
        click.echo("No letter asks for a confirmation yet: try again in a moment.")
        sys.exit(1)


@main.command(name="try")
@click.argument("dataset")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partition")
@click.option("--json", "as_json", is_flag=True)
def try_(dataset: str, files: tuple[Path, ...], partition: str | None, *, as_json: bool) -> None:
    """Deploy what of a dataset changed, send a file or a set, show its rows; exit 1 when they are not in the table."""
    from local.trial import try_dataset  # noqa: PLC0415 as above

    found = try_dataset(load(runtime_folder(ROOT)), Console(stderr=as_json), dataset, files, partition)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    sys.exit(0 if found["loaded"] else 1)


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def recording(folder: Path) -> None:
    """Draw into FOLDER what a person on call sees after `make demo`: status, the life of a file, the stack's page."""
    from local.demo.story import BROKEN_DAY, TOKYO  # noqa: PLC0415 as above
    from local.recording import record  # noqa: PLC0415 as above

    day = datetime.now(TOKYO).date() - timedelta(days=BROKEN_DAY)
    for made in record(load(runtime_folder(ROOT)), folder, ["suimon status", f"suimon explain sales {day}"]):
        click.echo(f"written: {made}")


@main.command()
def down() -> None:
    """End exactly what `up` started."""
    from local.lifecycle import down as take_down  # noqa: PLC0415 as above

    console = Console()
    try:
        ended = take_down(ROOT)
    except NoTwinError as error:
        console.print(str(error))
        return
    console.print(f"Ended: {', '.join(ended) or 'nothing was running any more'}.")


@main.command()
def status() -> None:
    """Show each part, whether it runs, its address and its log; exit 1 when one has died or no twin is up."""
    from local.supervisor import is_alive  # noqa: PLC0415 as above

    try:
        twin = load(runtime_folder(ROOT))
    except NoTwinError as error:
        click.echo(error)
        sys.exit(1)
    alive = {running.name: is_alive(running) for running in twin.running}
    row = "{:<22} {:<9} {:>7}  {:<24} {}"
    click.echo(row.format("part", "state", "pid", "address", "log"))
    for running in twin.running:
        port = _port_name(running.name)
        state = click.style(f"{'runs':<9}", "green") if alive[running.name] else click.style("has died ", "red")
        address = twin.endpoint(port) if port in twin.ports else ""
        click.echo(row.format(running.name, state, running.pid, address, _short(twin.log(running.name))))
    sys.exit(0 if all(alive.values()) else 1)


def _expected() -> tuple[type[Exception], ...]:
    """List the errors whose messages are written for whoever typed the command."""
    from local import deploy, lifecycle, loopback, mailbox, supervisor, trial  # noqa: PLC0415 only when something failed
    from local.airflow import site  # noqa: PLC0415 as above
    from local.demo import following  # noqa: PLC0415 as above
    from suimon.warehouse.data_api import WarehouseError  # noqa: PLC0415 as above

    return (
        NoTwinError,
        WarehouseError,
        site.AirflowError,
        deploy.DeployError,
        loopback.NotLoopbackError,
        trial.TrialError,
        following.StuckError,
        lifecycle.BusyError,
        mailbox.ConfirmationError,
        supervisor.PartDiedError,
        supervisor.PartNotReadyError,
        supervisor.StubbornProcessError,
    )


def _tell(console: Console, twin: Twin, *more: tuple[str, str]) -> None:
    """Print where things are."""
    table = Table.grid(padding=(0, 2))
    for what, where in (
        ("Airflow", twin.endpoint("airflow")),
        ("AWS", twin.endpoint()),
        ("mail", _short(twin.mail)),
        ("logs", _short(twin.logs)),
        *more,
        ("the map", "docs/twin.md: what this twin reproduces, what it refuses, where it differs from AWS"),
        (
            "as operator",
            f"source {_short(environment_of(twin, 'operator'))}; then suimon explain …, replay … ask this twin",
        ),
        (
            "as a sender",
            f"source {_short(environment_of(twin, 'upstream'))}; then suimon put FILE --contract … sends to it",
        ),
        ("end", "make down"),
    ):
        table.add_row(what, where)
    console.print(table)
    console.print("Next, each in a shell of its own:", style="bold")
    for what, command in next_commands(twin):
        console.print(f"  # {what}\n  {command}", highlight=False, markup=False, soft_wrap=True)


def next_commands(twin: Twin) -> tuple[tuple[str, str], ...]:
    """Return the three commands that a person needs next, and what each is for, with a dataset of this twin."""
    from local.deploy import datasets_of  # noqa: PLC0415 `status` and `down` need none of its imports
    from suimon.contract.odcs.parse import read_contract  # noqa: PLC0415 as above
    from suimon.dataset.folder import datasets_below  # noqa: PLC0415 as above

    sender, analyst = (_short(environment_of(twin, who)) for who in ("upstream", "analyst"))
    confirm = ("confirm the mail, else no alert reaches anybody", f"{_short(Path(sys.executable))} -m local confirm")
    folders = {folder.name: folder for folder in datasets_below(datasets_of(twin))}
    if not folders:
        return confirm, ("make a dataset", "suimon dataset new NAME --from FILE")
    name = _SHIPPED if _SHIPPED in folders else min(folders)
    sent = [path for path in folders[name].golden.glob("*.csv") if ".bad" not in path.name] if name == _SHIPPED else []
    file, day = (_short(sent[0]), sent[0].stem) if sent else ("FILE", "DATE")
    question = f"SELECT COUNT(*) FROM {read_contract(folders[name].contract).table}"  # noqa: S608 a name of the release
    return (
        confirm,
        ("put a file", f"(source {sender}; suimon put {file} --contract {name} --partition {day})"),
        ("ask the warehouse", f"(source {analyst}; suimon warehouse query '{question}')"),
    )


def _port_name(part: str) -> str:
    return "airflow" if part == "airflow-api-server" else part


def _short(path: Path) -> str:
    return os.path.relpath(path)


if __name__ == "__main__":
    main()

"""Follow files through the pipeline, live: a row per file, a column per step, and what each took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich import box
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local.supervisor import watch
from suimon.drops.states import AT_AN_END, State
from suimon.ledger.queries import find, history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_dynamodb.service_resource import Table as LedgerTable
    from mypy_boto3_glue import GlueClient
    from rich.console import Console

    from local.twin import Twin
    from suimon.drops.drop import Drop
    from suimon.ledger.queries import HistoryEntry

STEPS: Final = ("received", "validating", "accepted", "triggered", "glue", "loaded")
_LOOK_SECONDS: Final = 0.5
_RUNNING: Final = {"STARTING", "RUNNING", "WAITING"}


class StuckError(Exception):
    """A file did not come to its end in time; the message says which one and where it stands."""


@dataclass(frozen=True)
class Sent:
    """A file that was put into the raw bucket, when, and the state in which it must end."""

    label: str
    drop: Drop
    at: datetime
    expected: State


@dataclass(frozen=True)
class Standing:
    """Where a file stands: the ledger's history of it, and its latest Glue run's state and times."""

    moves: tuple[HistoryEntry, ...]
    rows: int
    glue: str = ""
    glue_ended: datetime | None = None

    @property
    def state(self) -> State | None:
        """Its newest state; None while no event has been taken in."""
        return self.moves[-1].state if self.moves else None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in AT_AN_END


def follow(
    twin: Twin, console: Console, ledger: LedgerTable, glue: GlueClient, files: Sequence[Sent], seconds: float
) -> dict[str, Standing]:
    """Show the files until each is at its end, and give their standings by drop id.

    Raises:
        StuckError: one was not at its end within `seconds`.
        PartDiedError: a part of the twin died meanwhile; waiting on would be in vain.

    """
    deadline = time.monotonic() + seconds
    job = twin.outputs["GlueJobName"]

    def look() -> dict[str, Standing]:
        runs = glue.get_job_runs(JobName=job)["JobRuns"]
        by_drop: dict[str, tuple[str, datetime | None]] = {}
        for run in sorted(runs, key=lambda one: one["StartedOn"]):
            drop_id = run.get("Arguments", {}).get("--source_uri", "//").split("/")[-2]
            by_drop[drop_id] = (run["JobRunState"], run.get("CompletedOn"))
        return {file.drop.id: _standing(ledger, file.drop.id, *by_drop.get(file.drop.id, ("", None))) for file in files}

    with Live(console=console, auto_refresh=False, transient=not console.is_terminal) as live:
        while True:
            standings = look()
            live.update(picture(files, standings), refresh=True)
            if all(standing.is_over for standing in standings.values()):
                break
            watch(twin)
            if time.monotonic() > deadline:
                late = [file for file in files if not standings[file.drop.id].is_over]
                told = "; ".join(f"{file.label} is {standings[file.drop.id].state or 'not taken in'}" for file in late)
                raise StuckError(f"Not at their end after {seconds:.0f} s: {told}. Logs: {twin.logs}")
            time.sleep(_LOOK_SECONDS)
    if not console.is_terminal:
        console.print(picture(files, standings))
    return standings


def _standing(ledger: LedgerTable, drop_id: str, glue: str, glue_ended: datetime | None) -> Standing:
    record = find(ledger, drop_id)
    return Standing(tuple(history(ledger, drop_id)), record.rows if record else 0, glue, glue_ended)


def picture(files: Sequence[Sent], standings: Mapping[str, Standing]) -> Table:
    """Draw the table: seconds since the PUT under each step that is done."""
    # Narrow enough for a terminal of 80 columns.
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, collapse_padding=True)
    table.add_column("seconds after PUT", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    for step in STEPS:
        table.add_column(step, justify="right", no_wrap=True, min_width=7)
    for file in files:
        standing = standings[file.drop.id]
        # The lines of one attempt: a replay's would overwrite the first.
        times = {move.state: move.at for move in standing.moves}
        cells = [_since(file, times.get(State(step.upper()))) for step in STEPS if step not in {"glue", "loaded"}]
        cells.append(_glue(file, standing))
        cells.append(_end(file, standing, times))
        if State.REJECTED in times:
            cells[2] = Text("rejected", "red")
        table.add_row(file.label, f"{standing.rows:,}" if standing.rows else "", *cells)
    return table


def _since(file: Sent, at: datetime | None) -> Text:
    return Text(f"{max(0.0, (at - file.at).total_seconds()):.1f}", "green") if at else Text("·", "dim")


def _glue(file: Sent, standing: Standing) -> Text:
    if standing.glue in _RUNNING:
        return Text(standing.glue.lower(), "cyan")
    if standing.glue == "SUCCEEDED" and standing.glue_ended:
        return _since(file, standing.glue_ended.astimezone(UTC))
    return Text(standing.glue.lower(), "red") if standing.glue else Text("·", "dim")


def _end(file: Sent, standing: Standing, times: Mapping[State, datetime]) -> Text:
    if standing.state in {State.FAILED, State.SUPERSEDED, State.DUPLICATE}:
        return Text(str(standing.state).lower(), "red")
    return _since(file, times.get(State.LOADED))

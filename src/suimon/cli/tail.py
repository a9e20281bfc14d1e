"""`suimon tail`: drops, runs and incidents as they happen, from the ledger."""

from __future__ import annotations

import time
from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from suimon.aws.clock import utc_now
from suimon.cli.drop_view import STYLES, to_json
from suimon.cli.drops import refuse_unknown
from suimon.cli.errors import CommandError
from suimon.cli.pasted import PASTED
from suimon.cli.printing import console_for_people, print_json, print_plain
from suimon.cli.stack import advice, of_stack, outputs_of, stack_option
from suimon.cli.words import lang_option, readable, say
from suimon.drops.foreign_text import printable
from suimon.drops.states import State
from suimon.drops.wording import in_language
from suimon.incidents.items import changed_after
from suimon.ledger.queries import moves_after
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from suimon.contract.file import Language
    from suimon.drops.drop import DropRecord
    from suimon.incidents.incident import Incident
    from suimon.ledger.queries import HistoryEntry

SCHEMA = "suimon.tail/1"
# The index of states follows the table within a moment, and clocks differ: each look goes back so far.
OVERLAP = timedelta(seconds=30)
MOST_BACK = 24 * 60


@click.command()
@click.argument("dataset", type=PASTED, required=False)
@click.option(
    "--back", type=click.IntRange(0, MOST_BACK), default=10, show_default=True, help="Minutes to begin before now."
)
@click.option(
    "--every", type=click.FloatRange(1, 3600), default=2.0, show_default=True, help="Seconds from look to look."
)
@click.option("--once", is_flag=True, help="Show what has been and end.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a line (docs/tail.schema.json).")
@lang_option
@stack_option
def tail(
    dataset: str | None, back: int, every: float, lang: Language, stack: str, *, once: bool, as_json: bool
) -> None:
    """Show every move of a drop, its run and the incidents as they happen, by default of all datasets.

    A look costs some twenty short queries of the ledger. It goes on until Ctrl-C. Exit status: 0 with --once, 130
    after Ctrl-C, 2 the ledger could not be read.
    """
    console, seen, lang = console_for_people(), Seen(utc_now() - timedelta(minutes=back)), readable(lang)
    has_looked = False
    try:
        [table_name] = outputs_of(stack, "LedgerTable")
        if dataset:
            refuse_unknown(stack, dataset)
        table = boto3.resource("dynamodb").Table(table_name)
        while True:
            after = seen.after
            events = [*map(of_drop, moves_after(table, after)), *map(of_incident, changed_after(table, after))]
            shown = [event for event in seen.news(events) if dataset in (None, event["dataset"])]
            for event in shown:
                _show(console, event, lang, as_json=as_json)
            if not (shown or has_looked or as_json):
                print_plain(console, say("Nothing has happened for {minutes} minutes.", lang, minutes=back))
            has_looked = True  # that nothing has happened is said once
            if once:
                break
            seen.look_from(utc_now() - OVERLAP)
            time.sleep(every)
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error
    if not as_json:
        print_plain(console, f"  suimon status{of_stack(stack)}", "bold")


@dataclass(slots=True)
class Seen:
    """What has been shown of what happened after some time."""

    after: datetime
    _known: dict[tuple[str, ...], str] = field(default_factory=dict)  # what identifies an event, and when it was

    def news(self, events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return those that are new, by their time, and remember them."""
        fresh = dict[tuple[str, ...], dict[str, Any]]()
        for event in events:
            key = tuple(str(event[name]) for name in ("what", "id", "state", "at", "attempt"))
            if key not in self._known:
                fresh[key] = event
        self._known |= {key: event["at"] for key, event in fresh.items()}
        return sorted(fresh.values(), key=lambda event: datetime.fromisoformat(event["at"]))

    def look_from(self, after: datetime) -> None:
        """Look no further back from now on, and forget what was before."""
        self.after = max(self.after, after)
        self._known = {key: at for key, at in self._known.items() if datetime.fromisoformat(at) > self.after}


def of_drop(move: tuple[DropRecord, HistoryEntry]) -> dict[str, Any]:
    """Return a move of a drop; rows, run and reason as far as they are of this move."""
    record, entry = move
    is_last = (record.state, record.attempt) == (entry.state, entry.attempt)
    rejected = record.rejection if is_last and entry.state is State.REJECTED else None
    return {
        "schema": SCHEMA,
        "at": to_json(entry.at),
        "what": "drop",
        "id": record.id,
        "state": str(entry.state),
        "dataset": record.match.dataset if record.match else None,
        "partition": record.match.partition if record.match else None,
        "attempt": entry.attempt,
        "by": entry.by,
        "key": record.drop.key,
        "run_id": f"{record.id}.{entry.attempt}" if entry.state is State.TRIGGERED else None,
        "rows": record.rows if is_last and entry.state is State.LOADED else None,
        "reason": rejected.reason if rejected else None,
    }


def of_incident(one: Incident) -> dict[str, Any]:
    """Return the last change of an incident."""
    return {
        "schema": SCHEMA,
        "at": to_json(one.updated_at),
        "what": "incident",
        "id": str(one.id),
        "state": str(one.stage).removeprefix("INCIDENT_"),
        "dataset": one.about.dataset or None,
        "attempt": None,
        "severity": str(one.severity),
        "subject": one.subject,
    }


def _show(console: Console, event: dict[str, Any], lang: Language, *, as_json: bool) -> None:
    if as_json:
        print_json(event, indent=None)
        return
    at = f"{datetime.fromisoformat(event['at']):%H:%M:%S}Z"
    if event["what"] == "incident":
        style = {"OPEN": "red", "RECOVERED": "green"}.get(event["state"], "yellow")
        subject = printable(in_language(event["subject"], lang))
        console.print(Text(f"{at}  {event['state']:10}  {subject}", style), soft_wrap=True)
        return
    of = f"{event['dataset']} {event['partition']}" if event["dataset"] else printable(event["key"])
    rows = "  " + say("{rows:,} rows", lang, rows=event["rows"]) if event["rows"] is not None else ""
    reason = f"  {printable(event['reason'])}" if event["reason"] else ""
    text = f"{at}  {event['state']:10}  {event['id']}.{event['attempt']}  {of}{rows}{reason}"
    console.print(Text(text, STYLES.get(State(event["state"]), "")), soft_wrap=True)

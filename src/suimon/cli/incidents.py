"""`suimon incidents`: what is open; `suimon ack`, `snooze`, `close`: what a person does about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from suimon.cli.asking import ask, known_dataset
from suimon.cli.printing import console_for_people, print_plain
from suimon.cli.stack import of_stack, stack_option
from suimon.clock import utc_now
from suimon.drops.foreign_text import printable
from suimon.incidents.actions import LONGEST_SNOOZE, Verb
from suimon.incidents.kinds import Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LISTED = 50
_STYLES = {"error": "red", "warning": "yellow"}


@click.command()
@click.argument("incident_id", required=False)
@click.option("--dataset", default="", help="Only those that may concern a dataset.")
@click.option("--kind", type=click.Choice([str(one) for one in Kind]), metavar="KIND", help="Only those of a kind.")
@click.option("--severity", type=click.Choice([str(one) for one in Severity]), help="Only those that are so bad.")
@click.option("--all", "everything", is_flag=True, help="Those that a person has closed, too, and no end of the list.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, and nothing else, to the output.")
@stack_option
def incidents(
    incident_id: str | None,
    dataset: str,
    kind: str | None,
    severity: str | None,
    stack: str,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """List what is open, the worst first, or show one by INCIDENT_ID with the message that was sent.

    Exit status: 0 nothing is open, 1 something is, 2 the stack could not be asked. Of one: 0 shown, 1 there is none.
    """
    if incident_id:
        _show(ask(stack, "incident", {"id": incident_id}), stack, as_json=as_json)
        return
    wanted = {"dataset": dataset, "kind": kind or "", "severity": severity or "", "all": everything}
    answer = ask(stack, "incidents", wanted)
    known_dataset(answer["datasets"], dataset)
    found = answer["incidents"]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        console = console_for_people()
        for line in lines(found, None if everything else LISTED):
            console.print(line, soft_wrap=True)
        following = f"suimon incidents '{found[0]['id']}'" if found else "suimon status"
        print_plain(console, f"  {following}{of_stack(stack)}", "bold")
    raise SystemExit(1 if found else 0)


@click.command()
@click.argument("incident_id")
@click.option("--reason", default="", help="What is being done.")
@stack_option
def ack(incident_id: str, reason: str, stack: str) -> None:
    """Record that somebody is at INCIDENT_ID: reminders come once a week, until it gets worse.

    Exit status: 0 done, 1 refused, 2 the stack could not be asked.
    """
    _act(stack, {"verb": Verb.ACK, "id": incident_id, "reason": reason})


@click.command()
@click.argument("incident_id")
@click.option("--reason", required=True, help="Why nobody has to hear of it.")
@click.option("--days", type=click.FloatRange(0, min_open=True), help="For so many days.")
@click.option("--until", metavar="ISO 8601", help="Until this time, such as 2026-12-01T09:00+09:00.")
@stack_option
def snooze(incident_id: str, reason: str, days: float | None, until: str | None, stack: str) -> None:
    """Hear nothing of INCIDENT_ID for a while, at most 30 days, unless it gets worse; its recovery is sent.

    Exit status: 0 done, 1 refused, 2 the stack could not be asked.
    """
    if (days is None) == (until is None):
        raise click.UsageError("say how long: --days or --until")
    if days is not None and days > LONGEST_SNOOZE.days:
        raise click.UsageError(f"--days: at most {LONGEST_SNOOZE.days}")
    end = (utc_now() + timedelta(days=days)).isoformat() if days is not None else until
    _act(stack, {"verb": Verb.SNOOZE, "id": incident_id, "reason": reason, "until": end})


@click.command()
@click.argument("incident_id")
@click.option("--reason", required=True, help="Why nothing has to be done; everybody hears of that.")
@stack_option
def close(incident_id: str, reason: str, stack: str) -> None:
    """Close INCIDENT_ID, though its cause may still be there: it opens again when it gets worse or happens again.

    A drop is closed by `suimon drops close`. Exit status: 0 done, 1 refused, 2 the stack could not be asked.
    """
    _act(stack, {"verb": Verb.CLOSE, "id": incident_id, "reason": reason})


def _act(stack: str, request: Mapping[str, Any]) -> None:
    found = ask(stack, "act", request, named=True)
    click.echo(f"{found['standing']}: {printable(found['subject'])}{_until(found)}")
    click.echo(f"  suimon incidents{of_stack(stack)}")


def _show(found: Mapping[str, Any], stack: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    console = console_for_people()
    console.print(Text(printable(found["subject"]), _STYLES[found["severity"]]), soft_wrap=True)
    for line in details(found):
        print_plain(console, line)
    body = found["body"].replace("\ue000", of_stack(stack))
    print_plain(console, "\n" + "\n".join(map(printable, body.split("\n"))))
    if found["standing"] in {"open", "snoozed"}:
        print_plain(console, f"  suimon ack '{found['id']}'{of_stack(stack)}", "bold")
    else:
        print_plain(console, f"  suimon incidents{of_stack(stack)}", "bold")


def details(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what there is to say of one incident beside its message."""
    yield f"incident      {found['id']}"
    yield f"state         {found['standing']}{_until(found)}, {found['severity']}, since {_minute(found['opened_at'])}"
    if found["muted_by"]:
        yield f"muted by      {found['muted_by']}: {found['muted_why']}"
    for name in ("acknowledged", "snoozed", "closed"):
        if by := found[name]:
            yield f"{name:12}  by {printable(by['who'])}, {_minute(by['at'])}: {printable(by['reason'])}"
    if found["over"]:
        yield f"it is over when  {found['over']}"


def lines(found: Sequence[Mapping[str, Any]], most: int | None) -> Iterator[Text]:
    """Yield two lines for each incident: what it is, and its id with its state."""
    if not found:
        yield Text("Nothing is open.", "green")
        return
    for one in found[:most]:
        yield Text(f"{one['severity'].upper():7}  {printable(one['subject'])}", _STYLES[one["severity"]])
        muted = f", muted by {one['muted_by']}" if one["muted_by"] else ""
        yield Text(f"         {one['standing']}{_until(one)} since {_minute(one['opened_at'])}{muted}")
        yield Text(f"         {one['id']}", "dim")
    if most and len(found) > most:
        yield Text(f"and {len(found) - most:,} more: suimon incidents --all")


def _until(found: Mapping[str, Any]) -> str:
    if found["standing"] == "snoozed" and found["snoozed"]:
        return f" until {_minute(found['snoozed']['until'])}"
    return ""


def _minute(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"

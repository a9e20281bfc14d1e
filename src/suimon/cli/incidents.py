"""`suimon incidents`: what is open; `suimon ack`, `snooze`, `close`: what a person does about it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.cells import cell_len
from rich.text import Text

from suimon.aws.clock import utc_now
from suimon.cli.asking import ask, known_dataset
from suimon.cli.errors import RefusedError
from suimon.cli.pasted import PASTED, REASON, is_drop_id
from suimon.cli.printing import console_for_people, json_option, print_json, print_plain
from suimon.cli.stack import of_stack, stack_option
from suimon.cli.words import lang_option, minute, named, phrase, readable, say
from suimon.drops.foreign_text import printable
from suimon.incidents.ack_snooze_close import LONGEST_SNOOZE, Verb
from suimon.incidents.incident import HELD_BACK, Told
from suimon.incidents.kinds import Kind, Severity
from suimon.incidents.overview import folded, listing, sort_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from suimon.contract.file import Language

LISTED = 50
_STYLES = {"error": "red", "warning": "yellow"}
_TOLD = {
    Told.ALONE: "by a message of its own",
    Told.TOGETHER: "in a message together with others",
    Told.AGAIN: "by a message of its own; what is new follows",
    Told.WORSE: "by a message of its own; what is new follows",
    Told.HELD: "not yet: with the next round",
    Told.MUTED: "not yet: another incident explains it",
}


@click.command()
@click.argument("incident_id", type=PASTED, required=False)
@click.option("--dataset", type=PASTED, default="", help="Only those that may concern a dataset.")
@click.option("--kind", type=click.Choice([str(one) for one in Kind]), metavar="KIND", help="Only those of a kind.")
@click.option("--severity", type=click.Choice([str(one) for one in Severity]), help="Only those that are so bad.")
@click.option("--all", "everything", is_flag=True, help="Those that a person has closed, too, and no end of the list.")
@json_option
@lang_option
@stack_option
def incidents(
    incident_id: str | None,
    dataset: str,
    kind: str | None,
    severity: str | None,
    lang: Language,
    stack: str,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """List what is open, the worst first, or show one by INCIDENT_ID with the message that was sent.

    Exit status: 0 nothing is open, 1 something is, 2 the stack could not be asked. Of one: 0 shown, 1 there is none.
    """
    lang = readable(lang)
    if incident_id:
        try:
            found = ask(stack, "incident", {"id": incident_id})
        except RefusedError as error:
            if not is_drop_id(incident_id):
                raise
            why = phrase("{why}; of a drop:", why=error.why)
            raise RefusedError(why, then=f"suimon explain {incident_id}{of_stack(stack)}") from error
        _show(found, stack, lang, as_json=as_json)
        return
    wanted = {"dataset": dataset, "kind": kind or "", "severity": severity or "", "all": everything}
    answer = ask(stack, "incidents", wanted)
    known_dataset(answer["datasets"], dataset, stack)
    found = answer["incidents"]
    if as_json:
        print_json(found)
    else:
        console = console_for_people()
        for line in lines(found, None if everything else LISTED, lang, of_stack(stack)):
            console.print(line, soft_wrap=True)
        following = f"suimon incidents '{found[0]['id']}'" if found else "suimon status"
        print_plain(console, f"  {following}{of_stack(stack)}", "bold")
    raise SystemExit(1 if found else 0)


@click.command()
@click.argument("incident_id", type=PASTED)
@click.option("--reason", type=REASON, default="", help="What is being done.")
@json_option
@lang_option
@stack_option
def ack(incident_id: str, reason: str, lang: Language, stack: str, *, as_json: bool) -> None:
    """Record that somebody is at INCIDENT_ID: reminders come once a week, until it gets worse.

    Exit status: 0 done, 1 refused, 2 the stack could not be asked.
    """
    _act(stack, lang, {"verb": Verb.ACK, "id": incident_id, "reason": reason}, as_json=as_json)


@click.command()
@click.argument("incident_id", type=PASTED)
@click.option("--reason", type=REASON, required=True, help="Why nobody has to hear of it.")
@click.option("--days", type=click.FloatRange(0, min_open=True), help="For so many days.")
@click.option("--until", metavar="ISO 8601", help="Until this time, such as 2026-12-01T09:00+09:00.")
@json_option
@lang_option
@stack_option
def snooze(
    incident_id: str,
    reason: str,
    days: float | None,
    until: str | None,
    lang: Language,
    stack: str,
    *,
    as_json: bool,
) -> None:
    """Hear nothing of INCIDENT_ID for a while, at most 30 days, unless it gets worse; its recovery is sent.

    Exit status: 0 done, 1 refused, 2 the stack could not be asked.
    """
    if (days is None) == (until is None):
        raise click.UsageError(phrase("say how long: --days or --until"))
    if days is not None and days > LONGEST_SNOOZE.days:
        raise click.UsageError(phrase("--days: at most {most}", most=LONGEST_SNOOZE.days))
    end = (utc_now() + timedelta(days=days)).isoformat() if days is not None else until
    _act(stack, lang, {"verb": Verb.SNOOZE, "id": incident_id, "reason": reason, "until": end}, as_json=as_json)


@click.command()
@click.argument("incident_id", type=PASTED)
@click.option("--reason", type=REASON, required=True, help="Why nothing has to be done; everybody hears of that.")
@json_option
@lang_option
@stack_option
def close(incident_id: str, reason: str, lang: Language, stack: str, *, as_json: bool) -> None:
    """Close INCIDENT_ID, though its cause may still be there: it opens again when it gets worse or happens again.

    A drop is closed by `suimon drops close`. Exit status: 0 done, 1 refused, 2 the stack could not be asked.
    """
    _act(stack, lang, {"verb": Verb.CLOSE, "id": incident_id, "reason": reason}, as_json=as_json)


def _act(stack: str, lang: Language, request: Mapping[str, Any], *, as_json: bool) -> None:
    found = ask(stack, "act", request, named=True)
    if as_json:
        print_json(found)
        return
    lang = readable(lang)
    click.echo(f"{_done(Verb(request['verb']), found, lang)}: {subject_of(found, lang)}")
    click.echo(f"  suimon incidents{of_stack(stack)}")


def _show(found: Mapping[str, Any], stack: str, lang: Language, *, as_json: bool) -> None:
    bodies = {name: found[name].replace("\ue000", of_stack(stack)) for name in ("body", "body_ja")}
    if as_json:
        print_json({**found, **bodies})
        return
    console = console_for_people()
    console.print(Text(subject_of(found, lang), _STYLES[found["severity"]]), soft_wrap=True)
    for line in details(found, lang):
        print_plain(console, line)
    print_plain(console, "\n" + "\n".join(map(printable, bodies["body_ja" if lang == "ja" else "body"].split("\n"))))
    if found["standing"] in {"open", "snoozed"}:
        print_plain(console, f"  suimon ack '{found['id']}'{of_stack(stack)}", "bold")
    else:
        print_plain(console, f"  suimon incidents{of_stack(stack)}", "bold")


def subject_of(found: Mapping[str, Any], lang: Language) -> str:
    """Return the subject of an incident, in the language as far as it was written in it."""
    return printable(found["subject_ja" if lang == "ja" else "subject"])


def details(found: Mapping[str, Any], lang: Language = "en") -> Iterator[str]:
    """Yield what there is to say of one incident beside its message."""
    muted = f"{found['muted_by']}: {named(found['muted_why'], lang)}" if found["muted_by"] else ""
    about = {
        "incident": found["id"],
        "severity": say(found["severity"].upper(), lang),
        "state": _standing(found, lang),
        "told": told(found, lang),
        "muted by": muted,
        **{name: _by(found[name], lang) for name in ("acknowledged", "snoozed", "closed")},
        "over when": named(found["over"], lang),
    }
    for name, value in about.items():
        if value:
            label = say(name, lang)
            yield label + " " * max(2, 14 - cell_len(label)) + value


def told(found: Mapping[str, Any], lang: Language = "en") -> str:
    """Return how people heard of an incident and when, or why they have not."""
    how = say(_TOLD[Told(found["told"])], lang)
    if found["told_at"] is None:
        return say("nobody yet", lang) if Told(found["told"]) not in HELD_BACK else how
    return say("{how}, the last time at {at}", lang, how=how, at=minute(found["told_at"]))


def lines(
    found: Sequence[Mapping[str, Any]],
    most: int | None,
    lang: Language = "en",
    stack: str = "",
    *,
    folds: bool = False,
) -> Iterator[Text]:
    """Yield three lines for each incident: what it is, its state, and its id.

    folds: of many that differ in their date alone, show the first and how many more there are.
    """
    if not found:
        yield Text(say("Nothing is open.", lang), "green")
        return
    shown = list(folded(found, _sort)) if folds else [(one, 0) for one in found]
    for one, alike in shown[:most]:
        severity = say(one["severity"].upper(), lang)
        pad = " " * (9 - cell_len(severity))
        yield Text(f"{severity}{pad}{subject_of(one, lang)}", _STYLES[one["severity"]])
        muted = say(", muted by {id}", lang, id=one["muted_by"]) if one["muted_by"] else ""
        is_new = one["told_at"] is None and one["told"] != Told.WORSE
        untold = say(", nobody has been told yet", lang) if is_new and not muted else ""
        yield Text(f"         {_standing(one, lang)}{muted}{untold}")
        yield Text(f"         {one['id']}", "dim")
        if alike:
            listed = listing(one["kind"], one["about"].get("dataset", "")) + stack
            yield Text("         " + say("and {count:,} more like it: {command}", lang, count=alike, command=listed))
    if most and len(shown) > most:
        more = "and {count:,} more: suimon incidents --all{stack}"
        yield Text(say(more, lang, count=sum(1 + alike for _, alike in shown[most:]), stack=stack))


def _sort(found: Mapping[str, Any]) -> Hashable:
    return sort_of(found["kind"], found["severity"], found["standing"], found["about"])


def _standing(found: Mapping[str, Any], lang: Language) -> str:
    standing, since = say(found["standing"], lang), minute(found["opened_at"])
    if found["standing"] == "snoozed" and found["snoozed"]:
        until = minute(found["snoozed"]["until"])
        return say("{standing} until {until}, open since {since}", lang, standing=standing, until=until, since=since)
    if found["standing"] == "acknowledged":
        return say("{standing}, open since {since}", lang, standing=standing, since=since)
    if found["standing"] in {"closed", "recovered"}:
        since = minute(
            found["closed"]["at"] if found["closed"] and found["standing"] == "closed" else found["updated_at"]
        )
    return say("{standing} since {since}", lang, standing=standing, since=since)


def _by(person: Mapping[str, Any] | None, lang: Language) -> str:
    if person is None:
        return ""
    who, reason = printable(person["who"]), printable(person["reason"])
    return say("by {who}, {at}: {reason}", lang, who=who, at=minute(person["at"]), reason=reason)


def _done(verb: Verb, found: Mapping[str, Any], lang: Language) -> str:
    """Return what was done, by how the incident stands now; one that somebody is at may be snoozed all the same."""
    if found["standing"] != "snoozed" or not found["snoozed"]:
        return say(found["standing"], lang)
    how = "acknowledged, and snoozed until {until}" if verb is Verb.ACK else "snoozed until {until}"
    return say(how, lang, until=minute(found["snoozed"]["until"]))

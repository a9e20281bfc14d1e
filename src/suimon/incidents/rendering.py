"""What is published of an incident at one moment, and the texts that one publish carries. Pure.

E-mail gets a text, everything else gets JSON (docs/messages.md), by SNS's `MessageStructure`; its attributes are what
filter policies choose by.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from suimon.drops.wording import in_language
from suimon.incidents.about import NOTHING, About
from suimon.incidents.ack_snooze_close import look_at
from suimon.incidents.email import OF_STACK, fitted, on_the_wall, plain_lines, subject_line, wall_time
from suimon.incidents.incident import Event, Text
from suimon.incidents.kinds import KINDS, Kind
from suimon.incidents.messages.facts import command_for, effect_of, label, runbook_entry
from suimon.incidents.overview import listing
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from suimon.incidents.incident import Notice
    from suimon.incidents.recipients import Recipient

SCHEMA = "suimon.incident/1"
# SNS takes 256 KiB for all protocols and attributes together. The e-mail stands in JSON once, the other text twice, and
# each quotation mark or line break grows there.
MAIL_BYTES, MACHINE_BYTES = 160 * 1024, 16 * 1024
SMS_CHARACTERS = 140


class State(StrEnum):
    """Whether the problem is there, for those who filter."""

    OPEN = "open"
    RECOVERED = "recovered"
    CLOSED = "closed"  # by a person, or by itself: a cause may stand


_ENDS = {Event.RECOVERED: State.RECOVERED, Event.CLOSED: State.CLOSED}


def state_of(notice: Notice) -> State:
    """Return whether the problem that a notice is about is there."""
    return _ENDS.get(notice.event, State.OPEN)


def concern_of(notice: Notice) -> About:
    """Return whom a notice is written for: that of all that it is about, or nobody's."""
    concerns = set(concerns_of(notice))
    return concerns.pop() if len(concerns) == 1 else NOTHING


def concerns_of(notice: Notice) -> tuple[About, ...]:
    """Return whom a notice concerns."""
    found = [(notice.kind, one) for one in notice.concerns]
    found = found or [(one.kind, one.about) for one in notice.incidents] or [(notice.kind, notice.about)]
    return tuple(dict.fromkeys(_whom(kind, about) for kind, about in found))


def _whom(kind: Kind, about: About) -> About:
    """Return whom a problem concerns: an environment is of no dataset, whatever file was the first to wait for it."""
    if "environment" in KINDS[kind].identified_by:
        return NOTHING
    return About(dataset=about.dataset) if about.dataset else About(dag_id=about.dag_id, table=about.table)


def since_of(notice: Notice, at: datetime) -> datetime | None:
    """Return since when the problem is open."""
    opened = [one.opened_at for one in notice.incidents]
    return min(opened) if opened else at if notice.event is Event.OPENED else None


@dataclass(frozen=True)
class Rendered:
    """A notice as it is published."""

    subject: str
    mail: str
    machine: str
    attributes: Mapping[str, tuple[str, ...]]

    @property
    def message(self) -> str:
        """The message in SNS's structure by protocol; `default` is what queues, functions and web hooks get."""
        texts = {"default": self.machine, "email": self.mail, "sms": self.subject[:SMS_CHARACTERS]}
        return json.dumps(texts, ensure_ascii=False)


def rendered(
    notice: Notice, recipient: Recipient, stack: str, at: datetime, others: Iterable[Recipient] = ()
) -> Rendered:
    """Return a notice in the language and on the clock of its recipient; commands name the stack.

    others: all whom it concerns.
    """
    said = text_of(notice, recipient, stack)
    footer = _footer(notice, recipient, stack, at)
    mail = fitted(f"{said.body}\n", MAIL_BYTES - len(footer.encode())) + footer
    return Rendered(
        said.subject, mail, _machine(notice, recipient, stack, said, at), attributes_of(notice, (recipient, *others))
    )


def text_of(notice: Notice, recipient: Recipient, stack: str) -> Text:
    """Return subject and body in the recipient's language, fit to be sent."""
    state = state_of(notice)
    head = notice.severity.upper() if state is State.OPEN else state.upper()
    subject = subject_line(f"[{head}] {in_language(notice.subject, recipient.language)}")
    body = with_stack(in_language(notice.body, recipient.language), stack)
    return Text(subject, plain_lines(on_the_wall(body, recipient.time_zone)))


def attributes_of(notice: Notice, recipients: Iterable[Recipient]) -> dict[str, tuple[str, ...]]:
    """Return what filter policies choose by: the values of each, of which one has to be chosen.

    A message about many has those of all, so that whoever filters for one of them hears of it. What does not apply is
    left out, as SNS takes no empty value.
    """
    values = {
        "severity": [str(notice.severity)],
        "state": [str(state_of(notice))],
        "event": [str(notice.event)],
        "kind": [str(one.kind) for one in notice.incidents] or [str(notice.kind)],
        "dataset": [one.dataset for one in concerns_of(notice)],
        "owner": [one.owner.name for one in recipients if one.owner],
    }
    return {name: found for name, of in values.items() if (found := tuple(sorted({one for one in of if one})))}


def machine_form(notice: Notice, recipient: Recipient, stack: str, said: Text, at: datetime) -> dict[str, Any]:
    """Return what machines get: docs/incident.schema.json."""
    since = since_of(notice, at)
    return {
        "schema": SCHEMA,
        "id": str(notice.id),
        "kind": str(notice.kind),
        "severity": str(notice.severity),
        "state": str(state_of(notice)),
        "event": str(notice.event),
        "about": {name: value for name, value in asdict(notice.about).items() if value},
        "owner": recipient.owner.to_json() if recipient.owner else None,
        "stack": stack,
        "opened_at": since.isoformat(timespec="seconds") if since else None,
        "published_at": at.isoformat(timespec="seconds"),
        "language": recipient.language,
        "subject": said.subject,
        "text": said.body,
        "command": command_of(notice, stack),
    }


def _machine(notice: Notice, recipient: Recipient, stack: str, said: Text, at: datetime) -> str:
    form = machine_form(notice, recipient, stack, said, at)
    form["text"] = fitted(said.body, MACHINE_BYTES)
    return json.dumps(form, ensure_ascii=False)


def _footer(notice: Notice, recipient: Recipient, stack: str, at: datetime) -> str:
    """Return the facts that every message ends with; the last line is the incident's id."""
    language, is_open = recipient.language, state_of(notice) is State.OPEN
    since = since_of(notice, at)
    facts = {
        "effect": in_language(effect_of(notice.kind), language) if is_open else "",
        "since": wall_time(since, recipient.time_zone) if since and is_open else "",
        "next": command_of(notice, stack),
        "runbook": runbook_entry(notice.kind) if is_open else "",
        "owner": str(recipient.owner) if recipient.owner else "",
        "stack": stack,
    }
    lines = [f"{label(name, language)}: {value}" for name, value in facts.items() if value]
    return "\n" + "\n".join([*lines, f"Incident: {notice.id}"]) + "\n"


def command_of(notice: Notice, stack: str) -> str:
    """Return the command to type next; none once it is over."""
    if state_of(notice) is not State.OPEN:
        return ""
    return with_stack(_next(notice), stack)


def _next(notice: Notice) -> str:
    """Return what shows or ends a problem; of many, what lists them."""
    if len(notice.incidents) > 1:
        sorts = {(str(one.kind), one.about.dataset) for one in notice.incidents}
        return (listing(*sorts.pop()) if len(sorts) == 1 else "suimon incidents") + OF_STACK
    [one] = notice.incidents or [notice]
    return command_for(one.kind, one.about) or f"{look_at(str(one.id))}{OF_STACK}"


def with_stack(text: str, stack: str) -> str:
    """Return a text whose commands name the stack."""
    return text.replace(OF_STACK, f" --stack {stack}" if stack else "")

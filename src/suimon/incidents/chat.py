"""A notice in the custom schema of Amazon Q Developer in chat applications, for Slack and Microsoft Teams. Pure.

https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from suimon.drops.foreign_text import shown
from suimon.drops.wording import in_language
from suimon.incidents.messages.facts import effect_of, label
from suimon.incidents.rendering import State, command_of, state_of, text_of

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.incidents.incident import Notice
    from suimon.incidents.recipients import Recipient

TITLE_CHARACTERS, DESCRIPTION_CHARACTERS = 250, 6_000
# Slack takes <!channel> and <@U123> in a text for calls to people; a key may hold them.
_NO_CALLS = str.maketrans("<>", "‹›")


def chat_message(notice: Notice, recipient: Recipient, stack: str, at: datetime) -> str:
    """Return the JSON of a notice; all notices of an incident are one thread."""
    return json.dumps(chat_form(notice, recipient, stack, at), ensure_ascii=False)


def chat_form(notice: Notice, recipient: Recipient, stack: str, at: datetime) -> dict[str, Any]:
    """Return what Amazon Q Developer shows."""
    said, incident_id, language = text_of(notice, recipient, stack), str(notice.id), recipient.language
    is_open = state_of(notice) is State.OPEN
    command = command_of(notice, stack)
    effect = in_language(effect_of(notice.kind), language) if is_open else ""
    description = f"{said.body}\n\n{label('effect', language)}: {effect}" if effect else said.body
    context = {name: shown(value) for name, value in asdict(notice.about).items() if value}
    context |= {"owner": str(recipient.owner or ""), "stack": stack, "severity": str(notice.severity)}
    return {
        "version": "1.0",
        "source": "custom",
        "id": hashlib.sha256(f"{incident_id} {at.isoformat()} {notice.event}".encode()).hexdigest()[:32],
        "content": {
            "textType": "client-markdown",
            "title": said.subject.translate(_NO_CALLS)[:TITLE_CHARACTERS],
            "description": _cut(description.translate(_NO_CALLS)),
            "nextSteps": [f"`{command}`"] if command else [],
            "keywords": [str(notice.kind), *([notice.about.dataset] if notice.about.dataset else [])],
        },
        "metadata": {
            "threadId": incident_id.translate(_NO_CALLS),
            "summary": said.subject.translate(_NO_CALLS),
            "eventType": f"incident.{notice.event}",
            "additionalContext": {name: value.translate(_NO_CALLS) for name, value in context.items() if value},
        },
    }


def _cut(text: str) -> str:
    if len(text) <= DESCRIPTION_CHARACTERS:
        return text
    note = f"\n\n(Cut here: the whole text has {len(text):,} characters and is in the e-mail.)"
    return text[: DESCRIPTION_CHARACTERS - len(note)] + note

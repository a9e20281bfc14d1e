"""What a person does to an incident: says that somebody is at it, snoozes it, closes it. Pure."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from suimon.drops.refusal import RefusalError
from suimon.drops.wording import Bilingual
from suimon.incidents.incident import ByPerson, Incident, Stage, Standing
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SNOOZE = timedelta(days=30)
REASON_CHARACTERS = 500


class ActionError(RefusalError):
    """What a person asks cannot be done; the message says why."""


# How an incident stands that nobody can do anything to.
_OVER = {
    Standing.SUSPECTED: "様子見中で、まだ通知されていません",
    Standing.CLOSED: "すでにクローズされています",
    Standing.RECOVERED: "すでに解消しています",
}


class Verb(StrEnum):
    """What is done; the name of its command."""

    ACK = "ack"
    SNOOZE = "snooze"
    CLOSE = "close"


@dataclass(frozen=True)
class Action:
    """What a person asks for. `who`: as that person's command knows it. `until`: when a snooze ends."""

    verb: Verb
    incident_id: str
    who: str
    reason: str = ""
    until: datetime | None = None

    @classmethod
    def from_request(cls, request: Mapping[str, Any]) -> Action:
        """Read a request; ActionError when something is missing or cannot be read."""
        found = {name: " ".join(str(request.get(name) or "").split()) for name in ("verb", "id", "who", "reason")}
        try:
            verb = Verb(found["verb"])
            until = datetime.fromisoformat(request["until"]) if request.get("until") else None
        except (ValueError, TypeError) as error:
            raise ActionError(
                Bilingual(
                    "the request cannot be read: write a time as 2026-12-01T09:00+09:00",
                    "指定を読み取れません。日時は 2026-12-01T09:00+09:00 の形で指定してください",
                ),
                then="suimon incidents",
            ) from error
        if not found["id"]:
            raise ActionError(
                Bilingual("say which incident", "インシデントを指定してください"), then="suimon incidents"
            )
        if until and until.tzinfo is None:
            why = Bilingual("say until when with a time zone", "いつまでかをタイムゾーン付きで指定してください")
            raise ActionError(why, then=look_at(found["id"]))
        return cls(verb, found["id"], found["who"] or "a person", found["reason"][:REASON_CHARACTERS], until)


def look_at(incident_id: str) -> str:
    """Return the command that shows an incident."""
    return f"suimon incidents {shlex.quote(incident_id)}"


def acted(known: Incident, action: Action, now: datetime) -> Incident:
    """Return an incident once a person has done something to it; ActionError when that cannot be."""
    look = look_at(action.incident_id)
    if not known.is_open:
        standing = known.standing(now)
        raise ActionError(
            Bilingual(f"incident {known.id} is {standing}", f"インシデント {known.id} は{_OVER[standing]}"), then=look
        )
    if action.verb is not Verb.ACK and not action.reason:
        raise ActionError(Bilingual("say why: --reason", "理由を --reason で指定してください"), then=look)
    by = ByPerson(action.who, now, action.reason, action.until if action.verb is Verb.SNOOZE else None)
    changed = replace(known, revision=known.revision + 1)
    match action.verb:
        case Verb.ACK:
            return replace(changed, acknowledged=by)
        case Verb.SNOOZE:
            return replace(changed, snoozed=replace(by, until=_end_of_snooze(action, now)))
        case Verb.CLOSE:
            return replace(changed, stage=Stage.CLOSED, closed=by, updated_at=now)


def _end_of_snooze(action: Action, now: datetime) -> datetime:
    if action.until is None or action.until <= now:
        why = Bilingual("say until when, in the future", "いつまでかは未来の日時で指定してください")
        raise ActionError(why, then=look_at(action.incident_id))
    if action.until - now > LONGEST_SNOOZE:
        why = Bilingual(
            f"an incident is snoozed for at most {LONGEST_SNOOZE.days} days",
            f"通知を休止できるのは {LONGEST_SNOOZE.days} 日までです",
        )
        raise ActionError(why, then=look_at(action.incident_id))
    return action.until

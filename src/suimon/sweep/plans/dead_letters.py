"""What a message among the dead letters says. Pure."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from suimon.drops import event_fields as fields
from suimon.drops.drop import Drop
from suimon.drops.event_fields import FieldError
from suimon.drops.foreign_text import shown
from suimon.drops.run_finished_event import LONGEST_ID, RunFinished
from suimon.values import dataclass


class UnusableMessageError(Exception):
    """A message of no known kind; the text says why."""


@dataclass(frozen=True)
class Resume:
    """The gate was to resume a drop."""

    drop_id: str


class Scheduled(Enum):
    """The scheduler started something."""

    ROUND = auto()


def read(body: str) -> Drop | RunFinished | Resume | Scheduled:
    """Read a message; UnusableMessageError, EventError or OutcomeError when it cannot be used."""
    try:
        message = _content(body)
        if "resume" in message:
            return Resume(fields.text(message, "resume", LONGEST_ID))
    except FieldError as error:
        raise UnusableMessageError(str(error)) from error
    match message.get("detail-type"):
        case "Object Created":
            return Drop.from_event(message)
        case "Run Finished":
            return RunFinished.from_event(message)
        case _ if message.get("source") == "aws.scheduler":
            return Scheduled.ROUND
        case kind:
            raise UnusableMessageError(f"a message of an unknown kind: {shown(repr(kind), LONGEST_ID)}")


def _content(body: str) -> dict[str, Any]:
    """Return the message without what Lambda wraps around an event that its function failed at."""
    message = fields.parsed(body)
    return fields.part(message, "requestPayload") if "requestPayload" in message else message

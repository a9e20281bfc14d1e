"""What a message among the dead letters says. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from suimon.drops.drop import Drop
from suimon.drops.run_finished_event import RunFinished


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
    message = _content(body)
    if "resume" in message:
        return Resume(str(message["resume"]))
    match message.get("detail-type"):
        case "Object Created":
            return Drop.from_event(message)
        case "Run Finished":
            return RunFinished.from_event(message)
        case _ if message.get("source") == "aws.scheduler":
            return Scheduled.ROUND
        case kind:
            raise UnusableMessageError(f"a message of an unknown kind: {kind!r}")


def _content(body: str) -> dict[str, Any]:
    """Return the message without what Lambda wraps around an event that its function failed at."""
    try:
        message = json.loads(body)
    except ValueError as error:
        raise UnusableMessageError(f"no JSON: {error}") from error
    if isinstance(message, dict) and "requestPayload" in message:
        message = message["requestPayload"]
    if not isinstance(message, dict):
        raise UnusableMessageError("JSON, but no object")
    return message

"""EventBridge: a bus that takes events and hands them to whoever listens; how they travel is the listener's affair."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.simulation.services.errors import Exceptions, only, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 10


def nobody(_detail_type: str, _detail: dict[str, Any]) -> None:
    """Listen to nothing."""


class Events:
    """The client. `on_event(detail type, detail)` gets each event that was taken; `taken` keeps them, with times."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.exceptions = Exceptions()
        self.on_event: Callable[[str, dict[str, Any]], None] = nobody
        self.taken: list[tuple[float, str, dict[str, Any]]] = []

    def put_events(self, **request: Any) -> dict[str, Any]:
        """Take up to ten events; one that is malformed is refused in the answer, the others are taken."""
        only("PutEvents", request, frozenset({"Entries"}))
        entries = request["Entries"]
        if not 0 < len(entries) <= BATCH:
            raise refusal("PutEvents", "ValidationException", "entries must have 1 to 10 members")
        told = [self._take(entry) for entry in entries]
        return {"FailedEntryCount": sum("ErrorCode" in one for one in told), "Entries": told}

    def _take(self, entry: dict[str, str]) -> dict[str, str]:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                return {"ErrorCode": "InvalidArgument", "ErrorMessage": f"Parameter {name} is not valid."}
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        self.taken.append((self.now(), entry["DetailType"], detail))
        self.on_event(entry["DetailType"], detail)
        return {"EventId": f"taken-{len(self.taken)}"}

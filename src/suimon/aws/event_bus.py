"""Events on the stack's bus. They are a copy: what they tell of stands in the ledger, and goes on if a put fails."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from suimon.drops.drop_event import event_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from mypy_boto3_events import EventBridgeClient

    from suimon.drops.drop import DropRecord

SOURCE = "suimon"
# A bus that hangs may not use up the time of the work.
CONFIG = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
# After a failure nothing is put for this long: a round of a thousand drops fails once, not a thousand times.
PAUSE_SECONDS = 60.0

logger = logging.getLogger(__name__)


class EventBus:
    """Puts events, at most once each; a failure is logged and raises nothing."""

    def __init__(
        self, events: EventBridgeClient, name: str, stack: str = "", ticks: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the client, the name of the bus, and the stack that events name. ticks: returns seconds that pass."""
        self._events = events
        self._name = name
        self._stack = stack
        self._ticks = ticks
        self._paused_until = 0.0

    def drop_moved(self, record: DropRecord) -> None:
        """Put the event of a drop that was entered or has moved."""
        if event := event_of(record, self._stack):
            self.put(*event)

    def put(self, detail_type: str, detail: Mapping[str, Any], at: datetime) -> bool:
        """Put one event; return whether the bus has taken it."""
        if self._ticks() < self._paused_until:
            return False
        entry = {
            "Source": SOURCE,
            "DetailType": detail_type,
            "Detail": json.dumps(detail, ensure_ascii=False),
            "EventBusName": self._name,
            "Time": at,
        }
        try:
            answer = self._events.put_events(Entries=[entry])  # type: ignore[list-item]  # as the service takes it
        except (BotoCoreError, ClientError) as error:
            return self._lost(detail_type, f"{type(error).__name__}: {error}")
        if answer["FailedEntryCount"]:
            return self._lost(detail_type, answer["Entries"][0].get("ErrorMessage", "refused"))
        return True

    def _lost(self, detail_type: str, reason: str) -> bool:
        self._paused_until = self._ticks() + PAUSE_SECONDS
        logger.warning("event lost", extra={"detail_type": detail_type, "reason": reason})
        return False

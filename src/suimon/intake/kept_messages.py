"""Messages that nobody can use: each is kept whole in the reports bucket and reported, and ends there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from suimon.contract.reserved import UNDELIVERABLE
from suimon.incidents.messages.sweep import undeliverable_messages
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.aws.objects import Objects
    from suimon.incidents.store import IncidentStore


@dataclass(frozen=True)
class KeptMessages:
    """Keeps messages until a person deletes them; the sweep sees when none is left."""

    objects: Objects
    bucket: str
    incidents: IncidentStore

    def keep(self, message_id: str, queue: str, body: str, reason: Exception) -> str:
        """Write a message with what is wrong with it; return its key, the same for every delivery of it."""
        key = f"{UNDELIVERABLE}/{message_id}.json"
        kept = {"queue": queue.replace(":", "/").rpartition("/")[2], "reason": str(reason), "body": body}
        text = json.dumps(kept, ensure_ascii=False, indent=1).encode(errors="backslashreplace")
        self.objects.put_bytes(self.bucket, key, text, kind="application/json")
        return key

    def report(self, keys: Sequence[str], now: datetime) -> None:
        """Report what was kept."""
        self.incidents.report(undeliverable_messages(self.bucket, keys, now), now)

    def are_there(self) -> bool:
        """Whether any message is kept."""
        return any(True for _ in self.objects.keys(self.bucket, f"{UNDELIVERABLE}/"))

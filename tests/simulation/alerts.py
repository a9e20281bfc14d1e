"""What people have heard of files: every incident as it is recorded, every e-mail as it is published."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.memory import Memory
    from tests.simulation.services.sns import Letter

OF_FILES = frozenset({"rejected", "misdated", "gone", "set-closed", "run-failed"})
_INCIDENT = re.compile(r"\nIncident: (.+)\n\Z")


@dataclass(frozen=True)
class Lie:
    """A recovery that was published while a file was still bad; `letter`: its number among all."""

    incident: str
    letter: int
    bad: str


class Alerts:
    """Looks at every letter when it is published, for what is true then may be otherwise at the schedule's end."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._blamed: dict[str, set[str]] = {}  # drop ids under each open incident of files
        self.lies: list[Lie] = []
        self.held: set[str] = set()  # drop ids of which nobody was told alone

    def recorded(self, item: Mapping[str, Any]) -> None:
        """Keep which drop an incident is about; a recovery ends that."""
        if item["kind"] not in OF_FILES:
            return
        if item.get("told") in {"held", "again", "muted", "worse"}:
            self.held.add(item["drop_id"])
        if item["state"] == "INCIDENT_OPEN":
            self._blamed.setdefault(item["incident_id"], set()).add(item["drop_id"])
        else:
            self._blamed.pop(item["incident_id"], None)

    def published(self, number: int, letter: Letter) -> None:
        """Compare a recovery with the ledger: of every drop that it is about, a write since then must be loaded."""
        incident = incident_of(letter)
        self._memory.volumes.published(letter)
        if letter.subject.startswith("[RECOVERED] "):
            for drop_id in sorted(self._blamed.get(incident, ())):
                if not self._memory.is_loaded_since(drop_id):
                    self.lies.append(Lie(incident, number, self._memory.name(drop_id)))


def incident_of(letter: Letter) -> str:
    """Read which incident a letter is about."""
    found = _INCIDENT.search(letter.message)
    return found[1] if found else ""

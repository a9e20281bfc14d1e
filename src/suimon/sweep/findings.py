"""What a sweep found, what it mended, and what is left that nobody knows of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from suimon.incidents.incident import EXAMPLES


@dataclass(frozen=True)
class Finding:
    """What one part of the sweep found.

    looked_at: versions, drops or messages. found: those that are not as they should be. healed: those set right now.
    told: those that only a person can mend, under an open incident. examples: keys or ids, at most EXAMPLES.
    """

    kind: str
    looked_at: int = 0
    found: int = 0
    healed: int = 0
    told: int = 0
    examples: tuple[str, ...] = ()

    @property
    def unexplained(self) -> int:
        """What is wrong, could not be set right, and is under no incident."""
        return self.found - self.healed - self.told

    def __add__(self, other: Finding) -> Finding:
        """Add up two findings of one kind."""
        return Finding(
            self.kind,
            self.looked_at + other.looked_at,
            self.found + other.found,
            self.healed + other.healed,
            self.told + other.told,
            (self.examples + other.examples)[:EXAMPLES],
        )


@dataclass(frozen=True)
class Failure:
    """A part of the sweep that did not come to its end, and why; what it would have found is not known."""

    part: str
    reason: str


@dataclass(frozen=True)
class Findings:
    """What one round found, part by part."""

    parts: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def unexplained(self) -> int:
        """The figure that must be 0: neither right, nor set right, nor under an incident."""
        return sum(part.unexplained for part in self.parts)

    def of(self, kind: str) -> Finding:
        """Give the finding of a kind; an empty one if its part has not run."""
        return next((part for part in self.parts if part.kind == kind), Finding(kind))

    def to_json(self) -> dict[str, Any]:
        """Give what the freshness function answers with."""
        return {
            "parts": [{**asdict(part), "unexplained": part.unexplained} for part in self.parts],
            "failures": [asdict(failure) for failure in self.failures],
            "unexplained": self.unexplained,
        }

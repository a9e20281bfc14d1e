"""What a sweep detected, what it repaired, and what is left unexplained."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from suimon.incidents.incident import EXAMPLES
from suimon.values import dataclass


@dataclass(frozen=True)
class Finding:
    """What one part of the sweep detected.

    checked: versions, drops or messages. detected: those that are not as they should be. repaired: those of them that
    are now. reported: those that need a person, or time, and are under an open incident. examples: keys or ids, at
    most EXAMPLES.
    """

    kind: str
    checked: int = 0
    detected: int = 0
    repaired: int = 0
    reported: int = 0
    examples: tuple[str, ...] = ()

    @property
    def unexplained(self) -> int:
        """What is wrong, could not be repaired, and is under no incident."""
        return self.detected - self.repaired - self.reported

    def __add__(self, other: Finding) -> Finding:
        """Add up two findings of one kind."""
        return Finding(
            self.kind,
            self.checked + other.checked,
            self.detected + other.detected,
            self.repaired + other.repaired,
            self.reported + other.reported,
            (self.examples + other.examples)[:EXAMPLES],
        )


@dataclass(frozen=True)
class Failure:
    """A part of a round that failed, and why; what it would have detected is unknown."""

    part: str
    reason: str

    @classmethod
    def of(cls, part: str, error: Exception) -> Failure:
        """Return the failure of a part that has raised an error."""
        return cls(part, f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class Findings:
    """What one round detected, part by part."""

    parts: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def unexplained(self) -> int:
        """The figure that must be 0: neither right, nor repaired, nor under an incident."""
        return sum(part.unexplained for part in self.parts)

    def of(self, kind: str) -> Finding:
        """Return the finding of a kind; an empty one if its part has not run."""
        return next((part for part in self.parts if part.kind == kind), Finding(kind))

    def to_json(self) -> dict[str, Any]:
        """Return what the freshness function answers."""
        return {
            "parts": [{**asdict(part), "unexplained": part.unexplained} for part in self.parts],
            "failures": [asdict(failure) for failure in self.failures],
            "unexplained": self.unexplained,
        }

"""Who answers for a dataset, as its contract names them."""

from collections.abc import Mapping
from typing import Any

from suimon.values import dataclass


@dataclass(frozen=True, slots=True)
class Owner:
    """A team, and where it can be reached; one of the two may be empty."""

    name: str = ""
    contact: str = ""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Owner":
        """Read the compiled form."""
        return cls(name=raw["name"], contact=raw["contact"])

    def to_json(self) -> dict[str, str]:
        """Return the compiled form."""
        return {"name": self.name, "contact": self.contact}

    def __str__(self) -> str:
        """Return the line that stands in messages."""
        return ", ".join(part for part in (self.name, self.contact) if part)

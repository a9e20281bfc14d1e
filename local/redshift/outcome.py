"""What a statement gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Outcome:
    """Affected or returned `rows`, and for a SELECT its columns and records of Fields."""

    rows: int
    metadata: list[dict[str, Any]] | None = None
    records: list[list[Mapping[str, Any]]] = field(default_factory=list)

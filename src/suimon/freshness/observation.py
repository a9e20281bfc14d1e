"""What one freshness round checked and found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suimon.incidents.incident import Problem
    from suimon.incidents.kinds import IncidentId


@dataclass(frozen=True)
class Check:
    """One question and its answer: a problem, or none (`note`: what makes it good); `may_pass`: told if it lasts."""

    incident_id: IncidentId
    problem: Problem | None
    note: str = ""
    may_pass: bool = False


@dataclass(frozen=True)
class Summary:
    """What one round found and did, by incident ids; `suspected`: not told unless the next round finds it, too."""

    checked: int
    problems: tuple[str, ...]
    published: tuple[str, ...]
    recovered: tuple[str, ...]
    suspected: tuple[str, ...]

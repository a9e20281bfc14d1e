"""What one freshness round checked, and what came of it."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.incidents.incident import Problem
    from suimon.incidents.kinds import IncidentId


@dataclass(frozen=True)
class Check:
    """One question and its answer: a problem, or none.

    note: without a problem, what makes it good. may_pass: whether a problem of this kind is reported only if it lasts.
    """

    incident_id: IncidentId
    problem: Problem | None
    note: str = ""
    may_pass: bool = False


class Result(Enum):
    """What came of a check."""

    FINE = auto()
    SEEN = auto()  # a problem that a dry look found, and told nobody
    SUSPECTED = auto()  # not reported unless the next round sees it, too
    KNOWN = auto()  # a problem that was reported before
    PUBLISHED = auto()
    RECOVERED = auto()


@dataclass(frozen=True)
class Summary:
    """How many checks a round made, and what came of them, by incident ids."""

    checked: int
    problems: tuple[str, ...]
    published: tuple[str, ...]
    recovered: tuple[str, ...]
    suspected: tuple[str, ...]

    @classmethod
    def of(cls, results: Sequence[tuple[IncidentId, Result]]) -> Summary:
        """Sort the results of a round."""

        def those(*wanted: Result) -> tuple[str, ...]:
            return tuple(str(incident_id) for incident_id, result in results if result in wanted)

        return cls(
            checked=len(results),
            problems=those(Result.SEEN, Result.KNOWN, Result.PUBLISHED),
            published=those(Result.PUBLISHED),
            recovered=those(Result.RECOVERED),
            suspected=those(Result.SUSPECTED),
        )

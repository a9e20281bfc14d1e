"""A replay as the ledger knows it, what became of its partitions, and which replays of a dataset run. Pure."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FINISHED, STOPPED, TOO_MANY_FAILED = "finished", "stopped", "too many failed"
FORGOTTEN = "forgotten"  # by Step Functions, 90 days after its end


@dataclass(frozen=True)
class Counts:
    """How many partitions of a replay ended how, or did not.

    unneeded: a newer file or another replay was faster. running: begun, and not at an end. remaining: never begun.
    """

    loaded: int = 0
    unneeded: int = 0
    failed: int = 0
    running: int = 0
    remaining: int = 0

    @property
    def planned(self) -> int:
        """All of them."""
        return self.loaded + self.unneeded + self.failed + self.running + self.remaining

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to do."""
        return self.loaded + self.unneeded == self.planned


@dataclass(frozen=True)
class ReplayRecord:
    """One replay: what was asked for, by whom and why, where its items lie, and how it ended.

    id: the name of its execution. first, last: the partitions that it spans. plan: the fingerprint of its items.
    tolerate: the percentage that was asked for; tolerated: how many that are. end: how its execution ended; "" while it
    runs. told_at: when its summary was published.
    """

    dataset: str
    id: str
    execution: str
    first: str
    last: str
    what: str
    order: str
    plan: str
    planned: int
    max_concurrency: int
    tolerated: int
    began_at: datetime
    key: str = ""
    reason: str = ""
    who: str = ""
    as_accepted: bool = False
    tolerate: float | None = None
    ended_at: datetime | None = None
    end: str = ""
    counts: Counts = Counts()
    told_at: datetime | None = None


@dataclass(frozen=True)
class Running:
    """The replays of a dataset that have begun and not been seen to end: their ranges by execution."""

    dataset: str
    ranges: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    revision: int = 0

    def overlapping(self, execution: str, first: str, last: str) -> list[str]:
        """Return the other executions whose range shares a partition with this one.

        A range that names parts, such as a store, shares none with that of another store.
        """
        begin, _, parts = first.partition("/")
        end = last.partition("/")[0]
        found = list[str]()
        for other, (others_first, others_last) in sorted(self.ranges.items()):
            others_begin, _, others_parts = others_first.partition("/")
            is_beside = bool(parts and others_parts and parts != others_parts)
            if other != execution and not is_beside and others_begin <= end and begin <= others_last.partition("/")[0]:
                found.append(other)
        return found

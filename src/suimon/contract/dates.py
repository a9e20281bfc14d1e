"""Which business dates a dataset may have, and at which time of the day its files come. Standard library only."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from suimon.contract.partition import partition_of
from suimon.values import dataclass

# It is some day somewhere on earth from 14 hours before that day in UTC to 12 hours after it.
_EAST, _WEST = timedelta(hours=14), timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class DateBounds:
    """Bounds on the date in a key, so that 0001-01-01 or a year typed wrong never becomes a partition of a table.

    not_before: no date before this one. days_back, days_ahead: of the day on which the file arrived, in whatever time
    zone is the most lenient; days_back None is no such bound.
    """

    not_before: date = date(2000, 1, 1)
    days_back: int | None = None
    days_ahead: int = 2

    def allowed(self, arrived: datetime) -> tuple[date, date]:
        """Return the first and the last date that a file may have which arrived then."""
        first = self.not_before
        if self.days_back is not None:
            first = max(first, (arrived - _WEST).date() - timedelta(days=self.days_back))
        return first, (arrived + _EAST).date() + timedelta(days=self.days_ahead)

    def broken_by(self, partition: str, arrived: datetime) -> dict[str, str] | None:
        """Return what a report says of a partition beyond the bounds; None of one that has a day within, or no time."""
        first, last = self.allowed(arrived)
        of = partition_of(partition)
        if of.first is None or of.last is None or (of.last >= first and of.first <= last):
            return None
        side, limit = ("early", first) if of.last < first else ("late", last)
        return {"side": side, "partition": partition, "limit": limit.isoformat()}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "DateBounds":
        """Read the compiled form."""
        return cls(date.fromisoformat(raw["not_before"]), raw["days_back"], raw["days_ahead"])

    def to_json(self) -> dict[str, Any]:
        """Return the compiled form."""
        return {
            "not_before": self.not_before.isoformat(),
            "days_back": self.days_back,
            "days_ahead": self.days_ahead,
        }


USUAL = DateBounds()
"""The bounds of a contract that declares none."""


class Outside(StrEnum):
    """What becomes of a file that comes outside its window."""

    HOLD = "hold"  # it is checked and kept; its run starts when the window opens
    REJECT = "reject"
    ACCEPT = "accept"  # its run starts at once, and people are warned


@dataclass(frozen=True, slots=True)
class Window:
    """At which time of the day files come, on the wall of a zone: from `opens` up to `closes`, which may be tomorrow.

    A time on the wall that the change to summer time skips is as much later as the clock jumps.
    """

    opens: time
    closes: time
    outside: Outside = Outside.HOLD

    def has(self, at: datetime, zone: str) -> bool:
        """Whether a moment lies within the window."""
        wall = at.astimezone(ZoneInfo(zone)).time()
        if self.opens < self.closes:
            return self.opens <= wall < self.closes
        return wall >= self.opens or wall < self.closes

    def next_opening(self, at: datetime, zone: str) -> datetime:
        """Return, in UTC, when the window next opens for what came outside it."""
        wall = at.astimezone(ZoneInfo(zone))
        for days in (0, 1):
            opening = datetime.combine(wall.date() + timedelta(days=days), self.opens, wall.tzinfo).astimezone(UTC)
            if opening > at:
                break
        return opening

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Window":
        """Read the compiled form."""
        return cls(time.fromisoformat(raw["from"]), time.fromisoformat(raw["until"]), Outside(raw["outside"]))

    def to_json(self) -> dict[str, Any]:
        """Return the compiled form."""
        opens, closes = (one.isoformat(timespec="minutes") for one in (self.opens, self.closes))
        return {"from": opens, "until": closes, "outside": str(self.outside)}

"""When the file of a partition is due, and which partitions have one. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from suimon.contract.calendar import EVERY_DAY, Calendar
from suimon.contract.dates import Window
from suimon.contract.partition import Partition, Unit
from suimon.values import dataclass

# Days of the longest partition, and how late in the day its last begins.
_LONGEST = {Unit.HOUR: 1, Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.NONE: 0}
_LAST_HOUR = 23


@dataclass(frozen=True, slots=True)
class Arrival:
    """When the file of a partition is due: `deadline` o'clock in `time_zone`, `days_after` days after its last day.

    Of an hour `minutes_after` its end instead, on the wall of that zone. The calendar says which dates have a file; of
    weeks and months only its first and last date count.
    """

    days_after: int
    deadline: time
    time_zone: str
    lookback_days: int  # for how many times 24 hours after its deadline a file is looked for
    calendar: Calendar = EVERY_DAY
    grace_minutes: int = 0  # after the deadline a file is late for so long, and missing then
    window: Window | None = None  # the time of the day at which files come
    unit: Unit = Unit.DAY
    minutes_after: int = 0  # of hours

    def deadline_of(self, of: Partition) -> datetime:
        """Return the moment, in UTC, by which the file of a partition has to be there; ValueError of a whole table.

        The deadline is a time on the wall in the contract's zone. One that the change to summer time skips falls as
        much later as the clock jumps; one that comes twice in autumn counts the first time.
        """
        last = of.last
        if last is None:
            raise ValueError("a file that replaces the whole table has no deadline")
        if of.unit is Unit.HOUR and (ends := of.ends(self.time_zone)):
            return ends + timedelta(minutes=self.minutes_after)
        day = last + timedelta(days=self.days_after)
        return datetime.combine(day, self.deadline, ZoneInfo(self.time_zone)).astimezone(UTC)

    def expects(self, of: Partition) -> bool:
        """Whether a partition has a file."""
        first, last = of.first, of.last
        if first is None or last is None:
            return False
        if of.unit in (Unit.WEEK, Unit.MONTH):
            calendar = self.calendar
            return (not calendar.first or calendar.first <= last) and (not calendar.last or first <= calendar.last)
        return self.calendar.expects(first) and of.exists(self.time_zone)

    def times_between(self, first: datetime, last: datetime) -> Iterator[Partition]:
        """Yield the times, with a file or not, whose deadline falls between two moments, oldest first."""
        zone = ZoneInfo(self.time_zone)
        # A month before its month's deadline at most, and the zone's change of the clock.
        begin = first.astimezone(zone).date() - timedelta(days=self.days_after + _LONGEST[self.unit] + 1)
        end = last.astimezone(zone).date()
        for of in Partition.containing(self.unit, begin).to(Partition.containing(self.unit, end, _LAST_HOUR)):
            if first <= self.deadline_of(of) <= last:
                yield of

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Arrival":
        """Read the compiled form."""
        return cls(
            days_after=raw["days_after"],
            deadline=time.fromisoformat(raw["deadline"]),
            time_zone=raw["time_zone"],
            lookback_days=raw["lookback_days"],
            calendar=Calendar.from_json(raw["calendar"]) if "calendar" in raw else EVERY_DAY,
            grace_minutes=raw.get("grace_minutes", 0),
            window=Window.from_json(raw["window"]) if "window" in raw else None,
            unit=Unit(raw.get("unit", Unit.DAY)),
            minutes_after=raw.get("minutes_after", 0),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the compiled form; the deadline as HH:MM, no calendar where every date has a file."""
        told: dict[str, Any] = {
            "days_after": self.days_after,
            "deadline": self.deadline.isoformat(timespec="minutes"),
            "time_zone": self.time_zone,
            "lookback_days": self.lookback_days,
        }
        if self.grace_minutes:
            told["grace_minutes"] = self.grace_minutes
        if self.unit is not Unit.DAY:
            told |= {"unit": str(self.unit), "minutes_after": self.minutes_after}
        if self.calendar != EVERY_DAY:
            told["calendar"] = self.calendar.to_json()
        if self.window:
            told["window"] = self.window.to_json()
        return told

"""What a file replaces in its table: a day, an hour, a week, a month or all of it, perhaps of one store. Pure.

The text of a partition is what ledger, lake, messages and commands carry. Of one dataset it sorts by time.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

from suimon.values import dataclass

_PART = re.compile(r"([a-z][a-z0-9_]*)=([A-Za-z0-9_-]{1,64})")
_HOURS, _DAYS_OF_WEEK, _DECEMBER = 24, 7, 12


class Unit(StrEnum):
    """How much time a partition covers."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # from Monday, as ISO 8601 counts
    MONTH = "month"
    NONE = "none"  # no time: the file replaces the whole table


_TEXTS = {
    Unit.DAY: re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    Unit.HOUR: re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}"),
    Unit.MONTH: re.compile("[0-9]{4}-[0-9]{2}"),
    Unit.WEEK: re.compile("[0-9]{4}-W[0-9]{2}"),
    Unit.NONE: re.compile("all"),
}
WRITTEN = {
    Unit.DAY: "YYYY-MM-DD",
    Unit.HOUR: "YYYY-MM-DDTHH",
    Unit.MONTH: "YYYY-MM",
    Unit.WEEK: "YYYY-Www",
    Unit.NONE: "all",
}
"""How people write the time of a partition."""
OTHER_FORMS = "2026-11-20T13, 2026-W47, 2026-11, all, 2026-11-20/store=S01"


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of a dataset.

    first: its first day; None of a whole table. hour: of an hour, from 0. parts: name and value of what else tells it
    apart, such as the store, in the order of the names.
    """

    unit: Unit
    first: date | None = None
    hour: int | None = None
    parts: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "/".join([self.time, *(f"{name}={value}" for name, value in self.parts)])

    @property
    def time(self) -> str:
        """Its time alone, as text: what all partitions that differ in their parts only have in common."""
        first = self.first
        if first is None:
            return "all"
        match self.unit:
            case Unit.HOUR:
                return f"{first.isoformat()}T{self.hour or 0:02d}"
            case Unit.WEEK:
                year, week, _ = first.isocalendar()
                return f"{year:04d}-W{week:02d}"
            case Unit.MONTH:
                return first.isoformat()[: len("YYYY-MM")]
            case _:
                return first.isoformat()

    @property
    def last(self) -> date | None:
        """Its last day; None of a whole table."""
        if self.first is None:
            return None
        match self.unit:
            case Unit.WEEK:
                return self.first + timedelta(days=_DAYS_OF_WEEK - 1)
            case Unit.MONTH:
                return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            case _:
                return self.first

    @property
    def plain_day(self) -> bool:
        """Whether it is a day and nothing else."""
        return self.unit is Unit.DAY and not self.parts

    @property
    def values(self) -> dict[str, str]:
        """What the load binds beside the text, all of it: `partition_first`, `partition_hour`, the parts.

        `partition_last` of weeks and months only. Nothing of a day and nothing else: its text is its value.
        """
        if self.plain_day:
            return {}
        bound = {f"partition_part_{name}": value for name, value in self.parts}
        if self.first:
            bound["partition_first"] = self.first.isoformat()
        if self.last and self.unit in (Unit.WEEK, Unit.MONTH):
            bound["partition_last"] = self.last.isoformat()
        return bound | ({} if self.hour is None else {"partition_hour": str(self.hour)})

    def ends(self, zone: str) -> datetime | None:
        """Return the moment, in UTC, at which its time is over on the wall of a zone; None of a whole table."""
        last, wall = self.last, ZoneInfo(zone)
        if last is None:
            return None
        if self.hour is None:
            return datetime.combine(last + timedelta(days=1), time(), wall).astimezone(UTC)
        return datetime.combine(last, time(self.hour), wall).astimezone(UTC) + timedelta(hours=1)

    def exists(self, zone: str) -> bool:
        """Whether its hour is on the wall of a zone: one is skipped when summer time begins."""
        if self.hour is None or self.first is None:
            return True
        wall = datetime.combine(self.first, time(self.hour), ZoneInfo(zone))
        return wall.astimezone(UTC).astimezone(ZoneInfo(zone)).hour == self.hour

    def next(self) -> "Partition":
        """Return the one that follows in time, with the same parts; OverflowError after the last year there is."""
        first, last = self.first, self.last
        if first is None or last is None:
            raise OverflowError("a whole table is followed by nothing")
        if self.hour is not None and self.hour + 1 < _HOURS:
            return Partition(self.unit, first, self.hour + 1, self.parts)
        return Partition(self.unit, last + timedelta(days=1), None if self.hour is None else 0, self.parts)

    def to(self, last: "Partition") -> Iterator["Partition"]:
        """Yield this one and those that follow in time, up to `last`; nothing if that is earlier or of another unit."""
        if last.unit is not self.unit:
            return
        if self.first is None or last.first is None:
            yield self
            return
        one, end = self, (last.first, last.hour or 0)
        while one.first and (one.first, one.hour or 0) <= end:
            yield one
            try:
                one = one.next()
            except OverflowError:
                return

    def at(self, parts: tuple[tuple[str, str], ...]) -> "Partition":
        """Return that of the same time with these parts."""
        return Partition(self.unit, self.first, self.hour, tuple(sorted(parts)))

    @classmethod
    def of_day(cls, day: date) -> "Partition":
        """Return the partition of a day."""
        return cls(Unit.DAY, day)

    @classmethod
    def containing(cls, unit: Unit, day: date, hour: int = 0) -> "Partition":
        """Return the partition of a unit that a day, and of hours an hour of it, belongs to."""
        match unit:
            case Unit.NONE:
                return cls(unit)
            case Unit.HOUR:
                return cls(unit, day, hour)
            case Unit.WEEK:
                return cls(unit, day - timedelta(days=day.weekday()))
            case Unit.MONTH:
                return cls(unit, day.replace(day=1))
            case Unit.DAY:
                return cls(unit, day)


@lru_cache(maxsize=4096)
def partition_of(text: str) -> Partition:
    """Read the text of a partition; ValueError if it is none, or of no real time."""
    written, *rest = text.split("/")
    unit = next((unit for unit, form in _TEXTS.items() if form.fullmatch(written)), None)
    found = [_PART.fullmatch(part) for part in rest]
    parts = tuple((one[1], one[2]) for one in found if one)
    if unit is None or len(parts) < len(rest) or [name for name, _ in parts] != sorted({name for name, _ in parts}):
        raise ValueError(f"{text!r} is no partition: write it as {', '.join(WRITTEN.values())}")
    try:
        partition = _read(unit, written, parts)
    except ValueError as error:
        raise ValueError(f"{text!r} is no partition: there is no such {unit}") from error
    return partition


def is_date(text: str) -> bool:
    """Whether a text is a real date written YYYY-MM-DD."""
    return is_partition(text) and partition_of(text).plain_day


def is_partition(text: str) -> bool:
    """Whether a text is that of a partition."""
    try:
        partition_of(text)
    except ValueError:
        return False
    return True


def _read(unit: Unit, written: str, parts: tuple[tuple[str, str], ...]) -> Partition:
    match unit:
        case Unit.NONE:
            return Partition(unit, parts=parts)
        case Unit.HOUR:
            day, _, hour = written.partition("T")
            return Partition(unit, date.fromisoformat(day), time(int(hour)).hour, parts)
        case Unit.WEEK:
            return Partition(unit, date.fromisocalendar(int(written[:4]), int(written[-2:]), 1), None, parts)
        case Unit.MONTH:
            return Partition(unit, date.fromisoformat(f"{written}-01"), None, parts)
        case Unit.DAY:
            return Partition(unit, date.fromisoformat(written), None, parts)


@dataclass(frozen=True, slots=True)
class Part:
    """What tells partitions of one time apart, such as the store: its name in the key pattern, and every value."""

    name: str
    values: tuple[str, ...]


def combinations_of(parts: tuple[Part, ...]) -> list[tuple[tuple[str, str], ...]]:
    """Return every combination of the values of parts; one, which is empty, of none."""
    return [tuple(sorted(one)) for one in product(*([(part.name, value) for value in part.values] for part in parts))]

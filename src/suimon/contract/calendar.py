"""On which business dates a file is due. Standard library only: the days are compiled into the contract."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Literal

from suimon.values import dataclass

WhenClosed = Literal["skip", "previous", "next"]
WHEN_CLOSED: tuple[WhenClosed, ...] = ("skip", "previous", "next")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # in the order of date.weekday()
_EVERY_WEEKDAY = frozenset(range(len(WEEKDAYS)))
# Over how many closed days in a row a due date may move; golden weeks and year's ends are shorter.
MOST_CLOSED = 14


@dataclass(frozen=True, slots=True)
class HolidaySource:
    """Where the public holidays of a calendar come from: a country, the library's version, the last day it covers."""

    country: str
    version: str
    until: date


# The first day of those that a cron expression is compiled to.
CRON_FROM = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class CronDays:
    """The business dates that a cron expression names: a bit a day from CRON_FROM on, none after `until`."""

    expression: str
    bits: int
    until: date

    @classmethod
    def of(cls, expression: str, days: Iterable[date], until: date) -> "CronDays":
        """Set the bits of days; those beyond either end are left out."""
        bits = 0
        for day in days:
            if CRON_FROM <= day <= until:
                bits |= 1 << (day - CRON_FROM).days
        return cls(expression, bits, until)

    def __contains__(self, day: date) -> bool:
        return day >= CRON_FROM and bool(self.bits >> (day - CRON_FROM).days & 1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The rule by which a business date has a file; without any of it, every date has one.

    weekdays: the open ones, 0 is Monday. closed: further days that are closed, such as public holidays.
    month_days: dates of the month, from 1, or from its end, from -1. business_days: the same, counted in open days.
    cron: dates that a cron expression names. A date of month_days or cron that is closed has no file (`skip`), or the
    nearest open day before or after it has. first, last: no file is due before or after these. holidays: where some of
    the closed days come from.
    """

    weekdays: frozenset[int] = _EVERY_WEEKDAY
    month_days: tuple[int, ...] = ()
    business_days: tuple[int, ...] = ()
    closed: frozenset[date] = frozenset()
    when_closed: WhenClosed = "skip"
    first: date | None = None
    last: date | None = None
    holidays: HolidaySource | None = None
    cron: CronDays | None = None

    def is_open(self, day: date) -> bool:
        """Whether a day is neither a closed weekday nor a closed date."""
        return day.weekday() in self.weekdays and day not in self.closed

    def expects(self, day: date) -> bool:
        """Whether a business date has a file."""
        if (self.first and day < self.first) or (self.last and day > self.last) or not self.is_open(day):
            return False
        if not self.month_days and not self.business_days and self.cron is None:
            return True
        return self._is_business_day(day) or any(map(self._is_named, self._moved_to(day)))

    def days_between(self, older: date, newer: date) -> int:
        """Return how many open days lie after the older date, up to the newer one; less than 0 if it is the newer."""
        if newer < older:
            return -(older - newer).days
        return sum(self.is_open(older + timedelta(days=step)) for step in range(1, (newer - older).days + 1))

    def _moved_to(self, day: date) -> Iterator[date]:
        """Yield an open day, and the closed ones whose file it has."""
        yield day
        if self.when_closed == "skip":
            return
        step = 1 if self.when_closed == "previous" else -1
        last = min(max(day.toordinal() + step * MOST_CLOSED, date.min.toordinal()), date.max.toordinal())
        for number in range(day.toordinal() + step, last + step, step):
            closed = date.fromordinal(number)
            if self.is_open(closed):
                return
            yield closed

    def _is_named(self, day: date) -> bool:
        if self.cron and day in self.cron:
            return True
        return day.day in self.month_days or day.day - _days_in_month(day) - 1 in self.month_days

    def _is_business_day(self, day: date) -> bool:
        if not self.business_days:
            return False
        month = [day.replace(day=number) for number in range(1, _days_in_month(day) + 1)]
        open_days = [one for one in month if self.is_open(one)]
        place = open_days.index(day)
        return place + 1 in self.business_days or place - len(open_days) in self.business_days

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Calendar":
        """Read the compiled form."""
        return cls(
            weekdays=frozenset(raw["weekdays"]),
            month_days=tuple(raw["month_days"]),
            business_days=tuple(raw["business_days"]),
            closed=frozenset(map(date.fromisoformat, raw["closed"])),
            when_closed=raw["when_closed"],
            first=date.fromisoformat(raw["first"]) if raw["first"] else None,
            last=date.fromisoformat(raw["last"]) if raw["last"] else None,
            holidays=_source(raw["holidays"]) if raw.get("holidays") else None,
            cron=_cron(raw["cron"]) if raw.get("cron") else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the compiled form; dates as YYYY-MM-DD."""
        return {
            "weekdays": sorted(self.weekdays),
            "month_days": list(self.month_days),
            "business_days": list(self.business_days),
            "closed": sorted(day.isoformat() for day in self.closed),
            "when_closed": self.when_closed,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "holidays": asdict(self.holidays) | {"until": self.holidays.until.isoformat()} if self.holidays else None,
            "cron": _cron_json(self.cron) if self.cron else None,
        }


def _source(raw: Mapping[str, str]) -> HolidaySource:
    return HolidaySource(raw["country"], raw["version"], date.fromisoformat(raw["until"]))


def _cron(raw: Mapping[str, str]) -> CronDays:
    return CronDays(raw["expression"], int(raw["days"], 16), date.fromisoformat(raw["until"]))


def _cron_json(cron: CronDays) -> dict[str, str]:
    return {"expression": cron.expression, "days": f"{cron.bits:x}", "until": cron.until.isoformat()}


def _days_in_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]


EVERY_DAY = Calendar()
"""The calendar of a contract that declares none."""

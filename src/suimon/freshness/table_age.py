"""How old a newest value is: in days from midnight to midnight, or by the clock, without what is closed. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suimon.contract.table_freshness import OpenHours
from suimon.incidents.table_age import TableAge

if TYPE_CHECKING:
    from datetime import date

    from suimon.contract.calendar import Calendar
    from suimon.contract.table_freshness import TableFreshness

# A table that is older is stale by any calendar.
MOST_DAYS = 1_000
NO_AGE = TableAge()
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_EVERY_HOUR = OpenHours("UTC")


def age_of(table: TableFreshness, newest: datetime, calendar: Calendar, now: datetime) -> TableAge:
    """Return the age of a table's newest value in the unit in which its limits count."""
    if table.error_after.by_the_clock:
        whole = (now - newest) // _MINUTE
        if not 0 < whole <= MOST_DAYS * (_DAY // _MINUTE):
            return TableAge(whole=whole, counted=whole, by_the_clock=True)
        return TableAge(
            whole=whole,
            counted=open_time(newest, now, calendar, table.hours or _EVERY_HOUR) // _MINUTE,
            by_the_clock=True,
        )
    today, day = now.astimezone(UTC).date(), newest.astimezone(UTC).date()
    whole = (today - day).days
    return TableAge(whole=whole, counted=calendar.days_between(day, today) if 0 < whole <= MOST_DAYS else whole)


def open_time(since: datetime, until: datetime, calendar: Calendar, hours: OpenHours) -> timedelta:
    """Return how much of the time between two moments lies in open hours of open days."""
    zone = ZoneInfo(hours.time_zone)
    day, last, total = since.astimezone(zone).date(), until.astimezone(zone).date(), timedelta()
    while day <= last:
        if calendar.is_open(day):
            begin = _moment(day, hours.first, zone)
            end = _moment(day, hours.until, zone) if hours.until else _moment(day + _DAY, time(), zone)
            total += max(min(end, until) - max(begin, since), timedelta())
        day += _DAY
    return total


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    # In UTC: between times on the wall of one zone Python counts no change of summer time.
    return datetime.combine(day, clock, zone).astimezone(UTC)

"""When files are due, out of `arrival`: the deadline, and the calendar of the days that have a file."""

import re
from datetime import date, time, timedelta
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from suimon.contract.calendar import EVERY_DAY, WEEKDAYS, WHEN_CLOSED, Calendar, HolidaySource
from suimon.contract.model import Arrival
from suimon.contract.odcs.clauses import READ, Clause, Grammar, brief
from suimon.contract.odcs.reader import Reader

_CALENDAR = ("weekdays", "monthDays", "businessDays", "holidays", "closures", "whenClosed", "firstDate", "lastDate")
ARRIVAL: Grammar = dict.fromkeys(
    ("daysAfter", "deadline", "timeZone", "lookbackDays", "graceMinutes", *_CALENDAR), READ
)
LAST = "last"
_MONTH = 31
_MOST_GRACE = 366 * 24 * 60
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NO_PLACES = {"Factory", "localtime", "posixrules"}
# In so many days every month has begun with every weekday, in a leap year too.
_REPEATS = 28 * 366
# The years whose public holidays a contract knows: a fixed span, so that the same contract is compiled the same always.
HOLIDAY_YEARS = range(2000, 2041)


def read_arrival(clause: Clause, reader: Reader) -> Arrival:
    """Read `arrival`; a rule by which no day ever has a file is refused."""
    deadline, zone = time(), reader.text(clause, "timeZone")
    try:
        deadline = time.fromisoformat(reader.text(clause, "deadline", r"\d\d:\d\d", 'HH:MM in quotes, as in "06:00"'))
    except ValueError:
        if (given := clause["deadline"]) and reader.sound(clause, "deadline"):
            reader.refuse(given, "is no time of the day")
    # By the package's own list: what else this machine knows may be missing where the functions run.
    if zone and zone not in _zones():
        reader.refuse(clause["timeZone"] or clause, f"{brief(zone)} is no time zone; write one such as Asia/Tokyo")
    days_after, lookback = (
        reader.whole(clause, "daysAfter", most=366),
        reader.whole(clause, "lookbackDays", least=1, most=366),
    )
    grace = reader.optional_whole(clause, "graceMinutes", least=1, most=_MOST_GRACE) or 0
    if clause["graceMinutes"] and grace >= lookback * 24 * 60 and reader.sound(clause, "lookbackDays", "graceMinutes"):
        reader.refuse(clause["graceMinutes"] or clause, "ends after lookbackDays: no file would ever be missing")
    return Arrival(days_after, deadline, zone, lookback, _calendar(clause, reader), grace)


@cache
def _zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()) - _NO_PLACES


def _calendar(clause: Clause, reader: Reader) -> Calendar:
    months, business = _numbers(clause, "monthDays", reader), _numbers(clause, "businessDays", reader)
    when_closed = reader.choice(clause, "whenClosed", WHEN_CLOSED, "skip")
    if clause["whenClosed"] and not clause["monthDays"]:
        reader.refuse(clause["whenClosed"] or clause, "moves the dates of monthDays, which are missing; remove it")
    calendar = Calendar(
        weekdays=_weekdays(clause, reader),
        month_days=months,
        business_days=business,
        closed=_holidays(clause, reader) | _closures(clause, reader),
        when_closed=when_closed,
        first=_day(clause["firstDate"], reader),
        last=_day(clause["lastDate"], reader),
        holidays=_holiday_source(clause),
    )
    if calendar.first and calendar.last and calendar.last < calendar.first:
        reader.refuse(clause["lastDate"] or clause, "lies before firstDate: no date would ever have a file")
    elif reader.sound(clause, *_CALENDAR) and not _has_a_date(calendar):
        reader.refuse(clause, "no date would ever have a file: open some weekdays, or name other dates")
    return calendar


def _has_a_date(calendar: Calendar) -> bool:
    first = calendar.first or date(HOLIDAY_YEARS[0], 1, 1)
    return any(calendar.expects(first + timedelta(days=day)) for day in range(_REPEATS))


def _weekdays(clause: Clause, reader: Reader) -> frozenset[int]:
    given = clause["weekdays"]
    if given is None:
        return EVERY_DAY.weekdays
    names = reader.texts(given)
    if not isinstance(given.value, list) or not names:
        reader.refuse(given, f"must be a list of {', '.join(WEEKDAYS)}, is {brief(given)}")
    for item in given:
        if isinstance(item.value, str) and item.value not in WEEKDAYS:
            reader.refuse(item, f"{brief(item)} is none of {', '.join(WEEKDAYS)}")
    return frozenset(WEEKDAYS.index(name) for name in names if name in WEEKDAYS)


def _numbers(clause: Clause, key: str, reader: Reader) -> tuple[int, ...]:
    given = clause[key]
    if given is None:
        return ()
    if not isinstance(given.value, list) or not given.value:
        reader.refuse(given, f"must be a list of numbers from 1 to {_MONTH}, or {LAST}; is {brief(given)}")
    found: list[int] = []
    for item in given:
        value = -1 if item.value == LAST else item.value
        named = item.value == LAST or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MONTH)
        if not named:
            reader.refuse(item, f"must be a number from 1 to {_MONTH}, or {LAST}; is {brief(item)}")
        elif value in found:
            reader.refuse(item, f"{brief(item)} stands twice; keep one")
        else:
            found.append(value)
    return tuple(found)


def _holidays(clause: Clause, reader: Reader) -> frozenset[date]:
    """Return the public holidays of a country, as the library of that name has them, substitute days among them."""
    given = clause["holidays"]
    if given is None:
        return frozenset()
    from holidays import country_holidays  # noqa: PLC0415 few contracts need it, and it takes its time

    country, _, region = str(given.value).partition("-")
    try:
        return frozenset(country_holidays(country, subdiv=region or None, years=HOLIDAY_YEARS))
    except NotImplementedError:
        reader.refuse(given, f"{brief(given)} is no country whose holidays are known; write one such as JP or US-CA")
        return frozenset()


def _holiday_source(clause: Clause) -> HolidaySource | None:
    given = clause["holidays"]
    until = date(HOLIDAY_YEARS[-1], 12, 31)
    return HolidaySource(str(given.value), version("holidays"), until) if given else None


def _closures(clause: Clause, reader: Reader) -> frozenset[date]:
    given = clause["closures"]
    if given is None:
        return frozenset()
    if not isinstance(given.value, list):
        reader.refuse(given, f"must be a list of dates YYYY-MM-DD, is {brief(given)}")
    return frozenset(day for item in given if (day := _day(item, reader)))


def _day(given: Clause | None, reader: Reader) -> date | None:
    if given is None:
        return None
    try:
        return date.fromisoformat(str(given.value) if _DATE.fullmatch(str(given.value)) else "")
    except ValueError:
        reader.refuse(given, f"must be a date YYYY-MM-DD, is {brief(given)}")
        return None

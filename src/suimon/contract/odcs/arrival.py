"""When files are due, out of `arrival`: the deadline, and the calendar of the days that have a file."""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import date, time, timedelta
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from math import prod
from pathlib import Path

from suimon.contract.arrival import Arrival
from suimon.contract.calendar import EVERY_DAY, WEEKDAYS, WHEN_CLOSED, Calendar, CronDays, HolidaySource
from suimon.contract.dates import Outside, Window
from suimon.contract.keys import KeyPattern
from suimon.contract.odcs.clauses import READ, Clause, Grammar, brief
from suimon.contract.odcs.cron import COMPILED_YEARS, read_cron
from suimon.contract.odcs.reader import Reader
from suimon.contract.partition import Unit

_CALENDAR = (
    "weekdays",
    "monthDays",
    "businessDays",
    "cron",
    "holidays",
    "closures",
    "whenClosed",
    "firstDate",
    "lastDate",
)
ARRIVAL: Grammar = dict.fromkeys(
    ("daysAfter", "deadline", "minutesAfter", "timeZone", "lookbackDays", "graceMinutes", *_CALENDAR), READ
) | {"window": dict.fromkeys(("from", "until", "outside"), READ)}
# What says nothing of the files of a unit: hours are due by the clock, weeks and months by their last day.
_NOT_OF = {
    Unit.DAY: {"minutesAfter": "write daysAfter and deadline"},
    Unit.HOUR: dict.fromkeys(
        ("daysAfter", "deadline", "cron", "monthDays", "businessDays", "whenClosed", "window"), "write minutesAfter"
    ),
    **dict.fromkeys(
        (Unit.WEEK, Unit.MONTH),
        dict.fromkeys(("minutesAfter", "cron"), "write daysAfter and deadline, counted from its last day")
        | dict.fromkeys(
            ("weekdays", "monthDays", "businessDays", "holidays", "closures", "whenClosed"),
            "each has a file from firstDate to lastDate",
        ),
    ),
}
LAST = "last"
_MONTH = 31
_MOST_GRACE = 366 * 24 * 60
MOST_AWAITED = 1_000
_MOST_DAYS_OF_HOURS = 31  # each hour looked for is a question to the ledger
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FILE, _FILE_IS = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.txt"), "file beside the contract, such as closures.txt"
_NO_PLACES = {"Factory", "localtime", "posixrules"}
# In so many days every month has begun with every weekday, in a leap year too.
_REPEATS = 28 * 366


def read_arrival(clause: Clause, unit: Unit, reader: Reader) -> Arrival:
    """Read `arrival` of files of a unit; a rule by which no day ever has a file is refused."""
    zone = read_zone(clause, reader)
    for key, instead in _NOT_OF.get(unit, {}).items():
        if given := clause[key]:
            reader.refuse(given, f"{key} says nothing of files of {_EACH[unit]}; {instead}")
    if unit is Unit.HOUR:
        return _of_hours(clause, zone, reader)
    cron = read_cron(clause["cron"], reader) if clause["cron"] else None
    deadline = _time(clause, "deadline", reader) if clause["cron"] is None else cron.deadline if cron else time()
    for key in ("deadline", "monthDays", "businessDays") if clause["cron"] else ():
        if given := clause[key]:
            reader.refuse(given, f"{key} contradicts cron, which says the time and the days; remove one of them")
    days_after, lookback = (
        reader.whole(clause, "daysAfter", most=366),
        reader.whole(clause, "lookbackDays", least=1, most=366),
    )
    grace = reader.optional_whole(clause, "graceMinutes", least=1, most=_MOST_GRACE) or 0
    if clause["graceMinutes"] and grace >= lookback * 24 * 60 and reader.sound(clause, "lookbackDays", "graceMinutes"):
        reader.refuse(clause["graceMinutes"] or clause, "ends after lookbackDays: no file would ever be missing")
    days = cron.business_dates(days_after) if cron else None
    window = _window(clause["window"], reader) if clause["window"] else None
    return Arrival(days_after, deadline, zone, lookback, _calendar(clause, days, reader), grace, window, unit)


_EACH = {Unit.DAY: "a day", Unit.HOUR: "an hour", Unit.WEEK: "a week", Unit.MONTH: "a month"}
_LONGEST_WAIT = 7 * 24 * 60


def _of_hours(clause: Clause, zone: str, reader: Reader) -> Arrival:
    after = reader.whole(clause, "minutesAfter", most=_LONGEST_WAIT)
    lookback = reader.whole(clause, "lookbackDays", least=1, most=_MOST_DAYS_OF_HOURS)
    grace = reader.optional_whole(clause, "graceMinutes", least=1, most=_MOST_GRACE) or 0
    if clause["graceMinutes"] and grace >= lookback * 24 * 60 and reader.sound(clause, "lookbackDays", "graceMinutes"):
        reader.refuse(clause["graceMinutes"] or clause, "ends after lookbackDays: no file would ever be missing")
    calendar = _calendar(clause, None, reader)
    return Arrival(0, time(), zone, lookback, calendar, grace, None, Unit.HOUR, minutes_after=after)


def refuse_too_many(arrival: Arrival, pattern: KeyPattern, clause: Clause, reader: Reader) -> None:
    """Refuse an arrival that looks for more files than a round can ask the ledger for."""
    a_day = 24 if arrival.unit is Unit.HOUR else 1
    count = arrival.lookback_days * a_day * prod(len(part.values) for part in pattern.parts)
    if count > MOST_AWAITED:
        text = f"looks for {count:,} files, each a question to the ledger in every round; at most {MOST_AWAITED:,}"
        reader.refuse(clause["lookbackDays"] or clause, f"{text}: look back over fewer days")


def read_zone(clause: Clause, reader: Reader) -> str:
    """Read `timeZone`."""
    zone = reader.text(clause, "timeZone")
    # By the package's own list: what else this machine knows may be missing where the functions run.
    if zone and zone not in _zones():
        reader.refuse(clause["timeZone"] or clause, f"{brief(zone)} is no time zone; write one such as Asia/Tokyo")
    return zone


def _window(clause: Clause, reader: Reader) -> Window:
    opens, closes = _time(clause, "from", reader), _time(clause, "until", reader)
    if opens == closes and reader.sound(clause, "from", "until"):
        reader.refuse(clause, "is never closed, for it ends when it begins; remove it, or write two times")
    return Window(opens, closes, Outside(reader.choice(clause, "outside", tuple(str(one) for one in Outside))))


def _time(clause: Clause, key: str, reader: Reader) -> time:
    text = reader.text(clause, key, r"[0-2][0-9]:[0-5][0-9]", 'HH:MM in quotes, as in "06:00"')
    try:
        return time.fromisoformat(text) if text else time()
    except ValueError:
        reader.refuse(clause[key] or clause, "is no time of the day")
        return time()


@cache
def _zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()) - _NO_PLACES


def read_open_days(clause: Clause, reader: Reader) -> Calendar:
    """Read which days are open: weekdays without holidays and closures."""
    closed = _holidays(clause, reader) | _closures(clause, reader)
    return Calendar(weekdays=_weekdays(clause, reader), closed=closed, holidays=_holiday_source(clause))


def _calendar(clause: Clause, cron: CronDays | None, reader: Reader) -> Calendar:
    months, business = _numbers(clause, "monthDays", reader), _numbers(clause, "businessDays", reader)
    when_closed = reader.choice(clause, "whenClosed", WHEN_CLOSED, "skip")
    if clause["whenClosed"] and not clause["monthDays"] and not clause["cron"]:
        text = "moves the dates of monthDays or cron, which are missing; remove it"
        reader.refuse(clause["whenClosed"] or clause, text)
    calendar = replace(
        read_open_days(clause, reader),
        month_days=months,
        business_days=business,
        when_closed=when_closed,
        first=_day(clause["firstDate"], reader),
        last=_day(clause["lastDate"], reader),
        cron=cron,
    )
    if calendar.first and calendar.first.year > COMPILED_YEARS[-1]:
        reader.refuse(clause["firstDate"] or clause, f"lies after {COMPILED_YEARS[-1]}: nothing is watched until then")
    elif calendar.first and calendar.last and calendar.last < calendar.first:
        reader.refuse(clause["lastDate"] or clause, "lies before firstDate: no date would ever have a file")
    elif reader.sound(clause, *_CALENDAR) and not _has_a_date(calendar):
        reader.refuse(clause, "no date would ever have a file: open some weekdays, or name other dates")
    return calendar


def _has_a_date(calendar: Calendar) -> bool:
    first = calendar.first or date(COMPILED_YEARS[0], 1, 1)
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

    country, dash, region = str(given.value).partition("-")
    with suppress(NotImplementedError):
        if region or not dash:
            return frozenset(country_holidays(country, subdiv=region or None, years=COMPILED_YEARS))
    reader.refuse(given, f"{brief(given)} is no country whose holidays are known; write one such as JP or US-CA")
    return frozenset()


def _holiday_source(clause: Clause) -> HolidaySource | None:
    given = clause["holidays"]
    until = date(COMPILED_YEARS[-1], 12, 31)
    return HolidaySource(str(given.value), version("holidays"), until) if given else None


def _closures(clause: Clause, reader: Reader) -> frozenset[date]:
    """Return the closed dates, of a list or of a file beside the contract."""
    given = clause["closures"]
    if given is None:
        return frozenset()
    if isinstance(given.value, str) and _FILE.fullmatch(given.value):
        return _closures_of_file(given, reader)
    if not isinstance(given.value, list):
        reader.refuse(given, f"must be a list of dates YYYY-MM-DD, or the name of a {_FILE_IS}; is {brief(given)}")
    found = set[date]()
    for item in given:
        if (day := _day(item, reader)) in found:
            reader.refuse(item, f"{brief(item)} stands twice; keep one")
        elif day:
            found.add(day)
    return frozenset(found)


def _closures_of_file(given: Clause, reader: Reader) -> frozenset[date]:
    """Read a file of dates, one a line, each perhaps with a # and words behind it."""
    path = Path(given.file).parent / given.value
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reader.refuse(given, f"{brief(given)} cannot be read beside the contract: {type(error).__name__}")
        return frozenset()
    found = set[date]()
    for number, line in enumerate(lines, 1):
        if not (text := line.partition("#")[0].strip()):
            continue
        day = _date(text)
        if day is None:
            reader.refuse(given, f"{given.value}, line {number}: must be a date YYYY-MM-DD, is {brief(text)}")
        elif day in found:
            reader.refuse(given, f"{given.value}, line {number}: {text} stands twice; keep one")
        else:
            found.add(day)
    if not found:
        reader.refuse(given, f"{given.value} closes no date; remove the clause")
    return frozenset(found)


def begin_with(arrival: Arrival, clause: Clause, not_before: date, reader: Reader) -> Arrival:
    """Return an arrival that expects nothing before the `notBefore` of `dates`: such a file is rejected unread.

    clause: of the arrival.
    """
    calendar = arrival.calendar
    if calendar.last and calendar.last < not_before:
        reader.refuse(clause["lastDate"] or clause, f"lies before notBefore, {not_before}: no date would have a file")
    if calendar.first and calendar.first < not_before:
        reader.refuse(clause["firstDate"] or clause, f"lies before notBefore, {not_before}: files would be rejected")
    return replace(arrival, calendar=replace(calendar, first=calendar.first or not_before))


def _day(given: Clause | None, reader: Reader) -> date | None:
    if given is None:
        return None
    if (day := _date(str(given.value))) is None:
        reader.refuse(given, f"must be a date YYYY-MM-DD, is {brief(given)}")
    return day


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None

"""Which business dates have a file: weekdays, dates of the month, open days, holidays, first and last."""

from __future__ import annotations

import json
from datetime import date, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from suimon.contract.calendar import EVERY_DAY, MOST_CLOSED, Calendar
from suimon.contract.model import Contract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WEEK = frozenset(range(5))
# 2026-11-20 is a Friday; the 23rd is Labour Thanksgiving Day in Japan.
FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 11, 20) + timedelta(days=day) for day in range(4))


def expected(calendar: Calendar, first: date, days: int) -> list[str]:
    """The days that have a file, of so many from the first on, as MM-DD."""
    every = (first + timedelta(days=day) for day in range(days))
    return [f"{day:%m-%d}" for day in every if calendar.expects(day)]


def test_without_a_calendar_every_date_has_a_file() -> None:
    assert len(expected(EVERY_DAY, date(2024, 1, 1), 366)) == 366


def test_a_closed_weekday_has_none() -> None:
    assert expected(Calendar(weekdays=WEEK), FRIDAY, 5) == ["11-20", "11-23", "11-24"]


def test_a_closed_date_has_none() -> None:
    assert expected(Calendar(weekdays=WEEK, closed=frozenset({MONDAY})), FRIDAY, 5) == ["11-20", "11-24"]


def test_dates_of_the_month_count_from_its_end_too() -> None:
    assert expected(Calendar(month_days=(1, -1)), date(2028, 2, 1), 60) == ["02-01", "02-29", "03-01", "03-31"]


def test_a_date_that_a_month_does_not_have_is_no_other_one() -> None:
    assert expected(Calendar(month_days=(31,)), date(2026, 4, 1), 61) == ["05-31"]


@pytest.mark.parametrize(
    ("when_closed", "days"),
    [("skip", []), ("previous", ["11-20"]), ("next", ["11-24"])],
)
def test_a_closed_date_of_the_month_is_skipped_or_moves_to_the_nearest_open_day(
    when_closed: str, days: list[str]
) -> None:
    calendar = Calendar(
        weekdays=WEEK,
        month_days=(22,),
        closed=frozenset({MONDAY}),
        when_closed=when_closed,  # type: ignore[arg-type]  # one of three
    )
    assert expected(calendar, date(2026, 11, 1), 30) == days


def test_two_dates_that_move_to_the_same_day_are_one_file() -> None:
    calendar = Calendar(weekdays=WEEK, month_days=(20, 21, 22), when_closed="previous")
    assert expected(calendar, date(2026, 11, 1), 30) == ["11-20"]


def test_a_date_moves_over_the_end_of_a_month() -> None:
    # 31 October 2026 is a Saturday.
    assert expected(Calendar(weekdays=WEEK, month_days=(-1,), when_closed="next"), date(2026, 10, 25), 14) == ["11-02"]


def test_a_date_moves_over_so_many_closed_days_and_no_further() -> None:
    closed = frozenset(date(2026, 1, 1) + timedelta(days=day) for day in range(MOST_CLOSED + 1))
    within = Calendar(month_days=(2,), closed=closed, when_closed="next", last=date(2026, 1, 31))
    assert expected(within, date(2026, 1, 1), 31) == ["01-16"]
    beyond = Calendar(month_days=(1,), closed=closed, when_closed="next", last=date(2026, 1, 31))
    assert expected(beyond, date(2026, 1, 1), 31) == []


@pytest.mark.parametrize("when_closed", ["previous", "next"])
@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_the_first_and_the_last_day_there_are_have_neighbours_on_one_side(day: date, when_closed: str) -> None:
    calendar = Calendar(month_days=(15, -1), business_days=(1,), when_closed=when_closed)  # type: ignore[arg-type]  # one of three
    assert calendar.expects(day)


def test_open_days_are_counted_from_the_month_and_from_its_end() -> None:
    calendar = Calendar(
        weekdays=WEEK, business_days=(1, 3, -1), closed=frozenset({date(2026, 11, 2), date(2026, 11, 30)})
    )
    assert expected(calendar, date(2026, 11, 1), 30) == ["11-03", "11-05", "11-27"]


def test_nothing_is_due_before_the_first_and_after_the_last_date() -> None:
    assert expected(Calendar(first=SATURDAY, last=SUNDAY), FRIDAY, 5) == ["11-21", "11-22"]


def test_only_open_days_count_as_age() -> None:
    calendar = Calendar(weekdays=WEEK, closed=frozenset({MONDAY}))
    assert [calendar.days_between(FRIDAY, FRIDAY + timedelta(days=days)) for days in range(6)] == [0, 0, 0, 0, 1, 2]
    assert calendar.days_between(MONDAY, FRIDAY) == -3


def test_the_compiled_form_says_the_same() -> None:
    calendar = Calendar(WEEK, (1, -1), (2,), frozenset({MONDAY, FRIDAY}), "next", FRIDAY, MONDAY)
    assert Calendar.from_json(json.loads(json.dumps(calendar.to_json()))) == calendar
    assert Calendar.from_json(json.loads(json.dumps(EVERY_DAY.to_json()))) == EVERY_DAY


ARRIVAL = 'property: arrival, value: {{daysAfter: 1, deadline: "06:00", timeZone: Asia/Tokyo, lookbackDays: 5, {more}}}'


@pytest.fixture
def calendar_of(draft: Callable[..., str], reads: Callable[[str], Contract]) -> Callable[[str], Calendar]:
    def read(more: str) -> Calendar:
        contract = reads(draft(custom=ARRIVAL.format(more=more)))
        assert contract.arrival
        assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract
        return contract.arrival.calendar

    return read


def test_a_contract_declares_open_weekdays(calendar_of: Callable[[str], Calendar]) -> None:
    calendar = calendar_of("weekdays: [mon, tue, wed, thu, fri]")
    assert expected(calendar, FRIDAY, 4) == ["11-20", "11-23"]


def test_a_contract_declares_public_holidays_and_closures(calendar_of: Callable[[str], Calendar]) -> None:
    calendar = calendar_of("weekdays: [mon, tue, wed, thu, fri], holidays: JP, closures: [2026-11-25]")
    assert expected(calendar, FRIDAY, 7) == ["11-20", "11-24", "11-26"]


def test_a_substitute_day_is_a_holiday_too(calendar_of: Callable[[str], Calendar]) -> None:
    # Constitution Day of 2026 is a Sunday, and the two days after it are holidays themselves.
    assert not calendar_of("holidays: JP").expects(date(2026, 5, 6))


def test_a_part_of_a_country_has_holidays_of_its_own(calendar_of: Callable[[str], Calendar]) -> None:
    bavaria, berlin = calendar_of("holidays: DE-BY"), calendar_of("holidays: DE-BE")
    assert (bavaria.expects(date(2026, 1, 6)), berlin.expects(date(2026, 1, 6))) == (False, True)


def test_a_contract_declares_dates_of_the_month(calendar_of: Callable[[str], Calendar]) -> None:
    calendar = calendar_of("weekdays: [mon, tue, wed, thu, fri], monthDays: [15, last], whenClosed: previous")
    assert expected(calendar, date(2026, 10, 1), 61) == ["10-15", "10-30", "11-13", "11-30"]


def test_a_contract_declares_open_days_of_the_month(calendar_of: Callable[[str], Calendar]) -> None:
    calendar = calendar_of("weekdays: [mon, tue, wed, thu, fri], businessDays: [2, last]")
    assert expected(calendar, date(2026, 11, 1), 30) == ["11-03", "11-30"]


def test_a_contract_declares_when_its_files_begin_and_end(calendar_of: Callable[[str], Calendar]) -> None:
    calendar = calendar_of('firstDate: 2026-11-21, lastDate: "2026-11-22"')
    assert expected(calendar, FRIDAY, 5) == ["11-21", "11-22"]


@pytest.mark.parametrize(
    ("more", "where", "what"),
    [
        ("weekdays: [mon, Tue]", "weekdays[1]", "'Tue' is none of mon, tue, wed, thu, fri, sat, sun"),
        ("weekdays: mon", "weekdays", "must be a list of mon, tue"),
        ("weekdays: []", "weekdays", "must be a list of mon, tue"),
        ("weekdays: [mon, mon]", "weekdays[1]", "'mon' stands twice"),
        ("monthDays: [0]", "monthDays[0]", "must be a number from 1 to 31, or last"),
        ("monthDays: [32]", "monthDays[0]", "must be a number from 1 to 31, or last"),
        ("monthDays: [true]", "monthDays[0]", "must be a number from 1 to 31, or last"),
        ("monthDays: last", "monthDays", "must be a list of numbers from 1 to 31, or last"),
        ("businessDays: [2, 2]", "businessDays[1]", "2 stands twice"),
        ("holidays: Narnia", "holidays", "'Narnia' is no country whose holidays are known"),
        ("closures: 2026-11-20", "closures", "must be a list of dates YYYY-MM-DD"),
        ("closures: ['2026-02-30']", "closures[0]", "must be a date YYYY-MM-DD, is '2026-02-30'"),
        ("monthDays: [1], whenClosed: later", "whenClosed", "must be one of skip, previous, next"),
        ("whenClosed: next", "whenClosed", "moves the dates of monthDays or cron, which are missing"),
        ("monthDays: [-1]", "monthDays[0]", "must be a number from 1 to 31, or last"),
        ("firstDate: 20260101", "firstDate", "must be a date YYYY-MM-DD"),
        ('closures: ["2026-W05-1"]', "closures[0]", "must be a date YYYY-MM-DD"),
        ("closures: [2026-11-20, 2026-11-21, 2026-11-20]", "closures[2]", "'2026-11-20' stands twice; keep one"),
        ("closures: closures.csv", "closures", "or the name of a file beside the contract, such as closures.txt"),
        ("closures: ../closures.txt", "closures", "or the name of a file beside the contract"),
        ("closures: closures.txt", "closures", "'closures.txt' cannot be read beside the contract: FileNotFoundError"),
        ("holidays: JP-", "holidays", "'JP-' is no country whose holidays are known"),
        ("holidays: JP-99", "holidays", "'JP-99' is no country whose holidays are known"),
        ("holidays: [JP]", "holidays", "is no country whose holidays are known"),
        ("firstDate: 2041-01-01", "firstDate", "lies after 2040: nothing is watched until then"),
        ("graceMinutes: 527041", "graceMinutes", "must be at most 527040, is 527041"),
        ("graceMinutes: 0", "graceMinutes", "must be a whole number"),
        ("graceMinutes: 7200", "graceMinutes", "ends after lookbackDays: no file would ever be missing"),
        ("firstDate: soon", "firstDate", "must be a date YYYY-MM-DD"),
        ("lastDate: soon", "lastDate", "must be a date YYYY-MM-DD"),
        ("firstDate: 2026-11-21, lastDate: 2026-11-20", "lastDate", "lies before firstDate"),
        ("firstDate: 2026-11-21, lastDate: 2026-11-22, weekdays: [mon]", "", "no date would ever have a file"),
        ("monthDays: [31], businessDays: [31], firstDate: 2026-11-01, lastDate: 2026-11-30", "", "no date would ever"),
    ],
)
def test_what_says_nothing_about_any_date_is_refused(
    more: str, where: str, what: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    (problem,) = refused(draft(custom=ARRIVAL.format(more=more)))
    assert where in problem
    assert what in problem


WITHOUT = "property: arrival, value: {{timeZone: Asia/Tokyo, {more}}}"


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ('daysAfter: 367, deadline: "06:00", lookbackDays: 5', "must be at most 366, is 367"),
        ('daysAfter: 1, deadline: "06:00", lookbackDays: 367', "must be at most 366, is 367"),
        ('daysAfter: 1, deadline: "6:00", lookbackDays: 5', 'must be HH:MM in quotes, as in "06:00"'),
    ],
)
def test_a_deadline_beyond_its_bounds_is_refused(
    more: str, what: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    (problem,) = refused(draft(custom=WITHOUT.format(more=more)))
    assert what in problem


def test_one_day_of_looking_back_and_one_minute_of_grace_are_the_least(
    draft: Callable[..., str], reads: Callable[[str], Contract]
) -> None:
    least = 'daysAfter: 366, deadline: "06:00", lookbackDays: 1, graceMinutes: 1'
    arrival = reads(draft(custom=WITHOUT.format(more=least))).arrival
    assert arrival
    assert (arrival.days_after, arrival.lookback_days, arrival.grace_minutes) == (366, 1, 1)


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "right/Asia/Tokyo", "posix/Asia/Tokyo", "Factory", "JST"])
def test_a_zone_that_only_this_machine_knows_is_refused(
    zone: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    text = draft(custom=ARRIVAL.format(more="weekdays: [mon]").replace("Asia/Tokyo", zone))
    assert [f"{zone!r} is no time zone" in problem for problem in refused(text)] == [True]


@pytest.mark.parametrize(("back", "right"), [(0, False), (1, True)])
def test_dates_that_reject_what_comes_in_time_are_refused(
    back: int,
    draft: Callable[..., str],
    refused: Callable[[str], list[str]],
    reads: Callable[[str], Contract],
    *,
    right: bool,
) -> None:
    dates = f"property: dates, value: {{daysBack: {back}}}"
    text = draft(custom=f"{ARRIVAL.format(more='weekdays: [mon]')}}}\n  - {{{dates}")
    if right:
        assert reads(text).dates.days_back == 1
    else:
        assert ["daysBack rejects what comes by its deadline" in problem for problem in refused(text)] == [True]


def test_closures_may_stand_in_a_file_beside_the_contract(
    calendar_of: Callable[[str], Calendar], tmp_path: Path
) -> None:
    text = "\ufeff# company\n\n2026-11-21\n2026-11-23  # move to the new office\r\n"
    (tmp_path / "closures.txt").write_text(text, encoding="utf-8")
    assert expected(calendar_of("closures: closures.txt"), FRIDAY, 5) == ["11-20", "11-22", "11-24"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("2026-11-21\n2026-11-31\n", "closures.txt, line 2: must be a date YYYY-MM-DD, is '2026-11-31'"),
        ("2026-11-21\n\n2026-11-21 # again\n", "closures.txt, line 3: 2026-11-21 stands twice; keep one"),
        ("# none yet\n", "closures.txt closes no date; remove the clause"),
        ("", "closures.txt closes no date; remove the clause"),
    ],
)
def test_a_line_of_a_file_of_closures_that_is_no_date_is_refused(
    text: str, what: str, draft: Callable[..., str], refused: Callable[[str], list[str]], tmp_path: Path
) -> None:
    (tmp_path / "closures.txt").write_text(text, encoding="utf-8")
    (problem,) = refused(draft(custom=ARRIVAL.format(more="closures: closures.txt")))
    assert what in problem


def test_holidays_are_compiled_with_where_they_come_from(calendar_of: Callable[[str], Calendar]) -> None:
    source = calendar_of("holidays: DE-BY").holidays
    assert source
    assert (source.country, source.until) == ("DE-BY", date(2040, 12, 31))
    assert source.version == version("holidays")
    assert calendar_of("weekdays: [mon]").holidays is None


@pytest.mark.parametrize(("grace", "minutes"), [("graceMinutes: 7199", 7199), ("weekdays: [mon]", 0)])
def test_a_grace_is_shorter_than_a_file_is_looked_for(
    grace: str, minutes: int, draft: Callable[..., str], reads: Callable[[str], Contract]
) -> None:
    contract = reads(draft(custom=ARRIVAL.format(more=grace)))
    assert contract.arrival
    assert contract.arrival.grace_minutes == minutes
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract


def test_nothing_is_expected_that_would_be_rejected_unread(
    draft: Callable[..., str], reads: Callable[[str], Contract]
) -> None:
    firsts = [
        contract.arrival.calendar.first
        for more in ("weekdays: [fri]", "firstDate: 2026-11-20", "firstDate: 2026-11-21")
        if (contract := reads(draft(custom=_with_not_before(more)))).arrival
    ]
    assert firsts == [FRIDAY, FRIDAY, SATURDAY]


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("lastDate: 2026-11-19", "lies before notBefore, 2026-11-20: no date would have a file"),
        ("firstDate: 2026-11-19", "lies before notBefore, 2026-11-20: files would be rejected"),
    ],
)
def test_a_first_or_last_date_before_any_that_is_taken_is_refused(
    more: str, what: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    (problem,) = refused(draft(custom=_with_not_before(more)))
    assert f".{more.partition(':')[0]}: {what}" in problem


@pytest.mark.parametrize("deadline", ["24:00", "6:00", "06:60", "\u0660\u0666:00"])
def test_a_deadline_that_is_no_time_of_the_day_is_refused(
    deadline: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    text = draft(custom=ARRIVAL.format(more="weekdays: [mon]").replace("06:00", deadline))
    assert ["deadline" in problem for problem in refused(text)] == [True]


def _with_not_before(more: str) -> str:
    return f"{ARRIVAL.format(more=more)}}}\n  - {{property: dates, value: {{notBefore: 2026-11-20}}"

"""`cron` under `arrival`, and what ODCS's own words say of it."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.calendar import CRON_FROM, Calendar, CronDays
from suimon.contract.model import Contract

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = date(2026, 11, 1)  # a Sunday
ARRIVAL = "property: arrival, value: {{daysAfter: {after}, timeZone: Asia/Tokyo, lookbackDays: 5, {more}}}"


@pytest.fixture
def arrival_of(draft: Callable[..., str], reads: Callable[[str], Contract]) -> Callable[..., Arrival]:
    def read(more: str, after: int = 0, sla: str = "") -> Arrival:
        text = draft(custom=ARRIVAL.format(after=after, more=more))
        contract = reads(f"{text}\nslaProperties: [{sla}]\n" if sla else text)
        assert contract.arrival
        assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract
        return contract.arrival

    return read


def dates(arrival: Arrival, days: int = 30) -> list[int]:
    """The days of November 2026 that have a file."""
    every = (FIRST + timedelta(days=day) for day in range(days))
    return [day.day for day in every if arrival.calendar.expects(day)]


# By hand, from a calendar of November 2026; the 2nd is a Monday.
@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("* * 1-5", [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 23, 24, 25, 26, 27, 30]),
        ("* * mon", [2, 9, 16, 23, 30]),
        ("* * 0", [1, 8, 15, 22, 29]),
        ("* * 7", [1, 8, 15, 22, 29]),
        ("1,15 * *", [1, 15]),
        ("*/10 * *", [1, 11, 21]),
        ("L * *", [30]),
        ("LW * *", [30]),
        ("* * fri#2", [13]),
        ("* * 5L", [27]),
        ("13 * fri", [6, 13, 20, 27]),  # either, as in crontab
        ("* nov sat", [7, 14, 21, 28]),
        ("31 * 3", [4, 11, 18, 25]),
    ],
)
def test_a_cron_expression_names_days_and_their_deadline(
    days: str, expected: list[int], arrival_of: Callable[..., Arrival]
) -> None:
    arrival = arrival_of(f'cron: "5 6 {days}"')
    assert (arrival.deadline, dates(arrival)) == (time(6, 5), expected)


def test_the_business_date_lies_so_many_days_before_the_day_on_which_a_file_is_due(
    arrival_of: Callable[..., Arrival],
) -> None:
    # Due from Tuesday to Saturday: the files of Monday to Friday.
    arrival = arrival_of('cron: "0 6 * * tue-sat"', after=1)
    assert dates(arrival, 14) == [2, 3, 4, 5, 6, 9, 10, 11, 12, 13]


@pytest.mark.parametrize(("moved", "expected"), [("skip", [16]), ("previous", [13, 16]), ("next", [16])])
def test_a_closed_date_of_cron_is_skipped_or_moves(
    moved: str, expected: list[int], arrival_of: Callable[..., Arrival]
) -> None:
    more = f'cron: "0 6 14,16 * *", weekdays: [mon, tue, wed, thu, fri], whenClosed: {moved}'
    assert dates(arrival_of(more)) == expected


def test_dates_of_cron_are_compiled_from_the_first_to_the_last_day_that_is_covered(
    arrival_of: Callable[..., Arrival],
) -> None:
    cron = arrival_of('cron: "0 6 * * *"', after=3).calendar.cron
    assert cron
    assert [date(2040, 12, 31) in cron, date(2041, 1, 1) in cron] == [True, False]
    # The file that is due on the first day is of three days before, which no contract has.
    assert [CRON_FROM in cron, CRON_FROM - timedelta(days=1) in cron] == [True, False]


def test_days_beyond_either_end_are_left_out() -> None:
    days = [CRON_FROM - timedelta(days=1), CRON_FROM, FIRST, FIRST + timedelta(days=1)]
    found = CronDays.of("x", days, FIRST)
    assert [day in found for day in days] == [False, True, True, False]
    assert Calendar.from_json(Calendar(cron=found).to_json()).cron == found


@pytest.mark.parametrize(
    ("more", "where", "what"),
    [
        ('cron: "0 6 * *"', "cron", "must be a cron expression of 5 fields"),
        ('cron: "0 0 6 * * *"', "cron", "must be a cron expression of 5 fields"),
        ("cron: [0, 6]", "cron", "must be a cron expression of 5 fields"),
        ('cron: "@daily"', "cron", "must be a cron expression of 5 fields"),
        ('cron: "0 25 * * *"', "cron", "there is a bad hour"),
        ('cron: "0 6 * * frog"', "cron", "there is a bad day-of-week"),
        ('cron: "0 6 30 2 *"', "cron", "there is a bad day-of-month"),
        ('cron: "*/15 6 * * *"', "cron", "names several moments of a day, and a business date has one file"),
        ('cron: "0 6,18 * * *"', "cron", "names several moments of a day"),
        ('cron: "0 6 * * *", deadline: "06:00"', "deadline", "deadline contradicts cron"),
        ('cron: "0 6 * * *", monthDays: [1]', "monthDays", "monthDays contradicts cron"),
        ('cron: "0 6 * * *", businessDays: [1]', "businessDays", "businessDays contradicts cron"),
        ('cron: "0 6 * * sun", weekdays: [mon]', "", "no date would ever have a file"),
    ],
)
def test_what_cron_cannot_say_is_refused_with_what_to_write(
    more: str, where: str, what: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    (problem,) = refused(draft(custom=ARRIVAL.format(after=0, more=more)))
    assert where in problem
    assert what in problem


TIME = '{property: timeOfAvailability, value: "06:30"}'
SCHEDULE = '{property: schedule, value: "30 6 * * 1-5"}'


def test_latency_and_time_of_availability_are_read_where_arrival_leaves_them_out(
    draft: Callable[..., str], reads: Callable[[str], Contract]
) -> None:
    text = draft(custom="property: arrival, value: {timeZone: Asia/Tokyo, lookbackDays: 5}")
    arrival = reads(f"{text}\nslaProperties: [{{property: latency, value: 2, unit: d}}, {TIME}]\n").arrival
    assert arrival == Arrival(2, time(6, 30), "Asia/Tokyo", 5)


def test_a_schedule_is_a_cron_expression(arrival_of: Callable[..., Arrival]) -> None:
    arrival = arrival_of("graceMinutes: 5", sla=SCHEDULE)
    assert arrival.calendar.cron
    assert (arrival.deadline, arrival.calendar.cron.expression) == (time(6, 30), "30 6 * * 1-5")


@pytest.mark.parametrize(
    ("sla", "custom", "what"),
    [
        (TIME, "", "does not suffice: add customProperties, property arrival, with timeZone and lookbackDays"),
        (TIME, 'daysAfter: 1, deadline: "06:00"', "stands under arrival as deadline, too; keep one"),
        ('{property: ta, value: "09:00-08:00"}', "daysAfter: 1", "must be HH:MM in quotes"),
        ('{property: ta, value: "06:30", unit: d}', "daysAfter: 1", "says nothing of a time of the day"),
        ('{property: ta, value: "06:30", element: other.x}', "daysAfter: 1", "is none of this contract"),
        (f"{TIME}, {TIME}", "daysAfter: 1", "says deadline a second time; keep one"),
        ("{property: latency, value: 2, unit: h}", 'deadline: "06:00"', "write d, for days after the business date"),
        ("{property: frequency, value: 1, unit: d}", 'daysAfter: 1, deadline: "06:00"', "Write customProperties"),
        ("{property: retention, value: 1, unit: y}", 'daysAfter: 1, deadline: "06:00"', "Remove it"),
    ],
)
def test_a_word_of_odcs_that_does_not_suffice_is_refused_with_the_clause_to_write(
    sla: str, custom: str, what: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    arrival = f"property: arrival, value: {{timeZone: Asia/Tokyo, lookbackDays: 5, {custom}}}" if custom else ""
    (problem,) = refused(f"{draft(custom=arrival)}\nslaProperties: [{sla}]\n")
    assert "slaProperties[" in problem
    assert what in problem

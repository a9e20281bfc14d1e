"""The bounds on business dates: what is usual, what a contract may say, what lies beyond."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from suimon.contract.dates import DateBounds
from suimon.contract.model import Contract

Draft = Callable[..., str]
Reads = Callable[[str], Contract]
Refused = Callable[[str], list[str]]

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("partition", "side"),
    [
        ("0001-01-01", "early"),
        ("1999-12-31", "early"),
        ("2000-01-01", None),
        ("2026-11-24", None),  # two days ahead of the 22nd, which it is at noon UTC in Kiritimati
        ("2026-11-25", "late"),
        ("2062-11-20", "late"),
        ("9999-12-31", "late"),
    ],
)
def test_without_a_clause_a_date_lies_between_the_year_2000_and_two_days_ahead(
    partition: str, side: str | None
) -> None:
    broken = DateBounds().broken_by(partition, NOON)
    assert (broken and broken["side"]) == side


def test_days_are_counted_from_the_day_that_is_most_lenient_on_earth() -> None:
    bounds = DateBounds(days_back=1, days_ahead=0)
    first = datetime(2026, 11, 21, 9, 59, tzinfo=UTC)
    assert bounds.allowed(first) == (date(2026, 11, 19), date(2026, 11, 21))
    assert bounds.allowed(NOON.replace(hour=11)) == (date(2026, 11, 19), date(2026, 11, 22))
    assert bounds.allowed(NOON) == (date(2026, 11, 20), date(2026, 11, 22))


def test_the_later_of_two_bounds_on_the_past_counts() -> None:
    assert DateBounds(not_before=date(2026, 11, 21), days_back=400).allowed(NOON)[0] == date(2026, 11, 21)


def test_a_contract_declares_its_bounds(draft: Draft, reads: Reads) -> None:
    clause = "property: dates, value: {notBefore: 2013-01-01, daysBack: 400, daysAhead: 0}"
    contract = reads(draft(custom=clause))
    assert contract.dates == DateBounds(date(2013, 1, 1), 400, 0)
    assert Contract.from_json(contract.to_json()) == contract
    assert reads(draft()).dates == DateBounds()
    assert reads(draft(custom="property: dates, value: {daysAhead: 400}")).dates == DateBounds(days_ahead=400)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{}", "needs notBefore, daysBack or daysAhead"),
        ("{notBefore: soon}", "must be a date YYYY-MM-DD, is 'soon'"),
        ("{notBefore: '2026-02-30'}", "'2026-02-30' is no real date"),
        ("{daysBack: -1}", "must be a whole number of at least 0, is -1"),
        ("{daysAhead: 40000}", "must be at most 36525, is 40000"),
        ("{daysBefore: 3}", "is not enforced by any part of Suimon"),
    ],
)
def test_bounds_that_say_nothing_are_refused(draft: Draft, refused: Refused, value: str, said: str) -> None:
    problems = refused(draft(custom=f"property: dates, value: {value}"))
    assert any(said in problem for problem in problems)

"""Tables by their last answer: what state they are in, and when they are asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.calendar import EVERY_DAY, Calendar
from suimon.contract.model import Contract
from suimon.contract.table_freshness import Age, TableFreshness
from suimon.freshness.questions import IdentifierError, newest_value_query
from suimon.freshness.stale_tables import RETRY, TEXT_CHARACTERS, Answer, checks, judge_answer, must_ask
from suimon.freshness.table_age import age_of
from suimon.incidents.about import About
from suimon.warehouse.table_state import TableState

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday
TABLE = TableFreshness("sales_fact", "order_date", Age(1))
SALES = Contract("sales", "1", "sales_fact", freshness=TABLE)
WEEKDAYS = Calendar(weekdays=frozenset(range(5)))
DAY = timedelta(days=1)
MOMENT = timedelta(milliseconds=1)


def answer(days: float | None = 0, *, asked: timedelta = timedelta(), rows: int = 3) -> Answer:
    """Return what a table answers whose newest value is so many days before the midnight before NOW."""
    newest = None if days is None else datetime(2026, 11, 23, tzinfo=UTC) - timedelta(days=days)
    return Answer(asked_at=NOW - asked, newest=newest, rows=rows)


def failure(state: TableState, *, asked: timedelta = timedelta(), since: timedelta = timedelta()) -> Answer:
    return Answer(asked_at=NOW - asked, failure=state, error="AnError", text="its words", failing_since=NOW - since)


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (answer(0), TableState.FRESH),
        (answer(1), TableState.FRESH),
        (answer(1.001), TableState.STALE),
        (answer(-1), TableState.FRESH),  # a date of today in a zone ahead of UTC
        (answer(-2), TableState.FUTURE),
        (answer(None), TableState.NO_VALUE),
        (answer(None, rows=0), TableState.EMPTY),
        (failure(TableState.LOCKED), TableState.LOCKED),
        (failure(TableState.SLOW), TableState.SLOW),
    ],
)
def test_a_table_is_fresh_up_to_its_age_and_never_without_a_newest_value(given: Answer, state: TableState) -> None:
    assert judge_answer(TABLE, given, EVERY_DAY, NOW) is state


def test_an_empty_table_is_not_fresh_even_where_any_age_is_allowed() -> None:
    anything = TableFreshness("sales_fact", "order_date", Age(100_000))
    assert judge_answer(anything, answer(None, rows=0), EVERY_DAY, NOW) is TableState.EMPTY
    assert judge_answer(anything, answer(None), EVERY_DAY, NOW) is TableState.NO_VALUE


def test_a_table_of_weekdays_is_fresh_on_monday_with_the_rows_of_friday_and_stale_with_those_of_thursday() -> None:
    assert judge_answer(TABLE, answer(3), WEEKDAYS, NOW) is TableState.FRESH
    assert judge_answer(TABLE, answer(4), WEEKDAYS, NOW) is TableState.STALE
    contract = replace(SALES, arrival=Arrival(1, time(6), "Asia/Tokyo", 5, WEEKDAYS))
    [_, stale] = checks(contract, answer(4), "there", NOW, is_behind=False)
    assert stale.problem
    assert "is 4 days old (2 days without those that its calendar closes), allowed are 1 day." in stale.problem.body


def test_a_very_old_table_is_stale_by_any_calendar() -> None:
    holidays = Calendar(weekdays=frozenset())
    assert judge_answer(TABLE, answer(1000), holidays, NOW) is TableState.FRESH
    assert judge_answer(TABLE, answer(1001), holidays, NOW) is TableState.STALE


def test_an_age_is_counted_in_midnights_of_utc_wherever_now_is_written() -> None:
    evening = Answer(asked_at=NOW, newest=datetime(2026, 11, 22, 23, 59, tzinfo=UTC), rows=1)
    tokyo = datetime.fromisoformat("2026-11-24T08:59:00+09:00")  # still the 23rd in UTC
    assert evening.newest
    assert age_of(TABLE, evening.newest, EVERY_DAY, tokyo).whole == 1
    assert age_of(TABLE, evening.newest, EVERY_DAY, tokyo + timedelta(minutes=1)).whole == 2


@pytest.mark.parametrize("given", [answer(2), answer(None), failure(TableState.FAILED, since=DAY)])
def test_an_answer_is_kept_as_texts(given: Answer) -> None:
    assert Answer.from_texts(given.to_texts()) == given


def test_of_an_error_s_words_only_the_first_are_kept() -> None:
    long = replace(failure(TableState.FAILED), text="x" * (TEXT_CHARACTERS + 1))
    assert len(long.to_texts()["text"]) == TEXT_CHARACTERS


@pytest.mark.parametrize("change", [{"asked_at": "2026-11-23"}, {"rows": "many"}, {"failure": "tired"}])
def test_what_no_answer_has_written_is_no_answer(change: dict[str, str]) -> None:
    assert Answer.from_texts(answer().to_texts() | change) is None
    assert Answer.from_texts({}) is None


@pytest.mark.parametrize(
    ("known", "is_asked"),
    [
        (None, True),
        (answer(1, asked=DAY - MOMENT), False),
        (answer(1, asked=DAY), True),
        (answer(1, asked=-MOMENT), True),  # by a clock that was wrong
        (answer(2, asked=timedelta(hours=9, minutes=1)), True),  # it was fresh before midnight
        (answer(2, asked=RETRY - MOMENT), False),  # it was stale already
        (answer(2, asked=RETRY), True),
        (failure(TableState.SLOW, asked=MOMENT, since=RETRY), True),
        (failure(TableState.SLOW, asked=MOMENT, since=RETRY + MOMENT), False),
        (failure(TableState.FAILED, asked=RETRY, since=DAY), True),
        (failure(TableState.FAILED, asked=RETRY - MOMENT, since=DAY), False),
    ],
)
def test_a_table_is_asked_again_when_its_answer_may_have_changed(known: Answer | None, *, is_asked: bool) -> None:
    assert must_ask(SALES, known, None, NOW, DAY) is is_asked


def test_a_load_after_the_answer_makes_the_table_asked_and_one_before_it_does_not() -> None:
    known = answer(1, asked=timedelta(minutes=15))
    assert must_ask(SALES, known, known.asked_at + MOMENT, NOW, DAY)
    assert not must_ask(SALES, known, known.asked_at, NOW, DAY)


@pytest.mark.parametrize("known", [answer(1), answer(2), failure(TableState.FAILED, since=DAY)])
def test_a_stack_may_have_every_table_asked_in_every_round(known: Answer) -> None:
    assert must_ask(SALES, known, None, NOW, timedelta())


def test_a_table_that_nobody_watches_is_not_asked() -> None:
    unwatched = replace(SALES, freshness=None)
    assert not must_ask(unwatched, None, None, NOW, DAY)
    assert list(checks(unwatched, answer(), "there", NOW, is_behind=True)) == []


@pytest.mark.parametrize("state", [TableState.LOCKED, TableState.SLOW, TableState.QUEUED, TableState.UNASKED])
def test_what_may_pass_by_itself_is_no_news_at_once(state: TableState) -> None:
    [check] = checks(SALES, failure(state), "database analytics", NOW, is_behind=False)
    assert (str(check.incident_id), check.may_pass) == ("unreadable-table:sales_fact", True)


def test_a_query_that_fails_is_news_by_the_name_of_its_error_in_its_own_words() -> None:
    [check] = checks(SALES, failure(TableState.FAILED), "database analytics", NOW, is_behind=False)
    assert (check.may_pass, check.problem.fingerprint if check.problem else "") == (False, "AnError")
    assert check.problem
    assert "could not be asked in database analytics: nobody knows" in check.problem.body
    assert "AnError: its words" in check.problem.body
    assert check.problem.about == About(dataset="sales", table="sales_fact")


def test_a_table_that_answers_can_be_read_and_its_state_opens_or_recovers_its_staleness() -> None:
    [readable, fresh] = checks(SALES, answer(1), "there", NOW, is_behind=False)
    assert (str(readable.incident_id), readable.problem, readable.may_pass) == (
        "unreadable-table:sales_fact",
        None,
        True,
    )
    assert readable.note == "sales_fact can be read again."
    assert (str(fresh.incident_id), fresh.problem) == ("stale-table:sales_fact", None)
    assert fresh.note == "The newest value of sales_fact.order_date is 1 day old."
    [_, stale] = checks(SALES, answer(-2), "there", NOW, is_behind=False)
    assert stale.problem
    assert "is 2 days ahead, which hides" in stale.problem.body


def test_a_fresh_answer_is_worth_nothing_where_nothing_that_was_due_is_loaded() -> None:
    [_, behind] = checks(SALES, answer(1), "there", NOW, is_behind=True)
    assert behind.problem
    assert behind.problem.fingerprint == "behind"
    [_, stale] = checks(SALES, answer(2), "there", NOW, is_behind=True)
    assert stale.problem
    assert stale.problem.fingerprint == "stale"


def test_the_newest_value_and_the_rows_are_asked() -> None:
    query = newest_value_query(TableFreshness("user_events", "event_timestamp", Age(1)))
    assert query.splitlines()[-2:] == [
        "SELECT MAX(event_timestamp) AS newest, COUNT(*) AS row_count",
        "FROM user_events",
    ]


@pytest.mark.parametrize(
    "name", ["sales_fact; DROP TABLE x", "Sales", "1st", "", "a.b.c", ".a", "a.", "A.b", 'a"b', "sales_fact\n"]
)
def test_a_name_that_is_no_plain_identifier_never_enters_sql(name: str) -> None:
    with pytest.raises(IdentifierError):
        newest_value_query(TableFreshness(name, "order_date", Age(1)))
    with pytest.raises(IdentifierError):
        newest_value_query(TableFreshness("sales_fact", name, Age(1)))


def test_a_column_has_no_schema() -> None:
    with pytest.raises(IdentifierError):
        newest_value_query(TableFreshness("sales_fact", "a.b", Age(1)))


def test_a_table_in_another_schema_is_asked_with_its_filter() -> None:
    query = newest_value_query(TableFreshness("mart.events", "at", Age(1), where="kind = 'x'"))
    assert query.splitlines()[-2:] == ["FROM mart.events", "WHERE kind = 'x'"]

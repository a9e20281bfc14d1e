"""Questions to Redshift, side by side: what the answers say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from suimon.contract.table_freshness import Age, TableFreshness
from suimon.freshness.questions import MOST_TOGETHER, QUERY_SECONDS, TABLES_SECONDS, Questions
from suimon.freshness.stale_tables import Answer
from suimon.warehouse.data_api import Warehouse
from suimon.warehouse.table_state import TableState
from tests.functional.freshness.fakes import ROWS, Redshift

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TABLE = TableFreshness("sales_fact", "order_date", Age(1))


def questions(redshift: Redshift, passed: list[float] | None = None) -> Questions:
    clock = passed if passed is not None else [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    client: Any = redshift
    warehouse = Warehouse(database="d", workgroup_name="w")
    return Questions(redshift=client, warehouse=warehouse, ticks=lambda: clock[0], sleep=sleep)


def ask(answer: object) -> Answer:
    return questions(Redshift(sales_fact=answer)).ask([TABLE], NOW)[TABLE]


@pytest.mark.parametrize(
    ("answer", "newest", "rows"),
    [
        (date(2026, 11, 20), "2026-11-20T00:00:00+00:00", ROWS),
        (datetime(2026, 11, 20, 23, 59), "2026-11-20T23:59:00+00:00", ROWS),  # noqa: DTZ001 as Redshift sends it
        (datetime.fromisoformat("2026-11-20T23:59:00+09:00"), "2026-11-20T14:59:00+00:00", ROWS),
        (None, None, ROWS),
        ("empty", None, 0),
    ],
)
def test_an_answer_has_the_newest_value_in_utc_the_rows_and_when_it_was_asked(
    answer: object, newest: str | None, rows: int
) -> None:
    found = ask(answer)
    assert found == Answer(asked_at=NOW, newest=datetime.fromisoformat(newest) if newest else None, rows=rows)


@pytest.mark.parametrize(
    ("answer", "state", "error", "text"),
    [
        ("no such table", TableState.FAILED, "WarehouseError", "FAILED: no such table"),
        ("", TableState.FAILED, "WarehouseError", "FAILED: Redshift gave no reason"),
        (42, TableState.FAILED, "NoTimeError", "the newest value is of the type int: only dates and timestamps have"),
        ("STARTED", TableState.SLOW, "slow", "is STARTED and not finished after 60 s, and was cancelled"),
        (
            "LOCKED",
            TableState.LOCKED,
            "locked",
            "not finished after 60 s: it waits for a lock that another transaction has, and was cancelled",
        ),
        ("SUBMITTED", TableState.QUEUED, "queued", "is SUBMITTED and not finished after 60 s, and was cancelled"),
        (
            ClientError({"Error": {"Code": "Denied", "Message": "not yours"}}, "DescribeStatement"),
            TableState.FAILED,
            "Denied",
            "not yours",
        ),
    ],
)
def test_a_failure_has_its_state_its_name_and_its_words(
    answer: object, state: TableState, error: str, text: str
) -> None:
    found = ask(answer)
    assert (found.failure, found.error, found.asked_at, found.failing_since) == (state, error, NOW, NOW)
    assert text in found.text
    assert found.newest is None


DENIED = ClientError({"Error": {"Code": "Denied", "Message": "not yours"}}, "ExecuteStatement")


@pytest.mark.parametrize("about_locks", [DENIED, "FAILED", "STARTED"])
def test_a_question_of_which_nobody_says_what_it_waits_for_is_slow(about_locks: object) -> None:
    redshift = Redshift(sales_fact="LOCKED")
    redshift.about_locks = about_locks
    assert questions(redshift).ask([TABLE], NOW)[TABLE].failure is TableState.SLOW
    assert redshift.cancelled == (["its", "sales_fact"] if about_locks == "STARTED" else ["sales_fact"])


class KeepsLocksToItself(Redshift):
    """Takes the question for locks, and does not say what came of it."""

    def describe_statement(self, **request: Any) -> Any:
        if not request["Id"].endswith("sales_fact"):
            raise DENIED
        return super().describe_statement(**request)


def test_a_question_whose_locks_are_not_told_is_slow() -> None:
    assert questions(KeepsLocksToItself(sales_fact="LOCKED")).ask([TABLE], NOW)[TABLE].failure is TableState.SLOW


def test_a_table_that_is_locked_holds_up_no_other_and_takes_no_longer_than_a_slow_one() -> None:
    tables = [TABLE, TableFreshness("orders_fact", "order_date", Age(1))]
    passed = [0.0]
    answers = questions(Redshift(sales_fact="LOCKED", orders_fact=date(2026, 11, 20)), passed).ask(tables, NOW)
    assert [answers[one].failure for one in tables] == [TableState.LOCKED, None]
    assert QUERY_SECONDS <= passed[0] <= QUERY_SECONDS + 1


def test_a_question_has_its_time_from_when_it_is_asked_and_all_together_have_theirs() -> None:
    tables = [TableFreshness(f"t{number}", "day", Age(1)) for number in range(4 * MOST_TOGETHER)]
    redshift, passed = Redshift(**{one.table: "STARTED" for one in tables}), [0.0]
    answers = questions(redshift, passed).ask(tables, NOW)
    assert [answers[one].failure for one in tables] == [TableState.SLOW] * 30 + [TableState.UNASKED] * 10
    assert "have taken the 180 seconds" in answers[tables[-1]].text
    assert TABLES_SECONDS <= passed[0] < TABLES_SECONDS + 3
    assert len(redshift.requests) == 3 * MOST_TOGETHER == TABLES_SECONDS / QUERY_SECONDS * MOST_TOGETHER


def test_a_table_that_two_contracts_watch_is_asked_once() -> None:
    redshift = Redshift(sales_fact=date(2026, 11, 20))
    assert len(questions(redshift).ask([TABLE, TABLE], NOW)) == 1
    assert redshift.asked() == ["sales_fact"]


def test_an_answer_that_takes_long_is_asked_for_less_and_less_often() -> None:
    waited: list[float] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock[0] += seconds

    replace(questions(Redshift(sales_fact="STARTED"), clock), sleep=sleep).ask([TABLE], NOW)
    assert waited == sorted(waited)
    assert waited[1] == 2 * waited[0]
    assert waited[-1] == waited[-2] > waited[1]


def test_once_one_has_answered_the_others_are_looked_at_often_again() -> None:
    waited: list[float] = []
    clock, redshift = [0.0], Redshift(sales_fact="STARTED", orders_fact="STARTED")

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock[0] += seconds
        if clock[0] > QUERY_SECONDS / 2 and redshift.newest["orders_fact"] == "STARTED":
            redshift.newest["orders_fact"] = date(2026, 11, 20)
            waited.append(0.0)  # it has answered

    tables = [TABLE, TableFreshness("orders_fact", "order_date", Age(1))]
    replace(questions(redshift, clock), sleep=sleep).ask(tables, NOW)
    after = waited.index(0.0) + 1
    assert waited[after] == waited[0] < waited[after - 2]


def test_a_quick_answer_is_not_waited_for() -> None:
    passed = [0.0]
    questions(Redshift(sales_fact=date(2026, 11, 20)), passed).ask([TABLE], NOW)
    assert passed == [0.0]
    assert questions(Redshift()).ask([], NOW + timedelta(1)) == {}

"""The queue of requests to MWAA on moto's DynamoDB: many functions, one table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.mwaa.pace import PATIENCE, REQUESTS_PER_SECOND, STEP, BusyError, Pace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Function:
    """One function with a clock of its own; sleeping is what moves it."""

    def __init__(self, table: Table, now: datetime = NOON, environment: str = "env") -> None:
        self.now = now
        self.pace = Pace(table, environment, lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def ask(self) -> datetime:
        self.pace.wait()
        return self.now


@pytest.mark.hits("slot-is-taken")
def test_all_functions_together_stay_below_ten_requests_a_second(table: Table) -> None:
    asked = sorted(Function(table, NOON + timedelta(milliseconds=7 * number)).ask() for number in range(60))
    for first, last in zip(asked, asked[REQUESTS_PER_SECOND:], strict=False):
        assert last - first >= timedelta(seconds=1)


def test_the_first_request_after_a_pause_does_not_wait(table: Table) -> None:
    one = Function(table)
    one.ask()
    one.now += timedelta(seconds=5)
    before = one.now
    assert one.ask() == before


def test_a_request_that_would_wait_too_long_takes_no_slot(table: Table) -> None:
    waiting = PATIENCE // STEP + 1
    for _ in range(waiting):
        Function(table).ask()
    with pytest.raises(BusyError, match="10 seconds"):
        Function(table).ask()
    later = Function(table, NOON + timedelta(seconds=1))
    assert later.ask() < NOON + timedelta(milliseconds=PATIENCE + 1500)


def test_a_clock_that_runs_far_ahead_does_not_block_the_queue(table: Table) -> None:
    Function(table, NOON + timedelta(hours=3)).ask()
    assert Function(table).ask() == NOON


def test_environments_have_queues_of_their_own(table: Table) -> None:
    Function(table).ask()
    assert Function(table, environment="another").ask() == NOON

"""Of two rounds of the freshness function at once one is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.ledger.round_lease import RoundIsRunningError, RoundLease

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROUND = 840.0  # seconds


def taken(table: Table, holder: str, now: datetime) -> bool:
    try:
        with RoundLease(table).taken(holder, now, ROUND):
            return True
    except RoundIsRunningError:
        return False


@pytest.mark.hits("one-round")
@pytest.mark.parametrize("holder", ["another", "the same event, delivered twice"])
def test_a_round_beside_another_is_refused_until_that_one_has_ended(table: Table, holder: str) -> None:
    with RoundLease(table).taken("the same event, delivered twice", NOON, ROUND):
        assert not taken(table, holder, NOON + timedelta(seconds=1))
    assert taken(table, holder, NOON + timedelta(seconds=2))


def test_the_refusal_says_when_the_other_has_ended_at_the_latest(table: Table) -> None:
    with (
        RoundLease(table).taken("one", NOON, ROUND),
        pytest.raises(RoundIsRunningError, match="12:14:00Z at the latest"),
        RoundLease(table).taken("two", NOON, ROUND),
    ):
        raise AssertionError


def test_a_round_that_fails_gives_the_lease_back(table: Table) -> None:
    with pytest.raises(ZeroDivisionError), RoundLease(table).taken("one", NOON, ROUND):
        raise ZeroDivisionError
    assert taken(table, "two", NOON)


def test_the_lease_of_a_round_that_was_terminated_ends_with_the_time_it_had(table: Table) -> None:
    terminated = RoundLease(table).taken("terminated", NOON, ROUND)
    terminated.__enter__()
    assert not taken(table, "next", NOON + timedelta(seconds=ROUND - 1))
    assert taken(table, "next", NOON + timedelta(seconds=ROUND))


def test_a_round_that_outlived_its_lease_does_not_release_its_successors(table: Table) -> None:
    late = RoundLease(table).taken("late", NOON, ROUND)
    late.__enter__()
    with RoundLease(table).taken("next", NOON + timedelta(seconds=ROUND), ROUND):
        late.__exit__(None, None, None)
        assert not taken(table, "third", NOON + timedelta(seconds=ROUND + 1))

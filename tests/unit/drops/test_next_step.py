from datetime import UTC, datetime, timedelta

import pytest

from suimon.drops.drop import Drop, DropRecord, Lease, Match
from suimon.drops.next_step import Step, next_step
from suimon.drops.states import State

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def record(state: State, lease_ends: timedelta | None = None) -> DropRecord:
    drop = Drop("raw", "sales/2026-11-20/sales_data.csv", "v1", "a", 10, "01")
    lease = None if lease_ends is None else Lease("a", NOW + lease_ends)
    return DropRecord(drop, Match("sales", "2026-11-20"), state, 1, NOW, NOW, lease)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (State.RECEIVED, Step.CHECK),
        (State.ACCEPTED, Step.TRIGGER),
        (State.TRIGGERED, Step.NOTHING),
        (State.LOADED, Step.NOTHING),
        (State.REJECTED, Step.NOTHING),
        (State.FAILED, Step.NOTHING),
        (State.DUPLICATE, Step.NOTHING),
    ],
)
def test_a_redelivery_goes_on_from_where_the_drop_stands(state: State, step: Step) -> None:
    assert next_step(record(state), NOW) is step


def test_a_check_that_somebody_holds_is_waited_for_and_a_dead_one_taken_over() -> None:
    assert next_step(record(State.VALIDATING, timedelta(seconds=1)), NOW) is Step.WAIT
    assert next_step(record(State.VALIDATING, timedelta(seconds=-1)), NOW) is Step.CHECK

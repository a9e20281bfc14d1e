from datetime import UTC, datetime, timedelta

import pytest

from suimon.drops.drop import Drop, DropRecord, Lease
from suimon.drops.hold import Hold
from suimon.drops.match import Match
from suimon.drops.next_step import Start, Step, next_start, next_step
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


HOUR = timedelta(hours=1)


def held(since: timedelta, until: timedelta | None = None, released: timedelta | None = None) -> Hold:
    until_at, released_at = (NOW + after if after else None for after in (until, released))
    return Hold(dataset="sales", reason="r", who="w", since=NOW + since, until=until_at, released_at=released_at)


@pytest.mark.parametrize(
    ("hold", "newer", "start"),
    [
        (None, State.ACCEPTED, Start.RUN),
        (held(-HOUR), State.ACCEPTED, Start.HOLD),
        (held(-HOUR, until=HOUR), State.RECEIVED, Start.HOLD),
        (held(-HOUR, until=3 * HOUR), None, Start.RUN),  # its end is the first moment at which it is over
        (held(-HOUR, until=2 * HOUR), State.ACCEPTED, Start.SUPERSEDE),
        (held(-HOUR, until=2 * HOUR), State.LOADED, Start.SUPERSEDE),
        (held(-HOUR, until=2 * HOUR), State.REJECTED, Start.RUN),
        (held(-HOUR, until=2 * HOUR), State.VALIDATING, Start.RUN),
        (held(-HOUR, until=2 * HOUR), State.DUPLICATE, Start.RUN),
        (held(-HOUR, released=2 * HOUR), State.TRIGGERED, Start.SUPERSEDE),
        (held(-HOUR, until=9 * HOUR, released=2 * HOUR), State.TRIGGERED, Start.SUPERSEDE),
        (held(-5 * HOUR, until=-4 * HOUR), State.ACCEPTED, Start.RUN),
    ],
)
def test_an_accepted_drop_is_started_held_or_overtaken_by_what_was_accepted_while_it_was_held(
    hold: Hold | None, newer: State | None, start: Start
) -> None:
    later = [record(newer)] if newer else []
    now = NOW if start is Start.HOLD else NOW + 3 * HOUR
    assert next_start(record(State.ACCEPTED), hold, later, now) is start

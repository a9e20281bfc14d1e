"""As many days as a replay takes, all of it through the simulation: planned, begun, stopped, resumed, summed up.

100 by day, 5,000 by night.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.replay.request import MAX_CONCURRENCY, MAX_PARTITIONS
from suimon.replay.steps import id_of
from tests.simulation.choices import Choices
from tests.simulation.plan import HOUR, MINUTE
from tests.simulation.promises import PROMISES
from tests.simulation.replaying import Replaying
from tests.simulation.replays import LAST
from tests.simulation.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = 100


@pytest.fixture
def days(request: pytest.FixtureRequest) -> int:
    return MAX_PARTITIONS if request.config.getoption("--long") else DAYS


@contextmanager
def lived(how: Replaying) -> Iterator[Schedule]:
    """Live through a schedule in which nothing else happens, and look at every promise."""
    schedule = Schedule(Choices(given={}))
    schedule.replaying = how
    schedule.plan = replace(how.over(schedule.plan), heals=24 * HOUR, spares_sweep=True)
    try:
        schedule.live()
        yield schedule
        assert [(one.__name__, what) for one in PROMISES for what in one(schedule)] == []
    finally:
        schedule.world.close()


def of_days(days: int, stops: float = 0.0) -> Replaying:
    earliest = LAST - timedelta(days=days - 1)
    return Replaying(days, (4 * HOUR,), at_once=MAX_CONCURRENCY, stops=stops, resumes=20 * MINUTE, earliest=earliest)


def test_every_day_is_loaded_again_once(days: int) -> None:
    with lived(of_days(days)) as schedule:
        [replay] = schedule.replays
        assert len(replay.items) == days
        assert replay.is_summed_up
        kept = schedule.services.table.item("replays#sales", f"replay#{id_of(replay.execution)}") or {}
        assert (kept["planned"], kept["counts"]["loaded"]) == (days, days)


def test_a_replay_that_is_stopped_in_the_middle_is_resumed_with_the_rest(days: int) -> None:
    with lived(of_days(days, stops=5.0)) as schedule:
        stopped, resumed = schedule.replays
        assert stopped.is_stopped
        begun = {item.drop_id for _, item in stopped.began}
        rest = {item.drop_id for item in resumed.items}
        assert begun
        assert rest
        assert begun | rest == {item.drop_id for item in stopped.items}
        assert len(begun & rest) == 0

"""The promises hold for files and shards with a time in their names, and a mistake about that is found."""

from __future__ import annotations

from itertools import count, islice

import pytest

from tests.simulation.bug import Bug, switched_on
from tests.simulation.choices import Choices
from tests.simulation.plan import draw
from tests.simulation.plan_of_sets import with_set
from tests.simulation.promises import PROMISES
from tests.simulation.schedule import run
from tests.simulation.stamps import BUGS_OF_STAMPED_SHARDS, BUGS_OF_STAMPS, STAMPED, STAMPED_SHARDS

SETS, MOST_SEEDS = 30, 1_500


def sets(most: int) -> list[int]:
    """Return the first seeds in whose schedules there is a set."""
    return list(islice((seed for seed in count() if _has_set(Choices(seed))), most))


def _has_set(choices: Choices) -> bool:
    return STAMPED_SHARDS.is_for(with_set(choices, draw(choices)))


def test_every_promise_holds_for_sets_whose_shards_have_a_time_in_their_names() -> None:
    runs = 0
    for seed in sets(SETS):
        result = run(seed, kind=STAMPED_SHARDS)
        assert result.broken == [], seed
        runs += result.runs
    assert runs > SETS / 2


@pytest.mark.parametrize("bug", BUGS_OF_STAMPS, ids=lambda bug: bug.name)
def test_a_mistake_about_stamps_breaks_what_it_must_break(bug: Bug) -> None:
    [promise] = bug.breaks
    assert promise in {one.__name__ for one in PROMISES}
    with switched_on(bug):
        assert promise in (one.promise for seed in range(MOST_SEEDS) for one in run(seed, kind=STAMPED[0]).broken)


@pytest.mark.parametrize("bug", BUGS_OF_STAMPED_SHARDS, ids=lambda bug: bug.name)
def test_a_mistake_about_stamps_of_shards_breaks_what_it_must_break(bug: Bug) -> None:
    [promise] = bug.breaks
    assert promise in {one.__name__ for one in PROMISES}
    with switched_on(bug):
        assert promise in (one.promise for seed in sets(SETS) for one in run(seed, kind=STAMPED_SHARDS).broken)

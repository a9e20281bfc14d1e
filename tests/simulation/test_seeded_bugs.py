"""Each seeded bug breaks the promises that it must break, within a number of schedules that make test can bear."""

from dataclasses import replace

import pytest

from tests.simulation.bug import Bug, switched_on
from tests.simulation.bugs import BUGS
from tests.simulation.page import search
from tests.simulation.promises import PROMISES
from tests.simulation.schedule import run

MOST_SEEDS = 3_000
PAIRS = [pytest.param(bug, promise, id=f"{bug.name}-{promise}") for bug in BUGS for promise in bug.breaks]


@pytest.mark.parametrize(("bug", "promise"), PAIRS)
def test_a_seeded_bug_breaks_what_it_must_break(bug: Bug, promise: str) -> None:
    assert promise in {one.__name__ for one in PROMISES}
    assert search(replace(bug, breaks=(promise,)), MOST_SEEDS).promise == promise


def test_a_bug_is_switched_off_again() -> None:
    before = run(1)
    with switched_on(BUGS[0]):
        run(1)
    assert run(1) == before

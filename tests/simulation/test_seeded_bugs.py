"""Each seeded bug is found, within a number of schedules that make test can bear."""

import pytest

from tests.simulation.bugs import BUGS, Bug, switched_on
from tests.simulation.page import search
from tests.simulation.schedule import run

MOST_SEEDS = 3_000


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_seeded_bug_is_found(bug: Bug) -> None:
    assert search(bug, MOST_SEEDS).promise


def test_a_bug_is_switched_off_again() -> None:
    before = run(1)
    with switched_on(BUGS[0]):
        run(1)
    assert run(1) == before

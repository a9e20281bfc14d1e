"""Each seeded bug breaks the promises that it must break, within a number of schedules that make test can bear.

The seed that found it first is tried first, and others only when it finds it no more, for the schedules have changed:
`make simulate BUGS=1` writes the seeds down. `make long` always begins at the beginning.
"""

from dataclasses import replace

import pytest

from tests.simulation.bug import Bug, switched_on
from tests.simulation.bugs import BUGS
from tests.simulation.page import PAGE, each_alone, first_seeds, is_found_by, name_of, promises, rows_of, search
from tests.simulation.promises import PROMISES
from tests.simulation.schedule import run

MOST_SEEDS = 3_000


@pytest.mark.parametrize("bug", each_alone(), ids=name_of)
def test_a_seeded_bug_breaks_what_it_must_break(bug: Bug, pytestconfig: pytest.Config) -> None:
    [promise] = bug.breaks
    assert promise in {one.__name__ for one in PROMISES}
    known = None if pytestconfig.getoption("--long") else first_seeds().get(name_of(bug))
    if known is None or not is_found_by(bug, known):
        assert search(bug, MOST_SEEDS) is not None, f"no schedule breaks: {promise}"


def test_a_seed_is_known_for_no_bug_but_those_that_there_are() -> None:
    assert set(first_seeds()) <= set(map(name_of, each_alone()))


def test_the_page_has_every_promise_and_every_bug_with_the_seed_that_finds_it() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| bug |")]
    assert rows == rows_of(first_seeds())
    assert [line for line in lines if line.startswith("- ")] == promises()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_bug_that_changes_nothing_is_found_by_no_seed(seed: int) -> None:
    assert not is_found_by(replace(BUGS[0], changes=()), seed)


def test_a_bug_is_switched_off_again() -> None:
    before = run(1)
    with switched_on(BUGS[0]):
        run(1)
    assert run(1) == before

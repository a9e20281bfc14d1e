"""The promises hold while contracts change, and a mistake about that is found."""

from __future__ import annotations

import pytest

from tests.simulation.bug import Bug, switched_on
from tests.simulation.promises import PROMISES
from tests.simulation.releases import BUGS_OF_RELEASES, CHANGES, Changing
from tests.simulation.schedule import run

SEEDS, MOST_SEEDS = 40, 3_000


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_every_promise_holds_however_contracts_change(change: Changing) -> None:
    runs = 0
    for seed in range(SEEDS):
        result = run(seed, kind=change)
        assert result.broken == [], seed
        runs += result.runs
    assert runs > SEEDS / 2


@pytest.mark.parametrize(("name", "bug"), BUGS_OF_RELEASES, ids=lambda one: one.name if isinstance(one, Bug) else "")
def test_a_mistake_about_changes_breaks_what_it_must_break(name: str, bug: Bug) -> None:
    [promise] = bug.breaks
    assert promise in {one.__name__ for one in PROMISES}
    [change] = [one for one in CHANGES if one.name == name]
    with switched_on(bug):
        assert promise in (one.promise for seed in range(MOST_SEEDS) for one in run(seed, kind=change).broken)

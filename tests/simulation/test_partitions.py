"""The promises hold for partitions of every kind, and a mistake about one is found."""

from __future__ import annotations

import pytest

from tests.simulation.bug import Bug, switched_on
from tests.simulation.partitions import BUGS_OF_PARTITIONS, KINDS, Kind
from tests.simulation.promises import PROMISES
from tests.simulation.schedule import run
from tests.simulation.stamps import STAMPED

SEEDS, MOST_SEEDS = 40, 1_500


@pytest.mark.parametrize("kind", [*KINDS, *STAMPED], ids=lambda kind: kind.name)
def test_every_promise_holds_whatever_a_partition_is(kind: Kind) -> None:
    runs = 0
    for seed in range(SEEDS):
        result = run(seed, kind=kind)
        assert result.broken == [], seed
        runs += result.runs
    assert runs > SEEDS / 2


@pytest.mark.parametrize(("name", "bug"), BUGS_OF_PARTITIONS, ids=lambda one: one.name if isinstance(one, Bug) else "")
def test_a_mistake_about_partitions_breaks_what_it_must_break(name: str, bug: Bug) -> None:
    [promise] = bug.breaks
    assert promise in {one.__name__ for one in PROMISES}
    [kind] = [one for one in KINDS if one.name == name]
    with switched_on(bug):
        assert promise in (one.promise for seed in range(MOST_SEEDS) for one in run(seed, kind=kind).broken)

"""Files of usual and unusual volume in random schedules: every promise holds, and a mistake about volumes is found."""

from __future__ import annotations

import pytest

from tests.simulation.bug import Bug, switched_on
from tests.simulation.promises import PROMISES
from tests.simulation.schedule import Schedule, run
from tests.simulation.volumes import BUGS_OF_VOLUMES, Volumes

SEEDS, MOST_SEEDS = 60, 1_500


def test_every_promise_holds_where_volumes_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    live = Schedule.live

    def lived(self: Schedule) -> None:
        live(self)
        said.extend(what for _, what in self.volumes.said)

    monkeypatch.setattr(Schedule, "live", lived)
    for seed in range(SEEDS):
        assert run(seed, kind=Volumes()).broken == [], seed
    assert {*said} == {"usual", "unusual", "not enough history"}


@pytest.mark.parametrize("bug", BUGS_OF_VOLUMES, ids=lambda bug: bug.name)
def test_a_mistake_about_volumes_breaks_what_it_must_break(bug: Bug) -> None:
    [promise] = bug.breaks
    assert promise in {one.__name__ for one in PROMISES}
    with switched_on(bug):
        assert promise in (one.promise for seed in range(MOST_SEEDS) for one in run(seed, kind=Volumes()).broken)

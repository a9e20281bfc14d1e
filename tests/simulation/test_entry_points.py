"""A sample of schedules goes through the functions' own entry points; the others pass them by, for they are slow."""

import os

import pytest

from tests.simulation.entry_points import EntryPoints
from tests.simulation.schedule import run


@pytest.mark.parametrize("seed", range(20))
def test_every_promise_holds_through_the_entry_points(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ})
    through = run(seed, functions=EntryPoints)
    assert not through.broken
    # They add nothing and leave nothing out.
    assert through == run(seed)

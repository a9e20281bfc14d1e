"""Schedules in which every incident counts as one of a crowd: all is told, together, whatever goes wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suimon.incidents.kinds import KINDS, Crowd, Kind
from tests.simulation.campaign import story_of
from tests.simulation.schedule import run

CROWDED = (Kind.REJECTED, Kind.GONE, Kind.IMPERFECT, Kind.SET_CLOSED, Kind.UNMATCHED)
PORTION = 40


@pytest.mark.parametrize("first", range(0, 400, PORTION))
def test_what_is_held_is_told_in_a_later_round(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in CROWDED:
        monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], crowd=Crowd(0)))
    for seed in range(first, first + PORTION):
        broken = run(seed).broken
        assert not broken, f"{seed}: {broken}\n{story_of(run(seed).taken).text()}"

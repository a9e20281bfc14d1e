"""Schedules in which every incident counts as one of too many: all is told, together, whatever goes wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suimon.incidents.kinds import KINDS, Grouping, Kind
from tests.simulation.campaign import story_of
from tests.simulation.schedule import run

GROUPED = (Kind.REJECTED, Kind.GONE, Kind.IMPERFECT, Kind.SET_CLOSED, Kind.UNMATCHED)
PORTION = 40


@pytest.mark.parametrize("first", range(0, 400, PORTION))
def test_what_is_held_is_told_in_a_later_round(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in GROUPED:
        monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], grouping=Grouping(0)))
    for seed in range(first, first + PORTION):
        broken = run(seed).broken
        assert not broken, f"{seed}: {broken}\n{story_of(run(seed).taken).text()}"

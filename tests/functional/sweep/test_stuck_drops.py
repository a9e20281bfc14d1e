"""Drops that wait although nobody works on them, on moto."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from suimon.drops.states import State
from suimon.sweep.plans import stuck_drops
from suimon.sweep.plans.stuck_drops import STUCK
from tests.functional.sweep.swept import (
    HOUR,
    MINUTE,
    NOON,
    World,
    key_of,
)

if TYPE_CHECKING:
    from tests.functional.sweep.swept import World


@pytest.mark.parametrize(
    "way", [(), (State.VALIDATING,), (State.VALIDATING, State.ACCEPTED)], ids=["received", "validating", "accepted"]
)
def test_a_stuck_drop_is_resumed(world: World, way: tuple[State, ...]) -> None:
    since = NOON - 30 * MINUTE
    record = world.bring(world.receive(world.put(key_of(), written=since), "0A", since), *way, at=since)
    finding = world.find(STUCK)
    assert (finding.detected, finding.repaired, finding.reported) == (1, 1, 0)
    assert world.resumed() == [record.id]
    assert world.post.subjects() == []


def test_a_drop_that_somebody_may_work_on_is_left_alone(world: World) -> None:
    since = NOON - 12 * MINUTE
    held = world.bring(world.receive(world.put(key_of(), written=since), "0A", since), State.VALIDATING, at=since)
    fresh = world.receive(world.put(key_of("2026-11-20"), written=since), "0A", NOON - 5 * MINUTE)
    assert world.find(STUCK).detected == 0
    assert world.resumed() == []
    assert {world.state_of(held.id), world.state_of(fresh.id)} == {State.VALIDATING, State.RECEIVED}


def test_what_is_stuck_for_an_hour_is_reported_once_for_all_of_a_dataset_and_recovers(world: World) -> None:
    since = NOON - 2 * HOUR
    records = [
        world.receive(world.put(key_of(f"2026-11-{day:02}"), written=since), "0A", since) for day in range(1, 13)
    ]
    finding = world.find(STUCK)
    assert (finding.detected, finding.repaired, finding.reported, finding.unexplained) == (12, 0, 12, 0)
    world.round(NOON + 15 * MINUTE)
    [(subject, body)] = world.post.letters()
    assert subject == "[ERROR] sales: files are stuck at the gate"
    assert body.count("RECEIVED since") == 10
    assert "and 2 more" in body
    for record in records:
        world.bring(record, State.VALIDATING, State.REJECTED, at=NOON + 20 * MINUTE)
    world.round(NOON + 30 * MINUTE)
    assert world.post.subjects() == ["[RECOVERED] sales: files are stuck at the gate"]


def test_a_check_that_crashes_each_time_is_reported_although_it_is_never_stuck_for_long(world: World) -> None:
    record = world.receive(world.put(key_of()), "0A", NOON - 2 * HOUR)
    record = world.bring(record, State.VALIDATING, at=NOON - 2 * HOUR)
    world.bring(record, State.VALIDATING, at=NOON - 20 * MINUTE)
    assert world.find(STUCK).reported == 1


def test_a_full_queue_gets_few_messages_more_the_oldest_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck_drops, "QUEUE_HOLDS", 5)
    monkeypatch.setattr(stuck_drops, "SENT_AT_LEAST", 2)
    records = [
        world.receive(world.put(key_of(f"2026-11-0{day}")), "0A", NOON - (20 + day) * MINUTE) for day in range(1, 9)
    ]
    world.round()
    assert world.depth("intake") == 5
    sent = world.resumed()
    assert set(sent) == {record.id for record in records[-5:]}
    for number in range(4):
        world.send("intake", {"resume": f"{number}"})
    world.round()
    assert world.depth("intake") == 4 + 2

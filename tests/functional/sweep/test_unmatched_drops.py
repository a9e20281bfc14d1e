"""Drops that came before their contract, on moto."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.drops.states import State
from suimon.incidents.messages import files
from suimon.ledger.checkpoints import Checkpoints
from suimon.sweep import turns, unmatched_drops
from suimon.sweep.plans.unmatched_drops import SETTLED
from suimon.sweep.unmatched_drops import UNMATCHED
from tests.functional.sweep.swept import (
    HOUR,
    MINUTE,
    NOON,
    World,
    contracts,
)

if TYPE_CHECKING:
    from tests.functional.sweep.swept import World


def test_files_that_came_before_their_contract_are_assigned_when_there_is_one(world: World) -> None:
    drops = [world.put(f"stock/2026-11-{day}/stock.csv") for day in (19, 20)]
    other = world.put("notes.txt")
    for drop in (*drops, other):
        world.receive(drop, "0A")
    assert world.find(UNMATCHED, NOON).repaired == 0
    world.contracts = contracts("stock/{ds}/stock.csv")
    finding = world.find(UNMATCHED, NOON + HOUR)
    assert (finding.detected, finding.repaired) == (2, 2)
    assert set(world.resumed()) >= {drop.id for drop in drops}
    record = world.ledger.get(drops[0].id)
    assert record
    assert (record.state, record.dataset, record.partition) == (State.RECEIVED, "other0", "2026-11-19")
    assert world.state_of(other.id) is State.UNMATCHED


def test_the_search_goes_on_from_where_a_round_ended_and_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unmatched_drops, "MATCHED_AT_MOST", 3)
    for number in range(7):
        world.receive(world.put(f"notes/{number}.txt"), "0A", NOON - HOUR + number * MINUTE)
    last = world.put("stock/2026-11-19/stock.csv")
    world.receive(last, "0A", NOON - MINUTE)
    world.contracts = contracts("stock/{ds}/stock.csv")
    looked_at = [world.find(UNMATCHED, NOON + number * 15 * MINUTE).checked for number in range(7)]
    assert world.state_of(last.id) is State.RECEIVED
    assert looked_at[-1] == 0  # all were held against these contracts


def test_the_incident_of_unmatched_files_recovers_when_they_are_assigned(world: World) -> None:
    drop = world.put("stock/2026-11-19/stock.csv")
    world.receive(drop, "0A")
    world.incidents.report(files.no_contract(drop, world.contracts, NOON), NOON)
    world.contracts = contracts("stock/{ds}/stock.csv")
    world.round()
    assert [subject.split()[0] for subject in world.post.subjects()] == ["[WARNING]", "[RECOVERED]"]


def test_files_that_were_entered_in_one_moment_are_all_assigned(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unmatched_drops, "MATCHED_AT_MOST", 2)
    drops = [world.put(f"stock/2026-11-{day:02}/stock.csv") for day in range(1, 8)]
    notes = [world.put(f"notes/{number}.txt") for number in range(5)]
    for drop in (*drops, *notes):
        world.receive(drop, "0A", NOON - HOUR)
    world.contracts = contracts("stock/{ds}/stock.csv")
    looked_at = [world.find(UNMATCHED, NOON + number * 15 * MINUTE).checked for number in range(9)]
    assert {world.state_of(drop.id) for drop in drops} == {State.RECEIVED}
    assert looked_at == [2, 2, 2, 2, 2, 2, 0, 0, 0]
    assert Checkpoints(world.table).get(unmatched_drops.SEARCH).keys() == {"done"}


@pytest.mark.parametrize("since", [timedelta(seconds=40), 14 * MINUTE, 47 * MINUTE])
def test_a_file_that_appears_behind_a_younger_one_is_assigned(world: World, since: timedelta) -> None:
    before, after = world.contracts, contracts("stock/{ds}/stock.csv")
    younger, late = (world.put(f"stock/2026-11-{day}/stock.csv", written=NOON) for day in (20, 19))
    world.receive(younger, "0A", NOON - since + timedelta(seconds=10))
    world.contracts = after
    world.round(NOON)
    assert world.state_of(younger.id) is State.RECEIVED
    world.contracts = before
    world.receive(late, "0A", NOON - since)  # it took its time before it reported
    world.contracts = after
    world.round(NOON + MINUTE)
    assert world.state_of(late.id) is State.RECEIVED


def test_the_search_ends_only_when_what_an_older_function_entered_last_must_be_in_the_index(world: World) -> None:
    world.contracts = contracts("stock/{ds}/stock.csv")
    world.round(NOON)
    world.round(NOON + SETTLED + turns.LONGEST_RUN / 2)
    assert "done" not in Checkpoints(world.table).get(unmatched_drops.SEARCH)
    world.round(NOON + SETTLED + turns.LONGEST_RUN * 2)
    assert "done" in Checkpoints(world.table).get(unmatched_drops.SEARCH)


def test_a_round_that_is_retried_later_does_not_end_the_search(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unmatched_drops, "MATCHED_AT_MOST", 1)
    world.contracts = contracts("stock/{ds}/stock.csv")
    world.round(NOON - 3 * HOUR)  # the search begins
    for number in range(2):
        world.receive(world.put(f"notes/{number}.txt"), "0A", NOON - HOUR)
    mark = Checkpoints(world.table).get(unmatched_drops.SEARCH)
    world.round(NOON)
    reached = Checkpoints(world.table).get(unmatched_drops.SEARCH)
    assert reached != mark
    assert world.find(UNMATCHED, NOON - HOUR).checked == 0
    assert Checkpoints(world.table).get(unmatched_drops.SEARCH) == reached
    assert world.find(UNMATCHED, NOON + MINUTE).checked == 1

"""A dataset is held and released: by a person, or by itself at its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.dates import Window
from suimon.contract.model import Contracts
from suimon.drops.states import State
from suimon.sweep.holding import HoldError, Holding
from suimon.sweep.plans.stuck_drops import STUCK
from tests.functional.conftest import open_ids
from tests.functional.sweep.swept import HOUR, MINUTE, NOON, World, contracts, key_of

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord

REQUEST = {"dataset": "sales", "reason": "the month is being closed", "who": "arn:me"}


def holding(world: World) -> Holding:
    return world.sweep().holding()


def accepted(world: World, day: str, sequencer: str = "0A", at: datetime = NOON) -> DropRecord:
    record = world.receive(world.put(key_of(day), body=sequencer, written=at), sequencer, at)
    return world.bring(record, State.VALIDATING, State.ACCEPTED, at=at)


def test_what_is_held_is_no_stuck_drop_gets_no_messages_and_is_told_of_once(world: World) -> None:
    holding(world).hold({**REQUEST, "until": "2026-11-23T09:00Z"}, NOON)
    [(subject, body)] = world.post.letters()
    assert subject == "[WARNING] sales is held: no run starts until 2026-11-23 09:00 UTC"
    assert "Held by arn:me since 2026-11-22 12:00 UTC: the month is being closed" in body
    assert "suimon release sales" in body
    accepted(world, "2026-11-21")
    for hours in range(1, 20, 3):
        findings = world.round(NOON + hours * HOUR)
        assert (findings.failures, findings.unexplained, findings.of(STUCK).detected) == ((), 0, 0)
    assert (world.resumed(), world.post.letters()) == ([], [])
    assert open_ids(world.incidents) == ["held:sales"]


def test_a_hold_ends_by_itself_at_its_time_and_what_it_kept_is_sent_to_the_gate(world: World) -> None:
    holding(world).hold({**REQUEST, "until": "2026-11-22T15:00Z"}, NOON)
    kept = accepted(world, "2026-11-21")
    world.round(NOON + 2 * HOUR)
    assert world.resumed() == []
    world.post.letters()
    findings = world.round(NOON + 3 * HOUR + MINUTE)
    assert world.resumed() == [kept.id]
    assert findings.of(STUCK).reported == 0  # it has waited for the hold, and for nothing else
    [(subject, body)] = world.post.letters()
    assert subject == "[RECOVERED] sales is held: no run starts until 2026-11-22 15:00 UTC"
    assert "The time of the hold is over" in body


def test_what_waits_for_an_hour_after_its_hold_is_stuck(world: World) -> None:
    holding(world).hold({**REQUEST, "until": "2026-11-22T15:00Z"}, NOON)
    accepted(world, "2026-11-21")
    assert world.round(NOON + 4 * HOUR).of(STUCK).reported == 0
    assert world.round(NOON + 4 * HOUR + MINUTE).of(STUCK).reported == 1


def test_people_are_reminded_of_a_hold_that_nobody_releases(world: World) -> None:
    holding(world).hold(REQUEST, NOON)
    world.post.letters()
    for days in range(1, 9):
        world.round(NOON + days * 24 * HOUR)
    [(subject, body)] = world.post.letters()
    assert "sales is held: no run starts until somebody releases it" in f"{subject}\n{body}"


def test_a_release_sends_what_was_held_oldest_date_first_and_says_so(world: World) -> None:
    holding(world).hold(REQUEST, NOON)
    kept = [accepted(world, day) for day in ("2026-11-21", "2026-11-19", "2026-11-20")]
    world.post.letters()
    hold, sent = holding(world).release({"dataset": "sales", "who": "arn:you"}, NOON + HOUR)
    assert (hold.ends_at, hold.released_by, sent) == (NOON + HOUR, "arn:you", 3)
    assert world.resumed() == [kept[1].id, kept[2].id, kept[0].id]
    [(subject, body)] = world.post.letters()
    assert subject.startswith("[RECOVERED] sales is held")
    assert "arn:you has released it" in body


def test_a_release_whose_function_crashed_is_finished_by_the_next_one_or_by_the_sweep(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding(world).hold(REQUEST, NOON)
    kept = accepted(world, "2026-11-21")
    monkeypatch.setattr("suimon.sweep.holding.resume", crash)
    with pytest.raises(KeyboardInterrupt):
        holding(world).release({"dataset": "sales"}, NOON + HOUR)
    monkeypatch.undo()
    assert world.resumed() == []
    world.round(NOON + HOUR + MINUTE)
    assert world.resumed() == [kept.id]
    holding(world).release({"dataset": "sales"}, NOON + 2 * HOUR)
    assert world.resumed() == [kept.id]
    assert open_ids(world.incidents) == []


def test_a_hold_whose_function_crashed_before_it_told_people_is_told_by_the_sweep(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suimon.sweep.holding.held", crash)
    with pytest.raises(KeyboardInterrupt):
        holding(world).hold(REQUEST, NOON)
    monkeypatch.undo()
    world.round(NOON + 15 * MINUTE)
    assert open_ids(world.incidents) == ["held:sales"]


def crash(*_: Any) -> Any:
    raise KeyboardInterrupt


def test_the_same_hold_twice_is_one_and_another_changes_its_reason_and_its_end(world: World) -> None:
    first = holding(world).hold(REQUEST, NOON)
    assert holding(world).hold(REQUEST, NOON + HOUR) == first
    assert len(world.post.letters()) == 1
    longer = holding(world).hold({**REQUEST, "reason": "longer", "until": "2026-11-30"}, NOON + HOUR)
    assert (longer.since, longer.reason) == (NOON, "longer")
    assert len(world.post.letters()) == 1
    holding(world).release({"dataset": "sales"}, NOON + 2 * HOUR)
    assert holding(world).hold(REQUEST, NOON + 3 * HOUR).since == NOON + 3 * HOUR


def test_a_time_without_its_offset_is_one_of_the_dataset_s_zone(world: World) -> None:
    from dataclasses import replace  # noqa: PLC0415 for this test alone
    from datetime import time  # noqa: PLC0415 likewise

    sales = replace(
        contracts().all[0], arrival=Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=2)
    )
    world.contracts = replace(world.contracts, all=(sales,))
    hold = holding(world).hold({**REQUEST, "until": "2026-11-23T09:00"}, NOON)
    assert hold.until == datetime(2026, 11, 23, 0, tzinfo=UTC)
    [(subject, body)] = world.post.letters()
    assert subject == "[WARNING] sales is held: no run starts until 2026-11-23 09:00 Asia/Tokyo"
    assert "since 2026-11-22 21:00 Asia/Tokyo: " in body
    assert holding(world).look(world.incidents.open_incidents(), NOON + MINUTE).reported == 1
    assert world.post.letters() == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"dataset": "sale"}, "no contract for dataset 'sale'; there are: sales"),
        ({"reason": " "}, "say why"),
        ({"until": "2026-11-22T11:59Z"}, "is over"),
        ({"until": "tomorrow"}, "write a time as"),
        ({"until": "9999-12-31T23:59-14:00"}, "write a time as"),
    ],
)
def test_what_cannot_be_held_is_refused_and_nothing_is_written(world: World, changed: dict[str, str], why: str) -> None:
    with pytest.raises(HoldError, match=why):
        holding(world).hold(REQUEST | changed, NOON)
    assert world.ledger.holds.of("sales") is None


def test_what_is_not_held_cannot_be_released(world: World) -> None:
    with pytest.raises(HoldError, match="sales is not held"):
        holding(world).release({"dataset": "sales"}, NOON)


def windowed(world: World) -> World:
    """Return a world whose sales come from 01:00 to 09:00 in Tokyo, where it is 21:00 at NOON."""
    due = Arrival(1, time(6), "Asia/Tokyo", 5, window=Window(time(1), time(9)))
    world.contracts = Contracts((replace(world.contracts.all[0], arrival=due),))
    return world


def test_what_its_window_holds_is_no_stuck_drop_and_is_sent_to_the_gate_when_it_opens(world: World) -> None:
    world = windowed(world)
    kept = accepted(world, "2026-11-21")
    findings = world.round(NOON + 3 * HOUR)
    assert (findings.unexplained, findings.of(STUCK).detected, world.resumed()) == (0, 0, [])
    findings = world.round(NOON + 4 * HOUR + MINUTE)
    assert (findings.of(STUCK).reported, world.resumed()) == (0, [kept.id])
    assert world.round(NOON + 5 * HOUR + 2 * MINUTE).of(STUCK).reported == 1  # then it waits for something else


def test_a_person_releases_what_its_window_holds_and_nothing_that_comes_later(world: World) -> None:
    world = windowed(world)
    kept = accepted(world, "2026-11-21")
    hold, sent = holding(world).release({"dataset": "sales", "who": "arn:me"}, NOON + HOUR)
    assert (hold.released_by, hold.is_in_force(NOON + HOUR), sent, world.resumed()) == ("arn:me", False, 1, [kept.id])
    assert "it came outside its window, 01:00 to 09:00 Asia/Tokyo" in hold.reason
    later = accepted(world, "2026-11-20", "0B", NOON + 2 * HOUR)
    world.round(NOON + 3 * HOUR)
    assert later.id not in world.resumed()
    # Twice does no harm.
    again, sent = holding(world).release({"dataset": "sales", "who": "arn:me"}, NOON + 3 * HOUR)
    assert (again.revision, sent) == (2, 2)

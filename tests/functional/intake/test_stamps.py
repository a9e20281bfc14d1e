"""Files with a time in their names at the gate, on moto: the newest of a partition counts, under whatever name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contracts
from suimon.drops.hold import Hold
from suimon.drops.retraction import restored
from suimon.drops.states import State
from suimon.incidents.kinds import Kind
from suimon.incidents.recovery import close_recovered, ids_by_slot
from suimon.mwaa.conf import conf_for
from suimon.replay.plan import plan
from suimon.replay.request import Request
from tests.functional.intake.gated import BAD, GOOD, NOON, Clock, FakeMwaa, put
from tests.settings import SETTINGS

if TYPE_CHECKING:
    from suimon.drops.drop import Drop, DropRecord
    from suimon.intake.gate import Gate
    from tests.functional.conftest import Post

DAY = "2026-11-20"
OTHER = GOOD.replace("水筒", "茶筒")
HOUR = timedelta(hours=1)


def with_pattern(gate: Gate, text: str) -> Gate:
    """Return the gate of a release in which the keys of sales have this pattern."""
    sales = replace(gate.contracts.of("sales"), key_pattern=KeyPattern(text))
    others = (one for one in gate.contracts.all if one.dataset != "sales")
    return replace(gate, contracts=Contracts((sales, *others)))


@pytest.fixture
def stamped(gate: Gate) -> Gate:
    return with_pattern(gate, "sales/{ds}/sales_{stamp}_{any}.csv")


def at(hour: int, content: str = GOOD, *, day: str = "20261121", sequencer: str = "01", sender: str = "a") -> Drop:
    """Put a file that was made at this hour by its name."""
    return put(content, f"sales/{DAY}/sales_{day}{hour:02}0000_{sender}.csv", sequencer)


def now(gate: Gate, drop: Drop) -> DropRecord:
    found = gate.ledger.get(drop.id)
    assert found
    return found


def load(gate: Gate, drop: Drop) -> DropRecord:
    return gate.ledger.move(gate.take(drop), State.LOADED, NOON)


def test_a_later_stamp_takes_the_place_of_an_earlier_one_under_another_name(stamped: Gate, mwaa: FakeMwaa) -> None:
    # S3's order is not the names': its sequencers of two keys mean nothing.
    first, second = stamped.take(at(9, sequencer="05")), stamped.take(at(10, OTHER, sequencer="01"))
    assert (first.state, second.state, len(mwaa.runs)) == (State.TRIGGERED, State.TRIGGERED, 2)
    written = [str(conf_for(one, SETTINGS)["written"]) for one in (first, second)]
    assert written == sorted(written)  # the fence of the table goes by it


def test_an_earlier_stamp_that_comes_late_runs_never_and_knows_what_counts_instead(
    stamped: Gate, mwaa: FakeMwaa, post: Post
) -> None:
    newer = at(10, sequencer="01")
    load(stamped, newer)
    late = stamped.take(at(9, OTHER, sequencer="07"))
    assert (late.state, late.superseded_by, len(mwaa.runs)) == (State.SUPERSEDED, newer.id, 1)
    assert post.letters() == []


def test_the_same_bytes_under_another_name_are_a_duplicate(stamped: Gate, mwaa: FakeMwaa) -> None:
    first = at(9)
    load(stamped, first)
    again = stamped.take(at(10, sender="b"))
    assert (again.state, again.duplicate_of, len(mwaa.runs)) == (State.DUPLICATE, first.id, 1)


def test_of_the_same_name_the_later_write_counts(stamped: Gate) -> None:
    first, second = at(9, sequencer="01"), at(9, OTHER, sequencer="02")
    assert stamped.take(second).state is State.TRIGGERED
    assert stamped.take(first).superseded_by == second.id


def test_the_good_file_under_another_name_ends_what_was_told_of_the_bad_one(stamped: Gate, post: Post) -> None:
    assert stamped.take(at(9, BAD)).state is State.REJECTED
    assert stamped.take(at(10, BAD, sequencer="02", sender="b")).state is State.REJECTED
    post.letters()
    good = load(stamped, at(11))
    closed = close_recovered(stamped.incidents, stamped.ledger, ids_by_slot(good), NOON)
    assert [one.kind for one in closed] == [Kind.REJECTED]  # one problem, whatever its files are called
    assert post.subjects() == [f"[RECOVERED] sales {DAY} rejected: sales_20261121100000_b.csv"]


def test_a_bad_file_of_a_later_stamp_is_not_ended_by_an_earlier_good_one(stamped: Gate) -> None:
    bad = stamped.take(at(10, BAD))
    late = stamped.take(at(9))
    assert (late.state, late.superseded_by) == (State.SUPERSEDED, bad.id)
    assert close_recovered(stamped.incidents, stamped.ledger, ids_by_slot(late), NOON) == []


def test_a_retraction_finds_what_was_loaded_before_under_another_name(stamped: Gate) -> None:
    first, second = at(9), at(10, OTHER)
    load(stamped, first)
    load(stamped, second)
    own = now(stamped, second)
    found = restored(own, stamped.ledger.older_writes(own), stamped.ledger.newer_writes(own))
    assert found.restores == first.id
    assert found.written > own.written


def test_of_held_files_the_newest_stamp_alone_runs(stamped: Gate, clock: Clock, mwaa: FakeMwaa) -> None:
    stamped.ledger.holds.put(Hold(dataset="sales", reason="r", who="w", since=NOON, until=NOON + HOUR))
    first, second = stamped.take(at(9, sequencer="02")), stamped.take(at(10, OTHER, sequencer="01"))
    clock.now = NOON + 2 * HOUR
    held_back = stamped.resume(first.id)
    assert (held_back.state, held_back.superseded_by) == (State.SUPERSEDED, second.id)
    assert stamped.resume(second.id).state is State.TRIGGERED
    assert list(mwaa.runs) == [second.run_id]


def test_a_replay_runs_the_newest_stamp(stamped: Gate) -> None:
    load(stamped, at(9, sequencer="05"))
    newest = load(stamped, at(10, OTHER, sequencer="01"))
    drops = {DAY: stamped.ledger.drops_of("sales", DAY)}
    [item] = plan(drops, Request.from_event({"dataset": "sales", "from": DAY, "to": DAY, "what": "loaded"})).items
    assert item.drop_id == newest.id


@pytest.mark.parametrize("day", ["20261123", "20991121"])
def test_a_stamp_that_lies_ahead_is_rejected_and_takes_nobodys_place(
    stamped: Gate, post: Post, mwaa: FakeMwaa, day: str
) -> None:
    ahead = stamped.take(at(12, OTHER, day=day))
    assert (ahead.state, ahead.rejection and ahead.rejection.codes) == (State.REJECTED, ("date-out-of-bounds",))
    [(_, letter)] = post.letters()
    assert f"has the time {day[:4]}-11-{day[6:]} 12:00:00 in its name, which lies ahead" in letter
    assert "send it again with the time at which it was made in its name" in letter
    assert stamped.take(at(9)).state is State.TRIGGERED
    assert len(mwaa.runs) == 1


def test_a_stamp_of_any_time_zone_is_none_that_lies_ahead(stamped: Gate) -> None:
    assert stamped.take(at(2, day="20261122")).state is State.TRIGGERED  # noon in UTC is two in the morning in Kiribati


def test_a_file_that_came_before_its_contract_takes_its_place_among_the_stamps(gate: Gate, stamped: Gate) -> None:
    early = at(9, OTHER)
    assert gate.take(early).state is State.UNMATCHED
    newer = at(10)
    load(stamped, newer)
    assert stamped.take(early).superseded_by == newer.id


def test_under_a_new_pattern_a_file_is_compared_in_its_new_place_alone(gate: Gate, mwaa: FakeMwaa) -> None:
    plain = with_pattern(gate, "sales/{ds}/sales_20261121090000_a.csv")
    first = at(9)
    plain.take(first)
    again = with_pattern(gate, "sales/{ds}/sales_{stamp}_{any}.csv").take(at(10))
    assert (again.state, len(mwaa.runs)) == (State.TRIGGERED, 2)  # other files than those of that one key


def test_a_time_of_the_day_alone_orders_too(gate: Gate) -> None:
    daily = with_pattern(gate, "sales/{ds}_{stamp:HHmm}.csv")
    newer = put(GOOD, f"sales/{DAY}_1015.csv")
    assert daily.take(newer).state is State.TRIGGERED
    assert daily.take(put(OTHER, f"sales/{DAY}_0930.csv", "09")).superseded_by == newer.id

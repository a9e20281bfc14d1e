"""What is decided of drops that wait although nobody works on them, from values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from suimon.drops.failure import Failure
from suimon.drops.sets import DropSet, Member, join
from suimon.drops.states import State
from suimon.incidents.about import About
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.recoveries import NOTHING_FAILS, NOTHING_IS_ORPHANED, NOTHING_IS_STUCK
from suimon.sweep.plans import stuck_drops
from suimon.sweep.plans.stuck_drops import IDLE, LATE, Seen, is_idle, is_late, parts_to_resume, plan, sets_to_read
from tests.unit.drop_records import HOUR, MINUTE, NOON, drop_record
from tests.unit.incident_values import incident

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord
    from suimon.drops.wording import Bilingual
    from suimon.sweep.plans.stuck_drops import Plan

TWO_SHARDS = SetRule(2, None, None, reload=False, complete_within_minutes=60)
SETS = Contract("sets", "1", "t", dag_id="sets_etl", key_pattern=KeyPattern("sets/{ds}/{shard}.csv"))
CONTRACTS = Contracts((replace(SETS, set_rule=TWO_SHARDS),))


def file(number: int = 1, state: State = State.RECEIVED, age: timedelta = 30 * MINUTE, **more: Any) -> DropRecord:
    return drop_record(state, f"sales/{number}.csv", since=NOON - age, **more)


def shard(name: str, day: int = 20, age: timedelta = 30 * MINUTE) -> DropRecord:
    day_of = f"2026-11-{day}"
    key = f"sets/{day_of}/{name}.csv"
    return drop_record(State.ACCEPTED, key, dataset="sets", partition=day_of, since=NOON - age)


def set_of(*shards: DropRecord, day: int = 20) -> DropSet:
    whole = DropSet("sets", f"2026-11-{day}")
    for one in shards:
        name = one.drop.key.rpartition("/")[2].removesuffix(".csv")
        whole = join(whole, name, Member.of(one), TWO_SHARDS, NOON).whole
    return whole


def seen(*idle: DropRecord, **more: Any) -> Seen:
    return Seen(**{"waiting": idle, "sets": {}, "all_read": True, "backlog": 0, "opened": (), **more})


def planned(*idle: DropRecord, **more: Any) -> Plan:
    return plan(seen(*idle, **more), CONTRACTS, NOON)


def counts(one: Plan) -> tuple[int, int, int, int]:
    return one.finding.checked, one.finding.detected, one.finding.repaired, one.finding.reported


# ---------------------------------------------------------------- one drop


@pytest.mark.parametrize(("minutes", "idle"), [(-1, True), (0, False), (1, False)])
def test_a_lease_that_has_not_expired_may_belong_to_somebody_who_works(minutes: int, *, idle: bool) -> None:
    held = file(state=State.VALIDATING, leased_until=NOON + minutes * MINUTE)
    assert is_idle(held, NOON) is idle


def test_the_gate_has_ten_minutes_before_a_drop_is_idle() -> None:
    ages = (IDLE - timedelta(seconds=1), IDLE)
    assert [is_idle(file(age=age), NOON) for age in ages] == [False, True]


def test_without_a_lease_nobody_works() -> None:
    assert is_idle(file(), NOON)
    assert is_idle(file(state=State.ACCEPTED), NOON)


@pytest.mark.parametrize("state", [State.RECEIVED, State.ACCEPTED, State.VALIDATING])
def test_a_drop_is_late_after_an_hour_in_its_state(state: State) -> None:
    assert not is_late(file(state=state, age=LATE), NOON, None)
    assert is_late(file(state=state, age=LATE + MINUTE), NOON, None)


def test_a_check_that_crashes_each_time_is_late_by_when_its_file_was_received() -> None:
    crashing = file(state=State.VALIDATING, age=20 * MINUTE, received=NOON - 2 * HOUR)
    assert is_late(crashing, NOON, None)
    # A replay may start long after its file was received: it is late by itself.
    assert not is_late(replace(crashing, attempt=2), NOON, None)


# ---------------------------------------------------------------- a round


def test_stuck_drops_are_resumed_the_longest_waiting_first_and_nobody_hears_of_it() -> None:
    younger, older = file(1), file(2, age=40 * MINUTE)
    one = planned(younger, older)
    assert one.resume == (older, younger)
    assert counts(one) == (2, 2, 2, 0)
    assert (one.problems, one.recoveries) == ((), ())


def test_late_drops_are_resumed_all_the_same_and_reported_once_a_dataset() -> None:
    late = [file(1, age=2 * HOUR), file(2, age=3 * HOUR), file(3, age=2 * HOUR, dataset="inventory")]
    one = planned(file(4), *late)
    assert len(one.resume) == 4
    assert [str(problem.id) for problem in one.problems] == ["stuck:inventory", "stuck:sales"]
    assert counts(one) == (4, 4, 1, 3)


def test_a_dataset_recovers_when_none_of_its_drops_is_late_and_all_were_read() -> None:
    late = file(age=2 * HOUR)
    opened = [incident(Kind.STUCK, About(dataset=dataset)) for dataset in ("gone", "inventory", "sales")]
    recovered = [str(one.incident_id) for one in planned(late, opened=opened).recoveries]
    assert recovered == ["stuck:gone", "stuck:inventory"]
    assert planned(late, opened=opened, all_read=False).recoveries == ()


@pytest.mark.parametrize(("backlog", "sent"), [(0, 5), (3, 2), (4, 2), (1_000, 2)])
def test_a_full_queue_gets_few_messages_more(monkeypatch: pytest.MonkeyPatch, backlog: int, sent: int) -> None:
    monkeypatch.setattr(stuck_drops, "QUEUE_HOLDS", 5)
    monkeypatch.setattr(stuck_drops, "SENT_AT_LEAST", 2)
    one = planned(*(file(number) for number in range(8)), backlog=backlog)
    assert (len(one.resume), one.finding.repaired) == (sent, sent)


def test_a_queue_that_may_hold_a_message_for_each_waiting_drop_gets_no_second_one() -> None:
    files = [file(number) for number in range(30)]
    assert len(planned(*files, backlog=10).resume) == 20


# ---------------------------------------------------------------- parts of sets


def test_a_part_that_has_not_joined_its_set_is_resumed_and_is_no_finding() -> None:
    joined, lost = shard("a", age=2 * HOUR), shard("b", age=2 * HOUR)
    one = planned(joined, lost, sets={("sets", "2026-11-20"): set_of(joined)})
    assert one.resume == (lost,)
    assert counts(one) == (2, 0, 0, 0)
    assert one.problems == ()


def test_a_part_that_failed_before_it_joined_is_resumed_until_it_fails_no_longer() -> None:
    # Nothing else would ever find that, and the incident about it would stay open.
    failed = replace(shard("a"), failure=Failure(State.ACCEPTED, 1, NOON, NOON, 3, "Throttled", ""))
    sets = {("sets", "2026-11-20"): set_of(failed)}
    assert parts_to_resume([failed], sets, CONTRACTS) == [failed]
    both = {("sets", "2026-11-20"): set_of(failed, shard("b"))}
    assert parts_to_resume([failed, shard("b")], both, CONTRACTS) == [failed, shard("b")]


def test_a_set_that_may_run_is_resumed_by_its_newest_part_alone() -> None:
    older, newer = shard("a", age=HOUR), shard("b")
    assert parts_to_resume([older, newer], {("sets", "2026-11-20"): set_of(older, newer)}, CONTRACTS) == [newer]


def test_a_set_that_waits_for_a_shard_is_left_alone_until_its_contract_asks_for_fewer() -> None:
    only = shard("a")
    sets = {("sets", "2026-11-20"): set_of(only)}
    assert parts_to_resume([only], sets, CONTRACTS) == []
    assert parts_to_resume([only], sets, Contracts((replace(SETS, set_rule=replace(TWO_SHARDS, shards=1)),))) == [only]


def test_a_set_whose_run_is_open_is_resumed_though_its_contract_asks_for_more_by_now() -> None:
    parts = [shard("a", age=HOUR), shard("b")]
    more = Contracts((replace(SETS, set_rule=replace(TWO_SHARDS, shards=3)),))
    assert parts_to_resume(parts, {("sets", "2026-11-20"): set_of(*parts)}, more) == [parts[1]]


def test_the_sets_of_the_newest_parts_are_read_each_once_and_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [shard("a", 18, 3 * HOUR), shard("a", 20), shard("b", 20, HOUR), shard("a", 19, 2 * HOUR), file()]
    days = [day for _, day in sets_to_read(parts, CONTRACTS)]
    assert days == ["2026-11-20", "2026-11-19", "2026-11-18"]
    monkeypatch.setattr(stuck_drops, "SETS_AT_MOST", 2)
    assert len(sets_to_read(parts, CONTRACTS)) == 2
    # A part whose set was not read waits for its turn.
    assert parts_to_resume([shard("a", 18)], {}, CONTRACTS) == []


def test_parts_of_every_set_are_chosen() -> None:
    parts = [shard("a", day=20), shard("b", day=21)]
    sets = {("sets", f"2026-11-{day}"): DropSet("sets", f"2026-11-{day}") for day in (20, 21)}
    assert {part.id for part in parts_to_resume(parts, sets, CONTRACTS)} == {part.id for part in parts}


@pytest.mark.parametrize(
    ("kind", "about", "note"),
    [
        (Kind.STUCK, About(dataset="sales"), NOTHING_IS_STUCK),
        (Kind.FAILING, About(dataset="sales", error="KeyError"), NOTHING_FAILS),
        (Kind.ORPHANED, About(dataset="sales"), NOTHING_IS_ORPHANED),
    ],
)
def test_what_is_stuck_no_longer_has_recovered_with_a_word(kind: Kind, about: About, note: Bilingual) -> None:
    assert [one.note for one in planned(opened=[incident(kind, about)]).recoveries] == [note]


def test_what_still_fails_has_not_recovered_and_another_error_of_the_dataset_has() -> None:
    failing = replace(file(), failure=Failure(State.RECEIVED, 1, NOON - 2 * HOUR, NOON, 9, "KeyError", "x"))
    opened = [incident(Kind.FAILING, About(dataset="sales", error=error)) for error in ("KeyError", "Throttled")]
    one = planned(failing, opened=opened)
    assert [str(problem.id) for problem in one.problems if problem.kind is Kind.FAILING] == [str(opened[0].id)]
    assert [recovery.incident_id for recovery in one.recoveries] == [opened[1].id]


def test_files_of_a_dataset_without_a_contract_are_reported_until_none_waits() -> None:
    opened = [incident(Kind.ORPHANED, About(dataset=dataset)) for dataset in ("sales", "gone")]
    one = planned(file(state=State.ACCEPTED), opened=opened)
    assert [str(problem.id) for problem in one.problems] == ["orphaned:sales"]
    assert [recovery.incident_id for recovery in one.recoveries] == [opened[1].id]


def test_files_whose_contract_is_back_are_resumed_before_they_are_called_stuck() -> None:
    late = file(age=2 * HOUR)
    of_others = [incident(kind, About(dataset="sales")) for kind in (Kind.STUCK, Kind.REJECTED)]
    assert [str(problem.id) for problem in planned(late, opened=of_others).problems] == ["stuck:sales"]
    back = planned(late, opened=[incident(Kind.ORPHANED, About(dataset="sales"))])
    assert (back.problems, back.resume) == ((), (late,))

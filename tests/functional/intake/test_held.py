"""The gate of a dataset that a person holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.drops.hold import Hold
from suimon.drops.states import State
from suimon.incidents.kinds import KINDS, Kind
from suimon.intake.errors import RetryLaterError
from tests.functional.intake.gated import BAD, GOOD, NOON, Clock, FakeMwaa, put

if TYPE_CHECKING:
    from suimon.intake.gate import Gate
    from tests.functional.conftest import Post

HOUR = timedelta(hours=1)
OTHER = GOOD.replace("水筒", "茶筒")


def hold(gate: Gate, hours: int | None = 3) -> Hold:
    until = NOON + hours * HOUR if hours else None
    return gate.ledger.holds.put(Hold(dataset="sales", reason="r", who="w", since=NOON - HOUR, until=until))


@pytest.mark.hits("dataset-is-held")
def test_a_file_of_a_held_dataset_is_checked_and_kept_and_starts_no_run(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    hold(gate)
    taken = gate.take(put(GOOD))
    assert (taken.state, taken.rows, mwaa.runs, post.letters()) == (State.ACCEPTED, 2, {}, [])


def test_a_bad_file_of_a_held_dataset_is_rejected_and_told_all_the_same(gate: Gate, post: Post) -> None:
    hold(gate)
    assert gate.take(put(BAD)).state is State.REJECTED
    assert len(post.letters()) == 1


def test_the_hold_of_one_dataset_holds_no_other(gate: Gate, mwaa: FakeMwaa) -> None:
    gate.ledger.holds.put(Hold(dataset="inventory", reason="r", who="w", since=NOON))
    assert gate.take(put(GOOD)).state is State.TRIGGERED
    assert len(mwaa.runs) == 1


def test_a_held_file_starts_once_when_the_hold_ends_by_itself(gate: Gate, mwaa: FakeMwaa, clock: Clock) -> None:
    hold(gate, hours=3)
    taken = gate.take(put(GOOD))
    clock.now = NOON + 3 * HOUR - timedelta(seconds=1)
    assert gate.resume(taken.id).state is State.ACCEPTED
    clock.now = NOON + 3 * HOUR
    assert gate.resume(taken.id).state is State.TRIGGERED
    assert gate.resume(taken.id).state is State.TRIGGERED
    assert list(mwaa.runs) == [taken.run_id]


def test_of_several_held_writes_of_a_partition_the_newest_alone_runs(gate: Gate, mwaa: FakeMwaa, clock: Clock) -> None:
    hold(gate)
    first, second = gate.take(put(GOOD)), gate.take(put(OTHER, sequencer="02"))
    bad = gate.take(put(BAD, sequencer="03"))
    assert (first.state, second.state, bad.state) == (State.ACCEPTED, State.ACCEPTED, State.REJECTED)
    clock.now = NOON + 4 * HOUR
    assert gate.resume(first.id).state is State.SUPERSEDED
    assert gate.resume(second.id).state is State.TRIGGERED
    assert list(mwaa.runs) == [second.run_id]


def test_the_patience_with_airflow_begins_when_the_hold_ends(
    gate: Gate, mwaa: FakeMwaa, clock: Clock, post: Post
) -> None:
    hold(gate)
    taken = gate.take(put(GOOD))
    mwaa.fails = ConnectionResetError()
    from botocore.exceptions import EndpointConnectionError  # noqa: PLC0415 what an Airflow that is away raises

    mwaa.fails = EndpointConnectionError(endpoint_url="https://airflow")
    for minutes, letters in ((1, 0), (9, 0), (10, 1)):
        clock.now = NOON + 3 * HOUR + timedelta(minutes=minutes)
        with pytest.raises(RetryLaterError):
            gate.resume(taken.id)
        assert len(post.letters()) == letters
    assert KINDS[Kind.MWAA_AWAY].patience == timedelta(minutes=10)

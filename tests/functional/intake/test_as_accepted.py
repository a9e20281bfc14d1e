"""Replays that load a file as it was accepted, whatever its contract says by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from suimon.drops.states import State
from suimon.intake.errors import ReplayError
from suimon.intake.replays import ReplayRequest, replay
from tests.functional.intake.gated import BAD, GOOD, delete, loaded, put, raising

if TYPE_CHECKING:
    from suimon.drops.drop import Drop
    from suimon.intake.gate import Gate


def request(drop: Drop, number: int = 1) -> ReplayRequest:
    return ReplayRequest(drop.id, 2, f"token {number}", "execution", as_accepted=True)


@pytest.mark.hits("loaded-as-accepted")
def test_the_accepted_copy_is_loaded_without_another_check(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    before = gate.ledger.get(drop.id)
    assert before is not None
    monkeypatch.setattr("suimon.intake.inspection.check", raising(ZeroDivisionError("a check")))
    record = replay(gate, request(drop))
    assert (record.state, record.attempt, record.accepted) == (State.TRIGGERED, 2, before.accepted)
    assert record.replay is not None
    assert record.replay.as_accepted


def test_neither_a_version_that_is_gone_nor_a_check_that_was_terminated_changes_that(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    delete(drop)
    monkeypatch.setattr("suimon.intake.inspection.check", raising(ZeroDivisionError("a check")))
    assert replay(gate, request(drop)).state is State.TRIGGERED
    assert replay(gate, request(drop, 2)).state is State.TRIGGERED


def test_what_was_never_accepted_cannot_be_loaded_as_it_was(gate: Gate) -> None:
    drop = put(BAD)
    gate.take(drop)
    with pytest.raises(ReplayError, match="has no accepted copy"):
        replay(gate, request(drop))


def test_a_copy_that_has_expired_is_said_so_before_anything_begins(gate: Gate) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    lake = boto3.resource("s3").Bucket(gate.settings.lake_bucket)
    lake.objects.all().delete()
    with pytest.raises(ReplayError, match="has no accepted copy"):
        replay(gate, request(drop))
    found = gate.ledger.get(drop.id)
    assert found is not None
    assert (found.state, found.attempt) == (State.LOADED, 1)

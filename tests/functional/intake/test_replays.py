"""The attempts that replays ask for: started once, joined by a retry, refused, or answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError

from suimon.aws.objects import ShortReadError
from suimon.check.engine import CheckError, InterruptedCheckError
from suimon.contract.model import Contracts
from suimon.drops.drop import Replay
from suimon.drops.states import State
from suimon.intake.errors import ReplayError, RetryLaterError
from suimon.intake.inspection import NoRoomError
from suimon.intake.replays import ReplayRequest, replay
from suimon.ledger.drops import LostClaimError
from tests.functional.intake.gated import BAD, GOOD, NOON, Clock, FakeMwaa, FakeSfn, loaded, put, raising

if TYPE_CHECKING:
    from suimon.intake.gate import Gate


def test_a_replay_starts_the_next_attempt_under_its_own_run_id(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    record = replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))
    assert (record.state, record.attempt, record.replay) == (State.TRIGGERED, 2, Replay("execution", "token"))
    assert list(mwaa.runs) == [f"{drop.id}.1", f"{drop.id}.2"]


def test_a_retry_of_the_same_replay_joins_its_attempt_with_the_new_token(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))
    record = replay(gate, ReplayRequest(drop.id, 2, "newer token", "execution"))
    assert (record.attempt, record.replay) == (2, Replay("execution", "newer token"))
    assert len(mwaa.runs) == 2


@pytest.mark.hits("attempt-ended-before-retry")
def test_a_retry_after_the_attempt_s_end_is_answered_at_once(gate: Gate, sfn: FakeSfn) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    gate.ledger.move(replay(gate, ReplayRequest(drop.id, 2, "token", "execution")), State.LOADED, NOON)
    replay(gate, ReplayRequest(drop.id, 2, "newer token", "execution"))
    assert sfn.answers == [("success", "newer token")]


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"),
        ReadTimeoutError(endpoint_url="s3"),
        S3UploadFailedError("the connection broke"),
        ShortReadError("half of it"),
        NoRoomError("the disk is full"),
        InterruptedCheckError("no memory"),
        LostClaimError("another invocation"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_passing_error_of_a_replay_is_retried_by_it(
    gate: Gate, clock: Clock, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    with monkeypatch.context() as broken:
        broken.setattr("suimon.intake.inspection.check", raising(error))
        with pytest.raises(RetryLaterError, match=type(error).__name__):
            replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))
    clock.now += timedelta(seconds=5)
    assert replay(gate, ReplayRequest(drop.id, 2, "newer token", "execution")).state is State.TRIGGERED


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("a bug"),
        KeyError("a bug"),
        CheckError("two readers differ; please report it"),
        ParamValidationError(report="Unknown parameter"),
        ClientError({"Error": {"Code": "ValidationException"}}, "UpdateItem"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_bug_fails_the_replay_at_once_and_is_seen(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    monkeypatch.setattr("suimon.intake.inspection.check", raising(error))
    with pytest.raises(type(error)):
        replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))


def test_a_drop_whose_contract_is_gone_cannot_be_replayed(gate: Gate) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    without = replace(gate, contracts=Contracts(tuple(one for one in gate.contracts.all if one.dataset != "sales")))
    with pytest.raises(ReplayError, match="no contract for dataset 'sales'"):
        replay(without, ReplayRequest(drop.id, 2, "token", "execution"))


def test_a_drop_that_no_contract_matches_cannot_be_replayed(gate: Gate) -> None:
    drop = put("x", key="sale/2026-11-20/sales_data.csv")
    gate.take(drop)
    with pytest.raises(ReplayError, match="belongs to no dataset"):
        replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))


def test_two_replays_of_one_drop_do_not_both_run(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    replay(gate, ReplayRequest(drop.id, 2, "token", "one execution"))
    with pytest.raises(ReplayError, match="plan the replay again"):
        replay(gate, ReplayRequest(drop.id, 2, "token", "another execution"))
    assert len(mwaa.runs) == 2


def test_a_replay_whose_answer_was_lost_gets_it_when_another_starts(gate: Gate, sfn: FakeSfn) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    record = replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))
    gate.ledger.move(record, State.LOADED, NOON)  # and whoever wrote this died before it could answer
    replay(gate, ReplayRequest(drop.id, 3, "another token", "another execution"))
    assert sfn.answers == [("success", "token")]


def test_a_replay_of_a_file_that_no_longer_passes_is_answered_with_its_rejection(gate: Gate, sfn: FakeSfn) -> None:
    drop = put(BAD)
    gate.take(drop)
    assert replay(gate, ReplayRequest(drop.id, 2, "token", "execution")).state is State.REJECTED
    assert sfn.answers == [("Rejected", "token")]

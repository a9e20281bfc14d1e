"""The attempts that replays ask for: started once, joined by a retry, refused, or answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError

from suimon.aws.objects import ShortReadError
from suimon.check.engine import CheckError, InterruptedCheckError
from suimon.contract.model import Contracts
from suimon.drops.drop import Rejection, Replay
from suimon.drops.states import State
from suimon.intake.errors import OvertakenError, ReplayError, RetryLaterError
from suimon.intake.inspection import NoRoomError
from suimon.intake.replays import ReplayRequest, replay
from suimon.ledger.drops import LostClaimError
from tests.functional.intake.gated import (
    BAD,
    GOOD,
    KEY,
    NOON,
    Clock,
    FakeMwaa,
    FakeSfn,
    body_of,
    delete,
    loaded,
    put,
    raising,
    tolerant,
)

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord
    from suimon.intake.gate import Gate
    from tests.functional.conftest import Post


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
    with pytest.raises(OvertakenError, match=f"another replay has started attempt 2 of drop {drop.id}, TRIGGERED now"):
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


def again(gate: Gate, drop_id: str, attempt: int = 2) -> DropRecord:
    return replay(gate, ReplayRequest(drop_id, attempt, "token", f"execution {attempt}"))


@pytest.mark.hits("its-copy-is-loaded-again")
@pytest.mark.parametrize("end", [State.LOADED, State.FAILED])
def test_a_day_whose_version_is_deleted_is_loaded_again_from_its_accepted_copy(
    gate: Gate, mwaa: FakeMwaa, post: Post, end: State
) -> None:
    drop = put(GOOD)
    gate.ledger.move(gate.take(drop), end, NOON)
    delete(drop)
    record = again(gate, drop.id)
    assert (record.state, record.attempt, record.rows) == (State.TRIGGERED, 2, 2)
    first, second = mwaa.runs.values()
    assert second["source_uri"] == first["source_uri"]
    assert body_of("lake", second["source_uri"].removeprefix("s3://lake/")) == GOOD
    assert post.letters() == []


def test_the_rows_that_were_left_of_a_deleted_file_are_loaded_again_by_the_contract_they_were_accepted_by(
    gate: Gate, mwaa: FakeMwaa
) -> None:
    lenient = tolerant(gate)
    drop = put(BAD)
    loaded(lenient, drop)
    delete(drop)
    record = again(gate, drop.id)  # the contract of today tolerates nothing
    assert (record.state, record.rows) == (State.TRIGGERED, 1)
    assert mwaa.runs[record.run_id]["contract_uri"] == mwaa.runs[f"{drop.id}.1"]["contract_uri"]


@pytest.mark.parametrize("lost", ["data.csv", "_contract.json"])
def test_a_day_of_which_neither_version_nor_whole_copy_is_left_stays_loaded_and_the_replay_says_why(
    gate: Gate, post: Post, lost: str
) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    delete(drop)
    boto3.client("s3").delete_object(Bucket="lake", Key=f"accepted/sales/2026-11-20/{drop.id}/{lost}")
    with pytest.raises(
        ReplayError, match="was deleted, and there is no copy that could be loaded: send the file again"
    ):
        again(gate, drop.id)
    record = gate.ledger.get(drop.id)
    assert record
    assert (record.state, record.attempt, post.letters()) == (State.LOADED, 1, [])


def test_what_was_rejected_last_is_not_loaded_from_the_copy_of_an_attempt_before(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(BAD)
    loaded(tolerant(gate), drop)
    assert again(gate, drop.id).state is State.REJECTED
    delete(drop)
    with pytest.raises(ReplayError, match="send the file again"):
        again(gate, drop.id, 3)
    assert list(mwaa.runs) == [f"{drop.id}.1"]


def test_a_version_that_is_deleted_between_the_claim_and_the_check_is_loaded_from_its_copy(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    claim = gate.ledger.claim

    def and_the_rule_deletes_it(*given: object, **more: object) -> DropRecord:
        delete(drop)
        return claim(*given, **more)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(gate.ledger, "claim", and_the_rule_deletes_it)
    assert again(gate, drop.id).state is State.TRIGGERED


def test_a_rejected_file_that_is_replayed_and_rejected_for_the_same_is_reported_once(gate: Gate, post: Post) -> None:
    drop = put(BAD)
    gate.take(drop)
    again(gate, drop.id)
    assert post.subjects() == ["[ERROR] sales 2026-11-20 rejected: sales_data.csv"]


def test_why_a_file_was_rejected_and_where_its_report_lies_stands_in_the_ledger(gate: Gate) -> None:
    drop = put(BAD, KEY)
    gate.take(drop)
    record = again(gate, drop.id)
    assert record.rejection == Rejection(
        2, "1 fault in 2 records.", ("minimum-error",), f"s3://reports/sales/2026-11-20/{drop.id}.2/report.html"
    )

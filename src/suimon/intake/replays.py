"""The attempts that replays ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from suimon.aws.objects import ShortReadError
from suimon.aws.task_token import answer_token
from suimon.check.engine import InterruptedCheckError
from suimon.contract.file import ContractError
from suimon.contract.model import Role
from suimon.drops.drop import DropRecord, Replay, UnmatchedError
from suimon.drops.states import AT_AN_END, REPLAYABLE, State
from suimon.intake.errors import OvertakenError, ReplayError, RetryLaterError
from suimon.intake.inspection import NoRoomError
from suimon.ledger.drops import LostClaimError
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.contract.model import Contract
    from suimon.intake.gate import Gate

# What may be over in a minute: AWS is away or throttles, the disk is full, another invocation was faster. No other
# error belongs here: a bug of ours that is retried for hours is a bug that nobody sees.
PASSING = (
    *(ClientError, BotoCoreError, Boto3Error),
    *(ShortReadError, NoRoomError, InterruptedCheckError),
    LostClaimError,
)
# And these AWS errors are bugs of ours: a request that botocore refuses to send, or that the service cannot read.
MALFORMED = frozenset({"ValidationException", "SerializationException"})


@dataclass(frozen=True)
class ReplayRequest:
    """One attempt that a replay asks for; `execution` tells its own retries from another replay's request.

    as_accepted: by the contract that the file was accepted by, not by that of this release.
    """

    drop_id: str
    attempt: int
    task_token: str
    execution: str
    as_accepted: bool = False


def replay(gate: Gate, request: ReplayRequest) -> DropRecord:
    """Start the attempt that a replay asks for, or join it when this is a retry of the same request.

    ReplayError when it can never start, OvertakenError when it need not. What passes by itself is a RetryLaterError,
    which the state machine retries: no queue would bring this attempt back. Any other error is a bug, and fails this
    drop's part of the replay.
    """
    try:
        return _start_or_join(gate, request)
    except PASSING as error:
        if not isinstance(error, LostClaimError):
            gate.note_failure(request.drop_id, error)
        if _is_malformed(error):
            raise
        raise RetryLaterError(f"{type(error).__name__}: {error}") from error


def _start_or_join(gate: Gate, request: ReplayRequest) -> DropRecord:
    record = gate.ledger.get(request.drop_id)
    if record is None:
        raise ReplayError(f"the ledger knows no drop {request.drop_id}")
    try:
        contract = gate.contracts.of(record.dataset)
    except (ContractError, UnmatchedError) as error:
        raise ReplayError(str(error)) from error
    if contract.role_of(record.drop.key) in {Role.SHARD, Role.CONTROL}:
        raise ReplayError(f"drop {record.id} is a part of a set: replay the set, by its partition")
    asked = Replay(request.execution, request.task_token, request.as_accepted)
    if record.replay and (record.attempt, record.replay.execution) == (request.attempt, request.execution):
        record = gate.ledger.touch(record, replay=asked)
        if record.state in AT_AN_END:
            answer_token(gate.sfn, record, "the attempt had ended before this request came again")
            return record  # mark: attempt-ended-before-retry
        return gate.advance(record, contract)
    if record.state is State.SUPERSEDED:
        raise OvertakenError(f"a newer file has come in the place of drop {record.id}")
    _refuse_retracted(gate, record)
    if record.attempt >= request.attempt:
        raise OvertakenError(
            f"another replay has started attempt {record.attempt} of drop {record.id}, {record.state} now"
        )
    if record.attempt != request.attempt - 1 or record.state not in REPLAYABLE:
        raise ReplayError(
            f"drop {record.id} is {record.state} in attempt {record.attempt}, so attempt {request.attempt} cannot "
            "start: another replay or a new delivery was faster; plan the replay again"
        )
    _refuse_unreadable(gate, record, contract, request)
    # A replay of the attempt before may still wait, if whoever ended that crashed before it could answer: the claim
    # overwrites its token.
    answer_token(gate.sfn, record, "the attempt has ended, and another replay goes on from there")
    return gate.check(record, contract, request.attempt, asked)


def _refuse_unreadable(gate: Gate, record: DropRecord, contract: Contract, request: ReplayRequest) -> None:
    """Raise ReplayError of a file of which nothing is left that this attempt could load."""
    if request.as_accepted and not gate.has_copy(record, request.attempt):
        raise ReplayError(f"drop {record.id} has no accepted copy, so it cannot be loaded as it was accepted")
    if contract.role_of(record.drop.key) is Role.FILE and not gate.can_read(record, request.attempt):
        raise ReplayError(
            f"drop {record.id} was deleted, and there is no copy that could be loaded: send the file again"
        )


def _refuse_retracted(gate: Gate, record: DropRecord) -> None:
    """Raise ReplayError of a drop that was taken back, or that the load in a later one's place would be newer than."""
    if record.retraction:
        raise ReplayError(f"drop {record.id} was retracted ({record.retraction.why}): nobody loads it again")
    if later := next((one for one in gate.ledger.newer_writes(record) if one.retraction), None):
        raise ReplayError(
            f"drop {later.id}, which came after drop {record.id}, was retracted: what stands in the table is the load "
            "that took its place; send the file again to load another one"
        )


def _is_malformed(error: Exception) -> bool:
    return isinstance(error, ParamValidationError) or (
        isinstance(error, ClientError) and error.response["Error"]["Code"] in MALFORMED
    )

"""The gate: a drop comes in, is checked against its contract, and opens its DAG run or is sent back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.aws.objects import Objects, UnreadableError
from suimon.aws.task_token import answer_token
from suimon.contract.model import Role
from suimon.drops.drop import REPLAYABLE, Drop, DropRecord, EventError, State, run_id
from suimon.drops.next_step import Step, next_step
from suimon.drops.sets import SOURCES, WAITING, SetError
from suimon.incidents.messages import airflow
from suimon.intake.admission import Judge
from suimon.intake.entry import enter
from suimon.intake.errors import ComeBackError
from suimon.intake.shards import Gathering
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.ledger.followers import follow
from suimon.ledger.sets import LostSetError
from suimon.mwaa.cause import PASSING
from suimon.mwaa.conf import conf_for
from suimon.mwaa.pace import BusyError
from suimon.mwaa.trigger import start_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.contract.model import Contract, Contracts
    from suimon.incidents.store import IncidentDesk
    from suimon.intake.inspection import Inspector
    from suimon.mwaa.airflow import Airflow
    from suimon.settings import Settings

# Longer than the function may run (15 minutes): while the lease runs, its owner may be alive.
LEASE = timedelta(minutes=16)
# An environment that is being updated or throttles is not news at once; when it lasts, it is.
PATIENCE = timedelta(minutes=10)


class ReplayError(Exception):
    """A replay request that cannot be carried out; the message says why."""


@dataclass(frozen=True)
class ReplayRequest:
    """One attempt that a replay asks for; `execution` tells its own retries from another replay's request."""

    drop_id: str
    attempt: int
    task_token: str
    execution: str


@dataclass(frozen=True)
class Gate:
    """What intake acts through. `owner` names this invocation; `clock` gives the time in UTC."""

    ledger: Ledger
    objects: Objects
    airflow: Airflow
    desk: IncidentDesk
    sfn: SFNClient
    contracts: Contracts
    settings: Settings
    inspector: Inspector
    owner: str
    clock: Callable[[], datetime]

    def take(self, drop: Drop) -> DropRecord:
        """Bring a drop as far as it goes now, from wherever it stands; ComeBackError when it must be brought again."""
        record = enter(drop, self.contracts, self.ledger, self.desk, self.clock())
        matched = self.contracts.match(drop.key)
        if matched is None:
            return record
        contract, partition = matched
        if record.state is State.UNMATCHED:  # it came before its contract
            record = self._adopt(record, contract, partition)
        return self._advance(record, contract)

    def resume(self, drop_id: str) -> DropRecord:
        """Bring a drop of the ledger on from wherever it stands; EventError when the ledger does not know it."""
        record = self.ledger.get(drop_id)
        if record is None:
            raise EventError(f"the ledger knows no drop {drop_id}, so it cannot go on")
        if record.state is State.UNMATCHED:
            return self.take(record.drop)
        return self._advance(record, self.contracts.of(record.dataset))

    def replay(self, request: ReplayRequest) -> DropRecord:
        """Start the attempt that a replay asks for, or join it when this is a retry of the same request.

        ReplayError when it can never start; whatever else goes wrong is a ComeBackError, which the replay retries:
        no queue would bring this attempt back.
        """
        try:
            return self._replay(request)
        except (ReplayError, ComeBackError):
            raise
        except Exception as error:
            raise ComeBackError(f"{type(error).__name__}: {error}") from error

    def _replay(self, request: ReplayRequest) -> DropRecord:
        record = self.ledger.get(request.drop_id)
        if record is None:
            raise ReplayError(f"the ledger knows no drop {request.drop_id}")
        contract = self.contracts.of(record.dataset)
        if contract.role_of(record.drop.key) in {Role.SHARD, Role.CONTROL}:
            raise ReplayError(f"drop {record.id} is a part of a set: replay the set, by its partition")
        now = self.clock()
        if (record.attempt, record.replay) == (request.attempt, request.execution):
            record = self.ledger.renew_token(record, request.task_token, now)
            if record.state in REPLAYABLE | {State.SUPERSEDED}:
                answer_token(self.sfn, record, "the attempt had ended before this request came again")
                return record
            return self._advance(record, contract)
        if record.attempt != request.attempt - 1 or record.state not in REPLAYABLE:
            raise ReplayError(
                f"drop {record.id} is {record.state} in attempt {record.attempt}, so attempt {request.attempt} cannot "
                "start: another replay or a new delivery was faster; plan the replay again"
            )
        # A replay of the attempt before may still wait, if whoever ended that died before it could answer: the claim
        # writes over its token.
        answer_token(self.sfn, record, "the attempt has ended, and another replay goes on from there")
        record = self._claim(record, attempt=request.attempt, task_token=request.task_token, replay=request.execution)
        return self._check(record, contract)

    def _advance(self, record: DropRecord, contract: Contract) -> DropRecord:
        match next_step(record, self.clock()):
            case Step.CHECK:
                return self._check(self._claim(record, attempt=record.attempt), contract)
            case Step.TRIGGER:
                return self._onward(record, contract)
            case Step.WAIT:
                raise ComeBackError(f"drop {record.id} is being checked until {record.lease_until}")
            case Step.NOTHING:
                return self._catch_up(record)

    def _claim(self, record: DropRecord, *, attempt: int, **replay: str) -> DropRecord:
        try:
            return self.ledger.claim(record, self.clock(), owner=self.owner, lease=LEASE, attempt=attempt, **replay)
        except LostClaimError as error:
            raise ComeBackError(str(error)) from error

    def _adopt(self, record: DropRecord, contract: Contract, partition: str) -> DropRecord:
        try:
            return self.ledger.adopt(record, contract.dataset, partition, self.clock())
        except LostClaimError as error:
            raise ComeBackError(str(error)) from error

    def _check(self, record: DropRecord, contract: Contract) -> DropRecord:
        try:
            record = self._settle(record, contract)
        except Exception:
            self.ledger.release(record, self.clock())
            raise
        return self._onward(record, contract) if record.state is State.ACCEPTED else record

    @property
    def _judge(self) -> Judge:
        return Judge(self.ledger, self.objects, self.desk, self.sfn, self.settings, self.inspector, self.clock)

    def _settle(self, record: DropRecord, contract: Contract) -> DropRecord:
        """Judge a file or shard; accept a set, whose shards were judged, or what says which it has, if readable."""
        role = contract.role_of(record.drop.key)
        if role in {Role.FILE, Role.SHARD}:
            return self._judge.settle(record, contract)
        if role is Role.SET:
            if not self._gathering.is_current(record):
                return self._judge.end(record, State.SUPERSEDED)
            rows = self._gathering.lay_out(record, contract)
            told = {"rows": rows, "accepted_as": SOURCES, "run_id": run_id(record)}
            return self.ledger.move(record, State.ACCEPTED, self.clock(), **told)
        try:
            self._gathering.names(record, contract)
        except (UnreadableError, SetError) as error:
            return self._judge.reject(record, contract, str(error))
        return self.ledger.move(record, State.ACCEPTED, self.clock(), set_id=WAITING)

    @property
    def _gathering(self) -> Gathering:
        return Gathering(self.ledger, self.objects, self.desk, self.settings.lake_bucket, self.clock)

    def _onward(self, record: DropRecord, contract: Contract) -> DropRecord:
        """Take an accepted drop to its run; a shard, or what says which there are, to its set."""
        match contract.role_of(record.drop.key):
            case Role.SHARD | Role.CONTROL:
                return self._gather(record, contract)
            case Role.SET if not self._gathering.is_current(record):
                return self._judge.end(record, State.SUPERSEDED)
        return self._trigger(record, contract)

    def _gather(self, record: DropRecord, contract: Contract) -> DropRecord:
        """Let a drop join its set; take the set to its run if it is whole, whoever came last, and until it is there."""
        try:
            whole = self._gathering.join(record, contract)
        except LostSetError as error:
            raise ComeBackError(str(error)) from error
        except (UnreadableError, SetError) as error:
            return self._judge.reject(record, contract, str(error))
        if whole:
            follow(self.ledger, self._advance(whole, contract), self.clock())
        return self.ledger.get(record.id) or record

    def _catch_up(self, record: DropRecord) -> DropRecord:
        """Let a part follow its set, if whoever should have done it died, or no longer knew of it."""
        whole = self.ledger.get(record.set_id) if record.set_id and record.state is State.TRIGGERED else None
        if whole is None:
            return record
        follow(self.ledger, whole, self.clock(), record.id)
        return self.ledger.get(record.id) or record

    def _trigger(self, record: DropRecord, contract: Contract) -> DropRecord:
        dag_id, environment = contract.dag_id or "", self.settings.mwaa_environment
        why = start_run(self.airflow, dag_id, record, conf_for(record, self.settings))
        if why:
            now = self.clock()
            lasting = now - datetime.fromisoformat(record.updated_at) > PATIENCE
            if lasting or why.cause not in PASSING:
                self.desk.report(airflow.not_triggered(environment, dag_id, record, why), now)
            raise ComeBackError(f"drop {record.id} is accepted, its run could not be started: {why.reason}")
        self._say_how_airflow_is(record, environment, dag_id)
        try:
            record = self.ledger.move(record, State.TRIGGERED, self.clock())
        except LostClaimError:  # the run was faster than we: its end has moved the drop already
            record = self.ledger.get(record.id) or record
        if record.members:
            follow(self.ledger, record, self.clock())
        return record

    def _say_how_airflow_is(self, record: DropRecord, environment: str, dag_id: str) -> None:
        """Close what was wrong with starting runs, now that one has started, and look whether it may go on."""
        over = airflow.trigger_incidents(environment, dag_id, record)
        self.desk.recover_all(over, self.clock(), f"Airflow has taken the run of {record.drop.key}.")
        try:
            paused = self.airflow.is_paused(dag_id, self.clock())
        except (ClientError, BotoCoreError, BusyError):
            return  # the run is there, and that is what was asked; the sweep looks too
        if paused:
            self.desk.report(airflow.paused(dag_id), self.clock())
        elif paused is False:
            self.desk.recover(airflow.paused(dag_id).id, self.clock())


def receive(gate: Gate, body: str) -> DropRecord:
    """Do what a message asks; EventError when that is nothing, ComeBackError when it must come again."""
    try:
        message = json.loads(body)
    except ValueError as error:
        raise EventError(f"a message that is no JSON: {error}") from error
    if isinstance(message, dict) and "resume" in message:
        return gate.resume(str(message["resume"]))
    return gate.take(Drop.from_event(message))

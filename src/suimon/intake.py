"""The gate: a drop comes in, is checked against its contract, and opens its DAG run or is sent back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon import alerts
from suimon.contract.model import Role
from suimon.drop import REPLAYABLE, Drop, DropRecord, EventError, State, run_id
from suimon.gathering import Gathering, follow
from suimon.ledger import Ledger, LostClaimError
from suimon.objects import Objects, UnreadableError
from suimon.outcome import answer_token
from suimon.pace import BusyError
from suimon.set_ledger import LostSetError
from suimon.sets import SOURCES, WAITING, SetError
from suimon.steps import Fate, Step, fate, is_outdated, next_step
from suimon.trigger import PASSING, Airflow, Outcome, accepted_name, accepted_prefix, conf_for, start_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.contract.model import Contract, Contracts
    from suimon.incidents import IncidentDesk
    from suimon.inspection import Inspection, Inspector
    from suimon.settings import Settings

# Longer than the function may run (15 minutes): while the lease runs, its owner may be alive.
LEASE = timedelta(minutes=16)
# An environment that is being updated or throttles is not news at once; when it lasts, it is.
PATIENCE = timedelta(minutes=10)


class ComeBackError(Exception):
    """Not now: the drop is safe in the ledger, the same request must come again later."""


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
        matched = self.contracts.match(drop.key)
        if matched is None:
            return self._unmatched(drop)
        contract, partition = matched
        record = self.ledger.receive(drop, contract.dataset, partition, State.RECEIVED, self.clock())
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

    def _settle(self, record: DropRecord, contract: Contract) -> DropRecord:
        role = contract.role_of(record.drop.key)
        if role in {Role.SET, Role.CONTROL}:
            return self._settle_without_bytes(record, contract, role)
        found = self._fate(record)
        # A replay repeats bytes that are known, on purpose.
        if found.state and not (found.state is State.DUPLICATE and record.attempt > 1):
            return self._end(record, found.state, duplicate_of=found.repeats)
        if found.waits_for:
            raise ComeBackError(f"drop {record.id} has the bytes of drop {found.waits_for}, which is being checked")
        try:
            with self.inspector.inspect(record, contract) as inspection:
                if not inspection.verdict.accepted:
                    return self._reject(record, contract, inspection.report())
                name = self._keep(record, contract, inspection)
        except UnreadableError as error:
            return self._reject(record, contract, str(error))
        # A check takes its time: what was overwritten meanwhile need not run. The fence would hold it up anyway.
        if is_outdated(record, self.ledger.newer_writes(record)):
            return self._end(record, State.SUPERSEDED)
        self._remark(record, contract, inspection)
        # The run id is written before the call that uses it: whoever takes over after a crash asks for the same run.
        told = {"rows": inspection.verdict.accepted_rows, "accepted_as": name}
        told |= {"set_id": WAITING} if role is Role.SHARD else {"run_id": run_id(record)}
        return self.ledger.move(record, State.ACCEPTED, self.clock(), **told)

    def _settle_without_bytes(self, record: DropRecord, contract: Contract, role: Role) -> DropRecord:
        """Accept a set, whose shards have been checked, or what says which shards it has, if that can be read."""
        if role is Role.SET:
            if not self._gathering.is_current(record):
                return self._end(record, State.SUPERSEDED)
            rows = self._gathering.lay_out(record, contract)
            told = {"rows": rows, "accepted_as": SOURCES, "run_id": run_id(record)}
            return self.ledger.move(record, State.ACCEPTED, self.clock(), **told)
        try:
            self._gathering.names(record, contract)
        except (UnreadableError, SetError) as error:
            return self._reject(record, contract, str(error))
        return self.ledger.move(record, State.ACCEPTED, self.clock(), set_id=WAITING)

    def _fate(self, record: DropRecord) -> Fate:
        # What no contract knew when it came has no say yet: it will look at us when it is taken up.
        older = self.ledger.older_writes(record)
        before = next((other for other in older if other.state is not State.UNMATCHED), None)
        if before and before.state is State.DUPLICATE:
            before = self.ledger.get(before.duplicate_of)
        return fate(record, self.ledger.newer_writes(record), before)

    def _keep(self, record: DropRecord, contract: Contract, inspection: Inspection) -> str:
        """Put what goes on into the lake, the version as it is or the rows that are left of it, and give its name."""
        lake, accepted, aside = self.settings.lake_bucket, accepted_prefix(record), inspection.aside
        rewritten = bool(inspection.verdict.set_aside)
        if rewritten and contract.file:
            contract = replace(contract, file=contract.file.plain())
        name = accepted_name(contract)
        if rewritten:
            self.objects.put_rows(lake, f"{accepted}{name}", aside.accepted)
            self.objects.put_rows(lake, aside_key(record), aside.bad)
        else:
            self.objects.copy_version(record.drop, lake, f"{accepted}{name}")
        self.objects.put_json(lake, f"{accepted}_contract.json", contract.to_json())
        return name

    def _remark(self, record: DropRecord, contract: Contract, inspection: Inspection) -> None:
        """Tell people of a file that is accepted and yet not all it should be."""
        verdict = inspection.verdict
        if verdict.set_aside or verdict.warnings:
            aside = f"s3://{self.settings.lake_bucket}/{aside_key(record)}" if verdict.set_aside else ""
            problem = alerts.imperfect(record, contract, verdict.set_aside, inspection.report(), aside)
            self.desk.report(problem, self.clock())
        else:
            note = f"{record.drop.key} has come again and is as it should be."
            self.desk.recover(alerts.imperfect_id(record, contract), self.clock(), note)

    def _reject(self, record: DropRecord, contract: Contract, reason: str) -> DropRecord:
        # People first, ledger after: a crash in between says it again at the next delivery, never not at all.
        self.desk.report(alerts.rejected(record, contract, reason), self.clock())
        return self._end(record, State.REJECTED, reason)

    def _end(self, record: DropRecord, state: State, reason: str = "", **attributes: str) -> DropRecord:
        record = self.ledger.move(record, state, self.clock(), **attributes)
        if record.members:
            follow(self.ledger, record, self.clock())
        answer_token(self.sfn, record, reason)
        return record

    @property
    def _gathering(self) -> Gathering:
        return Gathering(self.ledger, self.objects, self.desk, self.settings.lake_bucket, self.clock)

    def _onward(self, record: DropRecord, contract: Contract) -> DropRecord:
        """Take an accepted drop to its run; a shard, or what says which there are, to its set."""
        match contract.role_of(record.drop.key):
            case Role.SHARD | Role.CONTROL:
                return self._gather(record, contract)
            case Role.SET if not self._gathering.is_current(record):
                return self._end(record, State.SUPERSEDED)
        return self._trigger(record, contract)

    def _gather(self, record: DropRecord, contract: Contract) -> DropRecord:
        """Let a drop join its set; take the set to its run if it is whole, whoever came last, and until it is there."""
        try:
            whole = self._gathering.join(record, contract)
        except LostSetError as error:
            raise ComeBackError(str(error)) from error
        except (UnreadableError, SetError) as error:
            return self._reject(record, contract, str(error))
        if whole:
            follow(self.ledger, self._advance(whole, contract), self.clock())
        return self.ledger.get(record.id) or record

    def _catch_up(self, record: DropRecord) -> DropRecord:
        """Let a shard follow its set, if whoever should have done it died."""
        whole = self.ledger.get(record.set_id) if record.set_id and record.state is State.TRIGGERED else None
        if whole is None:
            return record
        follow(self.ledger, whole, self.clock())
        return self.ledger.get(record.id) or record

    def _trigger(self, record: DropRecord, contract: Contract) -> DropRecord:
        dag_id, environment = contract.dag_id or "", self.settings.mwaa_environment
        result = start_run(self.airflow, dag_id, record, conf_for(record, self.settings))
        if result.outcome is not Outcome.TRIGGERED:
            now = self.clock()
            lasting = now - datetime.fromisoformat(record.updated_at) > PATIENCE
            if lasting or result.cause not in PASSING:
                self.desk.report(alerts.not_triggered(environment, dag_id, record, result), now)
            raise ComeBackError(f"drop {record.id} is accepted, its run could not be started: {result.reason}")
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
        over = alerts.trigger_incidents(environment, dag_id, record)
        self.desk.recover_all(over, self.clock(), f"Airflow has taken the run of {record.drop.key}.")
        try:
            paused = self.airflow.is_paused(dag_id, self.clock())
        except (ClientError, BotoCoreError, BusyError):
            return  # the run is there, and that is what was asked; the sweep looks too
        if paused:
            self.desk.report(alerts.paused(dag_id), self.clock())
        elif paused is False:
            self.desk.recover(alerts.paused(dag_id).id, self.clock())

    def _unmatched(self, drop: Drop) -> DropRecord:
        now = self.clock()
        record = self.ledger.receive(drop, "-", "-", State.UNMATCHED, now)
        if drop.size or not drop.key.endswith("/"):  # an empty object with a slash is what consoles call a folder
            self.desk.report(alerts.no_contract(drop, self.contracts, now), now)
        return record


def aside_key(record: DropRecord) -> str:
    """Where the records of this attempt lie that were set aside: in the lake, for they hold what the file held."""
    return f"aside/{record.dataset}/{record.partition}/{run_id(record)}/bad_rows.csv"

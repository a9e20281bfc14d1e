"""The gate: a drop comes in, is checked against its contract, and opens its DAG run or is sent back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from suimon import alerts
from suimon.check.engine import Aside, check
from suimon.drop import REPLAYABLE, Drop, DropRecord, State, run_id
from suimon.ledger import Ledger, LostClaimError
from suimon.objects import Objects, UnreadableError
from suimon.outcome import answer_token
from suimon.steps import Step, fate, next_step
from suimon.trigger import Airflow, Outcome, accepted_prefix, conf_for, file_name, rewritten_name, start_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.check.verdict import Verdict
    from suimon.contract.model import Contract, Contracts
    from suimon.incidents import IncidentDesk
    from suimon.settings import Settings

# Longer than the function may run (15 minutes): while the lease runs, its owner may be alive.
LEASE = timedelta(minutes=16)
# An environment that is being updated or throttles is not news at once; when it lasts, it is.
PATIENCE = timedelta(minutes=10)
# What any check needs of the disk: segments on their way, and keys that memory does not hold.
SCRATCH_BYTES = 512 * 1024 * 1024


class ComeBackError(Exception):
    """Not now: the drop is safe in the ledger, the same request must come again later."""


class NoRoomError(Exception):
    """Something else fills the disk for now: the file fits, but not at this moment."""


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
    """What intake acts through. `owner` names this invocation; `clock` gives the time in UTC; `scratch` is a folder."""

    ledger: Ledger
    objects: Objects
    airflow: Airflow
    desk: IncidentDesk
    sfn: SFNClient
    contracts: Contracts
    settings: Settings
    scratch: Path
    owner: str
    clock: Callable[[], datetime]

    def take(self, drop: Drop) -> DropRecord:
        """Bring a drop as far as it goes now, from wherever it stands; ComeBackError when it must be brought again."""
        matched = self.contracts.match(drop.key)
        if matched is None:
            return self._unmatched(drop)
        contract, partition = matched
        record = self.ledger.receive(drop, contract.dataset, partition, State.RECEIVED, self.clock())
        return self._advance(record, contract)

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
        record = self._claim(record, attempt=request.attempt, task_token=request.task_token, replay=request.execution)
        return self._check(record, contract)

    def _advance(self, record: DropRecord, contract: Contract) -> DropRecord:
        match next_step(record, self.clock()):
            case Step.CHECK:
                return self._check(self._claim(record, attempt=record.attempt), contract)
            case Step.TRIGGER:
                return self._trigger(record, contract)
            case Step.WAIT:
                raise ComeBackError(f"drop {record.id} is being checked until {record.lease_until}")
            case Step.NOTHING:
                return record

    def _claim(self, record: DropRecord, *, attempt: int, **replay: str) -> DropRecord:
        try:
            return self.ledger.claim(record, self.clock(), owner=self.owner, lease=LEASE, attempt=attempt, **replay)
        except LostClaimError as error:
            raise ComeBackError(str(error)) from error

    def _check(self, record: DropRecord, contract: Contract) -> DropRecord:
        try:
            return self._settle(record, contract)
        except Exception:
            self.ledger.release(record, self.clock())
            raise

    def _settle(self, record: DropRecord, contract: Contract) -> DropRecord:
        settled = fate(record, self.ledger.drops_of(record.dataset, record.partition))
        # A replay repeats bytes that are known, on purpose.
        if settled and not (settled is State.DUPLICATE and record.attempt > 1):
            return self._end(record, settled)
        try:
            make_room(self.scratch, record.drop.size if contract.tolerance else 0)
            with TemporaryDirectory(prefix="check-", dir=self.scratch) as folder:
                aside = Aside(Path(folder, "accepted.csv"), Path(folder, "bad_rows.csv"))
                verdict = check(
                    self.objects.version(record.drop),
                    contract,
                    record.partition,
                    scratch=Path(folder),
                    aside=aside if contract.tolerance else None,
                )
                name = self._keep(record, contract, verdict, aside) if verdict.accepted else ""
        except UnreadableError as error:
            return self._reject(record, contract, str(error))
        if not verdict.accepted:
            return self._reject(record, contract, self._report(record, contract, verdict))
        self._remark(record, contract, verdict)
        # The run id is written before the call that uses it: whoever takes over after a crash asks for the same run.
        rows = verdict.accepted_rows
        told = {"rows": rows, "accepted_as": name, "run_id": run_id(record)}
        record = self.ledger.move(record, State.ACCEPTED, self.clock(), **told)
        return self._trigger(record, contract)

    def _keep(self, record: DropRecord, contract: Contract, verdict: Verdict, aside: Aside) -> str:
        """Put what goes on into the lake, the version as it is or the rows that are left of it, and give its name."""
        lake, accepted, name = self.settings.lake_bucket, accepted_prefix(record), file_name(record)
        if verdict.set_aside and contract.file:
            contract, name = replace(contract, file=contract.file.plain()), rewritten_name(record)
            self.objects.put_rows(lake, f"{accepted}{name}", aside.accepted)
            self.objects.put_rows(lake, aside_key(record), aside.bad)
        else:
            self.objects.copy_version(record.drop, lake, f"{accepted}{name}")
        self.objects.put_json(lake, f"{accepted}_contract.json", contract.to_json())
        return name

    def _remark(self, record: DropRecord, contract: Contract, verdict: Verdict) -> None:
        """Tell people of a file that is accepted and yet not all it should be."""
        if verdict.set_aside or verdict.warnings:
            told = self._report(record, contract, verdict)
            aside = f"s3://{self.settings.lake_bucket}/{aside_key(record)}" if verdict.set_aside else ""
            self.desk.report(alerts.imperfect(record, contract, verdict.set_aside, told, aside), self.clock())
        else:
            note = f"{record.drop.key} has come again and is as it should be."
            self.desk.recover(alerts.imperfect_id(record), self.clock(), note)

    def _report(self, record: DropRecord, contract: Contract, verdict: Verdict) -> str:
        from suimon.reports import publish  # noqa: PLC0415 its words and pages would slow every cold start

        return publish(self.objects, self.settings.reports_bucket, record, contract, verdict, self.clock())

    def _reject(self, record: DropRecord, contract: Contract, reason: str) -> DropRecord:
        # People first, ledger after: a crash in between says it again at the next delivery, never not at all.
        self.desk.report(alerts.rejected(record, contract, reason), self.clock())
        return self._end(record, State.REJECTED, reason)

    def _end(self, record: DropRecord, state: State, reason: str = "") -> DropRecord:
        record = self.ledger.move(record, state, self.clock())
        answer_token(self.sfn, record, reason)
        return record

    def _trigger(self, record: DropRecord, contract: Contract) -> DropRecord:
        dag_id, now = contract.dag_id or "", self.clock()
        result = start_run(self.airflow, dag_id, record, conf_for(record, self.settings))
        if result.outcome is Outcome.TRIGGERED:
            for incident_id in (f"trigger:{dag_id}", f"trigger:{dag_id}:{record.id}"):
                self.desk.recover(incident_id, now, f"Airflow has taken the run of {record.drop.key}.")
            if result.paused:
                self.desk.report(alerts.paused(dag_id), now)
            else:
                self.desk.recover(f"paused:{dag_id}", now)
            try:
                return self.ledger.move(record, State.TRIGGERED, now)
            except LostClaimError:  # the run was faster than we: its end has moved the drop already
                return self.ledger.get(record.id) or record
        lasting = now - datetime.fromisoformat(record.updated_at) > PATIENCE
        if result.outcome is Outcome.MISCONFIGURED or lasting:
            self.desk.report(alerts.not_triggered(dag_id, record, result), now)
        raise ComeBackError(f"drop {record.id} is accepted, its run could not be started: {result.reason}")

    def _unmatched(self, drop: Drop) -> DropRecord:
        now = self.clock()
        record = self.ledger.receive(drop, "-", "-", State.UNMATCHED, now)
        self.desk.report(alerts.no_contract(drop, self.contracts, now), now)
        return record


def aside_key(record: DropRecord) -> str:
    """Where the records of this attempt lie that were set aside: in the lake, for they hold what the file held."""
    return f"aside/{record.dataset}/{record.partition}/{run_id(record)}/bad_rows.csv"


def make_room(scratch: Path, rows_bytes: int) -> None:
    """Look for room for a check, and for the rows of a file whose bad ones may be set aside.

    UnreadableError when there never can be enough, NoRoomError when there is not now.
    """
    disk = shutil.disk_usage(scratch)
    needed = SCRATCH_BYTES + rows_bytes
    if rows_bytes and needed > disk.total:
        raise UnreadableError(
            f"the file has {rows_bytes:,} bytes; where bad records are set aside, the gate can check up to "
            f"{max(0, disk.total - SCRATCH_BYTES):,}: send it in parts"
        )
    if needed > disk.free:
        raise NoRoomError(f"{needed:,} bytes are needed in {scratch}, {disk.free:,} are free")

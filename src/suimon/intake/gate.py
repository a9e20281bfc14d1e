"""The gate: a drop comes in, is checked against its contract, and opens its DAG run or is rejected."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.drops.drop import Drop, DropRecord, EventError, Replay
from suimon.drops.failure import TERMINATED, Failure
from suimon.drops.match import Match
from suimon.drops.next_step import Step, next_step
from suimon.drops.states import AT_THE_GATE, State
from suimon.incidents.messages import files
from suimon.incidents.messages.failing import failing, is_due
from suimon.incidents.store import LostIncidentError
from suimon.intake.admission import Admission
from suimon.intake.entry import enter
from suimon.intake.errors import FailingError, ForeignBucketError, RetryLaterError
from suimon.intake.queue import request_of
from suimon.intake.routes import Stations, route_of
from suimon.intake.run_start import RunStart
from suimon.intake.shards import Gathering
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.ledger.followers import follow
from suimon.ledger.items import stamp
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.aws.objects import Objects
    from suimon.contract.model import Contract, Contracts
    from suimon.incidents.store import IncidentStore
    from suimon.intake.inspection import Inspector
    from suimon.ledger.shares import Shares
    from suimon.mwaa.airflow import Airflow
    from suimon.settings import Settings

# Longer than the function may run (15 minutes): while the lease runs, its owner may be alive.
LEASE = timedelta(minutes=16)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Takes drops as far as they can go now. `owner` names this invocation; `clock` returns the time in UTC."""

    ledger: Ledger
    objects: Objects
    airflow: Airflow
    incidents: IncidentStore
    sfn: SFNClient
    contracts: Contracts
    settings: Settings
    inspector: Inspector
    shares: Shares
    owner: str
    clock: Callable[[], datetime]

    def take(self, drop: Drop) -> DropRecord:
        """Take a drop as far as it can go now, from whatever state.

        RetryLaterError when there is more to do, ForeignBucketError when it is not of the raw bucket.
        """
        self._refuse_foreign(drop)
        record = enter(drop, self.contracts, self.ledger, self.incidents, self.clock())
        matched = self.contracts.match(drop.key)
        if matched is None:
            return self._without_contract(record)
        if record.turn and record.state in AT_THE_GATE:
            return record  # mark: turn-is-over
        contract, partition = matched
        if record.state is State.UNMATCHED:  # it came before its contract
            match = Match.of(contract, partition, drop.key)
            try:
                record = self.ledger.move(record, State.RECEIVED, self.clock(), match=match)
            except LostClaimError as error:
                raise RetryLaterError(str(error)) from error
        return self._advance_own(record)

    def resume(self, drop_id: str, turn: int = 0) -> DropRecord:
        """Take a drop of the ledger on from its state, unless the message's turn is over.

        EventError when the ledger does not know the drop.
        """
        record = self.ledger.get(drop_id)
        if record is None:
            raise EventError(f"the ledger knows no drop {drop_id}, so it cannot be resumed")
        self._refuse_foreign(record.drop)
        if record.turn > turn and record.state in AT_THE_GATE:
            return record  # another message takes it on
        if record.state is State.UNMATCHED:
            return self.take(record.drop)
        return self._advance_own(record)

    def _advance_own(self, record: DropRecord) -> DropRecord:
        """Advance under the contract of the drop's own dataset; another one may match its key by now."""
        own = next((one for one in self.contracts.all if one.dataset == record.dataset), None)
        return self.advance(record, own) if own else self._without_contract(record)

    def _without_contract(self, record: DropRecord) -> DropRecord:
        """Do what can be done when no contract knows the drop's dataset: what nobody has judged waits for one."""
        if record.state is State.TRIGGERED:
            return self._catch_up(record)
        is_judged = record.state not in {State.RECEIVED, State.VALIDATING} or record.members
        if is_judged or record.is_leased(self.clock()):
            return record
        now = self.clock()
        self.incidents.report(files.no_contract(record.drop, self.contracts, now), now)
        try:
            return self.ledger.move(record, State.UNMATCHED, now)
        except LostClaimError as error:
            raise RetryLaterError(str(error)) from error

    def advance(self, record: DropRecord, contract: Contract) -> DropRecord:
        """Do what comes next by the state of the drop; a failure that it had is over when that succeeds."""
        record = self._step(record, contract.at(record.partition))
        if record.failing:  # it has not moved: a part that waits for its set
            with suppress(LostClaimError):
                return self.ledger.touch(record, failure=replace(record.failing, tries=0))
        return record

    def _step(self, record: DropRecord, contract: Contract) -> DropRecord:
        match next_step(record, self.clock()):
            case Step.CHECK:
                with self._share_of(record, contract):
                    return self.check(record, contract, record.attempt)
            case Step.TRIGGER:
                return route_of(record, contract, self._stations).forward(record)
            case Step.WAIT:
                raise RetryLaterError(f"drop {record.id} is being checked by another invocation")
            case Step.NOTHING:
                return self._catch_up(record)

    def check(self, record: DropRecord, contract: Contract, attempt: int, replay: Replay | None = None) -> DropRecord:
        """Claim a drop for an attempt, bring it to its verdict, and forward it if it is accepted."""
        contract = contract.at(record.partition)  # a replay of March is judged by March's
        route = route_of(record, contract, self._stations)
        try:
            now = self.clock()
            record = self.ledger.claim(
                record,
                now,
                owner=self.owner,
                lease=LEASE,
                attempt=attempt,
                replay=replay,
                failure=self._crash(record, now),
            )
        except LostClaimError as error:
            raise RetryLaterError(str(error)) from error
        self._report_failure(record, now)
        try:
            record = route.settle(record)
        except Exception:  # whatever it is, the next delivery need not wait for the lease to run out
            self.ledger.release(record, self.clock())
            raise
        return route.forward(record) if record.state is State.ACCEPTED else record

    @contextmanager
    def _share_of(self, record: DropRecord, contract: Contract) -> Iterator[None]:
        """Take a place among the workers for a file that may be large once it is read.

        RetryLaterError when its dataset has no more of them.
        """
        most = contract.file.max_ratio if contract.file and contract.file.compression != "none" else 1
        if record.drop.size * most < self.shares.large:
            yield
            return
        now = self.clock()
        place = self.shares.take(contract.dataset, self.owner, now, now + LEASE)
        if place is None:
            raise RetryLaterError(f"drop {record.id} waits for other large files of {contract.dataset}")
        try:
            yield
        finally:
            self.shares.free(contract.dataset, place, self.owner)

    def can_read(self, record: DropRecord, attempt: int) -> bool:
        """Whether a file can be read for this attempt: its version, or the copy of what was accepted before."""
        return self.objects.has_version(record.drop) or self.has_copy(record, attempt)

    def has_copy(self, record: DropRecord, attempt: int) -> bool:
        """Whether this attempt can load the copy of what was accepted before."""
        return self._stations.admission.has_copy_for(record, attempt)

    def note_failure(self, drop_id: str, error: Exception) -> bool:
        """Record with the drop that a try has failed, and report it when it has failed for some minutes.

        Return whether it is recorded.
        """
        try:
            record, now = self.ledger.get(drop_id), self.clock()
            if record is None or record.state not in AT_THE_GATE:
                return False
            record = self.ledger.touch(record, failure=record.fails(*words_of(error), now))
            self._report_failure(record, now)
        except (ClientError, BotoCoreError, LostClaimError, LostIncidentError):
            return False  # the error itself is raised, and the next try notes it
        return True

    def _crash(self, record: DropRecord, now: datetime) -> Failure | None:
        """Return the failure of a check whose function was terminated: it has not even ended its lease."""
        if record.state is not State.VALIDATING or not record.lease or record.lease.until < record.updated_at + LEASE:
            return None
        text = f"the function that began to check it at {stamp(record.updated_at)} never came to its end"
        return record.fails(TERMINATED, text, now, since=record.updated_at)

    def _report_failure(self, record: DropRecord, now: datetime) -> None:
        if record.failing and is_due(record, now):
            self.incidents.report(failing(record.dataset, record.failing.error, [record]), now)

    def _refuse_foreign(self, drop: Drop) -> None:
        if drop.bucket != self.settings.raw_bucket:
            raise ForeignBucketError(f"s3://{drop.bucket}/{drop.key} is not in the bucket {self.settings.raw_bucket}")

    def _catch_up(self, record: DropRecord) -> DropRecord:
        """Move a part to where its set is, if the function that should have done so crashed or did not know of it."""
        set_id = record.membership.set_id if record.membership else None
        whole = self.ledger.get(set_id) if set_id and record.state is State.TRIGGERED else None
        if whole is None:
            return record
        follow(self.ledger, whole, self.clock(), record.id)  # mark: part-is-behind-its-set
        return self.ledger.get(record.id) or record

    @cached_property
    def _stations(self) -> Stations:
        ledger, objects, incidents, clock = self.ledger, self.objects, self.incidents, self.clock
        lake_bucket = self.settings.lake_bucket
        return Stations(
            admission=Admission(
                ledger=ledger,
                objects=objects,
                incidents=incidents,
                sfn=self.sfn,
                lake_bucket=lake_bucket,
                inspector=self.inspector,
                clock=clock,
            ),
            gathering=Gathering(
                ledger=ledger, objects=objects, incidents=incidents, lake_bucket=lake_bucket, clock=clock
            ),
            runs=RunStart(
                ledger=ledger, airflow=self.airflow, incidents=incidents, settings=self.settings, clock=clock
            ),
            advance=self.advance,
        )


def receive(gate: Gate, body: str) -> DropRecord:
    """Do what a message asks.

    EventError when it asks nothing, RetryLaterError when it must come again, FailingError when the drop's record says
    by now that it failed, and why; any other error is of a drop that the ledger may not know.
    """
    asked = request_of(body)
    if isinstance(asked, Drop):
        drop_id, take = asked.id, partial(gate.take, asked)
    else:
        drop_id, take = asked.drop_id, partial(gate.resume, asked.drop_id, asked.turn)
    try:
        return take()
    except (RetryLaterError, ForeignBucketError, EventError, LostClaimError):
        raise
    except Exception as error:
        if gate.note_failure(drop_id, error):
            raise FailingError(f"drop {drop_id} has failed: {type(error).__name__}: {error}") from error
        raise


def named(body: str) -> dict[str, str]:
    """Return the drop's id and key that a message names, for the log; nothing of one that names none."""
    try:
        asked = request_of(body)
    except EventError:
        return {}
    if isinstance(asked, Drop):
        return {"drop_id": asked.id, "key": asked.key}
    return {"drop_id": asked.drop_id, "key": asked.key}


def words_of(error: Exception) -> tuple[str, str]:
    """Return an error's name and its own words, unless these may quote what is in the file."""
    if isinstance(error, ClientError):
        code = error.response["Error"].get("Code", "ClientError")
        return code, f"{error.operation_name}: {code}: {error.response['Error'].get('Message', '')}"
    name = type(error).__name__
    may_be_told = isinstance(error, (BotoCoreError, OSError)) or type(error).__module__.startswith("suimon.")
    return name, f"{name}: {error}" if may_be_told else name

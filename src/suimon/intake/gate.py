"""The gate: a drop comes in, is checked against its contract, and opens its DAG run or is rejected."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from suimon.drops.drop import Drop, DropRecord, EventError, Match, Replay
from suimon.drops.next_step import Step, next_step
from suimon.drops.states import State
from suimon.intake.admission import Admission
from suimon.intake.entry import enter
from suimon.intake.errors import ForeignBucketError, RetryLaterError
from suimon.intake.routes import Stations, route_of
from suimon.intake.run_start import RunStart
from suimon.intake.shards import Gathering
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.ledger.followers import follow

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.aws.objects import Objects
    from suimon.contract.model import Contract, Contracts
    from suimon.incidents.lifecycle import IncidentStore
    from suimon.intake.inspection import Inspector
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
            return record
        contract, partition = matched
        if record.state is State.UNMATCHED:  # it came before its contract
            match = Match(contract.dataset, partition)
            try:
                record = self.ledger.move(record, State.RECEIVED, self.clock(), match=match)
            except LostClaimError as error:
                raise RetryLaterError(str(error)) from error
        return self.advance(record, contract)

    def resume(self, drop_id: str) -> DropRecord:
        """Take a drop of the ledger on from its state; EventError when the ledger does not know it."""
        record = self.ledger.get(drop_id)
        if record is None:
            raise EventError(f"the ledger knows no drop {drop_id}, so it cannot be resumed")
        self._refuse_foreign(record.drop)
        if record.state is State.UNMATCHED:
            return self.take(record.drop)
        return self.advance(record, self.contracts.of(record.dataset))

    def advance(self, record: DropRecord, contract: Contract) -> DropRecord:
        """Do what comes next by the state of the drop."""
        match next_step(record, self.clock()):
            case Step.CHECK:
                return self.check(record, contract, record.attempt)
            case Step.TRIGGER:
                return route_of(record, contract, self._stations).forward(record)
            case Step.WAIT:
                raise RetryLaterError(f"drop {record.id} is being checked by another invocation")
            case Step.NOTHING:
                return self._catch_up(record)

    def check(self, record: DropRecord, contract: Contract, attempt: int, replay: Replay | None = None) -> DropRecord:
        """Claim a drop for an attempt, bring it to its verdict, and forward it if it is accepted."""
        route = route_of(record, contract, self._stations)
        try:
            now = self.clock()
            record = self.ledger.claim(record, now, owner=self.owner, lease=LEASE, attempt=attempt, replay=replay)
        except LostClaimError as error:
            raise RetryLaterError(str(error)) from error
        try:
            record = route.settle(record)
        except Exception:  # whatever it is, the next delivery need not wait for the lease to run out
            self.ledger.release(record, self.clock())
            raise
        return route.forward(record) if record.state is State.ACCEPTED else record

    def can_read(self, record: DropRecord, attempt: int) -> bool:
        """Whether a file can be read for this attempt: its version, or the copy of what was accepted before."""
        return self.objects.has_version(record.drop) or self._stations.admission.has_copy_for(record, attempt)

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
    """Do what a message asks; EventError when it asks nothing, RetryLaterError when it must come again."""
    try:
        message: Any = json.loads(body)
    except ValueError as error:
        raise EventError(f"a message that is no JSON: {error}") from error
    if isinstance(message, dict) and "resume" in message:
        return gate.resume(str(message["resume"]))
    return gate.take(Drop.from_event(message))

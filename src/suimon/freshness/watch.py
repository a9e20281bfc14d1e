"""What should have happened and did not: a file that never came, a set that is not whole, a table that went stale."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.freshness.arrivals import judge_arrival, judge_set, partitions_to_check, sets_to_check
from suimon.freshness.observation import Check, Result, Summary
from suimon.freshness.tables import (
    QUERY_SECONDS,
    IdentifierError,
    NoTimeError,
    ask_age,
    closed_days,
    judge_age,
    readable,
    unreadable,
)
from suimon.freshness.unwatched import unwatched
from suimon.incidents.incident import Recovery
from suimon.incidents.leaving_out import leave_out
from suimon.warehouse.data_api import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.contract.model import Contract, Contracts, TableFreshness
    from suimon.incidents.incident import Incident
    from suimon.incidents.kinds import IncidentId
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Ledger
    from suimon.ledger.unusable import Unusable
    from suimon.warehouse.data_api import Warehouse

# All tables together: a third of the function's time, for a Redshift that hangs must not use up what the sweep needs.
TABLES_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Makes the freshness checks.

    unusable: where ledger and incident store note what they cannot read. ticks: returns seconds that pass, whatever the
    time is.
    """

    contracts: Contracts
    ledger: Ledger
    incidents: IncidentStore
    redshift: RedshiftDataAPIServiceClient
    warehouse: Warehouse
    unusable: Unusable
    ticks: Callable[[], float] = time.monotonic

    def round(self, now: datetime) -> Summary:
        """Check every deadline and every table, and report each result at once.

        Tables come last: whatever becomes of the questions to Redshift, all else is reported by then.
        """
        opened = {one.id: one for one in self.incidents.open_incidents()}
        results = []
        for check in self._checks(list(opened.values()), now):
            with leave_out(self.unusable, f"incident#{check.incident_id}"):
                results.append((check.incident_id, self._apply(check, opened.keys(), now)))
        return Summary.of(results)

    def look(self, at: datetime) -> Summary:
        """Check every deadline and every table as of another time; nothing is reported, and nothing recovers."""
        checks = self._checks(self.incidents.open_incidents(), at)
        return Summary.of([(check.incident_id, Result.SEEN if check.problem else Result.FINE) for check in checks])

    def _checks(self, opened: Collection[Incident], now: datetime) -> Iterator[Check]:
        for contract, partition in partitions_to_check(self.contracts, opened, now):
            yield judge_arrival(contract, partition, self.ledger.drops_of(contract.dataset, partition))
        awaited = {(whole.dataset, whole.partition): whole for whole in self.ledger.sets.awaited(now)}
        for contract, partition, is_reported in sets_to_check(self.contracts, opened, awaited):
            name = contract.dataset, partition
            # Of a set that was reported, the table is asked: an index may lag.
            yield judge_set(contract, self.ledger.sets.get(*name) if is_reported else awaited[name], now)
        yield from unwatched(opened, self.contracts)
        until = self.ticks() + TABLES_SECONDS
        for contract in self.contracts.all:
            if contract.freshness:
                yield from self._check_table(contract, contract.freshness, until, now)

    def _check_table(self, contract: Contract, table: TableFreshness, until: float, now: datetime) -> Iterator[Check]:
        try:
            age_days = self._age(table, until, now)
        except (WarehouseError, ClientError, BotoCoreError, IdentifierError, NoTimeError) as error:
            # Nobody knows whether the table is fresh: its staleness neither opens nor recovers.
            yield unreadable(table, self.warehouse, error)
        else:
            yield readable(table)
            yield judge_age(table, age_days, closed_days(contract, age_days, now))

    def _age(self, table: TableFreshness, until: float, now: datetime) -> int | None:
        seconds = until - self.ticks()
        if seconds <= 0:
            raise NoTimeError(f"the questions before this one have taken {TABLES_SECONDS} seconds")
        return ask_age(self.redshift, self.warehouse, table, now, min(seconds, QUERY_SECONDS))

    def _apply(self, check: Check, opened: Collection[IncidentId], now: datetime) -> Result:
        if check.problem:
            if check.may_pass and not self.incidents.has_lasted(check.problem, now):
                return Result.SUSPECTED
            return Result.PUBLISHED if self.incidents.report(check.problem, now) else Result.KNOWN
        if check.incident_id in opened:
            recovered = self.incidents.recover([Recovery(check.incident_id, check.note)], now)
            return Result.RECOVERED if recovered else Result.FINE
        if check.may_pass:
            self.incidents.dismiss(check.incident_id, now)
        return Result.FINE

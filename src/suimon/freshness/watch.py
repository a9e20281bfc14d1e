"""What should have happened and did not: a file that never came, a set that is not whole, a table that went stale."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.freshness.arrivals import due_partitions, judge_arrival, judge_set
from suimon.freshness.observation import Check, Summary
from suimon.freshness.tables import (
    QUERY_SECONDS,
    STALE,
    UNREADABLE,
    IdentifierError,
    NoTimeError,
    ask_age,
    judge_age,
    unreadable,
)
from suimon.incidents.messages.freshness import MISSING
from suimon.incidents.messages.sets import INCOMPLETE, incomplete_id
from suimon.warehouse.data_api import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.contract.model import Contracts, TableFreshness
    from suimon.incidents.store import IncidentDesk
    from suimon.ledger.drops import Ledger
    from suimon.warehouse.data_api import Warehouse


# All tables together: a third of the function's time, for a Redshift that hangs must not use up what the sweep needs.
TABLES_SECONDS = 300
# A table that is busy is told of in the second round of 15 minutes: a load holds its lock while COPY runs, and every
# reader waits for it. A round that is tried again minutes later is no second one.
SUSPECT_AT_LEAST = timedelta(minutes=10)


@dataclass(frozen=True)
class Watch:
    """What the freshness function acts through; `ticks` gives seconds that pass, whatever the time is."""

    contracts: Contracts
    ledger: Ledger
    desk: IncidentDesk
    redshift: RedshiftDataAPIServiceClient
    warehouse: Warehouse
    ticks: Callable[[], float] = time.monotonic

    def round(self, now: datetime) -> Summary:
        """Check every deadline and every table; tell what is wrong and what is well again as soon as it is found.

        Tables come last: whatever becomes of the questions to Redshift, all else is told by then.
        """
        opened = set(self.desk.open_incidents())
        checked, problems, published, recovered, suspected = 0, [], [], [], []
        for check in self._checks(opened, now):
            checked += 1
            if check.problem:
                if check.may_pass and not self.desk.lasts(check.problem, now, SUSPECT_AT_LEAST):
                    suspected.append(check.incident_id)
                    continue
                problems.append(check.incident_id)
                if self.desk.report(check.problem, now):
                    published.append(check.incident_id)
            elif check.incident_id in opened and self.desk.recover(check.incident_id, now, check.note):
                recovered.append(check.incident_id)
        return Summary(checked, tuple(problems), tuple(published), tuple(recovered), tuple(suspected))

    def _checks(self, opened: Collection[str], now: datetime) -> Iterator[Check]:
        yield from self._arrivals(opened, now)
        yield from self._sets(opened, now)
        yield from unwatched(opened, self.contracts)
        yield from self._tables(opened, now)

    def _arrivals(self, opened: Collection[str], now: datetime) -> Iterator[Check]:
        for contract in self.contracts.all:
            if contract.arrival is None:
                continue
            # A day that is still missing when it leaves the window stays watched: it has not recovered by growing old.
            prefix = f"{MISSING}:{contract.dataset}:"
            known = {one.removeprefix(prefix) for one in opened if one.startswith(prefix)}
            for partition in sorted(known | set(due_partitions(contract.arrival, now))):
                yield judge_arrival(contract, partition, self.ledger.drops_of(contract.dataset, partition))

    def _sets(self, opened: Collection[str], now: datetime) -> Iterator[Check]:
        told = {one for one in opened if one.startswith(f"{INCOMPLETE}:")}
        awaited = {incomplete_id(whole): whole for whole in self.ledger.sets.awaited(now)}
        of_sets = {contract.dataset: contract for contract in self.contracts.all if contract.set_rule}
        for incident_id in sorted(told | awaited.keys()):
            _, dataset, partition = incident_id.split(":")
            if contract := of_sets.get(dataset):
                # Of what was told of, the table is asked: an index may lag.
                whole = self.ledger.sets.get(dataset, partition) if incident_id in told else awaited[incident_id]
                yield judge_set(contract, whole, now)

    def _tables(self, opened: Collection[str], now: datetime) -> Iterator[Check]:
        until = self.ticks() + TABLES_SECONDS
        for contract in self.contracts.all:
            if (table := contract.freshness) is None:
                continue
            try:
                age_days = self._age(table, now, until)
            except (WarehouseError, ClientError, BotoCoreError, IdentifierError, NoTimeError) as error:
                # Nobody knows whether the table is fresh: its staleness neither opens nor recovers.
                yield unreadable(table, self.warehouse, error)
            else:
                if (incident_id := f"{UNREADABLE}:{table.table}") in opened:
                    yield Check(incident_id, None, f"{table.table} can be read again.")
                else:
                    self.desk.dismiss(incident_id, now)
                yield judge_age(table, age_days)

    def _age(self, table: TableFreshness, now: datetime, until: float) -> int | None:
        seconds = until - self.ticks()
        if seconds <= 0:
            raise NoTimeError(f"the questions before this one have taken {TABLES_SECONDS} seconds")
        return ask_age(self.redshift, self.warehouse, table, now, min(seconds, QUERY_SECONDS))


def unwatched(opened: Iterable[str], contracts: Contracts) -> list[Check]:
    """Close what no contract asks about any longer, such as a dataset that was taken out of service."""
    datasets = {contract.dataset for contract in contracts.all if contract.arrival}
    tables = {contract.freshness.table for contract in contracts.all if contract.freshness}
    sets = {contract.dataset for contract in contracts.all if contract.set_rule}
    watched = {MISSING: datasets, INCOMPLETE: sets, STALE: tables, UNREADABLE: tables}
    checks = []
    for incident_id in opened:
        kind, _, rest = incident_id.partition(":")
        if kind in watched and rest.partition(":")[0] not in watched[kind]:
            checks.append(Check(incident_id, None, "No contract asks about it any longer."))
    return checks

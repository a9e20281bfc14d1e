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
    IdentifierError,
    NoTimeError,
    ask_age,
    judge_age,
    unreadable,
)
from suimon.incidents.incident import of_kind
from suimon.incidents.kinds import About, IncidentId, Kind
from suimon.warehouse.data_api import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.contract.model import Contracts, TableFreshness
    from suimon.incidents.incident import Incident
    from suimon.incidents.store import IncidentStore
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
    incidents: IncidentStore
    redshift: RedshiftDataAPIServiceClient
    warehouse: Warehouse
    ticks: Callable[[], float] = time.monotonic

    def round(self, now: datetime) -> Summary:
        """Check every deadline and every table; tell what is wrong and what is well again as soon as it is found.

        Tables come last: whatever becomes of the questions to Redshift, all else is told by then.
        """
        opened = {one.id: one for one in self.incidents.open_incidents()}
        checked, problems, published, recovered, suspected = 0, [], [], [], []
        for check in self._checks(opened, now):
            checked += 1
            if check.problem:
                if check.may_pass and not self.incidents.lasts(check.problem, now, SUSPECT_AT_LEAST):
                    suspected.append(str(check.incident_id))
                    continue
                problems.append(str(check.incident_id))
                if self.incidents.report(check.problem, now):
                    published.append(str(check.incident_id))
            elif check.incident_id in opened and self.incidents.recover(check.incident_id, now, check.note):
                recovered.append(str(check.incident_id))
        return Summary(checked, tuple(problems), tuple(published), tuple(recovered), tuple(suspected))

    def _checks(self, opened: Mapping[IncidentId, Incident], now: datetime) -> Iterator[Check]:
        yield from self._arrivals(opened.values(), now)
        yield from self._sets(opened.values(), now)
        yield from unwatched(opened.values(), self.contracts)
        yield from self._tables(opened, now)

    def _arrivals(self, opened: Iterable[Incident], now: datetime) -> Iterator[Check]:
        for contract in self.contracts.all:
            if contract.arrival is None:
                continue
            # A day that is still missing when it leaves the window stays watched: it has not recovered by growing old.
            missing = of_kind(opened, Kind.MISSING_FILE)
            known = {one.about.partition for one in missing if one.about.dataset == contract.dataset}
            for partition in sorted(known | set(due_partitions(contract.arrival, now))):
                yield judge_arrival(contract, partition, self.ledger.drops_of(contract.dataset, partition))

    def _sets(self, opened: Iterable[Incident], now: datetime) -> Iterator[Check]:
        told = {(one.about.dataset, one.about.partition) for one in of_kind(opened, Kind.INCOMPLETE_SET)}
        awaited = {(whole.dataset, whole.partition): whole for whole in self.ledger.sets.awaited(now)}
        of_sets = {contract.dataset: contract for contract in self.contracts.all if contract.set_rule}
        for dataset, partition in sorted(told | awaited.keys()):
            if contract := of_sets.get(dataset):
                # Of what was reported, the table is asked: an index may lag.
                reported = (dataset, partition) in told
                whole = self.ledger.sets.get(dataset, partition) if reported else awaited[dataset, partition]
                yield judge_set(contract, whole, now)

    def _tables(self, opened: Collection[IncidentId], now: datetime) -> Iterator[Check]:
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
                incident_id = IncidentId.of(Kind.UNREADABLE_TABLE, About(table=table.table))
                if incident_id in opened:
                    yield Check(incident_id, None, f"{table.table} can be read again.")
                else:
                    self.incidents.dismiss(incident_id, now)
                yield judge_age(table, age_days)

    def _age(self, table: TableFreshness, now: datetime, until: float) -> int | None:
        seconds = until - self.ticks()
        if seconds <= 0:
            raise NoTimeError(f"the questions before this one have taken {TABLES_SECONDS} seconds")
        return ask_age(self.redshift, self.warehouse, table, now, min(seconds, QUERY_SECONDS))


def unwatched(opened: Iterable[Incident], contracts: Contracts) -> list[Check]:
    """Close what no contract asks about any longer, such as a dataset that was taken out of service."""
    arrivals = {contract.dataset for contract in contracts.all if contract.arrival}
    sets = {contract.dataset for contract in contracts.all if contract.set_rule}
    tables = {contract.freshness.table for contract in contracts.all if contract.freshness}
    lost = [
        *(one for one in of_kind(opened, Kind.MISSING_FILE) if one.about.dataset not in arrivals),
        *(one for one in of_kind(opened, Kind.INCOMPLETE_SET) if one.about.dataset not in sets),
        *(one for one in of_kind(opened, Kind.STALE_TABLE, Kind.UNREADABLE_TABLE) if one.about.table not in tables),
    ]
    return [Check(one.id, None, "No contract asks about it any longer.") for one in lost]

"""What should have happened and did not: a file that never came, a set that is not whole, a table that went stale."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from botocore.exceptions import BotoCoreError, ClientError

from suimon.incidents.messages.sets import INCOMPLETE, incomplete_id, overdue
from suimon.incidents.store import Problem
from suimon.warehouse.data_api import UnfinishedError, WarehouseError, run_query

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.contract.model import Arrival, Contract, Contracts, TableFreshness
    from suimon.drops.drop import DropRecord
    from suimon.drops.sets import DropSet
    from suimon.incidents.store import IncidentDesk
    from suimon.ledger.drops import Ledger
    from suimon.warehouse.data_api import Warehouse

MISSING, STALE, UNREADABLE = "missing-file", "stale-table", "unreadable-table"

# A date of today in a time zone ahead of UTC is a day in UTC's future; more than that is a wrong date in the table.
_AHEAD_DAYS = -1
# A serverless workgroup that sleeps takes its time to wake up.
QUERY_SECONDS = 60
# All tables together: a third of the function's time, for a Redshift that hangs must not use up what the sweep needs.
TABLES_SECONDS = 300
# A table that is busy is told of in the second round of 15 minutes: a load holds its lock while COPY runs, and every
# reader waits for it. A round that is tried again minutes later is no second one.
SUSPECT_AT_LEAST = timedelta(minutes=10)
_AGE_SQL = Path(__file__).with_name("watch_age.sql")
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Check:
    """One question and its answer: a problem, or none (`note`: what makes it good); `may_pass`: told if it lasts."""

    incident_id: str
    problem: Problem | None
    note: str = ""
    may_pass: bool = False


@dataclass(frozen=True)
class Summary:
    """What one round found and did, by incident ids; `suspected`: not told unless the next round finds it, too."""

    checked: int
    problems: tuple[str, ...]
    published: tuple[str, ...]
    recovered: tuple[str, ...]
    suspected: tuple[str, ...]


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


class IdentifierError(ValueError):
    """A table or column name that may not stand in SQL; the message says which."""


class NoTimeError(Exception):
    """A table that was not asked, for lack of time; the message says who took it."""


def due_partitions(arrival: Arrival, now: datetime) -> list[str]:
    """Give the business dates of the last `lookback_days` days whose deadline has come, oldest first, as YYYY-MM-DD.

    The deadline is a time on the wall in the contract's zone. One that the change to summer time skips falls as much
    later as the clock jumps; one that comes twice in autumn counts the first time.
    """
    zone = ZoneInfo(arrival.time_zone)
    today = now.astimezone(zone).date()
    days = (today - timedelta(days=back) for back in range(arrival.lookback_days, -1, -1))
    return [day.isoformat() for day in days if deadline_of(arrival, day) <= now]


def deadline_of(arrival: Arrival, day: date) -> datetime:
    """Give the moment, in UTC, by which the file of a business date has to be there."""
    wall = datetime.combine(day + timedelta(days=arrival.days_after), arrival.deadline, ZoneInfo(arrival.time_zone))
    return wall.astimezone(UTC)


def judge_arrival(contract: Contract, partition: str, drops: Sequence[DropRecord]) -> Check:
    """Judge a partition whose deadline has come by its drops.

    A file that came and was rejected, or could not be loaded, is not missing: it has an incident of its own. So has a
    set of which something has come.
    """
    incident_id = f"{MISSING}:{contract.dataset}:{partition}"
    if drops:
        return Check(incident_id, None, f"{drops[-1].drop.key} has come.")
    subject = f"{contract.dataset} {partition}: the file never came"
    body = f"{_due(contract, partition)}\n\n{_NEVER_CAME}"
    return Check(incident_id, Problem(incident_id, subject, body, "never-came"))


def judge_set(contract: Contract, whole: DropSet, now: datetime) -> Check:
    """Judge a set that is awaited by the time its contract gives it, and by the deadline of its day."""
    arrival = contract.arrival
    deadline = deadline_of(arrival, date.fromisoformat(whole.partition)) if arrival else None
    note = "It is not yet due again." if whole.waiting_since else "The set is whole."
    return Check(incomplete_id(whole), overdue(whole, contract, deadline, now), note)


def _due(contract: Contract, partition: str) -> str:
    """Say which file it is about and by when it was due, on the wall of the contract's zone."""
    lines = [f"Dataset {contract.dataset}, business date {partition}."]
    if contract.key_pattern:
        lines.append(f"Expected: {contract.key_pattern.key_for(partition)}")
    if contract.arrival:
        zone = contract.arrival.time_zone
        wall = deadline_of(contract.arrival, date.fromisoformat(partition)).astimezone(ZoneInfo(zone))
        lines.append(f"Due: {wall:%Y-%m-%d %H:%M} {zone}")
    return "\n".join(lines)


_NEVER_CAME = (
    "No object of this key is in the ledger.\n\n"
    "What to do: ask whoever sends it. When the file comes, it is loaded by itself, however late."
)


def judge_age(table: TableFreshness, age_days: int | None) -> Check:
    """Judge a table by the days since its newest value, worst case first; None: it holds no value at all."""
    incident_id = f"{STALE}:{table.table}"
    name = f"{table.table}.{table.column}"
    if age_days is None:
        subject, what, kind = (
            f"{table.table} is empty",
            f"{name} holds no value: an empty table is never fresh.",
            "empty",
        )
    elif age_days > table.max_age_days:
        subject = f"{table.table} is stale"
        what = f"The newest value of {name} is {_days(age_days)} old, allowed are {_days(table.max_age_days)}."
        kind = "stale"
    elif age_days < _AHEAD_DAYS:
        subject = f"{table.table} holds dates in the future"
        what = (
            f"The newest value of {name} lies {_days(-age_days)} ahead. A wrong date hides how old the table really is."
        )
        kind = "future"
    else:
        return Check(incident_id, None, f"The newest value of {name} is {_days(age_days)} old.")
    body = f"{what}\n\nWhat to do: see which load of {table.table} is missing or failed, and whether its source sends."
    return Check(incident_id, Problem(incident_id, subject, body, kind))


def _days(count: int) -> str:
    return f"{count} day" if abs(count) == 1 else f"{count} days"


def unreadable(table: TableFreshness, warehouse: Warehouse, error: Exception) -> Check:
    """Report a table whose age cannot be asked; the same kind of error again is no news. One that is busy may pass."""
    incident_id = f"{UNREADABLE}:{table.table}"
    body = (
        f"The age of {table.table} could not be asked in {warehouse}: nobody knows whether it is fresh.\n\n"
        f"{type(error).__name__}: {error}\n\n"
        "What to do: see that Redshift answers, that the table and the column exist and that the freshness function "
        "may read them. If the question was not finished in time, see what holds the table's lock (STV_LOCKS): a load "
        "does while it copies, and readers wait."
    )
    kind = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    problem = Problem(incident_id, f"{table.table} cannot be checked", body, kind)
    return Check(incident_id, problem, may_pass=isinstance(error, UnfinishedError | NoTimeError))


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


def ask_age(
    redshift: RedshiftDataAPIServiceClient,
    warehouse: Warehouse,
    table: TableFreshness,
    now: datetime,
    seconds: float = QUERY_SECONDS,
) -> int | None:
    """Ask how many days, by UTC's midnights, the newest value is old; None for an empty table.

    WarehouseError, ClientError and BotoCoreError when it cannot be asked, IdentifierError when it may not be.
    """
    rows = run_query(
        redshift,
        warehouse,
        age_query(table),
        {"as_of": f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S}"},
        timeout_seconds=seconds,
    )
    age_days: int | None = rows[0]["age_days"]
    return age_days


def age_query(table: TableFreshness) -> str:
    """Give the query for a table's age; IdentifierError unless its names are plain lower-case identifiers."""
    for name in (table.table, table.column):
        if not _IDENTIFIER.fullmatch(name):
            raise IdentifierError(f"{name!r} is no plain identifier ({_IDENTIFIER.pattern}): correct the contract")
    return _AGE_SQL.read_text(encoding="utf-8").format(table=table.table, column=table.column)

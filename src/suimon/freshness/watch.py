"""What should have happened and did not: a file that never came, a set that is not whole, a table that went stale."""

from __future__ import annotations

import time
from dataclasses import field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.contract.partition import partition_of
from suimon.drops.states import State
from suimon.freshness.date_facts import DateFacts
from suimon.freshness.expected import SETTLED, days_that_make_fresh, state_of
from suimon.freshness.late_or_missing import judge_arrival, judge_set, partitions_to_check, sets_to_check
from suimon.freshness.observation import Check, Result, Summary
from suimon.freshness.questions import Questions
from suimon.freshness.sources_json import SeenTable, SeenTables
from suimon.freshness.stale_tables import YOUNG, Answer, checks, judge_answer, must_ask
from suimon.freshness.unwatched import unwatched
from suimon.incidents.incident import Recovery, of_kind
from suimon.incidents.kinds import Kind
from suimon.incidents.leaving_out import leave_out
from suimon.values import dataclass
from suimon.warehouse.table_state import TableState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import datetime

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.contract.model import Contract, Contracts
    from suimon.contract.table_freshness import TableFreshness
    from suimon.freshness.expected import FileState
    from suimon.incidents.incident import Incident
    from suimon.incidents.kinds import IncidentId
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.checkpoints import Checkpoints
    from suimon.ledger.drops import Ledger
    from suimon.ledger.unreadable_items import Unusable
    from suimon.ledger.waivers import Waivers
    from suimon.warehouse.data_api import Warehouse

# How often a fresh table is asked although nothing was loaded.
TABLES_EVERY = timedelta(hours=24)
# Of loads since the tables were asked; if there are more, all tables are asked.
MOST_LOADS = 1_000
# Of a table that may be as old as that only the newest value counts: each date is a query of the ledger.
MOST_DATES = 31


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Makes the freshness checks.

    checkpoints: where the last answers of tables are kept. tables_every: after so long a fresh table is asked again.
    unusable: where ledger and incident store record what they cannot read. ticks: a monotonic clock, in seconds; sleep:
    waits for some. tables: the watched tables as the last round found them.
    """

    contracts: Contracts
    ledger: Ledger
    waivers: Waivers
    checkpoints: Checkpoints
    incidents: IncidentStore
    redshift: RedshiftDataAPIServiceClient
    warehouse: Warehouse
    unusable: Unusable
    tables_every: timedelta = TABLES_EVERY
    tables: SeenTables = field(default_factory=SeenTables)
    ticks: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def round(self, now: datetime) -> Summary:
        """Check every deadline and every table, and report each result at once.

        Tables come last: whatever becomes of the questions to Redshift, all else is reported by then.
        """
        self.tables.begin()
        opened = {one.id: one for one in self.incidents.standing()}
        results = []
        for check in self._checks(list(opened.values()), now):
            with leave_out(self.unusable, f"incident#{check.incident_id}"):
                results.append((check.incident_id, self._apply(check, opened.keys(), now)))
        return Summary.of(results)

    def look(self, at: datetime) -> Summary:
        """Check every deadline and every table as of another time; nothing is reported, recorded, or recovers."""
        found = self._checks(self.incidents.standing(), at, dry=True)
        return Summary.of([(check.incident_id, Result.SEEN if check.problem else Result.FINE) for check in found])

    def check_date(self, contract: Contract, partition: str, now: datetime) -> tuple[FileState | None, Result]:
        """Check one date and report the result, for a person has just said something of it; return its state too."""
        facts = DateFacts(self.ledger, self.waivers, now).of(contract.dataset, partition)
        check = judge_arrival(contract, partition, facts, now)
        opened = {one.id for one in self.incidents.read([check.incident_id]) if one.is_open}
        return state_of(contract, partition_of(partition), facts, now), self._apply(check, opened, now)

    def _checks(self, opened: Collection[Incident], now: datetime, *, dry: bool = False) -> Iterator[Check]:
        read = DateFacts(self.ledger, self.waivers, now)
        for contract, partition in partitions_to_check(self.contracts, opened, now):
            yield judge_arrival(contract, partition, read.of(contract.dataset, partition), now)
        awaited = {(whole.dataset, whole.partition): whole for whole in self.ledger.sets.awaited(now)}
        for contract, partition, is_reported in sets_to_check(self.contracts, opened, awaited):
            name = contract.dataset, partition
            # Of a set that was reported, the table is asked: an index may lag.
            yield judge_set(contract, self.ledger.sets.get(*name) if is_reported else awaited[name], now)
        yield from unwatched(opened, self.contracts)
        yield from self._check_tables(read, opened, now, dry=dry)

    def _check_tables(
        self, read: DateFacts, opened: Collection[Incident], now: datetime, *, dry: bool
    ) -> Iterator[Check]:
        watched = [(contract, contract.freshness) for contract in self.contracts.all if contract.freshness]
        if not watched:
            return
        # A table that is behind because of a hold opens no incident; one that is open ends when it is over.
        holds = self.ledger.holds.of_all(contract.dataset for contract, _ in watched)
        excused = {dataset for dataset, hold in holds.items() if hold.excuses(now)}
        reported = {one.about.table for one in of_kind(opened, Kind.STALE_TABLE, Kind.UNREADABLE_TABLE)}
        at_rest = [(of, table) for of, table in watched if of.dataset in excused and table.table not in reported]
        for contract, table in at_rest:
            held, state = self._known(table), None
            if held:
                state = judge_answer(table, held, contract.calendar, now)
            self.tables.note(SeenTable(contract=contract, table=table, state=state, answer=held, held=True))
        watched = [one for one in watched if one not in at_rest]
        known = {table: self._known(table) for _, table in watched}
        loaded = self._loaded(known)
        to_ask = [
            table
            for contract, table in watched
            if dry or must_ask(contract, known[table], loaded.get(contract.dataset), now, self.tables_every)
        ]
        asked = Questions(redshift=self.redshift, warehouse=self.warehouse, ticks=self.ticks, sleep=self.sleep)
        answers = {table: _failing_since(answer, known[table]) for table, answer in asked.ask(to_ask, now).items()}
        for contract, table in watched:
            if table in answers and not dry:
                self.checkpoints.put(_name(table), answers[table].to_texts())
            if answer := answers.get(table) or known[table]:
                state = judge_answer(table, answer, contract.calendar, now)
                is_behind = state in YOUNG and self._is_behind(read, contract, table, now)
                seen = TableState.BEHIND if is_behind else state
                is_held = contract.dataset in excused
                self.tables.note(SeenTable(contract=contract, table=table, state=seen, answer=answer, held=is_held))
                found = checks(contract, answer, str(self.warehouse), now, is_behind=is_behind)
                yield from (check for check in found if not (is_held and check.problem))

    def _known(self, table: TableFreshness) -> Answer | None:
        return Answer.from_texts(self.checkpoints.get(_name(table)))

    def _loaded(self, known: Mapping[TableFreshness, Answer | None]) -> dict[str, datetime]:
        """Return when files of a dataset were loaded last, of all that were loaded since a table was asked."""
        since = min((answer.asked_at for answer in known.values() if answer), default=None)
        if since is None:
            return {}
        drops = self.ledger.came_after(State.LOADED, since, MOST_LOADS)
        newest = {drop.dataset: drop.updated_at for drop in reversed(drops) if drop.match}
        if len(drops) == MOST_LOADS:  # of the others nobody knows
            newest = {one.dataset: drops[0].updated_at for one in self.contracts.all} | newest
        return newest

    def _is_behind(self, read: DateFacts, contract: Contract, table: TableFreshness, now: datetime) -> bool:
        """Return whether no file is loaded of those that were due within the age that the table may have."""
        if contract.arrival is None or contract.key_pattern is None:
            return False
        times = days_that_make_fresh(contract.arrival, table.error_after.days, now)
        days = [of for time in times for of in contract.partitions_at(time)]
        if not 0 < len(days) <= MOST_DATES:
            return False
        states = (state_of(contract, day, read.of(contract.dataset, str(day)), now) for day in reversed(days))
        return not any(state in SETTLED for state in states)

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


def _name(table: TableFreshness) -> str:
    return f"table:{table.table}.{table.column}" + (f" where {table.where}" if table.where else "")


def _failing_since(answer: Answer, known: Answer | None) -> Answer:
    if answer.failure and known and known.failing_since:
        return replace(answer, failing_since=known.failing_since)
    return answer

"""When files and sets are due, and what is wrong when they have not come. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from suimon.contract.partition import Partition, partition_of
from suimon.freshness.expected import Facts, FileState, deadline_of, due_days, state_of
from suimon.freshness.observation import Check
from suimon.incidents.about import About
from suimon.incidents.incident import of_kind
from suimon.incidents.kinds import IncidentId, Kind
from suimon.incidents.messages.missing_and_stale import file_is_late, file_never_came
from suimon.incidents.messages.recoveries import (
    FILE_IS_NOT_YET_DUE,
    FILE_WILL_NOT_COME,
    NO_FILE_IS_DUE,
    SET_IS_NOT_DUE,
    SET_IS_WHOLE,
    file_has_come,
)
from suimon.incidents.messages.sets import incomplete, incomplete_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from suimon.contract.model import Contract, Contracts
    from suimon.drops.sets import DropSet
    from suimon.incidents.incident import Incident


def partitions_to_check(
    contracts: Contracts, opened: Collection[Incident], now: datetime
) -> Iterator[tuple[Contract, str]]:
    """Return every partition that is due or was reported as missing, the newest first.

    A day that is still missing when it leaves the window stays watched: it has not recovered by growing old.
    """
    missing = of_kind(opened, Kind.MISSING_FILE)
    for contract in contracts.all:
        if contract.arrival:
            reported = {one.about.partition for one in missing if one.about.dataset == contract.dataset}
            due = {str(of) for time in due_days(contract.arrival, now) for of in contract.partitions_at(time)}
            for partition in sorted(reported | due, reverse=True):
                yield contract, partition


def sets_to_check(
    contracts: Contracts, opened: Collection[Incident], awaited: Collection[tuple[str, str]]
) -> Iterator[tuple[Contract, str, bool]]:
    """Return the contract and partition of every set that is awaited or was reported, and whether it was reported.

    awaited: datasets and partitions.
    """
    reported = {(one.about.dataset, one.about.partition) for one in of_kind(opened, Kind.INCOMPLETE_SET)}
    of_sets = {contract.dataset: contract for contract in contracts.all if contract.set_rule}
    for dataset, partition in sorted({*reported, *awaited}):
        if contract := of_sets.get(dataset):
            yield contract, partition, (dataset, partition) in reported


def judge_arrival(contract: Contract, partition: str, facts: Facts, now: datetime) -> Check:
    """Judge a partition by the state of its file.

    A file that came and was rejected, or could not be loaded, is not missing: it has an incident of its own. So has a
    set of which something has come. Nor is one missing that the contract, as it is by now, does not expect.
    """
    incident_id = IncidentId.of(Kind.MISSING_FILE, About(dataset=contract.dataset, partition=partition))
    of = partition_of(partition)
    match state_of(contract, of, facts, now):
        case FileState.MISSING:
            return Check(incident_id, file_never_came(contract, partition, _deadline(contract, of)))
        case FileState.LATE:
            return Check(incident_id, file_is_late(contract, partition, _deadline(contract, of)))
        case FileState.NOT_DUE:
            return Check(incident_id, None, FILE_IS_NOT_YET_DUE)
        case FileState.WAIVED:
            return Check(incident_id, None, FILE_WILL_NOT_COME)
        case None:
            return Check(incident_id, None, NO_FILE_IS_DUE)
        case _:
            return Check(incident_id, None, file_has_come(facts.drops[-1]))


def _deadline(contract: Contract, of: Partition) -> datetime | None:
    return deadline_of(contract.arrival, of) if contract.arrival else None


def judge_set(contract: Contract, whole: DropSet, now: datetime) -> Check:
    """Judge a set that is awaited: by its contract's time for it, and by the deadline of its day."""
    deadline = _deadline(contract, partition_of(whole.partition))
    note = SET_IS_NOT_DUE if whole.waiting_since else SET_IS_WHOLE
    rule, pattern, until = contract.set_rule, contract.key_pattern, set_due_by(whole, contract, deadline)
    problem = None
    if rule and pattern and until and now >= until:
        problem = incomplete(whole, rule, pattern, until)
    return Check(incomplete_id(whole), problem, note)


def set_due_by(whole: DropSet, contract: Contract, deadline: datetime | None) -> datetime | None:
    """Return when a set must be whole: its contract's time after the first shard, or the day's deadline if sooner."""
    if contract.set_rule is None or not whole.waiting_since:
        return None
    until = whole.waiting_since + timedelta(minutes=contract.set_rule.complete_within_minutes)
    # One that was whole before was there by its deadline; one that began after it was reported as missing.
    if deadline and whole.waiting_since < deadline and not whole.opened:
        return min(until, deadline)
    return until
